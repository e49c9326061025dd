"""The grids of a whole TFLite file, for a network that is to compute in the same whole numbers."""

from mobilenets.network.quantisation import LayerQuantisation
from mobilenets.weights.formats.tflite_heads import Heads
from mobilenets.weights.formats.tflite_way import Beside, Made, Way
from mobilenets.weights.found import Quantised


def grids_of(way: Way, beside: Beside | None) -> Quantised | None:
    """The grids, where the whole network computes in whole numbers and each layer reads what the last one makes."""
    facts = _chained(way)
    if facts is None or way.image.grid is None or (way.pooled and way.pooled.grid is None):
        return None
    pooled, probabilities = way.pooled, way.probabilities
    joined = _joined(beside.heads) if beside else None
    if beside:
        heads = [_facts(made) for pair in beside.predictors for made in (pair.scores, pair.offsets)]
        facts += [one for one in heads if one]
        if None in heads or joined is None:
            return None
        probabilities = beside.heads.probabilities
    return Quantised(
        image=way.image.grid,
        layers=tuple(facts),
        pooled=pooled.grid if pooled else None,
        joined=joined,
        probabilities=probabilities.grid if probabilities else None,
    )


def _chained(way: Way) -> list[LayerQuantisation] | None:
    before, facts = way.image.grid, []
    for place, made in enumerate(way.made):
        if way.pooled and place == way.body:
            before = way.pooled.grid
        own = _facts(made)
        if own is None or made.reads.grid != before:
            return None
        facts.append(own)
        before = own.output
    return facts


def _joined(heads: Heads) -> LayerQuantisation | None:
    scores, offsets = heads.scores.tensor.grid, heads.offsets.tensor.grid
    if scores is None or offsets is None or heads.grid is None:
        return None
    return LayerQuantisation(output=scores, offsets=offsets, defaults=heads.grid)


def _facts(made: Made) -> LayerQuantisation | None:
    if made.weights.grid is None or made.output.grid is None:
        return None
    return LayerQuantisation(kernel=made.weights.grid, output=made.output.grid)
