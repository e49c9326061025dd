"""The simulation of 8-bit networks: on the grids, exact, close to the float network, and trainable."""

import copy
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mobilenets.architecture.detectors.names import detector
from mobilenets.architecture.layer import Layer
from mobilenets.architecture.rows import Conv, GlobalAveragePool, Linear, Pool, Separable
from mobilenets.architecture.style import Row, Style, image_tap, lay
from mobilenets.maths.boxes import centred
from mobilenets.network.graph import Network, module_paths
from mobilenets.network.int8 import quantise, simulate
from mobilenets.network.quantisation import Grid, LayerQuantisation, Quantisation

IMAGE = Grid(scales=(1 / 128,), zero_points=(128,), low=0, high=255)
RELU6 = Grid(scales=(6 / 255,), zero_points=(0,), low=0, high=255)
ROWS = (Conv(8, stride=2), Separable(16, stride=2), GlobalAveragePool(name="pool"), Linear(4, name="classifier"))


def network(rows: tuple[Row, ...] = ROWS, **style: Any) -> Network:
    style = {"norm": False, **style}
    made = Network(lay(rows, image_tap(32), Style(min_depth=1, **style))).eval()
    draw = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in made.parameters():
            spread = 0.3 if parameter.dim() == 1 else (2 / parameter[0].numel()) ** 0.5
            parameter.copy_(torch.randn(parameter.shape, generator=draw) * spread)
    return made


def grid_of(weights: torch.Tensor, *, channels: bool) -> Grid:
    """A symmetric grid of 8 bits that holds the weights."""
    most = weights.detach().abs().flatten(1).amax(1) if channels else weights.detach().abs().amax()[None]
    scales = tuple(np.float32(value / 127).item() for value in most.tolist())
    return Grid(scales=scales, zero_points=(0,) * len(scales), low=-128, high=127)


def quantisation(of: Network, *, channels: bool = True, pool: Grid = RELU6) -> Quantisation:
    state = of.state_dict()
    weights = iter([values for name, values in state.items() if name.endswith("weight")])
    layers = {}
    for layer in of.layers:
        output = Grid(scales=(1 / 16,), zero_points=(128,), low=0, high=255) if layer.op == "linear" else RELU6
        kernel = grid_of(next(weights), channels=channels) if layer.weights else None
        layers[layer.name] = LayerQuantisation(output=output if layer.op != "global_average_pool" else pool,
                                               kernel=kernel)  # fmt: skip
    return Quantisation(image=IMAGE, layers=layers)


def images(count: int = 2) -> torch.Tensor:
    pixels = torch.randint(0, 256, (count, 3, 32, 32), generator=torch.Generator().manual_seed(2))
    return (pixels - 128) / 128


@pytest.mark.parametrize("channels", [True, False])
@pytest.mark.parametrize("kernels", ["xnnpack", "reference"])
@torch.no_grad()
def test_a_simulation_is_close_to_its_network_and_on_its_grids(channels: bool, kernels: Any) -> None:
    own = network()
    facts = quantisation(own, channels=channels)
    simulated = simulate(own, facts, kernels=kernels)
    logits, exact = simulated(images()), own(images())
    assert (logits - exact).abs().max() < 0.08 and exact.std() > 0.2
    levels = logits * 16
    assert torch.equal(levels, levels.round())
    for made in simulated.features(images()).values():
        whole = made / RELU6.scales[0]
        torch.testing.assert_close(whole, whole.round(), atol=1e-4, rtol=0)
        assert made.min() >= 0 and made.max() <= 6 and made.max() > 1
    assert list(simulated.state_dict()) == list(own.state_dict())


def by_integers(levels: Any, weights: Any, layer: Layer) -> Any:
    """A convolution over numpy's whole numbers, place by place."""
    spanned = layer.dilation * (layer.kernel[0] - 1) + 1
    before = max((layer.out_size[0] - 1) * layer.stride + spanned - layer.in_size[0], 0) // 2
    sums = np.zeros((layer.out_channels, *layer.out_size), np.int64)
    each = layer.out_channels // layer.groups
    for out, y, x in np.ndindex(*sums.shape):
        for place, row, column in np.ndindex(*weights.shape[1:]):
            top, left = (layer.stride * at + layer.dilation * of - before for at, of in ((y, row), (x, column)))
            if 0 <= top < layer.in_size[0] and 0 <= left < layer.in_size[1]:
                source = out // each * weights.shape[1] + place
                sums[out, y, x] += int(levels[source, top, left]) * int(weights[out, place, row, column])
    return sums


