"""`mobilenets.create`: a network by its name, with random or published weights."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from mobilenets.architecture import names
from mobilenets.architecture.detectors.names import is_detector
from mobilenets.architecture.layer import Activation, Layer
from mobilenets.architecture.names import Name
from mobilenets.architecture.rows import GlobalAveragePool
from mobilenets.architecture.tables import classifier, extend
from mobilenets.errors import UsageError
from mobilenets.network.graph import Network, module_paths
from mobilenets.network.initialise import initialise
from mobilenets.settings import within
from mobilenets.weights.create_detector import create_detector
from mobilenets.weights.fitting import Asked, Fitted
from mobilenets.weights.published import Published
from mobilenets.weights.registry import find, nearest
from mobilenets.weights.source import fitted

_USUAL_MIN_DEPTH = 8


def create(
    name: str,
    *,
    classes: int | None = None,
    pretrained: bool | str | Path = False,
    padding: Literal["same", "symmetric"] | None = None,
    activation: Activation | None = None,
    min_depth: int | None = None,
    dropout: float = 0.0,
) -> Network:
    """A network: `create("mobilenet_v1_0.5_160", classes=37)`, or with published weights, `pretrained=True`.

    Takes float images (N, 3, H, W) and gives logits (N, classes), or with `classes=0` the pooled features
    (N, channels); unset, the published number of classes. `padding` is TensorFlow's SAME (as the published weights
    have it) or symmetric; unset, padding and activation are the network's own. `dropout` is the share of features
    dropped before each fully connected layer in training.

    `pretrained` may also name weights of `mobilenets weights list`, or be the path of a file of any known format.
    True takes the official ones of the same width, at the nearest resolution where there are none of its own, which
    a warning says; they want images in [-1, 1]. Another number of classes than the weights have gets a random
    classifier on the published body. Padding and activation are then those of the weights; asking for others of
    weights that are published for one is an error.

    A detector (`ssd_mobilenet_v1_1.0_300`) gives a row a box: logits (the background, then `classes`), the offsets
    that move the box, and the box. Its weights cannot be had by name, so `pretrained` is a file; for another number of
    classes only its scores are random.

    Raises `UsageError` for an unknown name, for a number outside its limits and for weights that are not of this
    network, and `JobError` where published weights can be neither found in the cache nor fetched.
    """
    within("dropout", dropout, low=0.0, below=1.0)
    if is_detector(name):
        return create_detector(
            name,
            classes=classes,
            pretrained=pretrained,
            padding=padding,
            activation=activation,
            min_depth=min_depth,
            dropout=dropout,
        )
    min_depth = _USUAL_MIN_DEPTH if min_depth is None else min_depth
    if pretrained is not False:
        if min_depth != _USUAL_MIN_DEPTH:
            raise UsageError(f"min-depth {min_depth} with pretrained weights: theirs is {_USUAL_MIN_DEPTH}")
        weights = _weights(names.parse(name), pretrained, padding=padding, activation=activation)
        return _from_weights(weights, classes=classes, dropout=dropout)
    if classes == 0:
        body = names.body(name, min_depth=min_depth, padding=padding, activation=activation)
        layers = (*body, *_pooled(body))
    else:
        layers = names.network(name, classes=classes, min_depth=min_depth, padding=padding, activation=activation)
    network = Network(layers, dropout=dropout)
    initialise(network)
    return network


def _pooled(body: Sequence[Layer]) -> list[Layer]:
    return extend(body, [GlobalAveragePool(name="pool")])


def _weights(
    name: Name,
    pretrained: Literal[True] | str | Path,
    *,
    padding: Literal["same", "symmetric"] | None,
    activation: Activation | None,
) -> Fitted:
    if pretrained is True:
        published: Published | None = nearest(name)
        source = nearest(name).name
    else:
        source = str(pretrained)
        published = None if Path(source).exists() else find(source)
    if published is not None:
        _check_style(published, padding=padding, activation=activation)
        _say_resolution(published, name)
    weights = fitted(source, asked=Asked(resolution=name.resolution, padding=padding, activation=activation))
    theirs = weights.architecture.name
    if weights.framework or (theirs.family, theirs.width) != (name.family, name.width):
        raise UsageError(f"{source} holds a {weights.name} and not a {name}: create that one, or leave pretrained out")
    return weights


def _check_style(published: Published, *, padding: str | None, activation: str | None) -> None:
    for word, asked, theirs in (
        ("padding", padding, published.padding),
        ("activation", activation, published.activation),
    ):
        if asked not in (None, theirs):
            raise UsageError(
                f"{word} {asked} with the weights {published.name}: they are for {theirs}, so leave it out"
            )


def _say_resolution(published: Published, name: Name) -> None:
    if published.resolution != name.resolution:
        warnings.warn(
            f"{name} has the weights of {published.name}, trained at {published.resolution} pixels: "
            f"none are published for {name.resolution}",
            UserWarning,
            stacklevel=4,
        )


def _from_weights(weights: Fitted, *, classes: int | None, dropout: float) -> Network:
    """The network of the weights, with a head for so many classes: its own, a random one, or none."""
    if classes is None or classes == (weights.outputs or weights.dimension):
        network = Network(weights.layers, dropout=dropout)
        network.load_state_dict(weights.state)
        return network
    body = weights.layers[: len(weights.architecture.body())]
    network = Network((*body, *(_pooled(body) if classes == 0 else classifier(body, classes))), dropout=dropout)
    initialise(network)
    paths = tuple(f"{module_paths(weights.layers)[layer.name]}." for layer in body)
    published = {key: value for key, value in weights.state.items() if key.startswith(paths)}
    network.load_state_dict(network.state_dict() | published)
    return network
