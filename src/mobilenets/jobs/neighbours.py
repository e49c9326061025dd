"""Retrieval beside a network: the nearest photographs by their features vote (Im2GPS), scored on the same ones."""

import os
from pathlib import Path

import numpy as np

from mobilenets.data.cache import Centre, Decoded, Noting
from mobilenets.data.examples import Examples
from mobilenets.data.loader import Batches, evaluation_picks, load
from mobilenets.errors import UsageError
from mobilenets.jobs.models import AnyModel
from mobilenets.maths.retrieval import nearest
from mobilenets.prediction.model import Model
from mobilenets.tasks.protocol import Answer, Evaluated, Task, Votes
from mobilenets.training.probe import Features, features

_BATCH = 64
_FAINTEST = 1e-6


def check_votes(task: Task, *, neighbours: int, features: str | Path | None) -> None:
    """Raise `UsageError` where a vote is asked of a task that has none, or not at all."""
    if neighbours < 0:
        raise UsageError(f"neighbours {neighbours} is under 0: use 1 or more, or 0 for none")
    if features is not None and not neighbours:
        raise UsageError(f"--features {features} is for --neighbours: say how many")
    if neighbours and not isinstance(task, Votes):
        raise UsageError(f"--neighbours: neighbours have no vote in the task {task.name}; leave it out")


def beside(
    evaluated: Evaluated, task: Task, known: Examples | None, model: AnyModel, *, neighbours: int
) -> dict[str, dict[str, float]]:
    """The figures of the network, of the nearest photograph's truth and of the vote of the `neighbours` nearest.

    Neighbours are among the `known` examples, those that the network learnt from, by the cosine of what the last layer
    of `model` reads of each. Nothing of it is kept. Raises `UsageError` where there are none, or `model` has no such
    layer (an artefact gives its outputs alone).
    """
    if known is None or not known.photos:
        raise UsageError("--neighbours: the data has no train to look for them in; give data with train and val")
    if not isinstance(model, Model):
        raise UsageError("--neighbours: an artefact gives no features; name a checkpoint with --features")
    assert isinstance(task, Votes)
    there, asked = _features(model, known), _features(model, evaluated.examples)
    rows = {place: row for row, place in enumerate(asked.places.tolist())}
    wanted = asked.values[[rows[place] for place in evaluated.places]]
    found = nearest(wanted.numpy(), there.values.numpy(), count=neighbours)
    truths = [known.truth(place) for place in there.places.tolist()]
    figures = {"network": dict(evaluated.scores.figures)}
    for count in dict.fromkeys((1, found.rows.shape[1])):
        answers: list[Answer] = [
            task.vote([truths[row] for row in near[:count]], np.maximum(alike[:count], _FAINTEST))
            for near, alike in zip(found.rows.tolist(), found.similarity, strict=True)
        ]
        figures[f"{count} nearest of {len(truths):,}"] = dict(task.score(answers, evaluated.truths).figures)
    return figures


def _features(model: Model, examples: Examples) -> Features:
    shown = model.preprocessing
    pixels = Noting(Decoded(examples.photos, Centre(shown)))
    batches = Batches(examples, pixels, resolution=shown.resolution, threads=os.cpu_count() or 1)
    picks = evaluation_picks(len(examples.photos), batch=_BATCH)
    try:
        return features(model, load(batches, picks), count=len(examples.photos), mirror=False, seen=lambda _: None)
    except ValueError as error:
        raise UsageError(f"--neighbours: {error}; name a checkpoint of a classifier with --features") from error
