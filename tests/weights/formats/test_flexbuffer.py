"""FlexBuffers: what their own library writes is read, and what is damaged is refused in one line."""

import math
from typing import Any

import pytest
from flatbuffers import flexbuffers
from hypothesis import given
from hypothesis import strategies as st

from mobilenets.errors import UsageError
from mobilenets.weights.formats.flexbuffer import numbers_of

NAMES = st.text(st.characters(min_codepoint=1, max_codepoint=127), min_size=1, max_size=20)
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(width=32, allow_nan=False) | st.booleans()
OPTIONS = {"max_detections": 10, "nms_iou_threshold": 0.6, "use_regular_nms": True, "y_scale": 10.0, "num_classes": 90}


def written(entries: dict[str, Any]) -> bytes:
    return bytes(flexbuffers.Dumps(entries))


@given(st.dictionaries(NAMES, NUMBERS, max_size=30))
def test_what_the_library_writes_is_read(entries: dict[str, Any]) -> None:
    found = numbers_of(written(entries), where="options")
    assert found.keys() == entries.keys()
    for name, value in entries.items():
        assert found[name] == pytest.approx(float(value), rel=1e-6) or not math.isfinite(found[name])


def test_numbers_that_stand_elsewhere_are_read() -> None:
    builder = flexbuffers.Builder()
    with builder.Map():
        builder.Key("whole")
        builder.IndirectInt(-7)
        builder.Key("positive")
        builder.IndirectUInt(300)
        builder.Key("real")
        builder.IndirectFloat(0.25)
    assert numbers_of(bytes(builder.Finish()), where="options") == {"whole": -7, "positive": 300, "real": 0.25}


def test_entries_that_are_no_numbers_are_left_out() -> None:
    assert numbers_of(written({"name": "ssd", "some": [1, 2], "most": 10, "inner": {"a": 1}}), where="options") == {
        "most": 10.0
    }


@pytest.mark.parametrize("data", [b"", b"\0", bytes(flexbuffers.Dumps(3)), bytes(flexbuffers.Dumps([1]))])
def test_what_is_no_map_of_numbers_is_refused(data: bytes) -> None:
    with pytest.raises(UsageError, match=r"^options is damaged"):
        numbers_of(data, where="options")


def test_a_map_may_be_empty() -> None:
    assert numbers_of(written({}), where="options") == {}


def test_more_entries_than_any_operator_has_are_refused() -> None:
    with pytest.raises(UsageError, match="101 entries, over the limit of 100"):
        numbers_of(written({f"name {place}": place for place in range(101)}), where="options")


@given(st.data())
def test_damage_ends_in_numbers_or_in_one_line(data: st.DataObject) -> None:
    content = bytearray(written(OPTIONS))
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(content)[: data.draw(st.integers(0, len(content)))] if data.draw(st.booleans()) else bytes(content)
    try:
        found = numbers_of(cut, where="options")
    except UsageError as error:
        assert str(error).startswith("options") and "\n" not in str(error)
    else:
        assert len(found) <= 100
