"""Table 12: face attributes, networks with 40 outputs, and the network that taught them (section 4.5)."""

from mobilenets.architecture import names
from mobilenets.architecture.cost import cost
from mobilenets.jobs.paper.entry import Column, Row, Table, measured
from mobilenets.jobs.paper.published import ATTRIBUTES_BASELINE, FACE_ATTRIBUTES, Model
from mobilenets.jobs.paper.tables.models import of_model, of_rival

_ATTRIBUTES = 40
# TF-Slim's usual 8 would give the narrowest network 40.8 and 13.3 M mult-adds where 45 and 15 are printed.
_MIN_DEPTH = 16
_COLUMNS = (
    Column("mean_ap", "mean AP", "quoted", "%"),
    Column("mult_adds", "mult-adds", "counted", "M"),
    Column("params", "params", "counted", "M"),
)
_OWN = "face attributes of their own"


def attributes_table(place: int) -> Table:
    """Networks for face attributes and their teacher; the mean average precisions are quoted."""
    teacher = cost(names.network(ATTRIBUTES_BASELINE.network))
    baseline = Row(
        ATTRIBUTES_BASELINE.label,
        (measured(ATTRIBUTES_BASELINE.accuracy, on=_OWN), *of_rival(ATTRIBUTES_BASELINE, teacher)),
    )
    note = (
        f"Counted with a classifier of {_ATTRIBUTES} attributes, CelebA's number (the paper does not say its own), and "
        f"a smallest depth of {_MIN_DEPTH} channels, which is seen at width 0.25 alone: with the usual 8 its mult-adds "
        f"would be {_narrow(224)} and {_narrow(128)} M. The baseline is counted as FaceNet's NN2 with its embedding of "
        "128 numbers, whose figures it has; the text's 75 million params is a slip for 7.5."
    )
    rows = (*map(_row, FACE_ATTRIBUTES), baseline)
    return Table(place, "Face attribute classification", _COLUMNS, rows, note=note)


def _row(model: Model) -> Row:
    counted = cost(names.network(model.network, classes=_ATTRIBUTES, min_depth=_MIN_DEPTH))
    return Row(model.label, (measured(model.accuracy, on=_OWN), *of_model(model, counted)))


def _narrow(resolution: int) -> str:
    usual = cost(names.network(f"mobilenet_v1_0.25_{resolution}", classes=_ATTRIBUTES))
    return f"{usual.mult_adds / 1e6:.1f}"
