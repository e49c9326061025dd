"""How far a fit has come: one file, written whole after every step, from which `--resume` goes on."""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mobilenets.errors import UsageError
from mobilenets.files import reason, write_text_whole
from mobilenets.jobs.fit.budget import Figure, Limited
from mobilenets.jobs.fit.halving import Planned
from mobilenets.jobs.fit.settings import FitSettings
from mobilenets.settings import from_json, to_json

FORMAT = 1
FIT = "fit.json"


@dataclass(frozen=True, slots=True)
class Training:
    """A training that is done: `score` is the task's headline on the held-out photographs, of the checkpoint `folder`.

    `folder` is relative to the fit's own. Round 0 is the teacher.
    """

    name: str
    round: int
    epochs: int
    folder: str
    seconds: float
    headline: str
    score: float


@dataclass
class State:
    """What was found and done so far, and the seconds that it took.

    `figures` are those of each candidate by its title, `arms` the networks that began to learn, `plans` what each of
    the rounds so far teaches whom, `teacher` what is distilled from ("" for nothing).
    """

    folder: Path
    settings: FitSettings
    spent: float = 0.0
    figures: dict[str, dict[Limited, Figure]] = field(default_factory=dict)
    epoch_seconds: dict[str, float] = field(default_factory=dict)
    arms: tuple[str, ...] = ()
    teacher: str | None = None
    plans: list[list[Planned]] = field(default_factory=list)
    trainings: list[Training] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    result: dict[str, Any] | None = None
    _since: float = field(default_factory=time.monotonic)

    def elapsed(self) -> float:
        """Seconds that the fit has taken, over all calls."""
        return self.spent + time.monotonic() - self._since

    @property
    def left(self) -> float:
        """Seconds that are left of the time given; under 0 where it is over."""
        return 60 * self.settings.minutes - self.elapsed()

    def note(self, text: str) -> bool:
        """Keep what the user has to know; False where it was said before."""
        if text in self.notes:
            return False
        self.notes.append(text)
        return True

    def last(self, name: str) -> Training | None:
        """The latest training of a network."""
        return next((one for one in reversed(self.trainings) if one.name == name and one.round > 0), None)

    def save(self) -> None:
        """Write it down. Raises `JobError` as files do."""
        now = time.monotonic()
        self.spent, self._since = self.spent + now - self._since, now
        data = {
            "format": FORMAT,
            "settings": to_json(self.settings),
            "spent": round(self.spent, 3),
            "figures": {title: {name: asdict(one) for name, one in of.items()} for title, of in self.figures.items()},
            "epoch_seconds": self.epoch_seconds,
            "arms": self.arms,
            "teacher": self.teacher,
            "plans": [[asdict(one) for one in plan] for plan in self.plans],
            "trainings": [asdict(one) for one in self.trainings],
            "notes": self.notes,
            "result": self.result,
        }
        write_text_whole(self.folder / FIT, json.dumps(data, indent=1, ensure_ascii=False) + "\n")


def read_state(folder: Path) -> State:
    """The state of the fit in a folder. Raises `UsageError` where there is none or it is damaged."""
    file = folder / FIT
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(
            f"{folder} holds no fit to go on with: give the folder that `mobilenets fit --out` made"
        ) from None
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {reason(error)}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file} is damaged (not JSON: {error}): start anew with --overwrite") from error
    found = data.get("format") if isinstance(data, dict) else None
    if found != FORMAT:
        raise UsageError(f"{file} is of format {found!r} and not {FORMAT}: start anew with --overwrite")
    try:
        return _state(folder, data, where=str(file))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, UsageError):
            raise
        raise UsageError(f"{file} is damaged ({error!r}): start anew with --overwrite") from error


def _state(folder: Path, data: Mapping[str, Any], *, where: str) -> State:
    return State(
        folder=folder,
        settings=from_json(FitSettings, data["settings"], where=where),
        spent=float(data["spent"]),
        figures={
            title: {name: from_json(Figure, one, where=where) for name, one in of.items()}
            for title, of in data["figures"].items()
        },
        epoch_seconds=dict(data["epoch_seconds"]),
        arms=tuple(data["arms"]),
        teacher=data["teacher"],
        plans=[[from_json(Planned, one, where=where) for one in plan] for plan in data["plans"]],
        trainings=[from_json(Training, one, where=where) for one in data["trainings"]],
        notes=list(data["notes"]),
        result=data["result"],
    )
