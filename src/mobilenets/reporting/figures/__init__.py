"""Figures of a report: plain values in, a `Drawing` out, which is written as SVG or PNG.

All have one look (`figures.drawing`), the same bytes for the same values, and take names as they are.
"""

from mobilenets.reporting.figures.bars import bars
from mobilenets.reporting.figures.confusion import confusion
from mobilenets.reporting.figures.curves import Panel, curves
from mobilenets.reporting.figures.distances import distances
from mobilenets.reporting.figures.drawing import Drawing
from mobilenets.reporting.figures.gains import gains
from mobilenets.reporting.figures.precision import precision
from mobilenets.reporting.figures.reliability import reliability
from mobilenets.reporting.figures.tradeoff import Point, tradeoff
from mobilenets.reporting.figures.world import world
from mobilenets.reporting.mistakes import Confusion, most_confused

__all__ = [
    "Confusion",
    "Drawing",
    "Panel",
    "Point",
    "bars",
    "confusion",
    "curves",
    "distances",
    "gains",
    "most_confused",
    "precision",
    "reliability",
    "tradeoff",
    "world",
]
