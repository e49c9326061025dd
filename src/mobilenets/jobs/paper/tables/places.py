"""Table 11 and the costs in the text of section 4.4: PlaNet with Inception V3, and with MobileNet."""

from collections.abc import Sequence
from dataclasses import replace

from mobilenets.architecture import names
from mobilenets.architecture.baselines import BASELINES
from mobilenets.architecture.baselines.inception_v3 import auxiliary
from mobilenets.architecture.layer import Layer
from mobilenets.architecture.style import lay, tap_of
from mobilenets.jobs.paper.entry import Column, Entry, Row, Table, millions, number
from mobilenets.jobs.paper.published import GEOCELLS, IM2GPS, PLANET, PLANET_MOBILENET, Located

_AUXILIARY_READS = "mixed_6e/concat"


def places_table(place: int) -> Table:
    """The two networks: the shares of photographs they place are quoted, their costs counted from their layers."""
    mobilenet = names.network("mobilenet_v1_1.0_224", classes=GEOCELLS)
    columns = (
        *(Column(f"within_{limit}_km", f"within {limit} km", "quoted", "%") for limit in PLANET.within),
        Column("mult_adds", "mult-adds", "counted", "M"),
        Column("params", "params", "counted", "M"),
    )
    rows = (_row(PLANET, planet_layers(GEOCELLS)), _row(PLANET_MOBILENET, mobilenet))
    return Table(place, "PlaNet with the MobileNet architecture", columns, rows, note=_note(mobilenet))


def planet_layers(cells: int) -> tuple[Layer, ...]:
    """Inception V3 with the auxiliary classifier of its training, both with an output for each cell."""
    network = names.network("inception_v3", classes=cells)
    tap = tap_of(next(layer for layer in network if layer.name == _AUXILIARY_READS))
    style = replace(BASELINES["inception_v3"].style, min_depth=1)
    return (*network, *lay(auxiliary(cells), tap, style, prefix="auxiliary/"))


def _row(printed: Located, layers: Sequence[Layer]) -> Row:
    quoted = (Entry(share, None, explanation=printed.why_quoted) for share in printed.within.values())
    mult_adds, params = (sum(getattr(layer, figure) for layer in layers) for figure in ("mult_adds", "params"))
    counted = (
        number(printed.mult_adds, millions(mult_adds), step=printed.step, why=printed.why_mult_adds),
        number(printed.params, millions(params)),
    )
    return Row(printed.label, (*quoted, *counted))


def _note(mobilenet: Sequence[Layer]) -> str:
    last = mobilenet[-1].params
    body = sum(layer.params for layer in mobilenet) - last
    im2gps = ", ".join(f"{share} %" for share in IM2GPS.values())
    return (
        f"The paper does not say how many cells there were: {GEOCELLS:,} are assumed, and only 9,637 to 9,991 give "
        f"every printed cost at once. Of the MobileNet's params {body / 1e6:.2f} M are the body's and "
        f"{last / 1e6:.2f} M the last layer's (printed: 3 and 10). PlaNet's cost is counted with its auxiliary "
        f"classifier. Im2GPS, which compares photographs and is no network, is printed with {im2gps} at the same "
        "distances."
    )
