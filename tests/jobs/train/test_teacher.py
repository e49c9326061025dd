"""A student learns from any network, with labels or without, and its checkpoint knows of no teacher."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console

from mobilenets.architecture.layer import Layer
from mobilenets.architecture.tables import classifier
from mobilenets.checkpoint import MODEL, RUN, read_description, read_tensors, write_tensors
from mobilenets.data.examples import Batch, Examples
from mobilenets.data.loader import Pick, Share
from mobilenets.data.photos import Collection
from mobilenets.data.preprocess import Preprocessing
from mobilenets.errors import JobError, UsageError
from mobilenets.jobs.evaluate import evaluate
from mobilenets.jobs.export import export
from mobilenets.jobs.predict import predict
from mobilenets.jobs.train import Trained, resume, train
from mobilenets.jobs.train.job import Job
from mobilenets.jobs.train.prepare import prepare
from mobilenets.jobs.train.teacher import Beside, shown_to
from mobilenets.prediction.model import load
from mobilenets.run import Architecture, Augmentation, Distillation, Machine, Run
from mobilenets.tasks.distillation import Distilled
from mobilenets.tasks.features import Features
from mobilenets.tasks.protocol import Answer, Scores, TaskSettings
from mobilenets.tasks.registry import TASKS
from mobilenets.tasks.taught import WANTED, Unlabelled
from mobilenets.training.distributed import Group
from mobilenets.training.step import Stepper

Make = Callable[..., Run]
QUIET = Console(quiet=True)
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """The report draws figures for longer than these runs take."""
    monkeypatch.setattr("mobilenets.jobs.train.write_report", lambda *_: None)


@pytest.fixture(scope="module")
def bare(swatches: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The swatches in one folder, without their labels."""
    folder = tmp_path_factory.mktemp("bare") / "photographs"
    folder.mkdir()
    for place, file in enumerate(sorted(swatches.rglob("*.png"))):
        shutil.copyfile(file, folder / f"{place:02}.png")
    return folder


def taught(teacher: Path | str, **fields: Any) -> Distillation:
    return Distillation(teacher=str(teacher), **fields)


def learn(run: Run) -> Trained:
    return train(run, console=QUIET)


def prepared(run: Run) -> Job:
    run.out.mkdir(exist_ok=True)
    return prepare(run, Group(Share(), CPU), QUIET, resumed=False)


def test_labelled_photographs_are_scored_by_their_labels(tiny_run: Make, tiny_model: Path, tmp_path: Path) -> None:
    trained = learn(tiny_run(tmp_path / "run", distillation=taught(tiny_model)))
    assert trained.scores.keys() == {"top1", "calibration_error"}
    assert trained.history[-1].keys() >= {"train_top1", "val_top1"}


def test_the_checkpoint_is_an_ordinary_one(tiny_run: Make, tiny_model: Path, swatches: Path, tmp_path: Path) -> None:
    run = tiny_run(tmp_path / "run", distillation=taught(tiny_model, teacher_share=0.5))
    trained = learn(run)
    assert evaluate(str(swatches), model=run.out, console=QUIET).scores == trained.scores
    assert next(predict(swatches, model=run.out)).answer
    description = read_description(run.out)
    assert description.task_state == {"classes": ["blue", "green", "red"]}
    assert description.teacher is not None
    assert description.teacher.teacher == str(tiny_model)
    assert len(description.teacher.sha256) == 64
    assert description.source.endswith(f", taught by {tiny_model}")


def test_a_folder_of_any_photographs_serves(tiny_run: Make, tiny_model: Path, bare: Path, tmp_path: Path) -> None:
    run = tiny_run(tmp_path / "run", data=str(bare), epochs=12, distillation=taught(tiny_model))
    trained = learn(run)
    assert trained.scores.keys() == {"agreement"}
    assert trained.history[-1]["train_agreement"] > trained.history[0]["train_agreement"]
    assert any("no labels" in note for note in trained.notes)
    assert read_description(run.out).task_state == {"classes": ["blue", "green", "red"]}
    assert {row.split(",")[1] for row in (run.out / "split.csv").read_text().splitlines()[1:]} == {""}


