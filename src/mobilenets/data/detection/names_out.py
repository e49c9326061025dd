"""What photographs are called in a folder where no two may have one name, whatever their endings."""

from collections.abc import Sequence
from dataclasses import dataclass

from mobilenets.data.naming import is_image

# What cannot be in a file's name on some system, or has a meaning in the lists of VOC and YOLO.
_FORBIDDEN = frozenset('<>:"|?*\n\r\t\0')


@dataclass(frozen=True, slots=True)
class NamesOut:
    """A file name for each photograph, and how many are not called as they were."""

    names: tuple[str, ...]
    renamed: int


def names_out(names: Sequence[str]) -> NamesOut:
    """The last part of each photograph's name; with the folders before it where another has the same one.

    VOC and YOLO tell photographs by their names without ending, and Windows by letters without case: so are names
    compared here. What is no image by its name ends in .png.
    """
    taken: set[str] = set()
    chosen: list[str] = []
    renamed = 0
    for name in names:
        parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
        last = _clean(parts[-1] if parts else "photograph")
        final = _free(last, _clean("_".join(parts)), taken)
        renamed += final != (parts[-1] if parts else "")
        taken.add(_stem(final).casefold())
        chosen.append(final)
    return NamesOut(tuple(chosen), renamed)


def _free(short: str, long: str, taken: set[str]) -> str:
    for name in (short, long):
        if _stem(name).casefold() not in taken:
            return name
    number = 2
    while f"{_stem(long)}_{number}".casefold() in taken:
        number += 1
    return f"{_stem(long)}_{number}{long[len(_stem(long)) :]}"


def _clean(name: str) -> str:
    plain = "".join("_" if letter in _FORBIDDEN or "\ud800" <= letter <= "\udfff" else letter for letter in name)
    return plain if is_image(plain) else f"{plain}.png"


def _stem(name: str) -> str:
    return name.rpartition(".")[0]
