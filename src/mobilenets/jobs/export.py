"""`mobilenets.export`: a checkpoint as an artefact, verified in its own runtime."""

import typing
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from rich.console import Console

from mobilenets.architecture.cost import cost
from mobilenets.checkpoint import MODEL, SPLIT
from mobilenets.data.inputs import photographs
from mobilenets.data.split import veil_split
from mobilenets.deployment.artefact import Artefact, Report, facts_of, read_artefact
from mobilenets.deployment.golden import Golden, from_photographs, golden, synthetic
from mobilenets.deployment.int8.report import Int8Report
from mobilenets.deployment.runtimes.protocol import Runtime, check_can_export, why_not_here
from mobilenets.deployment.runtimes.registry import runtime_named
from mobilenets.deployment.session import Batched
from mobilenets.deployment.shipped import Inputs, Signature, fits_any_size
from mobilenets.deployment.verify import Verification, verify
from mobilenets.deployment.write import (
    check_labels,
    check_out,
    files_in,
    write_golden,
    write_labels,
    write_preprocessing,
    write_report,
)
from mobilenets.errors import UsageError
from mobilenets.files import whole_folder
from mobilenets.jobs.int8.quantise import Int8Settings, check_quantises, quantise
from mobilenets.jobs.source import Source, read_source
from mobilenets.settings import within
from mobilenets.training.watch import counting

Precision = Literal["float32", "int8"]

GOLDENS = 4
_MOST_GOLDENS = 256
# Golden photographs are spread over so many of those that are given.
_LOOKED_AT = 10_000
_STAGES = 2
_VERIFIES = "mobilenets verify ARTEFACT"


def export(
    checkpoint: str | Path,
    *,
    out: str | Path,
    runtime: str = "onnx",
    batch: int | None = None,
    inputs: Inputs = "uint8",
    data: str | None = None,
    goldens: int = GOLDENS,
    precision: Precision = "float32",
    int8: Int8Settings | None = None,
    unverified: bool = False,
    overwrite: bool = False,
    console: Console | None = None,
) -> Artefact:
    """Export the checkpoint in a folder to the artefact `out`: batch norm folded, preprocessing inside.

    `runtime` is one of `RUNTIMES`. The file takes `batch` images at a time, or any number where unset: RGB bytes
    (N, resolution, resolution, 3) for "uint8", normalised (N, 3, resolution, resolution) for "float"; a network with
    symmetric padding takes any size. LiteRT, ExecuTorch, ncnn and Core ML take one size, and one image by default. It
    is run on `goldens` golden inputs, photographs of `data` or synthetic images, and compared with PyTorch before it is
    put in place. Where this system cannot run it, `unverified` keeps it all the same: its report says so, and
    `mobilenets.verify` runs it where it can be. `overwrite` lets an earlier artefact go.

    With the `precision` "int8" the file has weights and activations of 8 bits, calibrated on photographs of `data` and
    measured on others as `int8` says; its golden outputs are its own.

    Raises `UsageError` for a bad checkpoint, a runtime that is unknown or not installed and an `out` that holds
    something; `JobError` where the file differs from the checkpoint, in 8 bits loses more than it may, or cannot be
    written. Nothing is left then.
    """
    folder = Path(out)
    chosen = runtime_named(runtime)
    _check_numbers(batch, inputs, goldens)
    _check_precision(chosen, precision, int8)
    _check_verifies(chosen, unverified=unverified)
    check_can_export(chosen)
    check_out(folder, overwrite=overwrite)
    source = read_source(Path(checkpoint), suppression=chosen.suppresses)
    check_labels(source.labels)
    signature = _signature(source, chosen, inputs=inputs, batch=batch)
    expected = _golden(source, signature, data=data, count=goldens)
    told = console or Console(stderr=True)
    with whole_folder(folder) as made:
        if precision == "int8":
            settings = int8 or Int8Settings()
            quantised = quantise(made, source, chosen, signature, expected, data=data, settings=settings, console=told)
            _finish(made, source, chosen, signature, expected, details=quantised.file.details, int8=quantised.report)
        else:
            with counting(told, f"exporting to {chosen.title}", total=_STAGES) as advance:
                details = chosen.export(source.shipped(inputs), signature, made / chosen.file)
                advance(1)
                _finish(made, source, chosen, signature, expected, details=details)
                advance(1)
    return read_artefact(folder)


def _check_numbers(batch: int | None, inputs: str, goldens: int) -> None:
    if batch is not None:
        within("batch", batch, low=1)
    within("goldens", goldens, low=1, high=_MOST_GOLDENS)
    if inputs not in typing.get_args(Inputs):
        raise UsageError(f"inputs {inputs!r} is unknown: use one of {', '.join(typing.get_args(Inputs))}")


