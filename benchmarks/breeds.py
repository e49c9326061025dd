"""`python -m benchmarks.breeds --data DIR --weights FILE`: what cleaning finds, and what a noisy first stage gains.

DIR is a folder with a sub-folder a label. Noise is planted in it by a seed (`benchmarks.noise`), one seed a round.
"""

import argparse
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console

from benchmarks.noise import ALTERATIONS, CROSS_LISTED, GOOD, HELD_OUT, MISLABELLED, REPEATED, Noisy, lay_noise
from benchmarks.report import Result, Table, machine, machine_line, write_result
from mobilenets.data.inputs import photographs
from mobilenets.data.photos import Example
from mobilenets.data.sources import open_collection
from mobilenets.errors import JobError, UsageError
from mobilenets.jobs.clean.doubts import doubtful
from mobilenets.jobs.clean.look import Looks, feature_model, look
from mobilenets.jobs.clean.sift import DOUBTFUL, sift
from mobilenets.jobs.start import open_weights, trained_architecture
from mobilenets.jobs.train import train
from mobilenets.maths.nearest import Block, feature_blocks, hash_blocks
from mobilenets.maths.perceptual import MIRROR
from mobilenets.recipes import recipe
from mobilenets.run import Cleaning, Machine, Noise, Run

_LIMITS = {
    "hash, 4 bits": Cleaning(hash_bits=4, feature_distance=0),
    "hash, 8 bits": Cleaning(hash_bits=8, feature_distance=0),
    "hash, 12 bits": Cleaning(hash_bits=12, feature_distance=0),
    "features, .1": Cleaning(hash_bits=-1, feature_distance=0.1),
    "features, .15": Cleaning(hash_bits=-1, feature_distance=0.15),
    "features, .2": Cleaning(hash_bits=-1, feature_distance=0.2),
    "both, 8 bits and .15 (as set)": Cleaning(),
}
_DOUBTS = (0.001, 0.003, 0.01, 0.03, 0.1)
_COPIES = (HELD_OUT, CROSS_LISTED, REPEATED)


class Seen:
    """A noisy collection looked at once, to be sifted in many ways."""

    def __init__(self, laid: Noisy, *, weights: str, resolution: int, seed: int) -> None:
        model = feature_model(open_weights(weights), resolution=resolution, device=torch.device("cpu"))
        clean = open_collection(str(laid.clean))

        def seen(examples: Sequence[Example]) -> Looks:
            return look(examples, model, counted=nullcontext(lambda _: None))

        self.noisy = seen(open_collection(str(laid.noisy)).examples)
        self.held_out = seen(clean.part("val"))
        self.trusted = seen(clean.part("train"))
        self.planted = {one.file: one for one in laid.planted}
        self.seed = seed

    def removed(self, cleaning: Cleaning) -> dict[str, str]:
        """The reason of each photograph that goes, by name."""
        found = sift(self.noisy, self.held_out, cleaning)
        return {one.example.photo.name: one.reason for one in found.values()}

    def doubted(self, *, trusting: bool) -> dict[str, float]:
        """The probability of its label for each photograph that the rest of the cleaning leaves, where it is small."""
        gone = sift(self.noisy, self.held_out, Cleaning())
        left = self.noisy.part([place for place in range(len(self.noisy.examples)) if place not in gone])
        trusted = self.trusted if trusting else self.trusted.part([])
        found = doubtful(left, trusted, least=max(_DOUBTS), seed=self.seed)
        return {one.example.photo.name: one.distance for one in found.values() if one.distance is not None}


def main() -> int:
    """Measure, print each table as it comes, write all of them and JSON to --out."""
    arguments = _parser().parse_args()
    torch.set_num_threads(arguments.threads)
    facts = machine()
    tables = []
    try:
        with tempfile.TemporaryDirectory(prefix="mobilenets-breeds-") as work:
            for table in _measured(arguments, Path(work)):
                print(f"{table.markdown()}\n", flush=True)
                tables.append(table)
    except (UsageError, JobError) as error:
        print(f"breeds: {error}", file=sys.stderr)
        return 2
    print(machine_line(facts))
    rows = {table.title: [list(table.columns), *map(list, table.rows)] for table in tables}
    write_result(arguments.out, "breeds", Result(tables, rows), facts=facts)
    return 0


