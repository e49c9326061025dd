"""Settings of a run: their limits, and that they load without torch."""

import subprocess
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from mobilenets.architecture.names import FAMILIES, Name
from mobilenets.errors import UsageError
from mobilenets.run import (
    Architecture,
    Augmentation,
    Cleaning,
    Detection,
    Distillation,
    Geocells,
    Machine,
    Noise,
    Optimisation,
    Run,
)


def _run(**settings: Any) -> Run:
    return Run(data="digits", out=Path("run"), **settings)


@pytest.mark.parametrize(
    ("kind", "settings", "words"),
    [
        (Architecture, {"family": "mobilenet_v9"}, "family 'mobilenet_v9' is unknown: use one of mobilenet_v1"),
        (Architecture, {"width": 0.0}, r"width 0 is outside \(0, 2\]"),
        (Architecture, {"width": 2.1}, r"width 2.1 is outside \(0, 2\]"),
        (Architecture, {"width": float("nan")}, "width nan is outside"),
        (Architecture, {"resolution": 31}, "resolution 31 is under 32"),
        (Architecture, {"min_depth": 0}, "min-depth 0 is under 1"),
        (Architecture, {"dropout": 1.0}, r"dropout 1 is outside \[0, 1\)"),
        (Architecture, {"padding": "full"}, "padding: 'full' is not one of 'same', 'symmetric'"),
        (Architecture, {"activation": "gelu"}, "activation: 'gelu' is not one of 'relu6'"),
        (Augmentation, {"min_area": 0.0}, r"min-area 0 is outside \[0.01, 1\]"),
        (Augmentation, {"flip": True}, "flip: True is not one of 'auto', 'on', 'off'"),
        (Optimisation, {"optimiser": "adam"}, "optimiser: 'adam' is not one of 'rmsprop_tf', 'sgd', 'adamw'"),
        (Optimisation, {"schedule": "linear"}, "schedule: 'linear' is not one of"),
        (Optimisation, {"lr": 0.0}, r"lr 0 is outside \(0, 100\]: use more than 0"),
        (Optimisation, {"lr": -0.1}, "lr -0.1 is outside"),
        (Optimisation, {"lr": 101.0}, "lr 101 is outside"),
        (Optimisation, {"lr": float("nan")}, "lr nan is outside"),
        (Optimisation, {"momentum": 1.0}, r"momentum 1 is outside \[0, 1\)"),
        (Optimisation, {"decay_rate": 0.0}, r"decay-rate 0 is outside \(0, 1\]"),
        (Optimisation, {"decay_rate": 1.5}, "decay-rate 1.5 is outside"),
        (Optimisation, {"decay_epochs": 0.0}, r"decay-epochs 0 is outside \(0, inf\)"),
        (Optimisation, {"warmup_epochs": -1.0}, r"warmup-epochs -1 is outside \[0, inf\)"),
        (Optimisation, {"warmup_epochs": float("inf")}, "warmup-epochs inf is outside"),
        (Optimisation, {"weight_decay": -1e-4}, r"weight-decay -0.0001 is outside \[0, inf\)"),
        (Optimisation, {"label_smoothing": 1.0}, r"label-smoothing 1 is outside \[0, 1\)"),
        (Optimisation, {"norm_decay": 1.0}, "norm-decay 1 is outside"),
        (Optimisation, {"ema": 1.0}, "ema 1 is outside"),
        (Optimisation, {"clip": -1.0}, "clip -1 is outside"),
        (Distillation, {"temperature": 0.0}, r"temperature 0 is outside \(0, 100\]"),
        (Distillation, {"teacher_share": 0.0}, r"teacher-share 0 is outside \(0, 1\]"),
        (Distillation, {"teacher_share": 1.5}, r"teacher-share 1.5 is outside"),
        (Distillation, {"teacher": "big", "teacher_views": -1}, r"teacher-views -1 is outside \[0, 1000\]"),
        (Distillation, {"teacher_views": 2}, "teacher-views says how to learn from a teacher: name one with --teacher"),
        (Distillation, {"unlabelled": True}, "unlabelled says how to learn from a teacher: name one with --teacher"),
        (Machine, {"device": "tpu"}, "device: 'tpu' is not one of 'auto', 'cpu', 'cuda'"),
        (Machine, {"precision": "float16"}, "precision: 'float16' is not one of"),
        (Machine, {"threads": -1}, r"threads -1 is outside \[0, 4096\]"),
        (Machine, {"workers": 2000}, r"workers 2000 is outside \[0, 1024\]"),
        (Machine, {"cache_gb": -0.5}, "cache-gb -0.5 is outside"),
        (Cleaning, {"hash_bits": 33}, r"hash-bits 33 is outside \[-1, 32\]"),
        (Cleaning, {"feature_distance": -0.1}, "feature-distance -0.1 is outside"),
        (Cleaning, {"doubt": 1.0}, r"doubt 1 is outside \[0, 1\)"),
        (Detection, {"mosaic": 1.5}, r"mosaic 1.5 is outside \[0, 1\]: use at least 0 and at most 1"),
        (Detection, {"mosaic_until": -0.1}, r"mosaic-until -0.1 is outside \[0, 1\]"),
        (Noise, {"noisy_epochs": 0}, r"noisy-epochs 0 is outside \[1, inf\): use at least 1"),
        (_run, {"epochs": 0}, r"epochs 0 is outside \[1, inf\): use at least 1"),
        (_run, {"batch": 0}, "batch 0 is outside"),
        (_run, {"batch": 4, "accumulate": 5}, r"accumulate 5 is outside \[1, 4\]"),
        (_run, {"accumulate": 0}, "accumulate 0 is outside"),
        (_run, {"seed": -1}, "seed -1 is outside"),
        (_run, {"seed": 2**32}, r"seed 4294967296 is outside \[0, 4294967295\]"),
        (_run, {"val_fraction": 0.0}, r"val-fraction 0 is outside \(0, 1\)"),
        (_run, {"val_fraction": 1.0}, "val-fraction 1 is outside"),
        (_run, {"save_minutes": -1.0}, "save-minutes -1 is outside"),
        (_run, {"keep": "worst"}, "keep: 'worst' is not one of 'last', 'best'"),
        (
            _run,
            {"distillation": Distillation(teacher="big", teacher_views=2), "machine": Machine(cache_gb=0.0)},
            "teacher-views 2 with cache-gb 0: what the teacher says of them is cached; leave one of both out",
        ),
        (_run, {"crop": 0.05}, r"crop 0.05 is outside \[0.1, 1\]"),
    ],
)
def test_a_value_outside_its_limit_is_one_line(kind: Any, settings: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        kind(**settings)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("family", FAMILIES)
def test_an_architecture_has_a_name(family: str) -> None:
    chosen = Architecture(family=family, width=0.75, resolution=192)
    assert chosen.name == Name(family, 0.75, 192)
    assert str(chosen.name) == f"{family}_0.75_192"


def test_every_setting_is_frozen_and_explained() -> None:
    """The line under each field is its help on the command line."""
    source = Path(sys.modules[Run.__module__].__file__ or "").read_text(encoding="utf-8").splitlines()
    for kind in (Run, Architecture, Augmentation, Optimisation, Distillation, Machine):
        assert is_dataclass(kind) and kind.__dataclass_params__.frozen
        for one in fields(kind):
            place = next(number for number, line in enumerate(source) if line.startswith(f"    {one.name}: "))
            assert is_dataclass(one.type) or source[place + 1].startswith('    """'), one.name


def test_settings_load_without_torch() -> None:
    code = "import sys, mobilenets.run, mobilenets.files; assert not {'torch', 'numpy'} & {*sys.modules}"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_cells_are_for_places_alone() -> None:
    assert _run(task="places", geocells=Geocells(cell_max=20)).geocells.cell_max == 20
    with pytest.raises(
        UsageError, match="--cells, --cell-max and --cell-min are for --task places, and not for classify"
    ):
        _run(geocells=Geocells(cells=Path("cells.csv")))
    with pytest.raises(UsageError, match=r"--cells cells.csv says which cells there are: leave out --cell-max"):
        Geocells(cells=Path("cells.csv"), cell_max=5)
    with pytest.raises(UsageError, match="cell-min 0 is outside"):
        Geocells(cell_min=0)


def test_mosaics_are_for_detection_and_no_view_that_comes_again() -> None:
    assert _run(task="detect", detection=Detection(mosaic=0.5)).detection.mosaic == 0.5
    with pytest.raises(UsageError, match="--mosaic and --mosaic-until are for --task detect, and not for classify"):
        _run(detection=Detection(mosaic=0.5))
    with pytest.raises(UsageError, match=r"mosaic 0\.5 with teacher-views 2: views come again and mosaics do not; use"):
        _run(
            task="detect",
            detection=Detection(mosaic=0.5),
            distillation=Distillation(teacher="big", teacher_views=2),
        )


def test_a_run_with_noise_is_two_runs() -> None:
    run = _run(noise=Noise(noisy="web", noisy_epochs=7), weights="w", epochs=3)
    first = run.first_stage
    assert first is not None
    assert (first.data, first.epochs, first.weights) == ("run/stage-one/cleaned.csv", 7, "w")
    assert (first.first_stage, first.starting_weights) == (None, "w")
    assert run.starting_weights == "run/stage-one"
    assert _run(noise=Noise(noisy="web"), epochs=3).first_stage.epochs == 3
    with pytest.raises(UsageError, match="--noisy with --teacher: train with one first"):
        _run(noise=Noise(noisy="web"), distillation=Distillation(teacher="timm:resnet18"))
    assert (_run(weights="w").first_stage, _run(weights="w").starting_weights) == (None, "w")
