"""FlatBuffers, read with every offset and every length checked before it is followed.

The format's own Python runtime, and the code that it generates from TFLite's schema, believe whatever a file says:
offsets outside end in foreign exceptions, a lying length in gigabytes. Here a damaged file raises `UsageError`.
Nothing can loop, because a reader goes down the schema and TFLite's has no table within itself; and what is read is
counted, so that parts which overlap (as only a hostile file has them) cannot multiply work or memory.

Layout: https://flatbuffers.dev/internals/ (little-endian; a table begins with the distance back to its vtable, which
holds its own size, the table's size and each field's place within the table, 0 for one that is left out).
"""

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mobilenets.errors import UsageError

# A real file's parts are read about once. The rest is for vectors that a writer shares among tables.
_SHARED = 2
# The largest published networks have some thousands of operators and tensors.
_MOST_TABLES = 10_000
_LONGEST_TEXT = 200
# A table begins with an offset, its list of fields with two sizes: both take so many bytes.
_HEADER = 4


@dataclass(slots=True)
class Content:
    """The bytes of a file, `where` to name it in messages, and how many bytes have been read so far."""

    data: bytes
    where: str
    spent: int = 0

    def damaged(self, why: str) -> UsageError:
        """The error to raise, in one line."""
        return UsageError(f"{self.where} is damaged: {why}; fetch it again")

    def unread(self, what: str) -> UsageError:
        """The error to raise for what a whole file has and nobody here reads."""
        return UsageError(f"{self.where}: {what} is not read; float32, float16, uint8 and int8 are")

    def check(self, at: int, size: int, *, what: str) -> None:
        """Raise `UsageError` unless `size` bytes from `at` are inside the file."""
        if not 0 <= at <= len(self.data) - size:
            raise self.damaged(f"{what} of {size:,} bytes at {at:,} is outside its {len(self.data):,} bytes")

    def charge(self, size: int) -> None:
        """Count bytes as read; raises `UsageError` where the sum is more than a file without overlaps allows."""
        self.spent += size
        if self.spent > _SHARED * len(self.data):
            raise self.damaged("its parts overlap")

    def number(self, at: int, kind: str) -> Any:
        """The number of a struct format character at a place."""
        self.check(at, struct.calcsize(f"<{kind}"), what="a number")
        return struct.unpack_from(f"<{kind}", self.data, at)[0]

    def follow(self, at: int) -> int:
        """Where the offset that stands at a place leads."""
        return at + int(self.number(at, "I"))

    def vector(self, at: int, *, size: int, what: str) -> tuple[int, int]:
        """Where the elements of the vector at a place begin, and how many of `size` bytes there are; counted."""
        length = int(self.number(at, "I"))
        self.check(at + 4, length * size, what=what)
        self.charge(4 + length * size)
        return at + 4, length

    def root(self) -> "Table":
        """The table that the file is."""
        return self.table(self.follow(0))

    def table(self, at: int) -> "Table":
        """The table at a place; counted."""
        vtable = at - int(self.number(at, "i"))
        listed, size = int(self.number(vtable, "H")), int(self.number(vtable + 2, "H"))
        if listed < _HEADER or listed % 2 or size < _HEADER:
            raise self.damaged(f"a table at {at:,} has a list of fields of {listed} bytes for {size} bytes of fields")
        self.check(vtable, listed, what="a list of fields")
        self.check(at, size, what="a table")
        self.charge(size)
        return Table(content=self, at=at, size=size, vtable=vtable, fields=(listed - _HEADER) // 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table whose fields lie inside the file. Fields go by their number in the schema, from 0."""

    content: Content
    at: int
    size: int
    vtable: int
    fields: int

    def whole(self, field: int, kind: str, default: int = 0) -> int:
        """A whole number of a struct format character (b, B, h, H, i, I, q, Q)."""
        place = self._place(field, struct.calcsize(f"<{kind}"))
        return default if place is None else int(self.content.number(place, kind))

    def real(self, field: int, default: float = 0.0) -> float:
        """A float of 32 bits."""
        place = self._place(field, 4)
        return default if place is None else float(self.content.number(place, "f"))

    def table(self, field: int) -> "Table | None":
        """The table that a field leads to."""
        place = self._place(field, 4)
        return None if place is None else self.content.table(self.content.follow(place))

    def tables(self, field: int, *, what: str) -> "list[Table]":
        """The tables of a vector; raises `UsageError` for more than any real file has."""
        place = self._place(field, 4)
        if place is None:
            return []
        first, length = self.content.vector(self.content.follow(place), size=4, what=what)
        if length > _MOST_TABLES:
            raise self.content.damaged(f"it has {length:,} {what}, over the limit of {_MOST_TABLES:,}")
        return [self.content.table(self.content.follow(first + 4 * number)) for number in range(length)]

    def numbers(self, field: int, kind: str, *, what: str) -> NDArray[Any]:
        """A vector of numbers of a numpy type, as a view of the file: nothing is copied."""
        place = self._place(field, 4)
        if place is None:
            return np.empty(0, np.dtype(kind))
        own = np.dtype(kind)
        first, length = self.content.vector(self.content.follow(place), size=own.itemsize, what=what)
        return np.frombuffer(self.content.data, own, length, first)

    def wholes(self, field: int, *, what: str) -> tuple[int, ...]:
        """A vector of whole numbers of 32 bits."""
        return tuple(self.numbers(field, "<i4", what=what).tolist())

    def text(self, field: int) -> str:
        """A string, cut at 200 bytes; what cannot be printed on one line is a question mark."""
        held = self.numbers(field, "u1", what="a text")[:_LONGEST_TEXT].tobytes().decode(errors="replace")
        return "".join(letter if letter.isprintable() else "?" for letter in held)

    def _place(self, field: int, size: int) -> int | None:
        if field >= self.fields:
            return None
        offset = int(self.content.number(self.vtable + _HEADER + 2 * field, "H"))
        if offset == 0:
            return None
        if offset < _HEADER or offset + size > self.size:
            raise self.content.damaged(f"field {field} of a table at {self.at:,} is outside the table")
        return self.at + offset
