"""Frozen graphs of every style that people have, written with TensorFlow's own messages and run by OpenCV."""

import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tensorboard.compat.proto.graph_pb2 import GraphDef

from mobilenets.architecture import names
from mobilenets.architecture.layer import Layer
from mobilenets.architecture.names import Name
from mobilenets.architecture.tables import classifier
from mobilenets.errors import UsageError
from mobilenets.network.graph import Network, module_paths
from mobilenets.weights.fitting import Fitted, fit
from mobilenets.weights.formats.frozen_graph import read
from mobilenets.weights.found import Found
from mobilenets.weights.read import WeightFile, read_weights

TYPES = {"float32": 1, "float64": 2, "int32": 3, "int64": 9, "float16": 19}
# At 32 pixels the last map is 1 x 1, where OpenCV 5.0.0 gets a depthwise convolution of 10 channels wrong.
TINY = Name(width=0.02, resolution=64)
FILE = Path("tiny_frozen.pb")


class Graph:
    """A GraphDef in the making; every call gives the name of the node that it added."""

    def __init__(self) -> None:
        self.message = GraphDef()

    def node(self, op: str, name: str, *inputs: str, **attributes: Any) -> str:
        node = self.message.node.add(op=op, name=name, input=inputs)
        for key, value in attributes.items():
            into = node.attr[key]
            if isinstance(value, bool):
                into.b = value
            elif isinstance(value, str):
                into.s = value.encode()
            elif isinstance(value, float):
                into.f = value
            elif key == "shape":
                for size in value:
                    into.shape.dim.add(size=size)
            else:
                into.list.i.extend(value)
        return name

    def const(self, name: str, values: Any, *, listed: bool = False) -> str:
        array = np.asarray(values)
        node = self.message.node.add(op="Const", name=name)
        tensor = node.attr["value"].tensor
        node.attr["dtype"].type = tensor.dtype = TYPES[array.dtype.name]
        for size in array.shape:
            tensor.tensor_shape.dim.add(size=size)
        if listed:
            field = {"float32": tensor.float_val, "int32": tensor.int_val, "float16": tensor.half_val}[array.dtype.name]
            flat = array.reshape(-1)
            field.extend((flat.view(np.uint16) if array.dtype == np.float16 else flat).tolist())
        else:
            tensor.tensor_content = array.tobytes()
        return name

    def variable(self, name: str, values: Any) -> str:
        """A constant as freeze_graph leaves it, read through an Identity."""
        return self.node("Identity", f"{name}/read", self.const(name, values))

    def bytes(self) -> bytes:
        return self.message.SerializeToString()


def trained(name: Name = TINY, *, outputs: int = 7, padding: Any = "same", **style: Any) -> Network:
    """A network whose batch norms are each their own."""
    torch.manual_seed(0)
    body = names.body(name, padding=padding, **style)
    network = Network((*body, *classifier(body, outputs))).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            assert module.running_mean is not None and module.running_var is not None
            torch.nn.init.normal_(module.running_mean, std=0.2)
            torch.nn.init.uniform_(module.running_var, 0.5, 2.0)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, std=0.2)
        elif isinstance(module, torch.nn.Conv2d | torch.nn.Linear):
            torch.nn.init.normal_(module.weight, std=(2 / module.weight[0].numel()) ** 0.5)
            if module.bias is not None:
                torch.nn.init.normal_(module.bias, std=0.2)
    return network


Layers = Callable[[Graph, str, str, dict[str, NDArray[Any]], float], str]


def arithmetic(graph: Graph, at: str, name: str, state: dict[str, NDArray[Any]], epsilon: float) -> str:
    """Batch norm as TF-Slim's frozen graphs have it; the sums and products in either order."""
    added = graph.node(
        "Add",
        f"{name}/add",
        graph.variable(f"{name}/moving_variance", state["norm.running_var"]),
        graph.const(f"{name}/add/y", np.float32(epsilon), listed=True),
    )
    root = graph.node("Rsqrt", f"{name}/Rsqrt", added)
    factor = graph.node("Mul", f"{name}/mul", root, graph.variable(f"{name}/gamma", state["norm.weight"]))
    mean = graph.variable(f"{name}/moving_mean", state["norm.running_mean"])
    shift = graph.node(
        "Sub",
        f"{name}/sub",
        graph.variable(f"{name}/beta", state["norm.bias"]),
        graph.node("Mul", f"{name}/mul_2", mean, factor),
    )
    return graph.node("Add", f"{name}/add_1", graph.node("Mul", f"{name}/mul_1", at, factor), shift)


