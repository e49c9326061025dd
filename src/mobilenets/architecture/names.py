"""Networks by name: `mobilenet_v1_0.75_192`, as its published checkpoints are called."""

import difflib
import re
from dataclasses import dataclass
from typing import Literal

from mobilenets.architecture.layer import Activation, Layer
from mobilenets.architecture.rows import Row
from mobilenets.architecture.tables import (
    CONV_MOBILENET,
    MOBILENET,
    SHALLOW_MOBILENET,
    check_dials,
    classifier,
    layers,
)
from mobilenets.errors import UsageError

FAMILIES: dict[str, tuple[Row, ...]] = {
    "mobilenet_v1": MOBILENET,
    "conv_mobilenet_v1": CONV_MOBILENET,
    "shallow_mobilenet_v1": SHALLOW_MOBILENET,
}
PUBLISHED_WIDTHS = (1.0, 0.75, 0.5, 0.25)
PUBLISHED_RESOLUTIONS = (224, 192, 160, 128)

_NAME = re.compile(r"(?P<family>[a-z]\w*?)_(?P<width>\d+(?:\.\d+)?)_(?P<resolution>\d+)")


@dataclass(frozen=True, slots=True)
class Name:
    """A family of networks and its two dials."""

    family: str = "mobilenet_v1"
    width: float = 1.0
    resolution: int = 224

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise UsageError(f"no network is called {self.family!r}: {_nearest(self.family, list(FAMILIES))}")
        check_dials(width=self.width, resolution=self.resolution)

    def __str__(self) -> str:
        return f"{self.family}_{self.width!r}_{self.resolution}"


PUBLISHED = tuple(
    Name(width=width, resolution=resolution) for width in PUBLISHED_WIDTHS for resolution in PUBLISHED_RESOLUTIONS
)


def parse(name: str) -> Name:
    """Read `mobilenet_v1_0.75_192`; raises `UsageError` that says what a name looks like."""
    found = _NAME.fullmatch(name)
    if found is None:
        raise UsageError(f"no network is called {name!r}: {_nearest(name, [str(known) for known in PUBLISHED])}")
    return Name(found["family"], float(found["width"]), int(found["resolution"]))


def _nearest(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    example = "a name is a family, a width and a resolution, as in mobilenet_v1_0.75_192"
    return f"did you mean {close[0]}? ({example})" if close else example


def body(
    name: Name,
    *,
    min_depth: int = 8,
    padding: Literal["same", "symmetric"] = "same",
    activation: Activation = "relu6",
) -> tuple[Layer, ...]:
    """The layers of a named network before its head."""
    return layers(
        FAMILIES[name.family],
        width=name.width,
        resolution=name.resolution,
        min_depth=min_depth,
        padding=padding,
        activation=activation,
    )


def network(name: Name | str, *, classes: int = 1000, min_depth: int = 8) -> tuple[Layer, ...]:
    """All layers of a named classification network."""
    trunk = body(parse(name) if isinstance(name, str) else name, min_depth=min_depth)
    return (*trunk, *classifier(trunk, classes))
