"""A run that was stopped, or died, ends with the same bits as one that was not."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console

from mobilenets.checkpoint import MODEL, STATE, read_tensors
from mobilenets.errors import JobError, UsageError
from mobilenets.jobs.train import Trained, job, resume, train
from mobilenets.run import Architecture, Augmentation, Optimisation, Run
from mobilenets.settings import to_json
from mobilenets.training.step import Stepper, StepResult
from mobilenets.training.watch import METRICS, Display

Make = Callable[..., Run]
Reference = Callable[[Run], dict[str, Any]]

_TIMES = ("seconds", "images_per_second")
_SETTINGS: dict[str, dict[str, Any]] = {
    "adamw": {"optimisation": Optimisation(ema=0.8)},
    "adamw in two parts, with dropout": {
        "accumulate": 2,
        "architecture": Architecture(width=0.25, resolution=32, dropout=0.5),
    },
    "sgd without average": {"optimisation": Optimisation(optimiser="sgd", lr=0.05, ema=0.0)},
    "rmsprop_tf, all distortions": {
        "optimisation": Optimisation(optimiser="rmsprop_tf", schedule="staircase", decay_epochs=0.5, clip=0.0),
        "augmentation": Augmentation(flip="on", colour="on"),
    },
}


class Died(BaseException):
    """What a kill is to a process: nothing of ours runs after it."""


@pytest.fixture(autouse=True)
def no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """The report draws figures for longer than these runs take; it is tested elsewhere."""
    monkeypatch.setattr("mobilenets.jobs.train.write_report", lambda *_: None)


def _learn(run: Run) -> Trained:
    return train(run, console=Console(quiet=True))


def _go_on(folder: Path) -> Trained:
    return resume(folder, console=Console(quiet=True))


def _rows(folder: Path) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in (folder / METRICS).read_text().splitlines()]
    return [{name: value for name, value in row.items() if name not in _TIMES} for row in rows]


def _whole(folder: Path) -> dict[str, Any]:
    """Everything a run leaves that has to be the same."""
    state = read_tensors(folder / STATE)
    progress = {name: value for name, value in state.facts["progress"].items() if name not in ("seconds", "history")}
    return {
        "model": (folder / MODEL).read_bytes(),
        "state": {name: tensor.numpy().tobytes() for name, tensor in state.tensors.items()},
        "optimiser": state.facts["optimiser"],
        "progress": progress,
        "metrics": _rows(folder),
    }


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """What a run leaves that nobody stops."""
    done: dict[str, dict[str, Any]] = {}

    def reference(run: Run) -> dict[str, Any]:
        settings = json.dumps({**to_json(run), "out": ""})
        if settings not in done:
            folder = tmp_path_factory.mktemp("uninterrupted") / "run"
            _learn(replace(run, out=folder))
            done[settings] = _whole(folder)
        return done[settings]

    return reference


def _during_step(monkeypatch: pytest.MonkeyPatch, number: int, what: Callable[[], None]) -> None:
    """Let something happen during one of the steps."""
    count = 0
    step = Stepper.step

    def counted(self: Stepper, *arguments: Any, **named: Any) -> StepResult:
        nonlocal count
        count += 1
        if count == number:
            what()
        return step(self, *arguments, **named)

    monkeypatch.setattr(Stepper, "step", counted)


def _signal(number: signal.Signals) -> Callable[[], None]:
    return lambda: os.kill(os.getpid(), number)


@pytest.mark.parametrize(("settings", "steps"), [("adamw", 1), ("adamw", 3), *((name, 5) for name in _SETTINGS)])
def test_a_stopped_run_goes_on_to_the_same_bits(
    tiny_run: Make,
    tmp_path: Path,
    uninterrupted: Reference,
    settings: str,
    steps: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = tiny_run(tmp_path / "run", **_SETTINGS[settings])
    with monkeypatch.context() as patched:
        _during_step(patched, steps, _signal(signal.SIGTERM))
        with pytest.raises(
            JobError, match=r"stopped by SIGTERM after epoch \d of 3, step \d of 3, and saved: go on with"
        ):
            _learn(run)
    assert read_tensors(run.out / STATE).facts["progress"]["step"] == (steps - 1) % 3 + 1
    _go_on(run.out)
    assert _whole(run.out) == uninterrupted(run)


def _dies() -> None:
    raise Died


_MOMENTS = {
    "before the first step": (Stepper, "step", 1),
    "in a step of the second epoch": (Stepper, "step", 5),
    "while scoring an epoch": (job.Job, "evaluate", 2),
    "before an epoch's curves are written": (Display, "epoch", 2),
    "after an epoch's curves, before its state": (job.Job, "save", 2),
    "between the model and the state": (job, "save_state", 2),
    "while scoring the last epoch": (job.Job, "evaluate", 3),
    "after the last state, before the report": (job.Job, "notes", 1),
}


@pytest.mark.parametrize("moment", _MOMENTS)
def test_a_run_that_died_goes_on_to_the_same_bits(
    tiny_run: Make, tmp_path: Path, uninterrupted: Reference, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, name, number = _MOMENTS[moment]
    original = getattr(owner, name)
    calls = 0

    def die(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == number:
            raise Died
        return original(*arguments, **named)

    run = tiny_run(tmp_path / "run")
    with monkeypatch.context() as patched, pytest.raises(Died):
        patched.setattr(owner, name, die)
        _learn(run)
    assert calls == number
    _go_on(run.out)
    assert _whole(run.out) == uninterrupted(run)


def test_saving_in_the_middle_of_an_epoch_changes_nothing(
    tiny_run: Make, tmp_path: Path, uninterrupted: Reference
) -> None:
    run = tiny_run(tmp_path / "run", save_minutes=0.0)
    _learn(run)
    assert _whole(run.out) == uninterrupted(tiny_run(tmp_path / "run"))


def test_a_finished_run_stays_as_it_is(tiny_run: Make, tmp_path: Path) -> None:
    run = tiny_run(tmp_path / "run")
    first = _learn(run)
    before = _whole(run.out)
    again = _go_on(run.out)
    assert _whole(run.out) == before
    assert (again.epochs, again.scores, again.history) == (first.epochs, first.scores, first.history)


def test_a_run_stopped_twice_by_two_signals(
    tiny_run: Make, tmp_path: Path, uninterrupted: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tiny_run(tmp_path / "run")
    for number, steps in ((signal.SIGINT, 2), (signal.SIGTERM, 3)):
        with monkeypatch.context() as patched:
            _during_step(patched, steps, _signal(number))
            with pytest.raises(JobError, match=number.name):
                _go_on(run.out) if run.out.exists() else _learn(run)
    _go_on(run.out)
    assert _whole(run.out) == uninterrupted(run)


_KILLER = """
import os, random, signal, sys, time
from pathlib import Path
from rich.console import Console
from mobilenets.jobs import train as verb
from mobilenets.run import Run
from mobilenets.settings import from_json
import json

