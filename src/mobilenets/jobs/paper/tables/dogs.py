"""Table 10: breeds of dogs, networks with 120 outputs (section 4.3)."""

from mobilenets.architecture import names
from mobilenets.architecture.cost import cost
from mobilenets.jobs.paper.entry import Column, Row, Table, measured
from mobilenets.jobs.paper.published import DOGS, Model, Rival
from mobilenets.jobs.paper.tables.models import of_model, of_rival

_BREEDS = 120
_COLUMNS = (
    Column("accuracy", "Stanford Dogs top-1", "quoted", "%"),
    Column("mult_adds", "mult-adds", "counted", "M"),
    Column("params", "params", "counted", "M"),
)


def dogs_table(place: int) -> Table:
    """Networks for the 120 breeds of Stanford Dogs; the accuracies are quoted."""
    note = f"Counted with a classifier of {_BREEDS} breeds."
    return Table(place, "MobileNet for Stanford Dogs", _COLUMNS, tuple(map(_row, DOGS)), note=note)


def _row(model: Model | Rival) -> Row:
    counted = cost(names.network(model.network, classes=_BREEDS))
    figures = of_model(model, counted) if isinstance(model, Model) else of_rival(model, counted)
    return Row(model.label, (measured(model.accuracy, on="Stanford Dogs"), *figures))
