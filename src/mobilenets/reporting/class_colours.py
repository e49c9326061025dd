"""One colour a class, the same in every picture, and the colour of text upon it.

The colours were chosen one after the other, each as far as possible from those before it (OKLab with lightness
weighted .6), among those bright and strong enough to be seen on a photograph. So the first are the easiest to tell
apart, and none depends on how many classes there are.
"""

import hashlib
from collections.abc import Sequence

Rgb = tuple[int, int, int]

BLACK: Rgb = (0, 0, 0)
WHITE: Rgb = (255, 255, 255)
COLOURS: tuple[Rgb, ...] = tuple(
    (code >> 16, code >> 8 & 255, code & 255)
    for code in (
        *(0xFF3838, 0x00FF00, 0x0069FF, 0xE100FF, 0x3CF0FF, 0x788700, 0xFFA5F0, 0xFFE100),
        *(0x965AB4, 0xFF0FA5, 0xF0963C, 0x87A5FF, 0x00D287, 0x873CFF, 0xC35A78, 0xB4FFA5),
        *(0xB45A0F, 0xA5C33C, 0xD278FF, 0x00A500, 0x2D78C3, 0xC3FF00, 0xC31EB4, 0xFF8787),
    )
)
# The relative luminance on which black and white are read equally well (WCAG 2.2, 1.4.3).
_EQUAL = 0.179
_PARTS = (0.2126, 0.7152, 0.0722)


def class_colour(label: str, classes: Sequence[str] | None = None) -> Rgb:
    """The colour of a class: by its place in `classes`, or by its name alone where they are not given.

    24 places on, colours come again. By their names alone any two classes may have the same.
    """
    if classes is not None and label in classes:
        place = classes.index(label)
    else:
        # Python's own hash of a text is another one in each run.
        place = int.from_bytes(hashlib.sha256(label.encode(errors="surrogatepass")).digest()[:8], "big")
    return COLOURS[place % len(COLOURS)]


def text_colour(ground: Rgb) -> Rgb:
    """Black or white, whichever is read better on `ground`: at least 4.5:1."""
    luminance = sum(part * _linear(value / 255) for part, value in zip(_PARTS, ground, strict=True))
    return BLACK if luminance > _EQUAL else WHITE


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004 (sRGB)
