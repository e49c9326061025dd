"""Photographs made small enough to stand inside a page."""

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_JPEG_QUALITY = 85
_GREY = 2


def thumbnail(pixels: NDArray[np.uint8], *, side: int = 160) -> str:
    """A `data:` URI of one picture whose longer side is about `side` pixels, its shape kept.

    `pixels` is uint8, `(H, W, 3)` RGB or `(H, W)` grey. Photographs are reduced and written as JPEG. Pictures of at
    most half of `side` (digits, Tiny ImageNet) are enlarged a whole number of times without smoothing and written as
    PNG, so that what is seen is exactly what the network saw.

    Raises ValueError for another dtype or shape.
    """
    _check(pixels)
    image = Image.fromarray(np.ascontiguousarray(pixels))
    enlarged = side // max(image.size)
    if enlarged > 1:
        size = (image.width * enlarged, image.height * enlarged)
        return _uri(image.resize(size, Image.Resampling.NEAREST), kind="png")
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    return _uri(image, kind="jpeg")


def _check(pixels: NDArray[np.uint8]) -> None:
    if pixels.dtype != np.uint8 or pixels.shape[2:] not in ((), (3,)) or pixels.ndim < _GREY or 0 in pixels.shape:
        raise ValueError(f"a picture is uint8 (H, W, 3) or (H, W), not {pixels.dtype} {pixels.shape}")


def _uri(image: Image.Image, *, kind: str) -> str:
    file = io.BytesIO()
    image.save(file, format=kind, quality=_JPEG_QUALITY, optimize=True)
    return f"data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode('ascii')}"
