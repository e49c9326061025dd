"""Random weights: TF-Slim's truncated normal."""

import math

import pytest
import torch
from torch import nn

from mobilenets.architecture import names
from mobilenets.architecture.detectors.names import detector
from mobilenets.network.graph import Network
from mobilenets.network.initialise import TF_SLIM_STDDEV, initialise


def _network() -> Network:
    return Network(names.network("mobilenet_v1_0.5_32", classes=10))


def _cut_spread() -> float:
    """The standard deviation that a standard normal cut at +-2 has."""
    density = math.exp(-2.0) / math.sqrt(2 * math.pi)
    return math.sqrt(1 - 2 * 2 * density / math.erf(2 / math.sqrt(2)))


@pytest.mark.parametrize("stddev", [TF_SLIM_STDDEV, 0.01])
def test_weights_are_normal_and_cut_at_two_deviations(stddev: float) -> None:
    network = _network()
    torch.manual_seed(0)
    initialise(network, stddev=stddev)
    weights = torch.cat([p.flatten() for name, p in network.named_parameters() if p.ndim > 1])
    assert weights.numel() > 800_000
    assert weights.abs().max() <= 2 * stddev
    assert weights.abs().max() > 1.99 * stddev
    assert weights.std().item() == pytest.approx(_cut_spread() * stddev, rel=0.005)
    assert weights.mean().item() == pytest.approx(0.0, abs=0.005 * stddev)


def test_every_layer_is_drawn_alike() -> None:
    """Depthwise filters and the classifier too, whatever their number of inputs."""
    torch.manual_seed(0)
    network = _network()
    initialise(network)
    for name, parameter in network.named_parameters():
        if parameter.numel() > 1000 and parameter.ndim > 1:
            assert parameter.std().item() == pytest.approx(_cut_spread() * 0.09, rel=0.1), name


def test_the_seed_decides() -> None:
    first, second, other = _network(), _network(), _network()
    for network, seed in ((first, 1), (second, 1), (other, 2)):
        torch.manual_seed(seed)
        initialise(network)
    for one, same in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(one, same)
    assert not torch.equal(first.blocks["conv_0"].conv.weight, other.blocks["conv_0"].conv.weight)  # type: ignore[union-attr]


def test_biases_are_zero_and_batch_norm_as_new() -> None:
    network = _network()
    network.train()(torch.randn(4, 3, 32, 32))
    for parameter in network.parameters():
        nn.init.constant_(parameter, 7.0)
    initialise(network)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None and module.running_var is not None
            for tensor, value in (
                (module.weight, 1),
                (module.bias, 0),
                (module.running_mean, 0),
                (module.running_var, 1),
            ):
                assert (tensor == value).all()
            assert module.num_batches_tracked == 0
        elif isinstance(module, nn.Linear):
            assert (module.bias == 0).all()


def test_a_layer_may_have_a_deviation_of_its_own() -> None:
    network = Network(detector("frcnn_vgg16_64", classes=3).layers[-7:-1])
    drawn = {layer.name: layer.stddev for layer in network.layers}
    assert drawn == {"crop": None, "pool5": None, "fc6": 0.005, "fc7": 0.005, "scores": 0.01, "offsets": 0.01}
    initialise(network)
    for name, stddev in drawn.items():
        if stddev is not None:
            weight = network.get_submodule(f"blocks.{name}.linear").weight
            assert isinstance(weight, torch.Tensor)
            assert weight.std().item() == pytest.approx(_cut_spread() * stddev, rel=0.05)


def test_a_detector_begins_by_seeing_nothing_anywhere() -> None:
    torch.manual_seed(0)
    network = Network(detector("ssd_mobilenet_v1_0.25_128", classes=3).layers)
    initialise(network)
    assert _cut_spread() * 0.03 == pytest.approx(network.blocks["conv_0"].conv.weight.std().item(), rel=0.1)  # type: ignore[union-attr]
    with torch.no_grad():
        chances = network.eval()(torch.randn(1, 3, 128, 128))[..., :4].sigmoid()
    torch.testing.assert_close(chances.mean(), torch.tensor(0.01), atol=0.005, rtol=0)
