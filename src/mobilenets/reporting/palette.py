"""Every colour of a report, once: what it is on white paper and what it is on a dark screen.

Figures are drawn in the light colours; the page turns each into the CSS variable of its name, so that one figure
serves both. The five series colours are told apart with each common colour vision deficiency and are dark (or light)
enough to be text: at least 4.5:1 against the page (WCAG 2.2, 1.4.3).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Colour:
    """One colour in both modes, as `#rrggbb` in lower case (as matplotlib writes it)."""

    name: str
    light: str
    dark: str


PAPER = Colour(name="paper", light="#ffffff", dark="#14171a")
CARD = Colour(name="card", light="#f5f6f8", dark="#1d2125")
LINE = Colour(name="line", light="#dde1e6", dark="#343a41")
MUTED = Colour(name="muted", light="#5b646e", dark="#9ba5af")
INK = Colour(name="ink", light="#1b1f24", dark="#e7e9ec")

BLUE = Colour(name="blue", light="#0069a8", dark="#62b5f0")
ORANGE = Colour(name="orange", light="#c04a00", dark="#f88a45")
GREEN = Colour(name="green", light="#0c5c3a", dark="#5cf0b0")
PURPLE = Colour(name="purple", light="#7d3cc8", dark="#f45cc4")
GOLD = Colour(name="gold", light="#5e4915", dark="#f5e463")
SERIES = (BLUE, ORANGE, GREEN, PURPLE, GOLD)

# Fills that carry a number: INK stays readable on them at any opacity, in both modes.
RIGHT = Colour(name="right", light="#7cb9e6", dark="#1b5c92")
WRONG = Colour(name="wrong", light="#f2a661", dark="#984b10")
# Pixels cannot follow the page's mode: these stand out on both.
RIGHT_PIXEL = "#2f8fd0"
WRONG_PIXEL = "#e8792a"

COLOURS = (PAPER, CARD, LINE, MUTED, INK, *SERIES, RIGHT, WRONG)
