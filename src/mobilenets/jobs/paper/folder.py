"""A folder written whole or not at all, and only over one of our own."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from mobilenets.errors import JobError, UsageError
from mobilenets.files import reason

FILES = frozenset({"paper.md", "paper.json", "figure_4.png", "figure_5.png"})


def check_folder(folder: Path) -> None:
    """Raise `UsageError` where `folder` is a file, or holds anything that `mobilenets paper` did not write."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file: name a folder that is new or empty")
    foreign = sorted(path.name for path in folder.iterdir() if path.name not in FILES) if folder.is_dir() else []
    if foreign:
        raise UsageError(f"{folder} holds {foreign[0]!r}, which is not ours: name a folder that is new or empty")


def replace_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put a folder with `files` in the place of `folder`; raises `JobError` and leaves it alone where that fails."""
    parent = folder.absolute().parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=parent) as rough:
            new, old = Path(rough, "new"), Path(rough, "old")
            new.mkdir()
            for name, content in files.items():
                _write(new / name, content)
            if folder.exists():
                folder.rename(old)
            new.rename(folder)
    except OSError as error:
        raise JobError(f"{folder} cannot be written: {reason(error)}; what was there is untouched") from error
