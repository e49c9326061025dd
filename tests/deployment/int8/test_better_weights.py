"""Other weights for the same function, that lose less in 8 bits."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mobilenets.architecture.layer import Layer
from mobilenets.architecture.rows import Conv
from mobilenets.architecture.style import Style, image_tap, lay
from mobilenets.data.preprocess import Preprocessing, scale
from mobilenets.deployment.golden import synthetic
from mobilenets.deployment.int8.bias import bias_corrected
from mobilenets.deployment.int8.distil import distilled
from mobilenets.deployment.int8.equalise import _reader, equalised
from mobilenets.deployment.int8.fake import fake_quantised, kernel_grid, observe, weighted
from mobilenets.errors import JobError
from mobilenets.network.graph import Network, module_paths
from mobilenets.network.int8 import quantise

SHOWN = Preprocessing(resolution=32)


def _outputs(network: Network, batches: list[Tensor]) -> Tensor:
    with torch.inference_mode():
        return torch.cat([network(one) for one in batches])


def _uneven(network: Network) -> Network:
    """The same network with every pointwise channel scaled at random, as long as no ReLU6 sees it."""
    draw = torch.Generator().manual_seed(1)
    for block in network.blocks.values():
        if hasattr(block, "depthwise"):
            conv = block.pointwise.conv
            conv.weight *= (10 ** torch.empty(len(conv.weight)).uniform_(-1, 1, generator=draw)).view(-1, 1, 1, 1)
    return network


@pytest.mark.parametrize("activation", ["relu6", "relu", "leaky_relu"])
def test_equalising_changes_weights_and_no_output(
    folded: Callable[..., Network], batches: list[Tensor], activation: str
) -> None:
    network = _uneven(folded(activation=activation))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    made = equalised(network, batches)
    expected = _outputs(network, batches)
    torch.testing.assert_close(_outputs(made, batches), expected, rtol=0, atol=1e-4 * float(expected.abs().max()))
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    changed = [name for name, value in made.state_dict().items() if not torch.allclose(value, before[name], rtol=0.05)]
    assert len(changed) > 20


def test_equalising_helps_in_8_bits(folded: Callable[..., Network], batches: list[Tensor]) -> None:
    network = _uneven(folded(activation="relu"))
    expected, errors = _outputs(network, batches), {}
    for name, one in {"before": network, "after": equalised(network, batches)}.items():
        quantised = fake_quantised(one, observe(one, batches), kernels="channel symmetric")
        errors[name] = float((_outputs(quantised, batches) - expected).square().mean())
    assert errors["after"] < 0.7 * errors["before"]


def test_a_channel_at_the_ceiling_stays(folded: Callable[..., Network], batches: list[Tensor]) -> None:
    network = folded()
    conv = network.get_submodule(module_paths(network.layers)["conv_0"]).conv  # type: ignore[union-attr]
    conv.bias[3] = 50.0
    made = equalised(network, batches)
    after = made.get_submodule(module_paths(network.layers)["conv_0"]).conv  # type: ignore[union-attr]
    assert torch.equal(after.weight[3], conv.weight[3])
    assert after.bias[3] == 50.0
    assert not torch.equal(after.weight[4], conv.weight[4])


def test_a_map_that_two_layers_read_is_left_alone() -> None:
    def layer(name: str, *reads: str, op: str = "conv") -> Layer:
        return Layer(name, op, reads, 8, 8, (4, 4), (4, 4))  # type: ignore[arg-type]

    first, pool = layer("first", "image"), layer("pool", "first", op="max_pool")
    one, two = layer("one", "pool"), layer("two", "pool")
    assert _reader((first, pool, one), first) == one
    assert _reader((first, pool, one, two), first) is None
    assert _reader((first,), first) is None
    assert _reader((first, pool, one), pool) is None


def test_biases_take_back_the_mean_error(folded: Callable[..., Network], batches: list[Tensor]) -> None:
    """After it, the first layer with rounded kernels has the mean outputs of the one with its own."""
    network = folded()
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.weight.copy_(module.weight.abs())  # nothing cancels
    path = module_paths(network.layers)["conv_0"]
    made = bias_corrected(network, batches)

    def mean(of: Network, *, rounded: bool) -> Tensor:
        block = of.get_submodule(path)
        module = weighted(block)
        assert isinstance(module, nn.Conv2d)
        if rounded:
            module.weight.copy_(quantise(module.weight, kernel_grid(module.weight, "channel symmetric")))
        block.activation = nn.Identity()
        with torch.inference_mode():
            return torch.cat([block(one) for one in batches]).mean((0, 2, 3))

    expected = mean(network, rounded=False)
    without, corrected = (mean(one, rounded=True) for one in (network, made))
    assert (corrected - expected).abs().max() < 1e-5
    assert (without - expected).abs().max() > 1e-4


def test_biases_of_a_dilated_kernel_take_back_its_error() -> None:
    torch.manual_seed(0)
    row = Conv(4, dilation=2, stride=2, norm=False, activation=None, name="conv")
    network = Network(lay([row], image_tap(16), Style(min_depth=1))).requires_grad_(False)
    images = torch.rand(4, 3, 16, 16)
    made = bias_corrected(network, [images])
    module = made.get_submodule("blocks.conv.conv")
    assert isinstance(module, nn.Conv2d)
    module.weight.copy_(quantise(module.weight, kernel_grid(module.weight, "channel symmetric")))
    expected = network(images).mean((0, 2, 3))
    torch.testing.assert_close(made(images).mean((0, 2, 3)), expected, rtol=0, atol=1e-5)


def test_distilling_brings_it_nearer_to_the_float_network(folded: Callable[..., Network]) -> None:
    teacher = _uneven(folded())
    images = synthetic(count=32, side=32)
    batches = [scale(torch.from_numpy(images).permute(0, 3, 1, 2), SHOWN)]
    made = distilled(teacher, teacher, images, SHOWN, minutes=1, seed=0, clock=_clock(seconds=1))
    expected, errors = _outputs(teacher, batches), []
    for one in (teacher, made):
        quantised = fake_quantised(one, observe(one, batches), kernels="channel symmetric")
        errors.append(float((_outputs(quantised, batches) - expected).square().mean()))
    assert errors[1] < 0.97 * errors[0]


def test_distilling_follows_from_the_seed(folded: Callable[..., Network]) -> None:
    teacher, images = folded(), synthetic(count=32, side=32)
    one, same, other = (
        distilled(teacher, teacher, images, SHOWN, minutes=1, seed=seed, clock=_clock(seconds=20)).state_dict()
        for seed in (0, 0, 1)
    )
    assert all(torch.equal(value, same[name]) for name, value in one.items())
    assert any(not torch.equal(value, other[name]) for name, value in one.items())
    assert any(not torch.equal(value, one[name]) for name, value in teacher.state_dict().items())


def _clock(*, seconds: float) -> Callable[[], float]:
    """A clock by which every step takes so long, whatever the machine."""
    return itertools.count(0, seconds).__next__


def test_a_training_that_diverges_says_so(folded: Callable[..., Network]) -> None:
    network = folded()
    broken = folded()
    next(broken.parameters()).fill_(np.nan)
    with pytest.raises(JobError, match="the quantisation-aware training diverged: leave it out with --qat-minutes 0"):
        distilled(network, broken, synthetic(count=16, side=32), SHOWN, minutes=1, seed=0)
