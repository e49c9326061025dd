"""Features of a still body, and the head put on it."""

import numpy as np
import pytest
import torch
from torch import nn

from mobilenets.architecture import names
from mobilenets.architecture.tables import classifier
from mobilenets.data.examples import Batch
from mobilenets.data.preprocess import Preprocessing, scale
from mobilenets.data.shapes import Centre
from mobilenets.maths.logistic import Linear
from mobilenets.network.fold import fold
from mobilenets.network.graph import Network
from mobilenets.prediction.model import Model
from mobilenets.tasks.classify import Classify
from mobilenets.training import probe
from mobilenets.training.probe import Features, Shaped, chosen, features, last_layer, merge, put_head

SHOWN = Preprocessing(resolution=32)


@pytest.fixture(scope="module")
def network() -> Network:
    torch.manual_seed(0)
    body = names.body("mobilenet_v1_0.25_32")
    return Network([*body, *classifier(body, 3)], dropout=0.5).eval()


@pytest.fixture(scope="module")
def model(network: Network) -> Model:
    return Model(fold(network), Classify(("a", "b", "c")), SHOWN, torch.device("cpu"))


def _batches() -> list[Batch]:
    random = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (5, 3, 32, 32), generator=random, dtype=torch.uint8)
    labels, places = torch.tensor([2, 0, 1, 1, 0]), torch.tensor([7, 1, 4, 5, 6])
    whole = Batch(images, {"label": labels}, places)
    return [*whole.parts(2), Batch(images[:0], {}, places[:0])]  # none of the last batch could be read


def test_they_are_what_the_last_layer_reads(network: Network, model: Model) -> None:
    seen: list[int] = []
    found = features(model, _batches(), count=5, mirror=False, seen=seen.append)
    images = torch.cat([batch.images for batch in _batches()])
    assert found.values.shape == (5, 256)
    assert sum(seen) == 5
    assert found.places.tolist() == [7, 1, 4, 5, 6]
    assert found.targets["label"].tolist() == [2, 0, 1, 1, 0]
    head = last_layer(network)
    with torch.no_grad():
        expected = network(scale(images, SHOWN))
        torch.testing.assert_close(head(found.values), expected, atol=1e-4, rtol=1e-4)


def test_mirrored_ones_are_those_of_the_mirrored_photograph(model: Model) -> None:
    both = features(model, _batches()[:1], count=2, mirror=True, seen=lambda _: None)
    turned = Batch(_batches()[0].images.flip(3), _batches()[0].targets, _batches()[0].places)
    alone = features(model, [turned], count=2, mirror=False, seen=lambda _: None)
    assert both.places.tolist() == [7, 1, 7, 1]
    torch.testing.assert_close(both.values[2:], alone.values)


def test_memory_is_bounded(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mirrored views go first, then photographs."""
    monkeypatch.setattr(probe, "_MOST", 5 * 256 + 1)
    found = features(model, _batches(), count=5, mirror=True, seen=lambda _: None)
    assert len(found.values) == 5
    assert chosen(5, channels=256, seed=0) == [0, 1, 2, 3, 4]
    some = chosen(50, channels=256, seed=0)
    assert len(some) == 5
    assert some == sorted(set(some))
    assert some == chosen(50, channels=256, seed=0) != chosen(50, channels=256, seed=1)


def test_nothing_listens_after_a_stop(model: Model) -> None:
    def stop(_: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        features(model, _batches(), count=5, mirror=False, seen=stop)
    assert not last_layer(model.network)._forward_pre_hooks


def test_what_processes_found_stands_in_the_order_of_the_photographs() -> None:
    def part(*places: int) -> Features:
        numbers = torch.tensor(places)
        return Features(numbers.float().view(-1, 1) * 10, {"label": numbers + 100}, numbers)

    empty = Features(torch.empty(0, 1), {}, torch.empty(0, dtype=torch.int64))
    whole = merge([part(0, 2, 0, 2), empty, part(1, 3, 1, 3)])
    assert whole.places.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert whole.values.flatten().tolist() == [0, 0, 10, 10, 20, 20, 30, 30]
    assert whole.targets["label"].tolist() == [100, 100, 101, 101, 102, 102, 103, 103]
    with pytest.raises(ValueError, match="no features"):
        merge([empty])


def test_a_head_is_put_in_place(network: Network) -> None:
    body = names.body("mobilenet_v1_0.25_32")
    other = Network([*body, *classifier(body, 3)]).eval()
    other.load_state_dict(network.state_dict())
    head = Linear(torch.randn(3, 256), torch.tensor([1.0, 2.0, 3.0]), penalty=0.1)
    put_head(other, head)
    assert torch.equal(last_layer(other).weight, head.weight)
    assert torch.equal(last_layer(other).bias, head.bias)


def test_a_network_that_ends_otherwise() -> None:
    with pytest.raises(ValueError, match="not in a fully connected layer"):
        last_layer(nn.Sequential(nn.Linear(2, 3), nn.Conv2d(1, 1, 1)))


class _Pixels:
    def __len__(self) -> int:
        return 1

    def __getitem__(self, place: int) -> np.ndarray:
        return np.arange(40 * 60 * 3, dtype=np.uint8).reshape(40, 60, 3)


def test_photographs_come_as_evaluation_shows_them() -> None:
    shape = Centre(SHOWN)
    shaped = Shaped(_Pixels(), shape)
    assert len(shaped) == 1
    assert np.array_equal(shaped[0], shape(_Pixels()[0]))
    assert shaped[0].shape == (32, 32, 3)
