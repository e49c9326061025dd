"""Tables 4 to 9: whole networks, by accuracy, mult-adds and params."""

from collections.abc import Sequence

from mobilenets.architecture import names
from mobilenets.architecture.baselines import BASELINES
from mobilenets.architecture.cost import Cost, cost
from mobilenets.jobs.paper.entry import Column, Entry, Row, Table, measured, millions, number
from mobilenets.jobs.paper.published import Model, Rival

_COLUMNS = (
    Column("accuracy", "ImageNet top-1", "quoted", "%"),
    Column("mult_adds", "mult-adds", "counted", "M"),
    Column("params", "params", "counted", "M"),
)


def models_table(place: int, title: str, models: Sequence[Model | Rival], *, note: str = "") -> Table:
    """A table of networks, each counted from its layers; the accuracies are quoted."""
    return Table(place, title, _COLUMNS, tuple(Row(model.label, _entries(model)) for model in models), note=note)


def _entries(model: Model | Rival) -> tuple[Entry, ...]:
    counted = cost(names.network(model.network))
    figures = of_model(model, counted) if isinstance(model, Model) else of_rival(model, counted)
    return (measured(model.accuracy), *figures)


def of_model(model: Model, counted: Cost) -> tuple[Entry, Entry]:
    """Mult-adds and params as printed, beside a count of the network."""
    return (
        number(model.mult_adds, millions(counted.mult_adds), why=model.why_mult_adds),
        number(model.params, millions(counted.params), why=model.why_params),
    )


def of_rival(rival: Rival, counted: Cost) -> tuple[Entry, Entry]:
    """Mult-adds and params as printed for another network, beside a count of it."""
    published = BASELINES[rival.network].published
    if published is None:
        raise LookupError(f"{rival.network} has no published figures")
    return (
        number(f"{published.mult_adds:g}", millions(counted.mult_adds), step=rival.step, why=published.explanation),
        number(f"{published.params:g}", millions(counted.params), why=published.explanation),
    )


def squeezenet_note() -> str:
    """What becomes of the paper's "22 times less computation" than SqueezeNet (section 4.2)."""
    squeezenet, mobilenet = (cost(names.network(name)).mult_adds for name in ("squeezenet_1.0", "mobilenet_v1_0.5_160"))
    times = f"{squeezenet / mobilenet:.1f}"
    return f"The text's 22 times less computation than SqueezeNet is {times} times where both are counted alike."
