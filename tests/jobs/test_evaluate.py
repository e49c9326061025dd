"""A model scored on photographs whose truth is known."""

import csv
import json
import math
import shutil
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console

from mobilenets.checkpoint import MODEL, RUN, SPLIT, Description, read_tensors, write_description, write_tensors
from mobilenets.data.imagenet_names import names
from mobilenets.data.preprocess import Preprocessing
from mobilenets.errors import JobError, UsageError
from mobilenets.jobs.evaluate import EvaluationReport
from mobilenets.jobs.evaluate import evaluate as evaluate_
from mobilenets.network.graph import Network
from mobilenets.network.initialise import initialise
from mobilenets.run import Architecture
from mobilenets.tasks.classify import Classify
from mobilenets.training.watch import METRICS


def _evaluate(data: Path, model: Path, split: str | None = None, *, strict: bool = False) -> EvaluationReport:
    console = Console(quiet=True)
    return evaluate_(str(data), model=model, split=split, strict=strict, device="cpu", console=console)


@pytest.fixture
def folder(swatches: Path, tmp_path: Path) -> Path:
    """Swatches that may be changed."""
    return Path(shutil.copytree(swatches, tmp_path / "swatches"))


def test_undivided_data_gives_the_figures_of_the_last_epoch(tiny_model: Path, swatches: Path) -> None:
    """What training held out is scored, shown as training showed it."""
    report = _evaluate(swatches, tiny_model)
    last = json.loads((tiny_model / METRICS).read_text().splitlines()[-1])
    assert (report.split, report.photographs) == ("val", 6)
    assert report.notes == (f"val is what the training of {tiny_model} held out",)
    assert report.loss == pytest.approx(last["val_loss"], rel=1e-5)
    for name, value in report.scores.items():
        assert value == pytest.approx(last[f"val_{name}"], abs=1e-6), name


def test_what_was_held_out_is_what_split_csv_says(tiny_model: Path, swatches: Path, tmp_path: Path) -> None:
    model = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    text = (model / SPLIT).read_text()
    (model / SPLIT).write_text(text.replace(",train", ",test").replace(",val", ",train").replace(",test", ",val"))
    assert _evaluate(swatches, model).photographs == 18


def test_all_of_it(tiny_model: Path, swatches: Path) -> None:
    report = _evaluate(swatches, tiny_model, "all")
    assert (report.split, report.photographs) == ("all", 24)
    parts = [_evaluate(swatches, tiny_model, split) for split in ("train", "val")]
    assert [part.photographs for part in parts] == [18, 6]
    assert report.loss == pytest.approx((18 * parts[0].loss + 6 * parts[1].loss) / 24, rel=1e-5)


def test_other_photographs_are_scored_whole_and_it_is_said(tiny_model: Path, folder: Path) -> None:
    (folder / "red" / "0.png").unlink()
    report = _evaluate(folder, tiny_model)
    assert (report.split, report.photographs) == ("all", 23)
    assert report.notes[0].startswith(
        f"not divided as for the training of {tiny_model}, for swatches has changed since"
    )
    with pytest.raises(UsageError, match="swatches has no split 'val': use one of all"):
        _evaluate(folder, tiny_model, "val")


def test_divided_data_gives_its_val(tiny_model: Path, folder: Path) -> None:
    for split, numbers in {"train": range(4), "test": range(4, 8)}.items():
        for label in ("red", "green", "blue"):
            (folder / split / label).mkdir(parents=True)
            for number in numbers:
                (folder / label / f"{number}.png").rename(folder / split / label / f"{number}.png")
    for label in ("red", "green", "blue"):
        (folder / label).rmdir()
    assert (_evaluate(folder, tiny_model).split, _evaluate(folder, tiny_model).photographs) == ("test", 12)
    with pytest.raises(UsageError, match="has no split 'val': use one of train, test, all"):
        _evaluate(folder, tiny_model, "val")


