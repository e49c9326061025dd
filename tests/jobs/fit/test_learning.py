"""The trainings of a fit: the recipe of the task, whatever they start from."""

from pathlib import Path

import pytest

from mobilenets.jobs.fit.candidates import Candidate, Priced
from mobilenets.jobs.fit.learning import Arm, run_of
from mobilenets.jobs.fit.settings import FitSettings
from mobilenets.run import Architecture

DETECTS = Architecture(width=0.25, resolution=96)


def _priced() -> Priced:
    return Priced(Candidate(0.25, 96, "float32"), DETECTS, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("task", "learnt", "recipe"),
    [
        ("classify", None, "scratch"),
        ("classify", "classify", "finetune"),
        ("detect", None, "ssd_modern"),
        ("detect", "classify", "ssd_modern"),
        ("detect", "detect", "ssd_finetune"),
    ],
)
def test_the_recipe_is_the_usual_one_of_the_task(task: str, learnt: str | None, recipe: str) -> None:
    arm = Arm(_priced(), task, None if learnt is None else "weights", learnt)
    settings = FitSettings(data="photographs", out=Path("fit"), task=task, seed=3)
    run = run_of(settings, arm, out=Path("run"), epochs=2, start=arm.weights, teacher=None)
    assert (arm.recipe, run.recipe, run.task, run.weights) == (recipe, recipe, task, arm.weights)
    assert (run.architecture, run.epochs, run.seed, run.keep) == (DETECTS, 2, 3, "best")


def test_a_student_of_a_detector_sees_views_that_come_again_and_no_mosaics() -> None:
    arm = Arm(_priced(), "detect", None, None)
    settings = FitSettings(data="photographs", out=Path("fit"), task="detect")
    alone, taught = (
        run_of(settings, arm, out=Path("run"), epochs=2, start=None, teacher=teacher) for teacher in (None, "teacher")
    )
    assert alone.detection.mosaic > 0
    assert (taught.detection.mosaic, taught.distillation.teacher) == (0.0, "teacher")
    assert taught.distillation.teacher_views > 0
