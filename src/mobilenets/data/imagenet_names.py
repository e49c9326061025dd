"""The 1000 classes of ILSVRC-2012 in the order of a network's outputs, as timm lists them: no list of our own."""

from collections import Counter
from functools import cache


@cache
def wnids() -> tuple[str, ...]:
    """WordNet's number of each class ("n01440764"), in the order of the outputs."""
    from timm.data.imagenet_info import ImageNetInfo

    return tuple(ImageNetInfo().label_names())  # type: ignore[no-untyped-call]


@cache
def names() -> tuple[str, ...]:
    """The first name of each class ("tench"), in the order of the outputs.

    Where two classes share it (the bird and the machine are both "crane") each has its wnid in brackets behind it.
    """
    from timm.data.imagenet_info import ImageNetInfo

    first = [text.partition(",")[0].strip() for text in ImageNetInfo().label_descriptions()]
    often = Counter(first)
    return tuple(name if often[name] == 1 else f"{name} ({wnid})" for name, wnid in zip(first, wnids(), strict=True))
