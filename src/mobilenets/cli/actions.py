"""Verbs that have verbs of their own, as `mobilenets weights list`."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mobilenets.errors import UsageError

Action = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The action that was asked for, what it is called in messages, and the arguments that are left for it."""

    run: Action
    program: str
    arguments: Sequence[str]


def choose_action(actions: Mapping[str, Action], arguments: Sequence[str], *, program: str) -> Chosen | None:
    """The action that the first argument names; None where help is asked for.

    Raises `UsageError` in one line for no action and for an unknown one.
    """
    match arguments:
        case []:
            raise UsageError(f"say what to do: one of {', '.join(actions)}; see `{program} --help`")
        case ["-h" | "--help" | "help", *_]:
            return None
        case [name, *rest] if name in actions:
            return Chosen(actions[name], f"{program} {name}", rest)
    name = arguments[0]
    if name.startswith("-"):
        raise UsageError(f"{name} before the action: write it behind one of {', '.join(actions)}")
    close = difflib.get_close_matches(name, actions, n=1)
    raise UsageError(
        f"{name!r} is unknown: " + (f"did you mean {close[0]}?" if close else f"use one of {', '.join(actions)}")
    )


def actions_help(actions: Mapping[str, Action], *, program: str, summary: str) -> str:
    """The page of a verb with actions: each with the first line of its docstring."""
    wide = max(map(len, actions))
    lines = "".join(f"  {name:<{wide}}  {_first_line(action)}\n" for name, action in actions.items())
    return (
        f"usage: {program} ACTION [FLAGS]\n\n{summary}\n\nactions:\n{lines}\n"
        f"`{program} ACTION --help` lists an action's flags; every action has --json.\n"
    )


def _first_line(action: Action) -> str:
    return (action.__doc__ or "").strip().partition("\n")[0].rstrip(".")
