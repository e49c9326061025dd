"""torchvision's weights in the networks of `architecture.baselines` whose cost we count."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from mobilenets.architecture import names
from mobilenets.architecture.baselines import BASELINES
from mobilenets.architecture.layer import Layer
from mobilenets.data.preprocess import Preprocessing
from mobilenets.errors import UsageError
from mobilenets.network.foreign import build_foreign
from mobilenets.network.graph import Network
from mobilenets.weights.found import Array, Kernel
from mobilenets.weights.placing import state_of
from mobilenets.weights.state_dict.tensors import Tensors

TORCHVISION = {
    "alexnet_one_column": "alexnet",
    "vgg16": "vgg16",
    "googlenet_3x3": "googlenet",
    "squeezenet_1.0": "squeezenet1_0",
    "inception_v3": "inception_v3",
}
"""Our networks by what torchvision calls them."""

_SIDE_HEADS = ("aux1.", "aux2.", "AuxLogits.")
_IMAGENET_MEAN, _IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# With its weights torchvision lets these two take [-1, 1] (`transform_input`), as TensorFlow trained them.
_HALF_SCALED = ("googlenet_3x3", "inception_v3")


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedBaseline:
    """One of the networks that the paper compares with, with weights; `state` is its state_dict.

    `preprocessing` is that of torchvision's published weights. `notes` say what of the file was left out.
    """

    name: str
    layers: tuple[Layer, ...]
    state: dict[str, Tensor]
    preprocessing: Preprocessing
    notes: tuple[str, ...]

    def network(self) -> Network:
        """The network with these weights."""
        network = Network(self.layers)
        network.load_state_dict(self.state)
        return network


def fit_baseline(name: str, tensors: Mapping[str, Array], *, where: str) -> FittedBaseline:
    """Put torchvision's tensors by name into `name` ("vgg16", "inception_v3"); `where` names the file in messages.

    Any number of classes; the side heads of training are left out. Raises `UsageError` for a network that torchvision
    does not have and where a tensor is missing, left over or of another shape.
    """
    if name not in TORCHVISION:
        known = ", ".join(TORCHVISION)
        raise UsageError(f"torchvision has no weights of the layout of {name!r}: use one of {known}")
    main = {key: values for key, values in tensors.items() if not key.startswith(_SIDE_HEADS)}
    side = len(tensors) - len(main)
    kernels = _kernels(name, Tensors(main, where=where))
    layers = names.network(name, classes=len(kernels[-1].values))
    half = name in _HALF_SCALED
    return FittedBaseline(
        name=name,
        layers=layers,
        state=state_of(layers, kernels, where=where),
        preprocessing=Preprocessing(
            resolution=BASELINES[name].resolution,
            mean=(0.5, 0.5, 0.5) if half else _IMAGENET_MEAN,
            std=(0.5, 0.5, 0.5) if half else _IMAGENET_STD,
        ),
        notes=(f"{side} tensors of the side heads, which only training uses, are left out",) if side else (),
    )


def _kernels(name: str, tensors: Tensors) -> list[Kernel]:
    """The kernels in the order of torchvision's modules, which is our running order; a file's own may be another."""
    module = build_foreign(f"torchvision:{TORCHVISION[name]}").module
    kernels: list[Kernel] = []
    waiting = ""
    for path, one in module.named_modules():
        if isinstance(one, nn.Conv2d | nn.Linear):
            if waiting:
                kernels.append(tensors.kernel(waiting, dense=True))
            waiting = path
        elif isinstance(one, nn.BatchNorm2d):
            kernels.append(tensors.kernel(waiting, dense=True, norm=tensors.norm(path, epsilon=one.eps)))
            waiting = ""
    kernels.append(tensors.kernel(waiting, dense=True))
    tensors.check_nothing_left()
    return kernels
