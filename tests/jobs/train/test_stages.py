"""Two stages in one run: the noisy photographs cleaned and learnt from first, in a folder of their own."""

import csv
import json
import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from mobilenets.checkpoint import MODEL, RUN, STATE, read_description, read_tensors
from mobilenets.errors import JobError, UsageError
from mobilenets.jobs.clean import look as look_module
from mobilenets.jobs.train import Trained, job, resume, stages, train
from mobilenets.jobs.train.folder import REPORT
from mobilenets.run import CLEANED, STAGE_ONE, Noise, Run
from mobilenets.settings import from_json, to_json
from mobilenets.training.step import Stepper
from mobilenets.training.watch import METRICS

Make = Callable[..., Run]
Weave = Callable[..., np.ndarray]

_TIMES = ("seconds", "images_per_second")


class _Died(BaseException):
    """A kill, as far as the run can tell."""


@pytest.fixture(autouse=True)
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """The report's figures are drawn for longer than these runs take; that there is one says that a stage is done."""

    def write(job: Any, _evaluation: Any, notes: tuple[str, ...]) -> None:
        (job.run.out / REPORT).write_text("\n".join(notes))

    monkeypatch.setattr("mobilenets.jobs.train.write_report", write)


def _textured(weave: np.ndarray, seed: int) -> Image.Image:
    """A swatch with coarse shades over it, by which hashes tell it from others."""
    shades = np.random.default_rng(seed).integers(0, 120, (5, 7), dtype=np.uint8)
    over = np.asarray(Image.fromarray(shades).resize((48, 36), Image.Resampling.BICUBIC), np.int64)[..., None]
    return Image.fromarray((weave.astype(np.int64) * 2 // 3 + over).clip(0, 255).astype(np.uint8))


@pytest.fixture(scope="module")
def photographs(swatch: Weave, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`clean` and `noisy`, of which a copy of a held-out photograph, one under two labels and a broken one must go."""
    folder = tmp_path_factory.mktemp("breeds")
    for name, first, count in (("clean", 0, 6), ("noisy", 1000, 7)):
        for place, label in enumerate(("blue", "green", "red")):
            (folder / name / label).mkdir(parents=True)
            for number in range(count):
                seed = first + 100 * place + number
                _textured(swatch(label, seed=seed), seed).save(folder / name / label / f"{number}.png")
    noisy = folder / "noisy"
    for file in sorted((folder / "clean" / "red").iterdir()):
        shutil.copy(file, noisy / "green" / f"from red {file.name}")
    shutil.copy(noisy / "blue" / "3.png", noisy / "red" / "also blue.png")
    (noisy / "red" / "broken.jpg").write_bytes(b"nothing")
    return folder


@pytest.fixture
def two_stages(tiny_run: Make, photographs: Path) -> Make:
    def make(out: Path, *, noisy: str = "noisy", **fields: Any) -> Run:
        noise = Noise(noisy=str(photographs / noisy), noisy_epochs=2)
        return tiny_run(out, **{"data": str(photographs / "clean"), "noise": noise, "epochs": 2, **fields})

    return make


def _learn(run: Run, console: Console | None = None) -> Trained:
    return train(run, console=console or Console(quiet=True))


def _go_on(folder: Path) -> Trained:
    return resume(folder, console=Console(quiet=True))


def _rows(table: Path) -> list[dict[str, str]]:
    with table.open(newline="") as stream:
        return list(csv.DictReader(stream))


def _left(folder: Path) -> dict[str, Any]:
    """Everything that a run leaves and that has to be the same, of both stages."""
    left: dict[str, Any] = {}
    for stage in (folder, folder / STAGE_ONE):
        state = read_tensors(stage / STATE)
        rows = [json.loads(line) for line in (stage / METRICS).read_text().splitlines()]
        left[stage.name if stage != folder else ""] = {
            "model": (stage / MODEL).read_bytes(),
            "state": {name: tensor.numpy().tobytes() for name, tensor in state.tensors.items()},
            "rows": [{name: value for name, value in row.items() if name not in _TIMES} for row in rows],
            "notes": [note.replace(str(folder), "") for note in state.facts["progress"]["notes"]],
            "files": sorted(file.name for file in stage.iterdir()),
        }
    return left


def test_the_first_stage_is_a_run_of_the_photographs_that_stay(two_stages: Make, tmp_path: Path) -> None:
    run = two_stages(tmp_path / "run")
    trained = _learn(run)
    first = run.out / STAGE_ONE
    removed = {row["file"]: row["reason"] for row in _rows(first / "cleaned-removed.csv")}
    held_out = [row["file"] for row in _rows(run.out / "split.csv") if row["split"] == "val"]
    (copied,) = [Path(file).name for file in held_out if file.startswith("red/")]
    assert removed == {
        "blue/3.png": "cross-listed",
        "red/also blue.png": "cross-listed",
        "red/broken.jpg": "unreadable",
        f"green/from red {copied}": "held out",
    }
    listed = _rows(first / CLEANED)
    assert [row["split"] for row in listed].count("train") == 21 + 6 + 2 - len(removed)
    assert [row["file"].partition("clean/")[2] for row in listed if row["split"] == "val"] == held_out
    assert [row["epoch"] for row in trained.history] == [1, 2]
    assert (first / MODEL).read_bytes() != (run.out / MODEL).read_bytes()


def test_the_second_stage_starts_from_what_the_first_learnt(two_stages: Make, tmp_path: Path) -> None:
    run = two_stages(tmp_path / "run")
    _learn(run)
    alone = replace(run, out=tmp_path / "alone", noise=Noise(), weights=str(run.out / STAGE_ONE))
    _learn(alone)
    assert (alone.out / MODEL).read_bytes() == (run.out / MODEL).read_bytes()


def test_what_the_user_is_told(two_stages: Make, tmp_path: Path) -> None:
    run = two_stages(tmp_path / "run")
    trained = _learn(run)
    (note,) = [note for note in trained.notes if note.startswith("stage one")]
    assert note == (
        f"stage one learnt from 25 photographs of {run.noise.noisy}, see stage-one/report.html; 4 left out "
        "(1 unreadable, 1 like a held-out photograph, 2 under several labels), listed in stage-one/cleaned-removed.csv"
    )
    assert note in (run.out / REPORT).read_text()
    assert read_description(run.out).source == f"trained from random weights on {run.noise.noisy}, then clean"


def test_run_json_holds_both_stages(two_stages: Make, tmp_path: Path) -> None:
    run = two_stages(tmp_path / "run")
    _learn(run)
    assert read_description(run.out).run == run
    assert from_json(Run, to_json(run)) == run
    own = read_description(run.out / STAGE_ONE).run
    assert own is not None
    assert (own.epochs, own.noise, own.data) == (2, Noise(), str(run.out / STAGE_ONE / CLEANED))


_MOMENTS: dict[str, tuple[Any, str, int]] = {
    "while the photographs are looked at": (look_module, "perceptual_hash", 3),
    "before the tables are written": (stages, "write_kept", 1),
    "in the first step": (Stepper, "step", 1),
    "in a later step of stage one": (Stepper, "step", 5),
    "while stage one is scored": (job.Job, "evaluate", 2),
    "when stage two gets its weights": (stages, "read_table", 1),
    "in the first step of stage two": (Stepper, "step", 9),
    "in a later step of stage two": (Stepper, "step", 11),
}


@pytest.fixture(scope="module")
def uninterrupted() -> dict[str, Any]:
    """What a run leaves that nobody stops, once one has."""
    return {}


@pytest.mark.parametrize("moment", _MOMENTS)
def test_a_run_that_died_goes_on_to_the_same_bits(
    moment: str, two_stages: Make, tmp_path: Path, uninterrupted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    if not uninterrupted:
        _learn(two_stages(tmp_path / "whole"))
        uninterrupted |= _left(tmp_path / "whole")
    owner, name, number = _MOMENTS[moment]
    original, calls = getattr(owner, name), 0

    def die(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == number:
            raise _Died
        return original(*arguments, **named)

    died = two_stages(tmp_path / "died", save_minutes=0.0)
    with monkeypatch.context() as patched, pytest.raises(_Died):
        patched.setattr(owner, name, die)
        _learn(died)
    if not (died.out / RUN).exists():
        _learn(died)  # nothing was written yet: there is no run to go on with
    else:
        _go_on(died.out)
    assert _left(died.out) == uninterrupted


def test_ctrl_c_in_the_first_stage_names_the_folder_of_both(
    two_stages: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = two_stages(tmp_path / "run")
    step = Stepper.step

    def interrupted(*arguments: Any, **named: Any) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        return step(*arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr(Stepper, "step", interrupted)
        with pytest.raises(JobError, match=rf"saved: go on with mobilenets train --resume {run.out}$"):
            _learn(run)
    assert _go_on(run.out).epochs == 2


def test_a_second_stage_under_way_needs_nothing_of_the_first(two_stages: Make, tmp_path: Path) -> None:
    run = two_stages(tmp_path / "run")
    trained = _learn(run)
    shutil.rmtree(run.out / STAGE_ONE)
    again = _go_on(run.out)
    assert (again.scores, again.notes) == (trained.scores, trained.notes)


def test_overwrite_takes_the_first_stage_away(two_stages: Make, tmp_path: Path) -> None:
    run = two_stages(tmp_path / "run")
    _learn(run)
    with pytest.raises(UsageError, match="already holds a run"):
        _learn(run)
    train(replace(run, noise=Noise()), overwrite=True, console=Console(quiet=True))
    assert not (run.out / STAGE_ONE).exists()


def test_a_folder_with_a_stage_one_of_somebody_is_left_alone(two_stages: Make, tmp_path: Path) -> None:
    (tmp_path / "run" / STAGE_ONE).mkdir(parents=True)
    with pytest.raises(UsageError, match="has a stage-one, which would be lost"):
        _learn(two_stages(tmp_path / "run"))


def test_other_labels_are_learnt_and_given_up(two_stages: Make, photographs: Path, tmp_path: Path) -> None:
    """The noisy collection has one label more: its photographs help the body, and stage two has its own head."""
    noisy = tmp_path / "noisy"
    shutil.copytree(photographs / "noisy", noisy)
    (noisy / "green").rename(noisy / "teal")
    run = two_stages(tmp_path / "run", noise=Noise(noisy=str(noisy), noisy_epochs=1))
    trained = _learn(run)
    assert "stage one learnt other classes: stage two begins with a head of its own" in trained.notes
    assert read_description(run.out / STAGE_ONE).task_state == {"classes": ["blue", "red", "teal"]}
    assert {row["label"] for row in _rows(run.out / STAGE_ONE / CLEANED) if row["split"] == "val"} == {"blue", "red"}


def test_no_label_in_common_is_refused_before_anything_is_written(
    two_stages: Make, photographs: Path, tmp_path: Path
) -> None:
    noisy = tmp_path / "noisy"
    for place, label in enumerate(("cyan", "teal")):
        shutil.copytree(photographs / "noisy" / ("blue", "green")[place], noisy / label)
    run = two_stages(tmp_path / "run", noise=Noise(noisy=str(noisy)))
    with pytest.raises(UsageError, match=r"has the labels cyan, teal, and .* holds out a photograph of none of them"):
        _learn(run)
    assert not list(run.out.iterdir())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"noise": Noise(noisy="nowhere")}, "there is no 'nowhere'"),
        ({"noise": Noise(noisy="digits")}, "digits: a table of photographs names files on disk"),
        ({"data": "digits"}, "digits: a table of photographs names files on disk"),
    ],
)
def test_sources_that_cannot_be_used_are_named(
    change: dict[str, Any], message: str, two_stages: Make, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=message):
        _learn(two_stages(tmp_path / "run", **change))


def test_a_held_out_name_that_no_table_can_hold_is_refused(two_stages: Make, photographs: Path, tmp_path: Path) -> None:
    clean = tmp_path / "clean"
    shutil.copytree(photographs / "clean", clean)
    try:
        for label in ("blue", "green", "red"):
            for file in list((clean / label).iterdir()):
                file.rename(file.with_name(f"caf\udce9{file.name}"))
    except OSError:
        pytest.skip("this file system takes UTF-8 names alone")
    with pytest.raises(UsageError, match="is not UTF-8, so no table can list it; rename it"):
        _learn(two_stages(tmp_path / "run", data=str(clean)))


def test_neither_may_the_run_lie_among_noisy_photographs_nor_they_where_its_first_stage_goes(
    two_stages: Make, photographs: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="lies among the photographs of"):
        _learn(two_stages(photographs / "noisy" / "run"))
    shutil.copytree(photographs / "noisy", tmp_path / "run" / STAGE_ONE / "noisy")
    run = two_stages(tmp_path / "run", noise=Noise(noisy=str(tmp_path / "run" / STAGE_ONE / "noisy")))
    with pytest.raises(UsageError, match="where its first stage goes: choose another folder"):
        train(run, overwrite=True, console=Console(quiet=True))
    assert list((tmp_path / "run" / STAGE_ONE).rglob("*.png"))


def test_a_table_of_clean_photographs_serves_as_well(two_stages: Make, photographs: Path, tmp_path: Path) -> None:
    """Both collections as tables, whose files stage one names by their full paths."""
    for name in ("clean", "noisy"):
        files = sorted((photographs / name).glob("*/[0-9].png"))
        lines = [f"{file},{file.parent.name}" for file in files]
        (tmp_path / f"{name}.csv").write_text("\n".join(["file,label", *lines]))
    noise = Noise(noisy=str(tmp_path / "noisy.csv"), noisy_epochs=1)
    assert _learn(two_stages(tmp_path / "run", data=str(tmp_path / "clean.csv"), noise=noise)).epochs == 2


def test_only_a_classifier_learns_from_noise() -> None:
    with pytest.raises(UsageError, match="--noisy with task features: only classify"):
        Run(data="x", out=Path("y"), task="features", noise=Noise(noisy="z"))
