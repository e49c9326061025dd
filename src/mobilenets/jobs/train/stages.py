"""The first of two stages (section 4.3): the noisy collection is cleaned and made the run of a folder of its own."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from mobilenets.checkpoint import STATE, Description, write_description
from mobilenets.data.naming import natural
from mobilenets.data.photos import Collection, Example
from mobilenets.data.sources import open_collection
from mobilenets.data.table import read_table
from mobilenets.data.wording import counted, listed
from mobilenets.errors import UsageError
from mobilenets.jobs.clean.cleaning import Sifted, in_words, sifted
from mobilenets.jobs.clean.look import feature_model
from mobilenets.jobs.clean.tables import check_listable, removed_table, write_kept, write_removed
from mobilenets.jobs.material import divided, preprocessing, val_split
from mobilenets.jobs.start import check_same, open_weights
from mobilenets.jobs.train.folder import REPORT, clear
from mobilenets.prediction.model import Model, choose_device
from mobilenets.run import STAGE_ONE, Run
from mobilenets.tasks.protocol import TaskSettings
from mobilenets.tasks.registry import task_named
from mobilenets.training.watch import counting


def ready_stage(run: Run, console: Console, *, resumed: bool) -> Run | None:
    """The first stage, its photographs cleaned and listed, where it is still to be learnt from.

    From the moment that anything is written, the folder holds all that is needed to go on. Raises `UsageError` and
    `JobError` for photographs and weights that cannot be used, before what is in the folder is touched.
    """
    stage = run.first_stage
    if stage is None or (resumed and ((run.out / STATE).exists() or (stage.out / REPORT).exists())):
        return None
    table = Path(stage.data)
    if not (resumed and table.exists()):
        clean = divided(run)
        found = _cleaned(run, clean, console)
        scored = _scored(run, clean, found)
        if not resumed:
            clear(run.out)
            write_description(run.out, _described(run, clean))
        write_removed(removed_table(table), found.removed)
        # Last: where this table is, there is nothing left to clean.
        write_kept(table, [*(replace(one, split="train") for one in found.kept), *scored])
    return stage


def stage_notes(run: Run) -> tuple[str, ...]:
    """What the user has to know of the first stage, once it is done, from what it left."""
    stage = run.first_stage
    if stage is None:
        return ()
    table = Path(stage.data)
    removed = removed_table(table)
    kept = sum(row.values["split"] == "train" for row in read_table(table, exact=True).rows)
    counts = Counter(row.values["reason"] for row in read_table(removed, exact=True).rows)
    where = f"listed in {STAGE_ONE}/{removed.name}" if counts else "nothing to list"
    return (
        f"stage one learnt from {counted(kept, 'photograph')} of {run.noise.noisy}, see {STAGE_ONE}/{REPORT}; "
        f"{in_words(counts)}, {where}",
    )


def _cleaned(run: Run, clean: Collection, console: Console) -> Sifted:
    source = run.noise.noisy
    assert source is not None  # by first_stage
    noisy = open_collection(source, strict=run.strict)
    check_listable(source, noisy.examples)
    check_listable(run.data, clean.examples)
    found = sifted(
        noisy,
        held_out=[one for one in clean.examples if one.split != "train"],
        trusted=clean.part("train"),
        cleaning=run.noise.cleaning,
        model=_feature_model(run),
        seed=run.seed,
        counting=lambda words, total: counting(console, words, total=total),
    )
    for note in (*noisy.notes, *found.notes):
        console.print(f"note: {note}", highlight=False, markup=False, soft_wrap=True)
    return found


def _feature_model(run: Run) -> Model | None:
    """The starting weights' body; None where the run starts from random weights."""
    if run.weights is None:
        return None
    weights = open_weights(run.weights, asked=run.architecture)
    check_same(weights, run.architecture)
    return feature_model(weights, resolution=run.architecture.resolution, device=choose_device(run.machine.device))


def _scored(run: Run, clean: Collection, found: Sifted) -> Sequence[Example]:
    """The held-out photographs on which both stages are followed, of the labels that the first one learns."""
    labels = {example.label for example in found.kept}
    scored = [replace(one, split="val") for one in clean.part(val_split(clean)) if one.label in labels]
    if not scored:
        names = listed(sorted((str(label) for label in labels), key=natural))
        raise UsageError(
            f"--noisy {run.noise.noisy} has the labels {names}, and {run.data} holds out a photograph of none of them: "
            "use the same labels in both"
        )
    check_listable(run.data, scored, named=True)
    return scored


def _described(run: Run, clean: Collection) -> Description:
    task = task_named(run.task).learn(clean, settings=TaskSettings())
    shown = preprocessing(run, clean, task)
    return Description(run.task, task.state(), run.architecture, shown, "stage one of two is under way", run)
