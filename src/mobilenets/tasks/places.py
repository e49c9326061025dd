"""Places: where a photograph was taken, as one of the geocells that the earth is divided into (section 4.4, PlaNet)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from mobilenets.architecture.layer import Layer
from mobilenets.architecture.tables import classifier
from mobilenets.data.examples import Batch, Target
from mobilenets.data.geotags.cells_file import as_state, from_state, read_cells, rounded
from mobilenets.data.geotags.collection import open_geotagged, places_of
from mobilenets.data.geotags.dividing import hold_out_spots
from mobilenets.data.photos import Collection, Photo
from mobilenets.data.views import View
from mobilenets.data.wording import counted
from mobilenets.errors import UsageError
from mobilenets.maths.cells import leaf_ids, tokens
from mobilenets.maths.geolocation import nearest_of, share_name, shares_within, voted_place
from mobilenets.maths.logistic import Linear, fit_logistic
from mobilenets.maths.partition import Partition, partition
from mobilenets.maths.sphere import chord, great_circle_km, unit_vectors
from mobilenets.reporting.page import Page
from mobilenets.run import Architecture, Geocells
from mobilenets.tasks.places_answers import Guess, Located, errors_km
from mobilenets.tasks.places_report import add_places
from mobilenets.tasks.protocol import Answer, Evaluated, Scores, TaskSettings

# Table 11's region: few collections teach a city, and within 750 km always naming the fullest cell is often right.
_HEADLINE_KM = 200
_SHOWN = 5
_TWENTIETH, _TENTH = 20, 10
_MOST, _FEWEST = (10, 10_000), (2, 50)


@dataclass(frozen=True, slots=True)
class Geotagged:
    """Photographs with their places (N, 2) and the number of each one's cell. `Examples` of places."""

    photos: tuple[Photo, ...]
    places: NDArray[np.float64]
    cells: NDArray[np.int64]
    notes: tuple[str, ...] = ()

    def truth(self, place: int) -> tuple[float, float]:
        latitude, longitude = self.places[place].tolist()
        return latitude, longitude

    def target(self, place: int, view: View) -> Target:
        vector = unit_vectors(*self.places[place : place + 1].T)[0]
        return {"cell": int(self.cells[place]), "vector": vector.astype(np.float32)}


