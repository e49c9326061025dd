"""`python -m benchmarks.parity --data DIR`: published files as our networks, and in runtimes that are not ours.

DIR holds `weights/` and the folders of photographs. A file gets its row by one function and one line in `ROWS`.
"""

import argparse
import csv
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.parity_tflite import as_tensorflow, interpreted, people
from benchmarks.report import Result, Table, machine, machine_line, write_result
from mobilenets.data.preprocess import Preprocessing, scale
from mobilenets.data.shapes import Centre, shaped
from mobilenets.errors import JobError, UsageError
from mobilenets.network.fold import fold
from mobilenets.network.graph import Network
from mobilenets.network.int8 import quantise, simulate
from mobilenets.weights.fitting import Asked, Fitted, fit
from mobilenets.weights.read import read_weights

Outputs = NDArray[np.float32]
Run = Callable[[torch.Tensor], Outputs]
"""Bytes of photographs (N, 3, H, W) to outputs (N, classes)."""

_BATCH = 10


@dataclass(frozen=True, slots=True)
class Photographs:
    """Files with the number of the class that each shows."""

    files: Sequence[Path]
    labels: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A file twice: as our network and in another `runtime`. `background` outputs come before that of class 0."""

    runtime: str
    photographs: Photographs
    preprocessing: Preprocessing
    ours: Run
    theirs: Run
    background: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What a pair says of its photographs."""

    file: str
    runtime: str
    preprocessing: str
    photographs: int
    ours: float
    theirs: float
    answers_that_differ: int
    largest_difference: float

    @property
    def cells(self) -> list[str]:
        """The row of the table."""
        return [
            self.file,
            self.runtime,
            str(self.photographs),
            f"{self.ours:.4f}",
            f"{self.theirs:.4f}",
            str(self.answers_that_differ),
            f"{self.largest_difference:.1e}",
        ]


