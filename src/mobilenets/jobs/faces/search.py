"""`mobilenets.index` and `mobilenets.search`: the photographs of a folder that are most like another."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console

from mobilenets.data.audit import check_bad
from mobilenets.data.faces.aligned import NO_FACE
from mobilenets.data.inputs import photographs
from mobilenets.errors import JobError, UsageError
from mobilenets.jobs.faces.compare import one_photograph
from mobilenets.jobs.faces.index import Index, read_index, write_index
from mobilenets.jobs.faces.vectors import Embedder, load_embedder
from mobilenets.maths.exact_search import nearest
from mobilenets.tasks.embed import Vector
from mobilenets.training.watch import counting


@dataclass(frozen=True, slots=True)
class Indexed:
    """An index that was written. `bad` names the photographs that are not in it, and why: unreadable or no face."""

    file: Path
    photographs: int
    dimension: int
    bad: dict[str, str]


def index(
    sources: str | Path | Sequence[str | Path],
    *,
    model: str | Path,
    out: str | Path,
    aligned: bool = False,
    align: bool = False,
    device: str = "auto",
    overwrite: bool = False,
    console: Console | None = None,
) -> Indexed:
    """Write the embeddings of photographs, as `predict` takes them, into one file.

    `aligned` faces are cropped already; with `align` the face of each photograph is found and aligned, and those
    without one are left out. Raises `UsageError` for a bad model or source and where the file is there without
    `overwrite`, `JobError` where over 1 % of the photographs cannot be read or the file cannot be written.
    """
    file = Path(out)
    if file.is_dir():
        raise UsageError(f"--out {file} is a folder: name a file, as faces.index")
    if file.exists() and not overwrite:
        raise UsageError(f"--out {file} is there and would be lost: choose another name, or --overwrite")
    several = [sources] if isinstance(sources, str | Path) else sources
    photos = list(photographs([str(source) for source in several]))
    embedder = load_embedder(model, device=device, aligned=aligned, align=align)
    names, rows, bad = [], [], {}
    with counting(console or Console(stderr=True), "embedding", total=len(photos)) as advance:
        for prediction in embedder.predictions(iter(photos)):
            advance(1)
            if isinstance(prediction.answer, Vector):
                names.append(prediction.name)
                rows.append(prediction.answer.values)
            else:
                bad[prediction.name] = prediction.error
    if not rows:
        raise JobError("none of the photographs can be used: there is nothing to put into an index")
    # A photograph without a face is no sign of damage, however many there are.
    check_bad({name: why for name, why in bad.items() if why != NO_FACE}, len(photos), strict=False)
    write_index(file, np.stack(rows), names, embedder.identity)
    return Indexed(file, len(rows), rows[0].size, bad)


@dataclass(frozen=True, slots=True)
class Hit:
    """A photograph that was found: its squared `distance`, and whether it is taken for the same person's.

    `same` is None where the model has no threshold.
    """

    name: str
    distance: float
    same: bool | None


@dataclass(frozen=True, slots=True)
class Found:
    """What is most like a photograph among `searched` others, the nearest first."""

    photograph: str
    searched: int
    threshold: float | None
    hits: tuple[Hit, ...]


def search(
    photograph: str | Path,
    *,
    index: str | Path,
    model: str | Path,
    top: int = 5,
    aligned: bool = False,
    align: bool = False,
    device: str = "auto",
) -> Found:
    """The `top` photographs of an index that are nearest to another one: exactly, all of them are compared.

    `aligned` and `align` are as `index` takes them. Raises `UsageError` for a bad index, one that other weights made,
    and what is not one photograph, and `JobError` for a photograph that cannot be read or shows no face.
    """
    if top < 1:
        raise UsageError(f"top {top} is under 1: use at least 1 photograph")
    photo = one_photograph(photograph)
    opened = read_index(Path(index))
    embedder = load_embedder(model, device=device, aligned=aligned, align=align)
    _check_same(opened, embedder, index=index, model=model)
    found = nearest(opened.vectors, embedder.vectors([photo])[0], count=top)
    threshold = embedder.task.threshold.distance if embedder.task.threshold else None
    hits = (
        Hit(opened.name(place), distance, None if threshold is None else distance <= threshold)
        for place, distance in zip(found.places.tolist(), found.distances.tolist(), strict=True)
    )
    return Found(str(photograph), len(opened), threshold, tuple(hits))


def _check_same(opened: Index, embedder: Embedder, *, index: str | Path, model: str | Path) -> None:
    if opened.identity != embedder.identity:
        what = "other weights" if opened.identity.get("weights") != embedder.weights else "photographs shown otherwise"
        raise UsageError(
            f"{index} was made with {what} than those of {model}: use its own model, or make it again with "
            "`mobilenets search index`"
        )
