"""`mobilenets clean`: which photographs of a noisy collection may be learnt from."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated

import tyro
from tyro.conf import OmitArgPrefixes, Positional

from mobilenets.cli.output import Column, print_json, print_line, print_table
from mobilenets.run import Cleaning


@dataclass(frozen=True, kw_only=True)
class Flags(Cleaning):
    """When photographs are copies, and what is asked of this call."""

    noisy: Positional[str]
    """Folder or .csv of noisy photographs."""
    against: str | None = None
    """Photographs of which no copy may stay: those of val and test, or all where they are not divided."""
    out: Path = Path("cleaned.csv")
    """Table of the photographs that stay; what went and why is listed beside, in NAME-removed.csv."""
    weights: str | None = None
    """Checkpoint folder, file or name of published weights whose features are compared; unset: hashes alone."""
    resolution: int | None = None
    """Side of the square that its network is shown, in pixels; unset: its own."""
    device: str = "auto"
    """auto, cpu or cuda."""
    seed: int = 0
    """Of the parts in which labels are doubted."""
    overwrite: bool = False
    """Replace tables that are there."""
    json: bool = False
    """Print JSON."""


def run(flags: Annotated[OmitArgPrefixes[Flags], tyro.conf.arg(name="")]) -> None:
    """Leave out of a noisy collection what cannot be read, what resembles a test photograph or an earlier one of its
    label, and what stands under several labels; then `mobilenets train` reads the table. See docs/breeds.md.
    """
    from mobilenets.jobs.clean import clean

    cleaned = clean(
        flags.noisy,
        against=flags.against,
        out=flags.out,
        weights=flags.weights,
        cleaning=Cleaning(**{one.name: getattr(flags, one.name) for one in fields(Cleaning)}),
        resolution=flags.resolution,
        device=flags.device,
        seed=flags.seed,
        overwrite=flags.overwrite,
    )
    if flags.json:
        print_json(cleaned)
        return
    for note in cleaned.notes:
        print_line(f"note: {note}")
    rows = [(reason, f"{count:,}") for reason, count in {**cleaned.removed, "kept": cleaned.kept}.items()]
    print_table((Column(""), Column("photographs", number=True)), rows)
    print_line(f"kept {cleaned.table}, removed {cleaned.removed_table}")
