"""From the weights of a file to one of our networks: which one it is, and all that is known of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import ceil
from typing import Literal, TypeVar

from torch import Tensor

from mobilenets.architecture import names
from mobilenets.architecture.baselines import POOLED
from mobilenets.architecture.layer import Activation, Layer
from mobilenets.architecture.names import FAMILIES
from mobilenets.architecture.rows import GlobalAveragePool
from mobilenets.architecture.tables import MAX_WIDTH, classifier, embedder, extend
from mobilenets.data.preprocess import Preprocessing
from mobilenets.errors import UsageError
from mobilenets.network.graph import Network
from mobilenets.network.quantisation import LayerQuantisation, Quantisation
from mobilenets.run import Architecture
from mobilenets.weights.detecting import BODIES, SMALLEST_DEPTH, all_kernels, check_detecting, detector_layers
from mobilenets.weights.found import Found, Quantised
from mobilenets.weights.placing import by, shape_of, state_of

Value = TypeVar("Value")

_EPSILON = 1e-3
_USUAL_RESOLUTION = 224
_HALF = (0.5, 0.5, 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the user says of a file, in place of what it says itself; None is what the file says or what is usual."""

    resolution: int | None = None
    padding: Literal["same", "symmetric"] | None = None
    activation: Activation | None = None
    mean: tuple[float, float, float] | None = None
    std: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """One of our networks with a file's weights: `state` is its state_dict, `outputs` is 0 without a classifier.

    `dimension` is the length of the vectors that it ends in, 0 where these are none. `framework` is that of a detector,
    whose `outputs` are its kinds of things, without the background; `classes` are their names.

    `quantisation` is what `network.int8.simulate` takes, where the file is an 8-bit one. `assumed` are the words
    (padding, activation, ...) that neither the file nor the user said; they are what is usual. Of the outputs one is
    the answer where they are `exclusive`; otherwise each is a yes or no of its own.
    """

    form: str
    architecture: Architecture
    framework: Literal["ssd", "frcnn"] | None = None
    layers: tuple[Layer, ...]
    state: dict[str, Tensor]
    outputs: int
    dimension: int = 0
    preprocessing: Preprocessing
    classes: tuple[str, ...] | None
    quantisation: Quantisation | None
    assumed: tuple[str, ...]
    notes: tuple[str, ...]
    exclusive: bool = True

    @property
    def name(self) -> str:
        """The network's name; a detector's begins with its framework."""
        return f"{self.framework}_{self.architecture.name}" if self.framework else str(self.architecture.name)

    def network(self) -> Network:
        """The network with these weights, for training or evaluation."""
        network = Network(self.layers, dropout=self.architecture.dropout)
        network.load_state_dict(self.state)
        return network


def fit(found: Found, asked: Asked = Asked(), *, where: str) -> Fitted:
    """Find the network that a file's kernels belong to and put them into it; `where` names the file in messages.

    What neither the file nor `asked` says is what is usual (224 pixels, TensorFlow's SAME, ReLU6, [-1, 1]), and a
    note says so. Raises `UsageError` where the kernels are those of no network of `FAMILIES`.
    """
    notes = list(found.notes)
    usual = _Usual(notes)
    architecture = _architecture(
        found,
        where=where,
        resolution=usual.of("resolution", asked.resolution, found.resolution, usual=_USUAL_RESOLUTION),
        padding=usual.of("padding", asked.padding, found.padding, usual="same"),
        activation=usual.of("activation", asked.activation, found.activation, usual="relu6"),
    )
    heads = [head for head in (found.classifier, found.embedding) if head]
    notes += _check_detector(found, architecture, where=where)
    layers = _layers(found, architecture)
    return Fitted(
        form=found.form,
        framework="ssd" if found.detecting else None,
        architecture=architecture,
        layers=layers,
        state=state_of(layers, [*all_kernels(found), *heads], where=where),
        outputs=_outputs(found),
        dimension=0 if found.embedding is None else len(found.embedding.values),
        preprocessing=Preprocessing(
            resolution=architecture.resolution,
            crop=0.875 if found.crop is None else found.crop,
            squash=bool(found.squash),
            up=found.up or 0.0,
            interpolation=found.interpolation or "bilinear",
            mean=usual.of("mean", asked.mean, found.mean, usual=_HALF),
            std=usual.of("std", asked.std, found.std, usual=_HALF),
        ),
        classes=found.classes,
        quantisation=None if found.quantised is None else _quantisation(found.quantised, layers),
        assumed=tuple(usual.words),
        notes=tuple(notes),
    )


def _outputs(found: Found) -> int:
    if found.detecting:
        return found.detecting.suppressing.classes
    return 0 if found.classifier is None else len(found.classifier.values)


