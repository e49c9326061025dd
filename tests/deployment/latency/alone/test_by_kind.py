"""A runtime's nodes, mapped to kinds of layers."""

import pytest

from mobilenets.deployment.latency.alone.by_kind import Node, Work, by_kind

LAYERS = (Work("conv", 100), Work("depthwise", 50), Work("pointwise", 800), Work("linear", 50))


@pytest.mark.parametrize(
    "ops",
    [
        ("Cast", "Conv", "Conv", "Conv", "ReorderOutput", "Gemm"),
        ("Subgraph", "Convolution", "GroupConvolution", "Convolution", "ReduceMean", "FullyConnected"),
        ("QuantizeLinear", "QLinearConv", "QLinearConv", "QLinearConv", "DequantizeLinear", "QGemm"),
        ("Convert", "Convolution", "GroupConvolution", "Convolution", "Reorder", "MatMul"),
    ],
)
def test_each_node_with_weights_is_a_layer_and_the_rest_is_other(ops: tuple[str, ...]) -> None:
    seconds = (0.1, 0.2, 0.1, 0.4, 0.1, 0.1)
    shares = by_kind([Node(op, taken) for op, taken in zip(ops, seconds, strict=True)], LAYERS)
    assert not shares.note
    assert {kind: share["time"] for kind, share in shares.kinds.items()} == pytest.approx(
        {"conv": 0.2, "depthwise": 0.1, "pointwise": 0.4, "linear": 0.1, "other": 0.2}
    )
    assert {kind: share["mult_adds"] for kind, share in shares.kinds.items()} == pytest.approx(
        {"conv": 0.1, "depthwise": 0.05, "pointwise": 0.8, "linear": 0.05, "other": 0.0}
    )


def test_nodes_that_are_not_the_layers_are_not_guessed_at() -> None:
    shares = by_kind([Node("Conv", 1.0)] * 3, LAYERS)
    assert not shares.kinds
    assert shares.note == "its 3 convolutions and products are not the 4 layers one to one"


def test_a_clock_that_is_too_coarse() -> None:
    shares = by_kind([Node("Conv", 0.0)] * 4, LAYERS)
    assert (shares.kinds, shares.note) == ({}, "its nodes were too quick for its own clock")
