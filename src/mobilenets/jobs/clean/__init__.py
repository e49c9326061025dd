"""`mobilenets.clean`: a noisy collection without copies of the test photographs and without what cannot be right."""

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from mobilenets.data.photos import Collection, Example
from mobilenets.data.sources import open_collection
from mobilenets.errors import UsageError
from mobilenets.files import expanded
from mobilenets.jobs.clean.cleaning import sifted
from mobilenets.jobs.clean.look import feature_model
from mobilenets.jobs.clean.tables import check_listable, removed_table, write_kept, write_removed
from mobilenets.jobs.start import open_weights
from mobilenets.prediction.model import Model, choose_device
from mobilenets.run import Cleaning
from mobilenets.training.watch import counting

__all__ = ["Cleaned", "clean"]

_TABLE = ".csv"


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What a cleaning came to. `table` lists the photographs that stay and `removed_table` those that went and why.

    `removed` counts them by reason: unreadable, held out, cross-listed, repeated, doubtful.
    """

    table: Path
    removed_table: Path
    photographs: int
    kept: int
    removed: dict[str, int]
    notes: tuple[str, ...]


def clean(
    noisy: str,
    *,
    against: str | None = None,
    out: str | Path = f"cleaned{_TABLE}",
    weights: str | None = None,
    cleaning: Cleaning | None = None,
    resolution: int | None = None,
    device: str = "auto",
    seed: int = 0,
    overwrite: bool = False,
    console: Console | None = None,
) -> Cleaned:
    """Write a table of the photographs of a noisy folder or table that may be learnt from, for `train`.

    Left out is what cannot be read, what resembles a photograph of `against` (of its val and test, or of all where it
    is not divided), what stands under several labels, what repeats another, and with `cleaning.doubt` what is labelled
    doubtfully. `weights` names the network whose features are compared, at `resolution` pixels or its own; without,
    hashes alone are. Raises `UsageError` for a source that cannot be used and for a table that is there already,
    `JobError` where no photograph stays.
    """
    table = _free(Path(out), overwrite=overwrite)
    collection = open_collection(noisy)
    check_listable(noisy, collection.examples)
    clean_one = open_collection(against) if against is not None else None
    shown = console or Console(stderr=True)
    found = sifted(
        collection,
        held_out=held_out(clean_one) if clean_one else (),
        trusted=clean_one.part("train") if clean_one else (),
        cleaning=cleaning or Cleaning(),
        model=_model(weights, resolution=resolution, device=device),
        seed=seed,
        counting=lambda words, total: counting(shown, words, total=total),
    )
    write_removed(removed_table(table), found.removed)
    write_kept(table, found.kept)
    notes = (*collection.notes, *(clean_one.notes if clean_one else ()), *found.notes)
    photographs, kept = len(collection.examples), len(found.kept)
    return Cleaned(table, removed_table(table), photographs, kept, found.counts, notes)


def _model(weights: str | None, *, resolution: int | None, device: str) -> Model | None:
    chosen = choose_device(device)
    return feature_model(open_weights(weights), resolution=resolution, device=chosen) if weights else None


def held_out(collection: Collection) -> tuple[Example, ...]:
    """What must not be learnt from: all but train, or everything where the collection is not divided."""
    return tuple(example for example in collection.examples if example.split != "train")


def _free(table: Path, *, overwrite: bool) -> Path:
    table = expanded(str(table))
    if table.suffix.lower() != _TABLE:
        raise UsageError(f"--out {table}: the table of photographs that stay ends in {_TABLE}")
    there = next((one for one in (table, removed_table(table)) if one.exists()), None)
    if there is not None and not overwrite:
        raise UsageError(f"{there} is there already: choose another --out, or --overwrite")
    return table
