"""One look for every figure, and the way a figure becomes text or pixels.

Sizes are in CSS pixels: one unit of the SVG's view box is one pixel of the page, one 72nd of an inch in matplotlib.
matplotlib's global state and the user's matplotlibrc neither change the figures nor are changed by them.
"""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.text import Text

from mobilenets.reporting.palette import INK, LINE, MUTED, PAPER, Colour
from mobilenets.reporting.text import plain, shorten, width_em

TEXT = 12.0
SMALL = 11.0
_INCH = 72
_ABOVE = 12.0
_TITLE_EM = 8.0
# It comes with matplotlib. A PNG takes what it lacks from the first of these that is installed.
_FONT = "DejaVu Sans"
_OTHER_SCRIPTS = (
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Hiragino Sans",
    "PingFang SC",
    "Yu Gothic",
    "Microsoft YaHei",
    "Malgun Gothic",
    "Noto Sans Arabic",
    "Noto Sans Hebrew",
    "Noto Sans Devanagari",
    "Noto Sans Thai",
    "Arial Unicode MS",
)
_STYLE: dict[Any, object] = {
    # Text stays text: the browser has the letters that DejaVu lacks, and names can be searched and copied.
    "svg.fonttype": "none",
    # Names inside the SVG depend on its content alone.
    "svg.hashsalt": "mobilenets",
    "font.family": [_FONT],
    "font.size": TEXT,
    "text.color": INK.light,
    "text.parse_math": False,
    "axes.facecolor": "none",
    "axes.edgecolor": LINE.light,
    "axes.linewidth": 1.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "axes.axisbelow": True,
    "axes.labelcolor": MUTED.light,
    "axes.labelsize": SMALL,
    "grid.color": LINE.light,
    "grid.linewidth": 0.8,
    "xtick.color": LINE.light,
    "ytick.color": LINE.light,
    "xtick.labelcolor": MUTED.light,
    "ytick.labelcolor": MUTED.light,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.major.size": 4.0,
    "ytick.major.size": 0.0,
    "ytick.major.pad": 6.0,
    "lines.linewidth": 2.0,
    "lines.solid_capstyle": "round",
    "lines.solid_joinstyle": "round",
    "hatch.linewidth": 0.8,
}


@dataclass(frozen=True, eq=False)
class Drawing:
    """A finished figure, and in words what it shows (for those who do not see it)."""

    figure: Figure
    alt: str

    def svg(self) -> str:
        """An SVG document in the light colours on no background; the same text for the same values."""
        file = io.BytesIO()
        with house_style():
            _set_fonts(self.figure, [_FONT])
            self.figure.savefig(
                file, format="svg", transparent=True, metadata={"Date": None, "Creator": None, "Title": plain(self.alt)}
            )
        return file.getvalue().decode("utf-8")

    def png(self, *, scale: float = 2.0) -> bytes:
        """A PNG file on white, `scale` pixels of it one CSS pixel. Letters that no font here has are empty boxes."""
        file = io.BytesIO()
        with house_style():
            _set_fonts(self.figure, [_FONT, *_installed_fonts()])
            self.figure.savefig(
                file, format="png", dpi=_INCH * scale, facecolor=PAPER.light, metadata={"Software": None}
            )
        return file.getvalue()


@contextmanager
def house_style() -> Iterator[None]:
    """matplotlib's defaults and our look within, whatever it was and will again be without."""
    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        # A browser sets what DejaVu lacks; widths are estimated without fonts (`text.width_em`).
        warnings.filterwarnings("ignore", message=r"Glyph \d+", category=UserWarning)
        yield


def _installed_fonts() -> list[str]:
    installed = set(fontManager.get_font_names())
    return [name for name in _OTHER_SCRIPTS if name in installed]


def _set_fonts(figure: Figure, families: list[str]) -> None:
    for artist in figure.findobj(Text):
        if isinstance(artist, Text):
            artist.set_fontfamily(families)


def blank(*, width: float, height: float) -> Figure:
    """An empty figure of that size."""
    return Figure(figsize=(width / _INCH, height / _INCH), dpi=_INCH)


def axes_at(figure: Figure, *, left: float, top: float, width: float, height: float) -> Axes:
    """Axes at a place counted from the figure's top left corner."""
    total_width, total_height = figure.get_figwidth() * _INCH, figure.get_figheight() * _INCH
    bottom = total_height - top - height
    return figure.add_axes((left / total_width, bottom / total_height, width / total_width, height / total_height))


def write(
    axes: Axes,
    text: str,
    *,
    at: tuple[float, float],
    coordinates: str | tuple[str, str] = "axes fraction",
    shift: tuple[float, float] = (0.0, 0.0),
    colour: Colour = INK,
    size: float = SMALL,
    align: str = "left",
    vertical: str = "center_baseline",
    bold: bool = False,
) -> Text:
    """Text at a point of the axes, shifted by pixels (right, up)."""
    return axes.annotate(
        plain(text),
        xy=at,
        xycoords=coordinates,
        xytext=shift,
        textcoords="offset points",
        color=colour.light,
        fontsize=size,
        ha=align,
        va=vertical,
        fontweight="bold" if bold else "normal",
        annotation_clip=False,
        parse_math=False,
    )


def heading(axes: Axes, text: str, *, note: str = "", shift: float = 0.0, limit_em: float = 32.0) -> None:
    """The name of the axes above their left end (shifted right by pixels), a note in grey behind it.

    Together they are at most `limit_em` of the text's size wide; the name is cut if need be.
    """
    title = shorten(text, limit_em=max(_TITLE_EM, limit_em - width_em(note)))
    write(axes, title, at=(0, 1), shift=(shift, _ABOVE), size=TEXT + 1, bold=True, vertical="bottom")
    behind = shift + width_em(title) * (TEXT + 1) + TEXT
    write(axes, note, at=(0, 1), shift=(behind, _ABOVE + 1), colour=MUTED, vertical="bottom")
