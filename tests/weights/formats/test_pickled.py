"""Pickles that torch.load would believe: each is refused before torch sees it."""

import io
import pickle
import struct
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mobilenets.weights.formats.pickled import PickleError, look_through


class _Calls:
    """Pickles as a call of `function` with `arguments`."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


class _Storage:
    """Stands for a storage of four floats."""


class _Pickler(pickle.Pickler):
    def persistent_id(self, obj: Any) -> Any:
        return ("storage", torch.FloatStorage, "0", "cpu", 4, None) if isinstance(obj, _Storage) else None


def _pickled(value: Any) -> bytes:
    stream = io.BytesIO()
    _Pickler(stream, protocol=2).dump(value)
    return stream.getvalue()


def _tensor(offset: Any, size: Any, stride: Any) -> bytes:
    return _pickled(_Calls(torch._utils._rebuild_tensor_v2, _Storage(), offset, size, stride, False, {}))


def test_a_sound_pickle_says_its_storages() -> None:
    content = b"before" + _tensor(0, (2, 2), (2, 1)) + b"behind"
    walked = look_through(content, 6)
    assert walked.storage_bytes == {"0": 16}
    assert content[walked.end :] == b"behind"
    assert look_through(_pickled([1, "two", 3.0])).value == [1, "two", 3.0]
    assert look_through(_tensor(0, (0, 3), (3, 1))).items == {"0": 4}


@pytest.mark.parametrize(
    ("offset", "size", "stride"),
    [
        (0, (5,), (1,)),
        (1, (4,), (1,)),
        (0, (2, 2), (3, 1)),
        (0, (10**12,), (0,)),
        (0, (1, 10**9), (0, 0)),
        (-1, (2,), (1,)),
        (0, (2,), (-1,)),
        (0, (2, 2), (1,)),
        (0, (2.0,), (1,)),
        (None, (2,), (1,)),
    ],
)
def test_a_tensor_outside_its_storage_is_refused(offset: Any, size: Any, stride: Any) -> None:
    with pytest.raises(PickleError, match="tensor"):
        look_through(_tensor(offset, size, stride))


@pytest.mark.parametrize(
    "function", [bytearray, print, complex, torch.Tensor, torch._utils._rebuild_meta_tensor_no_storage]
)
def test_no_other_function_is_called(function: Any) -> None:
    with pytest.raises(PickleError, match=r"only tensors by name are read: save model\.state_dict\(\)"):
        look_through(_pickled(_Calls(function, 10**12)))


def test_a_tuple_of_tuples_that_takes_for_ever_to_hash_is_refused() -> None:
    bomb: Any = ("a",)
    for _ in range(64):
        bomb = (bomb, bomb)
    with pytest.raises(PickleError, match="tuple of more than"):
        look_through(_pickled([bomb]))


def test_many_keys_that_could_all_have_one_hash_are_refused() -> None:
    with pytest.raises(PickleError, match="keys that are no names"):
        look_through(_pickled(dict.fromkeys(range(20_000))))
    look_through(_pickled({str(place): place for place in range(20_000)}))


def test_an_attribute_over_a_tensor_is_refused() -> None:
    # BUILD on a tensor would set its storage anew, without the checks of the call that made it.
    content = _tensor(0, (4,), (1,))
    with pytest.raises(PickleError, match="cannot be built on"):
        look_through(content[:-1] + b"}b.")


@pytest.mark.parametrize("protocol", [0, 3, 4, 5])
def test_other_protocols_are_refused(protocol: int) -> None:
    with pytest.raises(PickleError):
        look_through(pickle.dumps({"a": [1, (2, 3)]}, protocol=protocol))


@given(st.binary(max_size=60))
def test_any_bytes_are_walked_or_refused(content: bytes) -> None:
    for start in (b"", b"\x80\x02"):
        try:
            look_through(start + content + b".")
        except PickleError as error:
            assert str(error).isprintable()


@settings(max_examples=200)
@given(st.lists(st.sampled_from([b"(", b")", b"]", b"}", b"t", b"\x85", b"\x86", b"q\x00", b"h\x00", b"a", b"e", b"s",
                                 b"u", b"R", b"b", b"Q", b"N", b"K\x01", b"X\x01\x00\x00\x00a",
                                 b"ccollections\nOrderedDict\n", b"ctorch._utils\n_rebuild_tensor_v2\n",
                                 b"ctorch\nFloatStorage\n", b"\x8a\x01\x01"]), max_size=30))  # fmt: skip
def test_any_instructions_are_walked_or_refused(instructions: list[bytes]) -> None:
    try:
        look_through(b"\x80\x02" + b"".join(instructions) + b".")
    except PickleError as error:
        assert str(error).isprintable()


def test_a_length_that_lies_is_refused() -> None:
    with pytest.raises(PickleError, match="damaged"):
        look_through(b"\x80\x02X" + struct.pack("<I", 2**31 - 1) + b"short.")
