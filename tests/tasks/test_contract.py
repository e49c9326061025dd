"""What every task keeps. A new task is one row of `CASES`: photographs that it can learn from, with their fields."""

import copy
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from rich.console import Console
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from mobilenets.architecture.cost import cost
from mobilenets.checkpoint import MODEL
from mobilenets.data.cache import Centre, Decoded, Whole
from mobilenets.data.detection.objects import Objects
from mobilenets.data.examples import Batch
from mobilenets.data.loader import Batches, Pick, evaluation_picks
from mobilenets.data.photos import ArrayPhoto, Collection, Example
from mobilenets.data.preprocess import Preprocessing, scale
from mobilenets.data.views import Distortion
from mobilenets.jobs.train import resume, train
from mobilenets.maths.geolocation import WITHIN_KM
from mobilenets.network.fold import fold
from mobilenets.network.graph import Network
from mobilenets.network.initialise import initialise
from mobilenets.prediction.evaluate import Evaluation, evaluate, gather
from mobilenets.prediction.model import Model
from mobilenets.reporting.page import Page
from mobilenets.run import Architecture, Distillation, Run
from mobilenets.tasks.comparison import comparison
from mobilenets.tasks.distillation import Distilled, distilled
from mobilenets.tasks.parts import Distils, FitsHead, OrdersPhotographs, Placed, Settles
from mobilenets.tasks.protocol import Task, TaskSettings
from mobilenets.tasks.registry import TASKS
from mobilenets.training.probe import features
from mobilenets.training.step import Stepper

COUNT = 12
ARCHITECTURE = Architecture(width=0.25, resolution=64)
SHOWN = Preprocessing(resolution=64, crop=1.0)
PARIS = {"latitude": "48.858", "longitude": "2.294"}
SYDNEY = {"latitude": "-33.857", "longitude": "151.215"}


@dataclass(frozen=True)
class Case:
    """What is known of photograph 0, 1, ... and about them all, and how far the scores may go.

    `shares` says that the loss is a mean over photographs, each of which has the same share of it; `steps` are enough
    to learn them.
    """

    known: Callable[[int], dict[str, Any]]
    about: dict[str, Any] = field(default_factory=dict)
    shares: bool = True
    steps: int = 12
    limits: dict[str, tuple[float, float]] = field(default_factory=dict)


_COCO = (
    *("AP", "AP50", "AP75", "AP_small", "AP_medium", "AP_large", "voc_AP50"),
    *("AR1", "AR10", "AR100", "AR_small", "AR_medium", "AR_large"),
)


def _stripes(place: int) -> Objects:
    """All of the photograph is one thing, and half of it another of the same kind."""
    boxes = np.array([[0.0, 0.0, 64.0, 80.0], [0.0, 0.0, 64.0, 40.0]])
    none = np.zeros(2, dtype=bool)
    return Objects((80, 64), boxes, 2 * (("upright", "lying")[place % 2],), none, none, boxes[:, 2] * boxes[:, 3])


CASES = {
    "classify": Case(
        known=lambda place: {"label": ("even", "odd")[place % 2]},
        limits={"top1": (0.0, 1.0), "calibration_error": (0.0, 1.0)},
    ),
    "attributes": Case(
        known=lambda place: {
            "fields": {"upright": ("yes", "no")[place % 2], "late": ("no", "yes", "")[min(place % 4, 2)]}
        },
        limits={"map": (0.0, 1.0), "accuracy": (0.0, 1.0)},
    ),
    "places": Case(
        known=lambda place: {"fields": (PARIS, SYDNEY)[place % 2]},
        limits={**{f"within_{limit}_km": (0.0, 1.0) for limit in WITHIN_KM}, "median_km": (0.0, 20_020.0)},
    ),
    "detect": Case(
        known=lambda place: {"objects": _stripes(place)},
        about={"categories": {3: "lying", 7: "upright"}},
        shares=False,  # over all that stands in them
        steps=40,
        limits=dict.fromkeys(_COCO, (0.0, 1.0)),
    ),
    "embed": Case(
        known=lambda place: {"label": ("Eve", "Otto")[place % 2]},
        limits={"auc": (0.0, 1.0), "equal_error_rate": (0.0, 1.0)},
    ),
}


# Tasks of networks as they come: nothing is learnt for them (tests/tasks/test_features.py).
UNTRAINED = {"features"}


def _photo(place: int) -> ArrayPhoto:
    """Stripes, upright or lying, in noise."""
    random = np.random.default_rng(place)
    pixels = random.integers(0, 60, (80, 64, 3))
    if place % 2:
        pixels[::8] += 180
    else:
        pixels[:, ::8] += 180
    return ArrayPhoto(f"{place:02}.png", pixels.astype(np.uint8))


