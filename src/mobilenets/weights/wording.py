"""What a library says of a damaged file, in one line that is safe to print: a hostile file may have put words in it."""

_LONGEST = 160


def one_line(error: Exception) -> str:
    """The first line of an error's message, or its name where it has none."""
    return printable(str(error).strip().partition("\n")[0]) or type(error).__name__


def printable(text: str) -> str:
    """Text without control characters, cut where it becomes long."""
    plain = "".join(letter if letter.isprintable() else "?" for letter in text)
    return plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]}..."
