"""The weights that candidates start from, by their width."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mobilenets.architecture.names import PUBLISHED_WIDTHS, Name
from mobilenets.errors import JobError, UsageError
from mobilenets.jobs.fit.candidates import Bases
from mobilenets.jobs.fit.settings import AUTO, NONE
from mobilenets.jobs.start import StartingWeights, open_weights, trained_architecture
from mobilenets.weights.registry import nearest


@dataclass(frozen=True, slots=True)
class Sources:
    """`by_width` names what `--weights` of a training takes, for each width that has any, `learnt` the task of each."""

    by_width: Mapping[float, str]
    learnt: Mapping[float, str]
    bases: Bases
    notes: tuple[str, ...]


def find_sources(asked: Iterable[str], *, widths: Iterable[float], resolution: int) -> Sources:
    """Open the weights that were asked for, and the published ones of the other widths where "auto" is among them.

    `resolution` is the largest that candidates have. Published weights that cannot be fetched are left out, which a
    note says. Raises `UsageError` for weights that are named and cannot be used, or that no candidate could start from.
    """
    named = [one for one in asked if one not in (AUTO, NONE)]
    widths, notes = sorted(set(widths)), []
    opened: dict[float, tuple[str, StartingWeights]] = {}
    for source in named:
        weights = open_weights(source)
        width = weights.architecture.width
        if width not in widths:
            some = ", ".join(f"{one:g}" for one in widths)
            raise UsageError(f"--weights {source} is of width {width:g}, which no candidate has ({some}): leave it out")
        if width in opened:
            raise UsageError(f"--weights {source} and {opened[width][0]} are both of width {width:g}: leave one out")
        opened[width] = (source, weights)
    if AUTO in asked:
        found, note = _published([one for one in widths if one not in opened], resolution)
        opened |= found
        notes += [note] if note else []
    bare = [f"{one:g}" for one in widths if one not in opened]
    if opened and bare:
        notes.append(f"no weights for width {', '.join(bare)}: these candidates start from random ones")
    return Sources(
        by_width={width: source for width, (source, _) in opened.items()},
        learnt={width: one.task.name if one.task else "" for width, (_, one) in opened.items()},
        bases=Bases({width: trained_architecture(weights) for width, (_, weights) in opened.items()}),
        notes=tuple(notes),
    )


def _published(widths: Iterable[float], resolution: int) -> tuple[dict[float, tuple[str, StartingWeights]], str]:
    found: dict[float, tuple[str, StartingWeights]] = {}
    for width in widths:
        if width not in PUBLISHED_WIDTHS:
            continue
        name = nearest(Name(width=width, resolution=resolution)).name
        try:
            found[width] = (name, open_weights(name))
        except JobError as error:
            # The next one lies at the same place: it would fail alike, after as long a wait.
            return found, f"published weights left out: {error}"
    return found, ""
