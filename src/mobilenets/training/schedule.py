"""The learning rate as a function of the step."""

import math
from dataclasses import dataclass

from mobilenets.run import Optimisation


@dataclass(frozen=True, slots=True)
class Schedule:
    """Learning rates of a run of `epochs` x `epoch_steps` steps."""

    settings: Optimisation
    epochs: int
    epoch_steps: int

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
    """A running average's decay that a run of `steps` can fill: at most a tenth of the run is remembered.

    The published .9997 and .9999 belong to millions of steps; in a run of a thousand they would keep random weights.
    """
    return min(decay, 1 - 10 / max(steps, 11))
