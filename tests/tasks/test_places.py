"""What is particular to places."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mobilenets.checkpoint import MODEL
from mobilenets.data.examples import Batch
from mobilenets.data.geotags.cells_file import write_cells
from mobilenets.data.photos import ArrayPhoto, Collection, Example
from mobilenets.data.views import Distortion, random_view
from mobilenets.errors import UsageError
from mobilenets.jobs.evaluate import evaluate
from mobilenets.jobs.export import export
from mobilenets.jobs.predict import predict
from mobilenets.jobs.train import train
from mobilenets.maths.partition import partition
from mobilenets.reporting.page import Page
from mobilenets.run import Geocells, Run
from mobilenets.tasks.places import Geotagged, PlaceTask
from mobilenets.tasks.places_answers import Guess, Located
from mobilenets.tasks.protocol import Evaluated, TaskSettings

PARIS, SYDNEY, SUVA, BELOW = (48.8571, 2.3521), (-33.8692, 151.2093), (-18.1412, 178.4418), (-18.0, -179.9)
PIXEL = np.zeros((8, 8, 3), dtype=np.uint8)
"""A place beyond the antimeridian is 180 km from Suva, and on the other end of a flat map."""


def _collection(**places: list[tuple[float, float]]) -> Collection:
    """Photographs by split and place."""
    examples = [
        Example(
            ArrayPhoto(f"{split}{number}.png", PIXEL),
            split=split,
            fields={"latitude": repr(latitude), "longitude": repr(longitude)},
        )
        for split, some in places.items()
        for number, (latitude, longitude) in enumerate(some)
    ]
    return Collection(name="trip", examples=tuple(examples))


def _task(**settings: Any) -> PlaceTask:
    collection = _collection(train=[PARIS] * 6 + [SYDNEY] * 6 + [SUVA] * 3)
    return PlaceTask.learn(
        collection, settings=TaskSettings(geocells=Geocells(**{"cell_max": 6, "cell_min": 2, **settings}))
    )


def _logits(task: PlaceTask, *best: int) -> torch.Tensor:
    return torch.nn.functional.one_hot(torch.tensor(best), len(task.cells)).float() * 5


def test_cells_are_made_of_the_training_photographs_alone() -> None:
    collection = _collection(train=[PARIS] * 6 + [SYDNEY] * 6, val=[SUVA] * 30)
    task = PlaceTask.learn(collection, settings=TaskSettings(geocells=Geocells(cell_max=6, cell_min=2)))
    assert task.cells.counts.tolist() == [6, 6]


def test_unset_limits_follow_from_the_number_of_photographs() -> None:
    random = np.random.default_rng(0)
    some = [
        (float(latitude), float(longitude)) for latitude, longitude in random.uniform((-60, -180), (60, 180), (400, 2))
    ]
    task = PlaceTask.learn(_collection(train=some), settings=TaskSettings())
    by_hand = partition(*np.array(some).T, most=20, fewest=2)
    assert task.cells.ids.tolist() == by_hand.ids.tolist()


def test_cells_of_a_file_are_taken_as_they_are(tmp_path: Path) -> None:
    own = _task()
    write_cells(tmp_path / "cells.csv", own.cells)
    settings = TaskSettings(geocells=Geocells(cells=tmp_path / "cells.csv"))
    other = PlaceTask.learn(_collection(train=[PARIS]), settings=settings)
    assert other.state() == own.state()


@pytest.mark.parametrize(
    ("named", "message"),
    [
        (
            {"cells": Path("cells.csv"), "cell_min": 3},
            "--cells cells.csv says which cells there are: leave out --cell-min",
        ),
        ({"cell_max": 0}, "cell-max 0 is outside"),
        ({"cell_max": 3, "cell_min": 4}, "cell-min 4 is over cell-max 3"),
        ({"cell_max": 20, "cell_min": 7}, "train of trip lies in 0 cells of enough photographs"),
        ({"cell_max": 20, "cell_min": 5}, r"train of trip lies in 1 cell of enough photographs"),
    ],
)
def test_limits_that_leave_no_choice(named: dict[str, Any], message: str) -> None:
    collection = _collection(train=[PARIS] * 6)
    with pytest.raises(UsageError, match=message):
        PlaceTask.learn(collection, settings=TaskSettings(geocells=Geocells(**named)))


def test_what_lies_in_no_cell_is_scored_and_not_learnt() -> None:
    task = _task(cell_min=5)
    split = _collection(train=[PARIS, SUVA, SYDNEY], val=[SUVA, PARIS])
    train, val = task.examples(split, "train"), task.examples(split, "val")
    assert [photo.name for photo in train.photos] == ["train0.png", "train2.png"]
    assert train.notes[-1] == "1 photograph of train left out: in no cell of enough photographs"
    assert train.notes[0] == "2 cells of 6 to 6 photographs"
    (said,) = task.examples(_collection(train=[PARIS]), "train").notes
    assert said == "2 cells of 6 to 6 photographs, 1 without one of train, which teach nothing"
    assert [val.truth(0), val.truth(1)] == [SUVA, PARIS]
    nearest_of_suva, of_paris = val.cells.tolist()
    assert np.abs(task.cells.places[nearest_of_suva] - SYDNEY).max() < 1e-4
    assert np.abs(task.cells.places[of_paris] - PARIS).max() < 1e-4
    assert val.notes[0].startswith("1 photograph of val in no cell: scored by distance as all are")


def test_an_answer_is_the_mean_place_of_the_best_cell_and_its_runners_up() -> None:
    task = _task()
    place = int(np.flatnonzero(task.cells.counts == 3)[0])
    (answer,) = task.answers(_logits(task, place))
    record = answer.record()
    assert len(record["top"]) == 3
    assert record["probability"] == record["top"][0]["probability"] > 0.9
    assert sum(one["probability"] for one in record["top"]) == pytest.approx(1.0, abs=1e-5)
    assert {one["cell"] for one in record["top"]} == {name.split()[0] for name in task.labels}
    assert answer.line().count(";") == 2


def test_a_cell_of_few_photographs_does_not_tell_where_they_were_taken() -> None:
    task = _task()
    few = int(np.flatnonzero(task.cells.counts == 3)[0])
    assert np.abs(task.cells.places[few] - SUVA).max() > 1
    assert "178.44" not in json.dumps(task.state())


def test_scores_are_distances_on_the_sphere() -> None:
    task = _task()
    answers = [Located((Guess(*place),)) for place in (PARIS, SUVA, SYDNEY, PARIS)]
    scores = task.score(answers, [PARIS, BELOW, PARIS, (48.9, 2.4)])
    assert scores.headline == "within_200_km"
    assert scores.figures["within_1_km"] == 0.25
    assert scores.figures["within_25_km"] == 0.5
    assert scores.figures["within_200_km"] == 0.75
    assert scores.figures["within_2500_km"] == 0.75
    assert 5 < scores.figures["median_km"] < 180


def test_answers_stand_beside_the_fullest_and_the_nearest_cell() -> None:
    task = _task(cell_min=5)
    scores = task.score([Located((Guess(*SYDNEY),))] * 4, [PARIS, PARIS, SYDNEY, SUVA])
    answers, fullest, nearest = scores.details["compared"].values()
    assert answers == scores.figures
    assert (answers["within_1_km"], fullest["within_1_km"], nearest["within_1_km"]) == (0.25, 0.5, 0.75)
    assert nearest["within_2500_km"] == 0.75


def test_the_report_says_how_far_and_not_where() -> None:
    task = _task()
    photos = tuple(ArrayPhoto(f"{number}.png", PIXEL) for number in range(3))
    examples = Geotagged(photos, np.array([PARIS, BELOW, SYDNEY]), np.zeros(3, dtype=np.int64))
    answers = [Located((Guess(*SUVA, 0.7, "6f"),))] * 3
    truths = [examples.truth(place) for place in range(3)]
    page = Page("report")
    task.report(page, Evaluated(examples, range(3), answers, truths, task.score(answers, truths)))
    html = page.html()
    assert re.findall(r"<h2[^>]*>(.*?)</h2>", html) == ["Distances", "Geocells", "Worst mistakes"]
    assert "off by 20,000 km" in html and "off by 200 km" in html
    assert "says 18.14 S, 178.44 E 70.0%" in html
    assert not any(str(degrees) in html for degrees in (*PARIS, *SYDNEY, BELOW[1]))
    assert "always the nearest cell" in html


def test_what_is_watched_is_the_headline() -> None:
    task = _task()
    split = _collection(val=[PARIS, SYDNEY, SYDNEY])
    examples = task.examples(split, "val")
    view = random_view(8, 8, Distortion(0.5, mirror=False, colour=False), np.random.default_rng(0))
    targets = [examples.target(place, view) for place in range(3)]
    batch = Batch(
        torch.zeros(3, 3, 8, 8, dtype=torch.uint8),
        {name: torch.as_tensor(np.array([target[name] for target in targets])) for name in targets[0]},
        torch.arange(3),
    )
    outputs = _logits(task, int(examples.cells[0]), int(examples.cells[1]), int(examples.cells[0]))
    watched = task.watch(outputs, batch)
    assert {name: int(value) for name, value in watched.items()} == {"within_200_km": 2}
    scores = task.score(task.answers(outputs), [examples.truth(place) for place in range(3)])
    assert scores.figures["within_200_km"] == pytest.approx(2 / 3)


def test_a_damaged_state_is_refused() -> None:
    with pytest.raises(UsageError, match="its cells are not whole"):
        PlaceTask.restore({"cell": ["1"]})


@pytest.fixture(scope="module")
def trip(swatch: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photographs of three regions, a few kilometres apart within each."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("trips") / "trip"
    folder.mkdir()
    rows = ["file,lat,lon"]
    for town, (label, (latitude, longitude)) in enumerate(
        zip(("blue", "green", "red"), (PARIS, SYDNEY, SUVA), strict=True)
    ):
        for number in range(8):
            name = f"{label}{number}.png"
            Image.fromarray(swatch(label, seed=8 * town + number)).save(folder / name)
            rows.append(f"{name},{latitude + 0.0037 * number**2:.4f},{longitude:.4f}")
    (folder / "gps.csv").write_text("\n".join(rows))
    return folder


@pytest.fixture(scope="module")
def run(trip: Path, tiny_run: Callable[..., Run], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run on them. Read only."""
    from rich.console import Console

    out = tmp_path_factory.mktemp("runs") / "run"
    made = tiny_run(out, data=str(trip), task="places", geocells=Geocells(cell_max=8, cell_min=5))
    return train(made, console=Console(quiet=True)).folder