def _measured(arguments: argparse.Namespace, work: Path) -> Iterator[Table]:
    each = {"held_out": arguments.held_out, "train": arguments.train}
    rounds = [lay_noise(arguments.data, work / str(seed), seed=seed, **each) for seed in range(arguments.rounds)]
    seen = [
        Seen(laid, weights=arguments.weights, resolution=arguments.resolution, seed=seed)
        for seed, laid in enumerate(rounds)
    ]
    yield _copies_table(seen)
    yield _kinds_table(seen)
    yield _doubts_table(seen)
    if arguments.epochs:
        yield _gain_table(_trained(rounds, arguments, work), rounds)
    if arguments.distinct:
        yield _distinct_table(arguments)


def _copies_table(seen: Sequence[Seen]) -> Table:
    """By limit: of each kind of copy how many go for whatever reason, and how many good photographs with them."""
    rows = []
    for name, cleaning in _LIMITS.items():
        caught, total = _counts(seen, [one.removed(cleaning) for one in seen])
        cells = [f"{caught[kind]} of {total[kind]}" for kind in (*_COPIES, GOOD)]
        rows.append([name, *cells])
    notes = (
        "Copies of held-out photographs, photographs under two labels (both of them), repeated ones (the copy). "
        "A good photograph that goes is a false find; mislabelled ones resemble nothing and stand below.",
    )
    return Table("What is found by the limits", ("compared", *_COPIES, "good, wrongly gone"), rows, notes)


def _counts(seen: Sequence[Seen], removed: Sequence[Mapping[str, str]]) -> tuple[Counter[str], Counter[str]]:
    caught: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for one, gone in zip(seen, removed, strict=True):
        for file, planted in one.planted.items():
            total[planted.kind] += 1
            caught[planted.kind] += file in gone
    return caught, total


def _kinds_table(seen: Sequence[Seen]) -> Table:
    """By alteration: of all copies how many go, by hash, by features, by both as they are set."""
    ways = {
        "hash": Cleaning(feature_distance=0),
        "features": Cleaning(hash_bits=-1),
        "both": Cleaning(),
    }
    caught: dict[str, Counter[str]] = defaultdict(Counter)
    total: Counter[str] = Counter()
    for one in seen:
        gone = {way: one.removed(cleaning) for way, cleaning in ways.items()}
        for file, planted in one.planted.items():
            total[planted.alteration] += 1
            for way in ways:
                caught[way][planted.alteration] += file in gone[way]
    rows = [[name, *(f"{caught[way][name]} of {total[name]}" for way in ways)] for name in ALTERATIONS]
    return Table("Copies by how they were altered, at the limits as set", ("", *ways), rows)


def _distinct_table(arguments: argparse.Namespace) -> Table:
    """Pairs that the limits would take for copies, among photographs that are all different."""
    model = feature_model(open_weights(arguments.weights), resolution=arguments.resolution, device=torch.device("cpu"))
    examples = [Example(photo) for photo in photographs([str(folder) for folder in arguments.distinct])]
    looks = look(examples, model, counted=nullcontext(lambda _: None))
    bits = _pairs(hash_blocks(looks.hashes, looks.hashes, turned=MIRROR))
    cosines = _pairs(feature_blocks(looks.features, looks.features))
    rows = [
        ["hash", *(f"{int((bits <= limit).sum()):,}" for limit in (8, 10, 12, 14)), str(int(bits.min()))],
        [
            "features",
            *(f"{int((cosines <= limit).sum()):,}" for limit in (0.1, 0.15, 0.2, 0.25)),
            f"{cosines.min():.3f}",
        ],
    ]
    columns = ("pairs within", "8 bits / .1", "10 / .15", "12 / .2", "14 / .25", "nearest pair")
    title = f"{len(looks.examples):,} different photographs, {len(bits):,} pairs"
    return Table(title, columns, rows)