def test_what_is_learnt_without_labels_is_right(
    tiny_run: Make, tiny_model: Path, bare: Path, swatches: Path, tmp_path: Path
) -> None:
    """The teacher knows the colours, and so does its student in the end."""
    source = read_description(tiny_model).run
    assert source is not None
    run = replace(source, out=tmp_path / "run", data=str(bare), distillation=taught(tiny_model, temperature=2.0))
    assert learn(run).scores["agreement"] >= 0.8
    assert evaluate(str(swatches), model=run.out, split="all", console=QUIET).scores["top1"] >= 0.8


def test_held_out_photographs_with_labels_are_scored_by_them(
    tiny_run: Make, tiny_model: Path, bare: Path, swatches: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    shutil.copytree(bare, data / "train")
    shutil.copytree(swatches, data / "val")
    trained = learn(tiny_run(tmp_path / "run", data=str(data), distillation=taught(tiny_model)))
    assert trained.scores.keys() == {"top1", "calibration_error"}
    assert trained.history[-1].keys() >= {"train_agreement", "val_top1"}


def test_labels_that_are_not_to_be_used(tiny_run: Make, tiny_model: Path, tmp_path: Path) -> None:
    trained = learn(tiny_run(tmp_path / "run", distillation=taught(tiny_model, unlabelled=True)))
    assert trained.scores.keys() == {"agreement"}


def test_agreement_is_how_often_both_say_the_same(tiny_run: Make, tiny_model: Path, bare: Path, tmp_path: Path) -> None:
    run = tiny_run(tmp_path / "run", data=str(bare), epochs=1, distillation=taught(tiny_model))
    agreement = learn(run).scores["agreement"]
    rows = [row.split(",") for row in (run.out / "split.csv").read_text().splitlines()[1:]]
    held = [str(bare / name) for name, _, split in rows if split == "val"]
    said = [[one.answer.record()["label"] for one in predict(held, model=one)] for one in (run.out, tiny_model)]
    assert agreement == pytest.approx(sum(map(str.__eq__, *said)) / len(held))


def test_labels_have_the_rest_of_the_loss(tiny_run: Make, tiny_model: Path, tmp_path: Path) -> None:
    def loss(share: float) -> tuple[float, float]:
        run = tiny_run(tmp_path / "run", distillation=taught(tiny_model, teacher_share=share))
        job = prepared(run)
        batch = job.batches(job.material.train, learning=True)[Pick(0, (0, 5, 9))]
        outputs = torch.linspace(-1, 1, 9).view(3, 3)
        assert isinstance(job.task, Distilled)
        return float(job.task.loss(outputs, batch)), float(job.task.inner.loss(outputs, batch))

    (whole, _), (half, labels) = loss(1.0), loss(0.5)
    assert half == pytest.approx((whole + labels) / 2)
    assert whole != pytest.approx(labels)


def test_the_teacher_s_classes_are_matched_by_name(
    tiny_run: Make, checkpoint: Callable[..., Path], tmp_path: Path
) -> None:
    """It knows five, in another order than the photographs' three."""
    folder = checkpoint(width=0.25)
    file = folder / RUN
    file.write_text(file.read_text().replace('"blue"', '"BLUE"').replace('"owl"', '"blue"').replace('"BLUE"', '"owl"'))
    job = prepared(tiny_run(tmp_path / "run", distillation=taught(folder)))
    assert isinstance(job.task, Distilled)
    batch = job.batches(job.material.train, learning=False)[Pick(0, (0, 1))]
    outputs = load(folder, device=CPU)(batch.images)
    torch.testing.assert_close(job.task.teach(batch), outputs[:, [3, 1, 2]].clone())
    assert "the 3 classes are matched by name with the teacher's" in job.progress.notes


@pytest.mark.parametrize("source", ["timm:mobilenetv3_small_050", "torchvision:squeezenet1_1"])
def test_a_teacher_of_another_library(source: str, tiny_run: Make, bare: Path, tmp_path: Path) -> None:
    run = tiny_run(tmp_path / "run", data=str(bare), epochs=1, distillation=taught(source, teacher_weights="none"))
    trained = learn(run)
    assert trained.scores.keys() == {"agreement"}
    assert len(read_description(run.out).task_state["classes"]) == 1000
    assert any("random weights" in note for note in trained.notes)


def test_an_artefact_teaches_in_its_own_runtime(tiny_run: Make, tiny_model: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    folder = export(tiny_model, out=tmp_path / "shipped", console=QUIET).folder
    one, other = (
        prepared(tiny_run(tmp_path / "run", distillation=taught(teacher))) for teacher in (folder, tiny_model)
    )
    assert isinstance(one.task, Distilled) and isinstance(other.task, Distilled)
    batch = one.batches(one.material.train, learning=True)[Pick(0, (0, 4, 7))]
    torch.testing.assert_close(one.task.teach(batch), other.task.teach(batch), atol=1e-4, rtol=1e-4)
    learn(tiny_run(tmp_path / "run", epochs=1, distillation=taught(folder)))
    origin = read_description(tmp_path / "run").teacher
    assert origin is not None
    assert origin.sha256 == json.loads((folder / "report.json").read_text())["files"]["model.onnx"]["sha256"]


def test_the_teacher_sees_what_the_student_sees() -> None:
    """The student's view in its colours, at the teacher's resolution."""
    images = torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8)
    batch = Batch(images, {}, torch.arange(2))
    assert shown_to(batch, Preprocessing(resolution=32)) is images
    larger = shown_to(batch, Preprocessing(resolution=48))
    assert larger.shape == (2, 3, 48, 48)
    assert larger.dtype == torch.uint8
    flat = torch.full((2, 3, 32, 32), 100, dtype=torch.uint8)
    coloured = replace(batch, images=flat, brightness=torch.tensor([20.0, -200.0]), saturation=torch.ones(2))
    seen = shown_to(coloured, Preprocessing(resolution=40, interpolation="bicubic"))
    assert seen[0].unique().tolist() == [120]
    assert seen[1].unique().tolist() == [0]


def test_outputs_computed_once_are_those_computed_beside(
    tiny_run: Make, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tiny_run(
        tmp_path / "run",
        augmentation=Augmentation(min_area=0.5, flip="on", colour="on"),
        machine=Machine(device="cpu", threads=1, cache_gb=1),
        distillation=taught(tiny_model, teacher_views=2),
    )
    job = prepared(run)
    assert isinstance(job.task, Distilled)
    batches = job.batches(job.material.train, learning=True)
    seen = [batches[Pick(epoch, (1, 4, 10))] for epoch in range(4)]
    for batch in seen:
        torch.testing.assert_close(batch.targets[WANTED], job.task.teach(batch), atol=1e-5, rtol=1e-5)
    assert torch.equal(seen[0].images, seen[2].images)
    assert not torch.equal(seen[0].images, seen[1].images)
    assert not torch.equal(seen[0].targets[WANTED], seen[1].targets[WANTED])
    learn(run)
    asked: list[int] = []
    says = Beside._says
    monkeypatch.setattr(Beside, "_says", lambda self, batch: asked.append(len(batch)) or says(self, batch))
    learn(replace(run, out=tmp_path / "again"))
    assert sum(asked) <= 4  # the few that tell whether it says anything
    assert (tmp_path / "again" / MODEL).read_bytes() == (run.out / MODEL).read_bytes()


def test_cached_outputs_belong_to_their_teacher_and_photographs(
    tiny_run: Make, tiny_model: Path, checkpoint: Callable[..., Path], tmp_path: Path
) -> None:
    machine = Machine(device="cpu", threads=1, cache_gb=1)

    def wanted(**fields: Any) -> torch.Tensor:
        run = tiny_run(tmp_path / "run", machine=machine, **fields)
        job = prepared(run)
        return job.batches(job.material.train, learning=True)[Pick(0, (0, 1))].targets[WANTED]

    first = wanted(distillation=taught(tiny_model, teacher_views=1))
    assert torch.equal(first, wanted(distillation=taught(tiny_model, teacher_views=1)))
    assert not torch.equal(first, wanted(distillation=taught(checkpoint(), teacher_views=1)))
    assert not torch.equal(first, wanted(distillation=taught(tiny_model, teacher_views=1), seed=1))


@pytest.mark.parametrize("fields", [{}, {"teacher_share": 0.5}, {"teacher_views": 2}, {"unlabelled": True}], ids=str)
def test_a_stopped_run_goes_on_to_the_same_bits(
    fields: dict[str, Any], tiny_run: Make, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: dict[str, Any] = {
        "distillation": taught(tiny_model, **fields),
        "machine": Machine(device="cpu", threads=1, cache_gb=1),
        "keep": "best",
        "accumulate": 2,
    }
    whole, died = tiny_run(tmp_path / "whole", **settings), tiny_run(tmp_path / "died", save_minutes=0.0, **settings)
    learn(whole)
    step, calls = Stepper.step, 0

    def dies(self: Stepper, *arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 5:
            raise KeyboardInterrupt
        return step(self, *arguments, **named)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Stepper, "step", dies)
        learn(died)
    resume(died.out, console=QUIET)
    assert (died.out / MODEL).read_bytes() == (whole.out / MODEL).read_bytes()


def test_going_on_needs_the_very_teacher(tiny_run: Make, tiny_model: Path, tmp_path: Path) -> None:
    teacher, run = tmp_path / "teacher", tiny_run(tmp_path / "run", epochs=1, distillation=taught(tmp_path / "teacher"))
    shutil.copytree(tiny_model, teacher)
    learn(run)
    teacher.rename(tmp_path / "moved")
    with pytest.raises(UsageError, match=f"--teacher {teacher}: there is no folder {teacher}"):
        resume(run.out, console=QUIET)
    resume(run.out, teacher=str(tmp_path / "moved"), console=QUIET)
    file = tmp_path / "moved" / MODEL
    shutil.copyfile(run.out / MODEL, file)
    with pytest.raises(UsageError, match=r"moved changed since the run in .* began \(its SHA-256 was") as caught:
        resume(run.out, teacher=str(tmp_path / "moved"), console=QUIET)
    assert "\n" not in str(caught.value)


def test_a_teacher_in_the_place_of_its_student(tiny_run: Make, tiny_model: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_model, tmp_path / "run")
    with pytest.raises(UsageError, match="is --out too, and would be written over: choose another folder"):
        train(tiny_run(tmp_path / "run", distillation=taught(tmp_path / "run")), overwrite=True, console=QUIET)
    assert (tmp_path / "run" / MODEL).read_bytes() == (tiny_model / MODEL).read_bytes()


def test_a_run_without_a_teacher_goes_on_without(tiny_run: Make, tiny_model: Path, tmp_path: Path) -> None:
    run = tiny_run(tmp_path / "run", epochs=1)
    learn(run)
    with pytest.raises(UsageError, match="learns from none; start a new one with it"):
        resume(run.out, teacher=str(tiny_model), console=QUIET)


@pytest.mark.parametrize("unlabelled", [False, True])
def test_a_head_found_first(unlabelled: bool, tiny_run: Make, tiny_model: Path, tmp_path: Path) -> None:
    """With published weights the head comes first: by the labels or, without them, by what the teacher says."""
    weights = tmp_path / "weights"
    shutil.copytree(tiny_model, weights)
    file = weights / RUN
    file.write_text(file.read_text().replace('"blue"', '"azure"'))  # so that its head is another's
    run = tiny_run(
        tmp_path / "run", weights=str(weights), head_first=True, distillation=taught(tiny_model, unlabelled=unlabelled)
    )
    trained = learn(run)
    assert trained.history[0]["epoch"] == 0
    assert trained.history[0]["val_agreement" if unlabelled else "val_top1"] >= 0.8


def test_a_teacher_of_other_classes(
    tiny_run: Make, checkpoint: Callable[..., Path], swatches: Path, tmp_path: Path
) -> None:
    folder = checkpoint()
    file = folder / RUN
    file.write_text(file.read_text().replace('"blue"', '"azure"'))
    with pytest.raises(
        UsageError, match=f"--teacher {folder}: it knows no class blue; its 5 are azure, green"
    ) as caught:
        learn(tiny_run(tmp_path / "run", distillation=taught(folder)))
    assert "\n" not in str(caught.value)


def test_a_teacher_of_another_task(tiny_run: Make, checkpoint: Callable[..., Path], bare: Path, tmp_path: Path) -> None:
    folder = checkpoint(Features())
    with pytest.raises(UsageError, match="it was trained for features and the run is for classify"):
        learn(tiny_run(tmp_path / "run", distillation=taught(folder)))
    with pytest.raises(UsageError, match="it was trained for features and the run is for classify"):
        learn(tiny_run(tmp_path / "run", data=str(bare), distillation=taught(folder)))


def test_a_teacher_whose_outputs_are_not_finite(tiny_run: Make, tiny_model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "teacher"
    shutil.copytree(tiny_model, folder)
    tensors = read_tensors(folder / MODEL).tensors
    write_tensors(folder / MODEL, {name: one * float("nan") for name, one in tensors.items()}, {})
    with pytest.raises(JobError, match=r"the outputs of the teacher .* are not finite"):
        learn(tiny_run(tmp_path / "run", distillation=taught(folder)))


def test_more_outputs_than_the_cache_may_take(tiny_run: Make, tiny_model: Path, tmp_path: Path) -> None:
    machine = Machine(device="cpu", threads=1, cache_gb=2e-7)
    with pytest.raises(UsageError, match=r"teacher-views 3: the teacher's outputs would take .* GB of cache, over"):
        learn(tiny_run(tmp_path / "run", machine=machine, distillation=taught(tiny_model, teacher_views=3)))


def test_photographs_without_labels_need_a_teacher(
    tiny_run: Make, tiny_model: Path, bare: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="every photograph lies outside a label's folder"):
        learn(tiny_run(tmp_path / "run", data=str(bare)))
    (tmp_path / "odd" / "one").mkdir(parents=True)
    for place, file in enumerate(sorted(bare.iterdir())[:3]):
        shutil.copyfile(file, tmp_path / "odd" / ("one" if place else ".") / file.name)
    with pytest.raises(UsageError, match="or take the photographs as --unlabelled"):
        learn(tiny_run(tmp_path / "run", data=str(tmp_path / "odd"), distillation=taught(tiny_model)))


def test_the_recipe_names_no_teacher(tiny_run: Make, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="recipe distil learns from a teacher: name one with --teacher"):
        learn(tiny_run(tmp_path / "run", recipe="distil"))


@dataclass(frozen=True)
class Vectors(Features):
    """The smallest task of vectors that is learnt: eight numbers a photograph."""

    name: str = "vectors"

    @classmethod
    def learn(cls, collection: Collection, *, settings: TaskSettings) -> "Vectors":  # noqa: ARG003 (the protocol's)
        return cls()

    def examples(self, collection: Collection, split: str) -> Examples:
        return Unlabelled(tuple(one.photo for one in collection.part(split)))

    def layers(self, architecture: Architecture) -> list[Layer]:
        body = architecture.body()
        return [*body, *classifier(body, 8)]

    def loss(self, outputs: torch.Tensor, batch: Batch) -> torch.Tensor:
        return outputs.square().mean()

    def watch(self, outputs: torch.Tensor, batch: Batch) -> dict[str, torch.Tensor]:
        return {}

    def score(self, answers: Sequence[Answer], truths: Sequence[object]) -> Scores:
        return Scores("count", {"count": float(len(answers))})


def test_vectors_of_another_width_are_projected(
    tiny_run: Make, checkpoint: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network without a head teaches 256 features; the student has eight numbers for them."""
    monkeypatch.setitem(TASKS, "vectors", Vectors)
    run = tiny_run(tmp_path / "run", task="vectors", epochs=8, distillation=taught(checkpoint(Features())))
    job = prepared(run)
    assert "the teacher's 256 numbers are projected to the student's 8, lengths kept" in job.progress.notes
    assert isinstance(job.task, Distilled)
    batch = job.batches(job.material.train, learning=True)[Pick(0, (0, 4, 7))]
    wanted = load(checkpoint(Features()), device=CPU)(batch.images).clone()
    assert job.task.teach(batch).shape == (3, 8)
    torch.testing.assert_close(job.task.teach(batch).norm(dim=1), wanted.norm(dim=1))
    history = learn(run).history
    assert history[-1]["train_loss"] < history[0]["train_loss"]
    assert resume(run.out, console=QUIET).history == history
