"""Core ML: converted anywhere, run where macOS is."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mobilenets.deployment.runtimes.planes import Planes
from mobilenets.deployment.runtimes.protocol import Images, Session, refused, unreadable
from mobilenets.deployment.runtimes.quiet import quiet
from mobilenets.deployment.shipped import CHANNELS, IMAGES, OUTPUTS, Shipped, Signature
from mobilenets.errors import JobError, UsageError
from mobilenets.network.graph import Network

_WEIGHTED = ("conv", "linear")
# The converter's map from the program to PyTorch's, which belongs to no package of Core ML.
_LEFTOVER = "executorch_debug_handle_mapping.json"


@dataclass(frozen=True, slots=True)
class CoreMlSession:
    """A file in Core ML; `inner` is its `MLModel`."""

    inner: Any

    def __call__(self, images: Images) -> NDArray[np.float32]:
        return np.concatenate([self._one(image) for image in images])

    def _one(self, image: NDArray[Any]) -> NDArray[np.float32]:
        from PIL import Image

        taken = Image.fromarray(image) if image.dtype == np.uint8 else image[None]
        given: NDArray[np.float32] = np.asarray(self.inner.predict({IMAGES: taken})[OUTPUTS], np.float32)
        return given


@dataclass(frozen=True, slots=True)
class CoreMl:
    """The folder `model.mlpackage`, an ML program in float32: input `images`, output `outputs`, one image at a time.

    RGB bytes are given as an image (a `CVPixelBuffer`), which Core ML and Vision convert and scale by themselves.
    """

    name: str = "coreml"
    title: str = "Core ML"
    file: str = "model.mlpackage"
    makers: tuple[str, ...] = ("coremltools",)
    runner: str = "coremltools"
    static: bool = True
    suppresses: bool = False
    system: str = "darwin"
    install: str = "pip install 'mobilenets[coreml]'"

    def export(self, module: Shipped, signature: Signature, file: Path) -> Mapping[str, Any]:
        """As the protocol says; raises `UsageError` for more than one image at a time.

        What the file says of itself is compared with the module: its input, its output and its weighted operators.
        """
        if signature.batch != 1:
            raise UsageError(f"batch {signature.batch}: a file of Core ML takes one image at a time; leave --batch out")
        with quiet():
            try:
                planes = Planes(module)
                model = _converted(planes, signature)
            except Exception as error:  # its errors have no class in common
                raise refused(self.title, error) from error
            model.save(str(file))
            (file / _LEFTOVER).unlink(missing_ok=True)
            spec = model.get_spec()
        network = module.network
        assert isinstance(network, Network)
        _check_description(spec, signature, outputs=tuple(planes(_example(signature)).shape))
        found = _operators(spec)
        weighted = {kind: found[kind] for kind in _WEIGHTED}
        expected = sum(layer.op in _WEIGHTED for layer in network.layers)
        if sum(weighted.values()) != expected:
            raise JobError(f"{file.name} has {weighted} where the network has {expected} such layers")
        pixels = {"pixels": "an RGB image"} if signature.inputs == "uint8" else {}
        return {**pixels, "specification": spec.specificationVersion, "computes in": "float32", **weighted}

    def open(self, file: Path, *, threads: int = 0) -> Session:
        """As the protocol says; Core ML chooses its threads by itself, so `UsageError` too for a number of them."""
        if threads:
            raise UsageError(f"threads {threads}: Core ML chooses their number by itself; leave it out")
        try:
            with quiet():
                import coremltools

                model = coremltools.models.MLModel(str(file), compute_units=coremltools.ComputeUnit.CPU_ONLY)
        except Exception as error:  # its errors have no class in common
            raise unreadable(file, self.title, error) from error
        return CoreMlSession(model)


def _converted(module: Planes, signature: Signature) -> Any:
    import coremltools as ct

    example = _example(signature)
    raw = signature.inputs == "uint8"
    kind = (
        ct.ImageType(IMAGES, example.shape, color_layout=ct.colorlayout.RGB)
        if raw
        else ct.TensorType(IMAGES, example.shape)
    )
    return ct.convert(
        torch.export.export(module, (example,)).run_decompositions({}),
        inputs=[kind],
        outputs=[ct.TensorType(OUTPUTS, dtype=np.float32)],
        convert_to="mlprogram",
        compute_precision=ct.precision.FLOAT32,
        minimum_deployment_target=ct.target.iOS15,
        skip_model_load=True,
    )


def _example(signature: Signature) -> torch.Tensor:
    return torch.zeros(1, CHANNELS, signature.resolution, signature.resolution)


def _check_description(spec: Any, signature: Signature, *, outputs: tuple[int, ...]) -> None:
    """Raise `JobError` where a file does not take and give what it is to."""
    (taken,), (given,) = spec.description.input, spec.description.output
    side = signature.resolution
    found: tuple[Any, ...]
    wanted: tuple[Any, ...]
    if signature.inputs == "uint8":
        image = taken.type.imageType
        found, wanted = (image.height, image.width, image.colorSpace), (side, side, image.RGB)
    else:
        found, wanted = tuple(taken.type.multiArrayType.shape), (1, CHANNELS, side, side)
    made = tuple(given.type.multiArrayType.shape)
    if (taken.name, found, given.name) != (IMAGES, wanted, OUTPUTS) or made not in (outputs, ()):
        raise JobError(f"Core ML's file takes {taken.name} {found} and gives {given.name} {made}, not what was asked")


def _operators(spec: Any) -> Counter[str]:
    """The kinds of a program's operators and how many there are of each."""
    function = spec.mlProgram.functions["main"]
    block = function.block_specializations[function.opset]
    return Counter(operation.type for operation in block.operations)
