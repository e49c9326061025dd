"""`mobilenets train` as a person and a program see it."""

import json
import os
import re
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mobilenets.cli.main import main
from mobilenets.cli.train import choose
from mobilenets.jobs import train as job
from mobilenets.recipes import DISTIL, FINETUNE, FRCNN_PAPER, PAPER, SSD_MODERN, SSD_PAPER
from mobilenets.run import Architecture, Distillation, Optimisation, Run
from mobilenets.settings import to_json
from mobilenets.training import distributed
from mobilenets.training.distributed import FollowerError
from mobilenets.training.step import Stepper, StepResult

TINY = ("--width", "0.25", "--resolution", "32", "--threads", "1", "--cache-gb", "0", "--device", "cpu", "--batch", "6")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """The runs that were asked for, in place of their training."""
    runs: list[Run] = []

    def train(run: Run, *, overwrite: bool = False) -> job.Trained:
        runs.append(run)
        return job.Trained(
            folder=run.out,
            epochs=run.epochs,
            headline="top1",
            scores={"top1": 0.5, "calibration_error": 0.25},
            history=[],
            notes=(),
            choice=None,
            seconds=61.0,
        )

    monkeypatch.setattr(job, "train", train)
    return runs


def test_a_run_says_what_it_does_and_came_to(
    swatches: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    assert main(["train", str(swatches), "--out", str(out), "--epochs", "2", *TINY]) == 0
    said, told = capsys.readouterr()
    scores, files = said.splitlines()
    assert re.fullmatch(r"top1 [\d.]+, calibration error [\d.]+ on the held-out photographs, 2 epochs in \d+ s", scores)
    assert files == f"checkpoint {out}, report {out}/report.html"
    lines = told.splitlines()
    assert lines[0].startswith("mobilenet_v1_0.25_32 for classify: 0.8 M mult-adds")
    assert lines[-1].startswith("epoch 2/2  train_loss")


def test_json_is_all_there_is_on_standard_output(
    swatches: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    assert main(["train", str(swatches), "--out", str(out), "--epochs", "1", "--json", *TINY]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said.keys() == {"folder", "epochs", "headline", "scores", "history", "notes", "choice", "seconds"}
    assert (said["folder"], said["epochs"], len(said["history"])) == (str(out), 1, 1)
    assert said["scores"]["top1"] == said["history"][0]["val_top1"]
    assert main(["train", "--resume", str(out), "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert again["history"] == said["history"]


def test_flags_are_the_fields_of_a_run(asked: list[Run]) -> None:
    flags = "--width 0.5 --lr 0.1 --flip off --strict --label-smoothing 0 --out somewhere --seed 7"
    assert main(["train", "digits", *flags.split()]) == 0
    (run,) = asked
    assert (run.data, run.out, run.seed) == ("digits", Path("somewhere"), 7)
    assert (run.architecture.width, run.optimisation.lr, run.augmentation.flip) == (0.5, 0.1, "off")
    assert (run.optimisation.label_smoothing, run.strict) == (0.0, True)
    assert run.architecture.resolution == 224  # the others stay


@pytest.mark.parametrize(
    ("flags", "recipe", "optimisation"),
    [
        ([], "scratch", Optimisation()),
        (["--recipe", "paper"], "paper", PAPER),
        (["--recipe=paper"], "paper", PAPER),
        (["--weights", "MODEL"], "finetune", FINETUNE),
        (["--weights=MODEL", "--recipe", "scratch"], "scratch", Optimisation()),
        (["--teacher", "big"], "distil", DISTIL),
        (["--teacher=big", "--recipe", "paper"], "paper", PAPER),
        (["--teacher", "big", "--weights", "MODEL"], "finetune", FINETUNE),
        (["--task", "detect"], "ssd_modern", SSD_MODERN),
        (["--task=detect", "--weights", "MODEL"], "ssd_modern", SSD_MODERN),
        (["--task", "detect", "--framework", "frcnn"], "frcnn_paper", FRCNN_PAPER),
        (["--recipe", "ssd_paper"], "ssd_paper", SSD_PAPER),
    ],
)
def test_recipes(asked: list[Run], tiny_model: Path, flags: list[str], recipe: str, optimisation: Optimisation) -> None:
    assert main(["train", "digits", *(flag.replace("MODEL", str(tiny_model)) for flag in flags)]) == 0
    (run,) = asked
    assert (run.recipe, run.optimisation) == (recipe, optimisation)


def test_the_network_is_that_of_the_weights(asked: list[Run], tiny_model: Path) -> None:
    assert main(["train", "digits", "--weights", str(tiny_model)]) == 0
    assert main(["train", "digits", "--weights", str(tiny_model), "--resolution", "96", "--dropout", "0.5"]) == 0
    assert main(["train", "digits", "--weights", str(tiny_model), "--width", "0.5"]) == 0
    own, flags, wider = asked
    assert own.architecture == Architecture(width=0.25, resolution=32)
    assert (own.head_first, own.keep) == (True, "best")
    assert flags.architecture == Architecture(width=0.25, resolution=96, dropout=0.5)
    assert wider.architecture.width == 0.5  # which the job then refuses


def test_a_run_file_s_own_network_goes_before_that_of_the_weights(
    asked: list[Run], tiny_model: Path, tiny_run: Callable[..., Run], tmp_path: Path
) -> None:
    wanted = tiny_run(tmp_path / "run", architecture=Architecture(width=0.25, resolution=64))
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(to_json(wanted)))
    assert main(["train", wanted.data, "--run-file", str(file), "--weights", str(tiny_model)]) == 0
    assert asked[0].architecture.resolution == 64
    assert asked[0].recipe == "scratch"


def test_weights_that_are_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "digits", "--weights", "nowhere.pb"]) == 2
    err = capsys.readouterr().err
    assert "'nowhere.pb' is no file" in err
    assert err.count("\n") == 1


def test_a_recipe_of_detection_says_what_is_learnt(asked: list[Run]) -> None:
    assert main(["train", "digits", "--recipe", "ssd_paper"]) == 0
    assert main(["train", "digits", "--task", "detect", "--mosaic", "0"]) == 0
    paper, modern = asked
    assert (paper.task, paper.architecture.resolution, paper.detection.negatives) == ("detect", 300, "hard")
    assert (modern.task, modern.detection.mosaic, modern.batch) == ("detect", 0.0, 16)


def test_a_recipe_of_detection_is_for_no_other_task(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "digits", "--recipe", "ssd_paper", "--task", "embed"]) == 2
    assert "recipe ssd_paper is for --task detect, and not for embed: use one of" in capsys.readouterr().err


def test_flags_go_over_the_recipe(asked: list[Run]) -> None:
    assert main(["train", "digits", "--recipe", "paper", "--lr", "0.5"]) == 0
    assert asked[0].optimisation.lr == 0.5
    assert asked[0].optimisation.ema == PAPER.ema


def test_flags_go_over_the_run_file(asked: list[Run], tiny_run: Callable[..., Run], tmp_path: Path) -> None:
    wanted = tiny_run(tmp_path / "run", epochs=17, optimisation=Optimisation(optimiser="sgd"))
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(to_json(wanted)))
    assert main(["train", wanted.data, "--run-file", str(file), "--epochs", "3"]) == 0
    (run,) = asked
    assert run == Run(**{**vars(wanted), "epochs": 3})


