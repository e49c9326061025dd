"""TFLite files of classifiers, bodies and detectors: float, float16 and 8-bit (dequantised).

Batch norm is folded in there.
"""

import io
import zipfile
from typing import Literal

from mobilenets.errors import UsageError
from mobilenets.weights.formats.tflite_grids import grids_of
from mobilenets.weights.formats.tflite_heads import Heads, heads_of
from mobilenets.weights.formats.tflite_model import Model, parse
from mobilenets.weights.formats.tflite_tensors import Tensor
from mobilenets.weights.formats.tflite_way import Beside, Made, Way
from mobilenets.weights.found import Detecting, Found, Predicting
from mobilenets.weights.read import WeightFile

_PADDINGS: tuple[Literal["same", "symmetric"], ...] = ("same", "symmetric")
_LONGEST_LABELS = 1 << 20


def read(file: WeightFile) -> Found:
    """The kernels, biases and grids of a TFLite file, with its resolution, padding, activation and scaling.

    Raises `UsageError` for a file that is damaged, and for one that is no plain network of convolutions.
    """
    model = parse(file.content, where=str(file.path))
    entry, heads = _entry(model), heads_of(model)
    way = Way(model, entry, heads)
    way.follow()
    beside = way.beside(heads) if heads else None
    image = model.tensor(entry)
    body, classifier = way.made[: way.body], way.classifier
    types = sorted({layer.weights.type for layer in way.made})
    mean, std = _scaling(image)
    return Found(
        form=f"TFLite ({', '.join(types)})",
        kernels=tuple(layer.kernel for layer in body),
        classifier=classifier.kernel if classifier else None,
        detecting=_detecting(beside) if beside else None,
        padding=next((padding for padding in _PADDINGS if padding in way.paddings), None),
        activation=body[0].activation if body else None,
        resolution=image.shape[1],
        mean=mean,
        std=std,
        crop=1.0 if heads else None,
        squash=True,
        interpolation="tf_bilinear",
        classes=_classes(file.content, counts=_outputs(classifier, heads)),
        quantised=grids_of(way, beside),
        notes=tuple(f"dequantised from {kind}" for kind in types if kind != "float32"),
    )


def _outputs(classifier: Made | None, heads: Heads | None) -> tuple[int, ...]:
    """How many names the file may give: some lists of a detector name the background too, some do not."""
    if heads:
        return (heads.suppressing.classes, heads.suppressing.classes + 1)
    return (len(classifier.kernel.values),) if classifier else ()


def _entry(model: Model) -> int:
    """The number of the tensor that takes the image."""
    if len(model.inputs) != 1:
        raise UsageError(f"{model.where} has {len(model.inputs)} inputs: a network that sees one image has 1")
    match model.tensor(model.inputs[0]).shape:
        case (_, height, width, 3) if height == width:
            return model.inputs[0]
        case shape:
            raise UsageError(f"{model.where} takes {list(shape)}: read are networks for square images of 3 colours")


_Three = tuple[float, float, float]


def _scaling(image: Tensor) -> tuple[_Three, _Three] | tuple[None, None]:
    """Mean and std of (x / 255 - mean) / std for an input in bytes, whose grid says what a byte stands for.

    The byte x of a pixel is stored as x in uint8 and as x - 128 in int8. A float input says nothing.
    """
    if image.grid is None or image.type not in ("uint8", "int8"):
        return None, None
    mean = (image.grid.zero_points[0] - image.grid.low) / 255
    std = 1 / (255 * image.grid.scales[0])
    return (mean, mean, mean), (std, std, std)


def _detecting(beside: Beside) -> Detecting:
    return Detecting(
        predictors=tuple(
            Predicting(reads=pair.reads, scores=pair.scores.kernel, offsets=pair.offsets.kernel)
            for pair in beside.predictors
        ),
        boxes=beside.heads.defaults,
        step=max(beside.heads.grid.scales) if beside.heads.grid else 0.0,
        suppressing=beside.heads.suppressing,
    )


def _classes(content: bytes, *, counts: tuple[int, ...]) -> tuple[str, ...] | None:
    """The lines of the one text file that TFLite's metadata may append in a zip, if it has so many."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            labels = [entry for entry in archive.infolist() if entry.filename.endswith(".txt")]
            if len(labels) != 1:
                return None
            with archive.open(labels[0]) as lines:
                names = lines.read(_LONGEST_LABELS).decode().splitlines()
    except Exception:  # what zipfile raises on damaged archives is no closed list, and labels are a kindness
        return None
    return tuple(names) if len(names) in counts else None
