"""Faster R-CNN (Ren et al., 2015) as section 4.6 has it: proposals from a map of the body, each looked at once more.

The first stage ends in `rpn/scores` (object or not) and `rpn/offsets` for 12 anchors at each place. `crop` cuts the
best 300 proposals out of the map; the layers behind it run for each, and end in `scores` and `offsets`, which has a
box for each class but the background.
"""

from dataclasses import dataclass, replace

from mobilenets.architecture.baselines import BASELINES, inception_v2, vgg16
from mobilenets.architecture.detectors.predictor import CORNERS, PREDICTING, Detector, Predictor, layers_of, predict
from mobilenets.architecture.layer import Layer
from mobilenets.architecture.rows import Conv, GlobalAveragePool, Linear, Pool, Separable
from mobilenets.architecture.style import Row, Style, Tap, image_tap, lay, tap_of
from mobilenets.architecture.tables import MOBILENET

PROPOSALS = 300
ANCHORS = 12  # four scales at three aspect ratios
_CROP = (14, 14)
_RPN_CHANNELS = 512


@dataclass(frozen=True, slots=True)
class FasterRcnn:
    """Faster R-CNN on one body: the rows up to a stride of 16, and the rows that each crop goes through."""

    first: tuple[Row, ...]
    second: tuple[Row, ...]
    style: Style


# The body's last two layers see only the crops; nothing stands between their depthwise and pointwise halves.
ON_MOBILENET = FasterRcnn(
    MOBILENET[:12],
    (
        Separable(1024, stride=2, fused=True, name="separable_12"),
        Separable(1024, fused=True, name="separable_13"),
        GlobalAveragePool(name="pool"),
    ),
    Style(min_depth=16),
)
ON_INCEPTION_V2 = FasterRcnn(
    inception_v2.BODY[:-3],
    (*inception_v2.BODY[-3:], GlobalAveragePool(name="pool")),
    BASELINES["inception_v2"].style,
)
# The crop halved is the 7 x 7 map that the fully connected layers of VGG16 read.
ON_VGG16 = FasterRcnn(
    vgg16.BODY[:-1],
    (
        Pool("max", kernel=2, name="pool5"),
        Linear(4096, activation="relu", name="fc6"),
        Linear(4096, activation="relu", name="fc7"),
    ),
    BASELINES["vgg16"].style,
)


def lay_faster_rcnn(
    model: FasterRcnn, *, outputs: int, resolution: int, width: float = 1.0, min_depth: int | None = None
) -> Detector:
    """Lay Faster R-CNN on a square image of `resolution` pixels; `outputs` are a box's classes and the background.

    `width` and `min_depth`, the fewest channels of a layer, are for the body's rows in both stages; a `min_depth` that
    is unset is the body's own. An image with fewer anchors than 300 has that many proposals. Raises `UsageError` where
    a map is too small for the kernel that reads it.
    """
    style = replace(model.style, width=width, min_depth=model.style.min_depth if min_depth is None else min_depth)
    first = lay(model.first, image_tap(resolution), style)
    looked = lay([Conv(_RPN_CHANNELS, name="rpn/conv")], tap_of(first[-1]), _plain(style))
    proposer = predict(tap_of(looked[-1]), shapes=ANCHORS, outputs=2, kernel=1, prefix="rpn/")
    crop = _crop(first[-1], proposer)
    second = lay(model.second, tap_of(crop), style)
    predictor = _classify(tap_of(second[-1]), outputs=outputs)
    each = [replace(layer, repeats=crop.repeats) for layer in (*second, *layers_of([predictor]))]
    answers = Predictor(each[-2], each[-1], shapes=1)
    return Detector((*first, *looked, *layers_of([proposer]), crop, *each), (answers,))


def _plain(style: Style) -> Style:
    """The body's padding and activation, without its width, smallest depth and batch norm."""
    return replace(style, width=1.0, min_depth=1, norm=False)


def _crop(layer: Layer, proposer: Predictor) -> Layer:
    return Layer(
        name="crop",
        op="roi_crop",
        inputs=(layer.name, proposer.scores.name, proposer.offsets.name),
        in_channels=layer.out_channels,
        out_channels=layer.out_channels,
        in_size=layer.out_size,
        out_size=_CROP,
        repeats=min(PROPOSALS, proposer.boxes),
    )


def _classify(tap: Tap, *, outputs: int) -> Predictor:
    (scores,) = lay([Linear(outputs, name="scores")], tap, PREDICTING)
    (offsets,) = lay([Linear(CORNERS * (outputs - 1), name="offsets")], tap, PREDICTING)
    return Predictor(scores, offsets, shapes=1)
