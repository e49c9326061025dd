"""Table 2: what each kind of layer takes of MobileNet."""

from decimal import Decimal

from mobilenets.architecture import names
from mobilenets.architecture.cost import shares
from mobilenets.jobs.paper.entry import Column, Row, Table, number
from mobilenets.jobs.paper.published import SHARES

_SWAPPED = "Two digits swapped in print: as printed the column does not add up to 100 %."


def shares_table(place: int) -> Table:
    """Shares of mult-adds and weights (which the paper calls parameters: batch norm and biases are left out)."""
    counted = {share.kind: share for share in shares(names.network("mobilenet_v1_1.0_224"))}
    rows = [
        Row(
            printed.label,
            (
                number(printed.mult_adds, _percent(counted[kind].mult_adds), why=_SWAPPED),
                number(printed.params, _percent(counted[kind].weights)),
            ),
        )
        for kind, printed in SHARES.items()
    ]
    columns = (Column("mult_adds", "mult-adds", "counted", "%"), Column("params", "params", "counted", "%"))
    note = "The column of params counts weights alone, without biases and batch norm."
    return Table(place, "Resources by kind of layer", columns, tuple(rows), note=note)


def _percent(share: float) -> Decimal:
    return Decimal(share) * 100
