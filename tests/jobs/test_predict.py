"""Answers for photographs, one by one as they come."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mobilenets.data.imagenet_names import names
from mobilenets.data.photos import FilePhoto
from mobilenets.errors import UsageError
from mobilenets.jobs.predict import predict
from mobilenets.prediction.predict import Prediction


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the photographs that were read, as it happens."""
    names: list[str] = []
    read = FilePhoto.read

    def noting(self: FilePhoto) -> bytes:
        names.append(self.name)
        return read(self)

    monkeypatch.setattr(FilePhoto, "read", noting)
    return names


def _names(predictions: Iterator[Prediction]) -> list[str]:
    return [prediction.name for prediction in predictions]


@pytest.mark.parametrize("batch", [1, 5, 64])
@pytest.mark.parametrize("threads", [1, 3])
def test_answers_come_in_the_order_of_the_photographs(
    tiny_model: Path, swatches: Path, batch: int, threads: int
) -> None:
    sources = [str(swatches / "red"), str(swatches / "blue" / "3.png"), str(swatches / "green" / "*.png")]
    found = _names(predict(sources, model=tiny_model, batch=batch, threads=threads, device="cpu"))
    folders = [str(swatches / label) for label in ("red", "green")]
    expected = [f"{folders[0]}/{n}.png" for n in range(8)]
    assert found == [*expected, sources[1], *(f"{folders[1]}/{n}.png" for n in range(8))]


def test_an_answer_does_not_depend_on_its_neighbours(tiny_model: Path, swatches: Path) -> None:
    alone = [next(predict(swatches / "red" / f"{n}.png", model=tiny_model, device="cpu")) for n in range(8)]
    together = list(predict(swatches / "red", model=tiny_model, device="cpu"))
    assert all(one.answer is not None and other.answer is not None for one, other in zip(alone, together, strict=True))
    for one, other in zip(alone, together, strict=True):
        assert one.answer is not None and other.answer is not None
        mine, theirs = one.answer.record(), other.answer.record()
        assert mine["label"] == theirs["label"]
        assert mine["probability"] == pytest.approx(theirs["probability"], abs=2e-6)


def test_photographs_are_read_a_few_batches_ahead_and_no_more(
    tiny_model: Path, swatches: Path, reads: list[str], tmp_path: Path
) -> None:
    for number in range(40):
        shutil.copytree(swatches / "red", tmp_path / f"{number:02}")
    predictions = predict(str(tmp_path), model=tiny_model, batch=4, threads=1, device="cpu")
    assert not reads  # nothing before the first answer is asked for
    next(predictions)
    assert 4 <= len(reads) <= 16
    predictions.close()  # type: ignore[attr-defined]
    assert len(reads) <= 16


def test_a_limit_reads_no_more_than_it_answers(tiny_model: Path, swatches: Path, reads: list[str]) -> None:
    found = _names(predict([swatches], model=tiny_model, limit=3, device="cpu"))
    assert len(found) == 3
    assert reads == found


def test_a_broken_photograph_is_answered_with_its_error_in_its_place(
    tiny_model: Path, swatches: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(swatches / "red", tmp_path / "red"))
    for name in ("0.png", "3.png", "4.png"):
        (folder / name).write_bytes(b"no image")
    predictions = list(predict(str(folder), model=tiny_model, batch=2, device="cpu"))
    assert [Path(one.name).name for one in predictions if one.error] == ["0.png", "3.png", "4.png"]
    assert [one.answer is None for one in predictions] == [bool(one.error) for one in predictions]
    whole = {one.name: one.answer for one in predict(str(folder), model=tiny_model, batch=8, device="cpu")}
    for one in predictions:
        other = whole[one.name]
        assert (one.answer is None) == (other is None)
        if one.answer is not None and other is not None:
            assert one.answer.record()["label"] == other.record()["label"]


def test_nothing_but_broken_photographs(tiny_model: Path, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    (only,) = predict(str(tmp_path), model=tiny_model, device="cpu")
    assert only.error
    assert only.answer is None


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"batch": 0}, "batch 0 is under 1"),
        ({"threads": -1}, "threads -1 is under 0"),
        ({"limit": 0}, "limit 0 is under 1"),
        ({"device": "tpu"}, "device 'tpu' is unknown"),
    ],
)
def test_numbers_outside_their_limits(
    tiny_model: Path, swatches: Path, settings: dict[str, object], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        predict(str(swatches), model=tiny_model, **settings)  # type: ignore[arg-type]


def test_what_is_wrong_is_said_before_the_first_answer(tiny_model: Path, swatches: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not there"):
        predict([str(swatches), str(tmp_path / "nowhere")], model=tiny_model)
    with pytest.raises(UsageError, match="is no checkpoint"):
        predict(str(swatches), model=tmp_path)
    with pytest.raises(UsageError, match="no photographs given"):
        predict([], model=tiny_model)


def test_a_network_of_another_library(swatches: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "timm:test_resnet.r160_in1k"
    found = list(predict(swatches / "red", model=name, weights="none", device="cpu", limit=2))
    assert len(found) == 2
    assert all(one.answer and one.answer.record()["label"] in names() for one in found)
    assert capsys.readouterr().err == f"note: {name} has random weights (seed 0)\n"
