"""A function's signature as flags (with tyro), and whatever is wrong with them as one line."""

import contextlib
import difflib
import functools
import io
import re
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import tyro

# tyro's hook for parse errors is not public yet; without it errors are boxes of many lines.
from tyro import _errors as events

from mobilenets.errors import UsageError

_KINDS = {"INT": "a whole number", "FLOAT": "a number", "STR": "a word", "PATH": "a path", "{None}": "None"}
_CONFIG = (tyro.conf.FlagCreatePairsOff, tyro.conf.PositionalMetavarFromFieldName)


def parse(function: Callable[..., None], arguments: Sequence[str], *, program: str) -> Callable[[], None] | None:
    """`function` with its flags filled in, ready to call; None where --help was asked for and printed.

    Raises `UsageError` in one line for a flag that is unknown, missing or has a wrong value.
    """

    @functools.wraps(function)
    def bind(*positional: Any, **named: Any) -> Callable[[], None]:
        return functools.partial(function, *positional, **named)

    def refuse(event: events.ParseErrorEvent) -> NoReturn:
        raise UsageError(_message(event, arguments, known=functools.partial(_flags, bind)))

    try:
        with events.on_parse_error(refuse):
            return tyro.cli(bind, prog=program, args=arguments, config=_CONFIG)
    except SystemExit as stop:
        if stop.code:
            raise
        return None


def _message(event: events.ParseErrorEvent, arguments: Sequence[str], *, known: Callable[[], list[str]]) -> str:
    """What is wrong, the limit and the remedy."""
    match event:
        case events.UnrecognizedArgs(tokens=tokens) | events.MissingArgs(unrecognized_tokens=[_, *_] as tokens):
            return _unknown(tokens, known(), program=event.prog)
        case events.MissingArgs(missing_arguments=missing):
            names = ", ".join(one.arg.display_name() for one in missing)
            return f"{names} {'is' if len(missing) == 1 else 'are'} missing: see `{event.prog} --help`"
        case events.BadValue(argument=argument, reason="too_few_values"):
            return f"{argument.display_name()} needs {_expected(argument)}"
        case events.InvalidChoice(argument=argument, value=value, choices=choices):
            close = difflib.get_close_matches(value, choices, n=1)
            hint = f"did you mean {close[0]}? (one of {', '.join(choices)})" if close else _one_of(choices)
            return f"{argument.display_name()} {value!r} is unknown: {hint}"
        case events.InstantiationFailure(argument=None, message=message):
            return message
        case events.InstantiationFailure(argument=argument) if argument is not None:
            value = _value(argument.lowered.name_or_flags, arguments)
            return f"{argument.display_name()}{value} is not valid: it takes {_expected(argument)}"
        case events.MutexConflict(first_token=first, second_token=second):
            return f"{first} and {second} exclude each other: leave one out"
    return f"these flags were not understood: see `{event.prog} --help`"


def _unknown(tokens: Sequence[str], known: Sequence[str], *, program: str) -> str:
    flag = next((token for token in tokens if token.startswith("-")), None)
    if flag is None:
        return f"{tokens[0]!r} is one argument too many: see `{program} --help`"
    name = flag.partition("=")[0]
    # Settings stand in groups in a run file (`optimisation.lr`), and most of them without on the command line.
    wanted = f"--{name.replace('_', '-').lstrip('-').rpartition('.')[2]}"
    close = difflib.get_close_matches(wanted, known, n=1)
    remedy = f"did you mean {close[0]}?" if close else f"see `{program} --help`"
    return f"unknown flag {name}: {remedy}"


def _flags(function: Callable[..., Any]) -> list[str]:
    """Every flag of a function, nested settings included, as its own help lists them."""
    page = io.StringIO()
    with contextlib.redirect_stdout(page), contextlib.suppress(SystemExit):
        tyro.cli(function, args=["--help"], config=_CONFIG)
    return sorted(set(re.findall(r"--[a-z][a-z0-9.-]*", page.getvalue())))


def _expected(argument: Any) -> str:
    """What values an argument takes, in words."""
    if argument.lowered.choices:
        return _one_of(argument.lowered.choices)
    metavar = str(argument.lowered.metavar)
    number = argument.lowered.nargs
    if isinstance(number, int) and number > 1:
        return f"{number} values ({metavar})"
    return " or ".join(_KINDS.get(part, part) for part in metavar.strip("[]").split("|"))


def _one_of(choices: Sequence[str]) -> str:
    return f"one of {', '.join(choices)}"


def _value(names: Sequence[str], arguments: Sequence[str]) -> str:
    """What was written for a flag, as ` 'abc'`, or nothing for an argument without a name."""
    for place in reversed(range(len(arguments))):
        name, equals, value = arguments[place].partition("=")
        if name.replace("_", "-") in names:
            following = arguments[place + 1] if place + 1 < len(arguments) else ""
            return f" {(value if equals else following)!r}"
    return ""
