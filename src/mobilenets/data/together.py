"""An order in which photographs of the same kind stand together, for losses that compare those of a batch."""

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int64]


def together(kinds: Places, *, size: int, batch: int, random: np.random.Generator) -> Places:
    """All places 0 to N - 1 once, for photographs of the `kinds` (N,), to be cut into steps of `batch`.

    Each kind's photographs are shuffled and cut into groups of `size`; a step is groups of as many kinds as fit,
    drawn at random. What is left of each kind fills steps of its own, and the steps are shuffled too; the remainder
    that fills no step comes last.
    """
    shuffled = random.permutation(len(kinds))
    by_kind = shuffled[np.argsort(kinds[shuffled], kind="stable")]
    _, first, counts = np.unique(kinds[by_kind], return_index=True, return_counts=True)
    rank = np.arange(len(kinds)) - np.repeat(first, counts)
    whole = rank < np.repeat(counts // size * size, counts)
    group = np.cumsum(np.append(True, (rank[1:] % size == 0))) - 1 if len(kinds) else rank
    lots = random.permutation(int(group[-1]) + 1 if len(group) else 0)
    # Groups that are not whole come behind all that are, so that no whole one is cut in two.
    order = by_kind[np.lexsort((rank, lots[group], ~whole))]
    steps = len(kinds) // batch
    cut = order[: steps * batch].reshape(steps, batch)
    return np.concatenate([cut[random.permutation(steps)].ravel(), order[steps * batch :]])
