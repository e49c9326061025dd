"""Published weights from the cache, fetched there first if need be: one layout, that of the Hugging Face hub.

`models--OWNER--NAME/snapshots/REVISION/FILE` is a link to `blobs/CHECKSUM`. Files of the hub lie in its own cache
(HF_HOME), those of other sites in `weights` of ours. A file that somebody put there by hand is as good as a fetched
one: what is known of its checksum is checked each time.
"""

import re
from functools import partial
from hashlib import file_digest
from pathlib import Path

from rich.console import Console

from mobilenets.cache_folder import cache_folder
from mobilenets.errors import JobError
from mobilenets.files import reason, write_text_whole
from mobilenets.weights.download import download
from mobilenets.weights.published import HubFile, WebFile

_REVISION = "main"
_SHA256 = re.compile(r"[0-9a-f]{64}")
# A file of weights of any network here has 30 MB at most.
_MOST = 1_000_000_000
_PATIENCE = 30.0


def fetch(source: HubFile | WebFile, *, console: Console | None = None) -> Path:
    """The file of published weights in the cache, fetched there if it is not; `console` shows the progress.

    Raises `JobError` in one line where it cannot be fetched (no network, HF_HUB_OFFLINE, no such file, no space),
    which says what to fetch and where to put it, and where its checksum is another than the publisher's.
    """
    console = console or Console(stderr=True)
    there = cached(source)
    if there is None:
        there = _fetch_web(source, console) if isinstance(source, WebFile) else _fetch_hub(source)
    _check(there, source)
    return there


def cached(source: HubFile | WebFile) -> Path | None:
    """The file in the cache, not looked into; None where it is not there."""
    names = (source.file,) if isinstance(source, WebFile) else source.files
    return next((file for name in names if (file := _look_up(source, name))), None)


def _look_up(source: HubFile | WebFile, name: str) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(source.repo, name, cache_dir=_root(source))
    return Path(found) if isinstance(found, str) else None


def _root(source: HubFile | WebFile) -> Path:
    from huggingface_hub import constants

    return cache_folder() / "weights" if isinstance(source, WebFile) else Path(constants.HF_HUB_CACHE)


def _folder(source: HubFile | WebFile) -> Path:
    return _root(source) / f"models--{source.repo.replace('/', '--')}"


def _snapshot(source: HubFile | WebFile) -> Path:
    """Where the cache looks for the files of a source."""
    folder = _folder(source)
    try:
        revision = (folder / "refs" / _REVISION).read_text(encoding="utf-8").strip()
    except OSError:
        revision = _REVISION
    return folder / "snapshots" / revision


def _fetch_web(source: WebFile, console: Console) -> Path:
    pointer, blob = _snapshot(source) / source.file, _folder(source) / "blobs" / source.sha256
    if _offline():
        raise _not_fetched(source, "HF_HUB_OFFLINE is set")
    failed = partial(_not_fetched, source)
    download(source.url, blob, sha256=source.sha256, most=_MOST, console=console, failed=failed)
    write_text_whole(_folder(source) / "refs" / _REVISION, pointer.parent.name)
    try:
        pointer.parent.mkdir(parents=True, exist_ok=True)
        pointer.unlink(missing_ok=True)
        pointer.symlink_to(Path("..", "..", "blobs", blob.name))
    except OSError:
        # Where links are not allowed the file itself lies in their place, as the hub does it.
        blob.replace(pointer)
    return pointer


def _fetch_hub(source: HubFile) -> Path:
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    refused: Exception | None = None
    for name in source.files:
        try:
            file = _from_hub(source, name)
            for other in source.beside:
                _from_hub(source, other)
        except LocalEntryNotFoundError as error:
            raise _not_fetched(source, _why(error.__cause__ or error)) from error
        except EntryNotFoundError as error:
            refused = error  # the repository has no such file: the next is another form of the same weights
        except JobError:
            raise
        except Exception as error:
            # What the hub's client raises comes from three libraries and has no common kind.
            raise _not_fetched(source, _why(error)) from error
        else:
            return file
    raise _not_fetched(source, f"the repository has no {' or '.join(source.files)}") from refused


def _from_hub(source: HubFile, name: str) -> Path:
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url

    if not _offline():
        size = get_hf_file_metadata(hf_hub_url(source.repo, name), timeout=_PATIENCE).size
        if size is not None and size > _MOST:
            raise _not_fetched(source, f"{name} has {size:,} bytes there and at most {_MOST:,} were expected")
    return Path(hf_hub_download(source.repo, name, cache_dir=_root(source), etag_timeout=_PATIENCE))


def _offline() -> bool:
    from huggingface_hub import constants

    return bool(constants.HF_HUB_OFFLINE)


def _check(file: Path, source: HubFile | WebFile) -> None:
    """Compare with the publisher's checksum: the hub calls its blobs by theirs."""
    name = file.resolve().name
    wanted = source.sha256 if isinstance(source, WebFile) else name if _SHA256.fullmatch(name) else None
    if wanted is None:
        return
    found = sha256_of(file)
    if found != wanted:
        raise JobError(f"{file} is damaged: its sha256 is {found} and {source.address} says {wanted}; delete it")


def sha256_of(file: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal. Raises `JobError` where it cannot be read."""
    try:
        with file.open("rb") as opened:
            return file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise JobError(f"{file} cannot be read: {reason(error)}") from error


def _not_fetched(source: HubFile | WebFile, why: str) -> JobError:
    folder = _snapshot(source)
    if isinstance(source, WebFile):
        name, where = source.file, f"get {source.url} where there is a network and put it into {folder}"
    else:
        files = " and ".join([", ".join((source.files[0], *source.beside[:-1])), *source.beside[-1:]])
        name, where = (
            source.repo,
            f"get {files} from {source.address} where there is a network and put them into {folder}",
        )
    return JobError(f"{name} cannot be fetched ({why}): {where}")


def _why(error: BaseException) -> str:
    return (str(error).strip().partition("\n")[0] or type(error).__name__).rstrip(".")