def _collection(case: Case) -> Collection:
    examples = (
        Example(_photo(place), split="val" if place < 4 else "train", **case.known(place)) for place in range(COUNT)
    )
    return Collection(name="photographs", examples=tuple(examples), **case.about)


@dataclass(frozen=True)
class Subject:
    """A task that learnt what its collection is about, and a network for it."""

    task: Task
    collection: Collection
    network: Network

    def batches(self, split: str, *, distortion: Distortion | None = None) -> Batches:
        examples = self.task.examples(self.collection, split)
        pixels = Decoded(examples.photos, Whole(96) if distortion else Centre(SHOWN))
        return Batches(examples, pixels, resolution=64, distortion=distortion, seed=3)

    def outputs(self, images: Tensor) -> Tensor:
        outputs: Tensor = self.network(scale(images, SHOWN))
        return outputs

    def evaluation(self, task: Task) -> Evaluation:
        batches = self.batches("val")
        self.network.eval()
        shown = [batches[pick] for pick in evaluation_picks(4, batch=2)]
        return evaluate(task, batches.examples, gather(self.outputs, task, shown, device=torch.device("cpu")))


@pytest.fixture(params=CASES)
def subject(request: pytest.FixtureRequest) -> Subject:
    """Every task that learns, by its row in `CASES`."""
    collection = _collection(CASES[request.param])
    task = TASKS[request.param].learn(collection, settings=TaskSettings())
    torch.manual_seed(0)
    network = Network(task.layers(ARCHITECTURE))
    initialise(network)
    return Subject(task, collection, network)


def test_every_task_has_its_case_and_its_name() -> None:
    assert CASES.keys() | UNTRAINED == TASKS.keys()
    assert not CASES.keys() & UNTRAINED


def test_a_task_is_called_as_it_is_registered(subject: Subject) -> None:
    assert TASKS[subject.task.name] is type(subject.task)


def test_the_state_is_json_and_gives_the_task_back(subject: Subject) -> None:
    state = json.loads(json.dumps(subject.task.state()))
    again = type(subject.task).restore(state)
    assert again.state() == subject.task.state()
    assert again.name == subject.task.name
    body = subject.task.layers(ARCHITECTURE)
    assert again.layers(ARCHITECTURE) == body


def test_planned_cost_is_traced_cost(subject: Subject) -> None:
    layers = subject.task.layers(ARCHITECTURE)
    network = Network(layers).to("meta").eval()
    with FlopCounterMode(display=False) as counter:
        network(torch.empty(1, 3, 64, 64, device="meta"))
    planned = cost(layers)
    assert counter.get_total_flops() == 2 * planned.mult_adds
    assert sum(parameter.numel() for parameter in network.parameters()) == planned.params


def test_examples_know_their_truths(subject: Subject) -> None:
    for split, count in (("train", COUNT - 4), ("val", 4)):
        examples = subject.task.examples(subject.collection, split)
        assert len(examples.photos) == count
        assert len([examples.truth(place) for place in range(count)]) == count


def test_a_loss_is_one_number_that_can_be_followed(subject: Subject) -> None:
    batch = subject.batches("train", distortion=Distortion(min_area=0.5, mirror=True, colour=True))[Pick(0, (0, 3, 5))]
    outputs = subject.outputs(batch.images)
    loss = subject.task.loss(outputs, batch)
    assert loss.shape == ()
    assert math.isfinite(loss.item())
    loss.backward()  # type: ignore[no-untyped-call]
    assert all(
        parameter.grad is not None and parameter.grad.isfinite().all() for parameter in subject.network.parameters()
    )
    watched = subject.task.watch(outputs.detach(), batch)
    assert all(value.shape == () and 0 <= float(value) <= len(batch) for value in watched.values())


def test_a_loss_is_the_mean_over_photographs(subject: Subject) -> None:
    """So that a batch worked in parts, or by many processes, weighs each photograph the same.

    Not where a loss compares photographs, or is a mean over what stands in them: that of a part knows nothing of the
    other parts.
    """
    if isinstance(subject.task, OrdersPhotographs) or not CASES[subject.task.name].shares:
        return
    subject.network.eval()
    batch = subject.batches("train")[Pick(0, (0, 1, 2, 3, 4, 5))]
    outputs = subject.outputs(batch.images)
    whole = subject.task.loss(outputs, batch)
    halves = batch.parts(2)
    losses = [subject.task.loss(part, half) for part, half in zip(outputs.split(3), halves, strict=True)]
    torch.testing.assert_close(torch.stack(losses).mean(), whole)
    figures = [subject.task.watch(part, half) for part, half in zip(outputs.split(3), halves, strict=True)]
    for name, total in subject.task.watch(outputs, batch).items():
        torch.testing.assert_close(figures[0][name] + figures[1][name], total)


