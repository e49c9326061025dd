"""The networks that the paper compares MobileNets with (Tables 8 to 10, 13 and 14), as plain tables.

Beside them MobileFaceNet, a teacher of faces whose weights are at hand; those of the paper's FaceNet never were.
"""

from collections.abc import Callable
from dataclasses import dataclass

from mobilenets.architecture.baselines import (
    alexnet,
    facenet_nn2,
    googlenet,
    inception_v2,
    inception_v3,
    mobilefacenet,
    squeezenet,
    vgg16,
)
from mobilenets.architecture.style import Row, Style
from mobilenets.architecture.tables import classifier_rows, embedder_rows


@dataclass(frozen=True, slots=True)
class Published:
    """What the paper prints for a network, in millions, and why counting its layers gives something else."""

    mult_adds: float
    params: float
    explanation: str


@dataclass(frozen=True, slots=True)
class Baseline:
    """One network: its rows before the head, the head for a number of outputs, and what it was published with.

    `resolution` is the side of its input in pixels, `outputs` the number of classes (or the length of the
    embedding). `published` is empty where the paper prints no figure for this network or this variant of it.
    """

    body: tuple[Row, ...]
    style: Style
    resolution: int = 224
    head: Callable[[int], tuple[Row, ...]] = classifier_rows
    outputs: int = 1000
    published: Published | None = None


_PLAIN = Style(padding="symmetric", activation="relu", norm=False)
_NORMED = Style(padding="symmetric", activation="relu")

BASELINES: dict[str, Baseline] = {
    "alexnet": Baseline(
        alexnet.TWO_COLUMNS,
        _PLAIN,
        resolution=227,
        head=alexnet.head,
        published=Published(720, 60, "The paper rounds down what the two-column network at 227 pixels counts."),
    ),
    "alexnet_one_column": Baseline(alexnet.ONE_COLUMN, _PLAIN, head=alexnet.head),
    "vgg16": Baseline(
        vgg16.BODY,
        _PLAIN,
        head=alexnet.head,
        published=Published(15300, 138, "The paper counts the convolutions only, without the fully connected layers."),
    ),
    "googlenet": Baseline(
        googlenet.BODY,
        _PLAIN,
        published=Published(
            1550, 6.8, "Unexplained: the figures lie between the published 5x5 layout and the 3x3 one (googlenet_3x3)."
        ),
    ),
    "googlenet_3x3": Baseline(googlenet.BODY_3X3, _NORMED),
    "squeezenet_1.0": Baseline(
        squeezenet.BODY,
        _PLAIN,
        resolution=227,
        head=squeezenet.head,
        published=Published(
            1700, 1.25, "The paper counts two operations for each mult-add here, and one for each everywhere else."
        ),
    ),
    "squeezenet_1.0_padded": Baseline(squeezenet.BODY, _PLAIN, resolution=227, head=squeezenet.padded_head),
    "inception_v2": Baseline(inception_v2.BODY, Style(activation="relu")),
    "inception_v3": Baseline(
        inception_v3.BODY,
        _NORMED,
        resolution=299,
        published=Published(
            5000,
            23.2,
            "The mult-adds are the round figure of Inception V3's own paper; "
            "the params lie between those with 120 outputs (the dogs of Table 10) and with 1000.",
        ),
    ),
    "facenet_nn2": Baseline(
        facenet_nn2.BODY,
        Style(activation="relu", norm=False),
        head=embedder_rows,
        outputs=facenet_nn2.EMBEDDING,
        published=Published(1600, 7.5, "As counted, rounded."),
    ),
    "mobilefacenet": Baseline(
        mobilefacenet.BODY,
        Style(padding="symmetric", activation="prelu", epsilon=1e-5),
        resolution=112,
        head=embedder_rows,
        outputs=mobilefacenet.EMBEDDING,
    ),
}

# Those whose head reads a pooled map, so that a task can put its own there.
POOLED = tuple(name for name, one in BASELINES.items() if one.head in (classifier_rows, embedder_rows))
