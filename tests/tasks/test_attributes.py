"""What is the own of attributes. (What every task keeps: test_contract.)"""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from mobilenets.data.examples import Batch
from mobilenets.data.photos import ArrayPhoto, Collection, Example
from mobilenets.errors import JobError, UsageError
from mobilenets.tasks.attributes import AttributeAnswer, Attributes
from mobilenets.tasks.parts import NamesOutputs
from mobilenets.tasks.protocol import TaskSettings

NAN = float("nan")
NAMES = ("bald", "male", "young")


def _collection(**rows: list[str]) -> Collection:
    """`train=["yn?", ...]`: an answer for each of `NAMES`, a row a photograph."""
    words = {"y": "yes", "n": "no", "?": ""}
    examples = [
        Example(
            ArrayPhoto(f"{split}{place}.png", np.zeros((1, 1), dtype=np.uint8)),
            split=split,
            fields={name: words[letter] for name, letter in zip(NAMES, row, strict=False)},
        )
        for split, several in rows.items()
        for place, row in enumerate(several)
    ]
    return Collection(name="faces", examples=tuple(examples))


def _learnt(collection: Collection, smoothing: float = 0.0) -> Attributes:
    return Attributes.learn(collection, settings=TaskSettings(label_smoothing=smoothing))


def _batch(*rows: list[float]) -> Batch:
    count = len(rows)
    return Batch(torch.zeros(count, 3, 1, 1), {"yes": torch.tensor(rows)}, torch.arange(count))


def _answers(*rows: list[float]) -> list[AttributeAnswer]:
    return [AttributeAnswer(NAMES, np.array(row, dtype=np.float32)) for row in rows]


def test_attributes_are_those_of_train_in_the_order_of_the_table() -> None:
    task = _learnt(_collection(train=["ynn", "nyy", "???"], val=["yyy"]))
    assert task.attributes == NAMES
    assert task.state() == {"attributes": list(NAMES)}


@pytest.mark.parametrize(
    ("train", "words"),
    [
        (["yn", "yy"], "train of faces: bald is yes for each of 2 photographs: both yes and no are needed, or take it"),
        (["yn", "?n", "nn"], "train of faces: male is no for each of 3 photographs: both"),
        (["?y", "?n"], "train of faces: bald is known of no photograph: both"),
        ([""], "train of faces says nothing of any attribute: give a table"),
        ([], "train of faces says nothing of any attribute"),
    ],
)
def test_what_is_always_the_same_cannot_be_learnt(train: list[str], words: str) -> None:
    with pytest.raises(UsageError) as raised:
        _learnt(_collection(train=train, val=["yn", "ny"]))
    assert str(raised.value).startswith(words)


@pytest.mark.parametrize("state", [{}, {"attributes": []}, {"attributes": "bald"}, {"attributes": [1]}])
def test_a_state_that_is_not_whole(state: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=r"lists none: its run\.json is not whole"):
        Attributes.restore(state)


def test_truths_are_yes_no_and_not_known() -> None:
    examples = Attributes(NAMES).examples(_collection(val=["yn?", "???", "n"]), "val")
    assert [photo.name for photo in examples.photos] == ["val0.png", "val2.png"]
    np.testing.assert_array_equal(examples.known, [[1, 0, np.nan], [0, np.nan, np.nan]])
    np.testing.assert_array_equal(examples.truth(0), [1, 0, np.nan])


def test_attributes_are_found_by_name() -> None:
    """The table may have others, and in another order."""
    examples = Attributes(("young", "bald")).examples(_collection(val=["ynn", "nyy"]), "val")
    np.testing.assert_array_equal(examples.known, [[0, 1], [1, 0]])


def test_photographs_of_other_attributes_are_refused() -> None:
    with pytest.raises(UsageError, match=r"has the attributes bald and none of the 1 of the model \(smile\)"):
        Attributes(("smile",)).examples(_collection(val=["y", "n"]), "val")


def test_photographs_that_score_nothing_are_refused() -> None:
    with pytest.raises(UsageError, match="val of faces has no attribute with both a yes and a no"):
        Attributes(NAMES).examples(_collection(val=["yn?", "yn?"]), "val")


def test_names_go_with_the_outputs() -> None:
    task = Attributes(NAMES)
    assert isinstance(task, NamesOutputs)
    assert (task.labels, task.exclusive) == (NAMES, False)


# --- Loss ---


def test_the_loss_is_the_mean_cross_entropy_over_attributes() -> None:
    outputs = torch.tensor([[2.0, -1.0, 0.5], [0.0, 3.0, -2.0]])
    yes = [[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]]
    expected = F.binary_cross_entropy(outputs.sigmoid(), torch.tensor(yes))
    torch.testing.assert_close(Attributes(NAMES).loss(outputs, _batch(*yes)), expected)


def test_what_is_not_known_adds_nothing_and_learns_nothing() -> None:
    task, outputs = Attributes(NAMES), torch.tensor([[2.0, -1.0, 50.0]], requires_grad=True)
    loss = task.loss(outputs, _batch([1.0, 0.0, NAN]))
    known = F.binary_cross_entropy_with_logits(outputs[:, :2], torch.tensor([[1.0, 0.0]]), reduction="sum")
    torch.testing.assert_close(loss, known / 3)
    loss.backward()  # type: ignore[no-untyped-call]
    assert outputs.grad is not None
    assert outputs.grad[0, 2] == 0
    assert (outputs.grad[0, :2] != 0).all()


