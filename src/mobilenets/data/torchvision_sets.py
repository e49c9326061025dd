"""Examples from torchvision's data set objects, of which there are four kinds; no picture is decoded here."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mobilenets.data.photos import ArrayPhoto, Example, FilePhoto


def in_memory(dataset: Any, split: str | None, _: Path) -> Iterator[Example]:
    """Small sets that torchvision holds as one array, (N, H, W), (N, H, W, 3) or (N, 3, H, W)."""
    names = _Names(dataset)
    pixels = np.asarray(dataset.data)
    if pixels.shape[1:-2] == (3,):
        pixels = pixels.transpose(0, 2, 3, 1)
    targets = dataset.targets if hasattr(dataset, "targets") else dataset.labels
    for place, target in enumerate(np.asarray(targets).tolist()):
        photo = ArrayPhoto(f"{split}/{place:05d}.png", np.ascontiguousarray(pixels[place]))
        yield Example(photo, names[target], split)


def by_loader(dataset: Any, split: str | None, folder: Path) -> Iterator[Example]:
    """Sets of files. Built with `loader=str` an item is the file's path and its target."""
    names = _Names(dataset)
    for place in range(len(dataset)):
        path, target = dataset[place]
        yield _file(path, names[target], split, folder)


def pets(dataset: Any, split: str | None, folder: Path) -> Iterator[Example]:
    """Oxford-IIIT Pet, which takes no loader."""
    names = _Names(dataset)
    for path, target in zip(dataset._images, dataset._labels, strict=True):
        yield _file(path, names[target], split, folder)


def signs(dataset: Any, split: str | None, folder: Path) -> Iterator[Example]:
    """GTSRB, which takes no loader."""
    names = _Names(dataset)
    for path, target in dataset._samples:
        yield _file(path, names[target], split, folder)


def _file(path: str | Path, label: str, split: str | None, folder: Path) -> Example:
    return Example(FilePhoto(Path(path).relative_to(folder).as_posix(), folder), label, split)


class _Names:
    """Labels by number; a set without names is labelled with its numbers."""

    def __init__(self, dataset: Any) -> None:
        self.classes = getattr(dataset, "classes", None)

    def __getitem__(self, target: int) -> str:
        if self.classes is None:
            return str(target)
        found = self.classes[target]
        return found if isinstance(found, str) else str(found[0])
