"""LiteRT, formerly TensorFlow Lite: made by litert-torch, run by its interpreter with XNNPACK."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mobilenets.deployment.int8.protocol import Calibration, Method, QuantisedFile
from mobilenets.deployment.int8.tflite import count_operators, quantised
from mobilenets.deployment.runtimes.channels_last import ChannelsLast
from mobilenets.deployment.runtimes.protocol import Images, Session, refused, unreadable
from mobilenets.deployment.runtimes.quiet import quiet
from mobilenets.deployment.shipped import IMAGES, OUTPUTS, Shipped, Signature

# What litert-torch calls the one it makes.
_SIGNATURE = "serving_default"
INT8_DETAILS = {"weights": "int8 symmetric by channel", "activations": "int8 asymmetric"}


@dataclass(frozen=True, slots=True)
class LiteRtSession:
    """A file in LiteRT; `inner` is its `Interpreter`, `taken` and `given` its tensors' places."""

    inner: Any
    taken: int
    given: int

    def __call__(self, images: Images) -> NDArray[np.float32]:
        self.inner.set_tensor(self.taken, np.ascontiguousarray(images))
        self.inner.invoke()
        outputs: NDArray[np.float32] = self.inner.get_tensor(self.given)  # a copy
        return outputs


@dataclass(frozen=True, slots=True)
class LiteRt:
    """`model.tflite`, weights inside: signature `serving_default`, input `images`, output `outputs`."""

    name: str = "litert"
    title: str = "LiteRT"
    file: str = "model.tflite"
    makers: tuple[str, ...] = ("litert_torch", "litert_converter", "ai_edge_quantizer")
    runner: str = "ai_edge_litert"
    static: bool = True
    suppresses: bool = False
    system: str = ""
    methods: tuple[Method, ...] = ("minmax",)
    # pip finds no versions that litert-torch's own requirements and ours agree on, see CONTRIBUTING.md.
    install: str = "pip install 'mobilenets[litert-export]' && pip install --no-deps litert-torch litert-converter"

    def export(self, module: Shipped, signature: Signature, file: Path) -> Mapping[str, Any]:
        file.write_bytes(_flatbuffer(module, signature, self.title))
        return {"signature": _SIGNATURE}

    def export_int8(
        self, module: Shipped, signature: Signature, file: Path, *, calibration: Calibration
    ) -> QuantisedFile:
        """As the base says, made of the float file; the logits have 8 bits too before they are given as floats."""
        floats = _flatbuffer(module, signature, self.title)
        with quiet():
            try:
                content = quantised(floats, module, signature, calibration)
            except Exception as error:  # its errors have no class in common
                raise refused(self.title, error) from error
        file.write_bytes(content)
        return QuantisedFile({"signature": _SIGNATURE, **INT8_DETAILS}, count_operators(content))

    def open(self, file: Path, *, threads: int = 0) -> Session:
        """As the protocol says; LiteRT by itself would take one thread, so 0 is as many as PyTorch takes."""
        from ai_edge_litert.interpreter import Interpreter

        try:
            with quiet():
                interpreter = Interpreter(str(file), num_threads=threads or torch.get_num_threads())
                interpreter.allocate_tensors()
            (taken,), (given,) = interpreter.get_input_details(), interpreter.get_output_details()
        except Exception as error:  # ValueError or RuntimeError, by what is wrong
            raise unreadable(file, self.title, error) from error
        return LiteRtSession(interpreter, taken["index"], given["index"])


def _flatbuffer(module: Shipped, signature: Signature, title: str) -> bytes:
    with quiet():
        import litert_torch

        litert_torch.config.show_progress = False
        try:
            made = litert_torch.convert(
                _Named(ChannelsLast(module)), sample_kwargs={IMAGES: signature.example()}
            ).model_content()
        except Exception as error:  # its errors have no class in common
            raise refused(title, error) from error
    content: bytes = made
    return content


class _Named(nn.Module):
    """A module with its output called what it is: the converter reads that off a dictionary."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner
        self.eval()

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        return {OUTPUTS: self.inner(images)}
