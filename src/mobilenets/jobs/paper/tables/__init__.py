"""The tables of the paper that are recomputed: one entry here for each."""

from collections.abc import Callable

from mobilenets.jobs.paper.entry import Table
from mobilenets.jobs.paper.published import (
    CONV_AGAINST_SEPARABLE,
    LARGE,
    NARROW_AGAINST_SHALLOW,
    RESOLUTIONS,
    SMALLER,
    WIDTHS,
)
from mobilenets.jobs.paper.tables.attributes import attributes_table
from mobilenets.jobs.paper.tables.body import body_table
from mobilenets.jobs.paper.tables.detection import detection_table
from mobilenets.jobs.paper.tables.dogs import dogs_table
from mobilenets.jobs.paper.tables.faces import faces_table
from mobilenets.jobs.paper.tables.layer import layer_table
from mobilenets.jobs.paper.tables.models import models_table, squeezenet_note
from mobilenets.jobs.paper.tables.places import places_table
from mobilenets.jobs.paper.tables.shares import shares_table

TABLES: tuple[Callable[[], Table], ...] = (
    lambda: body_table(1),
    lambda: shares_table(2),
    lambda: layer_table(3),
    lambda: models_table(4, "Depthwise separable against full convolutions", CONV_AGAINST_SEPARABLE),
    lambda: models_table(5, "Narrow against shallow MobileNet", NARROW_AGAINST_SHALLOW),
    lambda: models_table(6, "MobileNet width multiplier", WIDTHS),
    lambda: models_table(7, "MobileNet resolution", RESOLUTIONS),
    lambda: models_table(8, "MobileNet against popular models", LARGE),
    lambda: models_table(9, "Smaller MobileNet against popular models", SMALLER, note=squeezenet_note()),
    lambda: dogs_table(10),
    lambda: places_table(11),
    lambda: attributes_table(12),
    lambda: detection_table(13),
    lambda: faces_table(14),
)
