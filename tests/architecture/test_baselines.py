"""The other networks of the paper's tables: their exact figures, and the same network as torchvision's."""

from collections.abc import Callable, Sequence
from typing import Literal

import pytest
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from mobilenets.architecture.baselines import BASELINES
from mobilenets.architecture.cost import cost
from mobilenets.architecture.layer import IMAGE, Layer
from mobilenets.architecture.names import body, network
from mobilenets.errors import UsageError

# Mult-adds and params with the published number of outputs.
FIGURES = {
    "alexnet": (724_406_816, 60_965_224),
    "alexnet_one_column": (714_188_480, 61_100_840),
    "vgg16": (15_470_264_320, 138_357_544),
    "googlenet": (1_582_671_872, 6_998_552),
    "googlenet_3x3": (1_498_376_192, 6_624_904),
    "squeezenet_1.0": (832_667_936, 1_248_424),
    "squeezenet_1.0_padded": (861_339_936, 1_248_424),
    "inception_v2": (1_934_857_216, 11_188_224),
    "inception_v3": (5_713_216_096, 23_834_568),
    "facenet_nn2": (1_596_530_688, 7_456_304),
    "mobilefacenet": (189_408_256, 999_424),
}


@pytest.mark.parametrize("name", BASELINES)
def test_figures_to_the_unit(name: str) -> None:
    counted = cost(network(name))
    assert (counted.mult_adds, counted.params) == FIGURES[name]


def test_vgg16_is_published_without_its_fully_connected_layers() -> None:
    trunk = cost(body("vgg16"))
    assert trunk.mult_adds == 15_346_630_656
    assert trunk.params == 14_714_688


def test_inception_v2_body_counts_as_the_detectors_count_it() -> None:
    """Weights, the 64 biases of the stem, and three batch norm variables a channel (TF-Slim learns no scale)."""
    trunk = body("inception_v2")
    assert sum(layer.weights + (layer.bias + 3 * layer.norm) * layer.out_channels for layer in trunk) == 10_173_112
    assert [layer.out_channels for layer in trunk if layer.bias] == [64]


def test_inception_v3_with_the_dogs_of_table_10() -> None:
    assert cost(network("inception_v3", classes=120)).params == 22_031_448


@pytest.mark.parametrize(("name", "tolerance"), [("alexnet", 0.02), ("facenet_nn2", 0.01)])
def test_published_figures_that_are_reproduced(name: str, tolerance: float) -> None:
    published, counted = BASELINES[name].published, cost(network(name))
    assert published is not None
    assert counted.mult_adds / 1e6 == pytest.approx(published.mult_adds, rel=tolerance)
    assert counted.params / 1e6 == pytest.approx(published.params, rel=tolerance)


def test_what_the_explanations_say_is_so() -> None:
    def published(name: str) -> tuple[float, float]:
        figure = BASELINES[name].published
        assert figure is not None and figure.explanation
        return figure.mult_adds, figure.params

    google, google_3x3 = cost(network("googlenet")), cost(network("googlenet_3x3"))
    assert google_3x3.mult_adds < published("googlenet")[0] * 1e6 < google.mult_adds
    assert google_3x3.params < published("googlenet")[1] * 1e6 < google.params
    assert published("squeezenet_1.0")[0] == pytest.approx(2 * FIGURES["squeezenet_1.0"][0] / 1e6, rel=0.025)
    assert published("vgg16")[0] == pytest.approx(cost(body("vgg16")).mult_adds / 1e6, rel=0.005)
    dogs = cost(network("inception_v3", classes=120)).params
    assert dogs < published("inception_v3")[1] * 1e6 < FIGURES["inception_v3"][1]


@pytest.mark.parametrize(
    ("name", "maps"),
    [
        (
            "facenet_nn2",  # the column "output size" of FaceNet's Table 2
            {
                "conv1": (64, 112),
                "pool1": (64, 56),
                "inception_2": (192, 56),
                "pool2": (192, 28),
                "inception_3a/concat": (256, 28),
                "inception_3b/concat": (320, 28),
                "inception_3c/concat": (640, 14),
                "inception_4a/concat": (640, 14),
                "inception_4d/concat": (640, 14),
                "inception_4e/concat": (1024, 7),
                "inception_5b/concat": (1024, 7),
                "embedding": (128, 1),
                "normalise": (128, 1),
            },
        ),
        (
            "inception_v2",  # the sizes that TF-Slim notes
            {
                "conv_1a/pointwise": (64, 112),
                "pool_2a": (64, 56),
                "pool_3a": (192, 28),
                "mixed_3b/concat": (256, 28),
                "mixed_3c/concat": (320, 28),
                "mixed_4a/concat": (576, 14),
                "mixed_4e/concat": (576, 14),
                "mixed_5a/concat": (1024, 7),
                "mixed_5c/concat": (1024, 7),
            },
        ),
        (
            "googlenet",  # the column "output size" of its Table 1
            {
                "conv1": (64, 112),
                "pool1": (64, 56),
                "conv2": (192, 56),
                "pool2": (192, 28),
                "inception_3a/concat": (256, 28),
                "inception_3b/concat": (480, 28),
                "pool3": (480, 14),
                "inception_4e/concat": (832, 14),
                "pool4": (832, 7),
                "inception_5b/concat": (1024, 7),
            },
        ),
        ("alexnet", {"conv1": (96, 55), "conv2": (256, 27), "conv5": (256, 13), "pool5": (256, 6), "fc6": (4096, 1)}),
        ("squeezenet_1.0", {"conv1": (96, 111), "pool1": (96, 55), "pool4": (256, 27), "pool8": (512, 13)}),
    ],
)
def test_maps_are_those_of_the_network_s_own_paper(name: str, maps: dict[str, tuple[int, int]]) -> None:
    found = {layer.name: (layer.out_channels, layer.out_size[0]) for layer in network(name)}
    assert {key: found.get(key) for key in maps} == maps


