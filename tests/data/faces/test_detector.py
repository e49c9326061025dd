"""Faces and their eyes in real photographs, and what is no pair of eyes."""

import math
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mobilenets.data.decode import decode
from mobilenets.data.faces.detector import USUAL, Face, FaceBox, best_pair, check_detector, find_face
from mobilenets.data.views import Array
from mobilenets.errors import UsageError
from mobilenets.maths.similarity import Point

_SHARES = st.tuples(st.floats(0, 1), st.floats(0, 1))


@pytest.fixture(scope="module")
def portrait(shared_data: Path) -> Array:
    """A face that looks ahead, (250, 250, 3)."""
    cv2 = pytest.importorskip("cv2")
    if not hasattr(cv2, "CascadeClassifier"):
        pytest.skip("OpenCV 5 has no cascades")
    return decode((shared_data / "lfw100" / "Jacques_Chirac" / "Jacques_Chirac_0007.jpg").read_bytes())


def _middle(face: Face) -> Point:
    assert face.eyes is not None
    (left, top), (right, other) = face.eyes
    return (left + right) / 2, (top + other) / 2


def _slope(face: Face) -> float:
    assert face.eyes is not None
    (left, top), (right, other) = face.eyes
    return math.degrees(math.atan2(other - top, right - left))


def test_a_face_is_found_with_its_eyes(portrait: Array) -> None:
    face = find_face(portrait)
    assert face is not None and face.eyes is not None
    assert 90 < face.box.side < 150  # LFW's photographs are 2.2 times as wide as their faces
    for eye, usual in zip(face.eyes, USUAL, strict=True):
        assert math.dist(eye, face.box.at(usual)) < 0.1 * face.box.side


@pytest.mark.parametrize("degrees", [-12, 12])
def test_eyes_turn_with_the_photograph(portrait: Array, degrees: int) -> None:
    upright = find_face(portrait)
    turned = find_face(np.asarray(Image.fromarray(portrait).rotate(degrees, Image.Resampling.BICUBIC)))
    assert upright is not None and turned is not None
    assert _slope(turned) - _slope(upright) == pytest.approx(-degrees, abs=5)


def test_places_are_those_of_the_photograph_at_any_size(portrait: Array) -> None:
    """A larger one is looked at in a smaller copy."""
    small = find_face(portrait)
    large = find_face(np.asarray(Image.fromarray(portrait).resize((1500, 1500))))
    assert small is not None and large is not None
    np.testing.assert_allclose(_middle(large), np.multiply(_middle(small), 6), atol=6 * 5)


def test_a_face_that_fills_the_photograph(portrait: Array) -> None:
    """It has no room about it, by which the cascade would know it."""
    whole = find_face(portrait)
    close = find_face(np.ascontiguousarray(portrait[75:190, 70:185]))
    assert whole is not None and close is not None
    assert math.dist((close.box.left + 70, close.box.top + 75), (whole.box.left, whole.box.top)) < 20


def test_of_two_faces_the_larger_counts(portrait: Array) -> None:
    small = np.asarray(Image.fromarray(portrait).resize((125, 125)))
    both = np.zeros((250, 375, 3), np.uint8)
    both[:125, :125], both[:, 125:] = small, portrait
    face = find_face(both)
    assert face is not None
    assert face.box.left > 125


def test_the_same_in_threads(portrait: Array) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(find_face, [portrait] * 8))
    assert found == {find_face(portrait)}


def test_no_face_in_what_shows_none(portrait: Array) -> None:
    assert find_face(np.full((200, 300, 3), 128, np.uint8)) is None
    assert find_face(np.ascontiguousarray(portrait[:60])) is None
    assert find_face(np.zeros((1, 1, 3), np.uint8)) is None


@given(st.floats(0, 1), st.floats(0, 1), st.floats(1, 1000))
def test_a_scaled_face_keeps_its_shares(x: float, y: float, side: float) -> None:
    box = FaceBox(10, 20, side)
    face = Face(box, (box.at((x, y)), box.at(USUAL[1]))).scaled(2.5, 2.5)
    assert face.eyes is not None
    assert face.eyes[0] == pytest.approx(face.box.at((x, y)))


@given(st.lists(_SHARES, max_size=4), st.lists(_SHARES, max_size=4))
def test_a_pair_is_plausible_and_the_nearest_to_the_usual_places(lefts: list[Point], rights: list[Point]) -> None:
    pair = best_pair(lefts, rights)
    assert best_pair([*lefts, USUAL[0]], [*rights, USUAL[1]]) == USUAL
    if pair is None:
        return
    left, right = pair
    assert left in lefts and right in rights
    assert 0.28 <= math.dist(left, right) <= 0.44
    assert abs(math.degrees(math.atan2(right[1] - left[1], right[0] - left[0]))) <= 30 + 1e-9


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((0.40, 0.395), (0.60, 0.395)),  # too near each other
        ((0.24, 0.395), (0.76, 0.395)),  # too far
        ((0.36, 0.30), (0.62, 0.49)),  # too steep
        ((0.32, 0.58), (0.68, 0.58)),  # cheeks
    ],
)
def test_what_is_no_pair_of_eyes(left: Point, right: Point) -> None:
    assert best_pair([left], [right]) is None
    assert best_pair([left, USUAL[0]], [right, USUAL[1]]) == USUAL


def test_without_opencv_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(UsageError, match=r"^finding faces needs an extra: pip install 'mobilenets\[faces\]'$"):
        check_detector()


def test_an_opencv_without_cascades_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", SimpleNamespace(__version__="5.0.0", data=None))
    with pytest.raises(UsageError, match=r"needs OpenCV 4's wheel, and this is OpenCV 5\.0\.0: pip install"):
        check_detector()
