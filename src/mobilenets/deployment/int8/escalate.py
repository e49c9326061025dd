"""Try the cheapest way to 8 bits first, and the next only where too much accuracy was lost."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mobilenets.deployment.int8.protocol import QuantisedFile
from mobilenets.deployment.int8.report import Step
from mobilenets.errors import JobError


@dataclass(frozen=True, slots=True)
class Made:
    """A quantised file, and its score in its own runtime."""

    file: QuantisedFile
    score: float


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way to a quantised file; `make` puts it in place of the one before."""

    name: str
    make: Callable[[], Made]


@dataclass(frozen=True, slots=True)
class Escalation:
    """The file of the last step, which is good enough, and every step up to it."""

    file: QuantisedFile
    steps: tuple[Step, ...]


def escalate(
    attempts: Iterable[Attempt],
    *,
    reference: float,
    max_drop: float,
    metric: str,
    tell: Callable[[Step], None] = lambda _: None,
) -> Escalation:
    """The first attempt that loses at most `max_drop` points (hundredths) of the score `reference`.

    `tell` hears of every step. Raises `JobError` with the figures of every step where none is good enough.
    """
    steps: list[Step] = []
    for attempt in attempts:
        made = attempt.make()
        step = Step(name=attempt.name, score=made.score, drop=100 * (reference - made.score))
        steps.append(step)
        tell(step)
        # Written so that a score that is no number fails too.
        if step.drop <= max_drop:
            return Escalation(made.file, tuple(steps))
    tried = "; ".join(f"{step.name} {step.score:.4f} (-{step.drop:.2f})" for step in steps)
    raise JobError(
        f"no int8 file keeps within {max_drop:g} points of the float file's {metric} {reference:.4f}: {tried}; "
        "allow a larger --max-drop, give more photographs or train longer (--qat-minutes)"
    )