def _pairs(blocks: Iterator[Block]) -> NDArray[np.float64]:
    """The distance of each pair once."""
    return np.concatenate(
        [
            block.distances[
                np.arange(block.rows.start, block.rows.stop)[:, None]
                < np.arange(block.columns.start, block.columns.stop)
            ].astype(np.float64)
            for block in blocks
        ]
    )


def _doubts_table(seen: Sequence[Seen]) -> Table:
    doubted = [[one.doubted(trusting=trusting) for one in seen] for trusting in (False, True)]
    rows = []
    for least in _DOUBTS:
        row = [f"{least:g}"]
        for rounds in doubted:
            gone = [{name: DOUBTFUL for name, chance in one.items() if chance < least} for one in rounds]
            caught, total = _counts(seen, gone)
            row += [f"{caught[MISLABELLED]} of {total[MISLABELLED]}", f"{caught[GOOD]} of {total[GOOD]}"]
        rows.append(row)
    columns = ("--doubt", "mislabelled", "good, wrongly", "mislabelled, with clean train", "good, wrongly")
    return Table("Labels doubted, among what else stays", columns, rows)


def _trained(rounds: Sequence[Noisy], arguments: argparse.Namespace, work: Path) -> dict[str, list[float]]:
    scores: dict[str, list[float]] = defaultdict(list)
    for seed, laid in enumerate(rounds):
        clean = _run(laid.clean, work / f"clean-{seed}", arguments, seed)
        stages = replace(clean, out=work / f"two-{seed}", noise=Noise(noisy=str(laid.noisy)))
        doubting = replace(
            stages, out=work / f"doubt-{seed}", noise=Noise(noisy=str(laid.noisy), cleaning=Cleaning(doubt=0.01))
        )
        scores["clean alone"].append(_score(clean))
        scores["noisy, cleaned, then clean"].append(_score(stages))
        scores["the same, labels doubted (.01)"].append(_score(doubting))
    return dict(scores)


def _run(data: Path, out: Path, arguments: argparse.Namespace, seed: int) -> Run:
    settings = recipe("finetune")
    return Run(
        data=str(data),
        out=out,
        weights=arguments.weights,
        architecture=replace(trained_architecture(open_weights(arguments.weights)), resolution=arguments.resolution),
        machine=Machine(device="cpu", threads=arguments.threads),
        **{**settings, "epochs": arguments.epochs, "seed": seed},
    )


def _score(run: Run) -> float:
    return train(run, console=Console(quiet=True)).scores["top1"]


def _gain_table(scores: Mapping[str, Sequence[float]], rounds: Sequence[Noisy]) -> Table:
    held_out = sum(1 for _ in (rounds[0].clean / "val").rglob("*.jpg"))
    rows = [[name, *(f"{value:.3f}" for value in values), f"{np.mean(values):.3f}"] for name, values in scores.items()]
    columns = ("", *(f"seed {seed}" for seed in range(len(rounds))), "mean")
    note = f"Top-1 on the same {held_out} held-out photographs of a seed, by the finetune recipe; best epoch ships."
    return Table("Two stages against one", columns, rows, (note,))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.breeds", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with a sub-folder a label")
    parser.add_argument("--weights", required=True, help="starting weights, whose features are compared")
    parser.add_argument("--distinct", type=Path, nargs="*", default=(), help="folders of different photographs")
    parser.add_argument("--held-out", type=int, default=1, help="photographs of each label that are held out")
    parser.add_argument("--train", type=int, default=1, help="photographs of each label that are the clean train")
    parser.add_argument("--resolution", type=int, default=128, help="pixels")
    parser.add_argument("--rounds", type=int, default=3, help="seeds")
    parser.add_argument("--epochs", type=int, default=5, help="epochs of each stage; 0 trains nothing")
    parser.add_argument("--threads", type=int, default=2, help="threads")
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks"), help="folder of the results")
    return parser


if __name__ == "__main__":
    sys.exit(main())
