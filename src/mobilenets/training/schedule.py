"""What changes with the step: the learning rate, and how fast the running averages move."""

import math
from dataclasses import dataclass

from mobilenets.run import Optimisation

# Batch norm's statistics move fast at first: over these many steps, and 8 times longer each time 4 of them are over.
# Few values rather than one a step, because a compiled network is compiled anew for each.
_FIRST_SPAN, _LONGER, _SPANS = 4, 8, 4


@dataclass(frozen=True, slots=True)
class Rates:
    """Of one step: the learning rate, batch norm's momentum (PyTorch's: the weight of the new batch) and the decay
    of the averaged weights."""

    lr: float
    norm_momentum: float
    average_decay: float


@dataclass(frozen=True, slots=True)
class Schedule:
    """The rates of a run of `epochs` x `epoch_steps` steps."""

    settings: Optimisation
    epochs: int
    epoch_steps: int

    def rates(self, step: int) -> Rates:
        """What step 0, 1, ... works with.

        Running averages start from random weights and unit variances; so that these are soon forgotten, both move
        fast at first: the weights' by TensorFlow's rule, min(decay, (1 + step) / (10 + step)).
        """
        steps = self.epochs * self.epoch_steps
        span = _FIRST_SPAN
        while step >= _SPANS * span:
            span *= _LONGER
        return Rates(
            lr=self.lr(step),
            norm_momentum=max(1 - fitting_decay(self.settings.norm_decay, steps=steps), 1 / span),
            average_decay=min(fitting_decay(self.settings.ema, steps=steps), (1 + step) / (10 + step)),
        )

    def lr(self, step: int) -> float:
        """The rate of step 0, 1, ...: linear warm-up, then cosine to zero, stairs (TF-Slim) or constant.

        The warm-up takes at most half the run, so that a short one has its highest rate too. Stairs are counted
        from step 0.
        """
        settings, steps = self.settings, self.epochs * self.epoch_steps
        warmup = min(round(settings.warmup_epochs * self.epoch_steps), steps // 2)
        if step < warmup:
            return settings.lr * (step + 1) / (warmup + 1)
        if settings.schedule == "cosine":
            done = (step - warmup) / max(steps - warmup, 1)
            return settings.lr * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))
        if settings.schedule == "staircase":
            stair = int(step / max(settings.decay_epochs * self.epoch_steps, 1))
            return settings.lr * settings.decay_rate**stair
        return settings.lr


def fitting_decay(decay: float, *, steps: int) -> float:
    """A running average's decay that a run of `steps` can follow: at most a fortieth of the run is remembered.

    The published .9997 and .9999 belong to millions of steps; in a run of a thousand they would keep random weights.
    """
    return min(decay, 1 - 40 / max(steps, 41))
