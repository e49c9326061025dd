"""Embeddings: what is learnt from, scored, settled and refused, beside what every task keeps (test_contract.py)."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from mobilenets.data.photos import ArrayPhoto, Collection, Example
from mobilenets.data.preprocess import Box
from mobilenets.data.views import View
from mobilenets.errors import JobError, UsageError
from mobilenets.network.graph import Network
from mobilenets.prediction.evaluate import Gathered, evaluate
from mobilenets.run import Architecture, Embedding
from mobilenets.tasks.embed import Embed, Vector
from mobilenets.tasks.embed_rates import Threshold
from mobilenets.tasks.protocol import Evaluated, TaskSettings


def _collection(counts: dict[str, int], *, split: str | None = None) -> Collection:
    examples = [
        Example(ArrayPhoto(f"{name}/{name}_{number:04}.png", np.zeros((8, 8, 3), np.uint8)), label=name, split=split)
        for name, count in counts.items()
        for number in range(1, count + 1)
    ]
    return Collection(name="people", examples=tuple(examples))


def _folder(root: Path, counts: dict[str, int], pairs: str = "") -> Path:
    for name, count in counts.items():
        (root / name).mkdir(parents=True)
        for number in range(1, count + 1):
            Image.new("RGB", (8, 8)).save(root / name / f"{name}_{number:04}.png")
    if pairs:
        (root / "pairs.txt").write_text(pairs)
    return root


PAIRS = "2\t1\nAnna\t1\t2\nAnna\t1\tBo\t1\nBo\t1\t2\nAnna\t2\tBo\t2\n"


def _vectors(people: list[str], *, noise: float = 0.1, seed: int = 0) -> list[Vector]:
    """Near each other for one person."""
    random = np.random.default_rng(seed)
    centres = {name: random.normal(size=16) for name in dict.fromkeys(people)}
    rows = [centres[name] + noise * random.normal(size=16) for name in people]
    return [Vector((row / np.linalg.norm(row)).astype(np.float32)) for row in rows]


def _evaluated(
    task: Embed, collection: Collection, *, noise: float = 0.1, lost: frozenset[int] = frozenset()
) -> Evaluated:
    examples = task.examples(collection, "val")
    vectors = _vectors([one.label or "" for one in examples.examples], noise=noise)
    gathered = Gathered({place: vector for place, vector in enumerate(vectors) if place not in lost})
    return evaluate(task, examples, gathered).evaluated


def test_labels_are_people_and_numbers_tell_them_apart() -> None:
    examples = Embed().examples(_collection({"Anna": 2, "Bo": 3}, split="val"), "val")
    whose = [examples.target(place, View(Box(0, 0, 8, 8)))["person"] for place in range(5)]
    assert whose == [0, 0, 1, 1, 1]
    assert examples.truth(4).person == "Bo"


def test_whole_people_are_held_out_and_those_alone_are_told() -> None:
    divided = Embed.divide(_collection({"Anna": 4, "Bo": 4, "Cy": 1, "Di": 3, "Eve": 1}), fraction=0.3, seed=1)
    assert not {one.label for one in divided.part("train")} & {one.label for one in divided.part("val")}
    assert "2 people with one photograph, compared with others only (the first: Cy)" in divided.notes


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ({"Anna": 3}, "train of people has photographs of 1 person: two people are needed"),
        ({"Anna": 1, "Bo": 1}, "train of people has 2 people with one photograph each: two photographs of some person"),
    ],
)
def test_what_poses_no_task_is_refused(counts: dict[str, int], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Embed.learn(_collection(counts, split="train"), settings=TaskSettings())
    with pytest.raises(UsageError, match=message.replace("train", "val")):
        Embed().examples(_collection(counts, split="val"), "val")


def test_a_far_that_the_held_out_photographs_cannot_measure_is_refused_before_learning() -> None:
    train, val = (_collection({"Anna": 10, "Bo": 11}, split=split) for split in ("train", "val"))
    both = replace(train, examples=(*train.examples, *val.examples))
    settings = TaskSettings(embedding=Embedding(far=0.01))
    message = r"--far 0.01 takes 1,000 pairs of different people and what is held out of people has 110.*or --far 0.1"
    with pytest.raises(UsageError, match=message):
        Embed.learn(both, settings=settings)
    assert Embed.learn(both, settings=TaskSettings(embedding=Embedding(far=0.1))).settings.far == 0.1


def test_all_pairs_are_scored_and_val_told_at_every_far_that_there_are_pairs_for() -> None:
    collection = _collection({"Anna": 10, "Bo": 11, "Cy": 12}, split="val")
    scores = _evaluated(Embed(), collection).scores
    assert scores.figures == {"auc": 1.0, "equal_error_rate": 0.0}
    assert list(scores.details["val_at_far"]) == ["0.1"]
    row = scores.details["val_at_far"]["0.1"]
    assert (row["pairs"], row["accepted"], row["val"], row["standard_error"]) == (
        10 * 11 + 10 * 12 + 11 * 12,
        36,
        1.0,
        0.0,
    )
    assert json.loads(json.dumps(scores.details, allow_nan=False)) == scores.details


def test_answers_that_know_nothing_score_as_chance_does() -> None:
    collection = _collection({f"p{place}": 8 for place in range(12)}, split="val")
    scores = _evaluated(Embed(), collection, noise=50.0).scores
    assert scores.figures["auc"] == pytest.approx(0.5, abs=0.08)
    assert scores.figures["equal_error_rate"] == pytest.approx(0.5, abs=0.08)


def test_the_threshold_is_that_of_the_far_asked_for_and_else_of_the_smallest() -> None:
    collection = _collection({f"p{place}": 6 for place in range(12)}, split="val")
    task = Embed(Embedding(far=0.05))
    settled = task.settle(_evaluated(task, collection, noise=1.5))
    assert settled.threshold is not None
    assert settled.threshold.far == 0.05
    smallest = Embed().settle(_evaluated(Embed(), collection, noise=1.5)).threshold
    assert smallest is not None
    assert (smallest.far, smallest.pairs) == (0.01, 72 * 71 // 2 - 12 * 15)
    assert smallest.distance < settled.threshold.distance
    assert smallest.val < settled.threshold.val


def test_too_few_pairs_set_no_threshold_and_are_told() -> None:
    collection = _collection({"Anna": 3, "Bo": 3}, split="val")
    assert Embed().settle(_evaluated(Embed(), collection)).threshold is None
    asked = Embed(Embedding(far=0.1))
    evaluated = _evaluated(asked, collection)
    assert evaluated.scores.details["too_few_pairs"] == {"0.1": {"pairs": 9, "needed": 100}}
    assert asked.settle(evaluated).threshold is None


def test_pairs_beside_the_photographs_are_scored_by_folds(tmp_path: Path) -> None:
    collection = Embed.open(str(_folder(tmp_path, {"Anna": 2, "Bo": 3}, PAIRS)))
    shown = replace(collection, examples=tuple(replace(one, split="val") for one in collection.examples))
    scores = _evaluated(Embed(), shown).scores
    assert scores.figures["lfw_accuracy"] == 1.0
    assert scores.details["pairs"]["lfw"]["pairs"] == 4
    assert scores.details["pairs"]["lfw"]["left_out"] == 0
    lost = _evaluated(Embed(), shown, lost=frozenset({4})).scores
    assert lost.details["pairs"]["lfw"]["left_out"] == 0  # Bo_0003 is in no pair
    lost = _evaluated(Embed(), shown, lost=frozenset({2})).scores
    assert lost.details["pairs"]["lfw"]["pairs"] == 2
    assert lost.details["pairs"]["lfw"]["left_out"] == 2


def test_a_part_of_a_protocol_is_not_scored_as_the_protocol(tmp_path: Path) -> None:
    collection = Embed.open(str(_folder(tmp_path, {"Anna": 2, "Bo": 3, "Cy": 2, "Di": 2}, PAIRS)))
    part = [replace(one, split="train" if one.label == "Anna" else "val") for one in collection.examples]
    assert "lfw_accuracy" not in _evaluated(Embed(), replace(collection, examples=tuple(part))).scores.figures


def test_a_list_of_pairs_is_a_source_of_its_photographs_alone(tmp_path: Path) -> None:
    folder = _folder(tmp_path, {"Anna": 2, "Bo": 3, "Cy": 2}, PAIRS)
    opened = Embed.open(str(folder / "pairs.txt"))
    assert {one.photo.name for one in opened.examples} == {
        f"{name}/{name}_000{number}.png" for name in ("Anna", "Bo") for number in (1, 2)
    }


def test_pairs_of_missing_photographs_give_one_line(tmp_path: Path) -> None:
    folder = _folder(tmp_path, {"Anna": 2, "Bo": 1}, PAIRS)
    with pytest.raises(UsageError, match=r"names 1 photograph that .* lacks \(the first: Bo/Bo_0002\)"):
        Embed.open(str(folder))


def test_unreadable_photographs_may_leave_nothing_to_compare() -> None:
    collection = _collection({"Anna": 2, "Bo": 1}, split="val")
    with pytest.raises(JobError, match="nothing to compare"):
        _evaluated(Embed(), collection, lost=frozenset({0}))


def test_the_state_keeps_the_threshold_and_refuses_what_is_none() -> None:
    task = Embed(Embedding(dimension=64, far=0.01), Threshold(distance=1.2, far=0.01, val=0.9, pairs=1000))
    state = json.loads(json.dumps(task.state()))
    assert Embed.restore(state) == task
    assert task.bare() == Embed(Embedding(dimension=64))
    wrong: list[dict[str, Any]] = [{**state, "dimension": 0}, {**state, "threshold": {"far": 1.0}}, {"classes": ["a"]}]
    for one in wrong:
        with pytest.raises(UsageError):
            Embed.restore(one)


@pytest.mark.parametrize(("family", "resolution"), [("mobilenet_v1", 32), ("facenet_nn2", 64), ("mobilefacenet", 112)])
def test_the_network_itself_gives_vectors_of_length_one(family: str, resolution: int) -> None:
    """So that a file exported from it does, whatever runs it."""
    layers = Embed(Embedding(dimension=24)).layers(Architecture(family=family, resolution=resolution))
    assert [layer.op for layer in layers[-3:]] == ["global_average_pool", "linear", "l2_normalise"]
    network = Network(layers).eval()
    vectors = network(torch.rand(3, 3, resolution, resolution))
    assert vectors.shape == (3, 24)
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(3))
    vectors[:, 0].sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_an_answer_in_a_few_words() -> None:
    assert Vector(np.array([1, 0, 0, 0, 0], np.float32)).line() == "embedding of 5: 1.000, 0.000, 0.000, 0.000, ..."


def test_people_who_are_learnt_from_and_scored_on_are_told_and_others_expected(tmp_path: Path) -> None:
    _folder(tmp_path / "faces" / "train", {"Anna": 2, "Bo": 2})
    _folder(tmp_path / "faces" / "val", {"Cy": 2, "Di": 2})
    assert not Embed.open(str(tmp_path / "faces")).notes
    _folder(tmp_path / "faces" / "test", {"Bo": 2, "Di": 2})
    note = "1 person of val or test in train too (the first: Bo): scores on known faces flatter"
    assert Embed.open(str(tmp_path / "faces")).notes == (note,)
