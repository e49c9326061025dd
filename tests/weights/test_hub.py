"""The cache: laid out as the hub's, checked each time, and what is said without a network."""

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
from huggingface_hub import constants, scan_cache_dir
from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError
from rich.console import Console

from mobilenets.cache_folder import cache_folder
from mobilenets.errors import JobError
from mobilenets.weights import hub
from mobilenets.weights.hub import cached, fetch, sha256_of
from mobilenets.weights.published import HubFile, WebFile

CONTENT = b"the weights of a network"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
WEB = WebFile("https://weights.invalid/files/small.h5", "keras-applications/mobilenet", SHA256)
HUB = HubFile("owner/small", ("model.safetensors", "pytorch_model.bin"), ("config.json",))
COMMIT = "c" * 40


@pytest.fixture(autouse=True)
def own_caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOBILENETS_CACHE", str(tmp_path / "ours"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "theirs"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that were fetched, without a network."""
    urls: list[str] = []

    def download(url: str, file: Path, **_: Any) -> None:
        urls.append(url)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(CONTENT)

    monkeypatch.setattr(hub, "download", download)
    return urls


def _lay(root: Path, repo: str, files: dict[str, bytes], *, revision: str = COMMIT) -> Path:
    """Files in a cache as the hub lays them out."""
    folder = root / f"models--{repo.replace('/', '--')}"
    snapshot = folder / "snapshots" / revision
    for made in (folder / "blobs", folder / "refs", snapshot):
        made.mkdir(parents=True, exist_ok=True)
    (folder / "refs" / "main").write_text(revision)
    for name, content in files.items():
        blob = folder / "blobs" / hashlib.sha256(content).hexdigest()
        blob.write_bytes(content)
        (snapshot / name).symlink_to(Path("..", "..", "blobs", blob.name))
    return snapshot


def test_a_file_of_the_web_is_fetched_once_and_laid_out_as_the_hub_does(fetched: list[str]) -> None:
    assert cached(WEB) is None
    file = fetch(WEB, console=Console(quiet=True))
    assert fetch(WEB) == cached(WEB) == file
    assert fetched == [WEB.url]
    root = cache_folder() / "weights" / "models--keras-applications--mobilenet"
    assert file == root / "snapshots" / "main" / "small.h5"
    assert file.resolve() == (root / "blobs" / SHA256).resolve()
    assert file.read_bytes() == CONTENT
    (repo,) = scan_cache_dir(cache_folder() / "weights").repos
    assert (repo.repo_id, repo.size_on_disk) == ("keras-applications/mobilenet", len(CONTENT))


