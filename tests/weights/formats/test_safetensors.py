"""safetensors files with names of their own, and damaged ones."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save
from torch import nn

from mobilenets.errors import UsageError
from mobilenets.network.graph import Network
from mobilenets.weights.fitting import fit
from mobilenets.weights.formats import safetensors
from mobilenets.weights.found import Found
from mobilenets.weights.read import WeightFile

InMemory = Callable[[bytes, str], WeightFile]


def test_names_with_numbers_give_the_order_that_the_format_does_not_keep(
    small_network: Network, in_memory: InMemory
) -> None:
    blocks = list(small_network.blocks.children())
    renamed = nn.Sequential(*blocks).state_dict()  # 0.conv.weight ... 10.depthwise ... 15.linear.weight
    assert [*sorted(renamed)] != [*renamed]
    fitted = fit(safetensors.read(in_memory(save(renamed), "a.safetensors")), where="a")
    assert all(torch.equal(tensor, fitted.state[name]) for name, tensor in small_network.state_dict().items())
    assert fitted.outputs == 5


def test_our_own_names_are_read(small_network: Network, in_memory: InMemory) -> None:
    fitted = fit(safetensors.read(in_memory(save(small_network.state_dict()), "model.safetensors")), where="a")
    assert all(torch.equal(tensor, fitted.state[name]) for name, tensor in small_network.state_dict().items())


def test_bfloat16_is_widened(in_memory: InMemory) -> None:
    values = torch.tensor([1.5, -2.0], dtype=torch.bfloat16)
    tensors = safetensors.tensors(in_memory(save({"a": values}), "a.safetensors"))
    assert tensors["a"].tolist() == [1.5, -2.0]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x02" + bytes(7) + b"{",
        (2**40).to_bytes(8, "little") + b"{}",
        (58).to_bytes(8, "little") + b'{"a":{"dtype":"F32","shape":[9],"data_offsets":[0,999999]}}',
        (60).to_bytes(8, "little") + b'{"a":{"dtype":"F32","shape":[4294967296],"data_offsets":[0,4]}}',
        (55).to_bytes(8, "little") + b'{"a":{"dtype":"X9","shape":[1],"data_offsets":[0,4]}}  ' + bytes(4),
    ],
)
def test_headers_that_lie_are_refused(content: bytes, in_memory: InMemory) -> None:
    with pytest.raises(UsageError, match=r"nowhere/a\.safetensors is no whole safetensors file") as caught:
        safetensors.read(in_memory(content, "a.safetensors"))
    assert str(caught.value).isprintable()


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused_in_a_line(
    data: st.DataObject, small_network: Network, damaged: Callable[..., bytes], in_memory: InMemory
) -> None:
    content = save(small_network.state_dict())
    try:
        assert isinstance(safetensors.read(in_memory(damaged(data, content, 14_000), "a.safetensors")), Found)
    except UsageError as error:
        assert "nowhere/a.safetensors" in str(error)
        assert str(error).isprintable()
