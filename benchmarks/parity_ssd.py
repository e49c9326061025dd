"""`python -m benchmarks.parity_ssd --data DIR`: the published SSD as our network, beside LiteRT's own interpreter.

DIR holds `weights/` and `coco_mini/`. Average precision is pycocotools'.
"""

import argparse
import contextlib
import io
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from benchmarks.report import Result, Table, machine, machine_line, write_result
from mobilenets.data.preprocess import Preprocessing, scale
from mobilenets.data.shapes import Centre, shaped
from mobilenets.errors import JobError, UsageError
from mobilenets.maths.boxes import CORNERS, cornered, moved, overlaps
from mobilenets.maths.suppression import Kept, suppressed
from mobilenets.network.graph import Network
from mobilenets.network.int8 import quantise, simulate
from mobilenets.weights.fitting import Fitted, fit
from mobilenets.weights.found import Detecting
from mobilenets.weights.read import read_weights

FILE = "ssd_mobilenet_v1_coco_quant_detect.tflite"
_SURE, _SAME, _TEN, _HUNDRED = 0.3, 0.95, 10, 100
_BATCH = 8


@dataclass(frozen=True, slots=True)
class Boxes:
    """All boxes of a photograph before suppression: (n, 4), and the scores (n, 91) with the background first."""

    boxes: Tensor
    scores: Tensor


@dataclass(frozen=True, slots=True)
class Photographs:
    """Those of a small COCO, and its annotations."""

    annotations: Path
    files: tuple[Path, ...]
    marked: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Ssd:
    """The file, what it says of its boxes, and the network that it is."""

    path: Path
    detecting: Detecting
    fitted: Fitted

    def boxes(self, network: Network, images: Tensor, *, whole: bool, rounded: bool) -> list[Boxes]:
        """What a network says of bytes (N, 3, H, W); `whole` scores stand on the file's grid, `rounded` boxes too."""
        with torch.inference_mode():
            kinds = self.fitted.outputs + 1
            parts = [network(scale(part, self.fitted.preprocessing)) for part in torch.split(images, _BATCH)]
        scores, offsets, defaults = torch.cat(parts).tensor_split([kinds, kinds + CORNERS], -1)
        own = cornered(torch.from_numpy(self.detecting.boxes)) if rounded else defaults
        facts = self.fitted.quantisation
        told = scores.sigmoid()
        if whole and facts and facts.probabilities:
            told = quantise(told, facts.probabilities)
        return [Boxes(*one) for one in zip(moved(own, offsets), told, strict=True)]


def fast(found: Boxes, *, limit: int = _TEN) -> Tensor:
    """Which boxes the file keeps: one class a box, suppressed by any surer box; equal scores in the boxes' order."""
    from torchvision.ops import nms

    order = torch.sort(found.scores[:, 1:].amax(1), descending=True, stable=True).indices
    ranks = torch.arange(len(order), 0, -1, dtype=torch.float32)
    return order[nms(found.boxes[order], ranks, 0.6)[:limit]]


def as_the_file(found: Boxes) -> Kept:
    """Suppressed as the file does."""
    stay = fast(found)
    best, kinds = found.scores[stay, 1:].max(1)
    return Kept(found.boxes[stay], kinds, best)


def by_class(found: Boxes, *, limit: int) -> Kept:
    """Suppressed as the task `detect` does."""
    return suppressed(found.boxes[:, None], found.scores[:, 1:], limit=limit, threshold=1e-8, overlap=0.6)


def interpreted(path: Path, images: Tensor) -> list[Kept]:
    """What LiteRT finds in bytes (N, 3, H, W)."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path), num_threads=torch.get_num_threads())
    interpreter.allocate_tensors()
    outputs = [one["index"] for one in interpreter.get_output_details()[:3]]
    found = []
    for image in images.permute(0, 2, 3, 1).contiguous().numpy():
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image[None])
        interpreter.invoke()
        boxes, kinds, scores = (torch.from_numpy(interpreter.get_tensor(number)[0].copy()) for number in outputs)
        found.append(Kept(boxes[:, [1, 0, 3, 2]], kinds.long(), scores))
    return found


def average_precision(photographs: Photographs, found: Sequence[Kept]) -> list[str]:
    """AP and AP50 by pycocotools."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(photographs.annotations))
        evaluator = COCOeval(truth, truth.loadRes(_results(photographs, found)), "bbox")
        evaluator.evaluate()
        evaluator.accumulate()
        evaluator.summarize()
    return [f"{value:.4f}" for value in evaluator.stats[:2]]


def _results(photographs: Photographs, found: Sequence[Kept]) -> list[dict[str, Any]]:
    """Detections as COCO writes them; the file's kind 0 is COCO's number 1."""
    results = []
    for image, kept in zip(photographs.marked, found, strict=True):
        sides = torch.tensor([image["width"], image["height"]] * 2)
        corners = (kept.boxes * sides).double()
        corners[:, 2:] -= corners[:, :2]
        rows = zip(corners.tolist(), kept.kinds.tolist(), kept.scores.tolist(), strict=True)
        results += [
            {"image_id": image["id"], "category_id": kind + 1, "bbox": box, "score": score} for box, kind, score in rows
        ]
    return results


