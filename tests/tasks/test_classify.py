"""What is classification's own. (What every task keeps: test_contract.)"""

import numpy as np
import pytest
import torch

from mobilenets.data.examples import Batch
from mobilenets.data.imagenet_names import names
from mobilenets.data.photos import ArrayPhoto, Collection, Example
from mobilenets.errors import UsageError
from mobilenets.tasks.classify import Classification, Classify
from mobilenets.tasks.protocol import TaskSettings

CLASSES = ("ant", "bee", "cat", "dog", "eel", "fox", "gnu")


def _collection(**labels: list[str | None]) -> Collection:
    photo = ArrayPhoto("a.png", np.zeros((1, 1), dtype=np.uint8))
    examples = (Example(photo, label, split) for split, names in labels.items() for label in names)
    return Collection(name="zoo", examples=tuple(examples))


def _learnt(collection: Collection, smoothing: float = 0.0) -> Classify:
    return Classify.learn(collection, settings=TaskSettings(label_smoothing=smoothing))


def _answer(*probabilities: float) -> Classification:
    return Classification(CLASSES[: len(probabilities)], np.array(probabilities, dtype=np.float32))


def test_classes_are_the_labels_of_train_sorted() -> None:
    assert _learnt(_collection(train=["dog", "ant", "dog", None], val=["eel"])).classes == ("ant", "dog")


@pytest.mark.parametrize(
    ("train", "words"),
    [
        (["dog", "dog"], "train of zoo has one label only ('dog', 2 photographs): two or more labels are needed: give"),
        ([None, None], "train of zoo has no labelled photograph: two or more labels are needed"),
        ([], "train of zoo has no labelled photograph"),
    ],
)
def test_fewer_than_two_classes_are_no_task(train: list[str | None], words: str) -> None:
    with pytest.raises(UsageError) as raised:
        _learnt(_collection(train=train, val=["ant", "dog"]))
    assert str(raised.value).startswith(words)


def test_labels_that_train_lacks_are_named() -> None:
    task = Classify(("ant", "dog"))
    words = r"val of zoo has the label 'eel' and 1 more, which is none of the 2 classes \(ant, dog\): train"
    with pytest.raises(UsageError, match=words):
        task.examples(_collection(val=["fox", "ant", "eel", "fox"]), "val")


@pytest.mark.parametrize("first", [0, 1])
def test_imagenets_classes_are_found_by_wnid_and_synonym(first: int) -> None:
    """As a folder of some of them is labelled, against all 1000 or 1001 outputs."""
    task = Classify((*("background",) * first, *names()))
    examples = task.examples(_collection(val=["n01443537", "n01440764", "tench", "Tinca tinca"]), "val")
    assert [examples.truth(place) for place in range(4)] == [1 + first, first, first, first]
    with pytest.raises(UsageError, match=f"the label 'crane' and 1 more, which is none of the {1000 + first} classes"):
        task.examples(_collection(val=["n01443537", "n00000001", "crane"]), "val")


def test_wnids_are_no_names_of_other_classes() -> None:
    with pytest.raises(UsageError, match="'n01440764', which is none of the 2 classes"):
        Classify(("tench", "goldfish")).examples(_collection(val=["n01440764"]), "val")


def test_photographs_without_a_label_are_no_examples() -> None:
    examples = Classify(("ant", "dog")).examples(_collection(val=["dog", None, "ant"]), "val")
    assert [examples.truth(place) for place in range(len(examples.photos))] == [1, 0]


def test_smoothing_is_for_learning_and_no_part_of_the_checkpoint() -> None:
    smooth = _learnt(_collection(train=["ant", "dog"]), smoothing=0.2)
    outputs = torch.tensor([[3.0, -1.0]])
    batch = Batch(torch.zeros(1, 3, 1, 1), {"label": torch.tensor([0])}, torch.tensor([0]))
    plain = Classify.restore(smooth.state())
    assert plain.label_smoothing == 0.0
    wrong = Batch(batch.images, {"label": torch.tensor([1])}, batch.places)
    expected = 0.9 * plain.loss(outputs, batch) + 0.1 * plain.loss(outputs, wrong)
    torch.testing.assert_close(smooth.loss(outputs, batch), expected)


def test_an_answer_is_the_classes_by_probability() -> None:
    answer = _answer(0.1, 0.2, 0.05, 0.3, 0.15, 0.125, 0.075)
    record = answer.record()
    assert (record["label"], record["probability"]) == ("dog", 0.3)
    assert [one["label"] for one in record["top"]] == ["dog", "bee", "eel", "fox", "ant"]
    assert answer.line() == "dog 30.0%, bee 20.0%, eel 15.0%"
    assert answer.top(1) == [("dog", pytest.approx(0.3))]


def test_of_equally_probable_classes_the_first_is_named() -> None:
    assert _answer(0.5, 0.5).record()["label"] == "ant"


def test_answers_are_probabilities_of_the_outputs() -> None:
    answers = Classify(("ant", "bee")).answers(torch.tensor([[0.0, 0.0], [0.0, 100.0]], dtype=torch.bfloat16))
    assert [answer.line() for answer in answers] == ["ant 50.0%, bee 50.0%", "bee 100.0%, ant 0.0%"]


def test_scores() -> None:
    task = Classify(CLASSES)
    sure = np.full((3, 7), 0.02, dtype=np.float32)
    for row, place in enumerate((1, 2, 2)):
        sure[row, place] = 0.88
    scores = task.score([Classification(CLASSES, row) for row in sure], [1, 2, 3])
    assert scores.headline == "top1"
    assert scores.figures["top1"] == pytest.approx(2 / 3)
    assert scores.figures["top5"] == pytest.approx(1.0)  # equal shares: the earlier class counts as the likelier
    assert scores.figures["calibration_error"] == pytest.approx(0.88 - 2 / 3, abs=1e-6)
    assert scores.details["per_class"] == {
        "bee": {"photographs": 1, "top1": 1.0},
        "cat": {"photographs": 1, "top1": 1.0},
        "dog": {"photographs": 1, "top1": 0.0},
    }
    matrix = np.array(scores.details["confusion"])
    assert (matrix.sum(), matrix[1, 1], matrix[2, 2], matrix[3, 2]) == (3, 1, 1, 1)


def test_top5_says_nothing_of_five_classes() -> None:
    five = np.full((1, 5), 0.2, dtype=np.float32)
    assert "top5" not in Classify(CLASSES[:5]).score([Classification(CLASSES[:5], five[0])], [0]).figures
