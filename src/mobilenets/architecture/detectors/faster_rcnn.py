"""Faster R-CNN (Ren et al., 2015) as section 4.6 has it: proposals from a map of the body, each looked at once more.

The first stage ends in `rpn/scores` (object or not) and `rpn/offsets` for 12 anchors at each place. `crop` cuts the
best 300 proposals out of the map; the layers behind it run for each, and end in `scores` and `offsets`, which has a
box for each class but the background.
"""

from dataclasses import dataclass, replace

from mobilenets.architecture.baselines import BASELINES, inception_v2, vgg16
from mobilenets.architecture.detectors.default_boxes import anchors
from mobilenets.architecture.detectors.predictor import (
    CORNERS,
    PREDICTING,
    Detector,
    Predictor,
    boxes_layer,
    layers_of,
    predict,
)
from mobilenets.architecture.layer import Layer, Op
from mobilenets.architecture.rows import Conv, GlobalAveragePool, Linear, Pool, Separable
from mobilenets.architecture.style import Row, Style, Tap, image_tap, lay, tap_of
from mobilenets.architecture.tables import MOBILENET

PROPOSALS = 300
_BASE = 256  # pixels: the side of an anchor, times the scales
_SCALES, _RATIOS = (0.25, 0.5, 1.0, 2.0), (0.5, 1.0, 2.0)
_CROP = (14, 14)
_RPN_CHANNELS = 512
# Reference: what proposes, and what stands behind the body, begins small, so that boxes begin where they stand. The
# fully connected layers of VGG16 read too much for the usual weights.
_STDDEV, _FULL_STDDEV = 0.01, 0.005


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


def lay_faster_rcnn(model: FasterRcnn, *, outputs: int, resolution: int, style: Style) -> Detector:
    """Lay Faster R-CNN on a square image of `resolution` pixels; `outputs` are a box's classes and the background.

    `style` is that of the body's rows in both stages. An image with fewer anchors than 300 has that many proposals.
    Raises `UsageError` where a map is too small for the kernel that reads it.
    """
    first = lay(model.first, image_tap(resolution), style)
    (looked,) = lay([Conv(_RPN_CHANNELS, name="rpn/conv")], tap_of(first[-1]), _plain(style))
    shapes = anchors([scale * _BASE / resolution for scale in _SCALES], _RATIOS)
    found = predict(tap_of(looked), shapes=shapes, outputs=2, kernel=1, prefix="rpn/")
    proposer = replace(found, scores=_small(found.scores), offsets=_small(found.offsets))
    proposals = _proposals(proposer)
    crop = _crop(first[-1], proposals)
    second = lay(model.second, tap_of(crop), style)
    answers = _classify(tap_of(second[-1]), outputs=outputs, repeats=crop.repeats)
    each = [_small(replace(layer, repeats=crop.repeats), stddev=_FULL_STDDEV, of="linear") for layer in second]
    stages = (*first, _small(looked), *layers_of([proposer]), proposals, crop, *each, *layers_of([answers]))
    return Detector((*stages, boxes_layer([answers], proposals=proposals)), (answers,))


def _plain(style: Style) -> Style:
    """The body's padding and activation, without its width, smallest depth and batch norm."""
    return replace(style, width=1.0, min_depth=1, norm=False)


def _proposals(proposer: Predictor) -> Layer:
    return Layer(
        name="proposals",
        op="propose",
        inputs=(proposer.scores.name, proposer.offsets.name),
        in_channels=proposer.scores.out_channels,
        out_channels=CORNERS,
        in_size=proposer.scores.out_size,
        out_size=(min(PROPOSALS, proposer.boxes), 1),
        grids=(proposer.grid,),
    )


def _crop(layer: Layer, proposals: Layer) -> Layer:
    return Layer(
        name="crop",
        op="roi_crop",
        inputs=(layer.name, proposals.name),
        in_channels=layer.out_channels,
        out_channels=layer.out_channels,
        in_size=layer.out_size,
        out_size=_CROP,
        repeats=proposals.out_size[0],
    )


def _classify(tap: Tap, *, outputs: int, repeats: int) -> Predictor:
    (scores,) = lay([Linear(outputs, name="scores")], tap, PREDICTING)
    (offsets,) = lay([Linear(CORNERS * (outputs - 1), name="offsets")], tap, PREDICTING)
    return Predictor(_small(replace(scores, repeats=repeats)), _small(replace(offsets, repeats=repeats)))


def _small(layer: Layer, *, stddev: float = _STDDEV, of: Op | None = None) -> Layer:
    """The layer with small first weights, if it is one of the operation or none is named."""
    return replace(layer, stddev=stddev) if of in (None, layer.op) else layer
