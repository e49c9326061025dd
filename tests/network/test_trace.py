"""The tracing counter against formulas and against the planned layers."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from mobilenets.architecture import names
from mobilenets.architecture.baselines import BASELINES
from mobilenets.architecture.cost import cost
from mobilenets.network.graph import Network
from mobilenets.network.trace import Traced, count


class _Function(nn.Module):
    """A module whose forward is a function of its image and of weights that it makes itself."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self._function = function

    def forward(self, image: Tensor) -> Tensor:
        return self._function(image)


def _weights(image: Tensor, *shape: int) -> Tensor:
    return torch.empty(shape, device=image.device)


def _like(image: Tensor, operation: Callable[..., Tensor], *shapes: tuple[int, ...]) -> Tensor:
    return operation(*(_weights(image, *shape) for shape in shapes))


@pytest.mark.parametrize(
    ("operation", "mult_adds"),
    [
        (lambda x: F.conv2d(x, _weights(x, 8, 6, 3, 3), padding=1), 100 * 9 * 6 * 8),
        (lambda x: F.conv2d(x, _weights(x, 8, 6, 5, 5), padding="same"), 100 * 25 * 6 * 8),
        (lambda x: F.conv2d(x, _weights(x, 8, 3, 3, 3), groups=2, padding=1), 100 * 9 * 3 * 8),
        (lambda x: F.conv2d(x, _weights(x, 6, 1, 3, 3), groups=6, stride=2, padding=1), 25 * 9 * 6),
        (lambda x: F.conv2d(x, _weights(x, 8, 6, 3, 3), bias=_weights(x, 8), dilation=2), 36 * 9 * 6 * 8),
        (lambda x: F.conv_transpose2d(x, _weights(x, 6, 4, 2, 2), groups=2, stride=2), 100 * 4 * 6 * 4),
        (lambda x: F.conv1d(x.flatten(2), _weights(x, 8, 6, 3)), 98 * 3 * 6 * 8),
        (lambda x: F.conv3d(x[None], _weights(x, 8, 1, 1, 3, 3)), 6 * 64 * 9 * 8),
        (lambda x: F.linear(x, _weights(x, 7, 10), _weights(x, 7)), 60 * 10 * 7),
        (lambda x: F.linear(x.flatten(1), _weights(x, 7, 600)), 600 * 7),
        (lambda x: torch.einsum("bchw,bcvw->bchv", x, x), 6 * 10 * 10 * 10),
        (lambda x: x @ x.transpose(2, 3), 6 * 10 * 10 * 10),
        (lambda x: _like(x, torch.mv, (5, 6), (6,)), 30),
        (lambda x: _like(x, torch.matmul, (5,), (5, 6)), 30),
        (lambda x: _like(x, torch.dot, (5,), (5,)), 5),
        (lambda x: _like(x, torch.addmv, (5,), (5, 6), (6,)), 30),
        (lambda x: _like(x, torch.addmm, (5, 7), (5, 6), (6, 7)), 5 * 6 * 7),
        (lambda x: _like(x, torch.addbmm, (5, 7), (4, 5, 6), (4, 6, 7)), 4 * 5 * 6 * 7),
        (lambda x: _like(x, torch.baddbmm, (4, 5, 7), (4, 5, 6), (4, 6, 7)), 4 * 5 * 6 * 7),
        (lambda x: _like(x, F.bilinear, (2, 3), (2, 4), (5, 3, 4)), 2 * 5 * 3 * 4),
        (
            lambda x: _like(x, F.scaled_dot_product_attention, (2, 3, 4, 8), (2, 3, 6, 8), (2, 3, 6, 8)),
            2 * 6 * 4 * 6 * 8,
        ),
        (lambda x: F.relu6(F.batch_norm(x, _weights(x, 6), _weights(x, 6))), 0),
        (lambda x: F.avg_pool2d(x, 3) * 2 + 1, 0),
    ],
)
def test_operations(operation: Callable[[Tensor], Tensor], mult_adds: int) -> None:
    traced = count(_Function(operation), (6, 10, 10))
    assert (traced.mult_adds, traced.params) == (mult_adds, 0)


def test_modules_of_many_operations() -> None:
    attention = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    assert count(attention, (5, 8)).mult_adds == 5 * 8 * 24 + 2 * 2 * 25 * 4 + 5 * 64 + 2 * 5 * 8 * 16
    recurrent = nn.LSTM(4, 6, batch_first=True)
    assert count(recurrent, (7, 4)).mult_adds == 7 * (4 * 24 + 6 * 24)
    assert recurrent(torch.ones(1, 7, 4))[0].shape == (1, 7, 6)


def _built(name: str) -> Network:
    with torch.device("meta"):
        return Network(names.network(name))


