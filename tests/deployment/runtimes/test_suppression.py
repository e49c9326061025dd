"""Suppression inside a file: each runtime keeps what PyTorch keeps, of one image and of several."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mobilenets.architecture.detectors.names import detector
from mobilenets.data.preprocess import Preprocessing
from mobilenets.deployment.golden import synthetic
from mobilenets.deployment.runtimes.onnx import OPSET
from mobilenets.deployment.runtimes.protocol import check_can_export
from mobilenets.deployment.runtimes.quiet import quiet
from mobilenets.deployment.runtimes.registry import runtime_named
from mobilenets.deployment.runtimes.survivors import survivors_table
from mobilenets.deployment.shipped import Shipped, Signature
from mobilenets.errors import UsageError
from mobilenets.jobs.fit.probe import _random
from mobilenets.tasks.detect.compare import CLOSE, detections_apart
from mobilenets.tasks.detect.ending import Ending
from mobilenets.tasks.detect.tail import LIMIT, Decoded, Suppressed

CLASSES = 5

Run = Callable[[Tensor], NDArray[np.float32]]


def _rows(photographs: int, boxes: int, *, moves: int = 1, step: float = 0.0) -> Tensor:
    """Rows of a detector; with a `step` scores and places stand on a coarse grid, so that many are equal."""
    draw = torch.Generator().manual_seed(boxes)
    corners = torch.rand(photographs, boxes, 4, generator=draw)
    still = torch.cat([torch.minimum(corners[..., :2], corners[..., 2:]), corners.sort(-1).values[..., 2:]], -1)
    scores = 3 * torch.randn(photographs, boxes, CLASSES + 1, generator=draw) - 2
    offsets = torch.randn(photographs, boxes, 4 * moves, generator=draw)
    rows = torch.cat([scores, offsets, still], -1)
    return (rows / step).round() * step if step else rows


def _onnx(tail: nn.Module, rows: Tensor, folder: Path) -> Path:
    file = folder / "tail.onnx"
    with quiet(), torch.no_grad():
        program: Any = torch.onnx.export(
            tail,
            (rows[:1].repeat(2, 1, 1),),
            input_names=["rows"],
            opset_version=OPSET,
            dynamo=True,
            dynamic_shapes=({0: "batch"},),
            verbose=False,
            custom_translation_table=survivors_table(),
        )
        program.save(file)
    return file


def _opened(runtime: str, file: Path) -> Run:
    if runtime == "onnx":
        session = pytest.importorskip("onnxruntime").InferenceSession(str(file), providers=["CPUExecutionProvider"])
        return lambda rows: np.asarray(session.run(None, {"rows": rows.numpy()})[0])
    compiled = pytest.importorskip("openvino").Core().compile_model(file, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return lambda rows: np.array(compiled(rows.numpy())[0])


@pytest.mark.parametrize("runtime", ["onnx", "openvino"])
@pytest.mark.parametrize(
    ("boxes", "exclusive", "moves"),
    [(400, False, 1), (400, True, CLASSES), (9, False, 1)],
    ids=["ssd", "faster_rcnn", "fewer_than_there_is_room_for"],
)
def test_the_file_keeps_what_pytorch_keeps(
    runtime: str, boxes: int, exclusive: bool, moves: int, tmp_path: Path
) -> None:
    pytest.importorskip("onnxscript")
    tail = Suppressed(CLASSES, exclusive=exclusive).eval()
    rows = _rows(3, boxes, moves=moves)
    run = _opened(runtime, _onnx(tail, rows, tmp_path))
    for part in (rows, rows[:1]):
        made = run(part)
        assert made.shape == (len(part), LIMIT, 6)
        assert detections_apart(made, tail(part).numpy()) <= CLOSE


@pytest.mark.parametrize("runtime", ["onnx", "openvino"])
def test_nothing_likely_is_nothing_found(runtime: str, tmp_path: Path) -> None:
    pytest.importorskip("onnxscript")
    rows = _rows(2, 30)
    rows[0, :, : CLASSES + 1] = -40
    made = _opened(runtime, _onnx(Suppressed(CLASSES, exclusive=False), rows, tmp_path))(rows)
    assert (made[0] == np.array([0, 0, 0, 0, 0, -1], np.float32)).all()
    assert (made[1, :, 5] >= 0).any()


@pytest.mark.parametrize("runtime", ["onnx", "openvino"])
def test_of_equal_scores_as_many_stay(runtime: str, tmp_path: Path) -> None:
    """Which of them comes first is the runtime's own; scores and boxes that do not cover each other are the same."""
    pytest.importorskip("onnxscript")
    tail = Suppressed(CLASSES, exclusive=False).eval()
    rows = _rows(2, 40, step=0.5)
    rows[..., CLASSES + 1 : CLASSES + 5] = 0
    rows[..., -4:] = torch.arange(40.0)[:, None] + torch.tensor([0.0, 0, 0.5, 0.5])
    made = _opened(runtime, _onnx(tail, rows, tmp_path))(rows)
    right = tail(rows).numpy()
    np.testing.assert_allclose(made[..., 4], right[..., 4], rtol=1e-6)
    for one, other in zip(made, right, strict=True):
        border = one[-1, 4] + CLOSE  # of those that stand at the end any may be left out
        assert {tuple(row) for row in one[one[:, 4] > border, :1].tolist()} == {
            tuple(row) for row in other[other[:, 4] > border, :1].tolist()
        }


def test_the_documents_suppression_keeps_what_ours_keeps() -> None:
    text = (Path(__file__).parents[3] / "docs" / "detector_files.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    known: dict[str, Any] = {}
    exec(code, known)
    ending = Ending("boxes", CLASSES, "ssd")
    decoded = Decoded(CLASSES)(_rows(2, 60))
    for one, ours in zip(decoded, ending.read(decoded), strict=True):
        boxes, kinds, scores = known["detections"](one.numpy(), least=0.2)
        sure = int((ours.scores > 0.2).sum())
        assert 0 < len(scores) == sure
        np.testing.assert_array_equal(boxes, ours.boxes[:sure])
        np.testing.assert_array_equal(kinds, ours.kinds[:sure])
        np.testing.assert_array_equal(scores, ours.scores[:sure])
    nothing = known["detections"](decoded[0].numpy(), least=1.0)
    assert [len(part) for part in nothing] == [0, 0, 0]


@pytest.mark.parametrize("name", ["onnx", "openvino"])
def test_faster_rcnn_has_its_proposals_and_crops_inside(name: str, tmp_path: Path) -> None:
    runtime = runtime_named(name)
    try:
        check_can_export(runtime)
    except UsageError as missing:
        pytest.skip(str(missing))
    network = _random(list(detector("frcnn_mobilenet_v1_0.25_96", classes=CLASSES).layers))
    ending = Ending("rows", CLASSES, "frcnn").of_file(suppression=True)
    module = Shipped(network, Preprocessing(resolution=96), tail=ending.tail())
    file, images = tmp_path / runtime.file, synthetic(count=3, side=96)
    runtime.export(module, Signature("uint8", 96), file)
    run = runtime.open(file)
    for part in (images, images[:1]):
        with torch.no_grad():
            right = module(torch.from_numpy(part)).numpy()
        assert ending.difference(run(part), right) <= CLOSE
