"""Measured figures: the JSON that `mobilenets evaluate --json` wrote."""

import json
import math
from dataclasses import dataclass
from pathlib import Path

from mobilenets.errors import UsageError
from mobilenets.files import reason

_MOST = 1 << 28


@dataclass(frozen=True, slots=True)
class Measured:
    """What an evaluation found: scores by name, on how many photographs of what, and how these were shown."""

    data: str
    split: str
    photographs: int
    shown: str
    scores: dict[str, float]


def read_figures(file: Path) -> Measured:
    """Read a report of `mobilenets evaluate --json`; raises `UsageError` where the file is none."""
    try:
        if file.stat().st_size > _MOST:
            raise UsageError(f"--figures {file} has {file.stat().st_size:,} bytes: a report has at most {_MOST:,}")
        data = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"--figures {file} cannot be read: {reason(error)}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"--figures {file} is not JSON ({error}): write it with `mobilenets evaluate --json`"
        ) from None
    measured = _measured(data) if isinstance(data, dict) else None
    if measured is None:
        raise UsageError(f"--figures {file} is no report of an evaluation: write it with `mobilenets evaluate --json`")
    return measured


def _measured(data: dict[str, object]) -> Measured | None:
    scores, photographs = data.get("scores"), data.get("photographs")
    if not isinstance(scores, dict) or not scores or not isinstance(photographs, int) or isinstance(photographs, bool):
        return None
    numbers = {str(name): float(value) for name, value in scores.items() if isinstance(value, int | float)}
    if len(numbers) != len(scores) or not all(map(math.isfinite, numbers.values())):
        return None
    return Measured(
        data=_one_line(data.get("data")),
        split=_one_line(data.get("split")),
        photographs=photographs,
        shown=_one_line(data.get("shown", "as no report says")),
        scores=numbers,
    )


def _one_line(value: object) -> str:
    return " ".join(str(value).split())
