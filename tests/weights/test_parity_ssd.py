"""The published SSD on real photographs: ours beside LiteRT's own interpreter, and its average precision.

The file suppresses boxes whatever their classes and keeps ten ("fast" in its operator's words), so that is what is
compared here. It rounds its default boxes to a grid; ours are exact, and where boxes are held against the
interpreter's theirs are used.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray
from torch import Tensor
from torchvision.ops import nms

from mobilenets.data.coco_names import categories
from mobilenets.data.detection.objects import Objects
from mobilenets.data.preprocess import scale
from mobilenets.data.shapes import Centre, shaped
from mobilenets.maths.boxes import cornered, moved, overlaps
from mobilenets.maths.suppression import Kept, suppressed
from mobilenets.network.int8 import quantise, simulate
from mobilenets.network.requantise import Kernels
from mobilenets.tasks.detect.answers import Detections
from mobilenets.tasks.detect.scores import score_detections
from mobilenets.weights.coco import detector_names
from mobilenets.weights.fitting import Fitted, fit
from mobilenets.weights.found import Found
from mobilenets.weights.read import read_weights

OVERLAP, THRESHOLD, KEPT = 0.6, 1e-8, 10
SURE = 0.3
FEW = 12
"""Photographs of the 79, where the average precision is not at stake."""


@dataclass(frozen=True)
class Published:
    """The file, what was found in it, and the network that it is."""

    path: Path
    found: Found
    fitted: Fitted

    @property
    def defaults(self) -> NDArray[np.float32]:
        """Its default boxes as the file holds them."""
        assert self.found.detecting is not None
        return self.found.detecting.boxes

    def split(self, outputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Scores, offsets and default boxes of (boxes, 99) outputs."""
        scores, offsets, defaults = outputs.split([self.fitted.outputs + 1, 4, 4], -1)
        return scores, offsets, defaults


@pytest.fixture(scope="module")
def published(shared_data: Path) -> Published:
    path = shared_data / "weights" / "ssd_mobilenet_v1_coco_quant_detect.tflite"
    found = read_weights(path)
    return Published(path, found, fit(found, where="ssd"))


def files(shared_data: Path) -> list[Path]:
    return sorted((shared_data / "coco_mini" / "val2017").glob("*.jpg"))


def squashed(published: Published, paths: list[Path]) -> Tensor:
    """Bytes (N, 3, 300, 300) as evaluation shows them."""
    pixels = np.stack([shaped(path.read_bytes(), Centre(published.fitted.preprocessing)) for path in paths])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2)


def interpreted(published: Published, images: Tensor, *, resolver: str = "BUILTIN") -> list[Kept]:
    """What LiteRT finds in images (N, 3, 300, 300) of bytes, one by one."""
    kernels = getattr(OpResolverType, resolver)
    interpreter = Interpreter(str(published.path), num_threads=1, experimental_op_resolver_type=kernels)
    interpreter.allocate_tensors()
    outputs = [one["index"] for one in interpreter.get_output_details()[:3]]
    found = []
    for image in images.permute(0, 2, 3, 1).contiguous().numpy():
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image[None])
        interpreter.invoke()
        boxes, kinds, scores = (torch.from_numpy(interpreter.get_tensor(number)[0].copy()) for number in outputs)
        found.append(Kept(boxes[:, [1, 0, 3, 2]], kinds.long(), scores))
    return found


def outputs(network: Any, published: Published, images: Tensor) -> Tensor:
    with torch.inference_mode():
        shown = (scale(part, published.fitted.preprocessing) for part in images.split(8))
        return torch.cat([network(part) for part in shown])


def fast(boxes: Tensor, scores: Tensor) -> Kept:
    """As the file suppresses: a box has its likeliest class only, and any likelier box may suppress it."""
    best, kinds = scores[:, 1:].max(1)
    stay = fast_places(boxes, scores)
    return Kept(boxes[stay], kinds[stay], best[stay])


def fast_places(boxes: Tensor, scores: Tensor) -> Tensor:
    """Which boxes stay. Equal scores stay in the order of the boxes: ties are many on a grid of 256 scores."""
    order = torch.sort(scores[:, 1:].amax(1), descending=True, stable=True).indices
    ranks = torch.arange(len(order), 0, -1, dtype=torch.float32)
    return order[nms(boxes[order], ranks, OVERLAP)[:KEPT]]


