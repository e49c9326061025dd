"""How far a student's outputs are from its teacher's: pure functions of (N, outputs), means over the N."""

import torch
from torch import Tensor
from torch.nn import functional as F


def soft_cross_entropy(outputs: Tensor, wanted: Tensor, *, temperature: float) -> Tensor:
    """Kullback-Leibler divergence of softmax(outputs / T) from softmax(wanted / T), times T squared.

    The square keeps the gradient about as large as that of labels (Hinton et al., arXiv 1503.02531, section 2). It is
    the cross-entropy less the teacher's own entropy, so that 0 is what there is to reach.
    """
    says = F.log_softmax(outputs / temperature, dim=1)
    taught = F.log_softmax(wanted / temperature, dim=1)
    return F.kl_div(says, taught, reduction="batchmean", log_target=True) * temperature**2


def soft_binary_cross_entropy(outputs: Tensor, wanted: Tensor, *, temperature: float = 1.0) -> Tensor:
    """Cross-entropy of sigmoid(outputs / T) against sigmoid(wanted / T), the mean over outputs, times T squared.

    For many yes/no answers a photograph (section 4.5: the teacher's outputs in place of labels).
    """
    taught = (wanted / temperature).sigmoid()
    return F.binary_cross_entropy_with_logits(outputs / temperature, taught) * temperature**2


def squared_difference(outputs: Tensor, wanted: Tensor) -> Tensor:
    """Squared distance of each vector from its teacher's (section 4.7)."""
    return (outputs - wanted).square().sum(1).mean()


def projection(vectors: Tensor, *, width: int) -> Tensor:
    """The (channels, width) map that keeps most of the squared length of (N, channels) vectors.

    Its columns are their principal directions, not centred, so that angles and distances stay as they are as far as
    `width` numbers allow; with more of these than channels all of it stays, and the rest is zero.
    """
    rows = vectors.double()
    _, directions = torch.linalg.eigh(rows.T @ rows)  # of ascending length
    kept = directions.flip(1)[:, :width]
    return F.pad(kept, (0, width - kept.shape[1])).to(vectors.dtype)


def projected(vectors: Tensor, matrix: Tensor) -> Tensor:
    """(N, channels) vectors through a projection, each as long as it was (a unit vector stays one)."""
    return F.normalize(vectors @ matrix) * vectors.norm(dim=1, keepdim=True)