def test_the_report_is_json_with_every_part(tiny_model: Path, swatches: Path) -> None:
    report = json.loads(json.dumps(asdict(_evaluate(swatches, tiny_model, "all"))))
    details = report["details"]
    assert set(report["scores"]) == {"top1", "calibration_error"}
    assert details["per_class"].keys() == {"blue", "green", "red"}
    assert [sum(row) for row in details["confusion"]] == [8, 8, 8]
    right = sum(details["confusion"][place][place] for place in range(3))
    assert report["scores"]["top1"] == pytest.approx(right / 24)
    for place, scores in enumerate(details["per_class"].values()):
        assert scores == {"photographs": 8, "top1": details["confusion"][place][place] / 8}
    assert report["preprocessing"]["resolution"] == 32


def test_the_tiny_model_learnt_its_colours(tiny_model: Path, swatches: Path) -> None:
    """Well over chance; otherwise the tests here would compare noise."""
    assert _evaluate(swatches, tiny_model, "all").scores["top1"] > 0.6


def test_a_label_that_the_model_does_not_know(tiny_model: Path, folder: Path) -> None:
    (folder / "red").rename(folder / "scarlet")
    with pytest.raises(UsageError, match="all of swatches has the label 'scarlet', which is none of the 3 classes"):
        _evaluate(folder, tiny_model)


def test_fewer_labels_than_the_model_knows(tiny_model: Path, folder: Path) -> None:
    shutil.rmtree(folder / "red")
    report = _evaluate(folder, tiny_model)
    assert report.details["per_class"].keys() == {"blue", "green"}
    assert len(report.details["confusion"]) == 3


def test_bad_photographs_are_counted_and_no_part_of_the_score(
    tiny_model: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "red" / "0.png").write_bytes(b"no image")
    with pytest.raises(JobError, match=r"1 of 24 photographs cannot be used: red/0\.png .*at most 1% may be"):
        _evaluate(folder, tiny_model, "all")
    monkeypatch.setattr("mobilenets.data.audit.MOST_BAD", 0.05)
    report = _evaluate(folder, tiny_model, "all")
    assert report.photographs == 23
    assert list(report.bad) == ["red/0.png"]
    assert report.details["per_class"]["red"]["photographs"] == 7
    assert report.notes[-1].startswith("1 of 24 photographs cannot be used")
    with pytest.raises(JobError, match="--strict allows none"):
        _evaluate(folder, tiny_model, "all", strict=True)


def test_nothing_but_broken_photographs(tiny_model: Path, folder: Path) -> None:
    for file in folder.rglob("*.png"):
        file.write_bytes(b"no image")
    with pytest.raises(JobError, match="none of the photographs could be read"):
        _evaluate(folder, tiny_model, "all")


def test_the_size_of_a_batch_changes_nothing(tiny_model: Path, swatches: Path) -> None:
    reports = [
        evaluate_(
            str(swatches), model=str(tiny_model), split="all", batch=batch, device="cpu", console=Console(quiet=True)
        )
        for batch in (1, 5, 24)
    ]
    assert [report.loss for report in reports] == pytest.approx([reports[0].loss] * 3, rel=1e-5)
    assert all(report.details == reports[0].details for report in reports)


def test_a_batch_of_nothing(tiny_model: Path, swatches: Path) -> None:
    with pytest.raises(UsageError, match="batch 0 is under 1"):
        evaluate_(str(swatches), model=tiny_model, batch=0)


def test_a_device_that_is_none(tiny_model: Path, swatches: Path) -> None:
    with pytest.raises(UsageError, match="device 'gpu' is unknown: use one of auto, cpu, cuda"):
        evaluate_(str(swatches), model=tiny_model, device="gpu")


def test_a_network_whose_outputs_are_no_numbers(tiny_model: Path, swatches: Path, tmp_path: Path) -> None:
    model = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    tensors = read_tensors(model / MODEL).tensors
    tensors["blocks.classifier.linear.bias"] = torch.full((3,), math.nan)
    write_tensors(model / MODEL, tensors, {})
    with pytest.raises(JobError, match=r"model gives outputs that are not finite \(its loss is nan\): its weights are"):
        _evaluate(swatches, model, "all")


