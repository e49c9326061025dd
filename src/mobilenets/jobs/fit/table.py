"""The table of all candidates: what each costs, whether it fits, how good it is, and what became of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from mobilenets.jobs.fit.budget import Budget, Excess, Figure, Limited, binding, nearest_budget, worst_ratio
from mobilenets.jobs.fit.candidates import Candidate, Priced
from mobilenets.jobs.fit.measuring import Figures
from mobilenets.jobs.fit.staircase import frontier, implied


@dataclass(frozen=True, slots=True)
class Table:
    """All candidates with their figures; `excess` is the limit that binds, by title, of those that do not fit.

    `pretrained` are the widths that have weights to start from.
    """

    priced: Sequence[Priced]
    figures: Mapping[str, Figures]
    excess: Mapping[str, Excess]
    pretrained: Collection[float] = ()

    def fitting(self) -> list[Priced]:
        """Those within every limit."""
        return [one for one in self.priced if one.title not in self.excess]

    def frontier(self) -> list[Priced]:
        """Those that fit and are worth training, the likeliest first.

        Those with weights come first, then those with the most mult-adds: with their logarithm accuracy grows (Figure
        4 of the paper).
        """
        best = set(frontier((one.candidate for one in self.fitting()), pretrained=self.pretrained))

        def rank(one: Priced) -> tuple[bool, int]:
            return one.candidate.width in self.pretrained, one.mult_adds

        return sorted((one for one in self.priced if one.candidate in best), key=rank, reverse=True)

    def binding(self) -> dict[Limited, int]:
        """How many candidates each limit turns away."""
        counts: dict[Limited, int] = {}
        for excess in self.excess.values():
            counts[excess.limit] = counts.get(excess.limit, 0) + 1
        return counts

    def nearest(self, budget: Budget) -> tuple[Priced, Excess, str]:
        """Where nothing fits: the candidate that is nearest to it, its binding limit, and the budget that it fits."""
        one = min(self.priced, key=lambda one: worst_ratio(self.figures[one.title], budget))
        return one, self.excess[one.title], nearest_budget(self.figures[one.title], budget)


def tabulate(
    priced: Sequence[Priced],
    budget: Budget,
    known: Mapping[str, Figures],
    complete: Mapping[str, Figures],
    *,
    pretrained: Collection[float] = (),
) -> Table:
    """Every candidate's verdict, from `known` figures and what follows from them.

    Where nothing follows from what was measured, an imported or estimated figure decides.
    """
    measured = {
        one.candidate: binding(known[one.title], budget) is None
        for one in priced
        if one.title in known and _is_measured(known[one.title])
    }
    excess = {}
    for one in priced:
        over = binding(one.floors, budget) or _over(one, budget, measured, complete[one.title])
        if over is not None:
            excess[one.title] = over
    return Table(priced, complete, excess, pretrained)


def _is_measured(figures: Figures) -> bool:
    return "ms" in figures and figures["ms"].label == "measured"


def _over(one: Priced, budget: Budget, measured: Mapping[Candidate, bool], figures: Figures) -> Excess | None:
    fits = implied(one.candidate, measured)
    over = binding(figures, budget)
    if fits is None:
        return over
    if fits:
        return None
    return over or _follows(budget, figures)


def _follows(budget: Budget, figures: Figures) -> Excess:
    """The limit of a candidate larger than one that does not fit, whose own estimate is just within."""
    name = max(
        (limit for limit in budget.limits if limit in figures),
        key=lambda limit: figures[limit].value / budget.limits[limit],
    )
    most = budget.limits[name]
    return Excess(name, most, Figure(max(figures[name].value, most * (1 + 1e-9)), "estimated"))
