"""ncnn, made by pnnx, run on the CPU."""

import contextlib
import shutil
import tempfile
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
from mobilenets.deployment.shipped import CHANNELS, Shipped, Signature
from mobilenets.errors import UsageError

# What pnnx calls them.
_TAKEN, _GIVEN = "in0", "out0"
_REDUCED = ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic", "use_bf16_storage")


@dataclass(frozen=True, slots=True)
class NcnnSession:
    """A file in ncnn; `inner` is its `Net`."""

    inner: Any

    def __call__(self, images: Images) -> NDArray[np.float32]:
        return np.stack([self._one(np.ascontiguousarray(image)) for image in images])

    def _one(self, image: NDArray[Any]) -> NDArray[np.float32]:
        import ncnn

        if image.dtype == np.uint8:
            height, width, _ = image.shape
            taken = ncnn.Mat.from_pixels(image, ncnn.Mat.PixelType.PIXEL_RGB, width, height)
        else:
            taken = ncnn.Mat(image)
        extractor = self.inner.create_extractor()
        extractor.input(_TAKEN, taken)
        _, given = extractor.extract(_GIVEN)
        return np.array(given)  # a copy: the memory goes with the extractor


@dataclass(frozen=True, slots=True)
class Ncnn:
    """`model.param` with its weights in `model.bin`: input `in0`, output `out0`, one image at a time.

    RGB bytes are given as ncnn's own `Mat.from_pixels` makes a `Mat` of them.
    """

    name: str = "ncnn"
    title: str = "ncnn"
    file: str = "model.param"
    makers: tuple[str, ...] = ("pnnx",)
    runner: str = "ncnn"
    static: bool = True
    suppresses: bool = False
    system: str = ""
    install: str = "pip install 'mobilenets[ncnn]'"

    def export(self, module: Shipped, signature: Signature, file: Path) -> Mapping[str, Any]:
        """As the protocol says; raises `UsageError` for more than one image at a time."""
        if signature.batch != 1:
            raise UsageError(f"batch {signature.batch}: a file of ncnn takes one image at a time; leave --batch out")
        with tempfile.TemporaryDirectory() as folder:
            traced = Path(folder) / "made.pt"
            example = torch.zeros(1, CHANNELS, signature.resolution, signature.resolution)
            with quiet():
                import pnnx

                try:
                    with contextlib.suppress(SyntaxError):
                        # It reads a Python form of its own last, where our names of layers may be no words.
                        pnnx.export(Planes(module), str(traced), (example,), fp16=False)
                except Exception as error:  # its errors have no class in common
                    raise refused(self.title, error) from error
            for ending in (".param", ".bin"):
                made = traced.with_name(f"made.ncnn{ending}")
                if not made.is_file():  # pnnx tells its caller nothing
                    raise refused(self.title, RuntimeError(f"pnnx wrote no {ending} file"))
                shutil.copyfile(made, file.with_suffix(ending))
        pixels = {"pixels": "Mat.from_pixels, PIXEL_RGB"} if signature.inputs == "uint8" else {}
        return {**pixels, "run with": f"{', '.join(_REDUCED)}: off"}

    def open(self, file: Path, *, threads: int = 0) -> Session:
        import ncnn

        net = ncnn.Net()
        # The file has float32 weights; where a CPU could compute in less, the answers would be others.
        for name in _REDUCED:
            setattr(net.opt, name, False)
        if threads:
            net.opt.num_threads = threads
        with quiet():
            whole = net.load_param(str(file)) == 0 and net.load_model(str(file.with_suffix(".bin"))) == 0
        if not whole or _TAKEN not in net.input_names() or _GIVEN not in net.output_names():
            raise unreadable(file, self.title, RuntimeError("it or its .bin is damaged or of another program"))
        return NcnnSession(net)
