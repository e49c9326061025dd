"""Boxes follow the pixels: what is painted into photographs lies in the images where the targets say."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mobilenets.data.detection.objects import Objects
from mobilenets.data.examples import Batch, Chosen, Target
from mobilenets.data.loader import Batches, Pick, load, training_picks
from mobilenets.data.mosaic import JOINED, Tile, corners
from mobilenets.data.photos import ArrayPhoto, BadImage
from mobilenets.data.preprocess import Box
from mobilenets.data.views import Array, Distortion, View, generator
from mobilenets.tasks.detect.examples import NONE, VISIBLE, Scenes, placed, seen_through
from mobilenets.tasks.taught import WANTED, Taught, Unlabelled

# Python 3.12 and later warn of every fork of a process that has threads, as torch's always has.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")

VARIED = Distortion(min_area=0.1, mirror=True, colour=False)
MOSAICS = replace(VARIED, mosaic=1.0, mosaic_epochs=1000)
KINDS = {"owl": 0, "ibis": 1}
# A photograph's edges fall on whole pixels and those of the image do not: half a pixel, and what scaling blurs.
PIXEL = 1.0

sides = st.integers(12, 260)
indices = st.integers(0, 2**20)


@dataclass(frozen=True)
class Album:
    """Photographs kept smaller than they were, by `smaller`, with a white box in each; `Pixels` and `Examples`."""

    photographs: tuple[Array, ...]
    boxes: tuple[tuple[int, int, int, int], ...]
    smaller: int = 3
    scenes: "Watched" = field(init=False)

    def __post_init__(self) -> None:
        objects = [
            several([tuple(side * self.smaller for side in box)], ["owl"], size=self._size(place))
            for place, box in enumerate(self.boxes)
        ]
        photos = tuple(ArrayPhoto(f"{number}.png", pixels) for number, pixels in enumerate(self.photographs))
        object.__setattr__(self, "scenes", Watched(photos, tuple(objects), KINDS))

    def _size(self, place: int) -> tuple[int, int]:
        height, width = self.photographs[place].shape[:2]
        return height * self.smaller, width * self.smaller

    def batches(self, distortion: Distortion | None, *, side: int, seed: int = 5, threads: int = 1) -> Batches:
        return Batches(self.scenes, self.photographs, side, distortion, seed=seed, threads=threads)


class Watched(Scenes):
    """Remembers of which tiles it was asked, and of which views."""

    def joined(self, tiles: Sequence[Tile], *, side: int) -> Target:
        self.__dict__.setdefault("asked", []).append(tuple(tiles))
        return super().joined(tiles, side=side)

    def target(self, place: int, view: View) -> Target:
        self.__dict__.setdefault("seen", []).append(view)
        return super().target(place, view)


def several(
    boxes: Sequence[Sequence[float]],
    labels: Sequence[str],
    *,
    size: tuple[int, int],
    crowd: Sequence[bool] = (),
    difficult: Sequence[bool] = (),
) -> Objects:
    known = np.array(boxes, dtype=np.float64).reshape(-1, 4)
    none = [False] * len(labels)
    return Objects(
        size=size,
        boxes=known,
        labels=tuple(labels),
        crowd=np.array(crowd or none, dtype=bool),
        difficult=np.array(difficult or none, dtype=bool),
        areas=(known[:, 2:] - known[:, :2]).prod(1),
    )


def album(*sizes: tuple[int, int], seed: int) -> Album:
    """Black photographs with a white box each."""
    random = np.random.default_rng(seed)
    photographs, boxes = [], []
    for height, width in sizes:
        left, right = np.sort(random.choice(width + 1, 2, replace=False)).tolist()
        top, bottom = np.sort(random.choice(height + 1, 2, replace=False)).tolist()
        pixels = np.zeros((height, width, 3), dtype=np.uint8)
        pixels[top:bottom, left:right] = 255
        photographs.append(pixels)
        boxes.append((left, top, right, bottom))
    return Album(tuple(photographs), tuple(boxes))


def real(batch: Batch, row: int) -> NDArray[np.float32]:
    """The boxes of an image that are boxes of something."""
    boxes: NDArray[np.float32] = batch.targets["boxes"][row][batch.targets["kinds"][row] != NONE].numpy()
    return boxes


def shows(view: View, box: tuple[int, int, int, int]) -> bool | None:
    """Whether a view shows the middle of a box and enough of it, in whole numbers; None where it just does or not."""
    part, (left, top, right, bottom) = view.box, box
    ends = (2 * part.left, 2 * part.top, 2 * (part.left + part.width), 2 * (part.top + part.height))
    across = min(right, part.left + part.width) - max(left, part.left)
    along = min(bottom, part.top + part.height) - max(top, part.top)
    enough = max(across, 0) * max(along, 0) - VISIBLE * (right - left) * (bottom - top)
    if left + right in ends[::2] or top + bottom in ends[1::2] or abs(enough) < 1e-6:
        return None
    return ends[0] < left + right < ends[2] and ends[1] < top + bottom < ends[3] and enough > 0


def check_painted(image: Array, box: NDArray[np.float64]) -> None:
    """White lies in (height, width, 3) pixels where the box (left, top, right, bottom in pixels) says, to a pixel."""
    if (box[2:] - box[:2]).min() < 2:
        return  # blurred to grey
    white = image[:, :, 0] > 127
    rows, columns = np.flatnonzero(white.any(1)), np.flatnonzero(white.any(0))
    assert len(rows) and len(columns)
    found = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])
    assert np.abs(found - box).max() <= PIXEL, (found, box)
    assert white[(rows[0] + rows[-1]) // 2, (columns[0] + columns[-1]) // 2]


class TestPixels:
    @given(height=sides, width=sides, side=st.integers(16, 128), seed=indices)
    def test_a_box_is_where_its_pixels_are(self, height: int, width: int, side: int, seed: int) -> None:
        made = album((height, width), seed=seed)
        for epoch in range(3):
            batch = made.batches(VARIED, side=side, seed=seed)[Pick(epoch, (0,))]
            image, boxes = batch.images[0].permute(1, 2, 0).numpy(), real(batch, 0)
            view = made.scenes.__dict__["seen"][-1]
            expected = shows(view, made.boxes[0])
            assert expected is None or len(boxes) == expected
            for box in boxes:
                check_painted(image, box * np.float64(side))

    @given(sizes=st.lists(st.tuples(sides, sides), min_size=1, max_size=6), side=st.integers(32, 128), seed=indices)
    def test_boxes_of_a_mosaic_are_where_their_pixels_are(
        self, sizes: list[tuple[int, int]], side: int, seed: int
    ) -> None:
        made = album(*sizes, seed=seed)
        batch = made.batches(MOSAICS, side=side, seed=seed)[Pick(0, tuple(range(len(sizes))))]
        asked = made.scenes.__dict__["asked"]
        assert len(asked) == len(sizes)
        for row, tiles in enumerate(asked):
            image = batch.images[row].permute(1, 2, 0).numpy()
            known = [shows(tile.view, made.boxes[tile.place]) for tile in tiles]
            if None in known:
                continue
            shown = [tile for tile, there in zip(tiles, known, strict=True) if there]
            boxes = real(batch, row) * np.float64(side)
            assert len(boxes) == len(shown)
            for tile, box in zip(shown, boxes, strict=True):
                part = tile.box
                corner = np.array([part.left, part.top] * 2)
                own = image[part.top : part.top + part.height, part.left : part.left + part.width]
                assert (box >= corner - 1e-3).all()
                assert (box <= corner + [part.width, part.height] * 2 + 1e-3).all()
                check_painted(own, box - corner)

    @given(height=sides, width=sides, seed=indices)
    def test_an_evaluated_photograph_has_all_its_boxes_as_they_are(self, height: int, width: int, seed: int) -> None:
        made = album((height, width), seed=seed)
        batch = made.batches(None, side=64)[Pick(0, (0,))]
        (box,) = real(batch, 0)
        assert box == pytest.approx(made.boxes[0] / np.array([width, height] * 2), abs=1e-6)
        check_painted(batch.images[0].permute(1, 2, 0).numpy(), box * np.float64(64))


class TestScenes:
    SCENES = Scenes(
        tuple(ArrayPhoto(f"{number}.png", np.zeros((4, 4), np.uint8)) for number in range(2)),
        (
            several(
                [(0, 0, 50, 50), (10, 20, 60, 40), (50, 0, 100, 50), (0, 0, 100, 50), (70, 10, 90, 40)],
                ["owl", "ibis", "stork", "owl", "owl"],
                size=(50, 100),
                crowd=[False, False, False, True, False],
                difficult=[False, False, False, False, True],
            ),
            several([], [], size=(50, 100)),
        ),
        KINDS,
    )
    WHOLE = View(Box(0, 0, 50, 100))

    def test_what_is_to_be_found_of_a_known_kind_is_learnt(self) -> None:
        target = self.SCENES.target(0, self.WHOLE)
        assert target["kinds"].tolist() == [0, 1, *[NONE] * (self.SCENES.most - 2)]
        assert target["boxes"][:2].tolist() == pytest.approx(np.array([[0, 0, 0.5, 1], [0.1, 0.4, 0.6, 0.8]]))
        assert not target["boxes"][2:].any()
        assert (self.SCENES.target(1, self.WHOLE)["kinds"] == NONE).all()

    def test_four_photographs_have_room_in_one_target(self) -> None:
        assert self.SCENES.most == JOINED * 5
        tiles = [Tile(0, self.WHOLE, box) for box in corners(64, generator(seed=0, epoch=0, index=0))]
        target = self.SCENES.joined(tiles, side=64)
        assert {name: value.shape for name, value in target.items()} == {"boxes": (20, 4), "kinds": (20,)}
        assert target["kinds"].tolist() == [0, 1] * 4 + [NONE] * 12
        assert {name: value.dtype for name, value in target.items()} == {
            name: value.dtype for name, value in self.SCENES.target(0, self.WHOLE).items()
        }
        nothing = self.SCENES.joined([replace(tile, place=1) for tile in tiles], side=64)
        assert (nothing["kinds"] == NONE).all()

    def test_a_view_that_a_thing_fills_with_a_corner_of_it_does_not_tell_what_it_is(self) -> None:
        middle = View(Box(20, 40, 10, 20), size=(50, 100))
        boxes = np.array([[0.0, 0.0, 1.0, 1.0], [0.3, 0.3, 0.7, 0.7], [0.4, 0.4, 0.6, 0.6], [0.0, 0.0, 0.4, 0.4]])
        clipped, shown = seen_through(middle, boxes)
        assert shown.tolist() == [False, True, True, False]  # a 25th, a quarter, all, its middle is outside
        assert clipped[:3].tolist() == [[0, 0, 1, 1]] * 3

    def test_a_place_in_a_tile_is_a_place_in_the_image(self) -> None:
        tile = Tile(0, self.WHOLE, Box(top=40, left=20, height=60, width=80))
        assert placed(np.array([[0.0, 0.0, 1.0, 0.5]]), tile, side=100).tolist() == [[0.2, 0.4, 1.0, 0.7]]

    @given(side=st.integers(2, 700), index=indices)
    def test_four_corners_fill_the_image(self, side: int, index: int) -> None:
        painted = np.zeros((side, side), dtype=int)
        for box in corners(side, generator(seed=0, epoch=0, index=index)):
            assert box.height >= 1 and box.width >= 1
            painted[box.top : box.top + box.height, box.left : box.left + box.width] += 1
        assert (painted == 1).all()
        if side >= 50:
            assert {0.28 * side <= length <= 0.72 * side for length in (box.height, box.width)} == {True}


def same(one: Batch, other: Batch) -> bool:
    return torch.equal(one.images, other.images) and all(
        torch.equal(one.targets[name], other.targets[name]) for name in ("boxes", "kinds")
    )


class TestOrder:
    """Images follow from the seed, the epoch and the place alone."""

    MADE = album(*((40 + number, 90 - 3 * number) for number in range(11)), seed=3)
    HALF = replace(VARIED, mosaic=0.5, mosaic_epochs=2)

    @pytest.mark.parametrize(("workers", "threads"), [(0, 3), (2, 1)])
    def test_workers_and_threads_change_nothing(self, workers: int, threads: int) -> None:
        picks = [pick for epoch in (0, 1, 2) for pick in training_picks(11, batch=4, seed=5, epoch=epoch)]
        alone = self.MADE.batches(self.HALF, side=48)
        found = load(self.MADE.batches(self.HALF, side=48, threads=threads), picks, workers=workers)
        assert all(same(one, alone[pick]) for one, pick in zip(found, picks, strict=True))

    def test_an_image_is_the_same_in_any_company(self) -> None:
        batches = self.MADE.batches(self.HALF, side=48)
        together, alone = batches[Pick(1, (2, 9, 5))], batches[Pick(1, (9,))]
        assert torch.equal(together.images[1], alone.images[0])
        assert torch.equal(together.targets["boxes"][1], alone.targets["boxes"][0])
        assert not same(batches[Pick(0, (9,))], alone)
        assert not same(self.MADE.batches(self.HALF, side=48, seed=6)[Pick(1, (9,))], alone)

    def test_so_many_images_are_mosaics_and_none_towards_the_end(self) -> None:
        made = album(*[(20, 20)] * 400, seed=0)
        counts = []
        for epoch in range(4):
            made.batches(self.HALF, side=32)[Pick(epoch, tuple(range(400)))]
            counts.append(len(made.scenes.__dict__.pop("asked", [])))
        assert [160 < count < 240 for count in counts] == [True, True, False, False]
        assert counts[2:] == [0, 0]

    def test_chosen_photographs_are_joined_among_themselves(self) -> None:
        """Where some of the photographs cannot be read the others have other places."""
        chosen = Chosen(self.MADE.scenes, [8, 1, 4])
        pixels = [self.MADE.photographs[place] for place in chosen.places]
        self.MADE.scenes.__dict__.pop("asked", None)
        batch = Batches(chosen, pixels, 48, MOSAICS, seed=5)[Pick(0, (0, 1, 2))]
        asked = self.MADE.scenes.__dict__.pop("asked")
        assert [tiles[0].place for tiles in asked] == [8, 1, 4]
        assert {tile.place for tiles in asked for tile in tiles} <= {8, 1, 4}
        for tiles, boxes in zip(asked, batch.targets["boxes"], strict=True):
            expected = self.MADE.scenes.joined(tiles, side=48)["boxes"]
            assert np.array_equal(boxes.numpy(), expected)

    def test_a_teacher_is_asked_of_the_views_that_the_photographs_choose(self) -> None:
        """Its outputs for them are found before they are part of the examples."""
        said = np.arange(44, dtype=np.float32).reshape(2, 11, 2)
        plain = replace(self.MADE.batches(VARIED, side=48), views=2)
        batches = replace(plain, examples=Taught(self.MADE.scenes, said))
        for epoch in (0, 1, 2):
            before, taught = (one[Pick(epoch, (4, 0))] for one in (plain, batches))
            assert same(before, taught)
            assert taught.targets[WANTED].tolist() == said[epoch % 2, [4, 0]].tolist()

    def test_photographs_of_which_nothing_is_known_can_be_joined_too(self) -> None:
        batches = replace(self.MADE.batches(MOSAICS, side=48), examples=Unlabelled(self.MADE.scenes.photos))
        batch = batches[Pick(0, (4, 0))]
        assert (batch.images.shape, batch.targets) == ((2, 3, 48, 48), {})

    def test_a_photograph_that_cannot_be_read_is_in_no_mosaic(self) -> None:
        batches = replace(
            self.MADE.batches(MOSAICS, side=48), pixels=Torn(self.MADE.photographs, gone=frozenset({0, 3, 7}))
        )
        self.MADE.scenes.__dict__.pop("asked", None)
        batch = batches[Pick(0, tuple(range(11)))]
        assert batch.places.tolist() == [1, 2, 4, 5, 6, 8, 9, 10]
        asked = self.MADE.scenes.__dict__["asked"]
        assert {tile.place for tiles in asked for tile in tiles}.isdisjoint({0, 3, 7})
        assert all(tiles[0].place == place for tiles, place in zip(asked, batch.places.tolist(), strict=True))


@dataclass(frozen=True)
class Torn:
    """Photographs of which some cannot be read."""

    photographs: tuple[Array, ...]
    gone: frozenset[int]

    def __len__(self) -> int:
        return len(self.photographs)

    def __getitem__(self, place: int) -> Array:
        if place in self.gone:
            raise BadImage("torn")
        return self.photographs[place]
