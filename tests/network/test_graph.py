"""Networks as built: what they cost and what they compute is what their layers say, and what others compute."""

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pytest
import timm
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from mobilenets.architecture import names
from mobilenets.architecture.baselines import BASELINES
from mobilenets.architecture.detectors.names import detector, is_detector
from mobilenets.architecture.layer import Layer
from mobilenets.architecture.rows import Conv
from mobilenets.architecture.style import Style, image_tap, lay
from mobilenets.network import blocks
from mobilenets.network.boxes import Boxes
from mobilenets.network.graph import Network, feature_taps

ONE_LAYER = (
    blocks.ConvNorm,
    blocks.Pool,
    blocks.GlobalAveragePool,
    blocks.Concat,
    blocks.Add,
    blocks.CentreCrop,
    blocks.Linear,
    blocks.LocalResponseNorm,
    blocks.L2Normalise,
    blocks.L2Scale,
    Boxes,
)

# --- Planned is built ---

NETWORKS = [
    *map(str, names.PUBLISHED),
    *(f"{family}_{width}" for family in names.FAMILIES for width in ("1.0_224", "0.3_97", "1.37_131", "2.0_33")),
    *BASELINES,
    *("googlenet_101", "inception_v2_150", "inception_v3_137", "facenet_nn2_160", "squeezenet_1.0_99"),
    *(f"ssd_mobilenet_v1_{dials}" for dials in ("1.0_300", "0.25_224", "1.37_320", "0.5_512", "2.0_33")),
    *("ssd_inception_v2_300", "ssd_inception_v2_129", "ssd_vgg16_300", "ssd_vgg16_257", "ssd_vgg16_512"),
]


@dataclass(frozen=True)
class Traced:
    """What a network did with one image on meta tensors."""

    layers: tuple[Layer, ...]
    operations: int
    params: int
    shapes: list[tuple[int, ...]]


