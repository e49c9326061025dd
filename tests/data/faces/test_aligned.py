"""Crops: where the eyes come to stand, what is shown beside them, and what is no face."""

import io
import math
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mobilenets.data.decode import decode
from mobilenets.data.faces.aligned import (
    NO_FACE,
    TEMPLATE,
    AlignedPhoto,
    align,
    aligned_face,
    onto_template,
    template,
)
from mobilenets.data.faces.detector import USUAL, Face, FaceBox, find_face
from mobilenets.data.photos import ArrayPhoto, BadImage, FilePhoto
from mobilenets.maths.similarity import Point

_BOX = FaceBox(40, 30, 120)
_EYES = st.tuples(st.floats(-500, 2500), st.floats(-500, 2500))


@pytest.fixture(scope="module")
def portrait(shared_data: Path) -> Path:
    cv2 = pytest.importorskip("cv2")
    if not hasattr(cv2, "CascadeClassifier"):
        pytest.skip("OpenCV 5 has no cascades")
    return shared_data / "lfw100" / "Jacques_Chirac" / "Jacques_Chirac_0007.jpg"


@given(_EYES, _EYES, st.integers(16, 512))
def test_the_eyes_come_onto_the_template(left: Point, right: Point, size: int) -> None:
    if math.dist(left, right) < 1:
        return
    matrix = onto_template(Face(_BOX, (left, right)), size=size)
    # The middle of the first pixel is (.5, .5) in the photograph and (0, 0) in the template.
    moved = (np.array([left, right]) - 0.5) @ matrix[:, :2].T + matrix[:, 2]
    np.testing.assert_allclose(moved, np.array(TEMPLATE) * size / 112, rtol=0, atol=1e-6)


def test_a_face_without_eyes_has_them_in_their_usual_places() -> None:
    usual = Face(_BOX, (_BOX.at(USUAL[0]), _BOX.at(USUAL[1])))
    assert (onto_template(Face(_BOX, None), size=112) == onto_template(usual, size=112)).all()


@pytest.mark.parametrize("scale", [1, 3, 12], ids=["enlarged", "near", "shrunk first"])
@pytest.mark.parametrize("degrees", [0, 25])
def test_marks_on_the_eyes_are_in_their_places(scale: int, degrees: int) -> None:
    """Two discs of light, of which the crop's brightness has its middles where the template has eyes."""
    pytest.importorskip("cv2")
    turn = math.radians(degrees)
    half = np.array([math.cos(turn), math.sin(turn)]) * 12 * scale
    eyes = [(50 * scale + sign * half[0], 40 * scale + sign * half[1]) for sign in (-1, 1)]
    rows, columns = np.mgrid[: 90 * scale, : 100 * scale] + 0.5
    light = sum(np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * (2 * scale) ** 2)) for x, y in eyes)
    photograph = np.repeat((250 * np.clip(light, 0, 1)).astype(np.uint8)[..., None], 3, axis=2)
    crop = align(photograph, Face(_BOX, ((*eyes[0],), (*eyes[1],))), size=112)[..., 0].astype(float)  # type: ignore[arg-type]
    down, along = np.mgrid[:112, :112]
    for part, (x, y) in zip((along < 56, along >= 56), template(112), strict=True):
        weight = crop * part
        assert (along * weight).sum() / weight.sum() == pytest.approx(x, abs=0.3)
        assert (down * weight).sum() / weight.sum() == pytest.approx(y, abs=0.3)


def test_what_lies_outside_is_black() -> None:
    pytest.importorskip("cv2")
    crop = align(np.full((60, 60, 3), 200, np.uint8), Face(FaceBox(0, 0, 60), ((2.0, 10.0), (20.0, 10.0))), size=64)
    assert crop.shape == (64, 64, 3)
    assert (crop[0] == 0).all() and (crop[40, 40] == 200).all()


@pytest.mark.parametrize("size", [112, 160])
def test_a_real_face_found_again_in_its_crop_stands_where_it_should(portrait: Path, size: int) -> None:
    found = aligned_face(portrait.read_bytes(), size=size)
    assert found.by_eyes and found.pixels.shape == (size, size, 3)
    again = find_face(found.pixels)
    assert again is not None and again.eyes is not None
    for eye, wanted in zip(again.eyes, template(size), strict=True):
        assert math.dist(eye, wanted) < 0.05 * size


def test_a_photograph_gives_its_crop_when_it_is_read(portrait: Path) -> None:
    photo = AlignedPhoto(FilePhoto(str(portrait), Path()), 96)
    photo = pickle.loads(pickle.dumps(photo))
    assert photo.name == str(portrait)
    assert (decode(photo.read()) == aligned_face(portrait.read_bytes(), size=96).pixels).all()


def test_a_turned_phone_is_no_turned_face(portrait: Path) -> None:
    """EXIF says how the camera was held."""
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.open(portrait).rotate(90, expand=True).save(stream, "PNG", exif=exif)
    turned, upright = aligned_face(stream.getvalue()), aligned_face(portrait.read_bytes())
    assert (turned.pixels == upright.pixels).all()


def test_no_face_is_said_in_two_words(portrait: Path) -> None:
    grey = ArrayPhoto("wall.png", np.full((80, 80, 3), 120, np.uint8))
    with pytest.raises(BadImage, match=f"^{NO_FACE}$"):
        AlignedPhoto(grey, 112).read()
    with pytest.raises(BadImage, match="not an image"):
        aligned_face(b"no image at all")
