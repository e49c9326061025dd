"""What a detector's TFLite file has behind its maps: predictors, their outputs joined, default boxes, suppression.

All of it is found from TFLite's operator `TFLite_Detection_PostProcess` back: joined offsets and joined scores lead to
the convolutions that predict them, and these to the maps they read (TensorFlow's
`tensorflow/lite/kernels/detection_postprocess.cc`, and Object Detection's `export_tflite_ssd_graph`).
"""

from dataclasses import dataclass

from mobilenets.architecture.detectors.predictor import CORNERS
from mobilenets.errors import UsageError
from mobilenets.network.quantisation import Grid
from mobilenets.weights.formats.flexbuffer import numbers_of
from mobilenets.weights.formats.tflite_model import Model
from mobilenets.weights.formats.tflite_operators import Operator
from mobilenets.weights.formats.tflite_tensors import Tensor
from mobilenets.weights.found import Array, Suppressing

POSTPROCESS = "TFLite_Detection_PostProcess"
_BETWEEN = ("RESHAPE", "SQUEEZE", "LOGISTIC", "DEQUANTIZE", "QUANTIZE")
_READS = ("offsets", "scores", "default boxes")
_MOST = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """The convolutions whose outputs are joined, in the order of the joining, and the tensor that they are then."""

    convolutions: tuple[Operator, ...]
    tensor: Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """Everything behind the maps: `operators` are all that belong to it, by identity.

    `defaults` are the default boxes (n, 4) and `grid` is theirs, if they have one; `probabilities` is what the sigmoid
    makes of the scores; `maps` are the tensors that predictors read.
    """

    operators: frozenset[int]
    scores: Joined
    offsets: Joined
    probabilities: Tensor
    defaults: Array
    grid: Grid | None
    suppressing: Suppressing

    @property
    def maps(self) -> tuple[int, ...]:
        return tuple(operator.inputs[0] for operator in self.scores.convolutions)


def heads_of(model: Model) -> Heads | None:
    """The heads of a detector; None for a file that is none. Raises `UsageError` for heads of another make."""
    ends = [operator for operator in model.operators if operator.kind == POSTPROCESS]
    if not ends:
        return None
    walk = _Walk(model)
    if len(ends) != 1 or len(ends[0].inputs) != len(_READS) or set(model.outputs) - set(ends[0].outputs):
        raise walk.refused(f"its outputs are not those of one {POSTPROCESS} that reads {', '.join(_READS)}")
    offsets, scores, boxes = ends[0].inputs
    walk.passed.add(id(ends[0]))
    moving, _ = walk.joined(offsets)
    scoring, probabilities = walk.joined(scores)
    if [one.inputs[0] for one in moving.convolutions] != [one.inputs[0] for one in scoring.convolutions]:
        raise walk.refused("its scores and its offsets are predicted from different maps")
    if probabilities is None:
        raise walk.refused("its scores go through no LOGISTIC")
    defaults = model.values(boxes)
    if defaults is None or defaults.shape != (len(defaults), CORNERS):
        raise walk.refused("its default boxes are no constant of four numbers each")
    told = scoring.tensor.shape
    if told[:2] != (1, len(defaults)):
        raise walk.refused(f"its scores are {list(told)} for {len(defaults):,} default boxes")
    return Heads(
        operators=frozenset(walk.passed),
        scores=scoring,
        offsets=moving,
        probabilities=probabilities,
        defaults=defaults,
        grid=model.tensor(boxes).grid,
        suppressing=suppressing_of(ends[0], where=model.where),
    )


class _Walk:
    """Goes back from the end of a graph; `passed` are the operators on the way, by identity."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.passed: set[int] = set()

    def refused(self, why: str) -> UsageError:
        return UsageError(f"{self.model.where}: {why}; read are detectors as TensorFlow's SSD are exported")

    def joined(self, number: int) -> tuple[Joined, Tensor | None]:
        """What a tensor was joined of, and what its sigmoid made if there is one on the way."""
        joint, made = self._back(number)
        if joint.kind != "CONCATENATION" or joint.options.activation:
            raise self.refused(f"its boxes are joined by a {joint.kind}")
        convolutions = []
        for part in joint.inputs:
            convolution, within = self._back(part)
            if convolution.kind != "CONV_2D" or within is not None:
                raise self.refused(f"a {convolution.kind} predicts its boxes")
            if convolution.options.activation or len(self.model.readers.get(convolution.outputs[0], ())) != 1:
                raise self.refused("a predictor of its boxes has an activation, or is read twice")
            convolutions.append(convolution)
        return Joined(convolutions=tuple(convolutions), tensor=self.model.tensor(joint.outputs[0])), made

    def _back(self, number: int) -> tuple[Operator, Tensor | None]:
        """The first operator back from a tensor that is no mere change of shape, and the sigmoid's output between."""
        sigmoid = None
        for _ in self.model.operators:
            maker = self.model.makers.get(number)
            if maker is None or not maker.inputs or id(maker) in self.passed:
                break
            self.passed.add(id(maker))
            if maker.kind not in _BETWEEN:
                return maker, sigmoid
            if maker.kind == "LOGISTIC":
                if sigmoid is not None:
                    break
                sigmoid = self.model.tensor(maker.outputs[0])
            number = maker.inputs[0]
        raise self.refused(f"the way back from {POSTPROCESS} ends at {self.model.tensor(number).name}")


def suppressing_of(operator: Operator, *, where: str) -> Suppressing:
    """The options of TFLite_Detection_PostProcess. Raises `UsageError` for ones that are missing or cannot be."""
    held = numbers_of(operator.custom, where=f"{where}: the options of its {POSTPROCESS}")
    try:
        found = Suppressing(
            most=int(held["max_detections"]),
            kinds_of_a_box=int(held["max_classes_per_detection"]),
            score=float(held["nms_score_threshold"]),
            overlap=float(held["nms_iou_threshold"]),
            classes=int(held["num_classes"]),
            divisors=tuple(float(held[f"{side}_scale"]) for side in "yxhw"),  # type: ignore[arg-type]
            by_class=bool(held.get("use_regular_nms", 0)),
        )
    except (KeyError, ValueError, OverflowError) as error:
        raise UsageError(f"{where}: {POSTPROCESS} lacks an option ({error}): it is damaged, fetch it again") from None
    counts = (found.most, found.kinds_of_a_box, found.classes)
    if not all(0 < count <= _MOST for count in counts) or not 0 < found.overlap <= 1 or not 0 <= found.score <= 1:
        raise UsageError(f"{where}: {POSTPROCESS} has options that cannot be: it is damaged, fetch it again")
    return found