def test_a_teachers_probabilities_are_targets_too() -> None:
    """The loss is least where the outputs are the teacher's."""
    teacher = torch.tensor([[0.3, -2.0, 1.5]])
    batch = _batch(teacher.sigmoid()[0].tolist())
    outputs = teacher.clone().requires_grad_()
    Attributes(NAMES).loss(outputs, batch).backward()  # type: ignore[no-untyped-call]
    assert outputs.grad is not None
    torch.testing.assert_close(outputs.grad, torch.zeros_like(outputs), atol=1e-6, rtol=0)


def test_smoothing_is_spread_over_yes_and_no_and_is_for_learning_alone() -> None:
    smooth = _learnt(_collection(train=["yny", "nyn"]), smoothing=0.2)
    outputs = torch.tensor([[3.0, -1.0, 0.2]])
    plain = Attributes.restore(smooth.state())
    assert plain.label_smoothing == 0.0
    right, wrong = _batch([1.0, 0.0, 1.0]), _batch([0.0, 1.0, 0.0])
    expected = 0.9 * plain.loss(outputs, right) + 0.1 * plain.loss(outputs, wrong)
    torch.testing.assert_close(smooth.loss(outputs, right), expected)


def test_accuracy_is_followed_over_what_is_known() -> None:
    outputs = torch.tensor([[1.0, 1.0, 1.0], [-1.0, 1.0, -1.0]])
    watched = Attributes(NAMES).watch(outputs, _batch([1.0, 0.0, NAN], [0.0, NAN, NAN]))
    assert watched["accuracy"].item() == pytest.approx(0.5 + 1.0)


# --- Answers ---


def test_an_answer_is_a_probability_for_each_attribute() -> None:
    (answer,) = Attributes(NAMES).answers(torch.tensor([[0.0, 100.0, -100.0]], dtype=torch.bfloat16))
    assert answer.record() == {"attributes": {"bald": 0.5, "male": 1.0, "young": 0.0}}
    assert answer.line() == "male 100.0%, bald 50.0%"


def test_a_line_says_what_is_rather_true() -> None:
    (none,) = _answers([0.2, 0.4, 0.1])
    assert none.line() == "none (highest: male 40.0%)"
    many = AttributeAnswer(tuple("abcdefg"), np.linspace(0.6, 0.9, 7, dtype=np.float32))
    assert many.line() == "g 90.0%, f 85.0%, e 80.0%, d 75.0%, c 70.0% and 2 more"


# --- Scores ---


def test_scores_by_hand() -> None:
    answers = _answers([0.9, 0.2, 0.1], [0.8, 0.6, 0.2], [0.3, 0.7, 0.3])
    truths = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, NAN, 0.0]]
    scores = Attributes(NAMES).score(answers, truths)
    bald, male = (1 + 2 / 3) / 2, 1.0
    assert scores.headline == "map"
    assert scores.figures["map"] == pytest.approx((bald + male) / 2)
    assert scores.figures["accuracy"] == pytest.approx((1 / 3 + 1) / 2)
    assert scores.details["per_attribute"] == {
        "bald": {"known": 3, "positives": 2, "accuracy": pytest.approx(1 / 3), "ap": pytest.approx(bald)},
        "male": {"known": 2, "positives": 1, "accuracy": 1.0, "ap": 1.0},
    }
    assert scores.notes == ("1 attribute not scored: young (is no for each of 3 photographs)",)


def test_all_scored_is_no_note() -> None:
    scores = Attributes(NAMES[:1]).score(_answers([0.9], [0.1]), [[1.0], [0.0]])
    assert (scores.notes, dict(scores.figures)) == ((), {"map": 1.0, "accuracy": 1.0})


def test_nothing_scored_is_a_failure() -> None:
    """As where the only yes could not be read."""
    with pytest.raises(JobError, match=r"none of the attributes can be scored: bald \(is no for each of 2 photo"):
        Attributes(NAMES[:1]).score(_answers([0.9], [0.1]), [[0.0], [0.0]])


# --- The head found first ---


def _features(seed: int = 0) -> tuple[Tensor, Tensor]:
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(60, 5, generator=draw), torch.arange(60)


def test_a_head_is_found_for_each_attribute_on_what_is_known_of_it() -> None:
    features, groups = _features()
    yes = torch.stack([(features[:, 0] > 0).float(), (features[:, 1] < 0.3).float()], dim=1)
    yes[:20, 1] = NAN
    task = Attributes(NAMES[:2])
    head = task.fit_head(features, {"yes": yes}, groups=groups, seed=0, check=lambda: None)
    outputs = features @ head.weight.T + head.bias
    assert outputs.shape == (60, 2)
    right = (outputs > 0) == (yes > 0.5)
    assert right[:, 0].float().mean() > 0.95
    assert right[20:, 1].float().mean() > 0.95
    yes[:20, 1] = 1.0
    other = task.fit_head(features, {"yes": yes}, groups=groups, seed=0, check=lambda: None)
    torch.testing.assert_close(other.weight[0], head.weight[0])
    assert not torch.allclose(other.weight[1], head.weight[1])


def test_an_attribute_that_is_all_the_same_has_a_head_that_says_nothing() -> None:
    features, groups = _features()
    yes = torch.stack([(features[:, 0] > 0).float(), torch.full((60,), NAN), torch.ones(60)], dim=1)
    head = Attributes(NAMES).fit_head(features, {"yes": yes}, groups=groups, seed=0, check=lambda: None)
    assert head.weight.isfinite().all()
    assert head.weight[0].abs().sum() > 0
    assert not head.weight[1:].any() and not head.bias[1:].any()