def _signature(source: Source, runtime: Runtime, *, inputs: Inputs, batch: int | None) -> Signature:
    resolution = source.description.preprocessing.resolution
    if runtime.static:
        return Signature(inputs, resolution, batch or 1)
    return Signature(inputs, resolution, batch, fits_any_size(source.network.layers))


def _check_precision(runtime: Runtime, precision: str, int8: Int8Settings | None) -> None:
    if precision not in typing.get_args(Precision):
        raise UsageError(f"precision {precision!r} is unknown: use one of {', '.join(typing.get_args(Precision))}")
    if precision == "int8":
        check_quantises(runtime)
    elif int8 is not None:
        raise UsageError(f"settings of int8 with the precision {precision}: leave them out or ask for int8")


def _check_verifies(runtime: Runtime, *, unverified: bool) -> None:
    """Raise `UsageError` for a file that could not be run here and none wanted so, or that could."""
    reason = why_not_here(runtime)
    if reason and not unverified:
        raise UsageError(f"{reason}: export there, or add --unverified and run `{_VERIFIES}` there")
    if unverified and not reason:
        raise UsageError(f"--unverified with {runtime.name}, whose files can be verified here: leave it out")


def _golden(source: Source, signature: Signature, *, data: str | None, count: int) -> Golden:
    shown = source.description.preprocessing
    if data is None:
        images = synthetic(count=count, side=shown.resolution)
        described = f"{len(images)} synthetic images"
    else:
        images = from_photographs([*islice(photographs([data]), _LOOKED_AT)], shown, count=count)
        described = f"{len(images)} photographs of {Path(data).name}"
    return golden(source.answering, images, shown, inputs=signature.inputs, described=described)


def _finish(
    made: Path,
    source: Source,
    runtime: Runtime,
    signature: Signature,
    expected: Golden,
    *,
    details: Mapping[str, Any],
    int8: Int8Report | None = None,
) -> None:
    """Verify the model file in `made`, and write what belongs beside it."""
    size = sum(facts["bytes"] for facts in files_in(made).values())
    verified = None
    if not why_not_here(runtime):
        run = Batched(runtime.open(made / runtime.file), signature.batch)
        verified = _verified(run, source, signature, expected, exact=int8 is None)
        if int8 is not None:
            # An app is to be compared with the file that it runs.
            expected = replace(expected, outputs=run(expected.inputs))
    if source.labels:
        write_labels(made, source.labels)
    write_preprocessing(made, source.description.preprocessing, signature)
    write_golden(made, expected)
    if (source.folder / SPLIT).is_file():
        # For `evaluate` to score what was held out; the names of the photographs are nobody's to ship.
        veil_split(source.folder / SPLIT, made / SPLIT)
    report = _report(
        made,
        source,
        runtime,
        signature,
        verified,
        outputs=expected.outputs.shape[-1],
        details=details,
        int8=int8,
        size=size,
    )
    write_report(made, report, signature, source.task)


def _report(
    made: Path,
    source: Source,
    runtime: Runtime,
    signature: Signature,
    verified: Verification | None,
    *,
    outputs: int,
    details: Mapping[str, Any],
    int8: Int8Report | None,
    size: int,
) -> Report:
    said, price = source.description, cost(source.network.layers)
    return Report(
        runtime=runtime.name,
        precision="float32" if int8 is None else "int8",
        details=dict(details),
        made_by={name: version(name) for name in ("mobilenets", "torch", *runtime.makers, runtime.runner)},
        inputs=signature.inputs,
        batch=signature.batch,
        any_size=signature.any_size,
        outputs=outputs,
        mult_adds=price.mult_adds,
        params=price.params,
        size=size,
        task=said.task,
        task_state=said.task_state,
        architecture=said.architecture,
        source=said.source,
        checkpoint=source.folder.resolve().name,
        checkpoint_sha256=facts_of(source.folder / MODEL)["sha256"],
        verification=verified,
        files=files_in(made),
        int8=int8,
        unverified="" if verified else f"{why_not_here(runtime)}: run `{_VERIFIES}` there",
    )


def _verified(run: Batched, source: Source, signature: Signature, expected: Golden, *, exact: bool) -> Verification:
    shown = source.description.preprocessing
    return verify(
        run,
        expected,
        source.answering,
        shown,
        signature,
        classes=source.exclusive,
        exact=exact,
        difference=source.difference,
    )
