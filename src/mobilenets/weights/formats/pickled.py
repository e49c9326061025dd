"""A pickle of PyTorch looked through before torch loads it: what it would call, and whether its tensors fit the file.

`torch.load(weights_only=True)` runs no foreign code, but it believes sizes (a tensor larger than its storage makes the
storage grow), reads past records that are too short, and can be kept busy by the hashes of a dictionary's keys: those
of tuples of tuples, or of many numbers with the same hash.
"""

import math
import pickletools
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from mobilenets.weights.wording import one_line, printable

_LONGEST = 1 << 26
_HEAVIEST = 1 << 12
_MOST_KEYS = 1 << 14
_REBUILD = ("torch._utils _rebuild_tensor_v2", "torch._utils _rebuild_tensor")
_HARMLESS = ("collections OrderedDict", "torch._utils _rebuild_parameter", "torch Size", "torch device")
_ITEM_BYTES = {
    "torch DoubleStorage": 8,
    "torch FloatStorage": 4,
    "torch HalfStorage": 2,
    "torch BFloat16Storage": 2,
    "torch LongStorage": 8,
    "torch IntStorage": 4,
    "torch ShortStorage": 2,
    "torch CharStorage": 1,
    "torch ByteStorage": 1,
    "torch BoolStorage": 1,
}


class PickleError(ValueError):
    """What is wrong with a pickle, to stand behind the file's name."""


@dataclass(frozen=True, slots=True)
class Pickled:
    """A pickle that is sound: where it ends, its value (a constant, a list of such, or None), its storages' bytes.

    `items` are the numbers of each storage, as the file counts them.
    """

    end: int
    value: Any
    storage_bytes: dict[str, int]
    items: dict[str, int]


def look_through(content: bytes, start: int = 0) -> Pickled:
    """Walk the pickle at `start` without making anything of it. Raises `PickleError`."""
    stream = BytesIO(content[start : start + _LONGEST])
    walk = _Walk()
    try:
        for opcode, argument, _ in pickletools.genops(stream):
            walk.step(opcode.name, argument)
        value = walk.pop()
    except PickleError:
        raise
    except (ValueError, IndexError, KeyError, TypeError, OverflowError) as error:
        raise PickleError(f"its pickle is damaged ({one_line(error)})") from error
    return Pickled(start + stream.tell(), value, walk.storage_bytes, walk.items)


@dataclass(frozen=True, slots=True)
class _Global:
    name: str


@dataclass(frozen=True, slots=True)
class _Storage:
    items: int


@dataclass(frozen=True, slots=True)
class _Tuple:
    """`weight` is how many numbers a walk through it meets, tuples within counted as often as they are met."""

    items: tuple[Any, ...]
    weight: int


class _Mark:
    pass


class _Dict:
    """A dictionary or what is built like one; its content is not followed."""


class _Other:
    """A tensor, a torch.Size: what cannot be built upon."""


