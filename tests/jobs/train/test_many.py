"""Two processes under torchrun compute what one does, save together, and speak with one voice."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console

from mobilenets.checkpoint import MODEL, STATE, read_description, read_tensors, write_description, write_tensors
from mobilenets.cli.main import main
from mobilenets.errors import UsageError
from mobilenets.jobs.train import resume, train
from mobilenets.network.fold import fold
from mobilenets.prediction import model
from mobilenets.prediction.model import load_network
from mobilenets.run import Architecture, Distillation, Optimisation, Run
from mobilenets.settings import to_json
from mobilenets.tasks.classify import Classify
from mobilenets.training import step
from mobilenets.training.distributed import FollowerError
from mobilenets.training.watch import METRICS

Make = Callable[..., Run]

# Through 27 batch norms over few photographs a difference in rounding grows a hundredfold a step: float64 and a small
# learning rate leave only errors to be seen.
_IN_DOUBLE = """
import sys, torch
from mobilenets.network.fold import fold
from mobilenets.prediction import model
from mobilenets.prediction.model import load_network
from mobilenets.training import step
torch.set_default_dtype(torch.float64)
for module in (model, step):
    module.scale = lambda images, shown, scale=module.scale: scale(images, shown).double()
from mobilenets.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def in_double(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for module in (model, step):
        monkeypatch.setattr(
            module, "scale", lambda images, shown, scale=module.scale: scale(images, shown).double(), raising=True
        )
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def _run(tiny_run: Make, out: Path) -> Run:
    return tiny_run(
        out,
        epochs=6,
        batch=8,
        accumulate=2,
        architecture=Architecture(width=0.25, resolution=32, dropout=0.0),
        optimisation=Optimisation(optimiser="sgd", lr=1e-4, ema=0.5, clip=1.0),
    )


def _torchrun(tmp_path: Path, *arguments: str) -> subprocess.Popen[str]:
    program = tmp_path / "program.py"
    program.write_text(_IN_DOUBLE)
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", str(program), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _wait_for(file: Path, process: subprocess.Popen[str]) -> None:
    while not file.exists() and process.poll() is None:
        time.sleep(0.02)


def _rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / METRICS).read_text().splitlines()]


def test_two_processes_stopped_and_one_going_on_equal_one(tiny_run: Make, tmp_path: Path, in_double: None) -> None:
    run, settings = _run(tiny_run, tmp_path / "two"), tmp_path / "settings.json"
    settings.write_text(json.dumps(to_json(run)))
    process = _torchrun(tmp_path, "train", run.data, "--run-file", str(settings), "--out", str(run.out))
    _wait_for(run.out / METRICS, process)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=120)
    assert not out
    assert err.count("18 photographs to learn from, 6 held out") == 1
    assert err.count("stopped by SIGTERM after epoch") == 1
    assert err.count(f"go on with mobilenets train --resume {run.out}\n") == 1
    assert "Warning" not in err
    assert read_tensors(run.out / STATE).facts["progress"]["epoch"] < run.epochs

    quiet = Console(quiet=True)
    resume(run.out, console=quiet)
    train(_run(tiny_run, tmp_path / "one"), console=quiet)
    _assert_close(run.out, tmp_path / "one")


def _assert_close(two: Path, one: Path) -> None:
    """The same but for the order in which numbers were added up; every held-out photograph was scored by somebody."""
    wanted = read_tensors(one / MODEL).tensors
    for name, tensor in read_tensors(two / MODEL).tensors.items():
        torch.testing.assert_close(tensor, wanted[name], rtol=1e-6, atol=1e-9, msg=lambda text, name=name: name + text)
    for mine, theirs in zip(_rows(two), _rows(one), strict=True):
        for name in {"epoch", "lr", "train_loss", "train_top1", "val_loss", "val_top1"} & theirs.keys():
            assert mine[name] == pytest.approx(theirs[name], rel=1e-6), name


def test_two_processes_find_the_head_that_one_finds(
    tiny_run: Make, tiny_model: Path, tmp_path: Path, in_double: None
) -> None:
    """From folded weights: the norms measured by the first, the features gathered from both, the head sent to both."""
    weights = _folded(tiny_model, tmp_path / "folded")
    fields = {"epochs": 2, "weights": str(weights), "head_first": True, "keep": "best"}
    run, settings = replace(_run(tiny_run, tmp_path / "two"), **fields), tmp_path / "settings.json"
    settings.write_text(json.dumps(to_json(run)))
    process = _torchrun(tmp_path, "train", run.data, "--run-file", str(settings), "--out", str(run.out))
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert err.count("head alone  val_loss") == 1
    train(replace(run, out=tmp_path / "one"), console=Console(quiet=True))
    assert _rows(run.out)[0]["epoch"] == 0
    _assert_close(run.out, tmp_path / "one")


def test_two_processes_learn_from_a_teacher_what_one_learns(
    tiny_run: Make, tiny_model: Path, tmp_path: Path, in_double: None
) -> None:
    """Without labels: each process asks for its own photographs, and both score by what the teacher says."""
    lesson = Distillation(teacher=str(tiny_model), unlabelled=True)
    run, settings = replace(_run(tiny_run, tmp_path / "two"), epochs=2, distillation=lesson), tmp_path / "settings.json"
    settings.write_text(json.dumps(to_json(run)))
    process = _torchrun(tmp_path, "train", run.data, "--run-file", str(settings), "--out", str(run.out))
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert err.count("their score is agreement with the teacher") == 1
    train(replace(run, out=tmp_path / "one"), console=Console(quiet=True))
    _assert_close(run.out, tmp_path / "one")
    assert _rows(run.out)[1]["val_agreement"] == _rows(tmp_path / "one")[1]["val_agreement"]


def _folded(model: Path, folder: Path) -> Path:
    """A checkpoint of other classes whose batch norm is folded into its convolutions."""
    folder.mkdir()
    description = read_description(model)
    task = Classify(("one", "two", "three"))
    network = fold(load_network(description, task, folder=model).eval())
    bare = replace(description.architecture, norm=False)
    write_description(folder, replace(description, architecture=bare, task_state=task.state()))
    write_tensors(folder / MODEL, network.state_dict(), {})
    return folder


def test_a_wrong_request_is_refused_once(tiny_run: Make, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Where one of two processes fails, both end, and only the first says why."""
    process = _torchrun(tmp_path, "train", str(tmp_path / "nowhere"), "--batch", "6", "--out", str(tmp_path / "run"))
    out, err = process.communicate(timeout=120)
    assert process.returncode != 0
    assert not out
    assert err.count("mobilenets train: there is no '") == 1


@pytest.mark.parametrize(
    ("rank", "kind", "words"), [("0", UsageError, "use --batch 6 or 8"), ("1", FollowerError, "the first process")]
)
def test_a_batch_that_does_not_divide(
    tiny_run: Make, tmp_path: Path, rank: str, kind: type[Exception], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", rank)
    with pytest.raises(kind, match=words):
        train(tiny_run(tmp_path / "run", batch=7))


def test_a_world_without_torchrun_is_explained(
    tiny_run: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.delenv("MASTER_ADDR", raising=False)
    assert main(["train", tiny_run(tmp_path).data, "--batch", "6", "--device", "cpu"]) == 2
    assert "WORLD_SIZE is set and MASTER_ADDR is not: start many processes with torchrun" in capsys.readouterr().err
