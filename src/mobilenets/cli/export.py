"""`mobilenets export`: a checkpoint as an artefact that ships."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tyro.conf import Positional

from mobilenets.cli.output import Column, million_text, print_json, print_line, print_table, size_text

if TYPE_CHECKING:
    from mobilenets.deployment.artefact import Artefact, Report
    from mobilenets.deployment.int8.report import Int8Report


def run(
    checkpoint: Positional[Path],
    *,
    out: Path,
    runtime: str = "onnx",
    batch: int | None = None,
    inputs: Literal["uint8", "float"] = "uint8",
    data: str | None = None,
    goldens: int = 4,
    precision: Literal["float32", "int8"] = "float32",
    max_drop: float = 1.0,
    measure_on: str | None = None,
    calibrate: int = 128,
    qat_minutes: float = 5.0,
    seed: int = 0,
    unverified: bool = False,
    overwrite: bool = False,
    json: bool = False,
) -> None:
    """Export a checkpoint to a runtime: one folder with the model, its labels, and inputs and outputs to test it with.

    The model file holds its preprocessing. It is run in its own runtime and compared with PyTorch before it is kept;
    where the runtime cannot be (Core ML off macOS), --unverified keeps it all the same, to be verified there.

    Args:
        checkpoint: checkpoint folder
        out: folder of the artefact
        runtime: onnx, openvino, litert, executorch, ncnn or coreml
        batch: images at a time; unset: any number, or one in litert, executorch, ncnn and coreml
        inputs: RGB bytes, or floats that are scaled already
        data: photographs for the golden inputs (unset: synthetic images), and to calibrate and measure int8 with
        goldens: golden inputs to keep
        precision: float32, or int8: 8-bit weights and activations
        max_drop: int8: points that the file may lose to the float file on held-out photographs
        measure_on: int8: labelled photographs to measure on; unset: those of --data that are held out
        calibrate: int8: photographs of --data's train that ranges are taken from
        qat_minutes: int8: minutes of training where nothing else keeps the accuracy; 0: none
        seed: int8: which photographs
        unverified: keep a file that this system cannot run; `mobilenets verify` runs it where it can be
        overwrite: replace an earlier artefact
        json: print JSON
    """
    from mobilenets.jobs.export import export
    from mobilenets.jobs.int8.quantise import Int8Settings

    settings = Int8Settings(
        max_drop=max_drop, measure_on=measure_on, calibrate=calibrate, qat_minutes=qat_minutes, seed=seed
    )
    artefact = export(
        checkpoint,
        out=out,
        runtime=runtime,
        batch=batch,
        inputs=inputs,
        data=data,
        goldens=goldens,
        precision=precision,
        int8=settings if precision == "int8" else None,
        unverified=unverified,
        overwrite=overwrite,
    )
    if json:
        print_json({"folder": artefact.folder, **asdict(artefact.report)})
        return
    _print(artefact)


def _print(artefact: "Artefact") -> None:
    report = artefact.report
    shape = " x ".join(map(str, artefact.signature.shape))
    made_by = report.made_by
    print_line(f"{artefact.folder}: {report.architecture.name} for {report.runtime}", style="bold")
    rows = [
        ("takes", f"{report.inputs} {shape}"),
        ("cost", f"{million_text(report.mult_adds)} mult-adds, {million_text(report.params)} params"),
        ("model", size_text(report.size)),
        ("made by", ", ".join(f"{name} {number}" for name, number in made_by.items())),
        ("details", ", ".join(f"{name} {value}" for name, value in report.details.items())),
        *_verified(report),
    ]
    print_table((Column(""), Column("")), rows)
    if report.int8 is not None:
        _print_int8(report.int8)
    print_line()
    files = [(name, size_text(facts["bytes"])) for name, facts in report.files.items()]
    print_table((Column("file"), Column("size", number=True)), files)


def _verified(report: "Report") -> Sequence[tuple[str, str]]:
    checked = report.verification
    if checked is None:
        return [("verified", f"NO: {report.unverified}")]
    return [
        ("verified", f"{checked.golden}: {checked.shapes}"),
        ("difference", f"{checked.largest_difference:.2g} at most, {checked.allowed}"),
    ]


def _print_int8(said: "Int8Report") -> None:
    print_line()
    print_line(
        f"int8: {said.int8} of {said.convolutions} convolutions and matrix products, calibrated with "
        f"{said.calibrated_with} photographs of {said.calibrated_on}"
    )
    for note in said.notes:
        print_line(f"note: {note}")
    columns = (
        Column(f"on {said.photographs:,} photographs of {said.measured_on}"),
        Column(said.metric.replace("_", " "), number=True),
        Column("points lost", number=True),
    )
    rows = [(f"int8, {step.name}", f"{step.score:.4f}", f"{step.drop:.2f}") for step in said.steps]
    print_table(columns, [("float32", f"{said.float_score:.4f}", ""), *rows])