@pytest.mark.parametrize("dilation", [1, 2])
@torch.no_grad()
def test_every_number_of_a_convolution_is_that_of_integers(dilation: int) -> None:
    own = network((Conv(4, stride=2, dilation=dilation),))
    facts = quantisation(own, channels=False)
    layer, kernel = own.layers[0], facts.layers["conv_0"].kernel
    assert kernel is not None
    made = simulate(own, facts)(images(1))[0].double().numpy() / RELU6.scales[0]
    state = {name.split(".")[-1]: values.numpy() for name, values in own.state_dict().items()}
    weights = np.rint(state["weight"] / np.float32(kernel.scales[0])).astype(int)
    sums = by_integers(np.rint(images(1)[0].numpy() * 128), weights, layer)
    sums += np.rint(state["bias"].astype(float) / (kernel.scales[0] / 128)).astype(int)[:, None, None]
    factor = np.float32(1 / 128) * np.float32(kernel.scales[0]) / np.float32(RELU6.scales[0])
    expected = np.rint(sums.astype(np.float32) * factor).clip(0, 255)
    assert np.array_equal(np.rint(made), expected) and 0 < (expected > 0).mean() < 1


@torch.no_grad()
def test_sums_beyond_32_bit_floats_stay_exact() -> None:
    """24,576 products of 255 and 127, as many of 255 and -127, and 5."""
    own = Network(lay((Linear(1, name="classifier"),), image_tap(128), Style())).eval()
    half = torch.ones(3 * 128 * 64)
    own.load_state_dict({
        "blocks.classifier.linear.weight": torch.cat([half, -half])[None],
        "blocks.classifier.linear.bias": torch.tensor([5 / 127]),
    })  # fmt: skip
    output = Grid(scales=(1 / 127,), zero_points=(0,), low=-(2**15), high=2**15 - 1)
    kernel = Grid(scales=(1 / 127,), zero_points=(0,), low=-128, high=127)
    image = Grid(scales=(1.0,), zero_points=(0,), low=0, high=255)
    facts = Quantisation(image=image, layers={"classifier": LayerQuantisation(output=output, kernel=kernel)})
    assert round(simulate(own, facts)(torch.full((1, 3, 128, 128), 255.0)).item() * 127) == 5


@pytest.mark.parametrize(("values", "same", "expected"), [((1, 2, 2, 1), True, 2), ((1, 2, 2, 1), False, 3)])
@torch.no_grad()
def test_the_pool_rounds_as_tflite_does(values: tuple[int, ...], same: bool, expected: int) -> None:
    """A mean of 1.5 goes up to 2 on its own grid, and to 3 on one of half the scale."""
    own = Network(lay((GlobalAveragePool(name="pool"),), image_tap((2, 2), 1), Style()))
    image = Grid(scales=(1.0,), zero_points=(0,), low=0, high=255)
    output = image if same else Grid(scales=(0.5,), zero_points=(0,), low=0, high=255)
    facts = Quantisation(image=image, layers={"pool": LayerQuantisation(output=output)})
    made = simulate(own, facts)(torch.tensor(values, dtype=torch.float32).view(1, 1, 2, 2))
    assert made.item() / output.scales[0] == expected


def test_training_moves_what_is_simulated() -> None:
    own = network()
    simulated = simulate(own.train(), quantisation(own))
    before = copy.deepcopy(simulated.state_dict())
    optimiser = torch.optim.SGD(simulated.parameters(), lr=0.1)
    colours = (torch.eye(4)[:, :3, None, None] * 1.9 - 0.95).expand(4, 3, 32, 32)
    losses = []
    for _ in range(12):
        loss = torch.nn.functional.cross_entropy(simulated(colours), torch.arange(4))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] - 0.1
    assert all(not torch.equal(values, before[name]) for name, values in simulated.state_dict().items())


def test_the_network_itself_is_left_alone() -> None:
    own = network()
    before = copy.deepcopy(own.state_dict())
    simulate(own, quantisation(own))(images())
    assert all(torch.equal(values, before[name]) for name, values in own.state_dict().items())
    assert type(own.get_submodule("blocks.conv_0")).__name__ == "ConvNorm"


