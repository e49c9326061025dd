"""Batch norm put back behind convolutions that had it folded in."""

from collections.abc import Iterator

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from mobilenets.architecture import names
from mobilenets.architecture.tables import classifier
from mobilenets.network.blocks import ConvNorm
from mobilenets.network.graph import Network
from mobilenets.training.unfold import measure_statistics, renew_statistics, without_statistics

_EPSILON = 1e-3


def _network(*, norm: bool) -> Network:
    body = names.body("mobilenet_v1_0.25_32", norm=norm, epsilon=_EPSILON)
    return Network([*body, *classifier(body, 4)])


def _folded(seed: int, *, dead: bool = False) -> Network:
    """Random weights of very unequal scale, as folding leaves them."""
    torch.manual_seed(seed)
    random = torch.Generator().manual_seed(seed)
    network = _network(norm=False).eval()
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            fan_in = module.weight[0].numel()
            scales = torch.rand(module.out_channels, generator=random).mul(6).sub(3).exp2()
            noise = torch.randn(module.weight.shape, generator=random) / fan_in**0.5
            module.weight.data = noise * scales.view(-1, 1, 1, 1)
            assert module.bias is not None
            module.bias.data = torch.randn(module.out_channels, generator=random)
            if dead:
                module.weight.data[0] = 0
    return network


def _images(count: int, *, seed: int = 0) -> Tensor:
    return torch.rand(count, 3, 32, 32, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def _unfolded(folded: Network, batches: list[Tensor]) -> Network:
    network = _network(norm=True).eval()
    network.load_state_dict(without_statistics(folded.state_dict(), epsilon=_EPSILON))
    if batches:
        measure_statistics(network, batches)
    return network


@pytest.mark.parametrize("measured", [False, True])
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**31), dead=st.booleans())
def test_the_evaluated_function_stays(measured: bool, seed: int, dead: bool) -> None:
    folded = _folded(seed, dead=dead)
    network = _unfolded(folded, [_images(4), _images(3, seed=1)] if measured else [])
    images = _images(5, seed=2)
    with torch.no_grad():
        expected = folded(images)
        limit = 1e-4 * max(1.0, float(expected.abs().max()))
        torch.testing.assert_close(network(images), expected, atol=limit, rtol=0)


def test_training_starts_where_evaluation_is() -> None:
    """On the very photographs measured, the batch's statistics are the running ones."""
    images = _images(16)
    network = _unfolded(_folded(0), [images])
    with torch.no_grad():
        evaluated = network(images)
        torch.testing.assert_close(network.train()(images), evaluated, atol=1e-3, rtol=1e-3)


def test_statistics_are_those_of_all_batches_together() -> None:
    images = _images(12)
    one, other = _unfolded(_folded(3), [images]), _unfolded(_folded(3), [images[:1], images[1:9], images[9:]])
    for name, tensor in one.state_dict().items():
        torch.testing.assert_close(other.state_dict()[name], tensor, atol=1e-4, rtol=1e-4, msg=name)
    first = one.blocks["conv_0"]
    with torch.no_grad():
        values = first.conv(nn.functional.pad(images, (0, 1, 0, 1)))  # type: ignore[operator]
    torch.testing.assert_close(first.norm.running_mean, values.mean((0, 2, 3)), atol=1e-5, rtol=1e-4)  # type: ignore[union-attr]
    variance = values.var((0, 2, 3), correction=0)
    torch.testing.assert_close(first.norm.running_var, variance, atol=1e-5, rtol=1e-4)  # type: ignore[union-attr]


def test_measured_again_it_is_still_the_same_function() -> None:
    folded = _folded(5)
    network = _unfolded(folded, [_images(8)])
    measure_statistics(network, [_images(8, seed=7) * 0.3 + 0.5])
    images = _images(3, seed=9)
    with torch.no_grad():
        torch.testing.assert_close(network(images), folded(images), atol=1e-3, rtol=1e-4)


def test_what_cannot_be_measured_is_refused() -> None:
    network = _unfolded(_folded(0), [])
    with pytest.raises(ValueError, match="nothing to measure on"):
        measure_statistics(network, [])
    with pytest.raises(ValueError, match=r"call eval\(\) first"):
        measure_statistics(network.train(), [_images(2)])


def test_nothing_watches_afterwards() -> None:
    def broken() -> Iterator[Tensor]:
        yield _images(1)
        raise OSError

    network = _unfolded(_folded(0), [])
    with pytest.raises(OSError):
        measure_statistics(network, broken())
    assert not any(module._forward_hooks for module in network.modules())


def test_statistics_that_are_renewed_are_those_of_what_is_read_now() -> None:
    """Block by block: the second reads what the first puts out with its new statistics. The others stay."""
    network, images = _unfolded(_folded(0), []), _images(6)
    blocks = [network.get_submodule(f"blocks.separable_{number}.pointwise") for number in (12, 13)]
    others = {name: one.clone() for name, one in network.state_dict().items() if "separable_1" not in name}
    renew_statistics(network, [one for one in blocks if isinstance(one, ConvNorm)], [images[:2], images[2:]])
    seen: list[Tensor] = []
    for block in blocks:
        assert isinstance(block, ConvNorm)
        block.norm.register_forward_hook(lambda _module, _given, output: seen.append(output))
    with torch.no_grad():
        network(images)
    for block, values in zip(blocks, seen, strict=True):
        assert isinstance(block, ConvNorm) and isinstance(block.norm, nn.BatchNorm2d)
        torch.testing.assert_close(values.mean((0, 2, 3)), block.norm.bias, atol=1e-3, rtol=1e-3)
    assert all(torch.equal(network.state_dict()[name], one) for name, one in others.items())


def test_statistics_are_renewed_in_evaluation() -> None:
    with pytest.raises(ValueError, match="call eval"):
        renew_statistics(_network(norm=True).train(), [], [_images(1)])
