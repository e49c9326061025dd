"""The triplet loss with semi-hard negatives (Schroff et al. 2015, "FaceNet", section 3.1 and 3.2)."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Triplets:
    """The mean `loss` of `count` triplets; 0, and still of the embeddings' graph, where there is none.

    `anchors` is how many photographs are the anchor of one.
    """

    loss: Tensor
    count: Tensor
    anchors: Tensor


def semi_hard_triplets(embeddings: Tensor, people: Tensor, *, margin: float) -> Triplets:
    """The loss d_ap - d_an + margin over the triplets of a batch: (N, D) unit vectors, (N,) whose each is.

    Every two photographs of a person make a pair of anchor and positive, each of them the anchor once. Its negative
    is the nearest of those that are semi-hard: farther than the positive, but not by the margin,
    d_ap < d_an < d_ap + margin in squared distances. A pair without one makes no triplet: where all negatives are
    beyond the margin there is nothing to learn, and nearer ones than the positive are what FaceNet leaves out, for
    they draw all photographs to one point early in training.
    """
    distances = squared(embeddings.float())
    same = people[:, None] == people[None, :]
    positive = same & ~torch.eye(len(people), dtype=torch.bool, device=people.device)
    with torch.no_grad():
        beyond = _nearest_beyond(distances.detach(), negative=~same)
        semi_hard = distances.gather(1, beyond) < distances + margin
        farther = distances.gather(1, beyond) > distances
        chosen = positive & farther & semi_hard & ~same.gather(1, beyond)
    anchors, positives = torch.nonzero(chosen, as_tuple=True)
    if not len(anchors):
        # Nothing to learn from, through the same graph: other processes wait for these gradients.
        return Triplets(0 * embeddings.float().sum(), chosen.sum(), chosen.any(1).sum())
    negatives = beyond[anchors, positives]
    losses = distances[anchors, positives] - distances[anchors, negatives] + margin
    return Triplets(losses.mean(), chosen.sum(), chosen.any(1).sum())


def squared(vectors: Tensor) -> Tensor:
    """(N, N) squared distances between unit vectors (N, D), at least 0."""
    return (2 - 2 * vectors @ vectors.T).clamp_min(0)


def _nearest_beyond(distances: Tensor, *, negative: Tensor) -> Tensor:
    """(N, N) places: for each anchor and positive the nearest negative that is farther than the positive.

    Any other place where there is none.
    """
    ranked = distances.masked_fill(~negative, torch.inf).sort(1)
    rank = torch.searchsorted(ranked.values, distances.contiguous(), right=True)
    return ranked.indices.gather(1, rank.clamp(max=len(distances) - 1))
