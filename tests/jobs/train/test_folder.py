"""The folder of a run: whether it may be used, and what is in it before and after."""

import csv
import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from mobilenets.checkpoint import MODEL, RUN, SPLIT, STATE, read_description
from mobilenets.errors import JobError, UsageError
from mobilenets.jobs.train import Trained, folder, resume, train
from mobilenets.jobs.train.folder import REPORT
from mobilenets.run import Run
from mobilenets.training.watch import EVENTS, METRICS

Make = Callable[..., Run]


@pytest.fixture
def no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mobilenets.jobs.train.write_report", lambda *_: None)


def _learn(run: Run, *, overwrite: bool = False) -> Trained:
    return train(run, overwrite=overwrite, console=Console(quiet=True))


def test_a_run_leaves_these_files_and_no_others(tiny_model: Path) -> None:
    left = {str(file.relative_to(tiny_model)) for file in tiny_model.rglob("*") if file.is_file()}
    assert left == {MODEL, RUN, SPLIT, METRICS, REPORT, STATE}


def test_the_split_is_written_down(tiny_model: Path) -> None:
    with (tiny_model / SPLIT).open() as stream:
        rows = list(csv.DictReader(stream))
    assert [sum(row["split"] == split for row in rows) for split in ("train", "val")] == [18, 6]
    assert all(row["file"].startswith(row["label"] + "/") for row in rows)


def test_the_description_is_enough_to_go_on(tiny_model: Path, swatches: Path) -> None:
    description = read_description(tiny_model)
    assert description.task_state == {"classes": ["blue", "green", "red"]}
    assert description.source == "trained from random weights on swatches"
    assert description.run is not None
    assert description.run.data == str(swatches)


def test_what_is_done_is_said(tiny_run: Make, tmp_path: Path, no_report: None) -> None:
    said = _said(tmp_path, lambda console: train(tiny_run(tmp_path / "run", epochs=2), console=console))
    assert said[:3] == [
        "mobilenet_v1_0.25_32 for classify: 0.8 M mult-adds, 213,843 params",
        "swatches: 18 photographs to learn from, 6 held out",
        "note: no split in swatches: 6 of 24 photographs held out as val (20% of each label, seed 0)",
    ]
    assert [line.split("  ")[0] for line in said[3:]] == ["epoch 1/2", "epoch 2/2"]


def _said(tmp_path: Path, work: Callable[[Console], Trained]) -> list[str]:
    file = tmp_path / "said"
    with file.open("w") as stream:
        work(Console(file=stream, width=40))  # a pipe: no line is broken for its width
    return file.read_text().splitlines()


def test_where_a_resumed_run_goes_on_is_said(tiny_run: Make, tmp_path: Path, no_report: None) -> None:
    out = tmp_path / "run"
    _learn(tiny_run(out, epochs=2))
    said = _said(tmp_path, lambda console: resume(out, console=console))
    assert said[-1] == "all 2 epochs are done: only the report is made again"
    (out / RUN).write_text((out / RUN).read_text().replace('"epochs": 2', '"epochs": 3'))
    said = _said(tmp_path, lambda console: resume(out, console=console))
    assert said[-2] == "going on with epoch 3 of 3, after step 0 of 3"
    (out / STATE).unlink()
    said = _said(tmp_path, lambda console: resume(out, console=console))
    assert said[-4] == "nothing was saved yet: the run begins again"


def test_a_folder_with_a_run_is_not_written_over(tiny_run: Make, tmp_path: Path, no_report: None) -> None:
    out = tmp_path / "run"
    _learn(tiny_run(out, epochs=1))
    before = (out / MODEL).read_bytes()
    with pytest.raises(UsageError, match=r"already holds a run: go on with --resume .*run, or start anew with --overw"):
        _learn(tiny_run(out, epochs=1, seed=1))
    assert (out / MODEL).read_bytes() == before
    _learn(tiny_run(out, epochs=1, seed=1), overwrite=True)
    assert (out / MODEL).read_bytes() != before


@pytest.mark.parametrize("name", [REPORT, MODEL, METRICS, SPLIT])
def test_files_of_somebody_else_are_not_written_over(tiny_run: Make, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(UsageError, match=rf"--out .* has a {name}, which would be lost: choose another folder"):
        _learn(tiny_run(tmp_path))
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_other_files_in_the_folder_stay(tiny_run: Make, tmp_path: Path, no_report: None) -> None:
    (tmp_path / "thoughts.txt").write_text("mine")
    _learn(tiny_run(tmp_path, epochs=1))
    _learn(tiny_run(tmp_path, epochs=1), overwrite=True)
    assert (tmp_path / "thoughts.txt").read_text() == "mine"


def test_an_overwritten_run_leaves_no_state_that_the_new_one_could_go_on_from(
    tiny_run: Make, tmp_path: Path, no_report: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "run"
    _learn(tiny_run(out, epochs=2))
    (out / EVENTS).mkdir()
    (out / EVENTS / "events").write_text("old")

    class DiedError(BaseException):
        pass

    def die(*_: object) -> None:
        raise DiedError

    with monkeypatch.context() as patched, pytest.raises(DiedError):
        patched.setattr(folder, "write_description", die)
        _learn(tiny_run(out, epochs=2, seed=5), overwrite=True)
    assert not list(out.rglob("*.*"))
    _learn(tiny_run(tmp_path / "fresh", epochs=2, seed=5))
    _learn(tiny_run(out, epochs=2, seed=5))
    assert (out / MODEL).read_bytes() == (tmp_path / "fresh" / MODEL).read_bytes()


def test_a_start_that_fails_leaves_the_old_run_alone(tiny_run: Make, tmp_path: Path, no_report: None) -> None:
    out = tmp_path / "run"
    _learn(tiny_run(out, epochs=1))
    before = {file: file.read_bytes() for file in out.rglob("*") if file.is_file()}
    with pytest.raises(UsageError):
        _learn(tiny_run(out, data=str(tmp_path / "nowhere")), overwrite=True)
    assert {file: file.read_bytes() for file in out.rglob("*") if file.is_file()} == before


def test_out_that_is_a_file(tiny_run: Make, tmp_path: Path) -> None:
    (tmp_path / "run").write_text("")
    with pytest.raises(UsageError, match=r"--out .*run is a file: it takes a folder"):
        _learn(tiny_run(tmp_path / "run"))
    with pytest.raises(JobError, match=r"--out .*below cannot be made \(Not a directory\): choose another folder"):
        _learn(tiny_run(tmp_path / "run" / "below"))


@pytest.mark.parametrize("below", [".", "red", "runs/first", "../swatches"])
def test_out_among_the_photographs(tiny_run: Make, swatches: Path, below: str) -> None:
    with pytest.raises(UsageError, match=r"--out .* lies among the photographs of .*swatches: choose a folder outside"):
        _learn(tiny_run(swatches / below))
    assert not (swatches / "runs").exists()


def test_out_that_may_not_be_written(tiny_run: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(JobError, match=r"--out .*run cannot be written: choose another folder or get the right to"):
        _learn(tiny_run(tmp_path / "run"))


def test_out_that_may_not_be_made(tiny_run: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, **how: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(JobError, match=r"--out .*run cannot be made \(Permission denied\): choose another folder"):
        _learn(tiny_run(tmp_path / "run"))
