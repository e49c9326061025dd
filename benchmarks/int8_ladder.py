"""`python -m benchmarks.int8_ladder --data DIR --weights FILE`: what each scheme of 8 bits keeps of the accuracy.

The ladder of Krishnamoorthi, "Quantizing deep convolutional networks for efficient inference" (arXiv 1806.08342,
table 3), with our fake-quantised network: post-training, no training after. DIR holds `imagenet_val650/`, and
`hymenoptera/` whose training photographs the activations' ranges are taken from.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks.parity import Photographs, Settings, batches
from benchmarks.report import Result, Table, machine, machine_line, write_result
from mobilenets.data.preprocess import Preprocessing, scale
from mobilenets.deployment.int8.fake import Kernels, Range, fake_quantised, observe
from mobilenets.errors import JobError, UsageError
from mobilenets.network.fold import fold
from mobilenets.network.graph import Network
from mobilenets.weights.fitting import fit
from mobilenets.weights.read import read_weights

_CALIBRATION = "hymenoptera"


@dataclass(frozen=True, slots=True)
class Rung:
    """A scheme, and the top-1 that Krishnamoorthi's table gives for it on all of ILSVRC's validation images."""

    name: str
    kernels: Kernels
    activations: bool
    published: float


LADDER = (
    Rung("post-training, asymmetric per layer", "layer asymmetric", True, 0.001),
    Rung("post-training, symmetric per channel", "channel symmetric", True, 0.591),
    Rung("post-training, asymmetric per channel", "channel asymmetric", True, 0.703),
    Rung("activations only", "float", True, 0.708),
    Rung("float", "float", False, 0.709),
)


@dataclass(frozen=True, slots=True)
class Material:
    """The float network without batch norm, what its maps were seen to take, and what it is scored on."""

    network: Network
    preprocessing: Preprocessing
    ranges: dict[str, Range]
    photographs: Photographs
    background: int

    def top1(self, rung: Rung) -> float:
        """The accuracy of one scheme."""
        network = fake_quantised(self.network, self.ranges, kernels=rung.kernels, activations=rung.activations)
        hits = 0
        labels = np.array(self.photographs.labels) + self.background
        done = 0
        for images in batches(self.photographs, self.preprocessing):
            with torch.inference_mode():
                answers = network(scale(images, self.preprocessing)).argmax(1).numpy()
            hits += int((answers == labels[done : done + len(answers)]).sum())
            done += len(answers)
        return hits / len(labels)


def main() -> int:
    """Measure, print Markdown, write it and JSON; the exit code: 0 done, 1 it failed, 2 the request was wrong."""
    flags = _parser().parse_args()
    torch.set_num_threads(flags.threads)
    try:
        result = run(flags.data, flags.weights, limit=flags.limit, calibrate=flags.calibrate, tell=_progress)
        facts = machine()
        print(f"{result.markdown()}\n\n{machine_line(facts)}\n", flush=True)
        write_result(flags.out, "int8_ladder", result, facts=facts)
    except (UsageError, JobError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    return 0


def run(data: Path, weights: Path, *, limit: int | None, calibrate: int, tell: Callable[[str], None]) -> Result:
    """The table of the ladder. Raises `UsageError` for missing data and `JobError` for photographs that are bad."""
    material = _material(data, weights, limit=limit, calibrate=calibrate)
    rows, figures = [], {}
    for rung in LADDER:
        top1 = material.top1(rung)
        figures[rung.name] = top1
        rows.append([rung.name, f"{top1:.4f}", f"{rung.published:.3f}"])
        tell(f"{rung.name}: {top1:.4f}")
    count = len(material.photographs.files)
    notes = [
        f"{weights.name}, batch norm folded, weights and activations of 8 bits; {count} photographs of "
        f"imagenet_val650, activations' ranges (smallest to largest) of {calibrate} training photographs of "
        f"{_CALIBRATION}.",
        f"Photographs: {material.preprocessing.words}.",
    ]
    columns = ("scheme", "top-1", "Krishnamoorthi, 50,000 photographs")
    return Result([Table("Schemes of 8 bits", columns, rows, notes)], {"photographs": count, "top1": figures})


def _material(data: Path, weights: Path, *, limit: int | None, calibrate: int) -> Material:
    fitted = fit(read_weights(weights), where=str(weights))
    network = fold(fitted.network().eval())
    assert isinstance(network, Network)  # a copy of one
    files = sorted((data / _CALIBRATION / "train").rglob("*.jpg"))
    if not files:
        raise UsageError(f"{data / _CALIBRATION / 'train'} has no .jpg to take ranges from")
    chosen = np.random.default_rng(0).permutation(len(files))[:calibrate]
    seen = Photographs([files[place] for place in chosen], [])
    scaled = (scale(images, fitted.preprocessing) for images in batches(seen, fitted.preprocessing))
    ranges = observe(network, scaled)
    photographs = Settings(data=data, limit=limit).imagenet()
    return Material(network, fitted.preprocessing, ranges, photographs, fitted.outputs - 1000)


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.int8_ladder", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with imagenet_val650/ and hymenoptera/")
    parser.add_argument("--weights", type=Path, required=True, help="float mobilenet_v1 weights of any format")
    parser.add_argument("--limit", type=int, help="so many photographs, evenly spread; all if unset")
    parser.add_argument("--calibrate", type=int, default=128, help="photographs that ranges are taken from")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks"), help="folder of the results")
    return parser


if __name__ == "__main__":
    sys.exit(main())
