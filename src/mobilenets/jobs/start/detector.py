"""A detector's weights in one that finds other things: what scores a class goes with its name, all else as it is."""

from collections.abc import Mapping, Sequence

from torch import Tensor

from mobilenets.architecture.layer import Layer
from mobilenets.network.graph import module_paths


def for_other_classes(
    theirs: Mapping[str, Tensor],
    mine: Mapping[str, Tensor],
    layers: Sequence[Layer],
    *,
    known: Sequence[str],
    wanted: Sequence[str],
) -> dict[str, Tensor]:
    """The state `theirs` of a detector of the classes `known` for that of the classes `wanted`, whose layers these are.

    The background and every class of a name in both are scored as before, and where each class moves boxes in its own
    way (a second stage) moved as before; what only the others need stays as it is in `mine`.
    """
    last, paths = layers[-1], module_paths(layers)
    pairs = [(known.index(name), place) for place, name in enumerate(wanted) if name in known]
    scored = [(0, 0), *((1 + old, 1 + new) for old, new in pairs)]
    state = dict(theirs)
    for place in range(0, len(last.inputs) // 2 * 2, 2):
        shapes = len(last.grids[place // 2].shapes) if last.grids else 1
        scores, offsets = (f"{paths[name]}." for name in last.inputs[place : place + 2])
        state |= _merged(theirs, mine, scores, shapes, scored, old=len(known) + 1, new=len(wanted) + 1)
        if not last.grids:
            state |= _merged(theirs, mine, offsets, shapes, pairs, old=len(known), new=len(wanted))
    return state


def _merged(
    theirs: Mapping[str, Tensor],
    mine: Mapping[str, Tensor],
    prefix: str,
    shapes: int,
    pairs: Sequence[tuple[int, int]],
    *,
    old: int,
    new: int,
) -> dict[str, Tensor]:
    """The tensors of one predictor: for each shape of its boxes `new` parts, of which `pairs` say what they were."""
    merged = {}
    for name, tensor in theirs.items():
        if not name.startswith(prefix) or name not in mine:
            continue
        made = mine[name].clone()
        before, after = tensor.reshape(shapes, old, -1), made.view(shapes, new, -1)
        for one, other in pairs:
            after[:, other] = before[:, one]
        merged[name] = made
    return merged
