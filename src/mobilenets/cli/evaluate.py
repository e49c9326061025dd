"""`mobilenets evaluate`: a model scored on photographs whose truth is known."""

import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from tyro.conf import Positional

from mobilenets.cli.output import Column, print_json, print_line, print_table

if TYPE_CHECKING:
    from mobilenets.jobs.evaluate import EvaluationReport

_SHOWN = 20


def run(
    data: Positional[str],
    *,
    model: Path,
    split: str | None = None,
    batch: int = 64,
    device: str = "auto",
    strict: bool = False,
    json: bool = False,
) -> None:
    """Score a model: for a classifier top-1, top-5, calibration error, per class and confusion (all in --json).

    Args:
        data: folder, .zip, .csv or the name of a data set
        model: checkpoint folder
        split: train, val, test or all; unset: what the model did not learn from
        batch: photographs at a time
        device: auto, cpu or cuda
        strict: fail if any photograph cannot be read
        json: print JSON
    """
    from mobilenets.jobs.evaluate import evaluate

    report = evaluate(data, model=model, split=split, batch=batch, device=device, strict=strict)
    if json:
        # JSON has no NaN; a network that says nothing else has a loss that is none.
        print_json(asdict(report) | {"loss": report.loss if math.isfinite(report.loss) else None})
        return
    _print(report)


def _print(report: "EvaluationReport") -> None:
    print_line(f"{report.model} on {report.photographs:,} photographs of {report.data} ({report.split})", style="bold")
    for note in report.notes:
        print_line(f"note: {note}")
    rows = [(name.replace("_", " "), f"{value:.4f}") for name, value in {**report.scores, "loss": report.loss}.items()]
    print_table((Column("score"), Column("value", number=True)), rows)
    for name, table in report.details.items():
        if isinstance(table, dict):
            _print_details(name, table)


def _print_details(name: str, table: dict[str, dict[str, float]]) -> None:
    """One line for each part of the whole (a class), the lowest scores first."""
    if not table:
        return
    columns = list(next(iter(table.values())))
    ranked = sorted(table.items(), key=lambda item: item[1][columns[-1]])[:_SHOWN]
    print_line()
    heading = name.replace("_", " ")
    print_line(
        heading if len(ranked) == len(table) else f"{heading}: the {_SHOWN} lowest of {len(table)}", style="bold"
    )
    rows = [
        (part, *(f"{row[column]:.4f}" if isinstance(row[column], float) else f"{row[column]:,}" for column in columns))
        for part, row in ranked
    ]
    print_table((Column(""), *(Column(column, number=True) for column in columns)), rows)
