"""How a detector's file ends: chosen by what the file can do, told in words, and read back."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from mobilenets.architecture.detectors.names import detector
from mobilenets.errors import UsageError
from mobilenets.run import Detection
from mobilenets.tasks.detect.answers import Detections
from mobilenets.tasks.detect.ending import Ending
from mobilenets.tasks.detect.tail import LIMIT
from mobilenets.tasks.detect.task import Detect
from mobilenets.tasks.parts import NamesOutputs, Ships

CLASSES = ("lying", "upright")


def _task(framework: str = "ssd") -> Detect:
    return Detect(CLASSES, (3, 7), Detection(framework=framework))  # type: ignore[arg-type]


def test_a_detector_ships_otherwise_than_it_learns() -> None:
    task = _task()
    assert isinstance(task, Ships) and isinstance(task, NamesOutputs)
    assert task.learns and task.tail() is None
    for suppression, form in ((True, "detections"), (False, "boxes")):
        shipped = task.shipped(suppression=suppression)
        assert not shipped.learns
        assert shipped.form == form
        assert Detect.restore(shipped.state()) == shipped
    assert "form" not in task.state()  # a checkpoint is as it was


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(UsageError, match="form 'tubes'"):
        Detect.restore({**_task().state(), "form": "tubes"})


def test_faster_rcnn_needs_a_runtime_that_suppresses() -> None:
    assert _task("frcnn").shipped(suppression=True).form == "detections"
    with pytest.raises(UsageError, match="onnx or openvino"):
        _task("frcnn").shipped(suppression=False)


def test_what_is_given_has_the_shape_of_what_the_tail_makes() -> None:
    laid = detector("ssd_mobilenet_v1_0.25_128", classes=2).layers
    boxes = sum(grid.boxes for grid in laid[-1].grids)
    rows = torch.rand(1, boxes, 2 + 1 + 8)
    for form in ("boxes", "detections"):
        ending = Ending(form, 2, "ssd")  # type: ignore[arg-type]
        tail = ending.tail()
        assert tail is not None
        assert tuple(tail(rows).shape[1:]) == ending.given(laid).shape
        assert "labels.txt" in ending.given(laid).words


def test_rows_of_nothing_are_no_answers() -> None:
    outputs = torch.zeros(2, LIMIT, 6)
    outputs[..., 5] = -1
    outputs[0, 0] = torch.tensor([0.1, 0.2, 0.3, 0.4, 0.5, 1])
    one, none = _task().shipped(suppression=True).answers(outputs)
    assert isinstance(one, Detections) and isinstance(none, Detections)
    assert (one.kinds.tolist(), one.scores.tolist(), len(none)) == ([1], [0.5], 0)
    np.testing.assert_allclose(one.boxes, [[0.1, 0.2, 0.3, 0.4]], rtol=1e-6)


def test_both_forms_answer_as_the_checkpoint_does() -> None:
    task = _task()
    draw = torch.Generator().manual_seed(0)
    corners = torch.rand(2, 80, 4, generator=draw).sort(-1).values
    rows = torch.cat([torch.randn(2, 80, 7, generator=draw), corners], -1)
    right = task.answers(rows)
    for suppression in (True, False):
        reader = task.shipped(suppression=suppression)
        tail = reader.tail()
        assert tail is not None
        for made, wanted in zip(reader.answers(tail(rows)), right, strict=True):
            assert isinstance(made, Detections) and isinstance(wanted, Detections)
            assert made.kinds.tolist() == wanted.kinds.tolist()
            np.testing.assert_allclose(made.boxes, wanted.boxes, atol=1e-6)


def test_the_file_of_a_detector_is_scored_and_has_no_loss(
    checkpoint: Callable[..., Path], shared_data: Path, tmp_path: Path
) -> None:
    for package in ("onnxscript", "onnxruntime", "hotcoco"):
        pytest.importorskip(package)
    from mobilenets.jobs.evaluate import evaluate
    from mobilenets.jobs.export import export

    task = Detect(("person",), (1,), Detection())
    artefact = export(checkpoint(task), out=tmp_path / "artefact", runtime="onnx").folder
    report = evaluate(str(shared_data / "coco_mini"), model=artefact)
    assert report.loss is None
    assert report.photographs == 79
    assert 0 <= report.scores["AP"] <= 1