@pytest.mark.parametrize(
    ("kernels", "resolver", "count"), [("xnnpack", "BUILTIN", FEW), ("reference", "BUILTIN_REF", 2)]
)
def test_in_whole_numbers_it_finds_the_interpreters_boxes_to_the_bit(
    shared_data: Path, published: Published, kernels: Kernels, resolver: str, count: int
) -> None:
    """Weights, order, padding, default boxes, coder and suppression at once: every box, class and score is the same."""
    facts = published.fitted.quantisation
    assert facts is not None and facts.probabilities is not None
    network = simulate(published.fitted.network().eval(), facts, kernels=kernels)
    images = squashed(published, files(shared_data)[:count])
    found = interpreted(published, images, resolver=resolver)
    for rows, theirs in zip(outputs(network, published, images), found, strict=True):
        scores, offsets, defaults = published.split(rows)
        ours = fast(moved(defaults, offsets), quantise(scores.sigmoid(), facts.probabilities))
        assert torch.equal(ours.scores, theirs.scores) and torch.equal(ours.kinds, theirs.kinds)
        torch.testing.assert_close(ours.boxes, theirs.boxes, atol=1e-5, rtol=0)


def test_in_floats_the_same_default_boxes_move_to_the_same_places(shared_data: Path, published: Published) -> None:
    """Held against the boxes that the interpreter's come from: which of two alike is kept hangs by a rounding."""
    facts = published.fitted.quantisation
    assert facts is not None
    network = published.fitted.network().eval()
    images = squashed(published, files(shared_data)[:FEW])
    whole, exact = (outputs(one, published, images) for one in (simulate(network, facts), network))
    own = cornered(torch.from_numpy(published.defaults))
    close = sure = 0
    for rows, floats in zip(whole, exact, strict=True):
        scores, offsets, defaults = published.split(rows)
        told = fast_places(moved(defaults, offsets), scores.sigmoid())
        told = told[scores[told, 1:].amax(1).sigmoid() > SURE]
        theirs, (ours, shifts, _) = moved(defaults, offsets)[told], published.split(floats)
        alike = ours[told, 1:].argmax(1) == scores[told, 1:].argmax(1)
        overlap = overlaps(theirs, moved(own, shifts)[told]).diagonal()
        sure, close = sure + len(told), close + int(((overlap > 0.95) & alike).sum())
    assert sure > 80 and close / sure > 0.85


def objects(shared_data: Path, paths: list[Path]) -> list[Objects]:
    """What stands in photographs, by the annotations."""
    marked = json.loads((shared_data / "coco_mini" / "annotations" / "instances_val2017.json").read_text())
    photographs = {image["file_name"]: image for image in marked["images"]}
    return [_objects(photographs[path.name], marked["annotations"]) for path in paths]


def _objects(image: dict[str, Any], annotations: list[dict[str, Any]]) -> Objects:
    own = [one for one in annotations if one["image_id"] == image["id"]]
    corners = np.array([one["bbox"] for one in own], dtype=np.float64).reshape(-1, 4)
    corners[:, 2:] += corners[:, :2]
    return Objects(
        size=(image["height"], image["width"]),
        boxes=corners,
        labels=tuple(categories()[one["category_id"]] for one in own),
        crowd=np.array([bool(one["iscrowd"]) for one in own], dtype=np.bool_),
        difficult=np.zeros(len(own), dtype=np.bool_),
        areas=np.array([one["area"] for one in own], dtype=np.float64),
    )


def test_its_average_precision(shared_data: Path, published: Published) -> None:
    """.205 and .369 at .5 were measured on the file by its own interpreter, with ten detections a photograph."""
    paths = files(shared_data)
    truths = objects(shared_data, paths)
    rows = outputs(published.fitted.network().eval(), published, squashed(published, paths))
    parts = [published.split(one) for one in rows]
    boxes = [moved(defaults, offsets) for _, offsets, defaults in parts]
    told = [scores.sigmoid() for scores, _, _ in parts]
    ten = average_precision([fast(*one) for one in zip(boxes, told, strict=True)], truths)
    assert abs(ten["AP"] - 0.205) < 0.01 and abs(ten["AP50"] - 0.369) < 0.01
    many = [
        suppressed(box[:, None], score[:, 1:], limit=100, threshold=THRESHOLD, overlap=OVERLAP)
        for box, score in zip(boxes, told, strict=True)
    ]
    assert average_precision(many, truths)["AP"] > 0.235


def average_precision(kept: list[Kept], truths: list[Objects]) -> Mapping[str, float]:
    labels = detector_names(90)
    found = [Detections(labels, one.boxes.numpy(), one.kinds.numpy(), one.scores.numpy()) for one in kept]
    return score_detections(labels, found, truths).figures