@pytest.mark.parametrize(
    "name",
    [
        *map(str, names.PUBLISHED),
        "conv_mobilenet_v1_1.0_224",
        "shallow_mobilenet_v1_1.0_224",
        "mobilenet_v1_0.37_101",
        *BASELINES,
    ],
)
def test_traced_is_planned(name: str) -> None:
    planned = cost(names.network(name))
    resolution = names.parse(name).resolution
    traced = count(_built(name), (3, resolution, resolution))
    assert (traced.mult_adds, traced.params) == (planned.mult_adds, planned.params)


@settings(max_examples=15, deadline=None)
@given(
    family=st.sampled_from(list(names.FAMILIES)),
    width=st.floats(0.05, 2.0),
    resolution=st.integers(32, 300),
    classes=st.integers(1, 50),
)
def test_traced_is_planned_at_any_dials(family: str, width: float, resolution: int, classes: int) -> None:
    layers = names.network(names.Name(family, width, resolution), classes=classes)
    with torch.device("meta"):
        network = Network(layers)
    planned = cost(layers)
    traced = count(network, (3, resolution, resolution))
    assert (traced.mult_adds, traced.params, traced.out_shape) == (planned.mult_adds, planned.params, (1, classes))


class _Attentive(nn.Module):
    """Calls: a convolution twice, a matrix product of its own, a weight that is read and not called."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 1, bias=False)
        self.depthwise = nn.Conv2d(4, 4, 3, padding=1, groups=4)
        self.up = nn.ConvTranspose2d(4, 2, 2, stride=2)
        self.head = nn.Linear(4, 5)
        self.unused = nn.Linear(3, 3)
        self.scale = nn.Parameter(torch.ones(4), requires_grad=False)
        self.register_buffer("mean", torch.zeros(4))

    def forward(self, image: Tensor) -> Tensor:
        tokens = self.conv(self.depthwise(self.conv(image))).flatten(2)
        _ = self.up(image)
        tokens = (tokens @ tokens.transpose(1, 2)).mean(2) * self.scale
        return F.linear(tokens, self.head.weight, self.head.bias)


def _rows(traced: Traced) -> dict[str, tuple[str, int, int]]:
    return {one.name: (one.kind, one.mult_adds, one.params) for one in traced.modules}


def test_each_mult_add_is_charged_to_the_innermost_module() -> None:
    traced = count(_Attentive(), (4, 6, 6))
    assert _rows(traced) == {
        "network": ("other", 4 * 36 * 4 + 4 * 5, 4),
        "depthwise": ("depthwise", 36 * 9 * 4, 40),
        "conv": ("pointwise", 2 * 36 * 16, 16),
        "up": ("conv", 36 * 4 * 4 * 2, 34),
        "head": ("linear", 0, 25),
        "unused": ("linear", 0, 12),
    }
    assert traced.mult_adds == sum(one.mult_adds for one in traced.modules)
    assert traced.params == sum(parameter.numel() for parameter in _Attentive().parameters())
    assert traced.out_shape == (1, 5)


def test_shapes_kernels_and_order() -> None:
    traced = count(nn.Sequential(nn.Conv2d(3, 8, (1, 5), stride=(1, 2)), nn.ReLU(), nn.BatchNorm2d(8)), (3, 9, 11))
    conv, norm = traced.modules
    assert (conv.name, conv.type, conv.kernel, conv.stride) == ("0", "Conv2d", (1, 5), (1, 2))
    assert (conv.in_shape, conv.out_shape) == ((1, 3, 9, 11), (1, 8, 9, 4))
    assert (norm.name, norm.kind, norm.kernel, norm.mult_adds, norm.params) == ("2", "other", (), 0, 16)


def test_shared_weights_count_once_as_params_and_each_time_as_mult_adds() -> None:
    layer, tied = nn.Linear(6, 6, bias=False), nn.Linear(6, 6, bias=False)
    tied.weight = layer.weight
    before = layer.weight.detach().clone()
    traced = count(nn.Sequential(layer, layer, tied), (6,))
    assert (traced.mult_adds, traced.params) == (3 * 36, 36)
    assert tied.weight is layer.weight
    assert layer.weight.equal(before)


def test_the_module_is_left_as_it_was() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5)).double()
    module[1].eval()
    module[0].weight.requires_grad_(False)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    count(module, (3, 8, 8))
    assert [one.training for one in module.modules()] == [True, True, False, True]
    assert [parameter.requires_grad for parameter in module.parameters()] == [False, True, True, True]
    assert all(tensor.equal(before[name]) for name, tensor in module.state_dict().items())
    assert not any(one._forward_hooks or one._forward_pre_hooks for one in module.modules())
    assert module(torch.ones(2, 3, 8, 8, dtype=torch.float64)).device.type == "cpu"


def test_what_the_module_raises_comes_through_and_leaves_it_as_it_was() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3))
    with pytest.raises(RuntimeError, match="channel"):
        count(module, (5, 8, 8))
    assert module.training
    assert module[0].weight.device.type == "cpu"
    assert not module[0]._forward_hooks


def test_a_course_that_depends_on_values_is_not_implemented() -> None:
    with pytest.raises(NotImplementedError):
        count(_Function(lambda x: x.nonzero()), (3, 8, 8))