def test_the_description_of_a_checkpoint_is_a_run_file(asked: list[Run], tiny_model: Path, swatches: Path) -> None:
    """So is the data: what was learnt from is learnt from again."""
    assert main(["train", "--run-file", str(tiny_model / "run.json"), "--out", "elsewhere"]) == 0
    (run,) = asked
    assert (run.data, run.out, run.batch) == (str(swatches), Path("elsewhere"), 18)


def test_help_names_the_recipes_and_every_flag(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--help"]) == 0
    page = capsys.readouterr().out
    assert "Recipes: scratch" in page
    for flag in ("--width", "--resolution", "--epochs", "--lr", "--resume", "--overwrite", "--run-file", "--cache-gb"):
        assert flag in page
    assert main(["train", "--resume", "run", "--help"]) == 0
    page = capsys.readouterr().out
    assert "Continue a run from its last saved state" in page
    assert "--lr" not in page


def test_a_process_that_follows_says_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(run: Run, *, overwrite: bool) -> job.Trained:
        raise FollowerError("the first process failed")

    monkeypatch.setattr(job, "train", fail)
    monkeypatch.setattr("mobilenets.cli.train._GRACE", 0.0)
    with pytest.raises(SystemExit) as stopped:
        main(["train", "digits"])
    assert stopped.value.code == 1
    assert capsys.readouterr() == ("", "")


def test_only_the_first_process_prints(
    asked: list[Run], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(distributed, "is_first", lambda: False)
    assert main(["train", "digits", "--json"]) == 0
    assert capsys.readouterr().out == ""


def test_resuming_has_flags_of_its_own() -> None:
    assert choose(["--resume", "run"]) is choose(["photographs", "--resume=run", "--json"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_says_in_one_line_how_to_go_on(
    number: signal.Signals,
    swatches: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    step = Stepper.step

    def interrupted(self: Stepper, *arguments: Any, **named: Any) -> StepResult:
        os.kill(os.getpid(), number)
        return step(self, *arguments, **named)

    out = tmp_path / "run"
    with monkeypatch.context() as patched:
        patched.setattr(Stepper, "step", interrupted)
        assert main(["train", str(swatches), "--out", str(out), "--epochs", "2", *TINY]) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == (
        f"mobilenets train: stopped by {number.name} after epoch 1 of 2, step 1 of 3, and saved: "
        f"go on with mobilenets train --resume {out}"
    )
    assert main(["train", "--resume", str(out)]) == 0
    assert "going on with epoch 1 of 2, after step 1 of 3" in capsys.readouterr().err


def test_a_teacher_and_how_it_teaches(asked: list[Run]) -> None:
    flags = "--teacher timm:resnet18 --teacher-weights none --temperature 3 --teacher-share 0.5 --unlabelled"
    assert main(["train", "digits", *flags.split(), "--teacher-views", "4"]) == 0
    assert asked[0].distillation == Distillation(
        teacher="timm:resnet18",
        teacher_weights="none",
        temperature=3.0,
        teacher_share=0.5,
        unlabelled=True,
        teacher_views=4,
    )


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--recipe", "distil"], "recipe distil learns from a teacher: name one with --teacher"),
        (["--unlabelled"], "unlabelled says how to learn from a teacher: name one with --teacher"),
        (["--teacher", "nowhere"], "--teacher nowhere: there is no folder nowhere"),
        (["--teacher", "timm:resnet1888"], "did you mean timm:resnet18"),
    ],
)
def test_a_teacher_that_cannot_be(
    flags: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "digits", "--out", str(tmp_path / "run"), *flags]) == 2
    said, err = capsys.readouterr()
    assert words in err
    assert (said, err.count("\n")) == ("", 1)


def test_a_run_goes_on_with_a_teacher_that_moved(
    swatches: Path, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    teacher, out = tmp_path / "teacher", tmp_path / "run"
    shutil.copytree(tiny_model, teacher)
    assert main(["train", str(swatches), "--teacher", str(teacher), "--out", str(out), "--epochs", "1", *TINY]) == 0
    assert f"note: the teacher {teacher} is shown the very views" in capsys.readouterr().err
    teacher.rename(tmp_path / "moved")
    assert main(["train", "--resume", str(out)]) == 2
    assert "there is no folder" in capsys.readouterr().err
    assert main(["train", "--resume", str(out), "--teacher", str(tmp_path / "moved")]) == 0
