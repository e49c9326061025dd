"""What a run shows and writes while it goes: a progress bar, metrics.jsonl, TensorBoard events."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from mobilenets.errors import UsageError
from mobilenets.files import write_text_whole
from mobilenets.training.state import Progress

METRICS = "metrics.jsonl"


class Silent:
    """A watcher that tells nobody: for processes that do not lead."""

    def step(self, progress: Progress, *, steps: int) -> None: ...

    def epoch(self, history: Sequence[Mapping[str, Any]]) -> None: ...


class Display:
    """A progress bar on `console`, metrics.jsonl in `folder` and, if asked for, TensorBoard events."""

    def __init__(self, console: Console, *, folder: Path, epochs: int, tensorboard: bool) -> None:
        self._folder = folder
        self._epochs = epochs
        self._console = console
        self._events = _events(folder) if tensorboard else None
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[speed]}"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self._task = self._bar.add_task("epoch", total=None, speed="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()
        if self._events:
            self._events.close()

    def step(self, progress: Progress, *, steps: int) -> None:
        """Move the bar."""
        seen = max(progress.photographs, 1)
        self._bar.update(
            self._task,
            description=f"epoch {progress.epoch + 1}/{self._epochs}  loss {progress.loss / seen:.3f}",
            total=self._epochs * steps,
            completed=progress.epoch * steps + progress.step,
            speed=f"{progress.photographs / max(progress.seconds, 1e-9):,.0f} images/s",
        )

    def epoch(self, history: Sequence[Mapping[str, Any]]) -> None:
        """Write the curves so far and print the last epoch's line."""
        write_text_whole(self._folder / METRICS, "".join(json.dumps(row) + "\n" for row in history))
        row = history[-1]
        shown = "  ".join(f"{name} {value:.4f}" for name, value in row.items() if name.startswith(("train_", "val_")))
        self._console.print(
            f"epoch {row['epoch']}/{self._epochs}  {shown}  {row['images_per_second']:,.0f} images/s", highlight=False
        )
        if self._events:
            for name, value in row.items():
                self._events.add_scalar(name, value, row["epoch"])
            self._events.flush()


def _events(folder: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise UsageError("--tensorboard needs an extra: pip install 'mobilenets[tensorboard]'") from None
    return SummaryWriter(folder / "tensorboard")


@contextmanager
def counting(console: Console, words: str, *, total: int) -> Iterator[Any]:
    """A progress bar over `total` photographs; gives the function that is told of each one done."""
    bar = Bar(
        TextColumn(words), BarColumn(), TaskProgressColumn(), TimeRemainingColumn(), console=console, transient=True
    )
    with bar:
        task = bar.add_task(words, total=total)
        yield lambda count: bar.advance(task, count)
