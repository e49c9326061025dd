"""The recomputed paper as data, for machines: what `paper.json` and `mobilenets paper --json` hold."""

from decimal import Decimal
from typing import Any

from mobilenets.jobs.paper.entry import Column, Entry, Table
from mobilenets.jobs.paper.recount import Recount
from mobilenets.jobs.paper.tradeoff import Fit


def as_data(recount: Recount) -> dict[str, Any]:
    """What JSON can hold. `counted` is in the unit of `published`, exact to the mult-add; null cannot be counted.

    `published_to` is the last place that a round printed figure states, where that is not its last digit.
    """
    return {"tables": [_table(table) for table in recount.tables], "figures": _figures(recount)}


def _table(table: Table) -> dict[str, Any]:
    return {
        "number": table.number,
        "title": table.title,
        "note": table.note,
        "units": {column.key: column.unit for column in table.columns if column.unit},
        "rows": [
            {"label": row.label}
            | {column.key: _entry(column, entry) for column, entry in zip(table.columns, row.entries, strict=True)}
            for row in table.rows
        ],
    }


def _entry(column: Column, entry: Entry) -> dict[str, Any]:
    data: dict[str, Any] = {
        "published": entry.published if column.kind == "words" else float(entry.published),
        "counted": float(entry.counted) if isinstance(entry.counted, Decimal) else entry.counted,
        "explanation": entry.explanation,
    }
    return data if entry.step is None else {**data, "published_to": float(entry.step)}


def _figures(recount: Recount) -> dict[str, Any]:
    points = [
        {
            "network": one.name,
            "mult_adds": one.mult_adds,
            "params": one.params,
            "released": one.released,
            "printed": one.printed,
            "residual": recount.every.residuals[one.name],
        }
        for one in recount.networks
    ]
    fits = {"all": _fit(recount.every), "without_width_0.25": _fit(recount.wide)}
    return {"drawn": "released", "unit": "ImageNet top-1, %", "networks": points, "fits": fits}


def _fit(fit: Fit) -> dict[str, Any]:
    return {
        "formula": "accuracy = intercept + slope * log10(mult_adds)",
        "slope": fit.slope,
        "intercept": fit.intercept,
        "r_squared": fit.r_squared,
        "residuals": fit.residuals,
    }
