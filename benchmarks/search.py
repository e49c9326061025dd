"""How soon the nearest of a million embeddings are found, exactly, in an index on the disk."""

import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import Settings, say, spread
from benchmarks.report import Result, Table
from mobilenets.errors import JobError
from mobilenets.jobs.faces.index import read_index, write_index
from mobilenets.maths.exact_search import nearest

LIMIT = 0.5
_VECTORS, _DIMENSION = 1_000_000, 128
_RUNS, _TOP = 20, 10


def run(settings: Settings) -> Result:
    """Open an index of random unit vectors and look for the ten nearest to each of twenty others."""
    file = settings.work / "million.index"
    say(f"search: an index of {_VECTORS:,} vectors")
    random = np.random.default_rng(0)
    vectors = random.standard_normal((_VECTORS, _DIMENSION), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    write_index(file, vectors, [f"{place}.jpg" for place in range(_VECTORS)], {})
    seconds = [_seconds(file, vectors[place] + vectors[-1 - place] / 10, expected=place) for place in range(_RUNS)]
    total = spread(seconds)
    row = [f"{_VECTORS:,} x {_DIMENSION}", total.text(".3f"), "yes" if total.median < LIMIT else "no"]
    notes = (
        f"Median of {_RUNS} searches with the least and greatest, each opening the file anew. It was written a moment "
        "before, so that no disk is measured; the network, which embeds the photograph, is not in it.",
    )
    columns = ("vectors", "seconds a search", f"under {LIMIT} s")
    return Result([Table("The ten nearest of a million", columns, [row], notes)], {"seconds": seconds})


def _seconds(file: Path, query: NDArray[np.float32], *, expected: int) -> float:
    """Of one search, whose nearest vector is known."""
    query = query / np.linalg.norm(query)
    begun = time.perf_counter()
    index = read_index(file)
    found = nearest(index.vectors, query, count=_TOP)
    names = [index.name(place) for place in found.places.tolist()]
    seconds = time.perf_counter() - begun
    if names[0] != f"{expected}.jpg":
        raise JobError(f"the nearest to {expected}.jpg is {names[0]}: the search is wrong")
    return seconds
