"""What a run shows and writes while it goes: a progress bar, metrics.jsonl, TensorBoard events."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from mobilenets.errors import UsageError
from mobilenets.files import write_text_whole
from mobilenets.run import Run
from mobilenets.training.loop import Watcher
from mobilenets.training.state import Progress

METRICS = "metrics.jsonl"
EVENTS = "tensorboard"
_TOLD = 8  # figures in the line of an epoch; metrics.jsonl has them all


class Silent:
    """A watcher that tells nobody: for processes that do not lead."""

    def step(self, progress: Progress, *, steps: int) -> None: ...

    def epoch(self, history: Sequence[Mapping[str, Any]]) -> None: ...


class Display:
    """A progress bar on `console`, metrics.jsonl in `folder` and, if asked for, TensorBoard events.

    `since` is the number of epochs done before: what earlier events say of later ones no longer holds.
    """

    def __init__(self, console: Console, *, folder: Path, epochs: int, tensorboard: bool, since: int = 0) -> None:
        self._folder = folder
        self._epochs = epochs
        self._console = console
        self._events = _events(folder / EVENTS, since=since) if tensorboard else None
        self._bar = _bar(console, TextColumn("{task.description}"), TextColumn("{task.fields[speed]}"))
        self._task = self._bar.add_task(f"epoch {since + 1}/{epochs}", total=None, speed="")

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
        told = [f"{name} {value:.4f}" for name, value in row.items() if name.startswith(("train_", "val_"))]
        shown = "  ".join(told[:_TOLD])
        name = f"epoch {row['epoch']}/{self._epochs}" if row["epoch"] else "head alone"
        line = f"{name}  {shown}  {row['images_per_second']:,.0f} images/s"
        self._console.print(line, highlight=False, soft_wrap=True)
        if self._events:
            for name, value in row.items():
                self._events.add_scalar(name, value, row["epoch"])
            self._events.flush()


@contextmanager
def watching(run: Run, console: Console | None, *, since: int) -> Iterator[Watcher]:
    """The watcher of a run of which `since` epochs are done; without a console, of a process that does not lead."""
    if console is None:
        yield Silent()
        return
    with Display(console, folder=run.out, epochs=run.epochs, tensorboard=run.tensorboard, since=since) as display:
        yield display


def check_tensorboard() -> None:
    """Raise `UsageError` where TensorBoard is not installed."""
    if find_spec("tensorboard") is None:
        raise UsageError("--tensorboard needs an extra: pip install 'mobilenets[tensorboard]'")


def _events(folder: Path, *, since: int) -> Any:
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(folder, purge_step=since + 1)


@contextmanager
def counting(console: Console, words: str, *, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar over `total` photographs; gives the function that is told of each one done."""
    with _bar(console, TextColumn("{task.description}")) as bar:
        task = bar.add_task(words, total=total)
        yield lambda count: bar.advance(task, count)


def _bar(console: Console, first: ProgressColumn, *last: ProgressColumn) -> Bar:
    """A bar that goes away when it is done, where there is a place for one: a terminal, a notebook with ipywidgets."""
    shown = console.is_terminal or (console.is_jupyter and find_spec("ipywidgets") is not None)
    columns = (first, BarColumn(), TaskProgressColumn(), *last, TimeRemainingColumn())
    return Bar(*columns, console=console, transient=True, disable=not shown)
