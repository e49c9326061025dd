"""Photographs looked at once: the hash and the features by which they are compared."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from mobilenets.data.cache import Advance
from mobilenets.data.decode import decode
from mobilenets.data.photos import BadImage, Example
from mobilenets.data.preprocess import Box
from mobilenets.data.reading import ahead
from mobilenets.data.shapes import Centre
from mobilenets.data.views import Array, cut
from mobilenets.errors import JobError
from mobilenets.jobs.start import StartingWeights, put_weights
from mobilenets.maths.perceptual import SIDE, PerceptualHash, perceptual_hash
from mobilenets.network.fold import fold
from mobilenets.network.graph import Network
from mobilenets.prediction.model import Model
from mobilenets.tasks.features import Features

_BATCH = 32
# Red, green and blue in the brightness of a pixel (ITU-R BT.601).
_GREY = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True, slots=True)
class Looks:
    """What is known of the photographs that can be read, in their order.

    `hashes` (N,) of 64 bits; `plain` (N,) is true of those that no hash can tell; `features` (N, channels) are unit
    vectors, the same for a photograph and its mirror image, or have no channels. `bad` says why the others cannot be
    read, by name.
    """

    examples: tuple[Example, ...]
    hashes: NDArray[np.uint64]
    plain: NDArray[np.bool_]
    features: NDArray[np.float32]
    bad: dict[str, str]

    def part(self, places: Sequence[int]) -> "Looks":
        """Some of the photographs."""
        chosen = np.asarray(places, np.int64)
        return Looks(
            tuple(self.examples[place] for place in places),
            self.hashes[chosen],
            self.plain[chosen],
            self.features[chosen],
            {},
        )


@dataclass(frozen=True, slots=True)
class _Look:
    """One photograph: its hash and what the network is shown, or why it cannot be read."""

    hash: PerceptualHash | None = None
    shown: Array | None = None
    error: str = ""


def feature_model(weights: StartingWeights, *, resolution: int | None, device: torch.device) -> Model:
    """The body of starting weights, giving features of photographs at `resolution` pixels or its own."""
    architecture, shown = weights.architecture, weights.preprocessing
    if resolution is not None:
        architecture, shown = replace(architecture, resolution=resolution), replace(shown, resolution=resolution)
    task = Features()
    network = Network(task.layers(architecture), dropout=architecture.dropout)
    put_weights(network, weights, architecture=architecture, task=task)
    network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return Model(fold(network.eval()), task, shown, device)


def look(examples: Sequence[Example], model: Model | None, *, counted: AbstractContextManager[Advance]) -> Looks:
    """Look at every photograph; without a `model` there are no features. `counted` is told of each one done.

    Raises `JobError` where a feature is not finite.
    """
    centre = Centre(model.preprocessing) if model else None
    threads = os.cpu_count() or 1
    found: list[Example] = []
    hashes: list[PerceptualHash] = []
    bad: dict[str, str] = {}
    features: list[NDArray[np.float32]] = []
    with ThreadPoolExecutor(threads) as pool, counted as advance:
        looks = ahead(pool, lambda one: _look(one, centre), examples, depth=2 * _BATCH + threads)
        for together in _batched(zip(examples, looks, strict=True)):
            for example, one in together:
                if one.hash is None:
                    bad[example.photo.name] = one.error
                else:
                    found.append(example)
                    hashes.append(one.hash)
            shown = [one.shown for _, one in together if one.shown is not None]
            if model and shown:
                features.append(_features(model, shown))
            advance(len(together))
    return Looks(
        tuple(found),
        np.array([one.bits for one in hashes], np.uint64),
        np.array([one.plain for one in hashes], np.bool_),
        np.concatenate(features) if features else np.empty((len(found), 0), np.float32),
        bad,
    )


def _batched(looks: Iterator[tuple[Example, _Look]]) -> Iterator[list[tuple[Example, _Look]]]:
    while together := list(islice(looks, _BATCH)):
        yield together


def _look(example: Example, centre: Centre | None) -> _Look:
    try:
        pixels = decode(example.photo.read(), at_least=centre.side if centre else SIDE)
    except BadImage as error:
        return _Look(error=str(error))
    whole = cut(pixels, Box(0, 0, *pixels.shape[:2]), height=SIDE, width=SIDE)
    return _Look(perceptual_hash(whole @ _GREY), centre(pixels) if centre else None)


def _features(model: Model, shown: Sequence[Array]) -> NDArray[np.float32]:
    images = torch.from_numpy(np.stack(shown)).permute(0, 3, 1, 2)
    values = model(images).flatten(1).float() + model(images.flip(3)).flatten(1).float()
    if not values.isfinite().all():
        raise JobError("the features of the weights are not finite: they are damaged; take them from a copy")
    return F.normalize(values, dim=1).cpu().numpy()
