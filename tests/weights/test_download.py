"""Downloads from a server of our own: whole with the right checksum, or not there at all."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from rich.console import Console

from mobilenets.errors import JobError
from mobilenets.weights import download as module
from mobilenets.weights.download import download

CONTENT = bytes(range(256)) * 4000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        match self.path:
            case "/whole":
                self._answer(CONTENT)
            case "/truncated":
                self._answer(CONTENT[:-1], announced=len(CONTENT))
            case "/unannounced":
                self.send_response(200)
                self.end_headers()
                self.wfile.write(CONTENT)
            case "/moved":
                self._move("/whole")
            case "/circle":
                self._move("/circle")
            case "/elsewhere":
                self._move("ftp://127.0.0.1/whole")
            case "/silent":
                self.server.finished.wait(30)  # type: ignore[attr-defined]
            case "/nonsense":
                self.wfile.write(b"this is no answer\r\n\r\n")
            case _:
                self.send_error(404)

    def _answer(self, content: bytes, *, announced: int | None = None) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(content) if announced is None else announced))
        self.end_headers()
        self.wfile.write(content)

    def _move(self, to: str) -> None:
        self.send_response(302)
        self.send_header("Location", to)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A client that hangs up is what is tested."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = _Server(("127.0.0.1", 0), _Answers)
    server.finished = threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.finished.set()  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SCHEMES", ("https", "http"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def _download(url: str, file: Path, *, sha256: str = SHA256, most: int = 10**9) -> None:
    console = Console(quiet=True)
    download(url, file, sha256=sha256, most=most, console=console, failed=lambda why: JobError(f"failed: {why}"))


@pytest.mark.parametrize("path", ["whole", "moved", "unannounced"])
def test_the_file_is_there_and_nothing_else(site: str, path: str, tmp_path: Path) -> None:
    file = tmp_path / "blobs" / "weights"
    _download(f"{site}/{path}", file)
    assert file.read_bytes() == CONTENT
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("missing", "the server answers 404 Not Found"),
        ("truncated", r"ended after 1,023,999 of 1,024,000 bytes"),
        ("circle", "the server answers 302"),
        ("elsewhere", "is not https or http"),
        ("nonsense", "the connection broke"),
    ],
)
def test_what_goes_wrong_is_said_and_leaves_nothing(site: str, path: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(JobError, match=f"failed: .*{words}"):
        _download(f"{site}/{path}", tmp_path / "weights")
    assert not list(tmp_path.iterdir())


def test_another_content_is_no_file(site: str, tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(b"as it was")
    with pytest.raises(JobError, match=f"has the sha256 {SHA256} and not 00"):
        _download(f"{site}/whole", tmp_path / "weights", sha256="00")
    assert (tmp_path / "weights").read_bytes() == b"as it was"


@pytest.mark.parametrize(("path", "words"), [("whole", "announces 1,024,000 bytes"), ("unannounced", "over 5 bytes")])
def test_more_than_expected_is_not_taken(site: str, path: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(JobError, match=words):
        _download(f"{site}/{path}", tmp_path / "weights", most=5)
    assert not list(tmp_path.iterdir())


def test_a_server_that_does_not_answer_is_given_up(site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.2)
    with pytest.raises(JobError, match=r"timed out|said nothing"):
        _download(f"{site}/silent", tmp_path / "weights")


def test_one_that_trickles_is_given_up(site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST", -1.0)
    with pytest.raises(JobError, match="bytes came in"):
        _download(f"{site}/whole", tmp_path / "weights")


def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="failed: no connection"):
        _download("http://127.0.0.1:9/whole", tmp_path / "weights")


@pytest.mark.parametrize("url", ["http://example.org/weights", "file:///etc/hostname", "ftp://example.org/weights"])
def test_only_https(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SCHEMES", ("https",))
    with pytest.raises(JobError, match="is not https"):
        _download(url, tmp_path / "weights")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made(site: str, tmp_path: Path) -> None:
    (tmp_path / "blobs").write_text("a file")
    with pytest.raises(JobError, match="cannot be written"):
        _download(f"{site}/whole", tmp_path / "blobs" / "weights")
