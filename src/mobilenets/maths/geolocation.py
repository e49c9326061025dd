"""Scores of places, and a vote among them: pure functions on arrays."""

import numpy as np
from numpy.typing import NDArray

from mobilenets.maths.sphere import coordinates, great_circle_km, unit_vectors

Floats = NDArray[np.float64]

WITHIN_KM = (1, 25, 200, 750, 2500)
"""Table 11's distances: street, city, region, country, continent."""

# Products held at once, 64 MB of them.
_MOST = 8_000_000
# Hays and Efros (2008) let the places of neighbours cluster by mean shift with this bandwidth.
_BANDWIDTH_KM = 200.0


def shares_within(kilometres: Floats) -> dict[str, float]:
    """The share of errors (N,) within each of `WITHIN_KM`, by a name for each."""
    return {share_name(limit): float((kilometres <= limit).mean()) for limit in WITHIN_KM}


def share_name(limit: int) -> str:
    """What the share within so many kilometres is called among the figures."""
    return f"within_{limit}_km"


def nearest_of(places: Floats, among: Floats) -> NDArray[np.int64]:
    """The row in `among` (M, 2) of the place nearest to each of `places` (N, 2), degrees; of equals the first."""
    known = unit_vectors(*among.T).T
    step = max(_MOST // len(among), 1)
    found = np.empty(len(places), dtype=np.int64)
    for begin in range(0, len(places), step):
        part = slice(begin, begin + step)
        found[part] = (unit_vectors(*places[part].T) @ known).argmax(1)
    return found


def voted_place(places: Floats, weights: Floats) -> Floats:
    """The place (2,) that neighbours' places (K, 2), the nearest first, vote for with their weights (K,).

    Im2GPS's vote (Hays and Efros, 2008): the densest spot wins. Each place counts the weights of those within 200 km;
    of the fullest circle, the first of equals, the answer is the weighted mean on the sphere. One neighbour is its own
    place.
    """
    near = great_circle_km(places[:, None], places[None]) <= _BANDWIDTH_KM
    chosen = near[(near @ weights).argmax()]
    return coordinates((unit_vectors(*places[chosen].T) * weights[chosen, None]).sum(0, keepdims=True))[0]
