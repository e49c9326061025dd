"""SSD (Liu et al., 2016) as section 4.6 has it: boxes are predicted from maps of the body and from ever smaller ones.

The layers that predict from the map `k`, the finest being 0, are `map_k/scores` and `map_k/offsets`; what makes that
map out of the body or of the map before stands under `map_k/` too.
"""

from dataclasses import dataclass, replace

from mobilenets.architecture.baselines import BASELINES, inception_v2, vgg16
from mobilenets.architecture.detectors.default_boxes import map_shapes, scales
from mobilenets.architecture.detectors.predictor import Detector, boxes_layer, layers_of, predict
from mobilenets.architecture.rows import Conv, L2Scale, Pool
from mobilenets.architecture.style import Row, Style, Tap, image_tap, lay, tap_of
from mobilenets.architecture.tables import MOBILENET

_LARGE = 512
_LARGEST_OF_SSD = 0.9


@dataclass(frozen=True, slots=True)
class Map:
    """A map that SSD predicts from: `shapes` default boxes at each place, and the rows that make it.

    The rows read the layer `reads` of the body, or the map before where that is empty.
    """

    shapes: int
    rows: tuple[Row, ...] = ()
    reads: str = ""


@dataclass(frozen=True, slots=True)
class Ssd:
    """SSD on one body: the body's rows, the maps from the finest on, and the kernel of its predictors.

    `large_maps` are those of images of 512 pixels and more, where they are others. `finest` is the side of a default
    box on the finest map as a share of the image's, where the others have the usual ones among themselves.
    """

    body: tuple[Row, ...]
    style: Style
    maps: tuple[Map, ...]
    kernel: int
    large_maps: tuple[Map, ...] = ()
    finest: float | None = None

    def maps_at(self, resolution: int) -> tuple[Map, ...]:
        """The maps that an image of this side is predicted from."""
        return self.large_maps if self.large_maps and resolution >= _LARGE else self.maps

    def sides(self, maps: int) -> tuple[float, ...]:
        """The side of a square default box on each map, as a share of the image's."""
        return scales(maps) if self.finest is None else (self.finest, *scales(maps - 1, largest=_LARGEST_OF_SSD))


def _halved(channels: int, *, shapes: int = 6) -> Map:
    """A map at half the size: half the channels, then a convolution of stride 2."""
    return Map(shapes, (Conv(channels // 2, kernel=1, name="reduce"), Conv(channels, stride=2, name="halve")))


def _shrunk(channels: int, *, kernel: int, padding: int, shapes: int) -> Map:
    """A map that is smaller for want of padding."""
    shrink = Conv(channels, kernel=kernel, padding=padding, name="shrink")
    return Map(shapes, (Conv(channels // 2, kernel=1, name="reduce"), shrink))


# As TensorFlow's detectors have them, with SAME padding down to a single place.
_FURTHER = tuple(map(_halved, (512, 256, 256, 128)))

ON_MOBILENET = Ssd(
    MOBILENET,
    Style(min_depth=16),
    (Map(3, reads="separable_11/pointwise"), Map(6, reads="separable_13/pointwise"), *_FURTHER),
    kernel=1,
)
ON_INCEPTION_V2 = Ssd(
    inception_v2.BODY,
    BASELINES["inception_v2"].style,
    (Map(3, reads="mixed_4c/concat"), Map(6, reads="mixed_5c/concat"), *_FURTHER),
    kernel=1,
)

# Figure 2 of SSD's own paper: VGG16 with pools that round up, as Caffe's do, and its fully connected layers as
# convolutions. The last pool does not halve, and the kernel behind it reaches as far as if it did.
_ATROUS_VGG16: tuple[Row, ...] = (
    *(replace(row, ceil=True) if isinstance(row, Pool) else row for row in vgg16.BODY[:-1]),
    Pool("max", stride=1, padding=1, name="pool5"),
    Conv(1024, dilation=6, name="conv6"),
    Conv(1024, kernel=1, name="conv7"),
)
_OF_VGG16 = (Map(4, (L2Scale(name="scale"),), reads="conv4_3"), Map(6, reads="conv7"), _halved(512), _halved(256))
ON_VGG16 = Ssd(
    _ATROUS_VGG16,
    BASELINES["vgg16"].style,
    (*_OF_VGG16, *2 * (_shrunk(256, kernel=3, padding=0, shapes=4),)),
    kernel=3,
    finest=0.1,
    # SSD512 of the same paper: halved twice more, and a seventh map.
    large_maps=(*_OF_VGG16, _halved(256), _halved(256, shapes=4), _shrunk(256, kernel=4, padding=1, shapes=4)),
)


def lay_ssd(ssd: Ssd, *, outputs: int, resolution: int, style: Style) -> Detector:
    """Lay SSD on a square image of `resolution` pixels; `outputs` are the scores of one box.

    `style` is that of the body and of the further maps. Raises `UsageError` where a map is too small for the kernel
    that reads it.
    """
    layers = lay(ssd.body, image_tap(resolution), style)
    maps = ssd.maps_at(resolution)
    taps: list[Tap] = []
    for place, one in enumerate(maps):
        read = tap_of(next(layer for layer in layers if layer.name == one.reads)) if one.reads else taps[-1]
        made = lay(one.rows, read, style, prefix=f"map_{place}/")
        layers += made
        taps.append(tap_of(made[-1]) if made else read)
    sides = ssd.sides(len(maps))
    predictors = tuple(
        predict(
            tap,
            shapes=map_shapes(sides, place, count=one.shapes),
            outputs=outputs,
            kernel=ssd.kernel,
            prefix=f"map_{place}/",
        )
        for place, (tap, one) in enumerate(zip(taps, maps, strict=True))
    )
    return Detector((*layers, *layers_of(predictors), boxes_layer(predictors)), predictors)
