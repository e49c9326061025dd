"""A folder that a job fills with a file a photograph: it is new, and elsewhere."""

from collections.abc import Iterable
from pathlib import Path

from mobilenets.errors import UsageError
from mobilenets.files import expanded


def check_new_folder(folder: Path, *, flag: str, sources: Iterable[str]) -> None:
    """Raise `UsageError` where a folder holds something, or lies within a folder of the photographs."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{flag} {folder} is there and not an empty folder: choose another name")
    for source in sources:
        path = expanded(source)
        if path.is_dir() and folder.resolve().is_relative_to(path.resolve()):
            raise UsageError(f"{flag} {folder} lies within the photographs of {source}: choose a folder elsewhere")
