"""Detectors by name: `ssd_mobilenet_v1_1.0_300` or `frcnn_vgg16_600`, a framework on a body at a resolution."""

import difflib
import re
from dataclasses import dataclass, replace
from typing import Literal

from mobilenets.architecture.detectors import faster_rcnn, ssd
from mobilenets.architecture.detectors.faster_rcnn import FasterRcnn, lay_faster_rcnn
from mobilenets.architecture.detectors.predictor import Detector
from mobilenets.architecture.detectors.ssd import Ssd, lay_ssd
from mobilenets.architecture.layer import Activation
from mobilenets.architecture.names import FAMILIES, PUBLISHED_WIDTHS
from mobilenets.architecture.style import Style, changed
from mobilenets.architecture.tables import check_classes, check_dials
from mobilenets.errors import UsageError

DETECTORS: dict[tuple[str, str], Ssd | FasterRcnn] = {
    ("ssd", "vgg16"): ssd.ON_VGG16,
    ("ssd", "inception_v2"): ssd.ON_INCEPTION_V2,
    ("ssd", "mobilenet_v1"): ssd.ON_MOBILENET,
    ("frcnn", "vgg16"): faster_rcnn.ON_VGG16,
    ("frcnn", "inception_v2"): faster_rcnn.ON_INCEPTION_V2,
    ("frcnn", "mobilenet_v1"): faster_rcnn.ON_MOBILENET,
}
DEFAULT_CLASSES = 90  # COCO numbers its 80 categories up to 90, and the published detectors have an output for each

_PUBLISHED_AT = {"ssd": (300,), "frcnn": (300, 600)}
_BEGINNINGS = ("ssd", "frcnn", "faster")
_NAME = re.compile(r"(?P<framework>[a-z]+)_(?P<family>[a-z]\w*?)(?:_(?P<width>\d+(?:\.\d+)?))?_(?P<resolution>\d+)")
_LOOKS = "a name is as ssd_mobilenet_v1_0.75_300, ssd_vgg16_512 or frcnn_inception_v2_600"
_ALIKE = 0.7
_ENOUGH = 300  # pixels: the smallest that the detectors were published with


@dataclass(frozen=True, slots=True)
class DetectorName:
    """A framework (`ssd`, `frcnn`), the body it stands on, and the body's dials; only a MobileNet has a width."""

    framework: str
    family: str
    width: float = 1.0
    resolution: int = 300

    def __post_init__(self) -> None:
        if (self.framework, self.family) not in DETECTORS:
            raise UsageError(f"no detector is called {str(self)!r}: {_nearest(str(self))}")
        check_dials(width=self.width, resolution=self.resolution)
        if self.family not in FAMILIES and self.width != 1.0:
            raise UsageError(f"width {self.width:g} of {self.family}: it has width 1 only, so leave the width out")

    def __str__(self) -> str:
        width = f"_{float(self.width)!r}" if self.family in FAMILIES else ""
        return f"{self.framework}_{self.family}{width}_{self.resolution}"


def is_detector(name: str) -> bool:
    """Whether a name means a detector, however it goes on."""
    return name.lower().startswith(_BEGINNINGS)


def parse_detector(name: str) -> DetectorName:
    """Read `ssd_mobilenet_v1_0.5_320` or `frcnn_vgg16_600`; raises `UsageError` that says what a name looks like."""
    found = _NAME.fullmatch(name)
    known = found is not None and (found["framework"], found["family"]) in DETECTORS
    if found is None or not known or (found["family"] in FAMILIES and found["width"] is None):
        raise UsageError(f"no detector is called {name!r}: {_nearest(name)}")
    return DetectorName(found["framework"], found["family"], float(found["width"] or 1), int(found["resolution"]))


def _nearest(name: str) -> str:
    known = [
        f"{framework}_{family}{width}_{resolution}"
        for framework, family in DETECTORS
        for width in ([f"_{one}" for one in PUBLISHED_WIDTHS] if family in FAMILIES else [""])
        for resolution in _PUBLISHED_AT[framework]
    ]
    close = difflib.get_close_matches(name.lower(), known, n=1, cutoff=_ALIKE)
    return f"did you mean {close[0]}? ({_LOOKS})" if close else _LOOKS


def detector(
    name: DetectorName | str,
    *,
    classes: int | None = None,
    min_depth: int | None = None,
    padding: Literal["same", "symmetric"] | None = None,
    activation: Activation | None = None,
    norm: bool | None = None,
    epsilon: float | None = None,
) -> Detector:
    """A named detector: the layers of its body and of all that predicts.

    `classes` is how many kinds of things it tells apart; a box has one output more, the background. Unset they are
    COCO's 90. `min_depth` is the fewest channels of a layer of a MobileNet, unset 16. The rest is as for `network`:
    unset, it is the body's own. Raises `UsageError` for an unknown name, for what is outside its limits, and for a
    resolution too small for the detector's maps.
    """
    name = parse_detector(name) if isinstance(name, str) else name
    classes = DEFAULT_CLASSES if classes is None else classes
    check_classes(classes)
    if min_depth is not None:
        check_dials(width=name.width, resolution=name.resolution, min_depth=min_depth)
    style = changed(
        replace(DETECTORS[name.framework, name.family].style, width=name.width),
        min_depth=min_depth,
        padding=padding,
        activation=activation,
        norm=norm,
        epsilon=epsilon,
    )
    try:
        return _lay(name, outputs=classes + 1, style=style)
    except UsageError as problem:
        sides = range(name.resolution, _ENOUGH + 1)
        smallest = next(side for side in sides if _fits(replace(name, resolution=side), style))
        raise UsageError(
            f"resolution {name.resolution} is too small for the maps of {name.framework}_{name.family}: "
            f"use at least {smallest} pixels"
        ) from problem


def _lay(name: DetectorName, *, outputs: int, style: Style) -> Detector:
    model = DETECTORS[name.framework, name.family]
    if isinstance(model, Ssd):
        return lay_ssd(model, outputs=outputs, resolution=name.resolution, style=style)
    return lay_faster_rcnn(model, outputs=outputs, resolution=name.resolution, style=style)


def _fits(name: DetectorName, style: Style) -> bool:
    try:
        _lay(name, outputs=1, style=style)
    except UsageError:
        return False
    return True