def test_where_links_are_not_allowed_the_file_itself_lies_there(
    fetched: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("a privilege is not held")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    file = fetch(WEB)
    assert not file.is_symlink()
    assert file.read_bytes() == CONTENT
    assert fetch(WEB) == file
    assert len(fetched) == 1


def test_a_file_put_there_by_hand_is_as_good(monkeypatch: pytest.MonkeyPatch) -> None:
    """It lies where the message of the failed fetch said."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(JobError) as caught:
        fetch(WEB)
    assert f"get {WEB.url} where there is a network and put it into " in str(caught.value)
    folder = Path(str(caught.value).rpartition(" into ")[2])
    folder.mkdir(parents=True)
    (folder / "small.h5").write_bytes(CONTENT)
    assert fetch(WEB) == folder / "small.h5"


@pytest.mark.parametrize("by_hand", [True, False])
def test_a_damaged_file_is_said_each_time(by_hand: bool, fetched: list[str]) -> None:
    if by_hand:
        file = cache_folder() / "weights" / "models--keras-applications--mobilenet" / "snapshots" / "main" / "small.h5"
        file.parent.mkdir(parents=True)
    else:
        file = fetch(WEB)
    file.write_bytes(b"something else")
    for _ in range(2):
        with pytest.raises(JobError, match=f"{file} is damaged: .* says {SHA256}; delete it"):
            fetch(WEB)
    file.unlink()
    assert fetch(WEB).read_bytes() == CONTENT


def test_a_file_in_the_hubs_cache_needs_no_network(tmp_path: Path) -> None:
    snapshot = _lay(tmp_path / "theirs", HUB.repo, {"model.safetensors": CONTENT, "config.json": b"{}"})
    assert fetch(HUB) == cached(HUB) == snapshot / "model.safetensors"


def test_the_second_form_is_taken_where_the_first_is_not_there(tmp_path: Path) -> None:
    snapshot = _lay(tmp_path / "theirs", HUB.repo, {"pytorch_model.bin": CONTENT})
    assert fetch(HUB) == snapshot / "pytorch_model.bin"


def test_the_hubs_own_checksum_is_compared(tmp_path: Path) -> None:
    snapshot = _lay(tmp_path / "theirs", HUB.repo, {"model.safetensors": CONTENT})
    (snapshot / "model.safetensors").resolve().write_bytes(b"something else")
    with pytest.raises(
        JobError, match=f"is damaged: its sha256 is .* and https://huggingface.co/owner/small says {SHA256}"
    ):
        fetch(HUB)


def _hub(monkeypatch: pytest.MonkeyPatch, root: Path, *, there: dict[str, bytes], size: int = 24) -> None:
    """A hub whose repository has the files `there`."""

    def hf_hub_download(repo: str, name: str, *, cache_dir: Path, **_: Any) -> str:
        if name not in there:
            raise EntryNotFoundError(f"404: {name}")
        return str(_lay(cache_dir, repo, {name: there[name]}) / name)

    class _Facts:
        def __init__(self) -> None:
            self.size = size

    def facts(url: str, **_: Any) -> _Facts:
        if url.rpartition("/")[2] not in there:
            raise EntryNotFoundError(f"404: {url}")
        return _Facts()

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", hf_hub_download)
    monkeypatch.setattr(huggingface_hub, "get_hf_file_metadata", facts)


def test_the_hub_gives_the_file_and_what_lies_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _hub(monkeypatch, tmp_path, there={"pytorch_model.bin": CONTENT, "config.json": b"{}"})
    file = fetch(HUB)
    assert file.name == "pytorch_model.bin"
    assert (file.parent / "config.json").read_bytes() == b"{}"


def test_a_repository_without_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _hub(monkeypatch, tmp_path, there={"config.json": b"{}"})
    with pytest.raises(JobError, match=r"the repository has no model\.safetensors or pytorch_model\.bin"):
        fetch(HUB)


def test_a_file_that_is_far_too_large_is_not_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _hub(monkeypatch, tmp_path, there={"model.safetensors": CONTENT}, size=10**12)
    with pytest.raises(JobError, match="has 1,000,000,000,000 bytes there and at most"):
        fetch(HUB)


@pytest.mark.parametrize(
    "error",
    [LocalEntryNotFoundError("cannot find it\nin the cache"), OSError("no route"), RuntimeError("something of httpx")],
)
def test_without_a_network_it_says_what_to_put_where(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(huggingface_hub, "get_hf_file_metadata", refuse)
    with pytest.raises(JobError) as caught:
        fetch(HUB)
    message = str(caught.value)
    assert "\n" not in message
    assert "get model.safetensors and config.json from https://huggingface.co/owner/small" in message
    folder = Path(message.rpartition(" into ")[2])
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(CONTENT)
    assert fetch(HUB) == folder / "model.safetensors"


def test_offline_is_said_for_the_hub_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(JobError, match="owner/small cannot be fetched"):
        fetch(HUB)


def test_a_link_into_nothing_is_fetched_again(fetched: list[str]) -> None:
    file = fetch(WEB)
    shutil.rmtree(file.parents[2] / "blobs")
    assert fetch(WEB).read_bytes() == CONTENT
    assert len(fetched) == 2


def test_a_checksum_of_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="cannot be read"):
        sha256_of(tmp_path / "nothing")


def test_two_sites_do_not_share_a_folder(fetched: list[str]) -> None:
    other = replace(WEB, repo="others/mobilenet")
    assert fetch(WEB) != fetch(other)
