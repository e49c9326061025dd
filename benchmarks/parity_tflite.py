"""What the parity tables need of TFLite: files run by LiteRT's interpreter, and pixels as TensorFlow scales them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from mobilenets.data.decode import decode
from mobilenets.errors import UsageError

Outputs = NDArray[np.float32]

_PERSON = 1


def interpreted(litert: Any, path: Path) -> Callable[[NDArray[Any]], Outputs]:
    """What a file's own interpreter makes of inputs (N, H, W, 3), one by one: (N, classes), dequantised.

    `litert` is the module `ai_edge_litert.interpreter`; XNNPACK runs the file, as it does by default.
    """
    interpreter = litert.Interpreter(str(path), num_threads=torch.get_num_threads())
    interpreter.allocate_tensors()
    reads, makes = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    scale, zero = makes["quantization"]

    def run(images: NDArray[Any]) -> Outputs:
        outputs = []
        for image in images:
            interpreter.set_tensor(reads["index"], image[None])
            interpreter.invoke()
            outputs.append(interpreter.get_tensor(makes["index"])[0].astype(np.float32))
        made = np.stack(outputs)
        return (made - zero) * np.float32(scale) if scale else made

    return run


def as_tensorflow(file: Path, *, resolution: int) -> Tensor:
    """The whole photograph, (3, H, W) bytes: bilinear and not antialiased, as `tf.image.resize` does by default."""
    pixels = torch.from_numpy(decode(file.read_bytes())).permute(2, 0, 1)[None].float()
    return F.interpolate(pixels, (resolution, resolution), mode="bilinear")[0].round().byte()


def people(folder: Path) -> tuple[list[Path], list[int]]:
    """The photographs of a small COCO, and for each 1 if a person is marked in it and 0 if none is."""
    files, labels = [], []
    for split in ("train2017", "val2017"):
        try:
            marked = json.loads((folder / "annotations" / f"instances_{split}.json").read_text("utf-8"))
        except OSError as error:
            raise UsageError(f"{folder} has no annotations: name with --data the folder that it lies in") from error
        shown = {box["image_id"] for box in marked["annotations"] if box["category_id"] == _PERSON}
        files += [folder / split / image["file_name"] for image in marked["images"]]
        labels += [int(image["id"] in shown) for image in marked["images"]]
    return files, labels