def test_it_trains_evaluates_and_predicts(trip: Path, run: Path) -> None:
    report = evaluate(str(trip), model=run)
    assert report.split == "val"
    assert set(report.scores) == {
        "within_1_km",
        "within_25_km",
        "within_200_km",
        "within_750_km",
        "within_2500_km",
        "median_km",
    }
    (prediction,) = predict(trip / "red1.png", model=run)
    assert prediction.answer is not None
    assert {"latitude", "longitude", "probability", "cell", "top"} == set(prediction.answer.record())


def test_no_photograph_s_place_is_written_anywhere(trip: Path, run: Path, tmp_path: Path) -> None:
    """Neither the checkpoint's files nor the artefact's hold a place of the table: cells' means alone."""
    export(run, out=tmp_path / "art", runtime="onnx")
    own = [line.split(",")[1:] for line in (trip / "gps.csv").read_text().splitlines()[1:]]
    for file in [*run.rglob("*"), *(tmp_path / "art").rglob("*")]:
        if file.is_file() and file.name != MODEL and file.suffix not in (".safetensors", ".onnx", ".npz"):
            text = file.read_text()
            for latitude, _ in own:
                assert latitude not in text, file
    assert (tmp_path / "art" / "labels.txt").read_text().count("\n") == 3
    assert (run / "split.csv").read_text().splitlines()[0] == "file,label,split"