def _layers(found: Found, architecture: Architecture) -> tuple[Layer, ...]:
    """The network of a file: its body, and the head that the file has for it."""
    if found.detecting:
        return detector_layers(architecture, found.detecting)
    body = architecture.body()
    if found.classifier:
        return (*body, *classifier(body, len(found.classifier.values)))
    if found.embedding:
        return (*body, *embedder(body, len(found.embedding.values)))
    return (*body, *extend(body, [GlobalAveragePool(name="pool")]))


def _check_detector(found: Found, architecture: Architecture, *, where: str) -> tuple[str, ...]:
    """Notes on a detector. Another resolution has other default boxes: what is checked is the network of the file."""
    if found.detecting is None:
        return ()
    theirs = replace(architecture, resolution=found.resolution or architecture.resolution)
    return check_detecting(found.detecting, detector_layers(theirs, found.detecting), where=where)


@dataclass(frozen=True, slots=True)
class _Usual:
    """Chooses between what the user says, what the file says and what is usual, and notes the last."""

    notes: list[str]
    words: list[str] = field(default_factory=list)

    def of(self, word: str, asked: Value | None, found: Value | None, *, usual: Value) -> Value:
        if asked is not None:
            return asked
        if found is not None:
            return found
        self.words.append(word)
        self.notes.append(f"the file does not say its {word}: taken to be {usual} (--{word} says otherwise)")
        return usual


def _quantisation(quantised: Quantised, layers: Sequence[Layer]) -> Quantisation | None:
    """The grids by the names of our layers; None where the file pools on no grid."""
    weighted = iter(quantised.layers)
    named: dict[str, LayerQuantisation] = {}
    for layer in layers:
        if layer.weights:
            named[layer.name] = next(weighted)
        elif quantised.joined:
            named[layer.name] = quantised.joined
        elif quantised.pooled:
            named[layer.name] = LayerQuantisation(output=quantised.pooled)
        else:
            return None
    return Quantisation(image=quantised.image, layers=named, probabilities=quantised.probabilities)


def _architecture(
    found: Found,
    *,
    where: str,
    resolution: int,
    padding: Literal["same", "symmetric"],
    activation: Activation,
) -> Architecture:
    """The family and width whose kernels have the shapes found."""
    if not found.kernels:
        raise UsageError(f"{where} holds no kernels of a convolution")
    norms = {kernel.norm.epsilon if kernel.norm else None for kernel in found.kernels}
    if len(norms) != 1:
        raise UsageError(f"{where}: its batch norms are not all alike ({norms}): it is none of our networks")
    epsilon = norms.pop()
    if epsilon is not None and not 0.0 < epsilon <= 1.0:
        raise UsageError(f"{where}: its batch norms add {epsilon:g} to the variance, (0, 1] is possible: it is damaged")
    shapes = [(kernel.values.shape, kernel.groups) for kernel in all_kernels(found)]
    smallest = SMALLEST_DEPTH if found.detecting else Architecture.min_depth
    for family in _families(found):
        body = len(names.body(names.Name(family))) if found.detecting else len(shapes)
        width = _width(family, [shape[0] for shape, _ in shapes[:body]], smallest=smallest)
        if width is None:
            continue
        fitting = Architecture(
            family=family,
            width=width,
            min_depth=smallest,
            resolution=resolution,
            padding=padding,
            activation=activation,
            norm=epsilon is not None,
            norm_epsilon=_EPSILON if epsilon is None else epsilon,
        )
        layers = detector_layers(fitting, found.detecting) if found.detecting else fitting.body()
        if shapes == [(shape_of(layer), layer.groups) for layer in layers if layer.weights]:
            return fitting
    raise UsageError(
        f"{where} holds {len(shapes)} kernels from {by(shapes[0][0])} to {by(shapes[-1][0])}: "
        f"none of {', '.join(_families(found))} has these at any width"
    )


def _families(found: Found) -> tuple[str, ...]:
    """The families that a file's kernels may be of."""
    if found.detecting:
        return BODIES
    return tuple(FAMILIES) if found.family is None else (found.family,)


def _width(family: str, channels: Sequence[int], *, smallest: int) -> float | None:
    """The width with the fewest decimals that makes the family's depths the channels found; None if none does.

    A layer of c channels, d at width 1, says that c <= d * width < c + 1; one at the smallest depth says nothing.
    """
    if family in POOLED:
        return 1.0
    layers = names.body(names.Name(family))
    if len(layers) != len(channels):
        return None
    bounds = [
        (Fraction(c, layer.out_channels), Fraction(c + 1, layer.out_channels))
        for c, layer in zip(channels, layers, strict=True)
        if c > smallest
    ]
    if not bounds:
        return None
    low, high = max(bound[0] for bound in bounds), min(bound[1] for bound in bounds)
    for digits in range(1, 7):
        width = Fraction(ceil(low * 10**digits), 10**digits)
        if width < high:
            return float(width) if width <= MAX_WIDTH else None
    return None
