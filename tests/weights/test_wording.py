"""What a damaged file may put into a message."""

from hypothesis import given
from hypothesis import strategies as st

from mobilenets.weights.wording import one_line, printable


@given(st.text())
def test_a_message_is_one_printable_line(text: str) -> None:
    line = one_line(ValueError(text))
    assert line
    assert line.isprintable()
    assert len(line) < 200


def test_escape_sequences_lose_their_meaning() -> None:
    assert printable("\x1b[31mred") == "?[31mred"
    assert one_line(MemoryError()) == "MemoryError"