def fused(op: str) -> Layers:
    def norm(graph: Graph, at: str, name: str, state: dict[str, NDArray[Any]], epsilon: float) -> str:
        order = ("weight", "bias", "running_mean", "running_var")
        parts = [graph.variable(f"{name}/{part}", state[f"norm.{part}"]) for part in order]
        return graph.node(op, f"{name}/{op}", at, *parts, epsilon=epsilon, is_training=False, data_format="NHWC")

    return norm


def computed(graph: Graph, at: str, name: str, state: dict[str, NDArray[Any]], epsilon: float) -> str:
    """Batch norm whose arithmetic a tool did already: one factor, one shift."""
    factor = state["norm.weight"] / np.sqrt(state["norm.running_var"] + np.float32(epsilon))
    scaled = graph.node("Mul", f"{name}/mul_1", graph.const(f"{name}/mul", factor), at)
    shift = state["norm.bias"] - state["norm.running_mean"] * factor
    return graph.node("AddV2", f"{name}/add_1", scaled, graph.const(f"{name}/sub", shift))


def biased(graph: Graph, at: str, name: str, state: dict[str, NDArray[Any]], epsilon: float) -> str:
    return graph.node("BiasAdd", f"{name}/BiasAdd", at, graph.const(f"{name}/bias", state["conv.bias"]))


