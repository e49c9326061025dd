"""What the names of files and folders mean, and the order people expect of them."""

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_IMAGES = _words(
    ".jpg .jpeg .jpe .jfif .mpo .png .apng .gif .bmp .webp .avif .heic .heif .hif .tif .tiff .ppm .pgm .pbm .pnm "
    ".jp2 .j2k .jpf .qoi .ico"
)
_VIDEOS = _words(".mp4 .m4v .mov .avi .mkv .webm .mpg .mpeg .ts .mts .m2ts .wmv .flv .3gp .ogv")
# What lies beside photographs and is never mistaken for one.
_COMPANIONS = _words(
    ".txt .csv .tsv .json .jsonl .xml .yaml .yml .md .rst .html .htm .pdf .py .ipynb .sh .log .ini .db .mat .npy .npz "
    ".pkl .zip .gz .tgz .tar .md5 .sha256"
)
_COMPANION_NAMES = frozenset({"readme", "license", "licence", "makefile", "thumbs.db", "desktop.ini"})
_SYSTEM_FOLDERS = frozenset({"__macosx", "@eadir", "$recycle.bin", "__pycache__"})

_SPLITS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
    "eval": "val",
    "evaluation": "val",
}

_YEAR = re.compile(r"[ _-]?(19|20)[0-9]{2}$")
_NUMBER = re.compile(r"([0-9]+)")

Key = tuple[tuple[tuple[int, int, str], ...], str]


def is_system(name: str) -> bool:
    """Whether a file or folder of this name is the system's own business: hidden, `__MACOSX`, `Thumbs.db`."""
    return name.startswith(".") or name.lower() in _SYSTEM_FOLDERS


def ending(name: str) -> str:
    """What a file's name ends with, in small letters and with its dot; empty where there is none."""
    stem, dot, last = name.rpartition(".")
    return f".{last.lower()}" if stem and dot else ""


def is_image(name: str) -> bool:
    """Whether a file's name ends as an image's does, in any case."""
    return ending(name) in _IMAGES


def is_video(name: str) -> bool:
    """Whether a file's name ends as a video's does, in any case."""
    return ending(name) in _VIDEOS


def is_companion(name: str) -> bool:
    """Whether a file commonly lies beside photographs: lists of classes, licences, archives."""
    return ending(name) in _COMPANIONS or name.lower() in _COMPANION_NAMES


def split_name(name: str) -> str | None:
    """train, val or test for any of their usual names in any case (`Training`, `val2017`), else None."""
    return _SPLITS.get(_YEAR.sub("", name.strip().lower()))


def natural(name: str) -> Key:
    """A key to sort by: letters without regard to case, then numbers by value; the name itself settles ties."""
    # A number is compared by its count of digits and then digit by digit: no limit on its length, no leading zeros.
    # The separator of folders sorts before everything, so that a folder's content stays together.
    parts = []
    for part in _NUMBER.split(name.casefold().replace("/", "\0")):
        digits = part.lstrip("0") if part.isdecimal() and part.isascii() else None
        parts.append((1, 0, part) if digits is None else (0, len(digits), digits))
    return tuple(parts), name