@dataclass(frozen=True, slots=True)
class Settings:
    """Where files and photographs are; `limit` takes every so many, that many in all."""

    data: Path
    limit: int | None = None

    def weights(self, file: str) -> Path:
        """A file of weights."""
        return self.data / "weights" / file

    def imagenet(self) -> Photographs:
        """The photographs of `imagenet_val650` and ImageNet's number of each from 0."""
        folder = self.data / "imagenet_val650"
        try:
            with (folder / "labels.csv").open(newline="", encoding="utf-8") as table:
                rows = list(csv.DictReader(table))
        except OSError as error:
            raise UsageError(f"{folder} has no labels.csv: name with --data the folder that it lies in") from error
        rows = rows[:: max(len(rows) // (self.limit or len(rows)), 1)][: self.limit]
        return Photographs([folder / "images" / row["file"] for row in rows], [int(row["label"]) for row in rows])

    def people(self) -> Photographs:
        """The photographs of `coco_mini`, 1 where a person is in it."""
        files, labels = people(self.data / "coco_mini")
        step = max(len(files) // (self.limit or len(files)), 1)
        return Photographs(files[::step][: self.limit], labels[::step][: self.limit])


def main() -> int:
    """Print the tables, write them and all figures to --out; gives the exit code, as `python -m benchmarks` does."""
    flags = _parser().parse_args()
    torch.set_num_threads(flags.threads)
    facts = machine()
    try:
        result = run(Settings(flags.data, flags.limit))
        print(f"{result.markdown()}\n\n{machine_line(facts)}")
        write_result(flags.out, "parity", result, facts=facts)
    except (UsageError, JobError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    return 0


def run(settings: Settings) -> Result:
    """The table of all files, and that of the two paddings."""
    rows = []
    for file, pair in ROWS.items():
        print(file, file=sys.stderr, flush=True)
        rows.append(compared(file, pair(settings, settings.weights(file))))
    print("padding", file=sys.stderr, flush=True)
    paddings = _paddings(settings)
    columns = ("file", "runtime", "photographs", "ours, top-1", "runtime, top-1", "answers differ", "outputs differ by")
    print("dequantised", file=sys.stderr, flush=True)
    dequantised = {file: _dequantised(settings, settings.weights(file)) for file in EIGHT_BITS}
    figures = {"files": [asdict(row) for row in rows], "padding": paddings, "dequantised": dequantised}
    notes = [f"{row.file}: {row.preprocessing}." for row in rows]
    tables = [Table("Parity", columns, [row.cells for row in rows], notes), _padding_table(paddings)]
    return Result([*tables, _dequantised_table(dequantised)], figures)


def frozen_graph(settings: Settings, path: Path) -> Pair:
    """TensorFlow's frozen graph in OpenCV's dnn, which leaves out of it what the logits do not need."""
    cv2: Any = _module("cv2", install="opencv-python-headless")
    fitted = fit(read_weights(path), where=str(path))
    net = cv2.dnn.readNetFromTensorflow(str(path))
    cv2.setNumThreads(torch.get_num_threads())

    def theirs(images: torch.Tensor) -> Outputs:
        net.setInput(scale(images, fitted.preprocessing).numpy())
        outputs: Outputs = net.forward(FROZEN_LOGITS).reshape(len(images), -1)
        return outputs

    return Pair(
        runtime=f"OpenCV {cv2.__version__}",
        photographs=settings.imagenet(),
        preprocessing=fitted.preprocessing,
        ours=as_ours(fitted),
        theirs=theirs,
        background=fitted.outputs - 1000,
    )


def eight_bits(settings: Settings, path: Path) -> Pair:
    """An 8-bit TFLite file, simulated with its own grids, and in LiteRT: the probabilities that it ends in."""
    litert: Any = _module("ai_edge_litert.interpreter", install="ai-edge-litert")
    fitted = fit(read_weights(path), where=str(path))
    if fitted.quantisation is None or fitted.quantisation.probabilities is None:
        raise UsageError(f"{path} is no 8-bit file that ends in a softmax")
    network, ends = simulate(fitted.network().eval(), fitted.quantisation), fitted.quantisation.probabilities
    run = interpreted(litert, path)

    def ours(images: torch.Tensor) -> Outputs:
        with torch.inference_mode():
            return quantise(network(scale(images, fitted.preprocessing)).softmax(1), ends).numpy()

    return Pair(
        runtime="LiteRT",
        photographs=settings.imagenet(),
        preprocessing=fitted.preprocessing,
        ours=ours,
        theirs=lambda images: run(images.permute(0, 2, 3, 1).contiguous().numpy()),
        background=fitted.outputs - 1000,
    )


def wake_words(settings: Settings, path: Path) -> Pair:
    """MLPerf Tiny's person-or-not in float, and in LiteRT; it was trained on whole photographs in [0, 1]."""
    litert: Any = _module("ai_edge_litert.interpreter", install="ai-edge-litert")
    fitted = fit(read_weights(path), Asked(mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0)), where=str(path))
    preprocessing = replace(fitted.preprocessing, crop=1.0)
    network, run = as_ours(fitted), interpreted(litert, path)
    return Pair(
        runtime="LiteRT",
        photographs=settings.people(),
        preprocessing=preprocessing,
        ours=lambda images: torch.from_numpy(network(images)).softmax(1).numpy(),
        theirs=lambda images: run(scale(images, preprocessing).permute(0, 2, 3, 1).contiguous().numpy()),
    )


FROZEN = "mobilenet_v1_1.0_224_float_frozen.pb"
FROZEN_LOGITS = "MobilenetV1/Predictions/Reshape"
EIGHT_BITS = ("mobilenet_v1_0.25_128_quant.tflite", "mobilenet_v1_0.75_192_quant.tflite")

ROWS: dict[str, Callable[[Settings, Path], Pair]] = {
    FROZEN: frozen_graph,
    **dict.fromkeys(EIGHT_BITS, eight_bits),
    "vww_96_float.tflite": wake_words,
}


def as_ours(fitted: Fitted) -> Run:
    """A file's network as `mobilenets predict` runs it: batch norm folded."""
    network: Network = fold(fitted.network().eval())  # type: ignore[assignment]

    def run_ours(images: torch.Tensor) -> Outputs:
        with torch.inference_mode():
            return network(scale(images, fitted.preprocessing)).numpy()

    return run_ours


def compared(file: str, pair: Pair) -> Compared:
    """Both sides on the same bytes. Raises `JobError` where a photograph cannot be read."""
    ours, theirs = [], []
    for images in batches(pair.photographs, pair.preprocessing):
        ours.append(pair.ours(images))
        theirs.append(pair.theirs(images))
    mine, other = np.concatenate(ours), np.concatenate(theirs)
    labels = np.array(pair.photographs.labels) + pair.background
    return Compared(
        file=file,
        runtime=pair.runtime,
        preprocessing=pair.preprocessing.words,
        photographs=len(labels),
        ours=_top1(mine, labels),
        theirs=_top1(other, labels),
        answers_that_differ=int((mine.argmax(1) != other.argmax(1)).sum()),
        largest_difference=float(np.abs(mine - other).max()),
    )


def batches(photographs: Photographs, preprocessing: Preprocessing) -> Iterator[torch.Tensor]:
    """The photographs cut as evaluation cuts them: bytes (N, 3, H, W)."""
    cut = Centre(preprocessing)
    for start in range(0, len(photographs.files), _BATCH):
        files = photographs.files[start : start + _BATCH]
        try:
            pixels = np.stack([shaped(file.read_bytes(), cut) for file in files])
        except (OSError, ValueError) as error:
            raise JobError(f"a photograph of {files[0].name} to {files[-1].name} cannot be read: {error}") from error
        yield torch.from_numpy(pixels).permute(0, 3, 1, 2)


def _top1(outputs: Outputs, labels: NDArray[np.int64]) -> float:
    return float((outputs.argmax(1) == labels).mean())


def _paddings(settings: Settings) -> dict[str, float]:
    """Top-1 of the same float weights by how the network pads, which is what conversions get wrong."""
    path, photographs = settings.weights(FROZEN), settings.imagenet()
    found = read_weights(path)
    accuracies = {}
    for padding in ("same", "symmetric"):
        fitted = fit(found, Asked(padding=padding), where=str(path))
        ours = as_ours(fitted)
        outputs = np.concatenate([ours(images) for images in batches(photographs, fitted.preprocessing)])
        accuracies[padding] = _top1(outputs, np.array(photographs.labels) + fitted.outputs - 1000)
    return accuracies


def _padding_table(accuracies: dict[str, float]) -> Table:
    words = {"same": "as TensorFlow pads (SAME)", "symmetric": "the same border on both sides"}
    rows = [[words[padding], f"{top1:.4f}"] for padding, top1 in accuracies.items()]
    return Table(f"Padding of {FROZEN}", ("padding", "top-1"), rows)


def _dequantised(settings: Settings, path: Path) -> float:
    """Top-1 of an 8-bit file's weights in our float network, on whole photographs scaled as TensorFlow scales them."""
    fitted, photographs = fit(read_weights(path), where=str(path)), settings.imagenet()
    ours, resolution = as_ours(fitted), fitted.architecture.resolution
    pixels = [as_tensorflow(file, resolution=resolution) for file in photographs.files]
    outputs = np.concatenate([ours(images) for images in torch.split(torch.stack(pixels), _BATCH)])
    return _top1(outputs, np.array(photographs.labels) + fitted.outputs - 1000)


def _dequantised_table(accuracies: dict[str, float]) -> Table:
    rows = [[file, f"{top1:.4f}"] for file, top1 in accuracies.items()]
    notes = ["Whole photographs, bilinear and not antialiased, as TensorFlow scales."]
    return Table("8-bit files dequantised, in our float network", ("file", "top-1"), rows, notes)


def _module(name: str, *, install: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise JobError(f"parity needs {install}, which is not installed: pip install {install}") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.parity", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with weights/ and folders of photographs")
    parser.add_argument("--limit", type=int, help="so many photographs, evenly spread; all if unset")
    parser.add_argument("--threads", type=int, default=1, help="threads of both sides")
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks"), help="folder of the results")
    return parser


if __name__ == "__main__":
    sys.exit(main())
