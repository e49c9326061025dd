"""`mobilenets.export`: a checkpoint as an artefact, verified in its own runtime."""

import shutil
import typing
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console

from mobilenets.architecture.cost import cost
from mobilenets.checkpoint import MODEL, SPLIT, Description, read_description
from mobilenets.data.inputs import photographs
from mobilenets.deployment.artefact import Artefact, Report, facts_of, read_artefact
from mobilenets.deployment.golden import Golden, from_photographs, golden, synthetic
from mobilenets.deployment.runtimes.protocol import Runtime, check_can_export
from mobilenets.deployment.runtimes.registry import runtime_named
from mobilenets.deployment.session import Batched
from mobilenets.deployment.shipped import Inputs, Shipped, Signature, fits_any_size
from mobilenets.deployment.verify import verify
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
from mobilenets.network.graph import Network
from mobilenets.prediction.model import load_network, restore_task
from mobilenets.settings import within
from mobilenets.tasks.protocol import Task
from mobilenets.training.watch import counting

GOLDENS = 4
_MOST_GOLDENS = 256
# Golden photographs are spread over so many of those that are given.
_LOOKED_AT = 10_000
_STAGES = 2


def export(
    checkpoint: str | Path,
    *,
    out: str | Path,
    runtime: str = "onnx",
    batch: int | None = None,
    inputs: Inputs = "uint8",
    data: str | None = None,
    goldens: int = GOLDENS,
    overwrite: bool = False,
    console: Console | None = None,
) -> Artefact:
    """Export the checkpoint in a folder to the artefact `out`: batch norm folded, preprocessing inside.

    `runtime` is one of `RUNTIMES`. The file takes `batch` images at a time, or any number where unset: RGB bytes
    (N, resolution, resolution, 3) for "uint8", normalised (N, 3, resolution, resolution) for "float"; a network with
    symmetric padding takes any size. It is run on `goldens` golden inputs, photographs of `data` or synthetic images,
    and compared with PyTorch before it is put in place. `overwrite` lets an earlier artefact go.

    Raises `UsageError` for a bad checkpoint, a runtime that is unknown or not installed and an `out` that holds
    something; `JobError` where the file differs from the checkpoint or cannot be written. Nothing is left then.
    """
    folder = Path(out)
    chosen = runtime_named(runtime)
    _check_numbers(batch, inputs, goldens)
    check_can_export(chosen)
    check_out(folder, overwrite=overwrite)
    source = _read(Path(checkpoint))
    check_labels(source.classes)
    signature = Signature(
        inputs, source.description.preprocessing.resolution, batch, fits_any_size(source.network.layers)
    )
    expected = _golden(source, signature, data=data, count=goldens)
    with (
        counting(console or Console(stderr=True), f"exporting to {chosen.title}", total=_STAGES) as advance,
        whole_folder(folder) as made,
    ):
        details = chosen.export(source.shipped(inputs), signature, made / chosen.file)
        advance(1)
        _finish(made, source, chosen, signature, expected, details=dict(details))
        advance(1)
    return read_artefact(folder)


def _check_numbers(batch: int | None, inputs: str, goldens: int) -> None:
    if batch is not None:
        within("batch", batch, low=1)
    within("goldens", goldens, low=1, high=_MOST_GOLDENS)
    if inputs not in typing.get_args(Inputs):
        raise UsageError(f"inputs {inputs!r} is unknown: use one of {', '.join(typing.get_args(Inputs))}")


@dataclass(frozen=True, slots=True)
class _Source:
    """A checkpoint as it is exported from: the network is evaluated and not folded."""

    folder: Path
    description: Description
    task: Task
    network: Network

    @property
    def classes(self) -> Sequence[str]:
        """The names of the outputs, where the task has any."""
        return getattr(self.task, "classes", ())

    def shipped(self, inputs: Inputs) -> Shipped:
        return Shipped(self.network, self.description.preprocessing, inputs=inputs)


def _read(folder: Path) -> _Source:
    description = read_description(folder)
    # The file takes what the network is shown, which may be another resolution than it was laid for.
    shown = replace(description.architecture, resolution=description.preprocessing.resolution)
    description = replace(description, architecture=shown)
    task = restore_task(description, folder=folder)
    network = load_network(description, task, folder=folder)
    network.eval()
    return _Source(folder, description, task, network)


def _golden(source: _Source, signature: Signature, *, data: str | None, count: int) -> Golden:
    shown = source.description.preprocessing
    if data is None:
        images = synthetic(count=count, side=shown.resolution)
        described = f"{len(images)} synthetic images"
    else:
        images = from_photographs([*islice(photographs([data]), _LOOKED_AT)], shown, count=count)
        described = f"{len(images)} photographs of {Path(data).name}"
    return golden(source.network, images, shown, inputs=signature.inputs, described=described)


def _finish(
    made: Path, source: _Source, runtime: Runtime, signature: Signature, expected: Golden, *, details: dict[str, Any]
) -> None:
    """Verify the model file in `made`, and write what belongs beside it."""
    said = source.description
    model_files = files_in(made)
    run = Batched(runtime.open(made / runtime.file), signature.batch)
    verified = verify(run, expected, source.network, said.preprocessing, signature, classes=bool(source.classes))
    if source.classes:
        write_labels(made, source.classes)
    write_preprocessing(made, said.preprocessing, signature)
    write_golden(made, expected)
    if (source.folder / SPLIT).is_file():
        shutil.copyfile(source.folder / SPLIT, made / SPLIT)
    price = cost(source.network.layers)
    report = Report(
        runtime=runtime.name,
        precision="float32",
        details=details,
        made_by={name: version(name) for name in ("mobilenets", "torch", *runtime.makers, runtime.runner)},
        inputs=signature.inputs,
        batch=signature.batch,
        any_size=signature.any_size,
        outputs=source.network.layers[-1].out_channels,
        mult_adds=price.mult_adds,
        params=price.params,
        size=sum(facts["bytes"] for facts in model_files.values()),
        task=said.task,
        task_state=said.task_state,
        architecture=said.architecture,
        source=said.source,
        checkpoint=source.folder.resolve().name,
        checkpoint_sha256=facts_of(source.folder / MODEL)["sha256"],
        verification=verified,
        files=files_in(made),
    )
    write_report(made, report, signature)
