"""How far a student's outputs are from its teacher's: pure functions of (N, outputs), means over the N."""

from torch import Tensor
from torch.nn import functional as F


def soft_cross_entropy(outputs: Tensor, wanted: Tensor, *, temperature: float) -> Tensor:
    """Kullback-Leibler divergence of softmax(outputs / T) from softmax(wanted / T), times T squared.

    The square keeps the gradient about as large as that of labels (Hinton et al., arXiv 1503.02531, section 2). It is
    the cross-entropy less the teacher's own entropy, so that 0 is what there is to reach.
    """
    says = F.log_softmax(outputs.float() / temperature, dim=1)
    taught = F.log_softmax(wanted.float() / temperature, dim=1)
    return F.kl_div(says, taught, reduction="batchmean", log_target=True) * temperature**2


def soft_binary_cross_entropy(outputs: Tensor, wanted: Tensor, *, temperature: float = 1.0) -> Tensor:
    """Cross-entropy of sigmoid(outputs / T) against sigmoid(wanted / T), the mean over outputs, times T squared.

    For many yes/no answers a photograph (section 4.5: the teacher's outputs in place of labels).
    """
    taught = (wanted.float() / temperature).sigmoid()
    return F.binary_cross_entropy_with_logits(outputs.float() / temperature, taught) * temperature**2


def squared_difference(outputs: Tensor, wanted: Tensor) -> Tensor:
    """Squared distance of each vector from its teacher's (section 4.7)."""
    return (outputs.float() - wanted.float()).square().sum(1).mean()
