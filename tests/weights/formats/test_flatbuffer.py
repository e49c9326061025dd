"""The checked reader: what the format's own writer wrote is read, and nothing outside the file ever is."""

import struct

import flatbuffers
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobilenets.errors import UsageError
from mobilenets.weights.formats.flatbuffer import Content, Table


def written(*, text: str = "naïve", numbers: tuple[int, ...] = (3, -4), inner: int = 2) -> bytes:
    """A table: 0 a number, 1 a text, 2 a vector of numbers, 3 a vector of tables, 4 a float, 5 left out."""
    builder = flatbuffers.Builder(64)
    tables = []
    for place in range(inner):
        builder.StartObject(1)
        builder.PrependInt32Slot(0, place + 10, 0)
        tables.append(builder.EndObject())
    builder.StartVector(4, inner, 4)
    for table in reversed(tables):
        builder.PrependUOffsetTRelative(table)
    listed = builder.EndVector()
    vector = builder.CreateNumpyVector(np.array(numbers, np.int32))
    name = builder.CreateString(text)
    builder.StartObject(6)
    builder.PrependInt32Slot(0, -7, 0)
    builder.PrependUOffsetTRelativeSlot(1, name, 0)
    builder.PrependUOffsetTRelativeSlot(2, vector, 0)
    builder.PrependUOffsetTRelativeSlot(3, listed, 0)
    builder.PrependFloat32Slot(4, 0.5, 0.0)
    builder.Finish(builder.EndObject())
    return bytes(builder.Output())


def everything(root: Table) -> tuple[object, ...]:
    inner = [table.whole(0, "i") for table in root.tables(3, what="tables")]
    return root.whole(0, "i"), root.text(1), root.wholes(2, what="numbers"), inner, root.real(4)


def test_a_written_table_is_read() -> None:
    root = Content(written(), "a file").root()
    assert everything(root) == (-7, "naïve", (3, -4), [10, 11], 0.5)
    assert root.whole(5, "i", 9) == root.whole(99, "i", 9) == 9
    assert root.table(5) is None and root.tables(5, what="tables") == [] and root.text(5) == ""


def test_vectors_are_views_of_the_file() -> None:
    root = Content(written(numbers=tuple(range(50))), "a file").root()
    assert not root.numbers(2, "<i4", what="numbers").flags.owndata


def test_texts_stay_short_and_on_one_line() -> None:
    assert Content(written(text="one\ntwo\x1b"), "a file").root().text(1) == "one?two?"
    assert len(Content(written(text="x" * 5000), "a file").root().text(1)) == 200


def places(content: bytes) -> dict[str, int]:
    """Where things stand in a written file."""
    root = struct.unpack_from("<I", content, 0)[0]
    vtable = root - struct.unpack_from("<i", content, root)[0]
    fields = [root + offset for offset in struct.unpack_from("<6H", content, vtable + 4)]
    length = fields[2] + struct.unpack_from("<I", content, fields[2])[0]
    return {"start": 0, "root": root, "vtable": vtable, "text": fields[1], "vector": length, "tables": fields[3]}


@pytest.mark.parametrize(
    ("part", "further", "kind", "value", "why"),
    [
        ("start", 0, "I", 2**32 - 1, "outside"),
        ("root", 0, "i", -(2**31), "outside"),
        ("root", 0, "i", 2**31 - 1, "outside"),
        ("vtable", 0, "H", 3, "list of fields of 3 bytes"),
        ("vtable", 0, "H", 2**16 - 2, "outside"),
        ("vtable", 2, "H", 2**16 - 1, "outside"),
        ("vtable", 4, "H", 2**16 - 1, "outside the table"),
        ("text", 0, "I", 2**32 - 1, "outside"),
        ("vector", 0, "I", 2**32 - 1, "numbers of 17,179,869,180 bytes"),
        ("vector", 0, "I", 2**30, "outside"),
    ],
)
def test_offsets_and_lengths_that_lie_are_refused(part: str, further: int, kind: str, value: int, why: str) -> None:
    content = bytearray(written())
    struct.pack_into(f"<{kind}", content, places(bytes(content))[part] + further, value)
    with pytest.raises(UsageError, match=rf"^a file is damaged: .*{why}.*; fetch it again$"):
        everything(Content(bytes(content), "a file").root())


def test_more_tables_than_any_file_has_are_refused() -> None:
    with pytest.raises(UsageError, match=r"10,001 tables, over the limit of 10,000"):
        everything(Content(written(inner=10_001), "a file").root())


def test_parts_that_are_read_again_and_again_are_refused() -> None:
    """A vector that several fields share is read more often than a file without overlaps allows."""
    content = Content(written(numbers=tuple(range(3000))), "a file")
    root = content.root()
    with pytest.raises(UsageError, match="its parts overlap"):
        for _ in range(3):
            root.numbers(2, "<i4", what="numbers")


@settings(max_examples=300)
@given(st.data())
def test_damaged_tables_are_read_or_refused(data: st.DataObject) -> None:
    content = bytearray(written())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    del content[data.draw(st.integers(0, len(content))) :]
    try:
        everything(Content(bytes(content), "a file").root())
    except UsageError as error:
        assert str(error).startswith("a file is damaged") and "\n" not in str(error)


@settings(max_examples=100)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        everything(Content(content, "a file").root())
    except UsageError as error:
        assert "\n" not in str(error)
