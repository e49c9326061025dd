"""`mobilenets export`: a checkpoint as an artefact that ships."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tyro.conf import Positional

from mobilenets.cli.output import Column, million_text, print_json, print_line, print_table, size_text

if TYPE_CHECKING:
    from mobilenets.deployment.artefact import Artefact


def run(
    checkpoint: Positional[Path],
    *,
    out: Path,
    runtime: str = "onnx",
    batch: int | None = None,
    inputs: Literal["uint8", "float"] = "uint8",
    data: str | None = None,
    goldens: int = 4,
    overwrite: bool = False,
    json: bool = False,
) -> None:
    """Export a checkpoint to a runtime: one folder with the model, its labels, and inputs and outputs to test it with.

    The model file holds its preprocessing. It is run in its own runtime and compared with PyTorch before it is kept.

    Args:
        checkpoint: checkpoint folder
        out: folder of the artefact
        runtime: onnx or openvino
        batch: images at a time; unset: any number
        inputs: RGB bytes, or floats that are scaled already
        data: photographs for the golden inputs; unset: synthetic images
        goldens: golden inputs to keep
        overwrite: replace an earlier artefact
        json: print JSON
    """
    from mobilenets.jobs.export import export

    artefact = export(
        checkpoint,
        out=out,
        runtime=runtime,
        batch=batch,
        inputs=inputs,
        data=data,
        goldens=goldens,
        overwrite=overwrite,
    )
    if json:
        print_json({"folder": artefact.folder, **asdict(artefact.report)})
        return
    _print(artefact)


def _print(artefact: "Artefact") -> None:
    report = artefact.report
    shape = " x ".join(map(str, artefact.signature.shape))
    checked = report.verification
    made_by = report.made_by
    print_line(f"{artefact.folder}: {report.architecture.name} for {report.runtime}", style="bold")
    rows = [
        ("takes", f"{report.inputs} {shape}"),
        ("cost", f"{million_text(report.mult_adds)} mult-adds, {million_text(report.params)} params"),
        ("model", size_text(report.size)),
        ("made by", ", ".join(f"{name} {number}" for name, number in made_by.items())),
        ("details", ", ".join(f"{name} {value}" for name, value in report.details.items())),
        ("verified", f"{checked.golden}: {checked.shapes}"),
        ("difference", f"{checked.largest_difference:.2g} at most, {checked.tolerance:.2g} allowed"),
    ]
    print_table((Column(""), Column("")), rows)
    print_line()
    files = [(name, size_text(facts["bytes"])) for name, facts in report.files.items()]
    print_table((Column("file"), Column("size", number=True)), files)
