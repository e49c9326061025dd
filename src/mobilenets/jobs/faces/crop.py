"""`mobilenets.align_faces`: the faces of a folder of photographs, aligned, in a folder of the same shape."""

import csv
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from rich.console import Console

from mobilenets.data.faces.aligned import TEMPLATE_SIDE, aligned_face
from mobilenets.data.faces.detector import check_detector
from mobilenets.data.inputs import photographs
from mobilenets.data.naming import is_image
from mobilenets.data.photos import ArrayPhoto, BadImage, Photo
from mobilenets.data.wording import listed
from mobilenets.errors import JobError, UsageError
from mobilenets.files import expanded, write_bytes_whole, write_whole
from mobilenets.jobs.new_folder import check_new_folder
from mobilenets.settings import within
from mobilenets.training.watch import counting

LEFT_OUT = "left-out.csv"
_COLUMNS = ("photograph", "why")
_SIZES = (16, 1024)


@dataclass(frozen=True, slots=True)
class AlignedFaces:
    """Crops that were written into `folder`, `size` pixels wide and high, of so many `photographs`.

    `by_box` are the photographs in which a face was found and its eyes were not; `left_out` those without a crop, and
    why. Both are named from the folder of the photographs.
    """

    folder: Path
    size: int
    photographs: int
    faces: int
    by_box: tuple[str, ...]
    left_out: dict[str, str]

    @property
    def reasons(self) -> dict[str, int]:
        """How many photographs were left out for each reason."""
        return dict(Counter(self.left_out.values()).most_common())


@dataclass(frozen=True, slots=True)
class _Place:
    """A photograph, its name from the folder it was found in, and the file of its crop."""

    photo: Photo
    name: str
    crop: Path


def align_faces(
    source: str | Path, *, out: str | Path, size: int = TEMPLATE_SIDE, console: Console | None = None
) -> AlignedFaces:
    """Write the largest face of each photograph of a folder, a zip or a file, its eyes where InsightFace has them.

    A crop is a PNG under the photograph's own name, in the same sub-folders of `out`; each is written whole or not at
    all. What shows no face or cannot be read is listed in left-out.csv, which is written last. Raises `UsageError` for
    a bad source or size, two photographs whose crops would have one name, an `out` that holds something or lies within
    the photographs, and where OpenCV is missing; `JobError` where no face is found at all or a file cannot be written.
    """
    within("size", size, low=_SIZES[0], high=_SIZES[1])
    check_detector()
    folder = Path(out)
    check_new_folder(folder, flag="--out", sources=[str(source)])
    places = _places(str(source))
    by_box, left_out = [], {}
    with counting(console or Console(stderr=True), "finding faces", total=len(places)) as advance:
        for place in places:
            try:
                if not _write_crop(place, folder, size=size):
                    by_box.append(place.name)
            except BadImage as error:
                left_out[place.name] = str(error)
            advance(1)
    if len(left_out) == len(places):
        why = listed([f"{name}: {reason}" for name, reason in left_out.items()], most=3)
        raise JobError(f"{source} gives no crop ({why}): use photographs of faces that look ahead")
    _write_left_out(folder / LEFT_OUT, left_out)
    return AlignedFaces(folder, size, len(places), len(places) - len(left_out), tuple(by_box), left_out)


def _write_crop(place: _Place, folder: Path, *, size: int) -> bool:
    """Write the crop of one photograph; whether its eyes were found. Raises `BadImage` where there is no crop."""
    found = aligned_face(place.photo.read(), size=size)
    write_bytes_whole(folder / place.crop, ArrayPhoto(place.name, found.pixels).read())
    return found.by_eyes


def _places(source: str) -> list[_Place]:
    """Every photograph of a source and where its crop belongs."""
    path = expanded(source)
    if not path.exists():
        raise UsageError(f"{source} is not there: name a folder, a .zip or a photograph")
    single = is_image(path.name) and not path.is_dir()
    if not (path.is_dir() or single or path.suffix.lower() == ".zip"):
        raise UsageError(f"{source} is no folder, no .zip and no photograph: name one of these")
    top = path.parent if single else path
    names = [(photo, os.path.relpath(photo.name, top)) for photo in photographs([source])]
    places = [_Place(photo, name, Path(PurePath(name).with_suffix(".png"))) for photo, name in names]
    _check_distinct(source, places)
    return places


def _check_distinct(source: str, places: Sequence[_Place]) -> None:
    seen: dict[Path, str] = {}
    for place in places:
        other = seen.setdefault(place.crop, place.name)
        if other != place.name:
            raise UsageError(f"{source}: the crops of {other} and {place.name} would have one name: rename one")


def _write_left_out(file: Path, left_out: Mapping[str, str]) -> None:
    def write(temporary: Path) -> None:
        with temporary.open("w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(_COLUMNS)
            writer.writerows(left_out.items())

    write_whole(file, write)
