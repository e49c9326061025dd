"""What a run shows and writes while it goes."""

import importlib.util
import io
import json
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from mobilenets.errors import UsageError
from mobilenets.training import watch
from mobilenets.training.state import Progress
from mobilenets.training.watch import EVENTS, METRICS, Display, check_tensorboard, counting, watching

ROW = {"epoch": 1, "lr": 0.1, "train_loss": 2.0, "val_top1": 0.25, "seconds": 3.0, "images_per_second": 1234.5}


def _console(**how: Any) -> Console:
    return Console(file=io.StringIO(), width=100, **how)


def _text(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_metrics_are_all_rows_and_one_line_is_said_of_the_last(tmp_path: Path) -> None:
    console = _console()
    with Display(console, folder=tmp_path, epochs=9, tensorboard=False) as display:
        display.epoch([ROW, {**ROW, "epoch": 2}])
    assert [json.loads(line)["epoch"] for line in (tmp_path / METRICS).read_text().splitlines()] == [1, 2]
    assert _text(console) == "epoch 2/9  train_loss 2.0000  val_top1 0.2500  1,234 images/s\n"


def test_epoch_0_is_the_head_alone(tmp_path: Path) -> None:
    console = _console()
    with Display(console, folder=tmp_path, epochs=9, tensorboard=False) as display:
        display.epoch([{**ROW, "epoch": 0}])
    assert _text(console).startswith("head alone  train_loss")


def test_a_terminal_gets_a_bar_with_the_speed_and_the_time_left(tmp_path: Path) -> None:
    console = _console(force_terminal=True)
    with Display(console, folder=tmp_path, epochs=4, tensorboard=False, since=1) as display:
        display.step(Progress(epoch=1, step=2, photographs=60, loss=90.0, seconds=0.5), steps=4)
        display._bar.refresh()
    shown = _text(console)
    assert "epoch 2/4  loss 1.500" in shown
    assert "38%" in shown  # 6 of 16 steps
    assert "120 images/s" in shown


def test_a_pipe_gets_no_bar(tmp_path: Path) -> None:
    console = _console()
    with counting(console, "reading", total=3) as advance:
        advance(3)
    with Display(console, folder=tmp_path, epochs=4, tensorboard=False) as display:
        display.step(Progress(step=1), steps=4)
    assert not _text(console)


@pytest.mark.parametrize("widgets", [False, True])
def test_a_notebook_gets_a_bar_where_it_can_show_one(widgets: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without ipywidgets rich would warn at each bar."""
    found = importlib.util.find_spec("json") if widgets else None
    monkeypatch.setattr(watch, "find_spec", lambda _: found)
    console = _console()
    console.is_jupyter = True
    assert watch._bar(console, watch.BarColumn()).disable is not widgets


def test_a_process_that_does_not_lead_says_and_writes_nothing(tmp_path: Path, tiny_run: Any) -> None:
    with watching(tiny_run(tmp_path), None, since=0) as watcher:
        watcher.step(Progress(), steps=3)
        watcher.epoch([ROW])
    assert not list(tmp_path.iterdir())


class _Writer:
    made: list["_Writer"]

    def __init__(self, folder: Path, *, purge_step: int) -> None:
        self.folder, self.purge_step = folder, purge_step
        self.scalars: list[tuple[str, float, int]] = []
        self.open = True
        _Writer.made.append(self)

    def add_scalar(self, name: str, value: float, step: int) -> None:
        self.scalars.append((name, value, step))

    def flush(self) -> None: ...

    def close(self) -> None:
        self.open = False


def test_tensorboard_gets_every_figure_and_forgets_what_is_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _Writer.made = []
    module = types.ModuleType("torch.utils.tensorboard")
    module.SummaryWriter = _Writer  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    with Display(_console(), folder=tmp_path, epochs=9, tensorboard=True, since=4) as display:
        display.epoch([{**ROW, "epoch": 5}])
    (writer,) = _Writer.made
    assert (writer.folder, writer.purge_step, writer.open) == (tmp_path / EVENTS, 5, False)
    assert ("val_top1", 0.25, 5) in writer.scalars
    assert len(writer.scalars) == len(ROW)


def test_tensorboard_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"--tensorboard needs an extra: pip install 'mobilenets\[tensorboard\]'"):
        check_tensorboard()
