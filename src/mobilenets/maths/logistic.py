"""Multinomial logistic regression: the best linear classifier on features that stay as they are.

The strength of its L2 penalty is chosen by stratified cross-validation, so that nothing has to be tuned.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

# Strong to weak, on features whose mean variance is one: each fit starts where the last one ended.
PENALTIES = tuple(10.0 ** (half / 2) for half in range(2, -11, -1))
_USUAL = 0.1
_PARTS = 5
# Cross-validation holds out every part in turn where there are few rows, and fewer of them the more rows there are.
_ROWS = 12_000
# The held-out loss has one valley: after so many worse strengths nothing better follows.
_WORSE = 2
_STEPS, _MEMORY = 200, 10
# The steepest slope left: in the answer, and in the fits that only choose its penalty.
_FLAT, _NEARLY_FLAT, _STILL = 1e-5, 1e-4, 1e-9
# In float64 up to so many numbers; beyond, rounding averages out and memory counts.
_EXACT_UP_TO = 2_000_000


@dataclass(frozen=True, slots=True)
class Linear:
    """features @ weight.T + bias are logits: `weight` (classes, channels), `bias` (classes,); chosen at `penalty`."""

    weight: Tensor
    bias: Tensor
    penalty: float


def fit_logistic(
    features: Tensor,
    labels: Tensor,
    *,
    classes: int,
    groups: Tensor,
    seed: int,
    check: Callable[[], None] = lambda: None,
    penalty: float | None = None,
) -> Linear:
    """The classifier of (N, channels) features with labels (N,) in [0, classes), converged by L-BFGS.

    The mean cross-entropy plus penalty / 2 times the squared weights is minimised on centred features, scaled by one
    number to a mean variance of one, and the scaling folded into what is returned. (Scaled one by one, rare channels
    weigh more: that fitted a few photographs a class worse.) `groups` (N,) are the same for rows that show the same
    thing (a photograph and its mirror image), which are held out together. `check` is called between fits and may
    raise to stop. A `penalty` that is given is not chosen. The result follows from the arguments alone. Raises
    `ValueError` where a feature is not finite.
    """
    if not features.isfinite().all():
        raise ValueError("a feature is not finite")
    exact = features.numel() <= _EXACT_UP_TO
    rows = features.to(torch.float64 if exact else torch.float32)
    mean = rows.mean(0)
    rows = rows - mean
    spread = rows.square().mean().sqrt().clamp_min(torch.finfo(rows.dtype).tiny)
    rows.div_(spread)
    axes = _axes(rows)
    rows = rows @ axes
    start = None
    if penalty is None:
        parts = _parts(labels, groups, seed=seed)
        penalty, start = _best_penalty(rows, labels, parts, classes=classes, check=check)
    solution = _fit(rows, labels, classes=classes, penalty=penalty, start=start, flat=_FLAT)
    weight = solution[:, :-1] @ axes.T / spread
    bias = solution[:, -1] - weight @ mean
    return Linear(weight.float(), bias.float(), penalty)


def _axes(rows: Tensor) -> Tensor:
    """Orthonormal columns that span the rows: what is orthogonal to all of them the penalty keeps at zero anyway."""
    count, channels = rows.shape
    if count >= channels:
        return torch.eye(channels, dtype=rows.dtype, device=rows.device)
    return torch.linalg.qr(rows.T).Q


def _parts(labels: Tensor, groups: Tensor, *, seed: int) -> Tensor:
    """The part (N,) in which each row is held out, the classes dealt evenly; -1 for the only one of its class."""
    names, first = _first_rows(groups)
    random = torch.Generator().manual_seed(seed)
    parts = torch.full((len(names),), -1)
    dealt = 0
    group_labels = labels.cpu()[first]
    for label in sorted(set(group_labels.tolist())):
        places = (group_labels == label).nonzero().flatten()
        if len(places) == 1:
            continue
        shuffled = places[torch.randperm(len(places), generator=random)]
        parts[shuffled] = (torch.arange(len(places)) + dealt) % _PARTS
        dealt += len(places)
    return parts[torch.searchsorted(names, groups.cpu())].to(labels.device)


def _first_rows(groups: Tensor) -> tuple[Tensor, Tensor]:
    """Every group, sorted, and the first row of each."""
    names, inverse = torch.unique(groups.cpu(), return_inverse=True)
    first = torch.full((len(names),), len(inverse)).scatter_reduce_(0, inverse, torch.arange(len(inverse)), "amin")
    return names, first


def _best_penalty(
    rows: Tensor, labels: Tensor, parts: Tensor, *, classes: int, check: Callable[[], None]
) -> tuple[float, Tensor | None]:
    """The strength with the least loss on what was held out, and a solution near its own.

    The usual strength where nothing can be held out.
    """
    held_out = [part for part in sorted(set(parts.tolist())) if part >= 0]
    held_out = held_out[: max(1, min(_PARTS, _ROWS // max(len(rows), 1)))]
    if not held_out:
        return _USUAL, None
    solutions: list[list[Tensor | None]] = [[None] * len(held_out)]
    losses: list[float] = []
    for penalty in PENALTIES:
        solutions.append([])
        loss = 0.0
        for part, start in zip(held_out, solutions[-2], strict=True):
            check()
            inside, outside = parts != part, parts == part
            found = _fit(rows[inside], labels[inside], classes=classes, penalty=penalty, start=start, flat=_NEARLY_FLAT)
            loss += _loss(rows[outside], labels[outside], found)
            solutions[-1].append(found)
        losses.append(loss)
        if len(losses) > _WORSE and min(losses[-_WORSE:]) > min(losses):
            break
    chosen = losses.index(min(losses))
    return PENALTIES[chosen], solutions[chosen + 1][0]


def _fit(rows: Tensor, labels: Tensor, *, classes: int, penalty: float, start: Tensor | None, flat: float) -> Tensor:
    """Weights and, in the last column, biases (classes, channels + 1)."""
    solution = rows.new_zeros(classes, rows.shape[1] + 1) if start is None else start.clone()
    solution.requires_grad_()
    search = torch.optim.LBFGS(
        [solution],
        max_iter=_STEPS,
        history_size=_MEMORY,
        tolerance_grad=flat,
        tolerance_change=_STILL,
        line_search_fn="strong_wolfe",
    )

    def closure() -> float:
        search.zero_grad()
        with torch.enable_grad():
            logits = F.linear(rows, solution[:, :-1], solution[:, -1])
            loss = F.cross_entropy(logits, labels) + penalty / 2 * solution[:, :-1].square().sum()
        torch.autograd.backward(loss)
        return float(loss.detach())

    search.step(closure)  # type: ignore[no-untyped-call]
    return solution.detach()


def _loss(rows: Tensor, labels: Tensor, solution: Tensor) -> float:
    return float(F.cross_entropy(F.linear(rows, solution[:, :-1], solution[:, -1]), labels, reduction="sum"))
