"""Files are written whole or not at all, whatever goes wrong."""

import errno
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mobilenets.errors import JobError
from mobilenets.files import expanded, reason, write_bytes_whole, write_text_whole, write_whole


def _failing(error: BaseException) -> Callable[[Path], None]:
    def write(temporary: Path) -> None:
        temporary.write_text("half of the ne")
        raise error

    return write


def _inside(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.iterdir()}


def test_a_file_and_its_folders_are_made(tmp_path: Path) -> None:
    file = tmp_path / "runs" / "first" / "run.json"
    write_text_whole(file, "naïve ✓\n")
    assert file.read_bytes() == "naïve ✓\n".encode()
    assert _inside(file.parent) == {"run.json": "naïve ✓\n"}


def test_a_file_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    for text in ("old and longer", "new"):
        write_text_whole(file, text)
    assert _inside(tmp_path) == {"run.json": "new"}


def test_bytes(tmp_path: Path) -> None:
    write_bytes_whole(tmp_path / "model", b"\x00\xff")
    assert (tmp_path / "model").read_bytes() == b"\x00\xff"


def test_text_that_utf_8_cannot_hold_is_written_as_json_has_it(tmp_path: Path) -> None:
    """A file name in no encoding arrives as a lone surrogate; it must not cost the run its description."""
    file = tmp_path / "run.json"
    write_text_whole(file, f'"caf\u00e9 {os.fsdecode(b"caf" + bytes([0xE9]))}"')
    assert file.read_bytes() == b'"caf\xc3\xa9 caf\\udce9"'


def test_the_temporary_file_stands_beside_and_ends_as_the_file(tmp_path: Path) -> None:
    """Pictures and arrays are written by what the name ends in."""
    seen: list[Path] = []
    write_whole(tmp_path / "curve.png", lambda temporary: (seen.append(temporary), None)[1])
    assert seen[0].parent == tmp_path
    assert seen[0].name.startswith(".curve.") and seen[0].suffix == ".png"
    assert (tmp_path / "curve.png").read_bytes() == b""


@pytest.mark.parametrize("error", [OSError(errno.EIO, "Input/output error"), ValueError("mine"), KeyboardInterrupt()])
@pytest.mark.parametrize("old", [None, "old"])
def test_a_writer_that_fails_leaves_what_was_there(tmp_path: Path, error: BaseException, old: str | None) -> None:
    file = tmp_path / "run.json"
    if old:
        file.write_text(old)
    with pytest.raises(JobError if isinstance(error, OSError) else type(error)):
        write_whole(file, _failing(error))
    assert _inside(tmp_path) == ({"run.json": "old"} if old else {})


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "No space left on device: free some space there"),
        (errno.EDQUOT, "Disk quota exceeded: free some space there"),
        (errno.EACCES, "Permission denied: choose another folder or get the right to write there"),
        (errno.EROFS, "Read-only file system: choose another folder"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_the_system_s_refusal_is_one_line_with_its_remedy(tmp_path: Path, code: int, words: str) -> None:
    file = tmp_path / "model.safetensors"
    with pytest.raises(JobError) as caught:
        write_whole(file, _failing(OSError(code, os.strerror(code))))
    assert str(caught.value) == f"{file} cannot be written: {words}; what was there is untouched"


def test_a_folder_that_may_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may write anywhere, so the refusal is made up."""

    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied", "somewhere")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(
        JobError, match=r"run.json cannot be written: Permission denied: choose another folder"
    ) as caught:
        write_text_whole(tmp_path / "run.json", "new")
    assert "\n" not in str(caught.value)


@pytest.fixture
def little_room() -> Iterator[None]:
    """No file of this process may grow over 10 kB."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("little_room")
def test_the_system_stops_the_file_half_way(tmp_path: Path) -> None:
    file = tmp_path / "metrics.jsonl"
    write_text_whole(file, "old")
    with pytest.raises(JobError, match="File too large; what was there is untouched"):
        write_text_whole(file, 20_000 * "x")
    assert _inside(tmp_path) == {"metrics.jsonl": "old"}


@pytest.mark.parametrize("below", ["run.json", "first/run.json", "first/second/run.json"])
def test_a_file_where_a_folder_should_be(tmp_path: Path, below: str) -> None:
    blocking = tmp_path / "runs"
    blocking.write_text("notes")
    with pytest.raises(JobError) as caught:
        write_text_whole(blocking / below, "new")
    assert str(caught.value) == f"{blocking / below} cannot be written: {blocking} is a file and not a folder"
    assert blocking.read_text() == "notes"


def test_a_folder_where_the_file_should_be(tmp_path: Path) -> None:
    (tmp_path / "run.json").mkdir()
    with pytest.raises(JobError, match="Is a directory: choose another name or take the folder away"):
        write_text_whole(tmp_path / "run.json", "new")
    assert [file.name for file in tmp_path.iterdir()] == ["run.json"]


def test_a_pipe_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    """As root, putting a file in the place of /dev/null would break the machine."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(JobError, match="it is a device or a pipe, not a file"):
        write_text_whole(tmp_path / "pipe", "new")
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_file_has_the_permissions_of_any_new_one(tmp_path: Path, mask: int, mode: int) -> None:
    before = os.umask(mask)
    try:
        write_text_whole(tmp_path / "run.json", "new")
    finally:
        os.umask(before)
    assert (tmp_path / "run.json").stat().st_mode & 0o777 == mode


def test_the_umask_of_other_threads_is_never_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "umask")
    write_text_whole(tmp_path / "run.json", "new")


def test_threads_that_write_one_file_leave_one_of_theirs(tmp_path: Path) -> None:
    texts = [str(number) * 50_000 for number in range(4)]

    def work(text: str) -> None:
        for _ in range(5):
            write_text_whole(tmp_path / "run.json", text)

    threads = [threading.Thread(target=work, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (found,) = _inside(tmp_path).values()
    assert found in texts


KILLED = """
import os, signal, sys
from pathlib import Path
from mobilenets.files import write_whole

def write(temporary):
    temporary.write_text("half of the ne")
    os.kill(os.getpid(), signal.SIGKILL)

write_whole(Path(sys.argv[1]), write)
"""


def test_killed_half_way_the_old_file_stands_and_the_next_write_tidies_up(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    write_text_whole(file, "old")
    other = tmp_path / f".run.{os.getpid()}-0123abcd.part.json"  # of a process that is still at it: this one
    other.write_text("half")
    done = subprocess.run([sys.executable, "-c", KILLED, str(file)], check=False)
    assert done.returncode == -9
    assert file.read_text() == "old"
    assert len(_inside(tmp_path)) == 3
    write_text_whole(tmp_path / "metrics.json", "another file")
    assert len(_inside(tmp_path)) == 4
    write_text_whole(file, "new")
    assert _inside(tmp_path) == {"run.json": "new", other.name: "half", "metrics.json": "another file"}


@pytest.mark.parametrize("name", [".run.json", ".run.x.json", ".run.٣-0123abcd.part.json", ".run.1.part.json"])
def test_files_that_only_look_like_leftovers_are_not_touched(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    write_text_whole(tmp_path / "run.json", "new")
    assert (tmp_path / name).read_text() == "mine"


def test_the_reason_is_the_system_s_own_words() -> None:
    assert reason(OSError(errno.ENOSPC, "No space left on device", "file")) == "No space left on device"
    assert reason(OSError("decoder error")) == "decoder error"


def test_the_home_folder_and_that_of_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    assert expanded("~/photos") == Path("/home/somebody/photos")
    assert expanded("~nobody-here/photos") == Path("~nobody-here/photos")
