"""Where a detector's maps become rows 8 bits end: scores and offsets share no grid, boxes stand between its steps."""

import re
from collections.abc import Mapping
from typing import Any

from mobilenets.deployment.shipped import Shipped

# What is behind the predictors, as exporters call it: the layer that joins them, the tail, the file's output.
_BOXES, _TAIL = "boxes.Boxes", "tail"
SCOPE = rf".*({re.escape(_BOXES)}|_{_TAIL};|serving_default_outputs).*"
"""LiteRT's names of the tensors there."""


def ends_in_rows(module: Shipped) -> bool:
    """Whether a module is a detector's."""
    last: Any = module.network
    return bool(last.layers[-1].op == "boxes")


def is_behind(stack: Mapping[str, tuple[str, Any]] | None) -> bool:
    """Whether a node of a traced module stands behind the predictors, by the modules that it stands in."""
    return any(path.split(".")[-1] == _TAIL or str(kind).endswith(_BOXES) for path, kind in (stack or {}).values())


def float_rows(model: Any) -> None:
    """Take out of an ONNX `ModelProto` in 8 bits what rounds the predictors' maps before they become rows; in place.

    A runtime that computes a convolution from 8 bits to floats then does, and moves no grid through what joins them.
    """
    makers = {name: node for node in model.graph.node for name in node.output}
    for node in model.graph.node:
        back = makers.get(node.input[0]) if node.op_type == "Transpose" else None
        there = makers.get(back.input[0]) if back is not None and back.op_type == "DequantizeLinear" else None
        if there is not None and there.op_type == "QuantizeLinear" and makers[there.input[0]].op_type == "Conv":
            node.input[0] = there.input[0]
            model.graph.node.remove(back)
            model.graph.node.remove(there)
