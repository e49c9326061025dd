"""Text from outside (class names, file names) made safe to write, and its width estimated without a font."""

import math
import re
import unicodedata
from numbers import Integral, Real

_BREAKS = re.compile(r"[ \t-\r\x85\u2028\u2029]+")
_ELLIPSIS = "…"
_WIDE_EM = 1.0
_NARROW_EM = 0.62
_LARGE, _HUGE = 1e4, 1e15


def plain(text: str) -> str:
    """One line that any UTF-8 file and any XML may hold: breaks, tabs and runs of spaces become one space.

    Spaces that do not break stay as they are.
    """
    return writable(_BREAKS.sub(" ", text).strip(" "))


def writable(text: str) -> str:
    """`text` with U+FFFD for control characters and for the surrogates of file names that are not UTF-8."""
    return "".join("\ufffd" if _unwritable(character) else character for character in text)


def _unwritable(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs") or character in "\ufffe\uffff"


def width_em(text: str) -> float:
    """About how wide `text` is set in a sans-serif, in units of the font size (on the generous side)."""
    return sum(_character_em(character) for character in text)


def _character_em(character: str) -> float:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0.0
    return _WIDE_EM if character == _ELLIPSIS or unicodedata.east_asian_width(character) in "WF" else _NARROW_EM


def shorten(text: str, *, limit_em: float) -> str:
    """`plain(text)`, cut with an ellipsis where it is wider than `limit_em` font sizes."""
    text = plain(text)
    if width_em(text) <= limit_em:
        return text
    kept, used = "", _character_em(_ELLIPSIS)
    for character in text:
        used += _character_em(character)
        if used > limit_em:
            break
        kept += character
    return kept.rstrip() + _ELLIPSIS


def percentage(share: float, *, digits: int = 1) -> str:
    """A share of 1 as per cent: `0.985` is `98.5 %`; what is not a number says so."""
    return f"{share * 100:.{digits}f}\u202f%" if math.isfinite(share) else "not finite"


def number(value: object) -> str:
    """A value of a table or a card as people read it: `1234567` is `1,234,567`, 0.98513 is `0.9851`, None a dash."""
    match value:
        case None:
            return "\u2013"
        case bool():
            return "yes" if value else "no"
        case Integral():
            return f"{int(value):,}"
        case Real():
            return _real(float(value))
        case _:
            return plain(str(value))


def _real(value: float) -> str:
    if not math.isfinite(value):
        return "not finite"
    return f"{value:,.0f}" if _LARGE <= abs(value) < _HUGE else f"{value:.4g}"
