"""What `mobilenets fit` takes besides its trainings: pricing, the table of latencies, and its share of a whole fit."""

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from benchmarks.measure import Settings, say
from benchmarks.report import Result, Table
from mobilenets.data.preprocess import Preprocessing
from mobilenets.deployment.latency.alone.machine import cores, machine
from mobilenets.deployment.runtimes.registry import RUNTIMES
from mobilenets.jobs.fit.budget import Budget
from mobilenets.jobs.fit.candidates import RESOLUTIONS, WIDTHS, Bases, Priced, priced
from mobilenets.jobs.fit.job import fit
from mobilenets.jobs.fit.probe import Prober
from mobilenets.jobs.fit.settings import FitSettings
from mobilenets.jobs.fit.state import read_state
from mobilenets.tasks.classify import Classify

_CLASSES = 1000
_TABLE = 32
_MINUTES = 5.0
_LARGE = RESOLUTIONS[3:]


def run(settings: Settings) -> Result:
    """Pricing all candidates, `rounds` times; the latency table of 32, nothing known before; a fit of each `--data`."""
    task = Classify(tuple(map(str, range(_CLASSES))))
    pricing = [_pricing(task) for _ in range(settings.rounds)]
    say("fit: the latency table")
    table = [_table_of_latencies(task) for _ in range(settings.rounds)]
    rows = [
        ["pricing all candidates", f"{len(_every(task))}", f"{statistics.median(pricing):.2f} s"],
        ["latency table, nothing cached", f"{_TABLE}", f"{statistics.median(table):.1f} s"],
    ]
    shares = [_share(data, settings) for data in settings.data]
    rows += [
        [f"{data.name} in {_MINUTES:g} minutes, besides its trainings", f"{count} trainings", f"{share:.1%}"]
        for data, (count, share) in zip(settings.data, shares, strict=True)
    ]
    figures = {"pricing": pricing, "table": table, "shares": [share for _, share in shares]}
    return Result([Table("mobilenets fit", ("", "of", "takes"), rows)], figures)


def _every(task: Classify) -> list[Priced]:
    return priced(Bases({}), task, widths=WIDTHS, resolutions=_LARGE, precisions=("float32", "int8"))


def _pricing(task: Classify) -> float:
    begun = time.perf_counter()
    _every(task)
    return time.perf_counter() - begun


def _table_of_latencies(task: Classify) -> float:
    """Half in floats, half in 8 bits, spread over all widths and resolutions."""
    every = _every(task)
    chosen = [every[place * (len(every) - 1) // (_TABLE - 1)] for place in range(_TABLE)]
    prober = Prober(task, RUNTIMES["onnx"], min(cores(), 2), machine(), _shown)
    with _empty_cache():
        begun = time.perf_counter()
        prober.probe(chosen, Console(quiet=True))
        return time.perf_counter() - begun


def _shown(resolution: int) -> Preprocessing:
    return Preprocessing(resolution=resolution)


def _share(data: Path, settings: Settings) -> tuple[int, float]:
    """How many trainings a fit made, and the time it took over that of these."""
    say(f"fit: {data.name}")
    out = settings.work / f"fit-{data.name}"
    weights = (str(settings.weights),) if settings.weights else ("none",)
    with _empty_cache():
        asked = FitSettings(data=str(data), out=out, budget=Budget(max_ms=10.0), weights=weights, minutes=_MINUTES)
        fitted = fit(asked, console=Console(stderr=True))
    trainings = read_state(out).trainings
    learning = sum(one.seconds for one in trainings)
    return len(trainings), (fitted.seconds - learning) / learning


@contextmanager
def _empty_cache() -> Iterator[None]:
    before = os.environ.get("MOBILENETS_CACHE")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MOBILENETS_CACHE"] = folder
        try:
            yield
        finally:
            if before is None:
                del os.environ["MOBILENETS_CACHE"]
            else:
                os.environ["MOBILENETS_CACHE"] = before
