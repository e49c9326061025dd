"""Any photograph to (H, W, 3) bytes, or a plain reason why not."""

import io
import logging
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, TypeVar

from PIL import (  # each module adds its reader to Image.OPEN; no other reader is ever tried
    AvifImagePlugin,  # noqa: F401
    BmpImagePlugin,  # noqa: F401
    GifImagePlugin,  # noqa: F401
    IcoImagePlugin,  # noqa: F401
    Image,
    Jpeg2KImagePlugin,  # noqa: F401
    JpegImagePlugin,
    PngImagePlugin,  # noqa: F401
    PpmImagePlugin,  # noqa: F401
    QoiImagePlugin,  # noqa: F401
    TiffImagePlugin,  # noqa: F401
    WebPImagePlugin,  # noqa: F401
)

from mobilenets.data.photos import BadImage
from mobilenets.data.pixels import Array, lies_on_its_side, rgb, upright

__all__ = ["FORMATS", "MAX_PIXELS", "Array", "BadImage", "Sized", "decode", "decode_sized", "opened"]

Result = TypeVar("Result")

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "PPM", "JPEG2000", "QOI", "ICO")
MAX_PIXELS = 178_000_000
"""A larger image is refused by its header, before it can fill the memory (Pillow's own limit, rounded)."""

_HEIC = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"})
_AVIF = frozenset({b"avif", b"avis"})
_PREFIX = 16
# What stands at the end of a whole file. A JPEG cut in download and filled up with zeros would else decode to grey
# without a word.
_ENDS = {"JPEG": b"\xff\xd9", "MPO": b"\xff\xd9", "PNG": b"IEND"}

# Pillow warns of what is merely odd (corrupt EXIF, a malformed second picture); what matters is raised or checked here.
_QUIET = ("ignore", None, Warning, re.compile(r"PIL\."), 0)
logging.getLogger("PIL").addHandler(logging.NullHandler())


def decode(data: bytes, *, at_least: int | None = None) -> Array:
    """The first picture of an encoded image file as (H, W, 3) RGB bytes, writable.

    Turned upright by its EXIF; transparency over white; CMYK, palettes, greys of any depth and one bit as RGB.
    With `at_least`, a JPEG may come at 1/2, 1/4 or 1/8 of its size as long as its shorter side keeps twice that many
    pixels, which scaled down looks the same and decodes several times faster. Safe in threads.
    Raises `BadImage` for whatever is empty, cut short, damaged, no image, or over `MAX_PIXELS`.
    """
    return decode_sized(data, at_least=at_least).pixels


@dataclass(frozen=True, slots=True, eq=False)
class Sized:
    """Pixels (H, W, 3), perhaps fewer than the photograph has, and its own `size` (height, width), upright."""

    pixels: Array
    size: tuple[int, int]


def decode_sized(data: bytes, *, at_least: int | None = None) -> Sized:
    """`decode`, and how large the whole photograph is."""
    return _guarded(data, lambda stream: _decode(stream, data, at_least))


def opened(data: bytes) -> Image.Image:
    """An encoded image file with its header read and no pixel decoded; raises `BadImage` for what is no image."""
    return _guarded(data, lambda stream: _open(stream, data))


def _guarded(data: bytes, work: Callable[[io.BytesIO], Result]) -> Result:
    if not data:
        raise BadImage("empty file")
    _silence_pillow()
    try:
        return work(io.BytesIO(data))
    except BadImage:
        raise
    except Image.DecompressionBombError as error:
        raise BadImage(f"a frame over the limit of {MAX_PIXELS // 1_000_000} megapixels") from error
    except MemoryError as error:
        raise BadImage("needs more memory than there is") from error
    except Exception as error:  # what readers raise on damaged files is no closed list, and none may stop a run
        raise BadImage(_reason(error)) from error


def _decode(stream: io.BytesIO, data: bytes, at_least: int | None) -> Sized:
    image = _open(stream, data)
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise BadImage(f"{width} x {height} pixels, over the limit of {MAX_PIXELS // 1_000_000} megapixels")
    end = _ENDS.get(image.format or "")
    if end is not None and not data.endswith(end) and data.find(end, stream.tell()) < 0:
        raise BadImage("truncated")
    if at_least is None or not isinstance(image, JpegImagePlugin.JpegImageFile):
        image.load()
        pixels = rgb(upright(image))
        return Sized(pixels, (pixels.shape[0], pixels.shape[1]))
    image.draft(None, (2 * at_least, 2 * at_least))
    image.load()
    return Sized(rgb(upright(image)), (width, height) if lies_on_its_side(image) else (height, width))


def _open(stream: io.BytesIO, data: bytes) -> Image.Image:
    """The image with its header read. `Image.open` would refuse or warn by size before the size can be named."""
    if _is_heic(data):
        return _open_heic(stream)
    failure: Exception | None = None
    for name, reader in _readers(data[:_PREFIX]):
        stream.seek(0)
        try:
            return reader(stream, "")
        except (SyntaxError, IndexError, TypeError, KeyError, EOFError, OSError, ValueError) as error:
            failure = BadImage(f"damaged or truncated {name} header")
            failure.__cause__ = error
    raise failure or BadImage("not an image")


def _readers(prefix: bytes) -> Iterator[tuple[str, Callable[[IO[bytes], str | bytes], Image.Image]]]:
    """The readers that recognise a file by its first bytes."""
    for name in FORMATS:
        reader, accepts = Image.OPEN[name]
        verdict = True if accepts is None else accepts(prefix)
        if isinstance(verdict, str):
            raise BadImage(f"the Pillow installed here reads no {name}")
        if verdict:
            yield name, reader


def _is_heic(data: bytes) -> bool:
    """HEIC and AVIF share a container: the list of brands in its first box tells them apart."""
    if data[4:8] != b"ftyp":
        return False
    box = data[8 : min(int.from_bytes(data[:4], "big"), 256)]
    brands = {box[place : place + 4] for place in range(0, len(box), 4)}
    return not brands & _AVIF and bool(brands & _HEIC)


def _open_heic(stream: io.BytesIO) -> Image.Image:
    try:
        from pillow_heif import HeifImageFile
    except ImportError as error:
        raise BadImage("HEIC needs pillow-heif: pip install 'mobilenets[heif]'") from error
    try:
        image: Image.Image = HeifImageFile(stream, "")  # type: ignore[no-untyped-call]
    except SyntaxError as error:
        raise BadImage("damaged or truncated HEIC") from error
    return image


def _reason(error: Exception) -> str:
    text = str(error).lower()
    cut_short = isinstance(error, EOFError) or any(word in text for word in ("truncated", "not enough", "end of file"))
    return "truncated" if cut_short else f"damaged ({' '.join(str(error).split()) or type(error).__name__})"


def _silence_pillow() -> None:
    # A filter for all of Pillow, set once and again only if somebody reset the list: `warnings.catch_warnings` swaps
    # the list for every thread at once and would race.
    if _QUIET not in warnings.filters:
        warnings.filterwarnings("ignore", module=_QUIET[3].pattern)
