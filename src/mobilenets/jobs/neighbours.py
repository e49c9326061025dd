"""Retrieval beside a network: the nearest photographs by their features vote (Im2GPS), scored on the same ones."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mobilenets.data.cache import Centre, Decoded, Noting
from mobilenets.data.examples import Examples
from mobilenets.data.loader import Batches, evaluation_picks, load
from mobilenets.errors import UsageError
from mobilenets.jobs.models import AnyModel
from mobilenets.maths.retrieval import Nearest, nearest
from mobilenets.prediction.model import Model
from mobilenets.tasks.parts import Votes
from mobilenets.tasks.protocol import Answer, Evaluated, Task
from mobilenets.training.probe import Features, features

_BATCH = 64
_FAINTEST = 1e-6


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What votes: the `count` nearest of the `known` examples, those that the network learnt from.

    Near is what `model` sees alike: the cosine of what its last layer reads of two photographs.
    """

    task: Task
    known: Examples
    model: Model
    count: int

    def beside(self, evaluated: Evaluated) -> dict[str, dict[str, float]]:
        """The figures of the network, of the nearest photograph's truth and of the vote. Nothing of it is kept."""
        there, asked = _features(self.model, self.known), _features(self.model, evaluated.examples)
        rows = {place: row for row, place in enumerate(asked.places.tolist())}
        wanted = asked.values[[rows[place] for place in evaluated.places]]
        found = nearest(wanted.numpy(), there.values.numpy(), count=self.count)
        truths = [self.known.truth(place) for place in there.places.tolist()]
        figures = {"network": dict(evaluated.scores.figures)}
        for count in dict.fromkeys((1, found.rows.shape[1])):
            scores = self.task.score(self._votes(found, truths, count=count), evaluated.truths)
            figures[f"{count} nearest of {len(truths):,}"] = dict(scores.figures)
        return figures

    def _votes(self, found: Nearest, truths: Sequence[object], *, count: int) -> list[Answer]:
        assert isinstance(self.task, Votes)
        weights = np.maximum(found.similarity[:, :count], _FAINTEST)
        near = found.rows[:, :count].tolist()
        return [self.task.vote([truths[row] for row in some], one) for some, one in zip(near, weights, strict=True)]


def retrieval(task: Task, known: Examples | None, model: AnyModel, *, neighbours: int) -> Retrieval:
    """A vote of the `neighbours` nearest among the `known`.

    Raises `UsageError` where the task has no vote, there are none to ask, or `model` has no layer to compare by (an
    artefact gives its outputs alone).
    """
    if neighbours < 1:
        raise UsageError(f"neighbours {neighbours} is under 1: use 1 or more, or leave it out")
    if not isinstance(task, Votes):
        raise UsageError(f"--neighbours: neighbours have no vote in the task {task.name}; leave it out")
    if known is None or not known.photos:
        raise UsageError("--neighbours: the data has no train to look for them in; give data with train and val")
    if not isinstance(model, Model):
        raise UsageError("--neighbours: an artefact gives no features; name a checkpoint with --features")
    return Retrieval(task, known, model, neighbours)


def _features(model: Model, examples: Examples) -> Features:
    shown = model.preprocessing
    pixels = Noting(Decoded(examples.photos, Centre(shown)))
    batches = Batches(examples, pixels, resolution=shown.resolution, threads=os.cpu_count() or 1)
    picks = evaluation_picks(len(examples.photos), batch=_BATCH)
    try:
        return features(model, load(batches, picks), count=len(examples.photos), mirror=False, seen=lambda _: None)
    except ValueError as error:
        raise UsageError(f"--neighbours: {error}; name a checkpoint of a classifier with --features") from error
