"""What embeddings are scored by beside the ROC: VAL at a FAR, the threshold for it, and the protocol of LFW."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mobilenets.errors import UsageError
from mobilenets.maths.verification import Pairs, fold_accuracy, needed_pairs, validation_rate
from mobilenets.tasks.people import Person, different_pairs

FARS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
"""The FARs that VAL is told for, where there are pairs enough."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """Two photographs whose squared `distance` is at most this are taken for one person's.

    `far` and `val` are what that gave on `pairs` pairs of different people, held out.
    """

    distance: float
    far: float
    val: float
    pairs: int


def check_far(far: float, labels: Sequence[str | None], *, where: str) -> None:
    """Raise `UsageError` where there are too few pairs of different people to measure a FAR on."""
    there, needed = different_pairs(labels), needed_pairs(far)
    if there < needed:
        possible = next((one for one in FARS if needed_pairs(one) <= there), None)
        remedy = f"or --far {possible:g}" if possible else "there are too few for any"
        raise UsageError(
            f"--far {far:g} takes {needed:,} pairs of different people and {where} has {there:,}: more photographs, "
            f"{remedy}"
        )


def rates(pairs: Pairs, *, asked: float | None) -> dict[str, Any]:
    """VAL by FAR, as plain data; and by FAR how many pairs are lacking for the one that was asked for."""
    fars = sorted({*FARS, *([] if asked is None else [asked])})
    there = len(pairs.different)
    told = {f"{far:g}": _row(pairs, far) for far in fars if needed_pairs(far) <= there}
    details: dict[str, Any] = {"val_at_far": told}
    if asked is not None and f"{asked:g}" not in told:
        details["too_few_pairs"] = {f"{asked:g}": {"pairs": there, "needed": needed_pairs(asked)}}
    return details


def _row(pairs: Pairs, far: float) -> dict[str, Any]:
    found = validation_rate(pairs, far)
    error = {} if math.isnan(found.standard_error) else {"standard_error": found.standard_error}
    return {
        "pairs": len(pairs.different),
        "accepted": found.accepted,
        "threshold": found.threshold,
        **error,
        "val": found.val,
    }


def chosen(table: dict[str, Any], *, asked: float | None) -> Threshold | None:
    """The threshold of the FAR asked for, unset of the smallest there is, from what `rates` gave."""
    wanted = FARS if asked is None else (asked,)
    far = next((far for far in wanted if f"{far:g}" in table), None)
    if far is None:
        return None
    row = table[f"{far:g}"]
    return Threshold(distance=row["threshold"], far=far, val=row["val"], pairs=row["pairs"])


def pairs_score(vectors: NDArray[np.float32], persons: Iterable[Person]) -> dict[str, Any]:
    """The accuracy by the protocol of LFW, as plain data; empty where there are no pairs of it.

    Pairs of a photograph that could not be read are `left_out`.
    """
    known = list(persons)
    rows = {one.photograph: row for row, one in enumerate(known)}
    pairs = list(dict.fromkeys(pair for one in known for pair in one.pairs))
    there = [pair for pair in pairs if pair.first in rows and pair.second in rows]
    folds = np.array([pair.fold for pair in there], dtype=np.int64)
    if len(np.unique(folds)) < 2:  # noqa: PLR2004 (the threshold of one fold is chosen on others)
        return {}
    first, second = (
        vectors[[rows[name] for name in names]]
        for names in ([pair.first for pair in there], [pair.second for pair in there])
    )
    found = fold_accuracy(((first - second) ** 2).sum(1), np.array([pair.same for pair in there]), folds)
    return {
        "pairs": len(there),
        "left_out": len(pairs) - len(there),
        "threshold": found.threshold,
        "standard_error": found.standard_error,
        "accuracy": found.accuracy,
    }
