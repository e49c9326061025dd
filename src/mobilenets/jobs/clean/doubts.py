"""Labels that the other photographs contradict: the probability of each label by a classifier that did not see it."""

import hashlib
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from mobilenets.data.naming import natural
from mobilenets.jobs.clean.look import Looks
from mobilenets.jobs.clean.sift import DOUBTFUL, Removed
from mobilenets.maths.logistic import fit_logistic

_PARTS = 5


def doubtful(noisy: Looks, trusted: Looks, *, least: float, seed: int) -> dict[int, Removed]:
    """The noisy photographs, by place, whose label has a smaller probability than `least`.

    Multinomial logistic regression on the features, cross-validated in five parts; the `trusted` photographs of the
    labels that the noisy ones have are learnt from in each and doubted in none. What follows from the labels of the
    rest is no proof: a rare view of the right thing goes as well.
    """
    classes = sorted({str(example.label) for example in noisy.examples}, key=natural)
    known = {label: place for place, label in enumerate(classes)}
    helping = [place for place, example in enumerate(trusted.examples) if example.label in known]
    labels = np.array([known[str(example.label)] for example in noisy.examples], np.int64)
    theirs = np.array([known[str(trusted.examples[place].label)] for place in helping], np.int64)
    rows = np.concatenate([noisy.features, trusted.features[helping]]) if helping else noisy.features
    every = np.concatenate([labels, theirs])
    parts = np.concatenate([_parts(noisy, seed), np.full(len(helping), -1)])
    chances = _chances(rows, every, parts, classes=len(classes), seed=seed)[: len(labels)]
    own = chances[np.arange(len(labels)), labels]
    return {
        int(place): _removed(noisy, int(place), classes, chances[place], float(own[place]))
        for place in np.flatnonzero(own < least)
    }


def _removed(noisy: Looks, place: int, classes: Sequence[str], chances: NDArray[np.float32], own: float) -> Removed:
    like = classes[int(chances.argmax())]
    return Removed(noisy.examples[place], DOUBTFUL, like=like, by="probability", distance=own)


def _parts(noisy: Looks, seed: int) -> NDArray[np.int64]:
    """The part in which each photograph is judged, each label dealt evenly; by seed and name alone."""
    names = [example.photo.name for example in noisy.examples]
    lots = [hashlib.sha256(f"{seed}\0{name}".encode(errors="surrogateescape")).digest() for name in names]
    order = sorted(range(len(names)), key=lambda place: (str(noisy.examples[place].label), lots[place]))
    parts = np.empty(len(names), np.int64)
    parts[order] = np.arange(len(names)) % _PARTS
    return parts


def _chances(
    rows: NDArray[np.float32], labels: NDArray[np.int64], parts: NDArray[np.int64], *, classes: int, seed: int
) -> NDArray[np.float32]:
    """(N, classes) probabilities of each row by the classifier of the other parts; rows of no part stay at zero."""
    features, numbers = torch.from_numpy(rows), torch.from_numpy(labels)
    groups = torch.arange(len(rows))
    penalty = fit_logistic(features, numbers, classes=classes, groups=groups, seed=seed).penalty
    chances = np.zeros((len(rows), classes), np.float32)
    for part in range(_PARTS):
        judged = torch.from_numpy(parts == part)
        if not judged.any() or judged.all():
            continue
        head = fit_logistic(
            features[~judged], numbers[~judged], classes=classes, groups=groups[~judged], seed=seed, penalty=penalty
        )
        chances[judged.numpy()] = (features[judged] @ head.weight.T + head.bias).softmax(1).numpy()
    return chances
