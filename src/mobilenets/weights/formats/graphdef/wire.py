"""The wire format of protocol buffers, walked where it lies.

The protobuf library makes an object of every message that a file names, before anybody can say no: 16 MB of empty
attributes took 1.4 GB. Here nothing is copied, and all fields read from one file come out of one budget.
Source: https://protobuf.dev/programming-guides/encoding.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

_WORD = (1 << 64) - 1
_LOW = 0x7F  # the bits of a varint's byte that count; the eighth says that more bytes follow
_MOST_VARINT = 10
_FLOAT = struct.Struct("<f")


class GraphError(ValueError):
    """Why a graph cannot be read, in words that leave out the name of its file."""


@dataclass(slots=True)
class Budget:
    """What one file may still cost: `fields` of messages to walk, `elements` of arrays it makes from fewer bytes."""

    fields: int
    elements: int

    @classmethod
    def of(cls, size: int) -> "Budget":
        """For a file of `size` bytes. A published network takes some 20,000 fields."""
        return cls(fields=1_000_000, elements=(1 << 20) + size)

    def field(self) -> None:
        """Take one field. Raises `GraphError` where none is left."""
        self.fields -= 1
        if self.fields < 0:
            raise GraphError("it holds over a million fields: no frozen network has so many")

    def array(self, elements: int) -> None:
        """Take an array. Raises `GraphError` where it is more than is left."""
        self.elements -= elements
        if self.elements < 0:
            raise GraphError("its constants grow far larger than the file is: no frozen network's do")


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a message: a varint's number, or the bytes of anything else."""

    number: int
    value: int | memoryview

    def content(self) -> memoryview:
        """The bytes. Raises `GraphError` where it is a number."""
        if isinstance(self.value, int):
            raise GraphError(f"it is damaged: field {self.number} of a message is a number instead of bytes")
        return self.value

    def integer(self) -> int:
        """The number as a signed one of 64 bits. Raises `GraphError` where it is bytes."""
        if not isinstance(self.value, int):
            raise GraphError(f"it is damaged: field {self.number} of a message is bytes instead of a number")
        return self.value - (1 << 64) if self.value >> 63 else self.value

    def float32(self) -> float:
        """The four bytes as a float."""
        content = self.content()
        if len(content) != _FLOAT.size:
            raise GraphError(f"it is damaged: field {self.number} of a message is no float")
        (value,) = _FLOAT.unpack(content)
        return float(value)


@dataclass(frozen=True, slots=True)
class Message:
    """The bytes of a message, not read yet."""

    content: memoryview
    budget: Budget

    def fields(self) -> Iterator[Field]:
        """All fields in their order. Raises `GraphError` at the first that is damaged."""
        cursor = _Cursor(self.content)
        while cursor.place < len(self.content):
            self.budget.field()
            tag = cursor.varint()
            yield Field(tag >> 3, cursor.value(tag & 7))

    def inner(self, field: Field) -> "Message":
        """A field that is a message itself."""
        return Message(field.content(), self.budget)

    def integers(self, number: int) -> tuple[int, ...]:
        """The signed integers of a repeated field, packed or not."""
        found: list[int] = []
        for field in self.fields():
            if field.number != number:
                continue
            if isinstance(field.value, int):
                found.append(field.integer())
            else:
                found += self._packed(field)
        return tuple(found)

    def _packed(self, field: Field) -> Iterator[int]:
        cursor = _Cursor(field.content())
        while cursor.place < len(cursor.content):
            self.budget.field()
            yield Field(field.number, cursor.varint()).integer()


@dataclass(slots=True)
class _Cursor:
    content: memoryview
    place: int = 0

    def varint(self) -> int:
        value = 0
        for shift in range(0, 7 * _MOST_VARINT, 7):
            if self.place >= len(self.content):
                raise GraphError("it is cut short or damaged: a number runs past its end")
            byte = self.content[self.place]
            self.place += 1
            value |= (byte & _LOW) << shift
            if byte <= _LOW:
                return value & _WORD
        raise GraphError(f"it is damaged: a number has over {_MOST_VARINT} bytes")

    def value(self, kind: int) -> int | memoryview:
        """The value of a field by its wire type: varint, eight bytes, length and bytes, four bytes."""
        if kind == 0:
            return self.varint()
        if kind in (1, 5):
            return self._take(8 if kind == 1 else 4)
        if kind == 2:  # noqa: PLR2004
            return self._take(self.varint())
        raise GraphError(f"it is damaged: a field of the unknown kind {kind}")

    def _take(self, size: int) -> memoryview:
        left = len(self.content) - self.place
        if size > left:
            raise GraphError(f"it is cut short or damaged: a part of {size:,} bytes has only {left:,} left")
        self.place += size
        return self.content[self.place - size : self.place]