def test_an_order_of_its_own_has_every_photograph_once(subject: Subject) -> None:
    """And follows from the random numbers that it is given, so that a run that goes on sees the same."""
    if not isinstance(subject.task, OrdersPhotographs):
        return
    examples = subject.task.examples(subject.collection, "train")
    orders = [subject.task.order(examples, batch=4, random=np.random.default_rng(seed)) for seed in (0, 0, 1)]
    assert all(sorted(order) == list(range(len(examples.photos))) for order in orders)
    assert (orders[0] == orders[1]).all()
    assert (orders[0] != orders[2]).any()


def test_what_held_out_photographs_settle_is_kept_and_changes_no_weights(subject: Subject) -> None:
    if not isinstance(subject.task, Settles):
        return
    evaluated = subject.evaluation(subject.task).evaluated
    settled = subject.task.settle(evaluated)
    assert type(subject.task).restore(json.loads(json.dumps(settled.state()))) == settled
    assert settled.bare() == subject.task.bare()
    assert settled.layers(ARCHITECTURE) == subject.task.layers(ARCHITECTURE)


def test_one_answer_a_photograph_in_plain_data(subject: Subject) -> None:
    subject.network.eval()
    batch = subject.batches("val")[Pick(0, (0, 1, 2))]
    with torch.inference_mode():
        answers = subject.task.answers(subject.outputs(batch.images))
    assert len(answers) == 3
    for answer in (one.placed((80, 64)) if isinstance(one, Placed) else one for one in answers):
        record = answer.record()
        assert json.loads(json.dumps(record, allow_nan=False)) == record
        assert answer.line()
        assert "\n" not in answer.line()


def test_scores_are_within_their_limits(subject: Subject) -> None:
    scores = subject.evaluation(subject.task).evaluated.scores
    assert scores.headline in scores.figures
    limits = CASES[subject.task.name].limits
    for name, value in scores.figures.items():
        low, high = limits[name]
        assert low <= value <= high, name
    assert json.loads(json.dumps(scores.details, allow_nan=False)) == scores.details


def test_a_restored_task_scores_the_same(subject: Subject) -> None:
    again = type(subject.task).restore(subject.task.state())
    one, other = subject.evaluation(subject.task), subject.evaluation(again)
    assert one.evaluated.scores == other.evaluated.scores
    assert one.loss == other.loss


def test_the_report_shows_what_was_found(subject: Subject) -> None:
    page = Page("title")
    subject.task.report(page, subject.evaluation(subject.task).evaluated)
    assert len(page.html()) > len(Page("title").html())


def test_it_learns(subject: Subject) -> None:
    """On a handful of photographs the loss falls to a fraction, and every one of them is answered right."""
    task, network = subject.task, subject.network.train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3)
    batch = subject.batches("train")[Pick(0, tuple(range(COUNT - 4)))]
    losses = []
    for _ in range(CASES[task.name].steps):
        loss = task.loss(subject.outputs(batch.images), batch)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        optimiser.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


def test_a_head_that_can_be_found_at_once_answers_right(subject: Subject) -> None:
    """Where the task has one: put on the features it was found for, it gives their targets back."""
    if not isinstance(subject.task, FitsHead):
        return
    subject.network.eval()
    batch = subject.batches("train")[Pick(0, tuple(range(COUNT - 4)))]
    model = Model(fold(subject.network), subject.task, SHOWN, torch.device("cpu"))
    found = features(model, [batch], count=len(batch), mirror=False, seen=lambda _: None)
    head = subject.task.fit_head(found.values, found.targets, groups=found.places, seed=0, check=lambda: None)
    outputs = found.values @ head.weight.T + head.bias
    assert outputs.shape == subject.outputs(batch.images).shape
    assert subject.task.loss(outputs, batch) < subject.task.loss(subject.outputs(batch.images), batch)


class _DiedError(BaseException):
    """A kill, as far as the run can tell."""


