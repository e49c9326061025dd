"""What stands for yes and no in tables, and which of two folders is the yes."""

from collections.abc import Iterable

from mobilenets.errors import UsageError

YES, NO, UNKNOWN = "yes", "no", ""

_WORDS = {
    **dict.fromkeys(("1", "1.0", "+1", "yes", "true"), YES),
    **dict.fromkeys(("0", "0.0", "-1", "-1.0", "no", "false"), NO),
    "": UNKNOWN,
}
ACCEPTED = "1 and 0, 1 and -1, yes and no, true and false; empty where it is not known"
_ZERO, _MINUS = {"0", "0.0"}, {"-1", "-1.0"}
_WITHOUT = ("non", *(f"{word}{between}" for word in ("no", "not", "non", "without") for between in " _-"))


def answer(value: str) -> str | None:
    """`YES`, `NO` or `UNKNOWN` for a value of a table, in any case; None for any other."""
    return _WORDS.get(value.strip().lower())


def check_one_no(values: Iterable[str], *, column: str) -> None:
    """Raise `UsageError` where a column has both 0 and -1: one of the two may mean that it is not known."""
    found = set(values)
    if found & _ZERO and found & _MINUS:
        raise UsageError(f"{column} has both 0 and -1: write one of them for no, and leave empty what is not known")


def yes_folder(names: tuple[str, str], *, where: str) -> tuple[str, str]:
    """Of two folders the one that means yes, and what the attribute is called: as it, or yes where the other is no.

    Raises `UsageError` where the names do not say.
    """
    for one, other in (names, names[::-1]):
        if answer(one) == YES and answer(other) == NO:
            return one, YES
        if other.lower() in {f"{without}{one.lower()}" for without in _WITHOUT}:
            return one, one
    raise UsageError(
        f"{where}: which of {names[0]!r} and {names[1]!r} is the yes? Call them yes and no, or as smile and "
        "no_smile; to tell two kinds apart use --task classify"
    )
