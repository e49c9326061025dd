"""From an opened Pillow image of any mode to plain (H, W, 3) bytes of red, green and blue."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

Array = NDArray[np.uint8]

_WHITE = (255, 255, 255)
_WORD = 65535
# What packs a picture row by row gets this much room at a time: small enough to stay in a core's own cache.
_CHUNK = 1 << 16

# EXIF tag 274: how the stored picture must be turned to stand upright.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
LYING = range(5, 9)
"""The EXIF orientations of pictures that lie on their side: upright, width and height are exchanged."""
_ORIENTATION = 274


def upright(image: Image.Image) -> Image.Image:
    """The picture as its EXIF orientation says it was taken; one whose EXIF cannot be read stands as it is stored."""
    turn = _TURNS.get(orientation(image))
    return image if turn is None else image.transpose(turn)


def lies_on_its_side(image: Image.Image) -> bool:
    """Whether `upright` exchanges width and height."""
    return orientation(image) in LYING


def orientation(image: Image.Image) -> int:
    """How the stored picture must be turned to stand upright: 1 (not at all) to 8, as EXIF counts the ways."""
    try:
        turn = image.getexif().get(_ORIENTATION, 1)
        return turn if turn in _TURNS else 1
    except Exception:  # a hundred cameras write EXIF and Pillow meets broken ones with as many kinds of error
        return 1


def rgb(image: Image.Image) -> Array:
    """Bytes of a loaded image: transparency over white, deep greys scaled (never clipped), any colours as RGB."""
    if image.mode.startswith("I") or image.mode == "F":
        return _deep(image)
    if image.mode == "LAB":
        image = _from_lab(image)
    if image.has_transparency_data:
        image = _over_white(image)
    return _bytes(image if image.mode == "RGB" else image.convert("RGB"))


def _over_white(image: Image.Image) -> Image.Image:
    if image.mode == "La":
        image = image.convert("LA")
    layer = image.convert("RGBA")
    below = Image.new("RGB", image.size, _WHITE)
    below.paste(layer, mask=layer)
    return below


def _from_lab(image: Image.Image) -> Image.Image:
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.applyTransform(image, ImageCms.buildTransform(lab, srgb, "LAB", "RGB"))
    assert converted is not None  # only an in-place transform gives nothing
    return converted


def _deep(image: Image.Image) -> Array:
    """Greys of 16 or 32 bits or floats.

    16 bits run to 65535. Wider whole numbers and floats state no range: it is the smallest of 1 (floats), 255 and
    65535 that holds every value, and where none does or a value is negative, the picture's own least to greatest.
    """
    values = np.nan_to_num(
        np.asarray(image, np.float32 if image.mode.startswith("I;16") else np.float64), posinf=0, neginf=0
    )
    low, high = _range(image, values)
    grey = ((values - low) * (255 / (high - low)) + 0.5).astype(np.uint8)
    see_through = image.info.get("transparency")
    if isinstance(see_through, int):
        grey[values == see_through] = 255
    return np.repeat(grey[:, :, None], 3, axis=2)


def _range(image: Image.Image, values: NDArray[np.float64]) -> tuple[float, float]:
    if image.mode.startswith("I;16") or image.format == "PPM":
        return 0.0, _WORD
    low, high = float(values.min()), float(values.max())
    usual = (1, 255, _WORD) if image.mode == "F" else (255, _WORD)
    fitting = [top for top in usual if low >= 0 and high <= top]
    if fitting:
        return 0.0, fitting[0]
    return low, high if high > low else low + 1


def _bytes(image: Image.Image) -> Array:
    """The bytes of an RGB image as an array of its own.

    `numpy.asarray(image)` joins the packed pieces into one more copy, which nobody may write to. Here each piece goes
    straight to its place.
    """
    width, height = image.size
    pixels = np.empty((height, width, 3), np.uint8)
    flat = pixels.reshape(-1)
    encoder = Image._getencoder("RGB", "raw", ("RGB",))
    encoder.setimage(image.im, (0, 0, width, height))
    place, done = 0, 0
    while not done:
        _, done, piece = encoder.encode(max(_CHUNK, 4 * width))
        flat[place : place + len(piece)] = np.frombuffer(piece, np.uint8)
        place += len(piece)
    return pixels