@cache
def _traced(name: str, padding: str | None = None) -> Traced:
    planned = detector(name).layers if is_detector(name) else names.network(name, padding=padding)  # type: ignore[arg-type]
    with torch.device("meta"):
        network = Network(planned).eval()
        image = torch.empty(2, 3, *planned[0].in_size)
    shapes: list[tuple[int, ...]] = []
    for block in network.modules():
        if isinstance(block, ONE_LAYER):
            block.register_forward_hook(lambda *call: shapes.append(tuple(call[-1].shape[1:])))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(image)
    params = sum(parameter.numel() for parameter in network.parameters())
    return Traced(planned, counter.get_total_flops() // 2, params, shapes)


@pytest.mark.parametrize("name", NETWORKS)
def test_traced_is_planned(name: str) -> None:
    traced = _traced(name)
    assert traced.operations == 2 * sum(layer.mult_adds for layer in traced.layers)
    assert traced.params == sum(layer.params for layer in traced.layers)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_map_has_the_planned_size(name: str) -> None:
    traced = _traced(name)
    assert len(traced.shapes) == len(traced.layers)
    for layer, shape in zip(traced.layers, traced.shapes, strict=True):
        rows = (layer.out_size[0], layer.out_channels)  # of a detector's last layer, one a box
        assert shape in {(layer.out_channels, *layer.out_size), (layer.out_channels,), rows}, layer.name


@settings(max_examples=20, deadline=None)
@given(
    family=st.sampled_from([*names.FAMILIES]),
    width=st.floats(0.05, 2.0),
    resolution=st.integers(32, 300),
    padding=st.sampled_from(["same", "symmetric"]),
)
def test_traced_is_planned_at_any_dial(family: str, width: float, resolution: int, padding: str) -> None:
    traced = _traced(f"{family}_{width:.3f}_{resolution}", padding)
    assert traced.operations == 2 * sum(layer.mult_adds for layer in traced.layers)
    assert traced.params == sum(layer.params for layer in traced.layers)


# --- The same network as other people's ---


def _googlenet() -> nn.Module:
    return torchvision.models.GoogLeNet(aux_logits=False, init_weights=False)


def _inception_v3() -> nn.Module:
    return torchvision.models.Inception3(aux_logits=False, init_weights=False)


def _mobilenet(padding: str) -> Callable[[], nn.Module]:
    return lambda: timm.create_model("mobilenetv1_100", pad_type=padding, bn_eps=1e-3)


@pytest.mark.parametrize(
    ("name", "padding", "build"),
    [
        # Odd and even sizes: SAME padding differs between them, symmetric padding differs from SAME.
        ("mobilenet_v1_1.0_64", "same", _mobilenet("same")),
        ("mobilenet_v1_1.0_77", "same", _mobilenet("same")),
        ("mobilenet_v1_1.0_64", "symmetric", _mobilenet("")),
        ("alexnet_one_column", None, torchvision.models.alexnet),
        ("vgg16", None, torchvision.models.vgg16),
        ("squeezenet_1.0_130", None, torchvision.models.squeezenet1_0),
        ("googlenet_3x3_101", None, _googlenet),
        ("inception_v3_139", None, _inception_v3),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_same_weights_give_the_same_logits(name: str, padding: str | None, build: Callable[[], nn.Module]) -> None:
    """timm's and torchvision's weights, tensor by tensor in their order: every constant and every pixel counts."""
    theirs = _random(build)
    with torch.device("meta"):
        ours = Network(names.network(name, padding=padding)).eval()  # type: ignore[arg-type]
    wanted = ours.state_dict()
    copied = dict(zip(wanted, theirs.state_dict().values(), strict=True))
    assert {key: tensor.shape for key, tensor in copied.items()} == {key: one.shape for key, one in wanted.items()}
    ours.load_state_dict(copied, assign=True)
    image = torch.randn(1, 3, *ours.layers[0].in_size, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = theirs(image)
        spread = float(expected.std())
        assert spread > 0.01
        torch.testing.assert_close(ours(image), expected, rtol=1e-3, atol=1e-3 * spread)


def _random(build: Callable[[], nn.Module]) -> nn.Module:
    """Weights under which every layer keeps the scale of its input, with variances that make epsilon matter."""
    with torch.device("meta"):
        model = build().eval()
    model = model.to_empty(device="cpu")
    torch.manual_seed(0)
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_uniform_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.normal_(module.bias, std=0.1)
        elif isinstance(module, nn.BatchNorm2d):
            _random_norm(module)
    return model


def _random_norm(norm: nn.BatchNorm2d) -> None:
    norm.reset_parameters()
    assert norm.running_mean is not None and norm.running_var is not None
    nn.init.normal_(norm.running_mean, std=0.1)
    nn.init.uniform_(norm.running_var, 0.005, 0.02)
    nn.init.uniform_(norm.weight, 0.08, 0.12)
    nn.init.normal_(norm.bias, std=0.1)


# --- Names, order, mistakes ---


def test_names_of_the_weights_are_those_that_checkpoints_hold() -> None:
    network = Network(names.network("mobilenet_v1_0.25_32", classes=3))
    keys = list(network.state_dict())
    assert keys[:6] == [
        "blocks.conv_0.conv.weight",
        "blocks.conv_0.norm.weight",
        "blocks.conv_0.norm.bias",
        "blocks.conv_0.norm.running_mean",
        "blocks.conv_0.norm.running_var",
        "blocks.conv_0.norm.num_batches_tracked",
    ]
    assert "blocks.separable_1.depthwise.conv.weight" in keys and "blocks.separable_13.pointwise.norm.bias" in keys
    assert keys[-2:] == ["blocks.classifier.linear.weight", "blocks.classifier.linear.bias"]
    inception = Network(names.body("inception_v3_75")[:14])
    assert "blocks.mixed_5b-branch_1-conv_0.conv.weight" in inception.state_dict()


def test_a_separable_block_is_one_module() -> None:
    network = Network(names.body("mobilenet_v1_1.0_32"))
    assert [type(block).__name__ for block in network.blocks.values()] == ["ConvNorm", *13 * ["Separable"]]


def test_two_layers_of_one_name_are_refused() -> None:
    twice = lay([Conv(8, name="stem"), Conv(8, name="stem")], image_tap(32), Style())
    with pytest.raises(ValueError, match="two layers of the network are called 'stem'"):
        Network(twice)


def test_no_layers_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one layer"):
        Network([])


@pytest.mark.parametrize("name", ["mobilenet_v1_0.25_32", "facenet_nn2_64", "inception_v3_75"])
def test_every_weight_learns(name: str) -> None:
    """Also where activations work in place and several branches read one map."""
    torch.manual_seed(0)
    network = Network(names.network(name, classes=5)).train()
    network(torch.randn(2, 3, *network.layers[0].in_size)).square().sum().backward()
    for key, parameter in network.named_parameters():
        assert parameter.grad is not None and torch.isfinite(parameter.grad).all(), key


@pytest.mark.filterwarnings("ignore:Guards may run slower:RuntimeWarning")  # torch on Python 3.13.0
def test_it_compiles_whole() -> None:
    """torch.compile finds nothing in it that it has to leave to Python."""
    network = Network(names.network("mobilenet_v1_0.25_33", classes=3)).eval()
    image = torch.randn(1, 3, 33, 33, generator=torch.Generator().manual_seed(0))
    compiled = torch.compile(network, backend="eager", fullgraph=True)
    with torch.no_grad():
        torch.testing.assert_close(compiled(image), network(image), rtol=0, atol=0)


# --- Memory ---


@pytest.mark.parametrize("name", ["mobilenet_v1_0.25_64", "googlenet_64", "inception_v3_75"])
def test_maps_are_freed_behind_their_last_reader(name: str) -> None:
    network = Network(names.body(name)).eval()
    last_read = {read: place for place, layer in enumerate(network.layers) for read in layer.inputs}
    alive: dict[str, weakref.ref[Tensor]] = {}
    places = iter(range(len(network.layers)))

    def made(_: nn.Module, __: object, output: Tensor) -> None:
        place = next(places)
        for key, reference in alive.items():
            assert reference() is None or last_read[key] >= place - 1, f"{key} outlives {network.layers[place].name}"
        alive[network.layers[place].name] = weakref.ref(output)

    for block in network.modules():
        if isinstance(block, ONE_LAYER):
            block.register_forward_hook(made)
    with torch.no_grad():
        network(torch.zeros(1, 3, *network.layers[0].in_size))
    assert len(alive) == len(network.layers)


# --- Features ---


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "mobilenet_v1_1.0_224",
            {
                4: ("separable_3/pointwise", 128, 56),
                8: ("separable_5/pointwise", 256, 28),
                16: ("separable_11/pointwise", 512, 14),
                32: ("separable_13/pointwise", 1024, 7),
            },
        ),
        (
            "vgg16",
            {4: ("conv3_3", 256, 56), 8: ("conv4_3", 512, 28), 16: ("conv5_3", 512, 14), 32: ("pool5", 512, 7)},
        ),
        (
            # The last blocks at a size, not what stands inside the branches of the block behind.
            "inception_v2",
            {
                4: ("conv_2c", 192, 56),
                8: ("mixed_3c/concat", 320, 28),
                16: ("mixed_4e/concat", 576, 14),
                32: ("mixed_5c/concat", 1024, 7),
            },
        ),
        (
            # Without padding a map is smaller than a sixteenth of the image: its stride is 16 all the same.
            "inception_v3_75",
            {
                4: ("conv_4a", 192, 15),
                8: ("mixed_5d/concat", 288, 7),
                16: ("mixed_6e/concat", 768, 3),
                32: ("mixed_7c/concat", 2048, 1),
            },
        ),
        ("alexnet", {4: ("norm1", 96, 55), 8: ("norm2", 256, 27), 16: ("conv5", 256, 13), 32: ("pool5", 256, 6)}),
    ],
)
def test_features_are_the_last_maps_at_their_stride(name: str, expected: dict[int, tuple[str, int, int]]) -> None:
    layers = names.body(name)
    by_name = {layer.name: layer for layer in layers}
    taps = feature_taps(layers)
    found = {stride: (tap, by_name[tap].out_channels, by_name[tap].out_size[0]) for stride, tap in taps.items()}
    assert found == expected
    assert feature_taps(names.network(name)) == taps, "the head changes nothing"


@pytest.mark.parametrize("name", ["mobilenet_v1_0.25_97", "shallow_mobilenet_v1_0.5_64", "googlenet_96"])
def test_features_are_what_the_network_computes_on_its_way(name: str) -> None:
    network = Network(names.network(name, classes=3)).eval()
    image = torch.randn(2, 3, *network.layers[0].in_size, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        features = network.features(image)
        for stride, tap in feature_taps(network.layers).items():
            place = [layer.name for layer in network.layers].index(tap)
            with torch.device("meta"):
                alone = Network(network.layers[: place + 1]).eval()
            alone.load_state_dict(network.state_dict(), strict=False, assign=True)
            torch.testing.assert_close(features[stride], alone(image), rtol=0, atol=0)
    side = network.layers[0].in_size[0]
    assert {stride: made.shape[-1] for stride, made in features.items()} == {
        stride: -(-side // stride) for stride in (4, 8, 16, 32)
    }


def test_features_of_an_image_of_another_size() -> None:
    network = Network(names.body("mobilenet_v1_0.25_224")).eval()
    with torch.no_grad():
        features = network.features(torch.zeros(1, 3, 96, 65))
    assert {stride: tuple(made.shape[-2:]) for stride, made in features.items()} == {
        4: (24, 17),
        8: (12, 9),
        16: (6, 5),
        32: (3, 3),
    }


def test_a_network_without_such_maps_says_so() -> None:
    network = Network(lay([Conv(8, stride=2)], image_tap(32), Style()))
    with pytest.raises(ValueError, match="none of the network's maps has a stride of 4, 8, 16 or 32"):
        network.features(torch.zeros(1, 3, 32, 32))
