"""Settings as frozen dataclasses: their limits, and their way to JSON and back."""

import dataclasses
import difflib
import json
import math
import os
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

from mobilenets.errors import UsageError

Settings = TypeVar("Settings")

_WORDS: dict[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    Path: "a path in quotes",
}


def within(
    name: str,
    value: float,
    *,
    low: float,
    high: float = math.inf,
    below: float | None = None,
    open_low: bool = False,
) -> None:
    """Raise `UsageError` unless low <= value <= high, or low < value with `open_low`, or value < below.

    Infinity is under no limit and NaN is outside everything.
    """
    limit = high if below is None else below
    open_high = below is not None or high == math.inf
    enough = value > low if open_low else value >= low
    little = value < limit if open_high else value <= limit
    if not (enough and little):
        interval = f"{'(' if open_low else '['}{_number(low)}, {_number(limit)}{')' if open_high else ']'}"
        remedy = f"{'more than' if open_low else 'at least'} {_number(low)}"
        if limit != math.inf:
            remedy += f" and {'under' if open_high else 'at most'} {_number(limit)}"
        raise UsageError(f"{name} {_number(value)} is outside {interval}: use {remedy}")


def _number(value: float) -> str:
    """A number in full where it is whole, or to as many digits as tell it from a limit."""
    return str(value) if isinstance(value, int) else f"{value:.12g}"


def one_of_its_words(settings: Any) -> None:
    """Raise `UsageError` where a field of a settings dataclass with a fixed set of words holds another."""
    for name, hint in typing.get_type_hints(type(settings)).items():
        if typing.get_origin(hint) is Literal:
            _literal(hint, getattr(settings, name), where=name.replace("_", "-"))


def to_json(settings: Any) -> dict[str, Any]:
    """A settings dataclass as JSON data; paths become text, tuples lists."""
    return json.loads(json.dumps(dataclasses.asdict(settings), default=os.fspath))


def from_json(kind: type[Settings], data: Any, *, where: str = "run file") -> Settings:
    """A settings dataclass from JSON data; raises `UsageError` that names the wrong field."""
    if not isinstance(data, dict):
        raise UsageError(f"{where}: expected an object of settings, got {type(data).__name__}")
    hints = typing.get_type_hints(kind)
    unknown = [key for key in data if key not in hints]
    if unknown:
        raise UsageError(f"{where}: {unknown[0]!r} is no setting: {_nearest(unknown[0], list(hints))}")
    values = {key: _value(hints[key], value, where=f"{where}: {key}") for key, value in data.items()}
    missing = [one.name for one in dataclasses.fields(kind) if one.name not in values and _required(one)]  # type: ignore[arg-type]
    if missing:
        raise UsageError(f"{where}: {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing")
    try:
        return kind(**values)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None


def _nearest(key: str, known: list[str]) -> str:
    close = difflib.get_close_matches(key.replace("-", "_"), known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"use {', '.join(known)}"


def _required(one: dataclasses.Field[Any]) -> bool:
    return one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING


def _value(hint: Any, value: Any, *, where: str) -> Any:
    if dataclasses.is_dataclass(hint):
        return from_json(hint, value, where=where)  # type: ignore[arg-type]
    origin = typing.get_origin(hint)
    if origin is Literal:
        return _literal(hint, value, where=where)
    if origin in (typing.Union, types.UnionType):
        options = [option for option in typing.get_args(hint) if option is not type(None)]
        return None if value is None else _value(options[0], value, where=where)
    if origin is Mapping:
        if not isinstance(value, dict):
            raise UsageError(f"{where}: {value!r} is not an object")
        return value
    if origin is tuple:
        return _tuple(typing.get_args(hint), value, where=where)
    if hint is Path and isinstance(value, str):
        return Path(value)
    if hint is float and type(value) is int and abs(value) < 2**53:
        return float(value)
    if type(value) is not hint:
        raise UsageError(f"{where}: {value!r} is not {_WORDS.get(hint, hint.__name__)}")
    return value


def _literal(hint: Any, value: Any, *, where: str) -> Any:
    words = typing.get_args(hint)
    if value not in words:
        raise UsageError(f"{where}: {value!r} is not one of {', '.join(map(repr, words))}")
    return value


def _tuple(hints: tuple[Any, ...], value: Any, *, where: str) -> tuple[Any, ...]:
    if isinstance(value, list) and hints[1:] == (Ellipsis,):
        hints = (hints[0],) * len(value)
    if not isinstance(value, list) or len(value) != len(hints):
        raise UsageError(f"{where}: {value!r} is not a list of {len(hints)}")
    places = enumerate(zip(hints, value, strict=True))
    return tuple(_value(hint, one, where=f"{where}[{place}]") for place, (hint, one) in places)
