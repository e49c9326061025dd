import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mobilenets.reporting.box_labels import places

WIDTH, HEIGHT = 200, 120


def _boxes(rows: list[tuple[float, float, float, float]]) -> NDArray[np.float64]:
    corners = np.array(rows, np.float64).reshape(-1, 4)
    return np.concatenate([np.minimum(corners[:, :2], corners[:, 2:]), np.maximum(corners[:, :2], corners[:, 2:])], 1)


across, down = st.floats(0, WIDTH), st.floats(0, HEIGHT)
crowds = st.lists(st.tuples(across, down, across, down), max_size=12).map(_boxes)


@given(crowds, st.tuples(st.integers(1, 260), st.integers(1, 140)), st.booleans())
def test_labels_stay_inside_and_hide_each_other_hardly(
    boxes: NDArray[np.float64], size: tuple[int, int], below: bool
) -> None:
    sizes = np.tile(np.array(size, np.float64), (len(boxes), 1))
    found = places(boxes, sizes, width=WIDTH, height=HEIGHT, below=[below] * len(boxes))
    assert found == places(boxes, sizes, width=WIDTH, height=HEIGHT, below=[below] * len(boxes))
    seen = np.zeros((HEIGHT, WIDTH), int)
    for left, top in found.values():
        assert 0 <= left <= WIDTH - size[0]
        assert 0 <= top <= HEIGHT - size[1]
        part = seen[top : top + size[1], left : left + size[0]]
        assert (part > 0).sum() <= 0.1 * part.size
        part += 1
    assert (seen > 0).mean() <= 0.35


def test_a_label_stands_above_its_box_or_below_it_and_in_the_picture() -> None:
    boxes, sizes = np.array([[20.0, 50, 120, 110]]), np.array([[30.0, 10]])
    assert places(boxes, sizes, width=WIDTH, height=HEIGHT, below=[False]) == {0: (20, 40)}
    assert places(boxes, sizes, width=WIDTH, height=HEIGHT, below=[True]) == {0: (20, 110)}
    boxes[0, 1] = 3
    assert places(boxes, sizes, width=WIDTH, height=HEIGHT, below=[False]) == {0: (20, 0)}


def test_the_second_of_two_gives_way_and_no_small_box_is_hidden() -> None:
    boxes, sizes = np.array([[20.0, 50, 120, 110], [22.0, 51, 121, 109]]), np.array([[30.0, 10], [30, 10]])
    found = places(boxes, sizes, width=WIDTH, height=HEIGHT, below=[False] * 60)
    assert found[0] == (20, 40)
    assert found[1] == (22, 51)
    boxes[1] = 20, 38, 36, 48  # where the first would stand
    found = places(boxes, sizes, width=WIDTH, height=HEIGHT, below=[False] * 60)
    assert found[0] == (20, 50)
    assert found[1] == (20, 28)


def test_a_label_without_room_is_left_out() -> None:
    boxes = np.array([[0.0, 0, 10, 10], [0.0, 0, 10, 10]])
    assert set(places(boxes, np.array([[201.0, 5], [30, 5]]), width=WIDTH, height=HEIGHT, below=[False] * 60)) == {1}
    crowd = np.tile(np.array([[100.0, 60, 104, 64]]), (60, 1))
    assert 4 <= len(places(crowd, np.tile([[40.0, 12]], (60, 1)), width=WIDTH, height=HEIGHT, below=[False] * 60)) < 20
