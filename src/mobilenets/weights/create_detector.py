"""`mobilenets.create` for detectors: `ssd_mobilenet_v1_1.0_300`, with random weights or with those of a file."""

from pathlib import Path
from typing import Literal

from mobilenets.architecture.detectors.names import DetectorName, detector, parse_detector
from mobilenets.architecture.layer import Activation
from mobilenets.errors import UsageError
from mobilenets.network.graph import Network, module_paths
from mobilenets.network.initialise import initialise
from mobilenets.weights.fitting import Asked, Fitted
from mobilenets.weights.source import fitted


def create_detector(
    name: str,
    *,
    classes: int | None = None,
    pretrained: bool | str | Path = False,
    padding: Literal["same", "symmetric"] | None = None,
    activation: Activation | None = None,
    min_depth: int | None = None,
    dropout: float = 0.0,
) -> Network:
    """A detector for so many kinds of things, unset COCO's 90 numbers; see `create`.

    Raises `UsageError` for an unknown name, and for weights that are not of this detector or not there.
    """
    own = parse_detector(name)
    if pretrained is not False:
        if min_depth is not None:
            raise UsageError(f"min-depth {min_depth} with pretrained weights: theirs is their own, so leave it out")
        weights = _weights(own, pretrained, padding=padding, activation=activation)
        return _from_weights(weights, own, classes=classes, dropout=dropout)
    laid = detector(own, classes=classes, min_depth=min_depth, padding=padding, activation=activation)
    network = Network(laid.layers, dropout=dropout)
    initialise(network)
    return network


def _weights(
    name: DetectorName,
    pretrained: Literal[True] | str | Path,
    *,
    padding: Literal["same", "symmetric"] | None,
    activation: Activation | None,
) -> Fitted:
    if pretrained is True:
        raise UsageError(f"pretrained weights of {name} cannot be had by name: give the path of a file that holds them")
    weights = fitted(str(pretrained), asked=Asked(resolution=name.resolution, padding=padding, activation=activation))
    if weights.name != str(name):
        raise UsageError(f"{pretrained} holds a {weights.name} and not a {name}: create that one")
    return weights


def _from_weights(weights: Fitted, name: DetectorName, *, classes: int | None, dropout: float) -> Network:
    """The network of the weights; for another number of classes its scores are random, and all else is theirs."""
    if classes in (None, weights.outputs):
        network = Network(weights.layers, dropout=dropout)
        network.load_state_dict(weights.state)
        return network
    own = weights.architecture
    laid = detector(
        name,
        classes=classes,
        min_depth=own.min_depth,
        padding=own.padding,
        activation=own.activation,
        norm=own.norm,
        epsilon=own.norm_epsilon,
    )
    network = Network(laid.layers, dropout=dropout)
    initialise(network)
    paths = module_paths(laid.layers)
    scores = tuple(f"{paths[one.scores.name]}." for one in laid.predictors)
    kept = {key: value for key, value in weights.state.items() if not key.startswith(scores)}
    network.load_state_dict(network.state_dict() | kept)
    return network