def child(work):
    process = os.fork()
    if process == 0:
        work()
        os._exit(0)
    return process

def learn(out):
    run = from_json(Run, {**settings, "out": str(out)})
    quiet = Console(quiet=True)
    verb.resume(out, console=quiet) if (out / "run.json").exists() else verb.train(run, console=quiet)

settings, whole, killed = json.loads(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
verb.write_report = lambda *_: None
begun = time.monotonic()
assert os.waitpid(child(lambda: learn(whole)), 0)[1] == 0
took = time.monotonic() - begun
moments, kills = random.Random(0), 0
for _ in range(10):
    process = child(lambda: learn(killed))
    time.sleep(moments.uniform(0.1, 0.5) * took)
    os.kill(process, signal.SIGKILL)
    kills += os.WIFSIGNALED(os.waitpid(process, 0)[1])
assert os.waitpid(child(lambda: learn(killed)), 0)[1] == 0
print(kills)
"""


def test_killed_ten_times_at_random_moments(tiny_run: Make, tmp_path: Path) -> None:
    run = tiny_run(tmp_path / "unused", epochs=3, save_minutes=0.0)
    folders = [tmp_path / "whole", tmp_path / "killed"]
    command = [sys.executable, "-c", _KILLER, json.dumps(to_json(run)), *map(str, folders)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 3
    assert _whole(folders[1]) == _whole(folders[0])
    assert not [file for file in folders[1].rglob("*") if ".part" in file.name]


def test_photographs_that_changed_are_refused(tiny_run: Make, tmp_path: Path, swatches: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(swatches, data)
    run = tiny_run(tmp_path / "run", data=str(data))
    _learn(run)
    (data / "red" / "7.png").rename(data / "blue" / "9.png")
    with pytest.raises(UsageError, match=r"the photographs changed since the run in .* began: start a new one"):
        _go_on(run.out)


def test_photographs_that_moved_are_found_where_they_are_now(tiny_run: Make, tmp_path: Path, swatches: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(swatches, data)
    _learn(tiny_run(tmp_path / "run", data=str(data)))
    data.rename(tmp_path / "moved")
    with pytest.raises(UsageError, match="there is no"):
        _go_on(tmp_path / "run")
    resume(tmp_path / "run", data=str(tmp_path / "moved"), console=Console(quiet=True))


def test_resuming_needs_the_starting_weights_no_more(
    tiny_run: Make, tiny_model: Path, tmp_path: Path, uninterrupted: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = tmp_path / "weights"
    shutil.copytree(tiny_model, weights)
    run = tiny_run(tmp_path / "run", weights=str(weights))
    expected = uninterrupted(run)
    with monkeypatch.context() as patched:
        _during_step(patched, 2, _signal(signal.SIGTERM))
        with pytest.raises(JobError, match="stopped"):
            _learn(run)
    (weights / MODEL).unlink()
    _go_on(run.out)
    assert _whole(run.out) == expected


def test_a_state_of_another_optimiser_is_refused(tiny_run: Make, tmp_path: Path) -> None:
    run = tiny_run(tmp_path / "run", epochs=1)
    _learn(run)
    file = run.out / "run.json"
    file.write_text(file.read_text().replace('"adamw"', '"sgd"'))
    with pytest.raises(UsageError, match=r"was saved with AdamW, run\.json asks for SGD"):
        _go_on(run.out)


def test_dropout_follows_from_the_step_alone(tiny_run: Make, tmp_path: Path) -> None:
    architecture = Architecture(width=0.25, resolution=32, dropout=0.5)
    _learn(tiny_run(tmp_path / "one", architecture=architecture))
    torch.manual_seed(77)
    _learn(tiny_run(tmp_path / "two", architecture=architecture))
    assert (tmp_path / "one" / MODEL).read_bytes() == (tmp_path / "two" / MODEL).read_bytes()
