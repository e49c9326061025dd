"""What the measuring needs to know of an artefact."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mobilenets.architecture.layer import Layer
from mobilenets.checkpoint import network_name
from mobilenets.deployment.artefact import Artefact
from mobilenets.deployment.latency.alone.by_kind import Work
from mobilenets.deployment.latency.alone.measure import Model
from mobilenets.deployment.latency.ceiling import products
from mobilenets.deployment.runtimes.registry import runtime_named
from mobilenets.errors import UsageError
from mobilenets.tasks.registry import task_named


def model_of(artefact: Artefact) -> Model:
    """An artefact as a model to measure."""
    said, runtime = artefact.report, runtime_named(artefact.report.runtime)
    layers = _layers(artefact)
    return Model(
        artefact=artefact.folder.resolve().name,
        network=network_name(said.architecture, said.task_state),
        mult_adds=said.mult_adds,
        sha256=model_files(artefact),
        runtime=said.runtime,
        package=runtime.runner,
        precision=said.precision,
        inputs=said.inputs,
        resolution=artefact.preprocessing.resolution,
        batch=said.batch,
        file=str(artefact.model.resolve()),
        products=products(layers),
        layers=[Work(layer.kind, layer.mult_adds) for layer in layers if layer.weights],
    )


def model_files(artefact: Artefact) -> dict[str, Any]:
    """The SHA-256 of each of the model's files, by name: a runtime's files differ in their ending only."""
    stem, files = artefact.model.stem, artefact.report.files
    return {name: facts["sha256"] for name, facts in files.items() if Path(name.split("/")[0]).stem == stem}


def _layers(artefact: Artefact) -> Iterable[Layer]:
    said = artefact.report
    try:
        return task_named(said.task).restore(said.task_state).layers(said.architecture)
    except UsageError as error:
        raise UsageError(f"{artefact.folder}: {error}") from None