def test_nn2_pools_as_its_table_says() -> None:
    pools = {layer.name.split("/")[0]: layer.op for layer in body("facenet_nn2") if layer.op.endswith("pool")}
    assert {name for name, op in pools.items() if op == "l2_pool"} == {
        "inception_3b",
        "inception_4a",
        "inception_4b",
        "inception_4c",
        "inception_4d",
        "inception_5a",
    }
    assert set(pools.values()) == {"l2_pool", "max_pool"}


# --- The same network as torchvision's ---


def _googlenet() -> nn.Module:
    return torchvision.models.GoogLeNet(aux_logits=False, init_weights=False)


def _inception_v3() -> nn.Module:
    return torchvision.models.Inception3(aux_logits=False, init_weights=False)


TORCHVISION: dict[str, Callable[[], nn.Module]] = {
    "alexnet_one_column": torchvision.models.alexnet,
    "vgg16": torchvision.models.vgg16,
    "googlenet_3x3": _googlenet,
    "squeezenet_1.0": torchvision.models.squeezenet1_0,
    "squeezenet_1.0_224": torchvision.models.squeezenet1_0,
    "inception_v3": _inception_v3,
}


def _weighted(model: nn.Module) -> list[nn.Module]:
    return [module for module in model.modules() if isinstance(module, nn.Conv2d | nn.Linear)]


@pytest.mark.parametrize("name", TORCHVISION)
def test_traced_is_planned(name: str) -> None:
    planned = network(name)
    with torch.device("meta"):
        model = TORCHVISION[name]().eval()
        image = torch.empty(1, 3, *planned[0].in_size)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(image)
    assert counter.get_total_flops() == 2 * cost(planned).mult_adds
    assert sum(parameter.numel() for parameter in model.parameters()) == cost(planned).params


@pytest.mark.parametrize("name", TORCHVISION)
def test_layers_stand_in_the_order_of_torchvision_s_weights(name: str) -> None:
    with torch.device("meta"):
        modules = _weighted(TORCHVISION[name]())
    layers = [layer for layer in network(name) if layer.weights]
    assert len(layers) == len(modules)
    for layer, module in zip(layers, modules, strict=True):
        if isinstance(module, nn.Conv2d):
            ours = (layer.kernel, (layer.stride,) * 2, layer.padding, layer.groups)
            assert ours == (module.kernel_size, module.stride, module.padding, module.groups), layer.name
        assert module.weight.numel() == layer.weights, layer.name
        assert layer.bias == (module.bias is not None), layer.name


@pytest.mark.parametrize(
    ("name", "builder"),
    [
        ("alexnet_one_column", "alexnet_one_column"),
        ("vgg16", "vgg16"),
        ("googlenet_3x3_101", "googlenet_3x3"),  # small and odd, where the network's head allows it
        ("squeezenet_1.0_130", "squeezenet_1.0"),
        ("inception_v3_139", "inception_v3"),
    ],
)
def test_layers_compute_what_torchvision_computes(name: str, builder: str) -> None:
    """The layers alone, run as they say, give torchvision's logits: pooling, padding, ceil, order, activation."""
    model = _random(TORCHVISION[builder])
    planned = network(name)
    image = torch.randn(1, 3, *planned[0].in_size, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = model(image)
        given_weights = zip((layer for layer in planned if layer.weights), _operations(model), strict=True)
        made = _run(planned, {layer.name: operation for layer, operation in given_weights}, image)
    assert expected.std() > 0.01
    torch.testing.assert_close(made.flatten(1), expected, rtol=1e-3, atol=1e-3 * float(expected.std()))


def _random(build: Callable[[], nn.Module]) -> nn.Module:
    """Weights under which every layer keeps the scale of its input, so that an early difference is seen at the end."""
    with torch.device("meta"):
        model = build().eval()
    model = model.to_empty(device="cpu")
    torch.manual_seed(0)
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight)
            if module.bias is not None:
                nn.init.normal_(module.bias, std=0.1)
        elif isinstance(module, nn.BatchNorm2d):
            module.reset_parameters()
    return model


