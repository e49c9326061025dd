"""Every network that could be chosen, priced exactly: width x resolution x precision."""

import io
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from mobilenets.architecture.cost import Precision, cost
from mobilenets.data.photos import Collection, Photo
from mobilenets.errors import UsageError
from mobilenets.jobs.fit.budget import Figure, Limited
from mobilenets.run import Architecture
from mobilenets.tasks.protocol import Task

WIDTHS = (0.25, 0.35, 0.5, 0.6, 0.75, 0.9, 1.0)
"""The published widths, and some between them."""
RESOLUTIONS = (32, 48, 64, 96, 112, 128, 144, 160, 176, 192, 208, 224)
"""The published resolutions, some between them, and smaller ones for small photographs."""
_LOOKED_AT = 64
# Photographs scaled up by more than this show nothing new; networks made for far smaller ones throw away what there is.
_UP, _DOWN = 1.15, 3.0
_SMALLEST_CAP = 64
MEGA = 1e6


@dataclass(frozen=True, slots=True, order=True)
class Candidate:
    """A network by its dials and the precision of its file."""

    width: float
    resolution: int
    precision: Precision

    @property
    def dials(self) -> tuple[float, int]:
        """What is trained: both precisions of it are one training."""
        return self.width, self.resolution


@dataclass(frozen=True, slots=True)
class Bases:
    """What the candidates' networks have besides their dials: what the weights of a width have, where there are any."""

    by_width: Mapping[float, Architecture]

    def of(self, width: float, resolution: int) -> Architecture:
        """The network of these dials. Raises `UsageError` for a dial outside its limits."""
        return replace(self.by_width.get(width, Architecture()), width=width, resolution=resolution)


@dataclass(frozen=True, slots=True)
class Priced:
    """A candidate with what counting says of it: bytes are those of the weights, and of the maps alive at once."""

    candidate: Candidate
    architecture: Architecture
    mult_adds: int
    params: int
    weight_bytes: int
    peak_activation_bytes: int

    @property
    def name(self) -> str:
        """The network's name."""
        return str(self.architecture.name)

    @property
    def title(self) -> str:
        """`mobilenet_v1_0.5_160` or `mobilenet_v1_0.5_160 int8`."""
        return self.name if self.candidate.precision == "float32" else f"{self.name} {self.candidate.precision}"

    @property
    def floors(self) -> dict[Limited, Figure]:
        """What it takes at the very least: no file is smaller than its weights, no runtime keeps less than the maps."""
        return {
            "mult_adds": Figure(self.mult_adds / MEGA, "exact"),
            "mb": Figure(self.weight_bytes / MEGA, "exact"),
            "ram_mb": Figure(self.peak_activation_bytes / MEGA, "exact"),
        }


def priced(
    bases: Bases,
    task: Task,
    *,
    widths: Iterable[float],
    resolutions: Iterable[int],
    precisions: Sequence[Precision],
) -> list[Priced]:
    """Every combination, the cheapest first. Raises `UsageError` for a dial outside its limits."""
    found = []
    for width in sorted(set(widths)):
        for resolution in sorted(set(resolutions)):
            architecture = bases.of(width, resolution)
            total = cost(task.layers(architecture))
            found += [
                Priced(
                    candidate=Candidate(width, resolution, precision),
                    architecture=architecture,
                    mult_adds=total.mult_adds,
                    params=total.params,
                    weight_bytes=total.weight_bytes[precision],
                    peak_activation_bytes=total.peak_activation_bytes[precision],
                )
                for precision in dict.fromkeys(precisions)
            ]
    return sorted(found, key=lambda one: (one.mult_adds, one.candidate.precision))


def usual_resolutions(collection: Collection, *, among: Sequence[int] = RESOLUTIONS) -> tuple[int, ...]:
    """Those resolutions that suit the size of the photographs, seen on some of them.

    Raises `UsageError` where none of those looked at can be read.
    """
    photos = [one.photo for one in collection.examples]
    step = max(len(photos) // _LOOKED_AT, 1)
    sides = [side for photo in photos[::step][:_LOOKED_AT] if (side := _short_side(photo))]
    if not sides:
        raise UsageError(f"{collection.name}: none of the photographs looked at can be read; name --resolutions")
    cap = max(_UP * statistics.median(sides), _SMALLEST_CAP)
    floor = min(cap, among[-1]) / _DOWN
    return tuple(side for side in among if floor <= side <= cap)


def _short_side(photo: Photo) -> int:
    """The shorter side in pixels by the file's header; 0 where it cannot be read."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(photo.read())) as image:
            return min(image.size)
    except (ValueError, OSError, Image.DecompressionBombError):
        return 0