def test_what_has_no_8_bit_form_is_named() -> None:
    own = network()
    facts = quantisation(own)
    with pytest.raises(ValueError, match="fold it first"):
        simulate(network(norm=True), facts)
    with pytest.raises(ValueError, match="LeakyReLU"):
        simulate(network(activation="leaky_relu"), facts)
    with pytest.raises(ValueError, match="layer pool has no grid"):
        simulate(own, Quantisation(image=IMAGE, layers={k: v for k, v in facts.layers.items() if k != "pool"}))
    pooled = network((Pool("max", name="pool"), Conv(8)))
    with pytest.raises(ValueError, match="pool is Pool"):
        simulate(pooled, Quantisation(image=IMAGE, layers={"pool": LayerQuantisation(output=RELU6)}))
    bare = {name: LayerQuantisation(output=layer.output) for name, layer in facts.layers.items()}
    with pytest.raises(ValueError, match="needs the grid of its kernel"):
        simulate(own, Quantisation(image=IMAGE, layers=bare))


@given(
    st.lists(st.floats(-20, 20, width=32), min_size=1, max_size=30),
    st.floats(2.0**-7, 2, width=32),
    st.integers(-128, 127),
)
def test_quantised_values_are_the_nearest_of_the_grid(values: list[float], scale: float, zero: int) -> None:
    grid = Grid(scales=(scale,), zero_points=(zero,), low=-128, high=127)
    made = quantise(torch.tensor(values), grid).double().numpy()
    all_values = (np.arange(-128, 128) - zero) * scale
    nearest = np.abs(np.array(values)[:, None] - all_values[None]).min(1)
    np.testing.assert_allclose(np.abs(made - np.array(values)), nearest, atol=1e-4)


def detector_facts(own: Network, end: LayerQuantisation) -> Quantisation:
    """Grids of a small SSD, each map's own; those of its last layer are given."""
    layers = {}
    for layer in own.layers:
        if layer.op == "boxes":
            layers[layer.name] = end
            continue
        step = (1 + len(layers) % 3) / 32
        output = RELU6 if layer.activation else Grid(scales=(step,), zero_points=(128,), low=0, high=255)
        weights = own.get_submodule(module_paths(own.layers)[layer.name]).conv.weight
        layers[layer.name] = LayerQuantisation(output=output, kernel=grid_of(weights, channels=True))
    return Quantisation(image=IMAGE, layers=layers)


@torch.no_grad()
def test_a_detector_is_joined_on_the_grids_of_its_end() -> None:
    own = small_detector()
    end = LayerQuantisation(
        output=Grid(scales=(1 / 16,), zero_points=(100,), low=0, high=255),
        offsets=Grid(scales=(1 / 8,), zero_points=(120,), low=0, high=255),
        defaults=Grid(scales=(1 / 100,), zero_points=(0,), low=0, high=255),
    )
    joined, exact = simulate(own, detector_facts(own, end))(images()), own(images())
    assert joined.shape == exact.shape
    for part, grid, near in ((slice(0, 4), end.output, 0.4), (slice(4, 8), end.offsets, 0.4)):
        assert grid is not None
        levels = joined[..., part] / grid.scales[0]
        assert torch.equal(levels, levels.round()) and len(levels.unique()) > 20
        low, high = ((q - grid.zero_points[0]) * grid.scales[0] for q in (grid.low, grid.high))
        assert (joined[..., part] - exact[..., part].clamp(low, high)).abs().max() < near
    rounded, defaults = (centred(rows[0, :, 8:]) for rows in (joined, exact))
    torch.testing.assert_close(rounded * 100, (defaults * 100).round(), atol=1e-3, rtol=0)


def test_the_end_of_a_detector_needs_all_three_grids() -> None:
    own = small_detector()
    with pytest.raises(ValueError, match="grids of its scores, its offsets and its default boxes"):
        simulate(own, detector_facts(own, LayerQuantisation(output=RELU6, offsets=RELU6)))


def small_detector() -> Network:
    own = Network(detector("ssd_mobilenet_v1_0.04_32", classes=3, norm=False).layers).eval()
    draw = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in own.parameters():
            spread = 0.3 if parameter.dim() == 1 else (2 / parameter[0].numel()) ** 0.5
            parameter.copy_(torch.randn(parameter.shape, generator=draw) * spread)
    return own
