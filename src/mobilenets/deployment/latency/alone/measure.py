"""Models measured: every number of threads and every batch of each, beside the matrix products of its layers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .by_kind import Work, by_kind
from .device import Gemm, Measurement
from .gemm import Product
from .machine import cores
from .process import Worker
from .turns import Asked, Length, Timed, in_turns

CHANNELS = 3
_MS = 1000


class RequestError(Exception):
    """What was asked for cannot be measured; the message is one line."""


@dataclass(frozen=True)
class Model:
    """A model file, and what of its artefact a measurement needs.

    `package` is the Python package that runs it. `batch` None takes any number of images. `products` are the matrix
    products of its pointwise layers for one image, `layers` its layers with weights in running order.
    """

    artefact: str
    network: str
    mult_adds: int
    sha256: Mapping[str, Any]
    runtime: str
    package: str
    precision: str
    inputs: str
    resolution: int
    batch: int | None
    file: str
    products: Sequence[Product]
    layers: Sequence[Work]


@dataclass(frozen=True)
class Case:
    """A model with a number of threads and a batch."""

    model: Model
    threads: int
    batch: int


def cases(models: Iterable[Model], *, threads: Sequence[int], batches: Sequence[int]) -> list[Case]:
    """All that is asked for; no batches are those that the files take, or 1 where they take any.

    Raises `RequestError` for more threads than cores, and for a batch that a file does not take.
    """
    for count in threads:
        if not 1 <= count <= cores():
            raise RequestError(f"threads {count} is outside [1, {cores()}]: this machine has {cores()} cores to use")
    for size in batches:
        if size < 1:
            raise RequestError(f"batch {size} is outside [1, inf): use at least 1")
    found = [
        Case(model, count, size)
        for model in models
        for size in _sizes(model, batches)
        for count in dict.fromkeys(threads)
    ]
    if not found:
        raise RequestError("there is nothing to measure: give artefacts and at least one number of threads")
    return found


def _sizes(model: Model, batches: Sequence[int]) -> list[int]:
    for size in batches:
        if model.batch not in (None, size):
            remedy = f"use --batches {model.batch}, or export it with --batch {size}"
            raise RequestError(
                f"{model.artefact} was exported for batches of {model.batch} and not of {size}: {remedy}"
            )
    return list(dict.fromkeys(batches)) or [model.batch or 1]


def contenders(asked: Sequence[Case], *, libraries: Sequence[str]) -> list[dict[str, Any]]:
    """A job for each case, then one for each of their matrix products in each library."""
    models = [_job(case) for case in asked]
    gemms = {
        (library, case.threads, sizes): {
            "name": f"the matrix products in {library}",
            "package": library,
            "threads": case.threads,
            "products": sizes,
        }
        for case in asked
        if (sizes := _products(case))
        for library in libraries
    }
    return [*models, *gemms.values()]


def measure(
    asked: Sequence[Case],
    length: Length,
    *,
    libraries: Sequence[str],
    profile: bool = True,
    together: bool = False,
    told: Callable[[], None] = lambda: None,
    start: Callable[[Mapping[str, Any]], Asked] = Worker,
) -> list[Measurement]:
    """All cases and the matrix products in turns, each in a process of its own; `told` is called after each round.

    Without `libraries` there is no ceiling, without `profile` no share of time by kind of layer; `together` is as for
    `in_turns`. Raises `WorkerError`
    where a model cannot be run.
    """
    jobs = contenders(asked, libraries=libraries)
    timed = in_turns(jobs, length, start=start, profile=profile, together=together, told=told)
    gemms = [(jobs[place], timed[place]) for place in range(len(asked), len(jobs))]
    return [_measurement(case, timed[place], _ceiling(case, gemms)) for place, case in enumerate(asked)]


def _job(case: Case) -> dict[str, Any]:
    model, side = case.model, case.model.resolution
    image = (side, side, CHANNELS) if model.inputs == "uint8" else (CHANNELS, side, side)
    return {
        "name": f"{model.artefact} ({model.runtime})",
        "runtime": model.runtime,
        "package": model.package,
        "file": model.file,
        "inputs": model.inputs,
        "shape": (case.batch, *image),
        "threads": case.threads,
    }


def _products(case: Case) -> tuple[tuple[int, int, int], ...]:
    """The images of a batch lie one under another in one product."""
    return tuple((case.batch * places, inputs, outputs) for places, inputs, outputs in case.model.products)


def _ceiling(case: Case, gemms: Sequence[tuple[Mapping[str, Any], Timed]]) -> Gemm | None:
    sizes = _products(case)
    found = [
        (timed.spread.least, timed.spread.median, job["package"])
        for job, timed in gemms
        if (job["threads"], job["products"]) == (case.threads, sizes)
    ]
    if not found:
        return None
    least, seconds, library = min(found)
    flops = 2 * sum(places * inputs * outputs for places, inputs, outputs in sizes)
    return Gemm(library, median_ms=seconds * _MS, min_ms=least * _MS, gflops=flops / seconds / 1e9)


def _measurement(case: Case, timed: Timed, gemm: Gemm | None) -> Measurement:
    model, times = case.model, timed.spread
    shares = by_kind(timed.nodes.found, model.layers) if timed.nodes.found else None
    return Measurement(
        label="measured",
        artefact=model.artefact,
        network=model.network,
        mult_adds=model.mult_adds,
        sha256=model.sha256,
        runtime=model.runtime,
        runtime_version=timed.version,
        precision=model.precision,
        inputs=model.inputs,
        resolution=model.resolution,
        threads=case.threads,
        batch=case.batch,
        count=times.count,
        median_ms=times.median * _MS,
        min_ms=times.least * _MS,
        p90_ms=times.p90 * _MS,
        p99_ms=times.p99 * _MS,
        open_ms=timed.open_seconds * _MS,
        first_ms=timed.first_seconds * _MS,
        idle_memory=timed.idle_memory,
        peak_memory=timed.peak_memory,
        gemm=gemm,
        times_gemm=times.median * _MS / gemm.median_ms if gemm else None,
        by_kind=shares.kinds if shares else {},
        by_kind_note=shares.note if shares else timed.nodes.why,
    )
