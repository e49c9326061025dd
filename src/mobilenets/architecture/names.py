"""Networks by name: `mobilenet_v1_0.75_192`, as its published checkpoints are called, or `vgg16`, or `vgg16_300`."""

import difflib
import re
from dataclasses import dataclass, replace
from typing import Literal

from mobilenets.architecture.baselines import BASELINES, Baseline
from mobilenets.architecture.layer import Activation, Layer
from mobilenets.architecture.style import Row, Style, changed, image_tap, lay, tap_of
from mobilenets.architecture.tables import (
    CONV_MOBILENET,
    MIN_RESOLUTION,
    MOBILENET,
    MOBILENET_H,
    SHALLOW_MOBILENET,
    check_classes,
    check_dials,
    classifier,
    layers,
)
from mobilenets.errors import UsageError

FAMILIES: dict[str, tuple[Row, ...]] = {
    "mobilenet_v1": MOBILENET,
    "conv_mobilenet_v1": CONV_MOBILENET,
    "shallow_mobilenet_v1": SHALLOW_MOBILENET,
    "mobilenet_v1h": MOBILENET_H,
}
PUBLISHED_WIDTHS = (1.0, 0.75, 0.5, 0.25)
PUBLISHED_RESOLUTIONS = (224, 192, 160, 128)
DEFAULT_CLASSES = 1000

_DIALS = re.compile(r"(?P<family>[a-z]\w*?)_(?P<width>\d+(?:\.\d+)?)_(?P<resolution>\d+)")
_BASELINE = re.compile(rf"(?P<baseline>{'|'.join(map(re.escape, BASELINES))})(?:_(?P<resolution>\d+))?")


@dataclass(frozen=True, slots=True)
class Name:
    """A family of networks and its two dials; the networks of `BASELINES` have width 1 only."""

    family: str = "mobilenet_v1"
    width: float = 1.0
    resolution: int = 224

    def __post_init__(self) -> None:
        if self.family not in FAMILIES and self.family not in BASELINES:
            raise UsageError(f"no network is called {self.family!r}: {_nearest(self.family, [*FAMILIES, *BASELINES])}")
        check_dials(width=self.width, resolution=self.resolution)
        if self.family in BASELINES and self.width != 1.0:
            raise UsageError(f"width {self.width:g} of {self.family}: it has width 1 only, so leave the width out")

    def __str__(self) -> str:
        if self.family not in BASELINES:
            return f"{self.family}_{float(self.width)!r}_{self.resolution}"
        own = self.resolution == BASELINES[self.family].resolution
        return self.family if own else f"{self.family}_{self.resolution}"


PUBLISHED = tuple(
    Name(width=width, resolution=resolution) for width in PUBLISHED_WIDTHS for resolution in PUBLISHED_RESOLUTIONS
)


def parse(name: str) -> Name:
    """Read `mobilenet_v1_0.75_192`, `vgg16` or `vgg16_300`; raises `UsageError` that says what a name looks like."""
    if found := _BASELINE.fullmatch(name):
        family = found["baseline"]
        return Name(family, resolution=int(found["resolution"] or BASELINES[family].resolution))
    if found := _DIALS.fullmatch(name):
        return Name(found["family"], float(found["width"]), int(found["resolution"]))
    known = [*map(str, PUBLISHED), *BASELINES]
    raise UsageError(f"no network is called {name!r}: {_nearest(name, known)}")


def _nearest(name: str, known: list[str]) -> str:
    meant = {one: one for one in known} | {"mobilenet": str(PUBLISHED[0])}
    close = difflib.get_close_matches(name.lower(), meant, n=1, cutoff=0.5)
    if close:
        return f"did you mean {meant[close[0]]}? (others are mobilenet_v1_0.75_192 and vgg16)"
    return f"a name is as mobilenet_v1_0.75_192, or one of {', '.join(BASELINES)}"


def body(
    name: Name | str,
    *,
    min_depth: int = 8,
    padding: Literal["same", "symmetric"] | None = None,
    activation: Activation | None = None,
    norm: bool | None = None,
    epsilon: float | None = None,
) -> tuple[Layer, ...]:
    """The layers of a named network before its head.

    What is unset is the network's own: SAME, ReLU6 and batch norm with an epsilon of .001 for MobileNets, as published
    for the others, whose rows keep a padding or norm that they state themselves. `min_depth` is the fewest channels of
    a layer of a MobileNet. Raises `UsageError` for an unknown name and a resolution too small for the network.
    """
    name = parse(name) if isinstance(name, str) else name
    if name.family in BASELINES:
        own = BASELINES[name.family].style
        return _baseline_body(name, changed(own, padding=padding, activation=activation, norm=norm, epsilon=epsilon))
    usual = changed(Style(), padding=padding, activation=activation, norm=norm, epsilon=epsilon)
    return layers(
        FAMILIES[name.family],
        width=name.width,
        resolution=name.resolution,
        min_depth=min_depth,
        padding=usual.padding,
        activation=usual.activation or "relu6",
        norm=usual.norm,
        epsilon=usual.epsilon,
    )


def network(
    name: Name | str,
    *,
    classes: int | None = None,
    min_depth: int = 8,
    padding: Literal["same", "symmetric"] | None = None,
    activation: Activation | None = None,
    norm: bool | None = None,
    epsilon: float | None = None,
) -> tuple[Layer, ...]:
    """All layers of a named network, as `body` has them and with its head.

    `classes` unset is the published number: 1000, or for `facenet_nn2` the 128 numbers of its embedding. Raises
    `UsageError` as `body` does, and where a head with a map of one size meets another.
    """
    name = parse(name) if isinstance(name, str) else name
    trunk = body(name, min_depth=min_depth, padding=padding, activation=activation, norm=norm, epsilon=epsilon)
    if name.family not in BASELINES:
        return (*trunk, *classifier(trunk, DEFAULT_CLASSES if classes is None else classes))
    baseline = BASELINES[name.family]
    outputs = baseline.outputs if classes is None else classes
    check_classes(outputs)
    # The smallest depth is for the body: a head has exactly the outputs asked for.
    style = changed(baseline.style, padding=padding, activation=activation, norm=norm, epsilon=epsilon, min_depth=1)
    head = lay(baseline.head(outputs), tap_of(trunk[-1]), style)
    _check_map(name, head)
    return (*trunk, *head)


def _baseline_body(name: Name, style: Style) -> tuple[Layer, ...]:
    baseline = BASELINES[name.family]
    try:
        return tuple(lay(baseline.body, image_tap(name.resolution), style))
    except UsageError as problem:
        smallest = next(side for side in range(MIN_RESOLUTION, baseline.resolution + 1) if _fits(baseline, side, style))
        raise UsageError(
            f"resolution {name.resolution} is too small for {name.family}: use at least {smallest} pixels"
        ) from problem


def _fits(baseline: Baseline, resolution: int, style: Style) -> bool:
    try:
        lay(baseline.body, image_tap(resolution), style)
    except UsageError:
        return False
    return True


def _check_map(name: Name, head: list[Layer]) -> None:
    """A fully connected layer that flattens a map fits one size of it (AlexNet, VGG16)."""
    own = replace(name, resolution=BASELINES[name.family].resolution)
    if head[0].op == "linear" and name != own and head[0].in_size != body(own)[-1].out_size:
        raise UsageError(
            f"resolution {name.resolution}: the fully connected layers of {name.family} read the map of "
            f"{own.resolution} pixels only, so use {own} (its body alone takes any resolution)"
        )
