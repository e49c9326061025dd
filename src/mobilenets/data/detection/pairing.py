"""Which file of annotations belongs to which photograph: that of its name, in the same place or in a folder beside."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from mobilenets.data.naming import is_image

# Folders that say what kind of file lies in them and nothing else.
_IMAGES = ("images", "image", "imgs", "img", "jpegimages", "photos")
_BOXES = ("annotations", "annotation", "labels", "label", "xml", "xmls", "bbox", "bboxes")
_KINDS = frozenset({*_IMAGES, *_BOXES})

Key = tuple[str, ...]


def key_of(name: str) -> Key:
    """What a photograph and its file of annotations have in common: the path without folders of a kind or an ending."""
    *folders, base = name.split("/")
    stem = base.rpartition(".")[0] or base
    return (*(folder for folder in folders if folder.lower() not in _KINDS), stem)


def photographs_by_key(names: Iterable[str]) -> dict[Key, list[str]]:
    """The images among file names, by what they share with their annotations."""
    found: dict[Key, list[str]] = defaultdict(list)
    for name in names:
        if is_image(name):
            found[key_of(name)].append(name)
    return found


def chosen(candidates: Sequence[str], stated: str) -> str | None:
    """The photograph that is meant by one name with several endings: the one whose file name is `stated`, or the only
    one; None where nothing tells.
    """
    if len(candidates) == 1:
        return candidates[0]
    return next((one for one in candidates if one.rpartition("/")[2] == stated), None)
