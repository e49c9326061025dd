"""A folder written whole or not at all, and only where nothing of anybody else's stands."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from mobilenets.errors import JobError, UsageError
from mobilenets.files import reason

FILES = ("paper.md", "paper.json", "figure_4.png", "figure_5.png")
_ROUGH = ".paper.part"


def check_folder(folder: Path) -> None:
    """Raise `UsageError` where `folder` is a file, or holds what `replace_folder` did not write."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file: name a folder that is new or empty")
    foreign = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    foreign = [name for name in foreign if name not in (*FILES, _ROUGH)]
    if foreign:
        raise UsageError(f"{folder} holds {foreign[0]!r}, which is not ours: name a folder that is new or empty")


def replace_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write `files` into `folder` when all of them are on the disk; raises `JobError` and changes nothing if not."""
    try:
        if folder.is_dir():
            _replace_files(folder, files)
        else:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as rough:
                _write(Path(rough, folder.name), files).rename(folder)
    except OSError as error:
        raise JobError(f"{folder} cannot be written: {reason(error)}; what was there is untouched") from error


def _replace_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """The folder itself stays: somebody may stand in it, or it may be a link."""
    rough = folder / _ROUGH
    shutil.rmtree(rough, ignore_errors=True)
    try:
        _write(rough, files)
        for name in files:
            (rough / name).replace(folder / name)
    finally:
        shutil.rmtree(rough, ignore_errors=True)


def _write(folder: Path, files: Mapping[str, bytes]) -> Path:
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder
