"""How a student's outputs are compared with its teacher's, for tasks that say nothing of it. All keep `Distils`."""

from collections.abc import Mapping, Sequence

from torch import Tensor
from torch.nn import functional as F

from mobilenets.maths.distillation import soft_binary_cross_entropy, soft_cross_entropy, squared_difference
from mobilenets.tasks.parts import Distils, NamesOutputs
from mobilenets.tasks.protocol import Task


class _Alike:
    """What all of them have in common: a column an output."""

    def taught(self, wanted: Tensor) -> Mapping[str, Tensor]:
        return {}

    def chosen(self, outputs: Tensor, columns: Tensor) -> Tensor:
        return outputs[:, columns]


class Exclusive(_Alike):
    """Logits of things of which one is true: their probabilities are compared."""

    def distillation_loss(self, outputs: Tensor, wanted: Tensor, *, temperature: float) -> Tensor:
        """Divergence from the teacher's probabilities, at a temperature and times its square."""
        return soft_cross_entropy(outputs, wanted, temperature=temperature)

    def agreement(self, outputs: Tensor, wanted: Tensor) -> Tensor:
        """Whether both find the same the most probable."""
        return (outputs.argmax(1) == wanted.argmax(1)).float()


class EachAlone(_Alike):
    """Logits of things of which each may be true (section 4.5)."""

    def distillation_loss(self, outputs: Tensor, wanted: Tensor, *, temperature: float) -> Tensor:
        """Cross-entropy against the teacher's probabilities, averaged over the outputs."""
        return soft_binary_cross_entropy(outputs, wanted, temperature=temperature)

    def agreement(self, outputs: Tensor, wanted: Tensor) -> Tensor:
        """The share of outputs in which both say yes, or both no."""
        return ((outputs >= 0) == (wanted >= 0)).float().mean(1)


class Vectors(_Alike):
    """Outputs without names (section 4.7)."""

    def distillation_loss(self, outputs: Tensor, wanted: Tensor, *, temperature: float) -> Tensor:
        """Squared difference; vectors have no temperature."""
        return squared_difference(outputs, wanted)

    def agreement(self, outputs: Tensor, wanted: Tensor) -> Tensor:
        """The cosine of the angle between both."""
        return F.cosine_similarity(outputs.float(), wanted.float())


def comparison(task: Task) -> Distils:
    """How a task's outputs are compared: as it says itself, else by whether they have names and exclude each other."""
    if isinstance(task, Distils):
        return task
    if not isinstance(task, NamesOutputs):
        return Vectors()
    return Exclusive() if task.exclusive else EachAlone()


def output_names(task: Task) -> Sequence[str]:
    """The names of a task's outputs, in their order; empty where they are the numbers of a vector."""
    return task.labels if isinstance(task, NamesOutputs) else ()
