"""A module in 8 bits by PyTorch 2's quantisation, as XNNPACK computes it, and what of an ExecuTorch file is in 8 bits.

Weights are symmetric with a scale a channel, activations signed with a zero point.
"""

import json
import re
import tempfile
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mobilenets.deployment.int8.image import image_range
from mobilenets.deployment.int8.protocol import Calibration, Operators
from mobilenets.deployment.int8.rows import is_behind
from mobilenets.deployment.runtimes.channels_last import ChannelsLast
from mobilenets.deployment.shipped import Shipped, Signature

_WEIGHTED = ("XNNConv2d", "XNNDepthwiseConv2d", "XNNConvTranspose2d", "XNNFullyConnected", "XNNBatchMatrixMultiply")
_INFINITE = re.compile(r"(:\s*-?)inf\b")
# ExecuTorch lists each kind of operator that it computes itself once.
_OUTSIDE = re.compile("convolution|linear|::(addmm|bmm|mm)$")
_BYTES = {"xnn_datatype_qint8", "xnn_datatype_quint8", "xnn_datatype_qcint8"}
_CONVOLUTIONS = (torch.ops.aten.conv2d.default,)
_CLAMPS = (torch.ops.aten.hardtanh.default, torch.ops.aten.hardtanh_.default)
# Far below any scale that matters: XNNPACK's own floor of 2**-12 would round the small kernels that folding leaves.
_LEAST_SCALE = 1e-9


def quantised(module: Shipped, signature: Signature, calibration: Calibration) -> nn.Module:
    """A module that computes between 8-bit values, ready to be exported and lowered."""
    from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e

    traced = torch.export.export(ChannelsLast(module), (signature.example(),)).module()
    prepared = prepare_pt2e(traced, _quantiser())
    with torch.no_grad():
        for images in calibration.parts(signature.batch or 1):
            prepared(torch.from_numpy(images))
    _set_image_range(prepared, module)
    made: nn.Module = convert_pt2e(prepared)
    return made


def _quantiser() -> Any:
    """XNNPACK's quantiser with ranges from the smallest to the largest value.

    The scaling of the image's bytes stays in floats, and so does what makes boxes of maps. A convolution's output is
    given its grid behind the clamp that XNNPACK computes within it: ReLU6 keeps a fraction of the range before it.
    """
    from executorch.backends.xnnpack.quantizer.xnnpack_quantizer import XNNPACKQuantizer
    from torchao.quantization.pt2e.quantizer import QuantizationAnnotation
    from torchao.quantization.pt2e.quantizer.quantizer import Q_ANNOTATION_KEY

    class Quantiser(XNNPACKQuantizer):  # type: ignore[misc]
        def annotate(self, model: torch.fx.GraphModule) -> torch.fx.GraphModule:
            super().annotate(model)
            for node in model.graph.nodes:
                if is_behind(node.meta.get("nn_module_stack")):
                    node.meta.pop(Q_ANNOTATION_KEY, None)
                before = node.args[0] if node.target in _CLAMPS else None
                if before is not None and before.target in _CONVOLUTIONS:
                    made = before.meta[Q_ANNOTATION_KEY]
                    grid, made.output_qspec = made.output_qspec, None
                    node.meta[Q_ANNOTATION_KEY] = QuantizationAnnotation(output_qspec=grid, _annotated=True)
            return model

    quantiser = Quantiser().set_global(_grids())
    quantiser.set_filter_function(lambda node: node.target != torch.ops.aten.mul.Tensor)
    return quantiser


def _grids() -> Any:
    from torchao.quantization.pt2e.observer import MinMaxObserver, PerChannelMinMaxObserver
    from torchao.quantization.pt2e.quantizer import QuantizationConfig, QuantizationSpec

    activations = QuantizationSpec(
        dtype=torch.int8,
        quant_min=-128,
        quant_max=127,
        qscheme=torch.per_tensor_affine,
        observer_or_fake_quant_ctr=MinMaxObserver.with_args(eps=_LEAST_SCALE),
    )
    weights = QuantizationSpec(
        dtype=torch.int8,
        quant_min=-127,
        quant_max=127,
        qscheme=torch.per_channel_symmetric,
        ch_axis=0,
        observer_or_fake_quant_ctr=PerChannelMinMaxObserver.with_args(eps=_LEAST_SCALE),
    )
    return QuantizationConfig(activations, activations, weights, None, False)


def _set_image_range(prepared: nn.Module, module: Shipped) -> None:
    """Give the observer before the first convolution what bytes can be, whatever it saw."""
    graph: Any = prepared.graph
    first = next(node for node in graph.nodes if node.target in _CONVOLUTIONS)
    observer: Any = prepared.get_submodule(first.args[0].target)
    seen = image_range(module)
    observer.min_val.fill_(seen.low)
    observer.max_val.fill_(seen.high)


def count_operators(content: bytes) -> Operators:
    """The convolutions and matrix products of an ExecuTorch file: those of XNNPACK, and those that are left outside it.

    One is in 8 bits where XNNPACK has it with an input, weights and an output of 8 bits.
    """
    from executorch.exir._serialize._program import deserialize_pte_binary

    program = deserialize_pte_binary(content).program
    floats = [one.name for plan in program.execution_plan for one in plan.operators if _OUTSIDE.search(one.name)]
    total = len(floats)
    for blob in program.backend_delegate_data:
        graph = _graph(bytes(blob.data))
        kinds = dict(_kinds(graph))
        for node in graph["xnodes"]:
            if node["xnode_union_type"] in _WEIGHTED:
                total += 1
                computed = node["xnode_union"]
                ends = [kinds[computed[name]] for name in ("input1_id", "filter_id", "output_id")]
                if not set(ends) <= _BYTES:
                    floats.append(f"{node['xnode_union_type']} {computed['output_id']}")
    return Operators(total, total - len(floats), tuple(floats))


def _graph(blob: bytes) -> Any:
    """What XNNPACK is given, as the JSON form of its schema."""
    from executorch.backends.xnnpack import serialization
    from executorch.backends.xnnpack.serialization.xnnpack_graph_serialize import XNNHeader
    from executorch.exir._serialize._flatbuffer import _flatc_decompile

    header = XNNHeader.from_bytes(blob[: XNNHeader.EXPECTED_LENGTH])
    with tempfile.TemporaryDirectory(prefix="mobilenets-pte-") as folder:
        schema, binary = Path(folder) / "schema.fbs", Path(folder) / "graph.bin"
        schema.write_bytes(files(serialization).joinpath(schema.name).read_bytes())
        binary.write_bytes(blob[header.flatbuffer_offset :][: header.flatbuffer_size])
        _flatc_decompile(folder, str(schema), str(binary), ["--raw-binary"])
        # Where an output has no bound flatc writes one that is not JSON's.
        return json.loads(_INFINITE.sub(r"\1Infinity", binary.with_suffix(".json").read_text(encoding="utf-8")))


def _kinds(graph: Any) -> Iterator[tuple[int, str]]:
    """The type of each value, by its number."""
    for value in graph["xvalues"]:
        held = value["xvalue_union"]
        tensor = held.get("tensor_value", held)
        yield tensor["id_out"], tensor["datatype"]
