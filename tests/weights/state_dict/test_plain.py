"""Kernels by shape and order: with batch norm or without, with a classifier of either kind or none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobilenets.errors import UsageError
from mobilenets.weights.found import Array
from mobilenets.weights.state_dict import plain
from mobilenets.weights.state_dict.tensors import Tensors, natural


def _zeros(*shape: int) -> Array:
    return np.zeros(shape, np.float32)


def _norm(name: str, channels: int) -> dict[str, Array]:
    parts = ("weight", "bias", "running_mean", "running_var")
    return {**{f"{name}.{part}": _zeros(channels) for part in parts}, f"{name}.num_batches_tracked": _zeros()}


def _found(tensors: dict[str, Array]) -> plain.Found:
    return plain.found(Tensors(tensors, where="a.pth"), form="state dict", notes=())


def test_each_kernel_has_the_batch_norm_of_its_place() -> None:
    tensors = {"a.weight": _zeros(8, 3, 3, 3), **_norm("b", 8), "c.weight": _zeros(8, 1, 3, 3), **_norm("d", 8)}
    tensors["b.running_mean"][:] = 2.0
    found = _found(tensors)
    assert [kernel.groups for kernel in found.kernels] == [1, 8]
    assert [kernel.norm.mean[0] for kernel in found.kernels if kernel.norm] == [2.0, 0.0]
    assert (found.classifier, found.padding, found.activation, found.mean) == (None, None, None, None)


@pytest.mark.parametrize("shape", [(5, 8), (5, 8, 1, 1)])
def test_the_last_with_a_bias_is_the_classifier(shape: tuple[int, ...]) -> None:
    found = _found({"a.weight": _zeros(8, 3, 3, 3), **_norm("b", 8), "z.weight": _zeros(*shape), "z.bias": _zeros(5)})
    assert found.classifier is not None
    assert found.classifier.values.shape == (5, 8, 1, 1)
    assert len(found.kernels) == 1


def test_folded_batch_norm_leaves_biases() -> None:
    tensors = {"a.weight": _zeros(8, 3, 3, 3), "a.bias": _zeros(8), "b.weight": _zeros(5, 8), "b.bias": _zeros(5)}
    found = _found(tensors)
    assert found.kernels[0].norm is None
    assert found.kernels[0].bias is not None
    assert found.classifier is not None


def test_a_batch_norm_without_scale_and_shift_has_one_and_nothing() -> None:
    tensors = {"a.weight": _zeros(8, 3, 3, 3), "b.running_mean": _zeros(8), "b.running_var": _zeros(8)}
    norm = _found(tensors).kernels[0].norm
    assert norm is not None
    assert (norm.scale.tolist(), norm.shift.tolist()) == ([1.0] * 8, [0.0] * 8)


def test_the_kernel_that_reads_the_picture_comes_first() -> None:
    tensors = {"body.weight": _zeros(16, 8, 1, 1), "head.weight": _zeros(5, 16), "head.bias": _zeros(5)}
    found = _found({**tensors, "stem.weight": _zeros(8, 3, 3, 3)})
    assert [kernel.name for kernel in found.kernels] == ["stem.weight", "body.weight"]


@pytest.mark.parametrize(
    ("tensors", "problem"),
    [
        ({}, "holds no kernels"),
        ({"a.weight": _zeros(8, 3, 3, 3), **_norm("b", 7)}, "has 8 outputs, its batch norm 7"),
        ({"a.weight": _zeros(8, 3, 3, 3), **_norm("b", 8), **_norm("c", 8)}, "1 convolutions and 2 batch norms"),
        ({"a.weight": _zeros(8, 3, 3, 3), "a.bias": _zeros(7)}, r"a.bias has the shape \(7,\) in place of \(8,\)"),
        ({"a.weight": _zeros(8, 3, 3, 3), "slope": _zeros(8)}, r"slope \(8\) is neither kernel nor bias"),
        ({"a.weight": _zeros(8, 3, 3, 3, 3)}, "no kernel of a convolution"),
        ({"a.weight": _zeros(0, 3, 3, 3)}, "no kernel of a convolution"),
        ({"a.weight": _zeros(8, 3, 3, 3), "b.running_mean": _zeros(8)}, "has no tensor b.running_var"),
        ({"a.weight": _zeros(8, 3, 3, 3), "b.running_mean": _zeros(2, 4)}, "is no batch norm's"),
    ],
)
def test_what_is_none_of_our_networks_is_told_in_a_line(tensors: dict[str, Array], problem: str) -> None:
    with pytest.raises(UsageError, match=problem) as caught:
        _found(tensors)
    assert str(caught.value).startswith("a.pth")


@given(st.lists(st.tuples(st.text(max_size=5), st.integers(0, 10**20)), max_size=4))
def test_any_names_can_be_sorted(parts: list[tuple[str, int]]) -> None:
    name = "".join(f"{text}{number}" for text, number in parts)
    assert natural(name) == natural(name)
    assert sorted(["a.10", "a.2", "", name], key=natural)


def test_numbers_sort_as_numbers() -> None:
    assert sorted(["b.10.x", "b.2.x", "a.1", "b.2"], key=natural) == ["a.1", "b.2", "b.2.x", "b.10.x"]
