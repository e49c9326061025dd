"""The range of the scaled image on an 8-bit grid, which bytes alone decide."""

from torch import Tensor

from mobilenets.deployment.int8.fake import Range
from mobilenets.deployment.shipped import Shipped


def image_range(module: Shipped) -> Range:
    """The range of the scaled image: all that bytes can be, in 256 steps with zero among them.

    In 255 steps from -1 to 1 every byte would lie halfway between two values, and pairs of bytes would become one.
    """
    return _of_bytes(*((byte - module.shift) * module.factor for byte in (0.0, 255.0)))


def shifted_range(module: Shipped) -> Range:
    """The same before it is multiplied, which a converter may leave to the first kernel."""
    return _of_bytes(*(byte - module.shift for byte in (0.0, 255.0)))


def _of_bytes(low: Tensor, high: Tensor) -> Range:
    least, greatest = min(float(low.min()), 0.0), max(float(high.max()), 0.0)
    return Range(least, greatest - (greatest - least) / 256)
