"""Which of our networks a file's kernels belong to, and every tensor in its place."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mobilenets.architecture import names
from mobilenets.architecture.layer import Layer
from mobilenets.architecture.names import Name
from mobilenets.architecture.tables import classifier
from mobilenets.errors import UsageError
from mobilenets.network.graph import Network
from mobilenets.weights.fitting import Asked, Fitted, fit
from mobilenets.weights.found import Array, Found, Kernel, Norm

WHERE = "some.weights"


def kernel(layer: Layer, *, norm: bool = True, epsilon: float = 1e-3, empty: bool = False) -> Kernel:
    """Random numbers of a layer's shape, or none at all where only shapes matter."""
    random = np.random.default_rng(len(layer.name) + layer.weights)
    channels = layer.in_channels // layer.groups
    shape = (layer.out_channels, channels, *(layer.kernel if layer.op == "conv" else (1, 1)))

    def numbers(*size: int) -> Array:
        return np.broadcast_to(np.float32(1), size) if empty else random.uniform(0.5, 1.5, size).astype(np.float32)

    own = Norm(*(numbers(shape[0]) for _ in range(4)), epsilon) if norm else None
    return Kernel(layer.name, numbers(*shape), layer.groups, None if norm else numbers(shape[0]), own)


def found(name: str | Name, *, outputs: int = 0, norm: bool = True, epsilon: float = 1e-3, **fields: Any) -> Found:
    """What a reader finds in a file of the network called `name`."""
    body = names.body(name)
    layers = [*body, *(classifier(body, outputs) if outputs else ())]
    kernels = [
        kernel(layer, norm=norm and layer.op == "conv", epsilon=epsilon, empty=not outputs)
        for layer in layers
        if layer.weights
    ]
    head = kernels.pop() if outputs else None
    return Found(form="test", kernels=tuple(kernels), classifier=head, **fields)


def fitted(contents: Found, **asked: Any) -> Fitted:
    return fit(contents, Asked(**asked), where=WHERE)


def refused(contents: Found, *words: str) -> None:
    with pytest.raises(UsageError) as caught:
        fitted(contents)
    assert str(caught.value).startswith(WHERE) and "\n" not in str(caught.value)
    assert all(word in str(caught.value) for word in words), str(caught.value)


@pytest.mark.parametrize("family", ["mobilenet_v1", "conv_mobilenet_v1", "shallow_mobilenet_v1"])
@pytest.mark.parametrize("width", [0.25, 0.35, 0.5, 0.75, 1.0, 1.25])
def test_family_and_width_are_found_by_the_shapes(family: str, width: float) -> None:
    if family == "conv_mobilenet_v1" and width > 0.5:
        width /= 2  # full convolutions are large
    result = fitted(found(Name(family, width, 128), resolution=128))
    assert (result.architecture.family, result.architecture.width) == (family, width)
    assert result.architecture.name == Name(family, width, 128) and result.outputs == 0
    assert result.layers[-1].op == "global_average_pool"


@settings(max_examples=30, deadline=None)
@given(st.integers(11, 1000).map(lambda thousandths: thousandths / 1000))  # larger networks take seconds
def test_the_width_found_has_the_channels_of_the_file(width: float) -> None:
    """Widths that give the same channels cannot be told apart; the one with the fewest decimals is the answer."""
    expected = [layer.out_channels for layer in names.body(Name(width=width))]
    result = fitted(found(Name(width=width)))
    assert [layer.out_channels for layer in result.layers[:-1]] == expected
    assert len(repr(result.architecture.width)) <= len(repr(width))


@pytest.mark.parametrize("norm", [True, False])
def test_every_tensor_is_in_its_place(norm: bool) -> None:
    contents = found("mobilenet_v1_0.25_64", outputs=5, norm=norm, resolution=64, padding="symmetric")
    result = fitted(contents)
    assert result.architecture.norm == norm and result.outputs == 5
    expected = Network(result.layers).state_dict()
    assert {name: value.shape for name, value in expected.items()} == {
        name: value.shape for name, value in result.state.items()
    }
    assert {value.dtype for name, value in result.state.items() if "tracked" not in name} == {torch.float32}
    last, head = contents.kernels[-1], contents.classifier
    at = "blocks.separable_13.pointwise"
    assert np.array_equal(result.state[f"{at}.conv.weight"].numpy(), last.values)
    if last.norm:
        for name, values in (
            ("weight", last.norm.scale),
            ("bias", last.norm.shift),
            ("running_mean", last.norm.mean),
            ("running_var", last.norm.variance),
        ):
            assert np.array_equal(result.state[f"{at}.norm.{name}"].numpy(), values), name
    else:
        assert last.bias is not None and np.array_equal(result.state[f"{at}.conv.bias"].numpy(), last.bias)
    assert head is not None and head.bias is not None
    assert np.array_equal(result.state["blocks.classifier.linear.weight"].numpy(), head.values[:, :, 0, 0])
    assert np.array_equal(result.state["blocks.classifier.linear.bias"].numpy(), head.bias)
    assert result.network().eval()(torch.zeros(1, 3, 64, 64)).isfinite().all()


def test_a_bias_before_a_batch_norm_becomes_part_of_its_mean() -> None:
    contents = found("mobilenet_v1_0.25_32", outputs=3, resolution=32)
    plain = fitted(contents).network().eval()
    bias = np.full(len(contents.kernels[0].values), 0.3, np.float32)
    first = replace(contents.kernels[0], bias=bias)
    moved = fitted(replace(contents, kernels=(first, *contents.kernels[1:]))).network().eval()
    image = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    at = "conv_0"
    norm = plain.blocks[at].norm
    with torch.no_grad():
        before = plain.blocks[at].conv(torch.nn.functional.pad(image, (0, 1, 0, 1))) + 0.3
        torch.testing.assert_close(moved.blocks[at](image), norm(before).clamp(0, 6))