def test_neighbours_stand_beside_the_network(trip: Path, run: Path, tiny_model: Path) -> None:
    table = evaluate(str(trip), model=run, neighbours=3, features=tiny_model).details["retrieval"]
    network, one, three = table.values()
    assert list(table)[1:] == ["1 nearest of 19", "3 nearest of 19"]
    assert network == evaluate(str(trip), model=run).scores
    # Swatches of one colour are alike to a network that knows colours, and their places are kilometres apart.
    assert one["within_25_km"] == three["within_25_km"] == 1.0
    own = evaluate(str(trip), model=run, neighbours=3).details["retrieval"]
    assert own["network"] == network
    assert set(one) == set(three) == set(network)


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"neighbours": 0}, "neighbours 0 is under 1"),
        ({"features": "x"}, "--features x is for --neighbours"),
        ({"neighbours": 2, "split": "train"}, "the data has no train to look for them in"),
        ({"neighbours": 2, "split": "all"}, "the data has no train to look for them in"),
    ],
)
def test_neighbours_that_cannot_be_asked(trip: Path, run: Path, named: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        evaluate(str(trip), model=run, **named)


def test_neighbours_have_no_vote_in_other_tasks(tiny_model: Path, swatches: Path) -> None:
    with pytest.raises(UsageError, match="neighbours have no vote in the task classify"):
        evaluate(str(swatches), model=tiny_model, neighbours=2)