def _operations(model: nn.Module) -> list[nn.Module]:
    """The convolutions and matrices in order, each with the batch norm behind it."""
    found: list[nn.Module] = []
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            found.append(nn.Sequential(module))
        elif isinstance(module, nn.BatchNorm2d):
            found[-1].append(module)  # type: ignore[operator]
    return found


def _run(layers: Sequence[Layer], operations: dict[str, nn.Module], image: Tensor) -> Tensor:
    values = {IMAGE: image}
    for layer in layers:
        inputs = [values[name] for name in layer.inputs]
        values[layer.name] = _apply(layer, inputs, operations)
        assert tuple(values[layer.name].shape[1:]) in {(layer.out_channels, *layer.out_size), (layer.out_channels,)}
    return values[layers[-1].name]


def _apply(layer: Layer, inputs: list[Tensor], operations: dict[str, nn.Module]) -> Tensor:
    first = inputs[0]
    window = (layer.kernel, layer.stride, layer.padding, layer.ceil)
    match layer.op:
        case "conv" | "linear":
            made = operations[layer.name](first.flatten(1) if layer.op == "linear" else first)
            assert layer.activation in (None, "relu")
            return F.relu(made) if layer.activation else made
        case "max_pool":
            kernel, stride, padding, ceil = window
            return F.max_pool2d(first, kernel, stride, padding, ceil_mode=ceil)  # type: ignore[arg-type]
        case "average_pool":
            return F.avg_pool2d(first, *window)  # type: ignore[arg-type]
        case "global_average_pool":
            return first.mean((-2, -1), keepdim=True)
        case "concat":
            return torch.cat(inputs, 1)
        case _:
            raise AssertionError(f"torchvision's networks have no {layer.op}")


# --- Other resolutions, other heads ---


@settings(deadline=None)
@given(
    family=st.sampled_from([name for name in BASELINES if name != "mobilefacenet"]),
    resolution=st.integers(min_value=75, max_value=640),
    padding=st.sampled_from([None, "same", "symmetric"]),
)
def test_bodies_resolve_at_any_resolution(
    family: str, resolution: int, padding: Literal["same", "symmetric"] | None
) -> None:
    made = {IMAGE: (3, (resolution, resolution))}
    for layer in body(f"{family}_{resolution}", padding=padding):
        assert {made[name][1] for name in layer.inputs} == {layer.in_size}, layer.name
        assert layer.in_channels == sum(made[name][0] for name in layer.inputs)
        assert layer.name not in made
        made[layer.name] = (layer.out_channels, layer.out_size)


@pytest.mark.parametrize(
    ("family", "smallest"),
    [("alexnet", 67), ("alexnet_one_column", 63), ("googlenet", 47), ("inception_v3", 75), ("mobilefacenet", 97)],
)
def test_a_resolution_too_small_for_the_body_is_refused(family: str, smallest: int) -> None:
    with pytest.raises(UsageError, match=f"is too small for {family}: use at least {smallest} pixels"):
        body(f"{family}_{smallest - 1}")
    for resolution in range(smallest, 320):
        assert body(f"{family}_{resolution}")


@pytest.mark.parametrize("name", ["vgg16_160", "alexnet_224", "alexnet_one_column_320"])
def test_a_head_that_flattens_a_map_fits_one_size_only(name: str) -> None:
    with pytest.raises(UsageError, match=r"resolution \d+: the fully connected layers of .* so use "):
        network(name)
    assert body(name)


def test_detectors_find_their_maps_in_the_bodies() -> None:
    sizes = {layer.name: layer.out_size for layer in body("vgg16_300")}
    assert (sizes["conv4_3"], sizes["pool4"], sizes["pool5"]) == ((37, 37), (18, 18), (9, 9))
    assert {layer.name: layer.out_size for layer in body("vgg16_600")}["pool4"] == (37, 37)
    assert {layer.name: layer.out_size for layer in body("inception_v2_300")}["mixed_4e/concat"] == (19, 19)


def test_networks_with_a_global_mean_keep_their_params_at_any_resolution() -> None:
    for family in ("googlenet", "googlenet_3x3", "squeezenet_1.0", "inception_v2", "inception_v3", "facenet_nn2"):
        assert cost(network(f"{family}_160")).params == FIGURES[family][1]


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("classes", [1, 7])
def test_any_number_of_outputs(name: str, classes: int) -> None:
    assert network(name, classes=classes)[-1].out_channels == classes


def test_no_outputs_are_refused() -> None:
    with pytest.raises(UsageError, match="classes 0 is under 1"):
        network("vgg16", classes=0)


def test_padding_and_activation_can_be_asked_for() -> None:
    symmetric = body("inception_v2", padding="symmetric", activation="relu6")
    assert symmetric[0].padding == (3, 3)
    assert {layer.activation for layer in symmetric if layer.kind == "conv"} == {"relu6"}
    assert [layer.out_size for layer in symmetric] == [layer.out_size for layer in body("inception_v2")]
    assert body("inception_v2")[0].padding == "same"
    assert {layer.activation for layer in body("vgg16") if layer.kind == "conv"} == {"relu"}
