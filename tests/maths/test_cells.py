"""Cells against s2cell 1.8, whose numbers stand here, and what every cell keeps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobilenets.maths.cells import (
    FINEST,
    Ids,
    centres,
    children,
    faces,
    first_leaves,
    from_tokens,
    last_leaves,
    leaf_ids,
    levels,
    parents,
    tokens,
)
from mobilenets.maths.sphere import great_circle_km

# Latitude, longitude, leaf, token of the cell of level 12 around it, and that cell's middle.
GOLDEN = (
    (0.0, 0.0, 0x1000000000000001, "1000001", 0.009327, 0.009327),
    (48.85837, 2.29448, 0x47E66FE1F36FD7BB, "47e66ff", 48.867404, 2.289191),
    (51.47788, -0.00147, 0x487602818CAB3E21, "4876029", 51.483476, -0.011718),
    (40.68925, -74.0445, 0x89C25088D6F69511, "89c2509", 40.694220, -74.041763),
    (-33.85678, 151.21528, 0x6B12AE66906C1DDF, "6b12ae7", -33.861760, 151.221901),
    (-22.95191, -43.21049, 0x997FD59AB85295, "00997fd", -22.945272, -43.203768),
    (35.36056, 138.72777, 0x6019629A43029D47, "6019629", 35.364110, 138.729182),
    (64.14658, -21.94264, 0x48D60B2D9A09D54B, "48d60b3", 64.143215, -21.956906),
    (-54.80191, -68.30295, 0xBC4C22DEC32FCAD1, "bc4c22d", -54.793768, -68.296825),
    (90.0, 0.0, 0x5000000000000001, "5000001", 89.986810, -135.000000),
    (-90.0, 0.0, 0xB000000000000001, "b000001", -89.986810, 45.000000),
    (90.0, 123.0, 0x5000000000000001, "5000001", 89.986810, -135.000000),
    (0.0, 180.0, 0x6FFFFFFFFFFFFFFF, "6ffffff", -0.009327, 179.990673),
    (0.0, -180.0, 0x7000000000000001, "7000001", -0.009327, -179.990673),
    (-16.5, 179.99999, 0x6E200077FD863439, "6e20007", -16.499489, 179.990673),
    (-16.5, -179.99999, 0x71DFFF880279CBC7, "71dfff9", -16.499489, -179.990673),
    (0.0, 45.0, 0x17FFFFFFFFFFFFFF, "17fffff", 0.006596, 44.990674),
    (0.0, -45.0, 0x800000000000001, "0800001", 0.006596, -44.990674),
    (35.26438968275466, 45.0, 0x4000000000000001, "4000001", 35.273183, 45.000000),
    (-35.26438968275466, -135.0, 0xA000000000000001, "a000001", -35.273183, -135.000000),
    (45.0, 0.0, 0x12AAAAAAAAAAAAAB, "12aaaab", 44.990673, 0.009327),
    (-45.0, 90.0, 0x2800000000000001, "2800001", -44.990673, 90.009327),
    (1e-09, -1e-09, 0xFFFFFFFFFFFFFFF, "0ffffff", 0.009327, -0.009327),
    (89.99999, -120.0, 0x5000000000004AFB, "5000001", 89.986810, -135.000000),
)

_LATITUDES = st.floats(-90, 90)
_LONGITUDES = st.floats(-180, 180)


def _leaves(*places: tuple[float, float]) -> Ids:
    latitude, longitude = np.array(places, dtype=np.float64).T
    return leaf_ids(latitude, longitude)


def test_leaves_tokens_and_middles_are_s2cell_s() -> None:
    """Cities of all six faces, the poles, both sides of the antimeridian, edges and corners of faces."""
    leaves = _leaves(*((latitude, longitude) for latitude, longitude, *_ in GOLDEN))
    assert [int(leaf) for leaf in leaves] == [leaf for _, _, leaf, *_ in GOLDEN]
    cells = parents(leaves, 12)
    assert tokens(cells) == [token for _, _, _, token, *_ in GOLDEN]
    np.testing.assert_allclose(centres(cells), [(latitude, longitude) for *_, latitude, longitude in GOLDEN], atol=1e-6)


def test_twenty_thousand_leaves_are_s2cell_s() -> None:
    random = np.random.default_rng(11)
    leaves = leaf_ids(random.uniform(-90, 90, 20_000), random.uniform(-180, 180, 20_000))
    assert int(np.bitwise_xor.reduce(leaves)) == 17240672620490763616
    assert int(leaves.sum()) == 4798107716445155280


def test_faces_come_first() -> None:
    assert tokens(faces()) == ["1", "3", "5", "7", "9", "b"]
    assert levels(faces()).tolist() == [0] * 6


@settings(deadline=None, max_examples=100)
@given(latitude=_LATITUDES, longitude=_LONGITUDES, level=st.integers(0, FINEST))
def test_a_cell_holds_its_leaf_and_its_middle(latitude: float, longitude: float, level: int) -> None:
    leaf = _leaves((latitude, longitude))
    cell = parents(leaf, level)
    assert levels(cell).tolist() == [level]
    assert first_leaves(cell) <= leaf <= last_leaves(cell)
    assert parents(leaf_ids(*centres(cell).T), level).tolist() == cell.tolist()


@settings(deadline=None, max_examples=100)
@given(latitude=_LATITUDES, longitude=_LONGITUDES, level=st.integers(0, FINEST - 1))
def test_quarters_share_out_the_leaves_of_their_cell(latitude: float, longitude: float, level: int) -> None:
    cell = parents(_leaves((latitude, longitude)), level)
    quarters = children(cell)[0]
    assert parents(quarters, level).tolist() == cell.tolist() * 4
    assert first_leaves(quarters)[0] == first_leaves(cell)[0]
    assert last_leaves(quarters)[3] == last_leaves(cell)[0]
    assert (first_leaves(quarters)[1:] == last_leaves(quarters)[:-1] + np.uint64(2)).all()


@settings(deadline=None, max_examples=100)
@given(latitude=_LATITUDES, longitude=_LONGITUDES, level=st.integers(0, FINEST))
def test_a_token_gives_its_cell_back(latitude: float, longitude: float, level: int) -> None:
    cell = parents(_leaves((latitude, longitude)), level)
    assert from_tokens(tokens(cell)).tolist() == cell.tolist()


def test_leaves_are_a_centimetre_across() -> None:
    leaf = _leaves((48.85837, 2.29448))
    assert great_circle_km(centres(leaf), np.array([[48.85837, 2.29448]]))[0] < 1e-5


@pytest.mark.parametrize("name", ["", "x", "47E66FF", "g7", "47e66f2", "f", "d1", "0", "47e66fe1f36fd7bb1"])
def test_what_is_no_cell_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is no S2 cell"):
        from_tokens([name])
