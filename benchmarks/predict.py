"""Answers for a folder of JPEG photographs: `mobilenets predict` against ImageFolder and an eager loop."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.measure import Contender, Figures, Settings, in_turns, measure, peaks, quickest, ratios, say, spread
from benchmarks.photographs import Laid, find_photographs, lay_folder, lay_phone
from benchmarks.report import Result, Table
from mobilenets.architecture.names import parse
from mobilenets.errors import JobError

NETWORK = "mobilenet_v1_1.0_224"
_BATCHES = (16, 32)
_WORKERS = (0, 1, 2)
_TARGET = 1.5
_OURS = "mobilenets predict"
_RIVAL = "ImageFolder + DataLoader + eager timm model"
# A photograph of 12 megapixels takes as long to decode as many small ones.
_LARGE = 16


def run(settings: Settings) -> Result:
    """Small and large photographs, at two batch sizes each."""
    found = find_photographs(settings.photographs)
    small = lay_folder(found, count=settings.count // 2, folder=settings.work / "predict")
    large = lay_phone(found, count=settings.count // _LARGE, folder=settings.work / "phone")
    kinds = (("small", small), ("large", large))
    measured = [_measured(f"predict, {kind}", laid, batch, settings) for kind, laid in kinds for batch in _BATCHES]
    return Result([_table(one, settings) for one in measured], {"network": NETWORK, "measured": measured})


def _measured(kind: str, laid: Laid, batch: int, settings: Settings) -> dict[str, Any]:
    name, title = parse(NETWORK), f"{kind} photographs, batch {batch}"
    arguments = {"data": str(laid.folder), "threads": settings.threads, "batch": batch, "resolution": name.resolution}
    both = {**arguments, "width": name.width}
    candidates = [
        Contender(f"{_RIVAL}, {workers} workers", "benchmarks.rivals:predict", {**both, "workers": workers})
        for workers in _WORKERS
    ]
    best = quickest(candidates, seconds=lambda figures: float(figures["seconds"]), title=title)
    runs = in_turns([best, Contender(_OURS, "benchmarks.ours:predict", both)], rounds=settings.rounds, title=title)
    _check(runs, count=laid.count)
    say(f"{title}: ceilings")
    ceiling = measure(Contender("ceilings", "benchmarks.ceiling:inference", {**arguments, "network": NETWORK}))
    return {"photographs": laid.words, "count": laid.count, "batch": batch, "runs": runs, "ceiling": ceiling}


def _check(runs: Mapping[str, Sequence[Figures]], *, count: int) -> None:
    for name, several in runs.items():
        for one in several:
            if one["answers"] != count:
                raise JobError(f"{name}: {one['answers']} answers for {count} photographs: its seconds mean nothing")


def _table(measured: Mapping[str, Any], settings: Settings) -> Table:
    runs, batch = measured["runs"], measured["batch"]
    return Table(
        f"{NETWORK} on a folder of photographs, batch {batch}, {settings.threads} threads",
        ("", "photographs/s", f"ours is faster (target {_TARGET})", "peak memory, MB", "of a worker"),
        [_row(name, runs, count=measured["count"]) for name in runs],
        (
            f"{measured['photographs']}. Medians of {settings.rounds} interleaved rounds, with the least and greatest.",
            _limit(runs[_OURS], measured["ceiling"], count=measured["count"], batch=batch),
        ),
    )


def _row(name: str, runs: Mapping[str, Sequence[Figures]], *, count: int) -> list[str]:
    seconds, ours = ([one["seconds"] for one in runs[which]] for which in (name, _OURS))
    return [
        name,
        spread([count / one for one in seconds]).text(".0f"),
        "" if name == _OURS else ratios(seconds, ours).text(".2f"),
        *peaks(runs[name]),
    ]


def _limit(ours: Sequence[Figures], ceiling: Figures, *, count: int, batch: int) -> str:
    """Decoding and network share the cores, so their seconds add up."""
    whole, small = ceiling["decode_seconds"], ceiling["decode_small_seconds"]
    network, products = ceiling["step_seconds"] / batch, ceiling["gemm_seconds"] / batch
    own = spread([one["seconds"] for one in ours]).median / count
    return (
        f"Alone, with all threads: decoding {1 / whole:.0f} photographs/s, decoding as `predict` does (a large JPEG at "
        f"a fraction of its size) {1 / small:.0f}, the network {1 / network:.0f} ({products / network:.0%} of its "
        f"pointwise products alone, {ceiling['gemm_gflops']:.0f} GFLOP/s). Decoding and network together cannot pass "
        f"{1 / (small + network):.0f}: ours reaches {(small + network) / own:.0%} of that."
    )