def written(
    network: Network,
    norm: Layers = arithmetic,
    *,
    pads: dict[int, Sequence[int]] | None = None,
    activation: str = "Relu6",
    head: str = "Conv2D",
    pool: str = "AvgPool",
    open_size: bool = False,
) -> Graph:
    """The network as a graph. `pads` are the explicit borders before a 3x3 convolution of each stride."""
    graph = Graph()
    side = network.layers[0].in_size[0]
    at = graph.node("Placeholder", "input", shape=(-1, -1, -1, 3) if open_size else (1, side, side, 3))
    paths = module_paths(network.layers)
    state = {key: value.numpy() for key, value in network.state_dict().items()}
    for layer in network.layers:
        own = {
            key.removeprefix(f"{paths[layer.name]}."): state[key] for key in state if key.startswith(paths[layer.name])
        }
        if layer.op == "conv":
            at = _convolution(graph, layer, at, own, pads)
            at = norm(graph, at, f"net/{layer.name}/norm", own, layer.epsilon)
            at = graph.node(
                activation,
                f"net/{layer.name}/{activation}",
                at,
                **({"alpha": 0.1} if activation == "LeakyRelu" else {}),
            )
        elif layer.op == "global_average_pool":
            at = _pooled(graph, pool, at, -(-side // 32))
        else:
            at = _head(graph, head, at, own)
    return graph


def _convolution(
    graph: Graph, layer: Layer, at: str, own: dict[str, NDArray[Any]], pads: dict[int, Sequence[int]] | None
) -> str:
    name, rule = f"net/{layer.name}", "SAME"
    if pads and layer.kernel == (3, 3):
        rule, before, after = "VALID", *pads[layer.stride]
        rows = np.array([[0, 0], [before, after], [before, after], [0, 0]], np.int32)
        at = graph.node("Pad", f"{name}/Pad", at, graph.const(f"{name}/paddings", rows))
    depthwise = layer.kind == "depthwise"
    values = own["conv.weight"].transpose((2, 3, 0, 1) if depthwise else (2, 3, 1, 0))
    kernel = graph.variable(f"{name}/weights", np.ascontiguousarray(values))
    return graph.node(
        "DepthwiseConv2dNative" if depthwise else "Conv2D",
        f"{name}/convolution",
        at,
        kernel,
        strides=(1, layer.stride, layer.stride, 1),
        padding=rule,
        data_format="NHWC",
    )


def _pooled(graph: Graph, pool: str, at: str, side: int) -> str:
    if pool == "Mean":
        return graph.node("Mean", "net/Mean", at, graph.const("net/axes", np.array([1, 2], np.int32)), keep_dims=True)
    return graph.node("AvgPool", "net/AvgPool", at, ksize=(1, side, side, 1), strides=(1, 2, 2, 1), padding="VALID")


def _head(graph: Graph, head: str, at: str, own: dict[str, NDArray[Any]], name: str = "net/Logits") -> str:
    kernel, bias = own["linear.weight"].T.copy(), own["linear.bias"]
    if head == "MatMul":
        flat = graph.node(
            "Reshape", f"{name}/flat", at, graph.const(f"{name}/shape", np.array([-1, len(kernel)], np.int32))
        )
        product = graph.node("MatMul", f"{name}/MatMul", flat, graph.const(f"{name}/weights", kernel))
        return graph.node("Add", f"{name}/add", product, graph.const(f"{name}/biases", bias))
    at = graph.node("Identity", f"{name}/Dropout", at)
    kernel = graph.variable(f"{name}/weights", kernel[None, None])
    at = graph.node("Conv2D", f"{name}/convolution", at, kernel, strides=(1, 1, 1, 1), padding="SAME")
    at = graph.node("BiasAdd", f"{name}/BiasAdd", at, graph.variable(f"{name}/biases", bias))
    return graph.node("Squeeze", f"{name}/Squeeze", at, squeeze_dims=(1, 2))


def found(graph: Graph | bytes) -> Found:
    return read(WeightFile(FILE, graph if isinstance(graph, bytes) else graph.bytes()))


def fitted(graph: Graph) -> Fitted:
    return fit(found(graph), where=str(FILE))


def refused(graph: Graph | bytes, *words: str) -> None:
    with pytest.raises(UsageError) as caught:
        found(graph)
    message = str(caught.value)
    assert message.startswith(str(FILE)) and "\n" not in message and len(message) < 500
    assert all(word in message for word in words), message


def by_opencv(content: bytes, images: NDArray[np.float32]) -> NDArray[np.float32]:
    net = cv2.dnn.readNetFromTensorflow(np.frombuffer(content, np.uint8))
    net.setInput(images)
    return net.forward().reshape(len(images), -1)


def _pair(network: Network | None = None, **style: Any) -> tuple[Network, Graph]:
    network = network or trained()
    return network, written(network, **style)


STYLES: dict[str, Callable[[], tuple[Network, Graph]]] = {
    "batch norm spelt out": _pair,
    "fused": lambda: _pair(norm=fused("FusedBatchNorm")),
    "fused, third version, mean, open size": lambda: _pair(norm=fused("FusedBatchNormV3"), pool="Mean", open_size=True),
    "Keras: the border of SAME as a Pad": lambda: _pair(norm=fused("FusedBatchNormV3"), pads={1: (1, 1), 2: (0, 1)}),
    "symmetric": lambda: _pair(trained(padding="symmetric"), pads={1: (1, 1), 2: (1, 1)}),
    "folded": lambda: _pair(trained(norm=False), norm=biased),
    "ReLU": lambda: _pair(trained(activation="relu"), activation="Relu"),
    "LeakyReLU": lambda: _pair(trained(activation="leaky_relu"), activation="LeakyRelu"),
    "fully connected head": lambda: _pair(head="MatMul"),
    "another epsilon": lambda: _pair(trained(epsilon=0.01), norm=fused("FusedBatchNorm")),
    "odd map": lambda: _pair(trained(Name(width=0.02, resolution=97))),
    "full convolutions": lambda: _pair(trained(Name("conv_mobilenet_v1", width=0.02, resolution=64))),
    "shallow": lambda: _pair(trained(Name("shallow_mobilenet_v1", width=0.02, resolution=64))),
}


@pytest.mark.parametrize("style", STYLES)
def test_every_style_gives_the_network_to_the_bit_and_the_logits_of_another_runtime(style: str) -> None:
    network, graph = STYLES[style]()
    result = fitted(graph)
    made, state = result.network().eval(), network.state_dict()
    assert made.state_dict().keys() == state.keys()
    for name, tensor in made.state_dict().items():
        assert torch.equal(tensor, state[name]), name
    side = network.layers[0].in_size[0]
    assert result.architecture.resolution == (224 if "open" in style else side)
    assert (result.preprocessing.mean, result.preprocessing.std) == ((0.5,) * 3, (0.5,) * 3)
    images = np.random.default_rng(0).uniform(-1, 1, (2, 3, side, side)).astype(np.float32)
    with torch.no_grad():
        ours = made(torch.from_numpy(images)).numpy()
    assert ours.std() > 0.1
    np.testing.assert_allclose(ours, by_opencv(graph.bytes(), images), rtol=0, atol=1e-4)


def test_a_batch_norm_computed_beforehand_is_folded_into_the_kernels() -> None:
    network, graph = _pair(norm=computed)
    result = fitted(graph)
    assert not result.architecture.norm
    images = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.no_grad():
        torch.testing.assert_close(result.network().eval()(images), network(images), rtol=0, atol=1e-4)


def test_the_fold_of_quantisation_aware_training_is_computed_and_said() -> None:
    """TF-Slim's graph of evaluation for 8 bits: kernels multiplied by constants, everything rounded."""
    network = trained(norm=False)
    graph = written(network, biased)
    for node in list(graph.message.node):
        if node.op in ("Conv2D", "DepthwiseConv2dNative") and "Logits" not in node.name:
            name = node.name
            half = graph.const(f"{name}/fold", np.full(1, 0.5, np.float32))
            scaled = graph.node("Mul", f"{name}/mul_fold", node.input[1], half)
            shaped = graph.node(
                "Reshape",
                f"{name}/two",
                graph.const(f"{name}/two_fold", np.float32([2])),
                graph.const(f"{name}/one", np.int32([1])),
            )
            whole = graph.node("Mul", f"{name}/whole", scaled, shaped)
            node.input[1] = graph.node("FakeQuantWithMinMaxVars", f"{name}/quant", whole)
    result = fitted(graph)
    assert any("rounding" in note for note in result.notes)
    for name, tensor in network.state_dict().items():
        assert torch.equal(result.state[name], tensor), name


def test_weights_in_half_precision_and_lists_are_read() -> None:
    graph = written(trained())
    expected = {}
    for node in graph.message.node:
        if node.op == "Const" and node.name.endswith("weights"):
            tensor = node.attr["value"].tensor
            halves = np.frombuffer(tensor.tensor_content, np.float32).astype(np.float16)
            expected[node.name] = halves
            tensor.dtype, tensor.tensor_content = TYPES["float16"], b""
            tensor.half_val.extend(halves.view(np.uint16).tolist())
    kernels = found(graph).kernels
    first = expected["net/conv_0/weights"].reshape(3, 3, 3, -1).transpose(3, 2, 0, 1)
    assert np.array_equal(kernels[0].values, first.astype(np.float32))


def test_a_list_shorter_than_its_shape_is_filled_with_its_last_number() -> None:
    graph = written(trained())
    for node in graph.message.node:
        if node.name.endswith("gamma"):
            tensor = node.attr["value"].tensor
            tensor.tensor_content = b""
            tensor.float_val.extend([2.0, 3.0])
    for kernel in found(graph).kernels:
        assert kernel.norm is not None
        assert kernel.norm.scale.tolist() == [2.0, *[3.0] * (len(kernel.values) - 1)]


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("kind", ["Conv2D", "MatMul"])
def test_the_head_of_imagenet_is_found_by_its_structure(kind: str, first: bool) -> None:
    network = trained(outputs=1001)
    graph = written(network)
    own = {"linear.weight": np.ones((3, 20), np.float32), "linear.bias": np.zeros(3, np.float32)}
    _head(graph, kind, "net/AvgPool", own, name="MobilenetV1/Logits")
    if first:
        graph.message.node.sort(key=lambda node: not node.name.startswith("MobilenetV1"))
    result = found(graph)
    assert result.classifier is not None and result.classifier.values.shape == (1001, 20, 1, 1)
    assert any("MobilenetV1/Logits" in note for note in result.notes)


def test_of_two_heads_with_as_many_outputs_the_convolution_is_the_published_one() -> None:
    graph = written(trained(outputs=1001))
    own = {"linear.weight": np.ones((1001, 20), np.float32), "linear.bias": np.zeros(1001, np.float32)}
    _head(graph, "MatMul", "net/AvgPool", own, name="other")
    classifier = found(graph).classifier
    assert classifier is not None and classifier.name == "net/Logits/convolution"
    _head(graph, "Conv2D", "net/AvgPool", own, name="third")
    refused(graph, "2 heads", "net/Logits/convolution", "third/convolution")


@pytest.mark.parametrize("pooled", [True, False])
def test_a_body_without_a_classifier_is_a_body(pooled: bool) -> None:
    graph = written(trained())
    keep = [node for node in graph.message.node if "Logits" not in node.name and (pooled or "AvgPool" not in node.name)]
    del graph.message.node[:]
    graph.message.node.extend(keep)
    result = fitted(graph)
    assert result.outputs == 0 and result.architecture.width == 0.02


def test_the_size_comes_from_the_pooling_where_the_placeholder_leaves_it_open() -> None:
    assert found(written(trained(Name(width=0.02, resolution=96)), open_size=True)).resolution == 96


def test_a_graph_that_scales_its_image_itself_is_read_and_it_is_said() -> None:
    graph = written(trained())
    first = next(node for node in graph.message.node if node.op == "Conv2D")
    resized = graph.node("ResizeBilinear", "resized", "input", graph.const("size", np.int32([64, 64])))
    taken = graph.node("Sub", "taken", resized, graph.const("mean", np.float32(127.5)))
    first.input[0] = graph.node("Mul", "scaled", taken, graph.const("scale", np.float32(1 / 127.5)))
    result = found(graph)
    assert result.resolution == 64  # by the pooling
    assert any("scaled" in note for note in result.notes)


def test_control_edges_and_numbered_outputs_are_names_of_nodes() -> None:
    graph = written(trained())
    for node in graph.message.node:
        for place, name in enumerate(node.input):
            node.input[place] = f"{name}:0"
        if node.op != "Const":
            node.input.append("^input")
    assert len(found(graph).kernels) == 27


Nodes = dict[str, Any]


def edited(change: Callable[[Nodes], Any], **style: Any) -> Graph:
    """A good graph in which something was changed."""
    graph = written(trained(), **style)
    change({node.name: node for node in graph.message.node})
    return graph


def integers(node: str, attribute: str, *values: int) -> Callable[[Nodes], Any]:
    def change(nodes: Nodes) -> None:
        del nodes[node].attr[attribute].list.i[:]
        nodes[node].attr[attribute].list.i.extend(values)

    return change


def text(node: str, attribute: str, value: bytes) -> Callable[[Nodes], Any]:
    return lambda nodes: setattr(nodes[node].attr[attribute], "s", value)


def operation(node: str, op: str) -> Callable[[Nodes], Any]:
    return lambda nodes: setattr(nodes[node], "op", op)


CONV, DEPTHWISE = "net/conv_0/convolution", "net/separable_1/depthwise/convolution"
FOREIGN: dict[str, tuple[Callable[[], Graph], Sequence[str]]] = {
    "not frozen": (
        lambda: edited(operation("net/conv_0/weights", "VariableV2")),
        ("not frozen", "net/conv_0/weights"),
    ),
    "not frozen, in the batch norm": (
        lambda: edited(operation("net/conv_0/norm/gamma", "VariableV2")),
        ("not frozen", "net/conv_0/norm/gamma"),
    ),
    "uneven strides": (lambda: edited(integers(DEPTHWISE, "strides", 1, 3, 1, 1)), ("strides", DEPTHWISE)),
    "dilated": (lambda: edited(integers(DEPTHWISE, "dilations", 1, 2, 2, 1)), ("dilated", DEPTHWISE)),
    "no padding": (lambda: edited(text(CONV, "padding", b"VALID")), (CONV, "(0, 0)")),
    "three dimensions": (lambda: edited(text(CONV, "data_format", b"NCDHW")), (CONV, "NCDHW")),
    "two activations": (lambda: edited(operation("net/conv_0/Relu6", "Relu")), ("relu", "relu6", CONV)),
    "an unknown activation": (lambda: edited(operation("net/conv_0/Relu6", "Elu")), ("Elu net/conv_0/Relu6",)),
    "pooled in parts": (lambda: edited(integers("net/AvgPool", "ksize", 1, 1, 1, 1)), ("pools 1 x 1", "2 x 2")),
    "quantised": (
        lambda: edited(lambda n: setattr(n["net/conv_0/weights"].attr["value"].tensor, "dtype", 12)),
        ("net/conv_0/weights", "type 12"),
    ),
    "a shape that lies": (
        lambda: edited(lambda n: n["net/conv_0/weights"].attr["value"].tensor.tensor_shape.dim.add(size=2)),
        ("net/conv_0/weights", "bytes"),
    ),
    "an image without end": (
        lambda: edited(lambda n: [setattr(dim, "size", 1 << 40) for dim in n["input"].attr["shape"].shape.dim]),
        ("1099511627776", "8192"),
    ),
    "training form": (
        lambda: edited(
            lambda n: setattr(n["net/conv_0/norm/FusedBatchNorm"].attr["is_training"], "b", True),
            norm=fused("FusedBatchNorm"),
        ),
        ("training form",),
    ),
    "another leak": (
        lambda: edited(
            lambda n: [setattr(n[name].attr["alpha"], "f", 0.2) for name in n if name.endswith("LeakyRelu")],
            activation="LeakyRelu",
        ),
        ("0.2", "0.1"),
    ),
    "both paddings": (
        lambda: edited(
            text("net/separable_2/depthwise/convolution", "padding", b"SAME"),
            pads={1: (1, 1), 2: (1, 1)},
        ),
        ("net/separable_2/depthwise/convolution", "SAME"),
    ),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_what_our_networks_do_not_do_is_named(kind: str) -> None:
    make, words = FOREIGN[kind]
    refused(make(), *words)


def test_a_residual_sum_is_named() -> None:
    graph = written(trained())
    graph.node("Add", "sum", "net/separable_7/pointwise/Relu6", "net/separable_8/pointwise/Relu6")
    next(node for node in graph.message.node if node.name == "net/separable_9/depthwise/convolution").input[0] = "sum"
    refused(graph, "Add sum")


def test_a_network_that_strides_elsewhere_is_none_of_ours() -> None:
    with pytest.raises(UsageError, match="stride 2"):
        fitted(edited(integers(DEPTHWISE, "strides", 1, 2, 2, 1), open_size=True, pool="Mean"))


def test_a_network_with_a_shortcut_is_none_of_ours() -> None:
    graph = written(trained())
    next(node for node in graph.message.node if node.name == "net/separable_9/depthwise/convolution").input[0] = (
        "net/separable_7/pointwise/Relu6"
    )
    with pytest.raises(UsageError, match="holds 25 kernels"):
        fitted(graph)


def test_numbers_that_are_not_finite_are_refused() -> None:
    graph = written(trained())
    tensor = next(node for node in graph.message.node if node.name == "net/conv_0/weights").attr["value"].tensor
    tensor.tensor_content = np.full(len(tensor.tensor_content) // 4, np.nan, np.float32).tobytes()
    refused(graph, "net/conv_0/weights", "not finite")


def test_circles_end() -> None:
    factor, shift = "net/conv_0/norm/mul", "net/conv_0/norm/sub"
    for circle in (
        lambda n: n["net/conv_0/weights/read"].input.__setitem__(0, "net/conv_0/weights/read"),
        lambda n: n[factor].input.__setitem__(slice(0, 2), [shift, shift]),
        lambda n: n["net/conv_0/convolution"].input.__setitem__(0, "net/separable_13/pointwise/Relu6"),
        lambda n: n["net/AvgPool"].input.__setitem__(0, "net/Logits/Squeeze"),
        lambda n: [n[name].input.__setitem__(0, name) for name in n if n[name].input],
    ):
        refused(edited(circle))


def test_a_graph_with_parts_missing_is_refused() -> None:
    refused(b"", "no convolution")
    refused(Graph(), "no convolution")
    refused(edited(lambda n: n["net/AvgPool"].input.__setitem__(0, "nowhere")), "nowhere")
    refused(edited(lambda n: n["net/AvgPool"].__setattr__("name", "net/conv_0/Relu6")), "two nodes")
    refused(edited(lambda n: n["net/AvgPool"].__setattr__("name", "a\nb")), "called")
    refused(edited(lambda n: n["net/conv_0/convolution"].input.pop()), "inputs")


def test_little_that_says_it_is_much_takes_no_memory() -> None:
    def huge(n: Nodes) -> None:
        tensor = n["net/conv_0/norm/gamma"].attr["value"].tensor
        tensor.tensor_content = b""
        tensor.tensor_shape.dim[0].size = 1 << 40

    def wide(n: Nodes) -> None:
        for name, shape in (("gamma", (1 << 20, 1)), ("beta", (1, 1 << 20))):
            tensor = n[f"net/conv_0/norm/{name}"].attr["value"].tensor
            tensor.tensor_content = b""
            del tensor.tensor_shape.dim[:]
            for size in shape:
                tensor.tensor_shape.dim.add(size=size)
        n["net/conv_0/norm/mul_2"].input[0] = "net/conv_0/norm/beta"
        n["net/conv_0/norm/mul"].input[0] = "net/conv_0/norm/beta"

    hostile = [
        b"\x0a\x00" * (2 << 20),  # nodes of nothing
        b"\x0a\x04\x2a\x02\x0a\x00" * (1 << 20),
        b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
        b"\x0a" + b"\xff" * 20,
        b"\x0b" * 1000,
        edited(huge).bytes(),
        edited(wide).bytes(),
    ]
    for content in hostile:
        tracemalloc.start()
        refused(content)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 20_000_000 + 2 * len(content)


TINY_FILE = written(trained(), fused("FusedBatchNorm")).bytes()


@st.composite
def damaged(draw: st.DrawFn, content: bytes = TINY_FILE) -> bytes:
    """The file cut short, with bytes changed, or with a part of it put elsewhere."""
    hostile = bytearray(content)
    place = st.integers(0, len(content) - 1)
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["cut", "flip", "splice", "length"]))
        at = draw(place)
        if kind == "cut":
            del hostile[at:]
        elif kind == "flip" and at < len(hostile):
            hostile[at] ^= 1 << draw(st.integers(0, 7))
        elif kind == "splice":
            start = draw(place)
            hostile[at : at + draw(st.integers(0, 200))] = content[start : start + draw(st.integers(0, 200))]
        else:
            hostile[at:at] = draw(st.sampled_from([b"\xff" * 9 + b"\x7f", b"\x80" * 12, b"\xff\xff\xff\xff\x0f"]))
    return bytes(hostile)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(damaged())
def test_a_damaged_file_is_a_network_or_one_line(content: bytes) -> None:
    try:
        result = found(content)
        fit(result, where=str(FILE)).network()
    except UsageError as error:
        assert str(error).startswith(str(FILE)) and len(str(error).splitlines()) == 1


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200).map(lambda tail: b"\x0a" + tail))
def test_any_bytes_are_one_line(content: bytes) -> None:
    refused(content)


def test_the_published_float_network(shared_data: Path) -> None:
    result = read_weights(shared_data / "weights" / "mobilenet_v1_1.0_224_float_frozen.pb")
    assert len(result.kernels) == 27 and {kernel.norm.epsilon for kernel in result.kernels if kernel.norm} == {0.001}
    assert result.classifier is not None and result.classifier.values.shape == (1001, 1024, 1, 1)
    assert (result.padding, result.activation, result.resolution) == ("same", "relu6", 224)
    assert [note for note in result.notes if "final_training_ops" in note]
    architecture = fit(result, where="it").architecture
    assert str(architecture.name) == "mobilenet_v1_1.0_224" and architecture.norm_epsilon == 0.001
