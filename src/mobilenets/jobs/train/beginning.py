"""What a new run does once, before its first step: batch norm that weights lack, and the head on a still body."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

import torch
from rich.console import Console
from torch import Tensor, nn

from mobilenets.data.loader import Pick, load
from mobilenets.data.preprocess import scale
from mobilenets.data.wording import counted, listed
from mobilenets.errors import JobError
from mobilenets.jobs.train.job import Job
from mobilenets.maths.logistic import Linear
from mobilenets.network.blocks import ConvNorm
from mobilenets.network.fold import fold
from mobilenets.prediction.evaluate import Evaluation
from mobilenets.prediction.model import Model
from mobilenets.tasks.parts import FitsHead
from mobilenets.training.loop import held_out
from mobilenets.training.probe import Features, chosen, features, last_layer, merge, put_head
from mobilenets.training.stop import StopRequest
from mobilenets.training.tally import NotFiniteError
from mobilenets.training.unfold import measure_statistics, renew_statistics
from mobilenets.training.watch import counting

_BATCH = 64
# Photographs. Each gives the last layers, the smallest, 49 values a channel at 224 pixels.
_MEASURED = 256
# Each gives the second stage of a detector 300 crops.
_CROPPED = 16


class _StoppedError(Exception):
    """The user asked to stop."""


def begin(job: Job, stop: StopRequest, console: Console) -> bool:
    """Do what comes before the first step, and save it: a run that goes on finds it done, to the same bits.

    False where a stop was asked for before there was anything to save.
    """
    placed = job.placed
    if placed is None:
        return True
    if placed.fused:
        _tell(job, console, _renew_norms(job, placed.fused))
    if placed.folded:
        _tell(job, console, _measure_norms(job))
    unfit = _why_not_first(job)
    if job.run.head_first and unfit:
        _tell(job, console, unfit)
    fits = job.run.head_first and not unfit
    if fits and not _head_first(job, stop, console):
        return False
    if placed.fused or placed.folded or fits:
        job.save(job.progress)
    return True


def _tell(job: Job, console: Console, note: str) -> None:
    job.progress.notes.append(note)
    console.print(f"note: {note}", highlight=False, markup=False, soft_wrap=True)


def _why_not_first(job: Job) -> str:
    """Why the head is not found before the rest learns; nothing where it can be."""
    if job.placed and job.placed.head:
        return "the weights bring a head for these very classes: it learns on, none is found anew"
    if not isinstance(job.task, FitsHead):
        return f"{job.task.name} has no head that can be found first: all of the network learns"
    return ""


def _measure_norms(job: Job) -> str:
    """Give folded weights their batch norm back. Says what was done."""
    count = min(job.material.train.count, _MEASURED)
    _changed(job, lambda network: measure_statistics(network, _inputs(job, count)))
    return (
        f"the weights have their batch norm folded in: it is put back with the statistics of {count} training "
        "photographs, which changes no answer"
    )


def _renew_norms(job: Job, fused: Sequence[str]) -> str:
    """Give the batch norms behind fused layers the statistics of what they see now. Says what was done."""
    count = min(job.material.train.count, _CROPPED)
    inputs = [one for images in _inputs(job, count) for one in images.chunk(len(images))]

    def renew(network: nn.Module) -> None:
        blocks = [network.get_submodule(f"{name}.pointwise") for name in fused]
        renew_statistics(network, [one for one in blocks if isinstance(one, ConvNorm)], inputs)

    _changed(job, renew)
    names = listed([name.removeprefix("blocks.") for name in fused])
    return (
        f"{names} of the weights lose the activation between their halves, as this network has them: their batch norm "
        f"is measured anew on {counted(count, 'training photograph')}"
    )


def _changed(job: Job, change: Callable[[nn.Module], None]) -> None:
    """Change the network in the first process, for all: they start from the same bits."""
    network = job.learner.average.network

    def changed() -> dict[str, Tensor]:
        change(network)
        return {name: tensor.cpu() for name, tensor in network.state_dict().items()}

    state = job.group.agree(job.group.lead(changed))
    assert state is not None
    for one in (job.learner.network, network):
        one.load_state_dict(state)


def _inputs(job: Job, count: int) -> Iterator[Tensor]:
    # Evenly spread: photographs stand in the order of their classes.
    picks = _picks([place * job.material.train.count // count for place in range(count)])
    for batch in load(job.batches(job.central, learning=False), picks, workers=job.workers):
        images = scale(batch.to(job.group.device).images, job.description.preprocessing)
        yield images.contiguous(memory_format=torch.channels_last)


def _picks(places: list[int]) -> list[Pick]:
    return [Pick(0, tuple(places[start : start + _BATCH])) for start in range(0, len(places), _BATCH)]


def _head_first(job: Job, stop: StopRequest, console: Console) -> bool:
    """Find the head and score it, as epoch 0 of the history; False where a stop was asked for."""
    begun = time.monotonic()
    found = _features(job, stop, console)
    head = job.group.agree(job.group.lead(lambda: _solved(job, found, stop)))
    if head is None:
        return False
    for network in (job.learner.network, job.learner.average.network):
        put_head(network, head)
    evaluation = job.evaluate(job.progress)
    job.group.lead(lambda: _note(job, evaluation, seconds=time.monotonic() - begun))
    job.keep(job.progress, evaluation)
    return True


def _features(job: Job, stop: StopRequest, console: Console) -> list[Features]:
    """Every process's share, in the first one; empty where a stop was asked for."""
    share, device = job.group.share, job.group.device
    network = fold(job.learner.average.network)
    count = job.material.train.count
    places = chosen(count, channels=last_layer(network).in_features, seed=job.run.seed)
    if len(places) < count:
        _tell(job, console, f"the head is first found on {len(places):,} of the {count:,} photographs")
    mine = places[share.rank :: share.world]
    batches = load(job.batches(job.central, learning=False), _picks(mine), workers=job.workers)
    model = Model(network, job.task, job.description.preprocessing, device)
    mirror = job.material.distortion.mirror
    part: list[Features] = []
    with counting(console, "features for the head", total=len(mine)) as advance:

        def seen(photographs: int) -> None:
            if stop:
                raise _StoppedError
            advance(photographs)

        with suppress(_StoppedError):
            part = [features(model, batches, count=len(places), mirror=mirror, seen=seen)]
    gathered = job.group.gather(part)
    return [one for several in gathered for one in several] if all(gathered) else []


def _solved(job: Job, found: list[Features], stop: StopRequest) -> Linear | None:
    def check() -> None:
        if stop:
            raise _StoppedError

    assert isinstance(job.task, FitsHead)
    if not found:
        return None
    if not any(len(one.places) for one in found):
        raise JobError("no head can be found: none of the training photographs could be read")
    every = merge(found)
    if not every.values.isfinite().all():
        raise NotFiniteError("the features of the starting weights are not finite")
    try:
        return job.task.fit_head(every.values, every.targets, groups=every.places, seed=job.run.seed, check=check)
    except _StoppedError:
        return None


def _note(job: Job, evaluation: Evaluation | None, *, seconds: float) -> None:
    count = job.material.train.count
    speed = round(count / max(seconds, 1e-9), 1)
    row = {"epoch": 0, "lr": 0.0, "seconds": round(seconds, 3), "images_per_second": speed}
    job.progress.history.append(row | held_out(evaluation, epoch=0))