@dataclass(frozen=True)
class PlaceTask:
    """The task with its geocells, in the order of the network's outputs."""

    cells: Partition
    label_smoothing: float = 0.0
    name: str = "places"

    @classmethod
    def open(cls, source: str) -> Collection:
        return open_geotagged(source)

    @classmethod
    def divide(cls, collection: Collection, *, fraction: float, seed: int) -> Collection:
        return hold_out_spots(collection, fraction=fraction, seed=seed)

    @classmethod
    def learn(cls, collection: Collection, *, settings: TaskSettings) -> Self:
        """The cells are those of a file, or the partition by the training photographs."""
        cells = _cells(collection, settings.geocells)
        if len(cells) < 2:  # noqa: PLR2004 (a choice is between two)
            raise UsageError(
                f"train of {collection.name} lies in {counted(len(cells), 'cell')} of enough photographs, and two or "
                "more are needed: use smaller --cell-max and --cell-min, or photographs of more places"
            )
        return cls(rounded(cells), settings.label_smoothing)

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> Self:
        try:
            return cls(from_state(state))
        except (ValueError, TypeError) as error:
            raise UsageError(f"the checkpoint is of places and its cells are not whole ({error})") from error

    def state(self) -> dict[str, Any]:
        """The cells alone: token, number of photographs, the place each stands for. No photograph's own place."""
        return as_state(self.cells)

    @property
    def exclusive(self) -> bool:
        return True

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The names of the outputs: a cell's token and the place it stands for."""
        named = zip(tokens(self.cells.ids), self.cells.places.tolist(), strict=True)
        return tuple(f"{token} {latitude:.4f} {longitude:.4f}" for token, (latitude, longitude) in named)

    def examples(self, collection: Collection, split: str) -> Geotagged:
        """What lies in no cell is not learnt from; elsewhere it is scored, and in the loss stands for the nearest."""
        chosen = collection.part(split)
        places = places_of(chosen)
        cells = self.cells.find(leaf_ids(*places.T))
        outside = cells < 0
        many = counted(int(outside.sum()), "photograph")
        if split == "train":
            kept = np.flatnonzero(~outside)
            left = f"{many} of train left out: in no cell of enough photographs"
            notes = (*self._taught(cells[kept]), *([left] if outside.any() else []))
            return Geotagged(tuple(chosen[row].photo for row in kept), places[kept], cells[kept], notes)
        cells[outside] = nearest_of(places[outside], self.cells.places)
        words = (
            f"{many} of {split} in no cell: scored by distance as all are; in the loss they stand for the nearest cell"
        )
        return Geotagged(tuple(one.photo for one in chosen), places, cells, (words,) if outside.any() else ())

    def _taught(self, cells: NDArray[np.int64]) -> list[str]:
        """What has to be said of the cells, of which the training photographs (N,) teach some."""
        counts = self.cells.counts
        sizes = f"{len(counts):,} cells of {counts.min():,} to {counts.max():,} photographs"
        empty = len(counts) - len(np.unique(cells))
        return [f"{sizes}, {empty:,} without one of train, which teach nothing" if empty else sizes]

    def layers(self, architecture: Architecture) -> list[Layer]:
        body = architecture.body()
        return [*body, *classifier(body, len(self.cells))]

    def fit_head(
        self,
        features: Tensor,
        targets: Mapping[str, Tensor],
        *,
        groups: Tensor,
        seed: int,
        check: Callable[[], None],
    ) -> Linear:
        """Multinomial logistic regression."""
        labels = targets["cell"].to(features.device)
        return fit_logistic(features, labels, classes=len(self.cells), groups=groups, seed=seed, check=check)

    def loss(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Cross-entropy of (N, cells) logits."""
        return F.cross_entropy(outputs, batch.targets["cell"], label_smoothing=self.label_smoothing)

    def watch(self, outputs: Tensor, batch: Batch) -> dict[str, Tensor]:
        answers = self._vectors.to(outputs.device)[outputs.argmax(1)]
        apart = (answers - batch.targets["vector"]).norm(dim=1)
        return {share_name(_HEADLINE_KM): (apart <= chord(_HEADLINE_KM)).sum()}

    @cached_property
    def _vectors(self) -> Tensor:
        """The place of each cell on the unit sphere, (cells, 3)."""
        return torch.from_numpy(unit_vectors(*self.cells.places.T)).float()

    @cached_property
    def _tokens(self) -> list[str]:
        return tokens(self.cells.ids)

    def answers(self, outputs: Tensor) -> list[Answer]:
        best = outputs.float().softmax(1).topk(min(_SHOWN, len(self.cells)), dim=1)
        return [
            Located(tuple(map(self._guess, cells, shares)))
            for cells, shares in zip(best.indices.tolist(), best.values.tolist(), strict=True)
        ]

    def _guess(self, cell: int, probability: float) -> Guess:
        latitude, longitude = self.cells.places[cell].tolist()
        return Guess(latitude, longitude, probability, self._tokens[cell])

    def vote(self, truths: Sequence[object], weights: NDArray[np.float64]) -> Answer:
        """Im2GPS: the places of the nearest photographs vote."""
        latitude, longitude = voted_place(np.array(truths, dtype=np.float64), weights).tolist()
        return Located((Guess(latitude, longitude),))

    def score(self, answers: Sequence[Answer], truths: Sequence[object]) -> Scores:
        """Shares of photographs within Table 11's distances and the median error, in great-circle kilometres.

        Beside them in `details` what always naming the fullest cell gives, and the best that these cells allow: always
        the one whose place is nearest.
        """
        true = np.array(truths, dtype=np.float64)
        figures = _figures(errors_km(answers, truths))
        fullest = self.cells.places[self.cells.counts.argmax()]
        nearest = self.cells.places[nearest_of(true, self.cells.places)]
        compared = {
            "answers": figures,
            "always the fullest cell": _figures(great_circle_km(fullest, true)),
            "always the nearest cell": _figures(great_circle_km(nearest, true)),
        }
        return Scores(share_name(_HEADLINE_KM), figures, {"compared": compared})

    def report(self, page: Page, evaluated: Evaluated) -> None:
        add_places(page, evaluated, cells=self.cells, kilometres=errors_km(evaluated.answers, evaluated.truths))


def _figures(kilometres: NDArray[np.float64]) -> dict[str, float]:
    return {**shares_within(kilometres), "median_km": float(np.median(kilometres))}


def _cells(collection: Collection, settings: Geocells) -> Partition:
    if settings.cells is not None:
        return read_cells(settings.cells)
    places = places_of(collection.part("train"))
    most = settings.cell_max or min(max(len(places) // _TWENTIETH, _MOST[0]), _MOST[1])
    fewest = settings.cell_min or min(max(most // _TENTH, _FEWEST[0]), _FEWEST[1])
    if fewest > most:
        raise UsageError(f"cell-min {fewest} is over cell-max {most}: a cell would hold too few and too many")
    return partition(*places.T, most=most, fewest=fewest)
