"""What all detectors have in common: layers, and among them pairs that score boxes and move them."""

from collections.abc import Iterable
from dataclasses import dataclass

from mobilenets.architecture.layer import Layer
from mobilenets.architecture.rows import Conv
from mobilenets.architecture.style import Style, Tap, lay

CORNERS = 4  # numbers that move a box: two for its centre, two for its sides

# Predictors have exactly the outputs asked for, a bias, and nothing behind them.
PREDICTING = Style(min_depth=1, activation=None, norm=False)


@dataclass(frozen=True, slots=True)
class Predictor:
    """The two layers that answer for one set of boxes, `shapes` of them at each place of a map.

    `scores` has the scores of each shape one behind the other, `offsets` four numbers for each shape (four for each
    class but the background in the second stage of Faster R-CNN).
    """

    scores: Layer
    offsets: Layer
    shapes: int

    @property
    def boxes(self) -> int:
        """How many boxes it answers for in one image."""
        height, width = self.scores.out_size
        return self.shapes * height * width * self.scores.repeats

    @property
    def outputs(self) -> int:
        """Scores of one box."""
        return self.scores.out_channels // self.shapes


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


def predict(tap: Tap, *, shapes: int, outputs: int, kernel: int, prefix: str) -> Predictor:
    """Lay `PREFIXscores` and `PREFIXoffsets` on a map, a convolution each."""
    (scores,) = lay([Conv(shapes * outputs, kernel=kernel, name="scores")], tap, PREDICTING, prefix=prefix)
    (offsets,) = lay([Conv(shapes * CORNERS, kernel=kernel, name="offsets")], tap, PREDICTING, prefix=prefix)
    return Predictor(scores, offsets, shapes=shapes)


def layers_of(predictors: Iterable[Predictor]) -> list[Layer]:
    """The layers of predictors, in their order."""
    return [layer for one in predictors for layer in (one.scores, one.offsets)]
