"""Published detectors shown, converted and described."""

import json
from pathlib import Path

import pytest

from mobilenets.checkpoint import read_description
from mobilenets.errors import UsageError
from mobilenets.jobs.evaluate import evaluate
from mobilenets.jobs.predict import predict
from mobilenets.jobs.weights.card import write_card
from mobilenets.jobs.weights.converting import convert_weights
from mobilenets.jobs.weights.showing import show_weights
from mobilenets.tasks.detect.answers import Detections

NAME = "ssd_mobilenet_v1_0.75_300"


@pytest.fixture(scope="module")
def published(shared_data: Path) -> Path:
    return shared_data / "weights" / "ssd_mobilenet_v1_coco_quant_detect.tflite"


@pytest.fixture(scope="module")
def converted(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoint of the published SSD. Read only."""
    done = convert_weights(published, out=tmp_path_factory.mktemp("detectors") / "ssd")
    assert (done.network, done.task) == (NAME, "detect")
    assert any("default boxes are rounded" in note for note in done.notes)
    assert any("the best 10 boxes" in note for note in done.notes)
    return done.folder


def test_what_it_holds_is_shown(published: Path, converted: Path) -> None:
    shown, ours = show_weights(published), show_weights(converted)
    assert (shown.network, shown.task, shown.form) == (NAME, "detect", "TFLite (uint8)")
    assert shown.classes is not None and (len(shown.classes), shown.classes[11]) == (90, "number 12")
    assert (ours.network, ours.task, ours.classes) == (shown.network, shown.task, shown.classes)
    assert shown.mult_adds == ours.mult_adds == 728_036_496 and len(shown.kernels) == 47
    assert shown.preprocessing.squash and shown.preprocessing.crop == 1.0


def test_a_list_names_its_classes(shared_data: Path, published: Path, tmp_path: Path) -> None:
    labels = shared_data / "weights" / "ssd_labelmap.txt"
    done = convert_weights(published, out=tmp_path / "ssd", classes_file=labels)
    classes = read_description(done.folder).task_state["classes"]
    assert len(classes) == 90 and (classes[0], classes[11], classes[71]) == ("person", "number 12", "T.V.")


@pytest.mark.parametrize("to", ["timm", "huggingface"])
def test_others_have_no_layout_for_it(published: Path, tmp_path: Path, to: str) -> None:
    with pytest.raises(UsageError, match=rf"--to {to}: it has no layout for detectors"):
        convert_weights(published, out=tmp_path / "ssd", to=to)  # type: ignore[arg-type]
    assert not (tmp_path / "ssd").exists()


def test_its_card_says_what_it_is(converted: Path) -> None:
    text = (converted / "README.md").read_text()
    assert "pipeline_tag: object-detection" in text
    assert f"`{NAME}`, a detector of 90 kinds of things (person, bicycle" in text


def test_what_was_measured_of_it_stands_on_its_card(published: Path, tmp_path: Path) -> None:
    folder = convert_weights(published, out=tmp_path / "ssd").folder
    report = {"data": "coco_mini", "split": "val", "photographs": 79, "shown": "whole", "scores": {"AP": 0.2416}}
    file = tmp_path / "report.json"
    file.write_text(json.dumps(report))
    text = write_card(folder, figures=file).read_text()
    assert "type: object-detection" in text and "| AP | 0.2416 |" in text and "accuracy" not in text


def test_it_finds_things_and_is_as_good_as_published(shared_data: Path, converted: Path) -> None:
    photographs = shared_data / "coco_mini"
    told = next(predict(photographs / "val2017" / "000000000139.jpg", model=converted)).answer
    assert isinstance(told, Detections) and told.labels[int(told.kinds[0])] in ("tv", "chair")
    report = evaluate(str(photographs), model=converted)
    assert report.scores["AP"] == pytest.approx(0.2416, abs=0.003)
