"""The one predictor: in order, in bounded memory. (What is asked of it from outside: jobs/test_predict.)"""

import io
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from mobilenets.data.inputs import MissingPhoto, PipedPhoto
from mobilenets.data.photos import ArrayPhoto, Photo
from mobilenets.errors import JobError
from mobilenets.prediction.model import Model, load
from mobilenets.prediction.predict import Prediction, predict
from mobilenets.tasks.detect.answers import Detections

Weave = Callable[..., NDArray[np.uint8]]
Made = Callable[..., ArrayPhoto]


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> Model:
    return load(tiny_model, device=torch.device("cpu"))


@pytest.fixture(scope="module")
def photo(swatch: Weave) -> Callable[..., ArrayPhoto]:
    return lambda label="red", **how: ArrayPhoto(f"{label}.png", swatch(label, seed=99, **how))


def _label(prediction: Prediction) -> str:
    assert prediction.answer is not None
    return str(prediction.answer.record()["label"])


def test_each_photograph_gets_its_own_answer_whatever_its_size(model: Model, photo: Made) -> None:
    photos = [
        photo("red"),
        photo("blue", height=30, width=90),
        photo("green", height=64, width=40),
        photo("red", height=40, width=40),
    ]
    found = list(predict(model, photos, batch=3, threads=2))
    assert [one.name for one in found] == [photo.name for photo in photos]
    alone = [next(predict(model, [one], batch=1, threads=1)) for one in photos]
    assert [_label(one) for one in found] == [_label(one) for one in alone]
    assert len({_label(one) for one in found}) > 1


def test_memory_is_bounded_however_long_the_list(model: Model, photo: Made) -> None:
    taken = 0

    def endless() -> Iterator[Photo]:
        nonlocal taken
        while True:
            taken += 1
            yield photo()

    answers = predict(model, endless(), batch=4, threads=2)
    for done in range(1, 21):
        assert next(answers).answer is not None
        assert taken <= done + 4 + 2 * 4 + 2
    answers.close()  # type: ignore[attr-defined]


def test_whoever_stops_asking_leaves_no_threads(model: Model, photo: Made) -> None:
    before = threading.active_count()
    answers = predict(model, [photo()] * 50, batch=2, threads=3)
    next(answers)
    answers.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


def test_what_is_no_image_is_said_and_the_rest_goes_on(model: Model, swatch: Weave) -> None:
    stream = io.BytesIO()
    Image.fromarray(swatch("green")).save(stream, "JPEG")
    photos = [
        PipedPhoto(b"text", "a"),
        MissingPhoto("b", "not there"),
        PipedPhoto(stream.getvalue(), "c"),
        PipedPhoto(b"", "d"),
    ]
    found = list(predict(model, photos, batch=2, threads=1))
    assert [(one.name, bool(one.error), one.answer is None) for one in found] == [
        ("a", True, True),
        ("b", True, True),
        ("c", False, False),
        ("d", True, True),
    ]
    assert found[1].error == "not there"


def test_nothing_gives_nothing(model: Model) -> None:
    assert not list(predict(model, [], batch=2, threads=1))


def test_outputs_that_are_no_numbers_are_no_answers(model: Model, photo: Made) -> None:
    class Broken(torch.nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return torch.full((len(images), 3), torch.nan)

    with pytest.raises(JobError, match="the model's outputs are not finite: its weights are damaged"):
        list(predict(replace(model, network=Broken()), [photo()], batch=1, threads=1))


@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_boxes_are_pixels_of_the_upright_photograph_however_small_it_was_decoded(
    finder: Any, red_on_grey: Weave, orientation: int
) -> None:
    tags = Image.Exif()
    tags[274] = orientation
    stream = io.BytesIO()
    box, height, width = (250, 500, 1000, 625), 1000, 2000
    Image.fromarray(red_on_grey(box, height=height, width=width)).save(stream, "JPEG", exif=tags.tobytes())
    (found,) = predict(finder, [PipedPhoto(stream.getvalue())], batch=1, threads=1)
    expected = {
        1: [250, 500, 1000, 625],
        3: [width - 1000, height - 625, width - 250, height - 500],
        6: [height - 625, 250, height - 500, 1000],  # a quarter to the right
    }
    assert isinstance(found.answer, Detections)
    assert found.answer.size == ((width, height) if orientation == 6 else (height, width))
    np.testing.assert_allclose(found.answer.pixels[0], expected[orientation], atol=2000 / 64)
