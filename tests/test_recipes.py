"""The named recipes, and for which runs they are."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mobilenets.errors import UsageError
from mobilenets.recipes import FRCNN_PAPER, PAPER, RECIPES, SSD_PAPER, recipe, usual_recipe
from mobilenets.run import Architecture, Detection, Optimisation, Run


def _run(**settings: Any) -> Run:
    return Run(data="digits", out=Path("run"), **settings)


def test_the_paper_s_recipe_is_tf_slim_s() -> None:
    expected = Optimisation(
        optimiser="rmsprop_tf",
        lr=0.045,
        momentum=0.9,
        schedule="staircase",
        decay_rate=0.94,
        decay_epochs=2.0,
        warmup_epochs=0.0,
        weight_decay=4e-5,
        decay_depthwise=False,
        label_smoothing=0.0,
        norm_decay=0.9997,
        ema=0.9999,
        clip=0.0,
    )
    assert expected == PAPER
    # The rest of it is what a network has anyway: ReLU6, SAME padding, a thousandth dropped.
    chosen = Architecture()
    assert (chosen.activation, chosen.padding, chosen.dropout, chosen.min_depth) == ("relu6", "same", 0.001, 8)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_a_run(name: str) -> None:
    run = _run(**recipe(name))
    assert run.recipe == name
    assert run.optimisation == RECIPES[name]["optimisation"]


def test_only_fine_tuning_begins_with_the_head_and_what_starts_from_weights_keeps_the_best() -> None:
    chosen = {name: (_run(**recipe(name)).head_first, _run(**recipe(name)).keep) for name in RECIPES}
    assert chosen.pop("finetune") == (True, "best")
    assert chosen.pop("ssd_modern") == chosen.pop("ssd_finetune") == (False, "best")
    assert set(chosen.values()) == {(False, "last")}


def test_recipes_differ_in_what_they_say() -> None:
    assert _run(**recipe("finetune")).epochs < _run(**recipe("scratch")).epochs
    assert _run(**recipe("finetune")).optimisation.lr < _run(**recipe("scratch")).optimisation.lr
    assert _run(**recipe("scratch")) == _run()


def test_using_a_recipe_does_not_change_it() -> None:
    recipe("paper")["epochs"] = 1
    assert "epochs" not in RECIPES["paper"]


def test_an_unknown_recipe() -> None:
    with pytest.raises(UsageError, match="recipe 'papper' is unknown: use one of scratch, paper, distil, finetune"):
        recipe("papper")


def test_ssd_s_recipe_is_its_authors() -> None:
    """Reference: detection.md."""
    assert (
        Optimisation(
            optimiser="rmsprop_tf",
            lr=0.004,
            momentum=0.9,
            schedule="staircase",
            decay_rate=0.95,
            decay_epochs=round(800_720 * 24 / 118_287, 1),
            warmup_epochs=0.0,
            weight_decay=4e-5,
            label_smoothing=0.0,
            norm_decay=0.9997,
            ema=0.0,
            clip=0.0,
        )
        == SSD_PAPER
    )
    run = _run(**recipe("ssd_paper"))
    assert (run.task, run.batch, run.detection) == ("detect", 24, Detection(negatives="hard"))
    assert (run.augmentation.min_area, run.augmentation.flip, run.augmentation.colour) == (0.1, "auto", "off")


def test_faster_rcnn_s_recipe_is_its_authors() -> None:
    """Reference: detection.md."""
    assert (
        Optimisation(
            optimiser="sgd",
            lr=3e-3,
            momentum=0.9,
            schedule="staircase",
            decay_rate=0.1,
            decay_epochs=round(900_000 / 118_287, 1),
            warmup_epochs=0.0,
            weight_decay=0.0,
            label_smoothing=0.0,
            freeze_norm=True,
            ema=0.0,
            clip=10.0,
        )
        == FRCNN_PAPER
    )
    run = _run(**recipe("frcnn_paper"))
    assert (run.task, run.batch, run.detection) == ("detect", 1, Detection(framework="frcnn"))
    # Whole photographs, mirrored: there is no crop in it.
    assert (run.augmentation.min_area, run.augmentation.flip, run.augmentation.colour) == (1.0, "auto", "off")


def test_detectors_have_sixteen_channels_at_least() -> None:
    chosen = {name: _run(**recipe(name)).architecture for name in ("ssd_paper", "ssd_modern", "frcnn_paper")}
    assert {one.min_depth for one in chosen.values()} == {16}
    assert {name: one.resolution for name, one in chosen.items()} == {
        "ssd_paper": 300,
        "ssd_modern": 300,
        "frcnn_paper": 600,
    }


def test_mosaics_close_before_the_end() -> None:
    chosen = _run(**recipe("ssd_modern")).detection
    assert chosen.mosaic == 0.5 and chosen.mosaic_until < 1


def test_a_recipe_for_another_task() -> None:
    assert recipe("ssd_modern", task="detect") == recipe("ssd_modern")
    assert recipe("paper", task="detect") == recipe("paper")
    words = "^recipe ssd_paper is for --task detect, and not for embed: use one of scratch, paper, distil, finetune$"
    with pytest.raises(UsageError, match=words):
        recipe("ssd_paper", task="embed")


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ({"task": "classify"}, "scratch"),
        ({"task": "embed", "weights": "", "teacher": True}, "finetune"),
        ({"task": "classify", "weights": "detect"}, "finetune"),
        ({"task": "attributes", "teacher": True}, "distil"),
        ({"task": "detect"}, "ssd_modern"),
        ({"task": "detect", "weights": "classify"}, "ssd_modern"),
        ({"task": "detect", "weights": "detect"}, "ssd_finetune"),
        ({"task": "detect", "teacher": True}, "ssd_modern"),
        ({"task": "detect", "framework": "frcnn", "weights": "detect"}, "frcnn_paper"),
    ],
)
def test_the_usual_recipe(asked: dict[str, Any], name: str) -> None:
    assert usual_recipe(**asked) == name
    assert RECIPES[name].get("task", asked["task"]) == asked["task"]


def test_recipes_load_without_torch() -> None:
    code = "import sys, mobilenets.recipes; assert not {'torch', 'numpy'} & {*sys.modules}"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
