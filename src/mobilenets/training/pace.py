"""How a run walks through its photographs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """Photographs there are, photographs a step, epochs, and the seed of their order.

    `least` is the fewest photographs of a step that a process can work on.
    """

    photographs: int
    batch: int
    epochs: int
    seed: int
    least: int = 1

    @property
    def size(self) -> int:
        """Photographs a step, over all processes; the remainder that fills no step is left for other epochs."""
        return min(self.batch, self.photographs)

    @property
    def steps(self) -> int:
        """Steps an epoch."""
        return self.photographs // self.size
