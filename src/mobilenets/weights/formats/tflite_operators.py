"""The operators of a TFLite file: what each computes, with its options in one form for all kinds.

Numbers of operators, unions and fields are those of TensorFlow's `tensorflow/lite/schema/schema.fbs`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mobilenets.weights.formats.flatbuffer import Table

Fused = Literal["relu", "relu6", "other"]

# BuiltinOperator: those that are read, and those that users meet in messages.
_KINDS = {
    0: "ADD",
    1: "AVERAGE_POOL_2D",
    2: "CONCATENATION",
    3: "CONV_2D",
    4: "DEPTHWISE_CONV_2D",
    6: "DEQUANTIZE",
    9: "FULLY_CONNECTED",
    14: "LOGISTIC",
    17: "MAX_POOL_2D",
    18: "MUL",
    19: "RELU",
    21: "RELU6",
    22: "RESHAPE",
    25: "SOFTMAX",
    32: "CUSTOM",
    34: "PAD",
    40: "MEAN",
    41: "SUB",
    43: "SQUEEZE",
    98: "LEAKY_RELU",
    114: "QUANTIZE",
    117: "HARD_SWISH",
}
_ACTIVATIONS: dict[int, Fused | None] = {0: None, 1: "relu", 3: "relu6"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fields:
    """The number that an operator's options have in the union BuiltinOptions, and where in them its fields stand."""

    union: int
    padding: int | None = None
    stride: tuple[int, int] | None = None
    window: tuple[int, int] | None = None
    dilation: tuple[int, int] | None = None
    activation: int | None = None
    number: int | None = None


_OPTIONS = {
    "CONV_2D": _Fields(union=1, padding=0, stride=(2, 1), activation=3, dilation=(5, 4)),
    "DEPTHWISE_CONV_2D": _Fields(union=2, padding=0, stride=(2, 1), activation=4, dilation=(6, 5)),
    "AVERAGE_POOL_2D": _Fields(union=5, padding=0, stride=(2, 1), window=(4, 3), activation=5),
    "FULLY_CONNECTED": _Fields(union=8, activation=0),
    "SOFTMAX": _Fields(union=9, number=0),
    "CONCATENATION": _Fields(union=10, activation=1),
    "LEAKY_RELU": _Fields(union=75, number=0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What an operator's options say; what its kind does not have stays as it is here.

    Pairs are (height, width). `number` is SOFTMAX's beta or LEAKY_RELU's slope.
    """

    padding: Literal["same", "valid"] = "same"
    stride: tuple[int, int] = (1, 1)
    window: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    activation: Fused | None = None
    number: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """One operator: what it computes, the tensors it reads (-1 for one left out) and makes, by number.

    `custom` are the options of a kind that TFLite itself does not know, as that kind writes them.
    """

    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Options
    custom: bytes = b""


def kind_of(code: Table) -> str:
    """The name of an entry of the file's table of operators; a custom one has a name of its own."""
    # Codes over 127 came later and have a wider field; older files fill only the first one.
    number = max(code.whole(0, "b"), code.whole(3, "i"))
    kind = _KINDS.get(number, f"operator {number}")
    return code.text(1) or kind if kind == "CUSTOM" else kind


def operator_of(table: Table, kinds: Sequence[str]) -> Operator:
    """An operator, whose kind is one of `kinds`; raises `UsageError` where it is damaged."""
    code = table.whole(0, "I")
    if code >= len(kinds):
        raise table.content.damaged(f"an operator has kind {code} of {len(kinds)}")
    return Operator(
        kind=kinds[code],
        inputs=table.wholes(1, what="a list of inputs"),
        outputs=table.wholes(2, what="a list of outputs"),
        options=_options(table, kinds[code]),
        custom=table.numbers(5, "u1", what="options").tobytes(),
    )


def _options(table: Table, kind: str) -> Options:
    fields = _OPTIONS.get(kind)
    held = table.table(4) if fields else None
    if fields is None or held is None:
        return Options()
    union = table.whole(3, "B")
    if union != fields.union:
        raise table.content.damaged(f"a {kind} has the options of another operator ({union})")
    activation = 0 if fields.activation is None else held.whole(fields.activation, "b")
    return Options(
        padding="same" if fields.padding is None or held.whole(fields.padding, "b") == 0 else "valid",
        stride=_pair(held, fields.stride, default=0),
        window=_pair(held, fields.window, default=0),
        dilation=_pair(held, fields.dilation, default=1),
        activation=_ACTIVATIONS.get(activation, "other"),
        number=0.0 if fields.number is None else held.real(fields.number),
    )


def _pair(held: Table, places: tuple[int, int] | None, *, default: int) -> tuple[int, int]:
    return (1, 1) if places is None else (held.whole(places[0], "i", default), held.whole(places[1], "i", default))
