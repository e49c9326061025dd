"""What detectors have and torch's exporter does not know, in an ONNX file: NonMaxSuppression and RoiAlign."""

from collections.abc import Callable
from typing import Any

import torch
import torchvision  # noqa: F401

# `torch.library` gives the operation its name.
from mobilenets.maths import survivors as _  # noqa: F401


def survivors_table() -> dict[Any, Callable[..., Any]]:
    """How `mobilenets::survivors` and torchvision's crops are written, for torch's exporter."""
    return {
        torch.ops.mobilenets.survivors.default: _written,
        torch.ops.torchvision.roi_align.default: _cropped,
    }


def _cropped(maps: Any, boxes: Any, scale: float, height: int, width: int, sampling_ratio: int, aligned: bool) -> Any:
    """Boxes are (n, 5), the image before the box."""
    import onnx
    import onnxscript

    op: Any = onnxscript.opset20
    image = op.Cast(op.Gather(boxes, op.Constant(value_int=0), axis=1), to=onnx.TensorProto.INT64)
    return op.RoiAlign(
        maps,
        op.Gather(boxes, op.Constant(value_ints=[1, 2, 3, 4]), axis=1),
        image,
        spatial_scale=scale,
        output_height=height,
        output_width=width,
        sampling_ratio=sampling_ratio,
        coordinate_transformation_mode="half_pixel" if aligned else "output_half_pixel",
    )


def _written(boxes: Any, scores: Any, kinds: Any, classes: int, overlap: float, threshold: float, limit: int) -> Any:
    """Each kind has a row of scores, in which boxes of the others lie below the threshold: nothing is moved apart."""
    import onnx
    import onnxscript

    op: Any = onnxscript.opset20
    second = op.Constant(value_ints=[1])
    every = op.Constant(value=onnx.numpy_helper.from_array(torch.arange(classes).reshape(1, -1, 1).numpy()))
    own = op.Equal(op.Unsqueeze(kinds, second), every)
    rows = op.Where(own, op.Unsqueeze(scores, second), op.Constant(value_float=-1.0))
    found = op.NonMaxSuppression(
        boxes,
        rows,
        op.Constant(value_ints=[limit]),
        op.Constant(value_floats=[overlap]),
        op.Constant(value_floats=[threshold]),
    )
    # Of (image, kind, box) the image and the box, in whatever order the runtime has them. No shape is computed for the
    # zeros and ones, which OpenVINO gets wrong in files of 8 bits.
    places = op.Gather(found, op.Constant(value_ints=[0, 2]), axis=1)
    none, one = op.Constant(value_int=0), op.Constant(value_int=1)
    ones = op.Add(op.Mul(op.Gather(found, one, axis=1), none), one)
    stay = op.ScatterND(op.Mul(kinds, none), places, ones)
    return op.Cast(stay, to=onnx.TensorProto.BOOL)
