"""Figures for every candidate: measured where the verdict depends on it, imported, or estimated from those."""

import math
import statistics
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

from mobilenets.deployment.latency.device import Device, read_device
from mobilenets.errors import UsageError
from mobilenets.jobs.fit.budget import Budget, Figure, Label, Limited, binding
from mobilenets.jobs.fit.candidates import MEGA, Candidate, Priced
from mobilenets.jobs.fit.probe import Probed
from mobilenets.jobs.fit.staircase import frontier, implied, next_to_measure

Figures = dict[Limited, Figure]
_FEWEST_IMPORTED = 3


def measure_border(
    priced: Sequence[Priced],
    budget: Budget,
    probe: Callable[[Sequence[Priced]], Mapping[Candidate, Probed]],
    *,
    pretrained: Collection[float] = (),
) -> dict[str, Figures]:
    """Measure candidates until every verdict is known, and those on the frontier; their figures by title.

    Candidates that are too dear by counting alone are not measured.
    """
    by_candidate = {one.candidate: one for one in priced}
    possible = [one.candidate for one in priced if binding(one.floors, budget) is None]
    counting_decides = set(budget.limits) <= {"mult_adds"}
    found: dict[Candidate, Figures] = {}
    known: dict[Candidate, bool] = dict.fromkeys(possible, True) if counting_decides else {}
    while True:
        asked = next_to_measure(possible, known) or [
            one
            for one in frontier((one for one in possible if implied(one, known)), pretrained=pretrained)
            if one not in found
        ]
        if not asked:
            return {by_candidate[one].title: figures for one, figures in found.items()}
        for candidate, probed in probe([by_candidate[one] for one in asked]).items():
            found[candidate] = _measured(by_candidate[candidate], probed)
            known[candidate] = binding(found[candidate], budget) is None


def _measured(one: Priced, probed: Probed) -> Figures:
    return {
        "mult_adds": one.floors["mult_adds"],
        "mb": Figure(probed.size / MEGA, "measured"),
        "ram_mb": _memory(one, probed, "measured"),
        "ms": Figure(probed.measurement.median_ms, "measured"),
    }


def import_figures(file: Path, priced: Sequence[Priced], *, runtime: str, threads: int) -> dict[str, Figures]:
    """Figures of another device by title, from its device file: images one at a time, on so many threads.

    Networks are told apart by name and precision; what their weights are does not matter. A precision of which the
    file has nothing has no figures. Raises `UsageError` where the file has too few of the candidates to go by.
    """
    rows = _rows(read_device(file), runtime=runtime, threads=threads)
    found = {one.title: _imported(one, rows[one.title]) for one in priced if one.title in rows}
    if len(found) < min(_FEWEST_IMPORTED, len(priced)):
        raise UsageError(
            f"{file} has {len(found)} of the {len(priced)} candidates in {runtime} on {threads} threads and it takes "
            f"{min(_FEWEST_IMPORTED, len(priced))}: make a kit of candidates with --emit-kit and run it on the device"
        )
    return found


def _rows(device: Device, *, runtime: str, threads: int) -> dict[str, Probed]:
    asked = [one for one in device.measurements if (one.runtime, one.threads, one.batch) == (runtime, threads, 1)]
    names = {f"{one.network} {one.precision}".removesuffix(" float32"): one for one in asked}
    return {title: Probed(one, 0) for title, one in names.items()}


def _imported(one: Priced, probed: Probed) -> Figures:
    return {
        "mult_adds": one.floors["mult_adds"],
        "mb": Figure(one.weight_bytes / MEGA, "estimated"),
        "ram_mb": _memory(one, probed, "imported"),
        "ms": Figure(probed.measurement.median_ms, "imported"),
    }


def _memory(one: Priced, probed: Probed, label: Label) -> Figure:
    """What the process took, or the plan where the system did not tell."""
    if probed.memory is None:
        return Figure(_planned(one), "estimated")
    return Figure(probed.memory / MEGA, label)


def completed(priced: Sequence[Priced], known: Mapping[str, Figures]) -> dict[str, Figures]:
    """Figures for all candidates: those known, the others estimated from known ones of the same precision."""
    complete = {}
    for one in priced:
        alike = [other for other in priced if other.candidate.precision == one.candidate.precision]
        measured = [(other, known[other.title]) for other in alike if other.title in known]
        complete[one.title] = known[one.title] if one.title in known else _estimated(one, measured)
    return complete


def _estimated(one: Priced, measured: Sequence[tuple[Priced, Figures]]) -> Figures:
    figures: Figures = {"mult_adds": one.floors["mult_adds"]}
    times = [(other.mult_adds, of["ms"].value) for other, of in measured if "ms" in of]
    if len({cost for cost, _ in times}) > 1:
        figures["ms"] = Figure(_along(times, one.mult_adds), "estimated")
    sizes = [of["mb"].value - other.weight_bytes / MEGA for other, of in measured if "mb" in of]
    figures["mb"] = Figure(one.weight_bytes / MEGA + (statistics.median(sizes) if sizes else 0.0), "estimated")
    rest = [of["ram_mb"].value - _planned(other) for other, of in measured if "ram_mb" in of]
    if rest:
        figures["ram_mb"] = Figure(max(_planned(one) + statistics.median(rest), 0.0), "estimated")
    return figures


def _planned(one: Priced) -> float:
    """Megabytes of weights and of the maps alive at once."""
    return (one.weight_bytes + one.peak_activation_bytes) / MEGA


def _along(points: Iterable[tuple[int, float]], mult_adds: int) -> float:
    """Milliseconds by the line through the logarithms of mult-adds and times."""
    logs = [(math.log(cost), math.log(taken)) for cost, taken in points]
    line = statistics.linear_regression([cost for cost, _ in logs], [taken for _, taken in logs])
    return math.exp(line.intercept + line.slope * math.log(mult_adds))
