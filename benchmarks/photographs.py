"""JPEG photographs laid out as everybody's loader wants them: a folder a class."""

import io
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageStat

from mobilenets.errors import UsageError

_ENDINGS = (".jpg", ".jpeg")
_PHONE_SIZE, _PHONE_QUALITY, _PHONES = (4000, 3000), 90, 8


@dataclass(frozen=True, slots=True)
class Laid:
    """Photographs on disk in sub-folders of `folder`; `words` say what they are."""

    folder: Path
    count: int
    words: str


def find_photographs(folder: Path | None) -> list[Path]:
    """The JPEG files below `folder`; unset, below the development data, or scikit-learn's two where that is absent.

    Raises `UsageError` where there are fewer than two.
    """
    folder = folder or _usual()
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder: --photographs takes one with two or more JPEG photographs")
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _ENDINGS)
    if len(found) < 2:
        raise UsageError(f"{folder} has {len(found)} JPEG photographs: --photographs takes a folder with two or more")
    return found


def _usual() -> Path:
    shared = Path(os.environ.get("MOBILENETS_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if (shared / "coco_mini").is_dir():
        return shared / "coco_mini"
    from importlib.resources import files

    return Path(str(files("sklearn.datasets.images")))


def usual_scenes(given: Sequence[Path]) -> Path:
    """The first folder given, or the photographs with boxes of the development data.

    Raises `UsageError` where there is neither.
    """
    folder = given[0] if given else _usual()
    if not (given or (folder / "annotations").is_dir()):
        raise UsageError(
            "there are no photographs with boxes: name a folder in COCO's, VOC's or YOLO's layout with --data"
        )
    return folder


def lay_classes(found: Sequence[Path], *, count: int, folder: Path) -> Laid:
    """Copy photographs over and over until there are `count`, the darker half as one class, the brighter as another.

    `folder` gets train/dark, train/bright and a val of one photograph each: `mobilenets train` scores every epoch and
    the others do not, so there is next to nothing to score.
    """
    order = sorted(found, key=_brightness)
    classes = {"dark": order[: len(order) // 2], "bright": order[len(order) // 2 :]}
    for label, photographs in classes.items():
        _copy(photographs, count=count // 2, folder=folder / "train" / label)
        _copy(photographs[:1], count=1, folder=folder / "val" / label)
    return Laid(folder, count // 2 * 2, _words(found, count // 2 * 2))


def lay_folder(found: Sequence[Path], *, count: int, folder: Path) -> Laid:
    """Copy photographs until there are `count`, all in one sub-folder."""
    _copy(found, count=count, folder=folder / "all")
    return Laid(folder, count, _words(found, count))


def lay_phone(found: Sequence[Path], *, count: int, folder: Path) -> Laid:
    """The same with photographs of 12 megapixels, scaled up from a few, in place of a phone's."""
    made = []
    originals = folder / "originals"
    originals.mkdir(parents=True)
    for place, path in enumerate(found[:_PHONES]):
        with Image.open(path) as image:
            large = image.convert("RGB").resize(_PHONE_SIZE, Image.Resampling.BICUBIC)
        made.append(originals / f"{place}.jpg")
        large.save(made[-1], quality=_PHONE_QUALITY)
    laid = lay_folder(made, count=count, folder=folder / "photographs")
    return Laid(laid.folder, count, f"{laid.words}, scaled up from smaller ones and saved at quality {_PHONE_QUALITY}")


def _copy(photographs: Sequence[Path], *, count: int, folder: Path) -> None:
    folder.mkdir(parents=True)
    for place in range(count):
        path = photographs[place % len(photographs)]
        shutil.copyfile(path, folder / f"{place:05}{path.suffix.lower()}")


def _brightness(path: Path) -> float:
    with Image.open(io.BytesIO(path.read_bytes())) as image:
        return float(ImageStat.Stat(image.convert("L")).mean[0])


def _words(found: Sequence[Path], count: int) -> str:
    """How many photographs there are, and the middle one of their sizes and of their files' sizes."""
    sizes = []
    for path in found:
        with Image.open(path) as image:
            sizes.append(image.size)
    width, height = sorted(sizes, key=lambda size: size[0] * size[1])[len(sizes) // 2]
    kilobytes = sorted(path.stat().st_size for path in found)[len(found) // 2] / 1000
    different = min(len(found), count)
    return f"{count} JPEG photographs ({different} different), typically {width} x {height} and {kilobytes:.0f} kB"