def test_a_classifier_without_bias_has_none() -> None:
    contents = found("mobilenet_v1_0.25_32", outputs=3)
    assert contents.classifier is not None
    result = fitted(replace(contents, classifier=replace(contents.classifier, bias=None)))
    assert not result.state["blocks.classifier.linear.bias"].any()


def test_the_epsilon_is_the_files() -> None:
    assert fitted(found("mobilenet_v1_0.25_32", epsilon=1e-5)).architecture.norm_epsilon == 1e-5
    assert fitted(found("mobilenet_v1_0.25_32", norm=False)).architecture.norm_epsilon == 1e-3


def test_what_the_file_does_not_say_is_usual_and_said() -> None:
    result = fitted(found("mobilenet_v1_0.25_32"))
    chosen = result.architecture
    assert (chosen.resolution, chosen.padding, chosen.activation) == (224, "same", "relu6")
    assert result.preprocessing.mean == result.preprocessing.std == (0.5, 0.5, 0.5)
    for word in ("resolution", "padding", "activation", "mean", "std"):
        assert any(f"its {word}:" in note and f"--{word}" in note for note in result.notes)


def test_what_the_user_says_goes_before_the_file() -> None:
    said: dict[str, Any] = {
        "resolution": 96,
        "padding": "symmetric",
        "activation": "relu",
        "mean": (0.4, 0.5, 0.6),
        "std": (0.2, 0.2, 0.2),
    }
    other = {"resolution": 64, "padding": "same", "activation": "leaky_relu", "mean": (0.5,) * 3, "std": (0.5,) * 3}
    result = fitted(found("mobilenet_v1_0.25_32", **other, notes=("a head left out",)), **said)
    assert {name: getattr(result.architecture, name) for name in ("resolution", "padding", "activation")} == {
        name: said[name] for name in ("resolution", "padding", "activation")
    }
    assert (result.preprocessing.mean, result.preprocessing.std) == (said["mean"], said["std"])
    assert result.preprocessing.resolution == 96
    assert result.notes == ("a head left out",)


def _with(place: int, change: Callable[[Kernel], Kernel]) -> Found:
    contents = found("mobilenet_v1_0.25_32", outputs=3)
    kernels = list(contents.kernels)
    kernels[place] = change(kernels[place])
    return replace(contents, kernels=tuple(kernels))


def _grown(values: Array, axis: int) -> Array:
    return np.repeat(values, 2, axis)


_HEAD = classifier(names.body("mobilenet_v1_0.25_32"), 3)[-1]
FOREIGN: dict[str, tuple[Callable[[], Found], Sequence[str]]] = {
    "no kernels": (lambda: Found(form="test", kernels=()), ("no kernels",)),
    "one too few": (
        lambda: replace(found("mobilenet_v1_0.25_32"), kernels=found("mobilenet_v1_0.25_32").kernels[1:]),
        ("26",),
    ),
    "grey images": (lambda: _with(0, lambda k: replace(k, values=k.values[:, :1])), ("27 kernels",)),
    "5 x 5": (lambda: _with(1, lambda k: replace(k, values=_grown(k.values, 2))), ("27 kernels",)),
    "more channels": (lambda: _with(4, lambda k: replace(k, values=_grown(k.values, 0))), ("27 kernels",)),
    "no groups": (lambda: _with(1, lambda k: replace(k, groups=1)), ("27 kernels",)),
    "stride": (lambda: _with(1, lambda k: replace(k, stride=2)), ("separable_1/depthwise", "stride 2")),
    "one without batch norm": (lambda: _with(5, lambda k: replace(k, norm=None)), ("not all alike",)),
    "two epsilons": (
        lambda: _with(5, lambda k: replace(k, norm=replace(k.norm, epsilon=1e-5) if k.norm else None)),
        ("not all alike", "1e-05"),
    ),
    "a head on another body": (
        lambda: replace(found("mobilenet_v1_0.25_32"), classifier=found("mobilenet_v1_0.5_32", outputs=3).classifier),
        ("classifier", "3 x 512 x 1 x 1", "3 x 256 x 1 x 1"),
    ),
    "a head with batch norm": (
        lambda: replace(found("mobilenet_v1_0.25_32"), classifier=kernel(_HEAD)),
        ("classifier", "a batch norm"),
    ),
    "epsilon of nothing": (lambda: found("mobilenet_v1_0.25_32", epsilon=0.0), ("add 0 to the variance",)),
    "a short bias": (
        lambda: replace(
            found("mobilenet_v1_0.25_32"),
            classifier=replace(kernel(_HEAD, norm=False), bias=np.ones(2, np.float32)),
        ),
        ("classifier", "3 channels", "2 numbers"),
    ),
    "a short mean": (
        lambda: _with(3, lambda k: replace(k, norm=replace(k.norm, mean=np.ones(1, np.float32)) if k.norm else None)),
        ("separable_2/depthwise",),
    ),
    "a negative variance": (
        lambda: _with(3, lambda k: replace(k, norm=replace(k.norm, variance=-k.norm.variance) if k.norm else None)),
        ("separable_2/depthwise", "negative"),
    ),
    "not a number": (
        lambda: _with(2, lambda k: replace(k, values=k.values * np.float32("nan"))),
        ("separable_1/pointwise", "finite"),
    ),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_another_network_is_refused_by_name(kind: str) -> None:
    make, words = FOREIGN[kind]
    refused(make(), *words)
