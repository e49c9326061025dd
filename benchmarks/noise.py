"""A clean collection made into a noisy one of which the truth is known: mislabelled, copied, under several labels."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from mobilenets.errors import UsageError

GOOD, MISLABELLED, HELD_OUT, CROSS_LISTED, REPEATED = KINDS = (
    "good",
    "mislabelled",
    "held out",
    "cross-listed",
    "repeated",
)
# Of the photographs that are left to the noisy collection.
_WRONG, _LISTED, _REPEATED = 0.2, 0.3, 0.3


def _encoded(image: Image.Image) -> Image.Image:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=40)
    return Image.open(io.BytesIO(stream.getvalue())).convert("RGB")


def _resized(image: Image.Image) -> Image.Image:
    return image.resize((round(0.6 * image.width), round(0.6 * image.height)), Image.Resampling.BICUBIC)


def _cropped(share: float) -> Callable[[Image.Image], Image.Image]:
    """Without `share` of its width and height, at the left and the top."""
    return lambda image: image.crop((round(share * image.width), round(share * image.height), *image.size))


def _mirrored(image: Image.Image) -> Image.Image:
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


ALTERATIONS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "compressed (quality 40)": _encoded,
    "scaled to .6": _resized,
    "cropped by 5 %": _cropped(0.05),
    "cropped by 10 %": _cropped(0.10),
    "mirrored": _mirrored,
    "mirrored, cropped by 7 %, scaled, compressed": lambda image: _encoded(_resized(_cropped(0.07)(_mirrored(image)))),
}


@dataclass(frozen=True, slots=True)
class Planted:
    """A photograph of the noisy collection: what is wrong with it, and how a copy was altered."""

    file: str
    kind: str
    alteration: str = ""


@dataclass(frozen=True, slots=True)
class Noisy:
    """`clean` has train/ and val/, `noisy` a sub-folder a label; what was planted where."""

    clean: Path
    noisy: Path
    planted: Sequence[Planted]


def lay_noise(data: Path, folder: Path, *, held_out: int, train: int, seed: int) -> Noisy:
    """Divide a folder of labelled photographs and plant noise in what is left, all by the seed.

    Of each label with enough photographs `held_out` become val and `train` the clean train, and the rest goes to the
    noisy collection: a fifth of it under a wrong label. Altered copies come to it of every held-out photograph, of
    three tenths of its own under another label and of three tenths under the same one.
    Raises `UsageError` where no two labels have more photographs than are held out and clean.
    """
    laying = _Laying(folder, np.random.default_rng(seed))
    found = {
        label.name: sorted(one for one in label.iterdir() if one.is_file())
        for label in sorted(data.iterdir())
        if label.is_dir()
    }
    labels = [label for label, files in found.items() if len(files) > held_out + train]
    if len(labels) < 2:
        raise UsageError(f"{data} has fewer than two labels of over {held_out + train} photographs: use another folder")
    rest: list[tuple[str, Path]] = []
    for label in labels:
        files = [found[label][place] for place in laying.random.permutation(len(found[label]))]
        for place, file in enumerate(files[: held_out + train]):
            split = "val" if place < held_out else "train"
            laying.save(Image.open(file), folder / "clean" / split / label / file.name)
            if place < held_out:
                laying.copy(file, label, HELD_OUT)
        rest += [(label, file) for file in files[held_out + train :]]
    _plant(laying, rest, labels)
    return Noisy(folder / "clean", folder / "noisy", laying.planted)


def _plant(laying: "_Laying", rest: Sequence[tuple[str, Path]], labels: Sequence[str]) -> None:
    order = laying.random.permutation(len(rest))
    wrong, listed, repeated = (round(share * len(rest)) for share in (_WRONG, _LISTED, _REPEATED))
    for turn, place in enumerate(order):
        label, file = rest[place]
        other = str(laying.random.choice([one for one in labels if one != label]))
        if turn < wrong:
            laying.put(Image.open(file), other, file.stem, Planted("", MISLABELLED))
        elif turn < wrong + listed:
            laying.put(Image.open(file), label, file.stem, Planted("", CROSS_LISTED))
            laying.copy(file, other, CROSS_LISTED)
        else:
            laying.put(Image.open(file), label, file.stem, Planted("", GOOD))
            if turn < wrong + listed + repeated:
                laying.copy(file, label, REPEATED)


class _Laying:
    """Writes photographs and keeps the account; every alteration has its turn."""

    def __init__(self, folder: Path, random: np.random.Generator) -> None:
        self.folder = folder
        self.random = random
        self.planted: list[Planted] = []
        self._turn = 0

    def copy(self, file: Path, label: str, kind: str) -> None:
        name = list(ALTERATIONS)[self._turn % len(ALTERATIONS)]
        self._turn += 1
        altered = ALTERATIONS[name](Image.open(file).convert("RGB"))
        # Behind its original in natural order, so that of two under one label the copy is the repeated one.
        self.put(altered, label, f"zz-{self._turn}-{file.stem}", Planted("", kind, name))

    def put(self, image: Image.Image, label: str, name: str, planted: Planted) -> None:
        file = f"{label}/{name}.jpg"
        self.save(image, self.folder / "noisy" / file)
        self.planted.append(Planted(file, planted.kind, planted.alteration))

    def save(self, image: Image.Image, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        image.convert("RGB").save(file, "JPEG", quality=90)
