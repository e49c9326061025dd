"""What is known of one set of published weights: where it lies, its licence, what it scored, how it sees images.

Plain data that loads without torch.
"""

from dataclasses import dataclass
from typing import Literal

from mobilenets.architecture import names
from mobilenets.architecture.cost import cost
from mobilenets.architecture.layer import Activation
from mobilenets.architecture.names import Name

Scale = tuple[float, float, float]

_HALF: Scale = (0.5, 0.5, 0.5)


@dataclass(frozen=True, slots=True)
class HubFile:
    """Weights on the Hugging Face hub: the first of `files` that the repository has, and what lies beside it.

    The hub itself says the sha256 of a file and its cache is called by it, so none stands here.
    """

    repo: str
    files: tuple[str, ...]
    beside: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """Where people find it."""
        return f"https://huggingface.co/{self.repo}"


@dataclass(frozen=True, slots=True)
class WebFile:
    """Weights at an address of their own; `repo` is what the cache calls the folder of those that belong together."""

    url: str
    repo: str
    sha256: str

    @property
    def address(self) -> str:
        """Where people find it."""
        return self.url

    @property
    def file(self) -> str:
        """The name of the file."""
        return self.url.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Figure:
    """What its publisher says a network scores on the 50,000 validation images of ILSVRC-2012, in per cent."""

    resolution: int
    top1: float
    top5: float
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One set of published weights; what stands here goes before what the file says of itself.

    `outputs` is 0 without a classifier, and 1001 where background
    comes before the 1000 classes. `resolution`, `crop`, `squash`, `mean` and `std` are as in
    `data.preprocess.Preprocessing`; `interpolation` is what the publisher scales photographs with.
    """

    name: str
    network: Name
    source: HubFile | WebFile
    form: str
    licence: str
    outputs: int
    figures: tuple[Figure, ...] = ()
    resolution: int
    crop: float = 0.875
    squash: bool = False
    mean: Scale = _HALF
    std: Scale = _HALF
    interpolation: Literal["bilinear", "bicubic", "tf_bilinear"] = "bilinear"
    padding: Literal["same", "symmetric"]
    activation: Activation = "relu6"

    @property
    def params(self) -> int:
        """Weights, biases, scales and shifts."""
        layers = names.network(self.network, classes=self.outputs) if self.outputs else names.body(self.network)
        return cost(layers).params
