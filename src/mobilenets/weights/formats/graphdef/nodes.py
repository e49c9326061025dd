"""The nodes of a GraphDef (tensorflow/core/framework: graph.proto, node_def.proto, attr_value.proto)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mobilenets.weights.formats.graphdef.wire import Field, GraphError, Message

_NAME = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.\\/>-]{0,499}")

# Field numbers.
_NODE = 1
_NODE_NAME, _NODE_OP, _NODE_INPUT, _NODE_ATTRIBUTE = 1, 2, 3, 5
_KEY, _VALUE = 1, 2
_LIST, _BYTES, _FLOAT, _BOOL, _SHAPE, _TENSOR = 1, 2, 4, 5, 7, 8
_LIST_INTEGERS = 3
_SHAPE_DIM, _DIM_SIZE = 2, 1


@dataclass(frozen=True, slots=True)
class Node:
    """An operation: `inputs` are the nodes whose outputs it reads (control edges left out), `attributes` unread."""

    name: str
    op: str
    inputs: tuple[str, ...]
    attributes: Mapping[str, Message]

    def __str__(self) -> str:
        return f"{self.op} {self.name}"

    def reads(self, place: int) -> str:
        """The node that makes its input at `place`. Raises `GraphError` where it has none."""
        if place >= len(self.inputs):
            raise GraphError(f"{self} has {len(self.inputs)} inputs, {place + 1} or more are usual")
        return self.inputs[place]

    def word(self, attribute: str, *, default: str = "") -> str:
        """A text, as padding is one."""
        field = self._field(attribute, _BYTES)
        return default if field is None else _text(field)

    def number(self, attribute: str, *, default: float) -> float:
        """A float."""
        field = self._field(attribute, _FLOAT)
        return default if field is None else field.float32()

    def flag(self, attribute: str, *, default: bool) -> bool:
        """A yes or no. One that is there without a value is no, as proto3 leaves out what is 0."""
        if attribute not in self.attributes:
            return default
        field = self._field(attribute, _BOOL)
        return field is not None and field.integer() != 0

    def integers(self, attribute: str) -> tuple[int, ...]:
        """A list of integers, empty where there is none."""
        field = self._field(attribute, _LIST)
        return () if field is None else self.attributes[attribute].inner(field).integers(_LIST_INTEGERS)

    def shape(self, attribute: str) -> tuple[int, ...]:
        """The sizes of a shape, -1 where a size is open; empty where there is none."""
        field = self._field(attribute, _SHAPE)
        return () if field is None else shape_of(self.attributes[attribute].inner(field))

    def tensor(self, attribute: str) -> Message:
        """A TensorProto. Raises `GraphError` where there is none."""
        field = self._field(attribute, _TENSOR)
        if field is None:
            raise GraphError(f"{self} has no {attribute}")
        return self.attributes[attribute].inner(field)

    def _field(self, attribute: str, number: int) -> Field | None:
        message = self.attributes.get(attribute)
        fields = () if message is None else message.fields()
        return next((field for field in fields if field.number == number), None)


def shape_of(shape: Message) -> tuple[int, ...]:
    """The sizes of a TensorShapeProto."""
    return tuple(_size(shape.inner(field)) for field in shape.fields() if field.number == _SHAPE_DIM)


def _size(dim: Message) -> int:
    return next((field.integer() for field in dim.fields() if field.number == _DIM_SIZE), 0)


def nodes_of(graph: Message) -> dict[str, Node]:
    """The nodes of a GraphDef by name. Raises `GraphError` for one that is damaged or has two of a name."""
    nodes: dict[str, Node] = {}
    for field in graph.fields():
        if field.number == _NODE:
            node = _node(graph.inner(field))
            if node.name in nodes:
                raise GraphError(f"it has two nodes called {node.name}")
            nodes[node.name] = node
    for node in nodes.values():
        for name in node.inputs:
            if name not in nodes:
                raise GraphError(f"{node} reads {name}, which it does not hold: it is cut short or a part of a graph")
    return nodes


def _node(message: Message) -> Node:
    name = op = ""
    inputs: list[str] = []
    attributes: dict[str, Message] = {}
    for field in message.fields():
        if field.number == _NODE_NAME:
            name = _name(field)
        elif field.number == _NODE_OP:
            op = _name(field)
        elif field.number == _NODE_INPUT:
            inputs += _read(field)
        elif field.number == _NODE_ATTRIBUTE:
            attributes |= _attribute(message.inner(field))
    if not name or not op:
        raise GraphError("it is damaged: a node without a name or an operation")
    return Node(name, op, tuple(inputs), attributes)


def _read(field: Field) -> Iterator[str]:
    """The node that an input names: `name`, `name:output` or `^name`, which only waits."""
    text = _text(field)
    if not text.startswith("^"):
        name, _, output = text.partition(":")
        if not _NAME.fullmatch(name) or not (output.isdecimal() or output == ""):
            raise GraphError(f"it is damaged: an input is called {text[:40]!r}")
        yield name


def _attribute(entry: Message) -> dict[str, Message]:
    key, value = "", None
    for field in entry.fields():
        if field.number == _KEY:
            key = _text(field)
        elif field.number == _VALUE:
            value = entry.inner(field)
    return {} if value is None else {key: value}


def _name(field: Field) -> str:
    """A name that can stand in a message of one line: TensorFlow's own rule for names, and an end."""
    text = _text(field)
    if not _NAME.fullmatch(text):
        raise GraphError(f"it is damaged: a node or operation is called {text[:40]!r}")
    return text


def _text(field: Field) -> str:
    return bytes(field.content()[:1000]).decode("utf-8", errors="replace")
