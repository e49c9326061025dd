"""`python -m benchmarks.geocells`: how long the partition of a million simulated places takes, and the verb on them.

Places are drawn around 300 towns of Pareto sizes, which gives cells of levels 1 to 11.
"""

import argparse
import csv
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import Result, Table, machine, machine_line, write_result
from mobilenets.maths.cells import leaf_ids
from mobilenets.maths.partition import partition

_TOWNS = 300
_MOST, _FEWEST = 10_000, 50

Floats = NDArray[np.float64]


def main() -> int:
    """Measure, print Markdown, write it and JSON."""
    flags = _parser().parse_args()
    facts = machine()
    result = run(flags.count, rounds=flags.rounds)
    print(f"{result.markdown()}\n\n{machine_line(facts)}\n", flush=True)
    write_result(flags.out, "geocells", result, facts=facts)
    return 0


def run(count: int, *, rounds: int) -> Result:
    """Seconds for leaf cells, for the whole partition, and for `mobilenets cells` from a CSV to its table and map."""
    latitude, longitude = simulated(count)
    made = partition(latitude, longitude, most=_MOST, fewest=_FEWEST)
    with tempfile.TemporaryDirectory() as work:
        verb = _verb(Path(work), latitude, longitude)
        ways: dict[str, Callable[[], object]] = {
            "leaf cells": lambda: leaf_ids(latitude, longitude),
            "partition, with leaf cells and mean places": lambda: partition(
                latitude, longitude, most=_MOST, fewest=_FEWEST
            ),
            "mobilenets cells, from a CSV to the table and the map": lambda: subprocess.run(
                verb, check=True, stdout=subprocess.DEVNULL
            ),
        }
        seconds = {name: [_seconds(work) for _ in range(rounds)] for name, work in ways.items()}
    rows = [
        (name, f"{statistics.median(taken):.2f} ({min(taken):.2f} to {max(taken):.2f})")
        for name, taken in seconds.items()
    ]
    note = f"{len(made):,} cells of {int(made.counts.sum()):,} places, {made.dropped:,} dropped; {rounds} rounds."
    return Result([Table(f"{count:,} simulated places", ("", "seconds"), rows, (note,))], {"seconds": seconds})


def simulated(count: int) -> tuple[Floats, Floats]:
    """Latitudes and longitudes (count,) in degrees around towns."""
    random = np.random.default_rng(0)
    towns = random.uniform((-55, -180), (68, 180), (_TOWNS, 2))
    sizes = random.pareto(1.0, _TOWNS) + 1
    chosen = towns[random.choice(_TOWNS, size=count, p=sizes / sizes.sum())]
    places = chosen + random.normal(size=(count, 2)) * random.choice((0.05, 0.5, 5.0), (count, 1))
    return places[:, 0].clip(-90, 90), (places[:, 1] + 180) % 360 - 180


def _verb(work: Path, latitude: Floats, longitude: Floats) -> list[str]:
    """The command line of the verb on a CSV of these places."""
    table = work / "places.csv"
    with table.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("lat", "lon"))
        writer.writerows(zip(latitude.round(5).tolist(), longitude.round(5).tolist(), strict=True))
    limits = ["--max", str(_MOST), "--min", str(_FEWEST)]
    out = ["--out", str(work / "cells.csv"), "--overwrite"]
    return [sys.executable, "-m", "mobilenets", "cells", str(table), *limits, *out]


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.geocells", description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000, help="places to simulate")
    parser.add_argument("--rounds", type=int, default=5, help="times everything is measured")
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks"), help="folder for the result")
    return parser


if __name__ == "__main__":
    sys.exit(main())
