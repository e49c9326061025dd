import itertools

from hypothesis import given
from hypothesis import strategies as st

from mobilenets.reporting.figures.labels import Box, Mark, place_labels, spread

INSIDE = Box(left=0, bottom=0, width=300, height=200)
marks = st.builds(
    Mark,
    x=st.floats(0, 300),
    y=st.floats(0, 200),
    radius=st.just(5.0),
    width=st.floats(5, 80),
    height=st.just(12.0),
)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=8))
def test_spread_labels_are_apart_in_order_and_inside(wanted: list[float]) -> None:
    placed = spread(wanted, apart=10, low=0, high=100)
    assert all(-1e-6 <= place <= 100 + 1e-6 for place in placed)
    order = sorted(range(len(wanted)), key=lambda place: wanted[place])
    gaps = [placed[after] - placed[before] for before, after in itertools.pairwise(order)]
    assert all(gap >= 10 - 1e-6 for gap in gaps)


def test_labels_that_are_apart_stay_and_others_share_the_way() -> None:
    assert spread([80, 10], apart=15, low=0, high=100) == [80, 10]
    assert spread([50, 50], apart=10, low=0, high=100) == [45, 55]


@given(st.lists(marks, max_size=12))
def test_placed_labels_cover_nothing(points: list[Mark]) -> None:
    taken = Box(left=200, bottom=0, width=60, height=15)
    boxes = [box for box in place_labels(points, within=INSIDE, taken=[taken]) if box is not None]
    dots = [Box(mark.x - 5, mark.y - 5, 10, 10) for mark in points]
    for place, box in enumerate(boxes):
        assert box.within(INSIDE)
        assert all(box.overlap(other) < 1e-6 for other in [*boxes[:place], *dots, taken])


def test_a_label_stands_to_the_right_or_where_there_is_room() -> None:
    free = Mark(x=50, y=100, radius=5, width=40, height=12)
    at_the_edge = Mark(x=295, y=100, radius=5, width=40, height=12)
    right, left = place_labels([free, at_the_edge], within=INSIDE)
    assert right is not None
    assert right.left > free.x
    assert left is not None
    assert left.left + left.width < at_the_edge.x
    assert place_labels([Mark(x=5, y=5, radius=5, width=400, height=12)], within=INSIDE) == [None]
