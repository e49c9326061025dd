"""Limits, and the way of settings to JSON and back."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobilenets.architecture.names import FAMILIES
from mobilenets.errors import UsageError
from mobilenets.run import Architecture, Augmentation, Machine, Optimisation, Run
from mobilenets.settings import from_json, one_of_its_words, to_json, within

# --- Limits ---


@pytest.mark.parametrize(
    ("limits", "inside", "outside"),
    [
        ({"low": 1}, [1, 10**9], [0, 0.999, -5, math.inf, math.nan]),
        ({"low": 0.0, "high": 1.0}, [0, 0.5, 1.0], [-1e-9, 1.0000001, math.nan]),
        ({"low": 0.0, "high": 1.0, "open_low": True}, [1e-300, 1.0], [0.0, 1.1]),
        ({"low": 0.0, "below": 1.0}, [0.0, 0.999999], [1.0, 1, 2.0, math.nan]),
    ],
)
def test_limits(limits: dict[str, Any], inside: list[float], outside: list[float]) -> None:
    for value in inside:
        within("dial", value, **limits)
    for value in outside:
        with pytest.raises(UsageError, match=r"dial .* is outside"):
            within("dial", value, **limits)


@pytest.mark.parametrize(
    ("value", "limits", "words"),
    [
        (0, {"low": 1}, "dial 0 is outside [1, inf): use at least 1"),
        (1.5, {"low": 0.0, "high": 1.0}, "dial 1.5 is outside [0, 1]: use at least 0 and at most 1"),
        (1.0, {"low": 0.0, "below": 1.0}, "dial 1 is outside [0, 1): use at least 0 and under 1"),
        (
            0.0,
            {"low": 0.0, "high": 100.0, "open_low": True},
            "dial 0 is outside (0, 100]: use more than 0 and at most 100",
        ),
        (
            2**32,
            {"low": 0, "high": 2**32 - 1},
            "dial 4294967296 is outside [0, 4294967295]: use at least 0 and at most 4294967295",
        ),
        (1.0000001, {"low": 0.0, "high": 1.0}, "dial 1.0000001 is outside [0, 1]: use at least 0 and at most 1"),
        (math.nan, {"low": 0.0}, "dial nan is outside [0, inf): use at least 0"),
    ],
)
def test_the_line_names_the_value_the_limit_and_the_remedy(value: float, limits: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        within("dial", value, **limits)
    assert str(caught.value) == words


def test_a_number_of_hundreds_of_digits_is_only_a_number_outside() -> None:
    with pytest.raises(UsageError, match=r"is outside \[0, 10\]"):
        within("dial", 10**400, low=0, high=10)


# --- There and back ---

SWITCH = st.sampled_from(["auto", "on", "off"])
RUNS = st.builds(
    Run,
    data=st.text(),
    out=st.text(st.characters(exclude_characters="\0/"), min_size=1).map(Path),
    task=st.text(),
    recipe=st.sampled_from(["scratch", "paper"]),
    weights=st.none() | st.text(),
    architecture=st.builds(
        Architecture,
        family=st.sampled_from([*FAMILIES]),
        width=st.floats(0.01, 2.0),
        resolution=st.integers(32, 1000),
        min_depth=st.integers(1, 64),
        padding=st.sampled_from(["same", "symmetric"]),
        activation=st.sampled_from(["relu6", "relu", "leaky_relu"]),
        dropout=st.floats(0.0, 1.0, exclude_max=True),
    ),
    epochs=st.integers(1, 10**6),
    batch=st.integers(8, 10**6),
    accumulate=st.integers(1, 8),
    seed=st.integers(0, 2**32 - 1),
    val_fraction=st.floats(0.0, 1.0, exclude_min=True, exclude_max=True),
    crop=st.none() | st.floats(0.1, 1.0),
    squash=st.booleans(),
    augmentation=st.builds(Augmentation, min_area=st.none() | st.floats(0.01, 1.0), flip=SWITCH, colour=SWITCH),
    optimisation=st.builds(
        Optimisation,
        optimiser=st.sampled_from(["rmsprop_tf", "sgd", "adamw"]),
        lr=st.floats(0.0, 100.0, exclude_min=True),
        schedule=st.sampled_from(["cosine", "staircase", "constant"]),
        weight_decay=st.floats(0.0, 1e300),
        decay_depthwise=st.booleans(),
        clip=st.floats(0.0, 10.0),
    ),
    machine=st.builds(
        Machine,
        device=st.sampled_from(["auto", "cpu", "cuda"]),
        compile=st.booleans(),
        threads=st.integers(0, 4096),
        cache_gb=st.floats(0.0, 1e6),
    ),
    strict=st.booleans(),
    save_minutes=st.floats(0.0, 1e9),
)


@given(run=RUNS)
def test_a_run_comes_back_from_json_as_it_was(run: Run) -> None:
    assert from_json(Run, json.loads(json.dumps(to_json(run)))) == run


def test_whole_numbers_of_json_are_floats_where_floats_belong() -> None:
    run = from_json(Run, {"data": "digits", "out": "run", "optimisation": {"lr": 1}, "crop": 1})
    assert type(run.optimisation.lr) is float and type(run.crop) is float
    assert run.out == Path("run")


@dataclass(frozen=True)
class Inner:
    """Settings inside settings."""

    share: float = 0.5

    def __post_init__(self) -> None:
        within("share", self.share, low=0.0, high=1.0)


@dataclass(frozen=True)
class Outer:
    """Every kind of field."""

    name: str
    count: int
    folder: Path = Path("here")
    flag: bool = False
    word: Literal["left", "right"] = "left"
    perhaps: int | None = None
    inner: Inner = field(default_factory=Inner)
    pair: tuple[float, float] = (0.5, 0.5)
    facts: Mapping[str, Any] = field(default_factory=dict)


def test_every_kind_of_field_comes_back() -> None:
    settings = Outer("é", 3, Path("a/b"), True, "right", 7, Inner(0.25), (1.0, 2.0), {"classes": ["a"], "none": None})
    assert from_json(Outer, to_json(settings)) == settings
    assert from_json(Outer, {"name": "x", "count": 1}) == Outer("x", 1)


def test_what_json_has_no_word_for_is_refused() -> None:
    with pytest.raises(TypeError):
        to_json(Outer("x", 1, facts={"oops": object()}))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([], "expected an object of settings, got list"),
        ({"count": 1}, "name is missing"),
        ({}, "name, count are missing"),
        ({"name": "x", "count": 1, "cuont": 2}, "'cuont' is no setting: did you mean 'count'?"),
        ({"name": "x", "count": 1, "zzz": 2}, "'zzz' is no setting: use name, count, folder"),
        ({"name": 3, "count": 1}, "name: 3 is not a text"),
        ({"name": "x", "count": "1"}, "count: '1' is not a whole number"),
        ({"name": "x", "count": 1.0}, "count: 1.0 is not a whole number"),
        ({"name": "x", "count": True}, "count: True is not a whole number"),
        ({"name": "x", "count": None}, "count: None is not a whole number"),
        ({"name": "x", "count": 1, "folder": 3}, "folder: 3 is not a path in quotes"),
        ({"name": "x", "count": 1, "flag": 1}, "flag: 1 is not true or false"),
        ({"name": "x", "count": 1, "word": "up"}, "word: 'up' is not one of 'left', 'right'"),
        ({"name": "x", "count": 1, "word": ["left"]}, r"word: \['left'\] is not one of"),
        ({"name": "x", "count": 1, "perhaps": "no"}, "perhaps: 'no' is not a whole number"),
        ({"name": "x", "count": 1, "inner": 3}, "inner: expected an object of settings, got int"),
        ({"name": "x", "count": 1, "inner": {"share": "a"}}, "inner: share: 'a' is not a number"),
        ({"name": "x", "count": 1, "inner": {"share": True}}, "inner: share: True is not a number"),
        ({"name": "x", "count": 1, "inner": {"share": 2}}, r"inner: share 2 is outside \[0, 1\]"),
        ({"name": "x", "count": 1, "inner": {"share": 10**400}}, "inner: share: 1000"),
        ({"name": "x", "count": 1, "pair": [1]}, r"pair: \[1\] is not a list of 2"),
        ({"name": "x", "count": 1, "pair": [1, "a"]}, r"pair\[1\]: 'a' is not a number"),
        ({"name": "x", "count": 1, "facts": [1]}, r"facts: \[1\] is not an object"),
    ],
)
def test_the_wrong_field_is_named(data: Any, words: str) -> None:
    with pytest.raises(UsageError, match=f"^run.json: {words}") as caught:
        from_json(Outer, data, where="run.json")
    assert "\n" not in str(caught.value)


def test_words_that_python_gives_are_looked_at_too() -> None:
    one_of_its_words(Outer("x", 1))
    with pytest.raises(UsageError, match="word: 'up' is not one of 'left', 'right'"):
        one_of_its_words(Outer("x", 1, word="up"))  # type: ignore[arg-type]