@dataclass(slots=True)
class _Walk:
    """The stack machine of pickle, with the instructions that PyTorch writes and stand-ins for what it makes."""

    stack: list[Any] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)
    storage_bytes: dict[str, int] = field(default_factory=dict)
    items: dict[str, int] = field(default_factory=dict)
    keys: int = 0

    def step(self, name: str, argument: Any) -> None:
        if name in _CONSTANTS:
            self.stack.append(_VALUES.get(name, argument))
        elif name in _ACTIONS:
            _ACTIONS[name](self, argument)
        else:
            raise PickleError(f"its pickle has the instruction {name}, which torch.save does not write")

    def pop(self) -> Any:
        value = self.stack.pop()
        if isinstance(value, _Mark):
            raise PickleError("its pickle is damaged (a mark in place of a value)")
        return value

    def to_mark(self) -> list[Any]:
        values = []
        while not isinstance(value := self.stack.pop(), _Mark):
            values.append(value)
        return values[::-1]

    def top(self, kind: type) -> Any:
        if not isinstance(self.stack[-1], kind):
            raise PickleError("its pickle is damaged (it builds on what cannot be built on)")
        return self.stack[-1]

    def protocol(self, version: int) -> None:
        if version != 2:  # noqa: PLR2004
            raise PickleError(f"its pickle is of protocol {version}: save it with torch.save as it comes (protocol 2)")

    def gather(self, values: list[Any]) -> None:
        weight = 1 + sum(value.weight if isinstance(value, _Tuple) else 1 for value in values)
        if weight > _HEAVIEST:
            raise PickleError(f"its pickle has a tuple of more than {_HEAVIEST:,} values")
        self.stack.append(_Tuple(tuple(values), weight))

    def extend(self, values: list[Any]) -> None:
        self.top(list).extend(values)

    def set_items(self, pairs: list[Any]) -> None:
        self.top(_Dict)
        self.count_keys(sum(type(key) is not str for key in pairs[::2]))

    def count_keys(self, number: int) -> None:
        self.keys += number
        if self.keys > _MOST_KEYS:
            raise PickleError(f"its pickle has dictionaries with more than {_MOST_KEYS:,} keys that are no names")

    def name(self, argument: str) -> None:
        if argument not in (*_REBUILD, *_HARMLESS, *_ITEM_BYTES):
            raise PickleError(
                f"its pickle asks for {printable(argument.replace(' ', '.'))}, and only tensors by name are read: "
                "save model.state_dict()"
            )
        self.stack.append(_Global(argument))

    def call(self, _: None) -> None:
        arguments, function = self.pop(), self.pop()
        if not isinstance(arguments, _Tuple) or not isinstance(function, _Global) or function.name in _ITEM_BYTES:
            raise PickleError("its pickle is damaged (it calls what is no function)")
        if function.name in _REBUILD:
            _check_tensor(*arguments.items[:4])
        if function.name != "collections OrderedDict":
            self.stack.append(_Other())
            return
        if any(not isinstance(pairs, list) for pairs in arguments.items):
            raise PickleError("its pickle is damaged (an OrderedDict of what are no pairs)")
        self.count_keys(sum(map(len, arguments.items)))
        self.stack.append(_Dict())

    def build(self, _: None) -> None:
        self.pop()
        self.top(_Dict)

    def load_storage(self, _: None) -> None:
        named = self.pop()
        if not isinstance(named, _Tuple):
            raise PickleError("its storages are not laid out as torch.save writes them")
        word, kind, key, _place, items, *view = named.items
        if (
            word != "storage"
            or not isinstance(kind, _Global)
            or kind.name not in _ITEM_BYTES
            or view not in ([], [None])
        ):
            raise PickleError("its storages are not laid out as torch.save writes them")
        if type(key) is not str or type(items) is not int or items < 0 or self.items.get(key, items) != items:
            raise PickleError(f"its storage {printable(repr(key))} has no proper size")
        size = items * _ITEM_BYTES[kind.name]
        if self.storage_bytes.setdefault(key, size) != size:
            raise PickleError(f"its storage {key!r} has two sizes")
        self.items[key] = items
        self.stack.append(_Storage(items))

    def remember(self, place: int) -> None:
        if isinstance(self.stack[-1], _Mark):
            raise PickleError("its pickle is damaged (it keeps a mark)")
        self.memo[place] = self.stack[-1]

    def recall(self, place: int) -> None:
        self.stack.append(self.memo[place])


def _check_tensor(storage: Any, offset: Any, size: Any, stride: Any) -> None:
    """A tensor must lie within its storage, and may not be larger than it (a stride of 0 would make it so)."""
    if not (isinstance(storage, _Storage) and isinstance(size, _Tuple) and isinstance(stride, _Tuple)):
        raise PickleError("its tensors are not laid out as torch.save writes them")
    numbers = (offset, *size.items, *stride.items)
    if any(type(number) is not int or number < 0 for number in numbers) or len(size.items) != len(stride.items):
        raise PickleError(f"it has a tensor of an impossible size ({printable(str(numbers))})")
    reach = offset + sum((n - 1) * step for n, step in zip(size.items, stride.items, strict=True)) + 1
    count = math.prod(size.items)
    if count > storage.items or (count and reach > storage.items):
        raise PickleError(f"it has a tensor of {count:,} numbers in a storage of {storage.items:,}")


_VALUES: dict[str, Any] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_CONSTANTS = {"BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE", "SHORT_BINSTRING", *_VALUES}
_ACTIONS: dict[str, Callable[[_Walk, Any], None]] = {
    "PROTO": _Walk.protocol,
    "STOP": lambda *_: None,
    "MARK": lambda walk, _: walk.stack.append(_Mark()),
    "EMPTY_DICT": lambda walk, _: walk.stack.append(_Dict()),
    "EMPTY_LIST": lambda walk, _: walk.stack.append([]),
    "EMPTY_TUPLE": lambda walk, _: walk.gather([]),
    "TUPLE1": lambda walk, _: walk.gather([walk.pop()]),
    "TUPLE2": lambda walk, _: walk.gather([walk.pop(), walk.pop()][::-1]),
    "TUPLE3": lambda walk, _: walk.gather([walk.pop(), walk.pop(), walk.pop()][::-1]),
    "TUPLE": lambda walk, _: walk.gather(walk.to_mark()),
    "APPEND": lambda walk, _: walk.extend([walk.pop()]),
    "APPENDS": lambda walk, _: walk.extend(walk.to_mark()),
    "SETITEM": lambda walk, _: walk.set_items([walk.pop(), walk.pop()][::-1]),
    "SETITEMS": lambda walk, _: walk.set_items(walk.to_mark()),
    "BINPUT": _Walk.remember,
    "LONG_BINPUT": _Walk.remember,
    "BINGET": _Walk.recall,
    "LONG_BINGET": _Walk.recall,
    "GLOBAL": _Walk.name,
    "REDUCE": _Walk.call,
    "BUILD": _Walk.build,
    "BINPERSID": _Walk.load_storage,
}
