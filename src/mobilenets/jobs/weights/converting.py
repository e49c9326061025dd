"""`mobilenets.convert_weights`: weights of any known format as a checkpoint of ours, or as others lay theirs out."""

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from mobilenets.checkpoint import MODEL, RUN, STATE, write_description, write_tensors
from mobilenets.errors import UsageError
from mobilenets.files import write_text_whole
from mobilenets.jobs.weights.card import CARD, Layout, card_text, check_card
from mobilenets.jobs.weights.figures import read_figures
from mobilenets.jobs.weights.opened import Opened, open_weights
from mobilenets.weights.fitting import Asked
from mobilenets.weights.source import AS_IT_IS
from mobilenets.weights.writers.hugging_face import write_hugging_face
from mobilenets.weights.writers.timm_layout import write_timm

_FILES: dict[Layout, tuple[str, ...]] = {
    "checkpoint": (MODEL, RUN),
    "timm": (MODEL, "config.json"),
    "huggingface": (MODEL, "config.json", "preprocessor_config.json"),
}


@dataclass(frozen=True, slots=True)
class Converted:
    """A folder that was written, ready to be used or uploaded as it stands, and what was assumed on the way."""

    folder: Path
    layout: Layout
    network: str
    task: str
    source: str
    files: tuple[str, ...]
    notes: tuple[str, ...]


def convert_weights(
    source: str | Path,
    *,
    out: str | Path,
    to: Layout = "checkpoint",
    asked: Asked = AS_IT_IS,
    classes_file: str | Path | None = None,
    figures: str | Path | None = None,
    licence: str | None = None,
    overwrite: bool = False,
    console: Console | None = None,
) -> Converted:
    """Write published weights, a file, a folder of others or a checkpoint of ours as a folder `out`, with its card.

    A checkpoint is what `evaluate`, `predict` and `train --weights` take; timm and Transformers load the others.
    `asked` says what a file does not, `classes_file` names its outputs, one a line; `figures` (a report of
    `evaluate --json`) and `licence` go into the card. Raises `UsageError` for a file that is none of our networks and
    where something would be lost without `overwrite`, and `JobError` where weights cannot be fetched or written.
    """
    folder = Path(out)
    if to not in _FILES:
        raise UsageError(f"to {to!r} is unknown: use one of {', '.join(_FILES)}")
    measured = read_figures(Path(figures)) if figures else None
    _check_out(folder, overwrite=overwrite)
    names = Path(classes_file) if classes_file else None
    opened = open_weights(str(source), asked=asked, classes_file=names, console=console)
    _check_apart(opened, folder)
    if opened.fitted.framework and to != "checkpoint":
        raise UsageError(f"--to {to}: it has no layout for detectors, and {source} is one: use --to checkpoint")
    _write(opened, folder, to)
    card = card_text(opened, name=folder.resolve().name, layout=to, measured=measured, licence=licence)
    write_text_whole(folder / CARD, card)
    return Converted(
        folder=folder,
        layout=to,
        network=opened.fitted.name,
        task=opened.task.name,
        source=opened.description.source,
        files=(*_FILES[to], CARD),
        notes=opened.fitted.notes,
    )


def _check_out(folder: Path, *, overwrite: bool) -> None:
    """See that the folder may be used: nothing is lost that was not meant to be."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--out {folder} is a file: it takes a folder")
    if (folder / STATE).exists():
        raise UsageError(
            f"--out {folder} holds a training run, whose state would go on with other weights: choose another"
        )
    check_card(folder, overwrite=overwrite)
    lost = [name for names in _FILES.values() for name in names if (folder / name).exists()]
    if lost and not overwrite:
        raise UsageError(f"--out {folder} has a {lost[0]}, which would be lost: choose another folder, or --overwrite")


def _check_apart(opened: Opened, folder: Path) -> None:
    if opened.file.resolve().parent == folder.resolve():
        raise UsageError(f"--out {folder} is where the weights lie: choose another folder")


def _write(opened: Opened, folder: Path, to: Layout) -> None:
    """Write the files of one layout, and take away those of another that were there before."""
    if to == "timm":
        write_timm(opened.fitted, folder)
    elif to == "huggingface":
        write_hugging_face(opened.fitted, folder)
    else:
        write_tensors(folder / MODEL, opened.fitted.state, {})
        write_description(folder, opened.description)
    for name in {name for names in _FILES.values() for name in names}.difference(_FILES[to]):
        (folder / name).unlink(missing_ok=True)
