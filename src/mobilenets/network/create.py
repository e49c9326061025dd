"""`mobilenets.create`: a network by its name."""

from typing import Literal

from mobilenets.architecture import names
from mobilenets.architecture.layer import Activation
from mobilenets.architecture.rows import GlobalAveragePool
from mobilenets.architecture.tables import extend
from mobilenets.network.graph import Network
from mobilenets.network.initialise import initialise
from mobilenets.settings import within


def create(
    name: str,
    *,
    classes: int | None = None,
    padding: Literal["same", "symmetric"] | None = None,
    activation: Activation | None = None,
    min_depth: int = 8,
    dropout: float = 0.0,
) -> Network:
    """A network with random weights: `create("mobilenet_v1_0.5_160", classes=37)`.

    Takes float images (N, 3, H, W) and gives logits (N, classes), or with `classes=0` the pooled features
    (N, channels); unset, the published number of classes. `padding` is TensorFlow's SAME (as the published weights
    have it) or symmetric; unset, padding and activation are the network's own. `dropout` is the share of features
    dropped before each fully connected layer in training. Raises `UsageError` for an unknown name and for a number
    outside its limits.
    """
    within("dropout", dropout, low=0.0, below=1.0)
    if classes == 0:
        body = names.body(name, min_depth=min_depth, padding=padding, activation=activation)
        layers = (*body, *extend(body, [GlobalAveragePool(name="pool")]))
    else:
        layers = names.network(name, classes=classes, min_depth=min_depth, padding=padding, activation=activation)
    network = Network(layers, dropout=dropout)
    initialise(network)
    return network
