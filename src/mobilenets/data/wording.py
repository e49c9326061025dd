"""Counts and lists in the messages of this floor."""

from collections.abc import Sequence


def counted(count: int, what: str) -> str:
    """`1 photograph`, `12,000 photographs`."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def listed(names: Sequence[str], *, most: int = 5) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
