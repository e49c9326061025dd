"""A photograph and the file that it becomes in a layout."""

from collections.abc import Iterable
from dataclasses import dataclass

from mobilenets.data.detection.objects import Objects
from mobilenets.data.photos import Example


@dataclass(frozen=True, slots=True)
class Filed:
    """An example whose objects are known, its file's name and the folder of that, from the top of the layout."""

    example: Example
    name: str
    folder: str

    @property
    def path(self) -> str:
        """The file, from the top of the layout."""
        return f"{self.folder}/{self.name}"

    @property
    def stem(self) -> str:
        """The name without its ending."""
        return self.name.rpartition(".")[0]

    @property
    def objects(self) -> Objects:
        """Its boxes."""
        assert self.example.objects is not None  # the writer of the layout has looked
        return self.example.objects


def by_split(filed: Iterable[Filed]) -> dict[str, list[Filed]]:
    """The photographs of each split, in the order in which splits occur; "" where nothing is split."""
    parts: dict[str, list[Filed]] = {}
    for one in filed:
        parts.setdefault(one.example.split or "", []).append(one)
    return parts
