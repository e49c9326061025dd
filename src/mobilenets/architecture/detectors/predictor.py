"""What all detectors have in common: layers, and among them pairs that score boxes and move them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mobilenets.architecture.layer import Grid, Layer, Shape
from mobilenets.architecture.rows import Conv
from mobilenets.architecture.style import Style, Tap, lay

CORNERS = 4  # numbers that move a box: two for its centre, two for its sides

# Predictors have exactly the outputs asked for, a bias, and nothing behind them.
PREDICTING = Style(min_depth=1, activation=None, norm=False)


@dataclass(frozen=True, slots=True)
class Predictor:
    """The two layers that answer for one set of boxes, `shapes` of them at each place of a map.

    `scores` has the scores of each shape one behind the other, `offsets` four numbers for each shape. In the second
    stage of Faster R-CNN there are no default boxes but proposals, and `offsets` has four for each class.
    """

    scores: Layer
    offsets: Layer
    shapes: tuple[Shape, ...] = ()

    @property
    def boxes(self) -> int:
        """How many boxes it answers for in one image."""
        return self.grid.boxes if self.shapes else self.scores.repeats

    @property
    def outputs(self) -> int:
        """Scores of one box."""
        return self.scores.out_channels // max(len(self.shapes), 1)

    @property
    def grid(self) -> Grid:
        """Its default boxes."""
        return Grid(self.scores.out_size, self.shapes)


@dataclass(frozen=True, slots=True)
class Detector:
    """A detector's layers in running order, and the predictors whose boxes are its answer, the finest map first."""

    layers: tuple[Layer, ...]
    predictors: tuple[Predictor, ...]

    @property
    def boxes(self) -> int:
        """How many boxes are scored in one image, before suppression."""
        return sum(predictor.boxes for predictor in self.predictors)

    @property
    def outputs(self) -> int:
        """Scores of one box: the classes and the background."""
        return self.predictors[0].outputs


def predict(tap: Tap, *, shapes: tuple[Shape, ...], outputs: int, kernel: int, prefix: str) -> Predictor:
    """Lay `PREFIXscores` and `PREFIXoffsets` on a map, a convolution each."""
    (scores,) = lay([Conv(len(shapes) * outputs, kernel=kernel, name="scores")], tap, PREDICTING, prefix=prefix)
    (offsets,) = lay([Conv(len(shapes) * CORNERS, kernel=kernel, name="offsets")], tap, PREDICTING, prefix=prefix)
    return Predictor(scores, offsets, shapes)


def boxes_layer(predictors: Sequence[Predictor], *, proposals: Layer | None = None) -> Layer:
    """The layer that ends a detector, called `boxes`: what all predictors say, a row a box."""
    first = predictors[0]
    numbers = first.offsets.out_channels // max(len(first.shapes), 1)
    return Layer(
        name="boxes",
        op="boxes",
        inputs=(*(layer.name for layer in layers_of(predictors)), *([proposals.name] if proposals else [])),
        in_channels=first.scores.out_channels,
        out_channels=first.outputs + numbers + CORNERS,
        in_size=first.scores.out_size,
        out_size=(sum(one.boxes for one in predictors), 1),
        grids=() if proposals else tuple(one.grid for one in predictors),
    )


def layers_of(predictors: Iterable[Predictor]) -> list[Layer]:
    """The layers of predictors, in their order."""
    return [layer for one in predictors for layer in (one.scores, one.offsets)]
