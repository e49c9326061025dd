"""Which candidates to measure so that the verdict on all of them is known.

Cost grows with the width and with the resolution: what is larger than one that does not fit does not fit, what is
smaller than one that fits does. So the border is a staircase, and only what lies on it has to be measured.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from mobilenets.jobs.fit.candidates import Candidate

# Widths that are tried at once: each answer settles what others would be asked for.
_AT_ONCE = 4


def at_most(one: Candidate, other: Candidate) -> bool:
    """Whether a candidate is no larger than another of the same precision, in both dials."""
    same = one.precision == other.precision
    return same and one.width <= other.width and one.resolution <= other.resolution


def implied(candidate: Candidate, known: Mapping[Candidate, bool]) -> bool | None:
    """What is known of a candidate: measured, or following from a larger one that fits or a smaller that does not."""
    if candidate in known:
        return known[candidate]
    if any(fits and at_most(candidate, other) for other, fits in known.items()):
        return True
    if any(not fits and at_most(other, candidate) for other, fits in known.items()):
        return False
    return None


def next_to_measure(candidates: Iterable[Candidate], known: Mapping[Candidate, bool]) -> list[Candidate]:
    """The next ones to measure; none where the verdict on every candidate is known."""
    open_ones = [one for one in candidates if implied(one, known) is None]
    chosen = []
    for precision in sorted({one.precision for one in open_ones}):
        mine = [one for one in open_ones if one.precision == precision]
        for width in _spread(sorted({one.width for one in mine})):
            row = sorted(one for one in mine if one.width == width)
            chosen.append(row[len(row) // 2])
    return chosen


def _spread(widths: Sequence[float]) -> list[float]:
    """Up to `_AT_ONCE` of them, evenly apart."""
    if len(widths) <= _AT_ONCE:
        return list(widths)
    places = {round(place * (len(widths) - 1) / (_AT_ONCE - 1)) for place in range(_AT_ONCE)}
    return [widths[place] for place in sorted(places)]


def frontier(fitting: Iterable[Candidate], *, pretrained: Collection[float] = ()) -> list[Candidate]:
    """Those of the candidates that fit to which no other is preferable without training.

    A wider network, or one that is shown more pixels, is taken to be no worse, and so is a float file beside an int8
    one of the same network; but none with random weights beats one whose width is among the `pretrained`.
    """
    every = list(fitting)

    def beaten(one: Candidate, other: Candidate) -> bool:
        larger = one.width <= other.width and one.resolution <= other.resolution
        as_exact = one.precision == "int8" or other.precision == "float32"
        as_learnt = other.width in pretrained or one.width not in pretrained
        return other != one and larger and as_exact and as_learnt

    return [one for one in every if not any(beaten(one, other) for other in every)]