def _agreement(theirs: Sequence[Kept], ours: Sequence[Kept]) -> str:
    """Of their sure boxes, how many are among ours with the same class."""
    sure = same = 0
    for one, other in zip(theirs, ours, strict=True):
        told = one.scores > _SURE
        alike = one.kinds[told][:, None] == other.kinds
        sure += int(told.sum())
        same += int(((overlaps(one.boxes[told], other.boxes) * alike).amax(1) > _SAME).sum())
    return f"{same} of {sure}"


def _before(whole: Sequence[Boxes], floats: Sequence[Boxes]) -> str:
    """Of the default boxes that the sure ones come from, how many move to the same place in floats."""
    sure = same = 0
    for one, other in zip(whole, floats, strict=True):
        stay = fast(one)
        stay = stay[one.scores[stay, 1:].amax(1) > _SURE]
        alike = one.scores[stay, 1:].argmax(1) == other.scores[stay, 1:].argmax(1)
        near = overlaps(one.boxes[stay], other.boxes[stay]).diagonal() > _SAME
        sure, same = sure + len(stay), same + int((near & alike).sum())
    return f"{same} of {sure}"


def scaled(ssd: Ssd, photographs: Photographs, way: str) -> Tensor:
    """The photographs squashed, in one of the ways of `Preprocessing` or as Pillow's `resize` does."""
    side = ssd.fitted.preprocessing.resolution
    if way == "Pillow":
        opened = [Image.open(file).convert("RGB").resize((side, side), Image.Resampling.BILINEAR) for file in
                  photographs.files]  # fmt: skip
        pixels = np.stack([np.asarray(one) for one in opened])
    else:
        shown: Preprocessing = replace(ssd.fitted.preprocessing, interpolation=way)  # type: ignore[arg-type]
        pixels = np.stack([shaped(file.read_bytes(), Centre(shown)) for file in photographs.files])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2)


def run(data: Path) -> Result:
    """Measure it all."""
    photographs, ssd = _photographs(data / "coco_mini"), _ssd(data / "weights" / FILE)
    tables = [_table(ssd, photographs, way) for way in ("tf_bilinear", "bilinear", "Pillow")]
    return Result(tables, {table.title: [list(row) for row in table.rows] for table in tables})


def _table(ssd: Ssd, photographs: Photographs, way: str) -> Table:
    images = scaled(ssd, photographs, way)
    network = ssd.fitted.network().eval()
    assert ssd.fitted.quantisation is not None
    theirs = interpreted(ssd.path, images)
    whole = ssd.boxes(simulate(network, ssd.fitted.quantisation), images, whole=True, rounded=True)
    near = ssd.boxes(network, images, whole=False, rounded=True)
    floats = ssd.boxes(network, images, whole=False, rounded=False)
    rows = [["LiteRT", "the file's, 10", "", "", *average_precision(photographs, theirs)]]
    ways: tuple[tuple[str, str, list[Boxes], Callable[[Boxes], Kept]], ...] = (
        ("whole numbers", "the file's, 10", whole, as_the_file),
        ("floats, the file's rounded default boxes", "the file's, 10", near, as_the_file),
        ("floats", "the file's, 10", floats, as_the_file),
        ("floats", "by class, 10", floats, lambda found: by_class(found, limit=_TEN)),
        ("floats", "by class, 100", floats, lambda found: by_class(found, limit=_HUNDRED)),
    )
    for words, suppression, found, choose in ways:
        kept = [choose(one) for one in found]
        own = [_agreement(theirs, kept), _before(whole, found)] if choose is as_the_file else ["", ""]
        rows.append([f"ours, {words}", suppression, *own, *average_precision(photographs, kept)])
    sure = f"of LiteRT's boxes above {_SURE}, the same class with IoU over {_SAME}"
    titles = ("network", "suppression", sure, "the same before suppression", "AP", "AP50")
    return Table(f"{FILE} on {len(photographs.files)} photographs, scaled as {way}", titles, rows)


def _ssd(path: Path) -> Ssd:
    found = read_weights(path)
    if found.detecting is None:
        raise UsageError(f"{path} is no detector: it is to be the published {FILE}")
    return Ssd(path, found.detecting, fit(found, where=str(path)))


def _photographs(folder: Path) -> Photographs:
    annotations = folder / "annotations" / "instances_val2017.json"
    try:
        marked = json.loads(annotations.read_text("utf-8"))["images"]
    except OSError as error:
        raise UsageError(f"{folder} has no annotations: name with --data the folder that it lies in") from error
    return Photographs(annotations, tuple(folder / "val2017" / one["file_name"] for one in marked), tuple(marked))


def main() -> int:
    """Measure, print, write; gives the exit code: 0 done, 1 failed, 2 the request was wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.parity_ssd", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with weights/ and coco_mini/")
    parser.add_argument("--threads", type=int, default=1, help="threads of both sides")
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks"), help="folder of the results")
    flags = parser.parse_args()
    torch.set_num_threads(flags.threads)
    facts = machine()
    try:
        result = run(flags.data)
    except (UsageError, JobError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    print(f"{result.markdown()}\n\n{machine_line(facts)}")
    write_result(flags.out, "parity_ssd", result, facts=facts)
    return 0


if __name__ == "__main__":
    sys.exit(main())
