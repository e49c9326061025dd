"""JSON beside weights: every value is checked before it is believed."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobilenets.errors import UsageError
from mobilenets.weights.read import WeightFile
from mobilenets.weights.state_dict.config import Config, beside


def test_values_as_they_should_be() -> None:
    config = Config({"n": 2, "f": True, "w": "same", "s": [3, 224, 224], "c": [1, 0.5, 2], "p": {"n": 1}}, "c.json")
    assert config.number("n", low=0, high=3) == 2.0
    assert config.flag("f", usual=False) is True
    assert config.word("w", "", known=("", "same")) == "same"
    assert config.side("s") == 224
    assert Config({"s": {"height": 96, "width": 96}}, "").side("s") == 96
    assert config.colours("c", low=0) == (1.0, 0.5, 2.0)
    assert config.part("p").number("n", low=0, high=1) == 1.0
    assert config.number("missing", 0.5, low=0, high=1) == 0.5
    assert (config.side("missing"), config.colours("missing", low=0), config.part("missing").values) == (None, None, {})


@pytest.mark.parametrize("value", ["1", True, float("nan"), float("inf"), -1, 4, [], {}])
def test_numbers_that_are_none(value: Any) -> None:
    with pytest.raises(UsageError, match=r"c\.json: n is .* and not a number from 0 to 3"):
        Config({"n": value}, "c.json").number("n", low=0, high=3)


@pytest.mark.parametrize("value", [0, -1, 2**40, 1.5, "224", True, [], {}, [224], [3, 224, 192], {"height": None}])
def test_sides_that_are_none(value: Any) -> None:
    if value == [224]:
        assert Config({"s": value}, "c.json").side("s") == 224
        return
    with pytest.raises(UsageError, match=r"c\.json: s is"):
        Config({"s": value}, "c.json").side("s")


@pytest.mark.parametrize("value", [1, [1, 2], [1, 2, 0], [1, 2, float("nan")], [1, 2, "3"], "abc", [True, True, True]])
def test_colours_that_are_none(value: Any) -> None:
    with pytest.raises(UsageError, match=r"c\.json: c is .* and not three numbers over 0"):
        Config({"c": value}, "c.json").colours("c", low=0)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_any_value_is_taken_or_refused_in_a_line(value: Any) -> None:
    config = Config({"v": value}, "c.json")
    for take in (
        lambda: config.number("v", low=0, high=1),
        lambda: config.flag("v", usual=True),
        lambda: config.word("v", "a", known=("a", "b")),
        lambda: config.side("v"),
        lambda: config.colours("v", low=0),
        lambda: config.part("v"),
    ):
        try:
            take()
        except UsageError as error:
            assert "\n" not in str(error)


def test_the_file_beside(tmp_path: Path) -> None:
    file = WeightFile(tmp_path / "model.safetensors", b"")
    assert beside(file, "config.json") is None
    (tmp_path / "config.json").write_text(json.dumps({"a": 1}))
    found = beside(file, "config.json")
    assert found is not None
    assert found.values == {"a": 1}


@pytest.mark.parametrize("content", [b"", b"[1]", b"{", b"\xff\xfe", b"[" * 100_000])
def test_a_file_beside_that_is_no_object(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(UsageError, match=r"config\.json (is no JSON|holds no JSON object)"):
        beside(WeightFile(tmp_path / "model.safetensors", b""), "config.json")