def test_photographs_shown_otherwise(tiny_model: Path, swatches: Path) -> None:
    def shown(**how: Any) -> EvaluationReport:
        return evaluate_(str(swatches), model=tiny_model, split="all", device="cpu", console=Console(quiet=True), **how)

    own = shown()
    assert own.shown.startswith(
        "central square of 0.875 of the shorter side, scaled to 32 x 32 (aspect kept), bilinear"
    )
    losses = {own.loss}
    for how, words in (
        ({"crop": 1.0}, "central square of the shorter side, scaled to 32 x 32"),
        ({"squash": True}, "central 0.875 of each side, squashed to 32 x 32, bilinear"),
        ({"squash": True, "interpolation": "tf_bilinear"}, "squashed to 32 x 32 (as TF-Slim evaluates), tf_bilinear"),
        ({"crop": 1.0, "interpolation": "bicubic"}, "(aspect kept), bicubic"),
        ({"resolution": 48}, "scaled to 48 x 48"),
    ):
        report = shown(**how)
        assert words in report.shown
        assert report.preprocessing == {**own.preprocessing, **how}
        losses.add(report.loss)
    assert len(losses) == 6
    assert shown(squash=False, crop=0.875) == own
    with pytest.raises(UsageError, match="crop 2 is outside"):
        shown(crop=2.0)


def _converted(folder: Path, classes: list[str]) -> Path:
    """A checkpoint as published weights become one, with random ones."""
    architecture = Architecture(width=0.25, resolution=32)
    network = Network(Classify(tuple(classes)).layers(architecture))
    initialise(network)
    shown = Preprocessing(resolution=32)
    folder.mkdir()
    write_description(folder, Description("classify", {"classes": classes}, architecture, shown, "random"))
    write_tensors(folder / MODEL, network.state_dict(), {})
    return folder


def test_imagenets_photographs_against_1001_classes_by_name(shared_data: Path, tmp_path: Path) -> None:
    model = _converted(tmp_path / "converted", ["background", *names()])
    report = _evaluate(shared_data / "imagenet_val650", model)
    assert (report.split, report.photographs) == ("val", 650)
    with (shared_data / "imagenet_val650" / "labels.csv").open(newline="") as file:
        counts = Counter(names()[int(row["label"])] for row in csv.DictReader(file))
    assert {name: row["photographs"] for name, row in report.details["per_class"].items()} == counts


def test_folders_of_some_of_imagenets_classes(swatches: Path, tmp_path: Path) -> None:
    for wnid, colour in (("n01440764", "red"), ("n02951358", "blue")):
        shutil.copytree(swatches / colour, tmp_path / "some" / wnid)
    report = _evaluate(tmp_path / "some", _converted(tmp_path / "converted", list(names())))
    assert report.details["per_class"].keys() == {"tench", "canoe"}


def test_a_network_of_another_library(swatches: Path, tmp_path: Path) -> None:
    for wnid, colour in (("n01440764", "red"), ("n02951358", "blue")):
        shutil.copytree(swatches / colour, tmp_path / "some" / wnid)
    name = "timm:test_resnet.r160_in1k"
    console = Console(quiet=True)
    report = evaluate_(str(tmp_path / "some"), model=name, weights="none", device="cpu", console=console)
    assert (report.model, report.photographs) == (name, 16)
    assert report.notes == (f"{name} has random weights (seed 0)",)
    assert report.preprocessing["resolution"] == 160
    assert report.scores.keys() == {"top1", "top5", "calibration_error"}


def test_a_checkpoint_of_another_task(tiny_model: Path, swatches: Path, tmp_path: Path) -> None:
    model = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    (model / RUN).write_text((model / RUN).read_text().replace('"task": "classify"', '"task": "dance"', 1))
    with pytest.raises(UsageError, match=r"model: task 'dance' is unknown: use one of classify"):
        _evaluate(swatches, model)
