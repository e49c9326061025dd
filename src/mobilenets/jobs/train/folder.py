"""The folder of a run: whether it may be used, what is written there before and after learning."""

import os
import shutil
from pathlib import Path

from rich.console import Console

from mobilenets.architecture.cost import cost
from mobilenets.checkpoint import MODEL, RUN, SPLIT, STATE, write_description
from mobilenets.data.split import write_split
from mobilenets.errors import JobError, UsageError
from mobilenets.files import expanded, reason, write_text_whole
from mobilenets.jobs.train.job import Job
from mobilenets.prediction.evaluate import Evaluation
from mobilenets.run import STAGE_ONE, Run
from mobilenets.training.report import run_page
from mobilenets.training.watch import EVENTS, METRICS

REPORT = "report.html"
# The state goes first when a run starts anew: with the new run's settings beside it, it would be taken for its own.
_OURS = (STATE, MODEL, RUN, SPLIT, METRICS, REPORT, EVENTS, STAGE_ONE)


def check_out(run: Run, *, resumed: bool, overwrite: bool) -> None:
    """Make the folder, or see that it may be used, before hours go into what could not be kept.

    Raises `UsageError` where it holds something that would be lost or lies among the photographs, `JobError` where it
    cannot be written.
    """
    out = run.out
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out} is a file: it takes a folder")
    for source in (run.data, run.noise.noisy):
        _check_apart(out, source)
    if not resumed and not overwrite:
        _check_free(out)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise JobError(f"--out {out} cannot be made ({reason(error)}): choose another folder") from error
    if not os.access(out, os.W_OK | os.X_OK):
        raise JobError(f"--out {out} cannot be written: choose another folder or get the right to write there")


def _check_apart(out: Path, source: str | None) -> None:
    """Neither lies the run among photographs, nor photographs in the folder that the first stage is given."""
    data = expanded(source or "")
    if source is None or not data.is_dir():
        return
    if out.resolve().is_relative_to(data.resolve()):
        raise UsageError(f"--out {out} lies among the photographs of {data}: choose a folder outside")
    if data.resolve().is_relative_to((out / STAGE_ONE).resolve()):
        raise UsageError(f"--out {out} has the photographs of {data} where its first stage goes: choose another folder")


def _check_free(out: Path) -> None:
    if (out / RUN).exists():
        raise UsageError(f"{out} already holds a run: go on with --resume {out}, or start anew with --overwrite")
    found = next((name for name in _OURS if (out / name).exists()), None)
    if found is not None:
        raise UsageError(f"--out {out} has a {found}, which would be lost: choose another folder, or --overwrite")


def describe(job: Job, console: Console, *, resumed: bool) -> None:
    """Write down what is being done, and say it."""
    if not resumed:
        clear(job.run.out)
    write_description(job.run.out, job.description)
    write_split(job.run.out / SPLIT, job.material.collection)
    for line in _lines(job, resumed=resumed):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def clear(folder: Path) -> None:
    """Take away what an earlier run left."""
    try:
        for name in _OURS:
            if (folder / name).is_dir():
                shutil.rmtree(folder / name)
            else:
                (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise JobError(f"the earlier run in {folder} cannot be removed: {reason(error)}") from error


def _lines(job: Job, *, resumed: bool) -> list[str]:
    run, material = job.run, job.material
    price = cost(job.task.layers(run.architecture))
    lines = [
        f"{job.description.network} for {run.task}: {price.mult_adds / 1e6:,.1f} M mult-adds, {price.params:,} params",
        f"{material.collection.name}: {material.train.count:,} photographs to learn from, "
        f"{material.val.count:,} held out",
        *(f"note: {note}" for note in (*material.notes, *job.progress.notes)),
    ]
    return [*lines, _where(job)] if resumed else lines


def _where(job: Job) -> str:
    progress, epochs = job.progress, job.run.epochs
    if not (job.run.out / STATE).exists():
        if job.run.first_stage is not None:
            return "stage one is done: stage two begins"
        return "nothing was saved yet: the run begins again"
    if progress.epoch >= epochs:
        return f"all {epochs} epochs are done: only the report is made again"
    return f"going on with epoch {progress.epoch + 1} of {epochs}, after step {progress.step} of {job.pace.steps}"


def kept(folder: Path) -> str:
    """What a run that fails leaves behind, in words."""
    return f"the last state saved in {folder} is kept" if (folder / STATE).exists() else "nothing was saved yet"


def write_report(job: Job, evaluation: Evaluation, notes: tuple[str, ...]) -> None:
    """Write `report.html`."""
    layers = job.task.layers(job.run.architecture)
    page = run_page(job.run, job.judge, job.description, layers, evaluation, job.progress.history, notes=notes)
    write_text_whole(job.run.out / REPORT, page)