def test_a_run_of_it_goes_on_to_the_same_bits(
    subject: Subject, tiny_run: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(subject.task), "open", staticmethod(lambda _: subject.collection))
    quiet = Console(quiet=True)
    fields = {"task": subject.task.name, "architecture": replace(ARCHITECTURE, dropout=0.5), "batch": 4, "epochs": 2}
    train(tiny_run(tmp_path / "whole", **fields), console=quiet)
    step, calls = Stepper.step, 0

    def die(self: Stepper, *arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise _DiedError
        return step(self, *arguments, **named)

    with monkeypatch.context() as patched, pytest.raises(_DiedError):
        patched.setattr(Stepper, "step", die)
        train(tiny_run(tmp_path / "died", save_minutes=0.0, **fields), console=quiet)
    resume(tmp_path / "died", console=quiet)
    assert (tmp_path / "died" / MODEL).read_bytes() == (tmp_path / "whole" / MODEL).read_bytes()


@dataclass(frozen=True)
class _Kept:
    """A teacher whose network stays as it is."""

    subject: Subject

    def __call__(self, batch: Batch) -> Tensor:
        with torch.no_grad():
            return 4 * self.subject.outputs(batch.images)


@pytest.fixture
def student(subject: Subject) -> Subject:
    """The same task, learnt from a teacher of the same kind, in place of labels."""
    teacher = copy.deepcopy(subject.network).train()
    learnt = distilled(
        subject.task, _Kept(replace(subject, network=teacher)), temperature=2.0, share=1.0, labelled=False
    )
    torch.manual_seed(1)
    network = Network(learnt.layers(ARCHITECTURE))
    initialise(network)
    return Subject(learnt, subject.collection, network)


def test_a_distilled_task_has_the_network_and_the_state_of_the_task(subject: Subject, student: Subject) -> None:
    assert student.task.layers(ARCHITECTURE) == subject.task.layers(ARCHITECTURE)
    assert (student.task.name, student.task.state()) == (subject.task.name, subject.task.state())
    # Without labels a head is found first only by tasks that say what a teacher's outputs stand for.
    assert isinstance(student.task, FitsHead) == (
        isinstance(subject.task, FitsHead) and isinstance(subject.task, Distils)
    )


def test_it_learns_from_a_teacher(student: Subject) -> None:
    """Without labels the student comes to say what its teacher says."""
    task, network = student.task, student.network.train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3)
    batch = student.batches("train")[Pick(0, tuple(range(COUNT - 4)))]
    assert isinstance(task, Distilled)
    least = task.loss(task.teach(batch), batch).item()
    losses = []
    for _ in range(16):
        loss = task.loss(student.outputs(batch.images), batch)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        optimiser.zero_grad()
        losses.append(loss.item())
    assert losses[-1] - least < 0.6 * (losses[0] - least)


def test_a_distilled_loss_is_the_mean_over_photographs(student: Subject) -> None:
    student.network.eval()
    batch = student.batches("train")[Pick(0, (0, 1, 2, 3))]
    outputs = student.outputs(batch.images).detach()
    wanted = outputs.roll(1, 0)
    compared = comparison(student.task)
    whole = compared.distillation_loss(outputs, wanted, temperature=3.0)
    halves = zip(outputs.split(2), wanted.split(2), strict=True)
    losses = [compared.distillation_loss(part, half, temperature=3.0) for part, half in halves]
    torch.testing.assert_close(torch.stack(losses).mean(), whole)


def test_a_student_like_its_teacher_agrees(subject: Subject) -> None:
    subject.network.eval()
    outputs = subject.outputs(subject.batches("train")[Pick(0, (0, 1, 2, 3))].images).detach()
    compared = comparison(subject.task)
    agreement = compared.agreement(outputs, outputs.clone())
    assert agreement.shape == (4,)
    torch.testing.assert_close(agreement, torch.ones(4))
    near = compared.distillation_loss(outputs + 0.01, outputs, temperature=1.0)
    far = compared.distillation_loss(
        outputs.roll(1, 0) + 5 * torch.eye(4, outputs[0].numel()).view_as(outputs), outputs, temperature=1.0
    )
    assert near < far


def test_a_distilled_run_of_it_goes_on_to_the_same_bits(
    subject: Subject, tiny_run: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its teacher is a run of the same task."""
    monkeypatch.setattr(type(subject.task), "open", staticmethod(lambda _: subject.collection))
    quiet = Console(quiet=True)
    fields = {"task": subject.task.name, "architecture": ARCHITECTURE, "batch": 4, "epochs": 2}
    train(tiny_run(tmp_path / "teacher", **fields), console=quiet)
    fields["distillation"] = Distillation(teacher=str(tmp_path / "teacher"))
    whole = train(tiny_run(tmp_path / "whole", **fields), console=quiet)
    step, calls = Stepper.step, 0

    def die(self: Stepper, *arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise _DiedError
        return step(self, *arguments, **named)

    with monkeypatch.context() as patched, pytest.raises(_DiedError):
        patched.setattr(Stepper, "step", die)
        train(tiny_run(tmp_path / "died", save_minutes=0.0, **fields), console=quiet)
    resume(tmp_path / "died", console=quiet)
    assert whole.scores
    assert (tmp_path / "died" / MODEL).read_bytes() == (tmp_path / "whole" / MODEL).read_bytes()
