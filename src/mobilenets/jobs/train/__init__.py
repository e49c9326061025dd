"""`mobilenets.train`: from a run's settings to a checkpoint and a report."""

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from mobilenets.checkpoint import RUN, read_description, write_description
from mobilenets.errors import JobError, UsageError
from mobilenets.jobs.memory import keep_memory
from mobilenets.jobs.train.beginning import begin
from mobilenets.jobs.train.folder import check_out, describe, kept, write_report
from mobilenets.jobs.train.job import Job
from mobilenets.jobs.train.prepare import prepare
from mobilenets.jobs.train.stages import ready_stage
from mobilenets.prediction.evaluate import Evaluation
from mobilenets.prediction.model import choose_device
from mobilenets.run import Run
from mobilenets.training.distributed import FollowerError, Group, group
from mobilenets.training.loop import Ended
from mobilenets.training.stop import StopRequest, listening
from mobilenets.training.tally import NotFiniteError
from mobilenets.training.watch import watching

__all__ = ["Trained", "resume", "train"]

_RESUME = "mobilenets train --resume"


@dataclass(frozen=True, slots=True)
class Trained:
    """What a run came to: scores on the held-out photographs, a row an epoch, what the user has to know.

    `headline` names the score that was followed, `choice` (one of the notes) says which epoch ships where that is not
    simply the last. `seconds` is what this call took.
    """

    folder: Path
    epochs: int
    headline: str
    scores: dict[str, float]
    history: list[dict[str, Any]]
    notes: tuple[str, ...]
    choice: str | None
    seconds: float


def train(run: Run, *, overwrite: bool = False, console: Console | None = None, go_on: str | None = None) -> Trained:
    """Train a network from `run`, leaving in `run.out` the checkpoint, the curves, the split and `report.html`.

    `console` shows how it goes (standard error if unset). Ctrl-C or SIGTERM saves and ends in a `JobError` that says
    how to go on (with the command `go_on`, if unset `mobilenets train --resume`); in a thread nothing listens for them.
    Raises `UsageError` where the folder already holds a run (`overwrite` starts it anew) or the data cannot be used,
    `JobError` where training fails; the last saved state then stands in the folder.
    """
    return _train(replace(run, out=Path(run.out)), resumed=False, overwrite=overwrite, console=console, go_on=go_on)


def resume(
    folder: str | Path,
    *,
    data: str | None = None,
    teacher: str | None = None,
    console: Console | None = None,
    go_on: str | None = None,
) -> Trained:
    """Continue the run in `folder` from its last saved state, to the same bits as if it had never stopped.

    `data` and `teacher` say where the photographs and the teacher are now, if they moved; `go_on` is as for `train`.
    Raises `UsageError` where there is no run to continue, or its photographs or its teacher changed.
    """
    folder = Path(folder)
    run = read_description(folder).run
    if run is None:
        raise UsageError(f"{folder} holds weights and no training run: start one with --weights {folder}")
    run = replace(run, out=folder, data=run.data if data is None else data)
    if teacher is not None:
        if run.distillation.teacher is None:
            raise UsageError(f"--teacher {teacher}: the run in {folder} learns from none; start a new one with it")
        run = replace(run, distillation=replace(run.distillation, teacher=teacher))
    return _train(run, resumed=True, overwrite=False, console=console, go_on=go_on)


def _train(run: Run, *, resumed: bool, overwrite: bool, console: Console | None, go_on: str | None) -> Trained:
    begun = time.monotonic()
    again = go_on or f"{_RESUME} {run.out}"
    keep_memory()
    if run.recipe == "distil" and run.distillation.teacher is None:
        raise UsageError("recipe distil learns from a teacher: name one with --teacher")
    if run.machine.threads:
        torch.set_num_threads(run.machine.threads)
    with group(choose_device(run.machine.device), batch=run.batch) as processes:
        shown = (console or Console(stderr=True)) if processes.leads else Console(quiet=True)
        processes.lead(lambda: check_out(run, resumed=resumed, overwrite=overwrite))
        if run.first_stage is None:
            return _one(run, processes, shown, again, resumed=resumed, begun=begun)
        stage = processes.agree(processes.lead(lambda: ready_stage(run, shown, resumed=resumed)))
        if stage is not None:
            shown.print("stage one: the noisy photographs")
            _one(stage, processes, shown, again, resumed=(stage.out / RUN).exists(), begun=begun)
        shown.print("stage two: the clean photographs")
        # Its folder is described already: the run goes on, if only to its first step.
        return _one(run, processes, shown, again, resumed=True, begun=begun)


def _one(run: Run, processes: Group, console: Console, again: str, *, resumed: bool, begun: float) -> Trained:
    """One stage, from its photographs to its report; `again` is the command to go on with the whole run."""
    job = processes.leader_first(lambda: prepare(run, processes, console, resumed=resumed))
    processes.lead(lambda: describe(job, console, resumed=resumed))
    ended = _learn(job, console, again)
    evaluation = job.evaluate_shipped(job.progress, ended.evaluation)
    return _finish(job, evaluation, console, begun=begun)


def _learn(job: Job, console: Console, again: str) -> Ended:
    run, progress = job.run, job.progress
    with listening() as stop:
        try:
            ready = begin(job, stop, console)
            with watching(run, console if job.group.leads else None, since=progress.epoch) as watcher:
                if progress.history and not progress.epoch:
                    watcher.epoch(progress.history)
                ended = job.loop(watcher).run(progress, stop) if ready else Ended(False)
        except NotFiniteError as error:
            lower = f"a smaller --lr than {run.optimisation.lr:g}" + ("" if run.optimisation.clip else " or --clip 1")
            job.group.fail(JobError(f"{error}: the run stops, {kept(run.out)}; start anew with {lower}"))
        except FollowerError:
            raise
        except JobError as error:
            raise JobError(f"{error}; go on afterwards with {again}") from error
    if not ended.finished:
        job.group.fail(JobError(_stopped(job, stop, again, saved=ready)))
    return ended


def _stopped(job: Job, stop: StopRequest, again: str, *, saved: bool) -> str:
    by = stop.signal.name if stop.signal else "another process"
    if not saved:
        return f"stopped by {by} before the first step: begin again with {again}"
    where = f"epoch {job.progress.epoch + 1} of {job.run.epochs}, step {job.progress.step} of {job.pace.steps}"
    return f"stopped by {by} after {where}, and saved: go on with {again}"


def _finish(job: Job, evaluation: Evaluation | None, console: Console, *, begun: float) -> Trained:
    """Leave the report; every process gets what the first one has to tell."""

    def close() -> Trained:
        assert evaluation is not None  # the first process has it
        notes = job.notes(evaluation)
        told = {*job.material.notes, *job.progress.notes}
        for note in (one for one in notes if one not in told):
            console.print(f"note: {note}", highlight=False, markup=False, soft_wrap=True)
        if (settled := job.settled(evaluation)) != job.description:
            write_description(job.run.out, settled)
        write_report(job, evaluation, notes)
        scores = evaluation.evaluated.scores
        seconds = time.monotonic() - begun
        return Trained(
            folder=job.run.out,
            epochs=job.progress.epoch,
            headline=scores.headline,
            scores=dict(scores.figures),
            history=job.progress.history,
            notes=notes,
            choice=job.choice(evaluation),
            seconds=seconds,
        )

    trained = job.group.agree(job.group.lead(close))
    assert trained is not None
    return trained
