"""`mobilenets evaluate`: a model scored on photographs whose truth is known."""

from typing import TYPE_CHECKING, Literal

from tyro.conf import Positional

from mobilenets.cli.output import Column, print_json, print_line, print_table
from mobilenets.errors import UsageError

if TYPE_CHECKING:
    from mobilenets.jobs.evaluate import EvaluationReport

_SHOWN = 20


def run(
    data: Positional[str],
    *,
    model: str,
    weights: str | None = None,
    split: str | None = None,
    batch: int = 64,
    device: str = "auto",
    crop: float | None = None,
    squash: bool = False,
    keep_aspect: bool = False,
    interpolation: Literal["bilinear", "bicubic", "tf_bilinear"] | None = None,
    resolution: int | None = None,
    neighbours: int | None = None,
    features: str | None = None,
    strict: bool = False,
    json: bool = False,
) -> None:
    """Score a model: for a classifier top-1, top-5, calibration error, per class and confusion (all in --json).

    For attributes: the mean of average precisions, and each attribute's own.

    Args:
        data: folder (also ILSVRC's, with its file of labels), .zip, .csv or the name of a data set
        model: checkpoint or artefact folder, or timm:NAME or torchvision:NAME
        weights: for the latter: a file with a state dict, or none for random weights; unset: the published ones
        split: train, val, test or all; unset: what the model did not learn from
        batch: photographs at a time
        device: auto, cpu or cuda
        crop: central share of the photograph that is shown; this and the next four unset: as the model was trained
        squash: squash the crop to a square, as TF-Slim's evaluation does (with --crop 0.875)
        keep_aspect: show a square of the shorter side
        interpolation: how photographs are scaled; tf_bilinear is TensorFlow's, not antialiased
        resolution: side of the square input in pixels
        neighbours: places: score beside it what so many nearest photographs of train, by features, vote for (Im2GPS)
        features: for the latter: checkpoint whose features are compared; unset: the model's own
        strict: fail if any photograph cannot be read
        json: print JSON
    """
    from mobilenets.jobs.evaluate import evaluate

    if squash and keep_aspect:
        raise UsageError("--squash and --keep-aspect exclude each other: leave one out")
    report = evaluate(
        data,
        model=model,
        weights=weights,
        split=split,
        batch=batch,
        device=device,
        crop=crop,
        squash=True if squash else False if keep_aspect else None,
        interpolation=interpolation,
        resolution=resolution,
        neighbours=neighbours,
        features=features,
        strict=strict,
    )
    if json:
        print_json(report)
        return
    _print(report)


def _print(report: "EvaluationReport") -> None:
    print_line(f"{report.model} on {report.photographs:,} photographs of {report.data} ({report.split})", style="bold")
    print_line(f"shown: {report.shown}")
    for note in report.notes:
        print_line(f"note: {note}")
    told = report.scores if report.loss is None else {**report.scores, "loss": report.loss}
    rows = [(name.replace("_", " "), f"{value:.4f}") for name, value in told.items()]
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
