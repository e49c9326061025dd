"""The file for the drawing of each photograph: its own name in its own sub-folder, below another folder."""

import glob
import os
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from mobilenets.data.inputs import STANDARD_INPUT
from mobilenets.data.naming import ending
from mobilenets.errors import JobError
from mobilenets.files import expanded

_JPEG = frozenset((".jpg", ".jpeg", ".jpe", ".jfif"))
# So many files may be on their way to the disk at once.
_UNDER_WAY = 1024


@dataclass(slots=True)
class DrawnNames:
    """Names below `folder`, which is empty at first. What lies below `top` is named from there."""

    folder: Path
    top: Path | None
    _recent: deque[Path] = field(default_factory=lambda: deque(maxlen=_UNDER_WAY))

    def photograph(self, name: str) -> Path:
        """The JPEG or PNG of a photograph: what is neither has .jpg behind its name."""
        return self._new(name, "" if ending(name) in {*_JPEG, ".png"} else ".jpg")

    def video(self, name: str) -> Path:
        """The MP4 of a video."""
        return self._new(name, "" if ending(name) == ".mp4" else ".mp4")

    def _new(self, name: str, more: str) -> Path:
        """Raises `JobError` where another drawing has the name already."""
        file = self.folder / f"{self._below(name)}{more}"
        if file in self._recent or file.exists():
            raise JobError(f"two photographs would be drawn in {file}, the second is {name}: name each only once")
        self._recent.append(file)
        return file

    def _below(self, name: str) -> PurePath:
        path = Path(os.path.abspath(expanded(name)))  # noqa: PTH100 (a link keeps its name)
        if self.top is not None and path.is_relative_to(self.top) and path != self.top:
            return path.relative_to(self.top)
        return path.relative_to(path.anchor)


def top_of(sources: Sequence[str]) -> Path | None:
    """The folder that all sources lie in, from which drawings are named; None where there is none."""
    folders = [os.path.abspath(_folder(source)) for source in sources]  # noqa: PTH100 (as above)
    try:
        return Path(os.path.commonpath(folders))
    except ValueError:  # on different drives
        return None


def _folder(source: str) -> Path:
    """The folder that a source's photographs are named from."""
    path = expanded(source)
    if source == STANDARD_INPUT:
        return Path()
    if path.is_dir() or path.suffix.lower() == ".zip":
        return path
    if path.exists() or not glob.has_magic(source):
        return path.parent
    parts = path.parts
    fixed = next(place for place, part in enumerate(parts) if glob.has_magic(part))
    return Path(*parts[:fixed])
