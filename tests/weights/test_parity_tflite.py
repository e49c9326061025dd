"""Published TFLite files on real photographs: ours beside LiteRT's own interpreter."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from mobilenets.data.decode import decode
from mobilenets.data.preprocess import Preprocessing, scale
from mobilenets.data.shapes import Centre, shaped
from mobilenets.network.int8 import quantise, simulate
from mobilenets.network.requantise import Kernels
from mobilenets.weights.fitting import Asked, Fitted, fit
from mobilenets.weights.read import read_weights

SMALL, LARGE = "mobilenet_v1_0.25_128_quant", "mobilenet_v1_0.75_192_quant"
DEQUANTISED = {SMALL: 0.5431, LARGE: 0.7669}
"""What the data's README says of the dequantised files, on 1,300 photographs of which these 650 are a half."""
BACKGROUND = 1


def fitted(shared_data: Path, name: str, **asked: Any) -> Fitted:
    return fit(read_weights(shared_data / "weights" / f"{name}.tflite"), Asked(**asked), where=name)


def photographs(shared_data: Path) -> tuple[list[Path], NDArray[np.int64]]:
    folder = shared_data / "imagenet_val650"
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    return [folder / "images" / row["file"] for row in rows], np.array([int(row["label"]) for row in rows])


def evaluated(files: list[Path], preprocessing: Preprocessing) -> Tensor:
    """Bytes (N, 3, H, W) as evaluation shows them."""
    pixels = np.stack([shaped(file.read_bytes(), Centre(preprocessing)) for file in files])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2)


def as_tensorflow(files: list[Path], *, resolution: int) -> Tensor:
    """Bytes of whole photographs, bilinear and not antialiased: what the README's figures were measured on."""
    pixels = [torch.from_numpy(decode(file.read_bytes())).permute(2, 0, 1)[None].float() for file in files]
    scaled = [F.interpolate(image, (resolution, resolution), mode="bilinear") for image in pixels]
    return torch.cat(scaled).round().byte()


def outputs(network: Any, images: Tensor, preprocessing: Preprocessing) -> Tensor:
    with torch.inference_mode():
        return torch.cat([network(scale(part, preprocessing)) for part in images.split(25)])


def interpreted(shared_data: Path, name: str, inputs: Tensor, *, resolver: str = "BUILTIN") -> NDArray[Any]:
    """What LiteRT makes of inputs (N, 3, H, W), one by one."""
    interpreter = Interpreter(
        str(shared_data / "weights" / f"{name}.tflite"),
        num_threads=1,
        experimental_op_resolver_type=getattr(OpResolverType, resolver),
    )
    interpreter.allocate_tensors()
    reads, makes = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
    made = []
    for image in inputs.permute(0, 2, 3, 1).contiguous().numpy():
        interpreter.set_tensor(reads, image[None])
        interpreter.invoke()
        made.append(interpreter.get_tensor(makes)[0].copy())
    return np.stack(made)


@pytest.mark.parametrize("name", [SMALL, LARGE])
def test_dequantised_weights_answer_as_the_data_says(shared_data: Path, name: str) -> None:
    """Within 1.5 points: .5431 and .7662 on these photographs."""
    own = fitted(shared_data, name)
    files, labels = photographs(shared_data)
    images = as_tensorflow(files, resolution=own.architecture.resolution)
    answers = outputs(own.network().eval(), images, own.preprocessing).argmax(1).numpy()
    assert abs((answers == labels + BACKGROUND).mean() - DEQUANTISED[name]) < 0.015


@pytest.mark.parametrize(
    ("name", "count", "kernels", "resolver"),
    [
        (SMALL, 650, "xnnpack", "BUILTIN"),
        (LARGE, 100, "xnnpack", "BUILTIN"),
        (SMALL, 50, "reference", "BUILTIN_REF"),
    ],
)
def test_the_simulation_answers_as_the_interpreter(
    shared_data: Path, name: str, count: int, kernels: Kernels, resolver: str
) -> None:
    """Not only within one answer: nearly all probabilities are the very same whole numbers."""
    own = fitted(shared_data, name)
    assert own.quantisation is not None and own.quantisation.probabilities is not None
    files, labels = photographs(shared_data)
    step = len(files) // count
    images = evaluated(files[::step][:count], own.preprocessing)
    logits = outputs(simulate(own.network().eval(), own.quantisation, kernels=kernels), images, own.preprocessing)
    ours = np.rint(quantise(logits.softmax(1), own.quantisation.probabilities).numpy() * 256)
    theirs = interpreted(shared_data, name, images, resolver=resolver)
    truth = labels[::step][:count] + BACKGROUND
    assert abs((ours.argmax(1) == truth).sum() - (theirs.argmax(1) == truth).sum()) <= 1
    assert (ours.argmax(1) != theirs.argmax(1)).sum() <= 1
    assert (ours == theirs).mean() > 0.9999
    assert (theirs.argmax(1) == truth).mean() > (0.7 if name == LARGE else 0.5)


def people(shared_data: Path) -> tuple[list[Path], NDArray[np.bool_]]:
    """The photographs of `coco_mini` and whether a person is marked in each."""
    files, shown = [], []
    for split in ("train2017", "val2017"):
        folder = shared_data / "coco_mini"
        marked = json.loads((folder / "annotations" / f"instances_{split}.json").read_text())
        persons = {box["image_id"] for box in marked["annotations"] if box["category_id"] == 1}
        files += [folder / split / image["file_name"] for image in marked["images"]]
        shown += [image["id"] in persons for image in marked["images"]]
    return files, np.array(shown)


def test_visual_wake_words_tell_people_as_the_interpreter_does(shared_data: Path) -> None:
    """.799 of 159 photographs on the central square, with values in [0, 1]; output 1 is a person."""
    own = fitted(shared_data, "vww_96_float", mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    assert (own.architecture.width, own.architecture.activation, own.outputs) == (0.25, "relu", 2)
    shown = Preprocessing(resolution=96, crop=1.0, mean=own.preprocessing.mean, std=own.preprocessing.std)
    files, truth = people(shared_data)
    images = evaluated(files, shown)
    ours = outputs(own.network().eval(), images, shown).softmax(1).numpy()
    np.testing.assert_allclose(ours, interpreted(shared_data, "vww_96_float", scale(images, shown)), atol=1e-4)
    assert len(truth) == 159
    assert ((ours.argmax(1) == 1) == truth).mean() > 0.78
