"""ImageNet's classes under the other names that data has for them: their wnids and the rest of their synonyms."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from mobilenets.data.imagenet_names import wnids

# Lists of the classes differ in the spelling of a few names; other classes agree in none.
_AGREE = 0.95


def aliases(classes: Sequence[str]) -> dict[str, int]:
    """Where `classes` are ImageNet's 1000, perhaps behind a background: the place of each by its other names.

    These are its wnid and those of its synonyms that no other class has. `classes` may be named by wnid or by any
    synonym ("tench", "tench, Tinca tinca"). Empty where they are other classes or in another order.
    """
    first = len(classes) - len(wnids())
    if first not in (0, 1):
        return {}
    synonyms = _synonyms()
    same = sum(_shares(name, of_one) for name, of_one in zip(classes[first:], synonyms, strict=True))
    if same < _AGREE * len(synonyms):
        return {}
    often = Counter(name for of_one in synonyms for name in of_one)
    return {name: first + place for place, of_one in enumerate(synonyms) for name in of_one if often[name] == 1}


def _shares(name: str, synonyms: frozenset[str]) -> bool:
    return not synonyms.isdisjoint(part.strip() for part in name.split(","))


def _synonyms() -> list[frozenset[str]]:
    """All names of each class, its wnid among them."""
    from timm.data.imagenet_info import ImageNetInfo

    info: Any = ImageNetInfo()
    described = zip(wnids(), info.label_descriptions(), strict=True)
    return [frozenset({wnid, *(name.strip() for name in text.split(","))}) for wnid, text in described]
