"""Which photographs make which batch, and the making of it in threads and processes."""

import gc
import multiprocessing
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from mobilenets.data.cache import prepare
from mobilenets.data.examples import Batch, Target
from mobilenets.data.loader import Batches, Pick, Share, evaluation_picks, load, training_picks
from mobilenets.data.photos import FilePhoto, Photo
from mobilenets.data.preprocess import Preprocessing
from mobilenets.data.reading import Decoded, Pixels
from mobilenets.data.shapes import Centre, Whole
from mobilenets.data.views import Distortion, View, cut, generator, random_view
from mobilenets.errors import UsageError
from mobilenets.tasks.classify import Labelled

# Python 3.12 and later warn of every fork of a process that has threads, as torch's always has.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")

DISTORTION = Distortion(min_area=0.3, mirror=True, colour=True)
COUNT = 23
sizes = st.integers(1, 200)
seeds = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> tuple[FilePhoto, ...]:
    folder = tmp_path_factory.mktemp("photos")
    for number in range(COUNT):
        pixels = np.random.default_rng(number).integers(0, 256, (40 + number, 50, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return tuple(FilePhoto(f"{number}.png", folder) for number in range(COUNT))


def labelled(photos: Sequence[Photo]) -> Labelled:
    return Labelled(tuple(photos), tuple(range(100, 100 + len(photos))))


def learning(photos: Sequence[Photo], *, pixels: Pixels | None = None, threads: int = 1) -> Batches:
    return Batches(
        labelled(photos),
        pixels or Decoded(photos, Whole(36)),
        resolution=32,
        distortion=DISTORTION,
        seed=5,
        threads=threads,
    )


def same(one: Batch, other: Batch) -> bool:
    pairs = [(one.images, other.images), (one.places, other.places), (one.targets["label"], other.targets["label"])]
    for value, another in ((one.brightness, other.brightness), (one.saturation, other.saturation)):
        if value is not None and another is not None:
            pairs.append((value, another))
        elif value is not another:
            return False
    return all(torch.equal(value, another) for value, another in pairs)


class TestPicks:
    @given(count=sizes, batch=sizes, world=st.integers(1, 8), seed=seeds, epoch=st.integers(0, 1000))
    def test_shares_are_apart_and_together_the_steps_of_one_process(
        self, count: int, batch: int, world: int, seed: int, epoch: int
    ) -> None:
        alone = training_picks(count, batch=batch, seed=seed, epoch=epoch)
        size = min(batch, count)
        assert [len(pick.places) for pick in alone] == [size] * (count // size)
        seen = [place for pick in alone for place in pick.places]
        assert len(set(seen)) == len(seen)
        assert set(seen) <= set(range(count))
        assert all(pick.epoch == epoch for pick in alone)
        if count < world:
            return
        shares = [
            training_picks(count, batch=batch, seed=seed, epoch=epoch, share=Share(rank, world))
            for rank in range(world)
        ]
        assert {len(share) for share in shares} == {len(alone)}
        for whole, *parts in zip(alone, *shares, strict=True):
            assert sorted(place for part in parts for place in part.places) == sorted(whole.places)
            lengths = [len(part.places) for part in parts]
            assert max(lengths) - min(lengths) <= 1

    def test_another_epoch_or_seed_has_another_order(self) -> None:
        orders = [
            training_picks(100, batch=100, seed=seed, epoch=epoch)[0].places for seed in (0, 1) for epoch in (0, 1)
        ]
        assert len(set(orders)) == 4
        assert orders[0] == training_picks(100, batch=100, seed=0, epoch=0)[0].places
        assert {tuple(sorted(order)) for order in orders} == {tuple(range(100))}

    def test_the_remainder_is_another_one_every_epoch(self) -> None:
        left = [
            set(range(10))
            - {place for pick in training_picks(10, batch=4, seed=0, epoch=epoch) for place in pick.places}
            for epoch in range(40)
        ]
        assert {len(one) for one in left} == {2}
        assert set.union(*left) == set(range(10))

    def test_the_order_is_the_same_on_every_machine(self) -> None:
        picks = training_picks(10, batch=5, seed=7, epoch=3)
        assert [pick.places for pick in picks] == [(4, 1, 8, 6, 3), (0, 7, 2, 9, 5)]

    @pytest.mark.parametrize(("count", "world"), [(0, 1), (1, 2), (3, 4)])
    def test_processes_without_photographs_are_refused(self, count: int, world: int) -> None:
        for rank in range(world):
            with pytest.raises(UsageError, match=f"^{count} photographs? to learn from and {world} at work"):
                training_picks(count, batch=4, seed=0, epoch=0, share=Share(rank, world))

    @given(count=st.integers(0, 200), batch=sizes, world=st.integers(1, 8))
    def test_evaluation_sees_every_photograph_once(self, count: int, batch: int, world: int) -> None:
        shares = [evaluation_picks(count, batch=batch, share=Share(rank, world)) for rank in range(world)]
        seen = [place for share in shares for pick in share for place in pick.places]
        assert sorted(seen) == list(range(count))
        assert all(1 <= len(pick.places) <= batch for share in shares for pick in share)
        assert [place for pick in shares[0] for place in pick.places] == list(range(0, count, world))


class TestOneBatch:
    def test_every_image_is_its_view_of_its_photograph(self, photos: tuple[FilePhoto, ...]) -> None:
        pixels = Decoded(photos, Whole(36))
        batch = learning(photos)[Pick(3, (4, 20, 0, 7))]
        assert batch.brightness is not None
        assert batch.saturation is not None
        assert batch.images.shape == (4, 3, 32, 32)
        assert batch.images.dtype == torch.uint8
        assert batch.images.is_contiguous(memory_format=torch.channels_last)
        assert batch.places.tolist() == [4, 20, 0, 7]
        assert batch.targets["label"].tolist() == [104, 120, 100, 107]
        turned = set()
        for row, place in enumerate(batch.places.tolist()):
            photograph = pixels[place]
            view = random_view(*photograph.shape[:2], DISTORTION, generator(seed=5, epoch=3, index=place))
            image = cut(photograph, view.box, height=32, width=32)
            expected = image[:, ::-1] if view.mirrored else image
            assert np.array_equal(batch.images[row].permute(1, 2, 0).numpy(), expected)
            assert float(batch.brightness[row]) == pytest.approx(view.brightness)
            assert float(batch.saturation[row]) == pytest.approx(view.saturation)
            turned.add(view.mirrored)
        assert turned == {True, False}

    def test_a_photograph_looks_the_same_in_any_company(self, photos: tuple[FilePhoto, ...]) -> None:
        batches = learning(photos)
        together, alone = batches[Pick(1, (2, 9, 5))], batches[Pick(1, (9,))]
        assert torch.equal(together.images[1], alone.images[0])
        assert not torch.equal(batches[Pick(2, (9,))].images, alone.images)
        assert not torch.equal(replace(batches, seed=6)[Pick(1, (9,))].images, alone.images)

    def test_evaluation_shows_what_is_kept(self, photos: tuple[FilePhoto, ...]) -> None:
        pixels = Decoded(photos, Centre(Preprocessing(resolution=32)))
        batch = Batches(labelled(photos), pixels, resolution=32)[Pick(0, (6, 1))]
        assert np.array_equal(batch.images.permute(0, 2, 3, 1).numpy(), [pixels[6], pixels[1]])
        assert batch.brightness is None
        assert batch.saturation is None

    def test_without_colour_nothing_is_said_of_it(self, photos: tuple[FilePhoto, ...]) -> None:
        plain = replace(learning(photos), distortion=replace(DISTORTION, colour=False))[Pick(0, (0, 1))]
        assert plain.brightness is None
        assert plain.saturation is None

    @pytest.mark.parametrize("threads", [1, 3])
    def test_photographs_that_cannot_be_read_are_left_out(self, photos: tuple[FilePhoto, ...], threads: int) -> None:
        some = [*photos[:3], FilePhoto("gone.png", Path("nowhere")), *photos[3:6]]
        batches = learning(some, threads=threads)
        batch = batches[Pick(0, (2, 3, 4))]
        assert batch.places.tolist() == [2, 4]
        assert batch.targets["label"].tolist() == [102, 104]
        assert torch.equal(batch.images, batches[Pick(0, (2, 4))].images)
        assert batch.images.is_contiguous(memory_format=torch.channels_last)
        assert batch.brightness is not None
        assert len(batch.brightness) == 2
        nothing = batches[Pick(0, (3,))]
        assert len(nothing) == 0
        assert nothing.images.shape == (0, 3, 32, 32)
        assert nothing.targets == {}

    def test_targets_are_stacked_in_torchs_own_types(self, photos: tuple[FilePhoto, ...]) -> None:
        batches = Batches(Several(photos), Decoded(photos, Whole(36)), resolution=32)
        targets = batches[Pick(0, (3, 1))].targets
        assert targets["whole"].tolist() == [3, 1]
        assert targets["whole"].dtype == torch.int64
        assert targets["real"].tolist() == [1.5, 0.5]
        assert targets["real"].dtype == torch.float32
        assert targets["box"].tolist() == [[0, 0, 36, 42], [0, 0, 36, 44]]
        assert targets["box"].dtype == torch.int16


@dataclass(frozen=True)
class Several:
    """Examples with targets of several kinds, one of which follows the view."""

    photos: Sequence[Photo]

    def truth(self, place: int) -> object:
        return place

    def target(self, place: int, view: View) -> Target:
        box = np.array([view.box.top, view.box.left, view.box.height, view.box.width], dtype=np.int16)
        return {"whole": place, "real": place / 2, "box": box}


class TestManyBatches:
    @pytest.fixture
    def kept(self, photos: tuple[FilePhoto, ...]) -> Pixels:
        return prepare(photos, Whole(36), gigabytes=1, threads=2, advance=abs).pixels

    @pytest.mark.parametrize("cached", [True, False])
    @pytest.mark.parametrize("threads", [1, 2, 5])
    @pytest.mark.parametrize("workers", [0, 1, 2])
    def test_workers_and_threads_change_nothing(
        self, photos: tuple[FilePhoto, ...], kept: Pixels, workers: int, threads: int, cached: bool
    ) -> None:
        picks = [pick for epoch in (0, 1) for pick in training_picks(COUNT, batch=6, seed=5, epoch=epoch)]
        expected = [learning(photos)[pick] for pick in picks]
        batches = learning(photos, pixels=kept if cached else None, threads=threads)
        found = list(load(batches, picks, workers=workers))
        assert len(found) == len(expected) == 6
        assert all(same(one, other) for one, other in zip(found, expected, strict=True))
        assert all(one.images.is_contiguous(memory_format=torch.channels_last) for one in found)

    @pytest.fixture
    def spawning(self) -> Iterator[None]:
        before = multiprocessing.get_start_method(allow_none=True)
        multiprocessing.set_start_method("spawn", force=True)
        yield
        multiprocessing.set_start_method(before, force=True)

    @pytest.mark.usefixtures("spawning")
    def test_processes_that_share_no_memory_make_the_same(self, photos: tuple[FilePhoto, ...], kept: Pixels) -> None:
        picks = training_picks(COUNT, batch=6, seed=5, epoch=0)
        batches = learning(photos, pixels=kept, threads=2)
        expected = [batches[pick] for pick in picks]
        found = list(load(batches, picks, workers=1))
        assert all(same(one, other) for one, other in zip(found, expected, strict=True))

    def test_a_resumed_epoch_goes_on_with_the_same_batches(self, photos: tuple[FilePhoto, ...]) -> None:
        picks = training_picks(COUNT, batch=6, seed=5, epoch=0)
        whole = list(load(learning(photos), picks))
        rest = list(load(learning(photos), picks[2:]))
        assert len(rest) == 1
        assert same(rest[0], whole[2])

    @pytest.mark.parametrize("workers", [0, 1])
    def test_torchs_own_random_numbers_are_left_alone(self, photos: tuple[FilePhoto, ...], workers: int) -> None:
        torch.manual_seed(3)
        before = torch.get_rng_state()
        list(load(learning(photos), training_picks(COUNT, batch=6, seed=5, epoch=0), workers=workers))
        assert torch.equal(torch.get_rng_state(), before)

    @pytest.mark.parametrize("workers", [0, 2])
    def test_no_picks_give_no_batches(self, photos: tuple[FilePhoto, ...], workers: int) -> None:
        assert list(load(learning(photos), [], workers=workers)) == []

    def test_batches_are_made_when_asked_for(self, photos: tuple[FilePhoto, ...]) -> None:
        batches = learning([*photos[:-1], Bomb()])
        found = load(batches, [Pick(0, (0, 1)), Pick(0, (COUNT - 1,))])
        assert len(next(found)) == 2
        with pytest.raises(ZeroDivisionError):
            next(found)


@dataclass(frozen=True)
class Bomb:
    """A fault in the program, not in a photograph: it is not passed over."""

    name: str = "bomb.png"

    def read(self) -> bytes:
        raise ZeroDivisionError


class TestEnd:
    """Nothing is left of threads and processes when nobody wants more batches."""

    def test_workers_of_a_loader_that_is_left_in_the_middle_end(self, photos: tuple[FilePhoto, ...]) -> None:
        found = load(learning(photos), training_picks(COUNT, batch=2, seed=5, epoch=0), workers=2)
        next(found)
        assert len(multiprocessing.active_children()) == 2
        del found
        gc.collect()
        assert multiprocessing.active_children() == []

    def test_threads_end_with_their_batches(self, photos: tuple[FilePhoto, ...]) -> None:
        before = set(threading.enumerate())
        batches = learning(photos, threads=3)
        list(load(batches, training_picks(COUNT, batch=6, seed=5, epoch=0)))
        started = set(threading.enumerate()) - before
        assert 1 <= len(started) <= 3
        del batches
        gc.collect()
        for thread in started:
            thread.join(timeout=10)
        assert not any(thread.is_alive() for thread in started)

    @pytest.mark.parametrize("workers", [0, 2])
    def test_a_program_ends_without_a_word(self, photos: tuple[FilePhoto, ...], workers: int) -> None:
        program = f"""
import sys
from pathlib import Path
from mobilenets.data.loader import Batches, load, training_picks
from mobilenets.data.photos import FilePhoto
from mobilenets.data.reading import Decoded
from mobilenets.data.shapes import Whole
from mobilenets.tasks.classify import Labelled

photos = tuple(FilePhoto(f"{{number}}.png", Path({str(photos[0].folder)!r})) for number in range({COUNT}))
examples = Labelled(photos, tuple(range({COUNT})))
batches = Batches(examples, Decoded(photos, Whole(36)), resolution=32, threads=2)
picks = training_picks({COUNT}, batch=2, seed=0, epoch=0)
first = len(batches[picks[0]])  # its threads are there and would not be in a process that is forked now
found = load(batches, picks, workers={workers})
print(len(next(found)) - first)
"""
        command = [sys.executable, "-W", "error", "-W", "ignore:This process:DeprecationWarning", "-c", program]
        ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, "0\n", "")


class TestOrderOfItsOwn:
    """A task that says which photographs stand together."""

    @given(count=st.integers(4, 40), batch=st.integers(4, 12), world=st.integers(1, 4))
    def test_neighbours_stay_in_one_process(self, count: int, batch: int, world: int) -> None:
        def order(random: np.random.Generator) -> NDArray[np.int64]:
            return np.roll(np.arange(count), int(random.integers(count)))

        whole = training_picks(count, batch=batch, seed=1, epoch=2, order=order)
        shares = [
            training_picks(count, batch=batch, seed=1, epoch=2, share=Share(rank, world), order=order)
            for rank in range(world)
        ]
        for step, pick in enumerate(whole):
            assert sum((share[step].places for share in shares), ()) == pick.places

    def test_it_follows_from_seed_and_epoch(self) -> None:
        def order(random: np.random.Generator) -> NDArray[np.int64]:
            return random.permutation(50)

        orders = {
            training_picks(50, batch=50, seed=seed, epoch=epoch, order=order)[0].places
            for seed, epoch in ((0, 0), (0, 0), (0, 1), (1, 0))
        }
        assert len(orders) == 3
