"""`python -m benchmarks [NAME ...]`: measure, print Markdown, write it and JSON to --out."""

import argparse
import sys
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from benchmarks.measure import NETWORKS, Settings
from benchmarks.report import machine, machine_line, write_result
from mobilenets.architecture.names import parse
from mobilenets.errors import JobError, UsageError

NAMES = (
    "start",
    "predict",
    "epoch",
    "gpu_step",
    "finetune",
    "latency",
    "artefact",
    "fit",
    "search",
    "detections",
    "mosaics",
    "ssd_step",
    "detector_latency",
)


def main() -> int:
    """Run the benchmarks named, or all; gives the exit code: 0 done, 1 one failed, 2 the request was wrong."""
    flags = _parser().parse_args()
    try:
        with tempfile.TemporaryDirectory(prefix="mobilenets-benchmarks-") as work:
            settings = Settings(
                photographs=flags.photographs,
                count=flags.count,
                rounds=flags.rounds,
                epochs=flags.epochs,
                threads=flags.threads,
                networks=tuple(flags.networks),
                work=Path(work),
                data=tuple(flags.data),
                weights=flags.weights,
                resolution=flags.resolution,
                most_epochs=flags.most_epochs,
            )
            for name in dict.fromkeys(flags.names or NAMES):
                _one(name, settings, out=flags.out)
    except (UsageError, JobError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    return 0


def _one(name: str, settings: Settings, *, out: Path) -> None:
    facts = machine()
    result = import_module(f"benchmarks.{name}").run(settings)
    print(f"{result.markdown()}\n\n{machine_line(facts)}\n", flush=True)
    write_result(out, name, result, facts=facts)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="mobilenets against others, in turns")
    parser.add_argument("names", nargs="*", type=_name, metavar="name", help=f"of {', '.join(NAMES)}; all if none")
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks"), help="folder of the results")
    parser.add_argument("--photographs", type=Path, help="any folder of JPEG photographs to use")
    parser.add_argument(
        "--count", type=_at_least(2 * 64), default=640, help="photographs; they are copied until enough"
    )
    parser.add_argument("--rounds", type=_at_least(1), default=3, help="times that each contender has its turn")
    parser.add_argument("--epochs", type=_at_least(2), default=3, help="epochs of a training run")
    parser.add_argument("--threads", type=_at_least(1), default=2, help="threads of every contender")
    parser.add_argument(
        "--networks", nargs="+", type=_network, default=NETWORKS, metavar="NAME", help="networks whose epochs are timed"
    )
    tuning = parser.add_argument_group("finetune")
    tuning.add_argument("--data", type=Path, nargs="+", default=(), metavar="DIR", help="sets of photographs")
    tuning.add_argument("--weights", type=Path, metavar="FILE", help="published mobilenet_v1_1.0 weights of any format")
    tuning.add_argument("--resolution", type=_at_least(32), default=224, help="side of the input in pixels")
    tuning.add_argument("--most-epochs", type=_at_least(1), default=25, help="shortens every contender, to try it out")
    return parser


def _name(word: str) -> str:
    if word not in NAMES:
        raise argparse.ArgumentTypeError(f"no benchmark is called {word!r}: use {', '.join(NAMES)}")
    return word


def _network(word: str) -> str:
    try:
        name = parse(word)
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if name.family != "mobilenet_v1":
        raise argparse.ArgumentTypeError(f"{word} is not in timm at any width: use a mobilenet_v1")
    return str(name)


def _at_least(least: int) -> Callable[[str], int]:
    def number(word: str) -> int:
        if not word.isdecimal() or int(word) < least:
            raise argparse.ArgumentTypeError(f"{word!r} is no whole number from {least}")
        return int(word)

    return number


if __name__ == "__main__":
    sys.exit(main())
