"""A training epoch on photographs from JPEG files: `mobilenets train`, torchvision's loader, timm's loader."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.measure import Contender, Figures, Settings, in_turns, measure, peaks, quickest, ratios, say, spread
from benchmarks.photographs import Laid, find_photographs, lay_classes
from benchmarks.report import Result, Table
from mobilenets.architecture.names import parse
from mobilenets.errors import JobError

BATCH = 64
_LR = 0.01
_MIN_AREA = 0.25
_WORKERS = (0, 1, 2)
_FIRST, _LATER = 1.2, 1.5
_OURS = "mobilenets train"
_RIVALS = {
    "ImageFolder + DataLoader + timm model": "benchmarks.rivals:train_torchvision",
    "timm create_loader + timm model": "benchmarks.rivals:train_timm",
}


def run(settings: Settings) -> Result:
    """Both networks on the same photographs, in rounds."""
    found = find_photographs(settings.photographs)
    laid = lay_classes(found, count=settings.count, folder=settings.work / "epoch")
    measured = {network: _measured(network, laid, settings) for network in settings.networks}
    tables = [_table(network, laid, settings, figures) for network, figures in measured.items()]
    return Result(tables, {"photographs": laid.words, "threads": settings.threads, "networks": measured})


def _measured(network: str, laid: Laid, settings: Settings) -> dict[str, Any]:
    name = parse(network)
    arguments = {
        "data": str(laid.folder),
        "width": name.width,
        "resolution": name.resolution,
        "threads": settings.threads,
        "batch": BATCH,
        "epochs": settings.epochs,
        "lr": _LR,
        "min_area": _MIN_AREA,
    }
    best = [_best_rival(words, work, arguments, title=f"epoch {network}") for words, work in _RIVALS.items()]
    ours = Contender(_OURS, "benchmarks.ours:train", arguments)
    runs = in_turns([*best, ours], rounds=settings.rounds, title=f"epoch {network}")
    _check(runs)
    say(f"epoch {network}: ceilings")
    return {"runs": runs, "ceiling": measure(_ceiling(network, laid, settings))}


def _best_rival(words: str, work: str, arguments: Mapping[str, Any], *, title: str) -> Contender:
    candidates = [
        Contender(f"{words}, {workers} workers", work, {**arguments, "workers": workers}) for workers in _WORKERS
    ]
    return quickest(candidates, seconds=_later, title=title)


def _ceiling(network: str, laid: Laid, settings: Settings) -> Contender:
    arguments = {"network": network, "classes": 2, "threads": settings.threads, "batch": BATCH, "lr": _LR}
    return Contender("ceilings", "benchmarks.ceiling:training", {**arguments, "data": str(laid.folder / "train")})


def _check(runs: Mapping[str, Sequence[Figures]]) -> None:
    """Work that does not learn is not the same work. Raises `JobError`."""
    for name, several in runs.items():
        for one in several:
            first, *later = one["losses"]
            if not all(map(math.isfinite, one["losses"])) or min(later) >= first:
                raise JobError(f"{name}: the loss did not fall ({one['losses']}): its seconds mean nothing")


def _first(figures: Figures) -> float:
    return float(figures["seconds"][0])


def _later(figures: Figures) -> float:
    return spread(figures["seconds"][1:]).median


def _table(network: str, laid: Laid, settings: Settings, figures: Mapping[str, Any]) -> Table:
    runs = figures["runs"]
    return Table(
        f"A training epoch of {network}, batch {BATCH}, {settings.threads} threads",
        (
            "",
            "first epoch, s",
            f"ours is faster (target {_FIRST})",
            "later epochs, s",
            f"ours is faster (target {_LATER})",
            "photographs/s",
            "peak memory, MB",
            "of a worker",
            "loss",
        ),
        [_row(name, runs, count=laid.count // BATCH * BATCH) for name in runs],
        (
            f"{laid.words}. Medians of {settings.rounds} interleaved rounds of {settings.epochs} epochs, "
            "with the least and greatest; factors are those of the rounds.",
            *_limits(runs[_OURS], figures["ceiling"], steps=laid.count // BATCH, count=laid.count),
        ),
    )


def _row(name: str, runs: Mapping[str, Sequence[Figures]], *, count: int) -> list[str]:
    mine, ours = runs[name], runs[_OURS]
    first, later = [_first(one) for one in mine], [_later(one) for one in mine]
    factors = [
        "" if name == _OURS else ratios(theirs, [measure_of(one) for one in ours]).text(".2f")
        for theirs, measure_of in ((first, _first), (later, _later))
    ]
    losses = mine[-1]["losses"]
    return [
        name,
        spread(first).text(".1f"),
        factors[0],
        spread(later).text(".1f"),
        factors[1],
        f"{count / spread(later).median:.0f}",
        *peaks(mine),
        f"{losses[0]:.2f} to {losses[-1]:.2f}",
    ]


def _limits(ours: Sequence[Figures], ceiling: Figures, *, steps: int, count: int) -> list[str]:
    """What no program on this machine can beat, and how near ours comes."""
    products = ceiling["gemm_seconds"] * steps
    decoding = ceiling["decode_seconds"] * count
    first, later = (spread([seconds(one) for one in ours]).median for seconds in (_first, _later))
    return [
        f"Ceiling of the step: the pointwise products alone run at {ceiling['gemm_gflops']:.0f} GFLOP/s (float32 "
        f"torch.mm, best of many) and take {products:.1f} s an epoch. Our later epochs reach {products / later:.0%} of "
        f"that ceiling, the step without the loader {ceiling['gemm_seconds'] / ceiling['step_seconds']:.0%}.",
        f"Ceiling of the first epoch: decoding alone (Pillow, all threads) takes {decoding:.1f} s; with the products "
        f"{decoding + products:.1f} s. Our first epoch reaches {(decoding + products) / first:.0%} of it.",
    ]
