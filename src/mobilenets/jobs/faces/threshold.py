"""`mobilenets.set_threshold`: how far apart two photographs of one person may be, for a false accept rate."""

from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from mobilenets.checkpoint import read_description, write_description
from mobilenets.data.audit import check_bad
from mobilenets.data.photos import Collection
from mobilenets.deployment.artefact import is_artefact
from mobilenets.errors import JobError, UsageError
from mobilenets.jobs.evaluate import examples_of, scored, wanted_split, with_training_split
from mobilenets.jobs.faces.vectors import load_embedder
from mobilenets.maths.verification import needed_pairs
from mobilenets.tasks.embed import Embed
from mobilenets.tasks.embed_rates import FARS, check_far
from mobilenets.tasks.people import different_pairs

_BATCH = 64


@dataclass(frozen=True, slots=True)
class ThresholdReport:
    """The threshold that was set, a squared distance, and what it gave on the photographs it was set on.

    `pairs` are those of two different people, `accepted` how many of them it accepts. `standard_error` is that of VAL
    over people; None with pairs of one person only.
    """

    model: str
    data: str
    split: str
    photographs: int
    threshold: float
    far: float
    pairs: int
    accepted: int
    val: float
    standard_error: float | None
    notes: tuple[str, ...]


def set_threshold(
    data: str,
    *,
    model: str | Path,
    far: float | None = None,
    split: str | None = None,
    aligned: bool = False,
    device: str = "auto",
    console: Console | None = None,
) -> ThresholdReport:
    """Set a checkpoint's threshold on photographs of people that it did not learn from, and keep it in its run.json.

    `far` unset is the smallest power of ten that there are pairs for; `split` is as `evaluate` takes it,
    `aligned` as `compare`. Raises
    `UsageError` for a FAR with fewer than 10 / FAR pairs of different people, for an artefact and for a model of
    another task, and `JobError` where too many photographs cannot be read.
    """
    folder = Path(model)
    if is_artefact(folder):
        raise UsageError(f"{model} is an artefact, which stays as it was verified: set its checkpoint's and export")
    loaded = load_embedder(model, device=device, aligned=aligned)
    collection, notes = with_training_split(Embed.open(data), folder)
    wanted = wanted_split(collection, split)
    task = replace(loaded.task, settings=replace(loaded.task.settings, far=_far(collection, wanted, far)))
    shown = replace(loaded.model, task=task)
    examples = examples_of(shown, collection, wanted)
    evaluation, unreadable = scored(shown, examples, batch=_BATCH, console=console or Console(stderr=True))
    left_out = check_bad({**collection.bad, **unreadable}, len(examples.photos) + len(collection.bad), strict=False)
    threshold = task.settle(evaluation.evaluated).threshold
    if threshold is None:
        raise JobError(f"too few of the photographs can be read for a FAR of {task.settings.far:g}: use more")
    _keep(folder, replace(loaded.task, threshold=threshold))
    row = evaluation.evaluated.scores.details["val_at_far"][f"{threshold.far:g}"]
    return ThresholdReport(
        model=str(model),
        data=data,
        split=wanted,
        photographs=len(evaluation.evaluated.answers),
        threshold=threshold.distance,
        far=threshold.far,
        pairs=threshold.pairs,
        accepted=row["accepted"],
        val=threshold.val,
        standard_error=row.get("standard_error"),
        notes=(*collection.notes, *notes, *([left_out] if left_out else [])),
    )


def _far(collection: Collection, wanted: str, asked: float | None) -> float:
    """The FAR asked for, or the smallest that these photographs can measure."""
    chosen = [one.label for one in collection.examples if wanted in ("all", one.split) and one.label is not None]
    where = f"{wanted} of {collection.name}"
    if asked is not None:
        if not 0 < asked < 1:
            raise UsageError(f"far {asked:g} is outside (0, 1): use for example 0.001")
        check_far(asked, chosen, where=where)
        return asked
    there = different_pairs(chosen)
    possible = next((far for far in FARS if needed_pairs(far) <= there), None)
    if possible is None:
        check_far(FARS[-1], chosen, where=where)
        raise AssertionError(FARS)
    return possible


def _keep(folder: Path, task: Embed) -> None:
    write_description(folder, replace(read_description(folder), task_state=task.state()))
