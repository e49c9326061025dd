"""Channels of nothing but a bias, in 8 bits."""

import torch

from mobilenets.deployment.int8.dead import with_room_for_biases
from mobilenets.network.fold import fold
from mobilenets.network.graph import Network
from mobilenets.run import Architecture
from mobilenets.tasks.classify import Classify


def test_a_kernel_of_zeros_gets_a_scale_that_its_bias_goes_into_and_changes_nothing_that_shows() -> None:
    torch.manual_seed(0)
    network = Network(Classify(("a", "b")).layers(Architecture(width=0.25, resolution=32))).eval()
    folded = fold(network).requires_grad_(False)
    assert isinstance(folded, Network)
    block = folded.get_submodule("blocks.separable_1.pointwise.conv")
    assert isinstance(block, torch.nn.Conv2d) and block.bias is not None
    block.weight[2:4] = 0
    block.bias[2], block.bias[3] = -4.0, 0.0
    made = with_room_for_biases(folded)
    kernels = made.get_submodule("blocks.separable_1.pointwise.conv").get_parameter("weight")
    step = kernels[2].abs().max() / 127 * 6 / 255  # of the bias, where ReLU6 stands before
    assert 4.0 / step < 2**31
    assert (kernels[3] == 0).all()  # no bias: no room needed
    assert torch.equal(kernels[4:], block.weight[4:])
    images = torch.randn(2, 3, 32, 32)
    torch.testing.assert_close(made(images), folded(images), atol=1e-3, rtol=1e-3)
