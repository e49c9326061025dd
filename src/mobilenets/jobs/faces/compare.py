"""`mobilenets.compare`: do two photographs show the same person?"""

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from mobilenets.data.inputs import photographs
from mobilenets.data.photos import Photo
from mobilenets.errors import UsageError
from mobilenets.jobs.faces.vectors import load_embedder, needed_threshold
from mobilenets.maths.verification import squared_distances


@dataclass(frozen=True, slots=True)
class Compared:
    """Whether two photographs are taken for one person's, by their squared `distance` in [0, 4].

    `far` and `val` are the false accept rate that the threshold was set for and the share of same-person pairs that it
    accepted then; None of a threshold that was given.
    """

    first: str
    second: str
    same: bool
    distance: float
    threshold: float
    far: float | None
    val: float | None


def compare(
    first: str | Path,
    second: str | Path,
    *,
    model: str | Path,
    threshold: float | None = None,
    aligned: bool = False,
    align: bool = False,
    device: str = "auto",
) -> Compared:
    """Compare two photographs by the embeddings of a checkpoint or an artefact.

    `threshold` is a squared distance; unset, the model's own. `aligned` faces are cropped already; with `align`
    the face of each photograph is found and aligned. Raises `UsageError` for a model of another task or without a
    threshold and for what is not one photograph, `JobError` for a photograph that cannot be read or shows no face.
    """
    photos = [one_photograph(source) for source in (first, second)]
    embedder = load_embedder(model, device=device, aligned=aligned, align=align)
    limit, known = needed_threshold(embedder, threshold, model=model)
    vectors = embedder.vectors(photos)
    distance = float(squared_distances(vectors[:1], vectors[1:])[0, 0])
    return Compared(
        first=str(first),
        second=str(second),
        same=distance <= limit,
        distance=distance,
        threshold=limit,
        far=known.far if known else None,
        val=known.val if known else None,
    )


def one_photograph(source: str | Path) -> Photo:
    """The photograph that a text names; raises `UsageError` where it names none or several."""
    found = list(islice(photographs([str(source)]), 2))
    if len(found) != 1:
        raise UsageError(f"{source} holds {'no photograph' if not found else 'several photographs'}: name a single one")
    return found[0]
