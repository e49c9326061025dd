"""Candidates as files with random weights: how long they take, what memory, how large they are.

None of that depends on what the weights are, so it is known before anything is trained. Figures of this machine are
kept in the cache folder, by what was measured and on what.
"""

import hashlib
import json
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from torch import nn

from mobilenets.architecture.geometry import dilated
from mobilenets.architecture.layer import Layer
from mobilenets.cache_folder import cache_folder
from mobilenets.data.preprocess import Preprocessing
from mobilenets.deployment.golden import synthetic
from mobilenets.deployment.int8.protocol import Calibration, Quantises
from mobilenets.deployment.latency.alone.by_kind import Work
from mobilenets.deployment.latency.alone.device import Machine, Measurement
from mobilenets.deployment.latency.alone.measure import Case, Model, measure
from mobilenets.deployment.latency.alone.process import WorkerError
from mobilenets.deployment.latency.alone.turns import Length
from mobilenets.deployment.latency.ceiling import products
from mobilenets.deployment.runtimes.protocol import Resizes, Runtime
from mobilenets.deployment.shipped import Shipped, Signature
from mobilenets.deployment.write import files_in
from mobilenets.errors import JobError, UsageError
from mobilenets.files import write_text_whole
from mobilenets.jobs.fit.candidates import Candidate, Priced
from mobilenets.network.graph import Network
from mobilenets.network.padding import same_pads
from mobilenets.settings import from_json
from mobilenets.tasks.parts import Ships
from mobilenets.tasks.protocol import Task
from mobilenets.training.watch import counting

# Enough for a median that holds: the border is measured again on the file that ships.
_SECONDS, _WARM = 0.4, 0.15
# Processes that are open at the same time.
_TOGETHER = 16
_CALIBRATED_WITH = 8


@dataclass(frozen=True, slots=True)
class Probed:
    """A candidate's file, measured: `size` in bytes."""

    measurement: Measurement
    size: int

    @property
    def memory(self) -> int | None:
        """Bytes that the process took over the runtime with no model; None where the system does not tell."""
        idle, peak = self.measurement.idle_memory, self.measurement.peak_memory
        return None if idle is None or peak is None else max(peak - idle, 0)


@dataclass(frozen=True, slots=True)
class Prober:
    """Makes and measures candidates' files. `shown` gives how photographs of a resolution are preprocessed."""

    task: Task
    runtime: Runtime
    threads: int
    machine: Machine
    shown: Callable[[int], Preprocessing]

    def probe(self, asked: Sequence[Priced], console: Console) -> dict[Candidate, Probed]:
        """Each candidate measured, or as it was measured before. Raises `JobError` where a file cannot be made or run.

        Those measured now run in turns, each in a process of its own.
        """
        found = {one.candidate: kept for one in asked if (kept := self._kept(one)) is not None}
        missing = [one for one in asked if one.candidate not in found]
        with counting(console, "measuring candidates", total=len(missing)) as advance:
            for start in range(0, len(missing), _TOGETHER):
                part = missing[start : start + _TOGETHER]
                for one, probed in zip(part, self._measured(part), strict=True):
                    write_text_whole(self._entry(one), json.dumps(asdict(probed)) + "\n")
                    found[one.candidate] = probed
                advance(len(part))
        return found

    def files(self, asked: Sequence[Priced], folder: Path) -> list[Model]:
        """The candidates' files, made in `folder`, as models to measure."""
        made: dict[Candidate, Path] = {}
        for group in _alike(asked, self.layers).values():
            first, *others = group
            made[first.candidate] = self._export(first, folder)
            for one in others:
                made[one.candidate] = self._resized(made[first.candidate], one, folder)
        return [self._model(one, made[one.candidate]) for one in asked]

    def layers(self, one: Priced) -> list[Layer]:
        """The candidate's layers."""
        return self.task.layers(one.architecture)

    def _measured(self, asked: Sequence[Priced]) -> list[Probed]:
        with tempfile.TemporaryDirectory() as folder:
            models = self.files(asked, Path(folder))
            length = Length(seconds=_SECONDS, warm=_WARM)
            try:
                asked_cases = [Case(one, self.threads, 1) for one in models]
                found = measure(asked_cases, length, libraries=(), profile=False, together=True)
            except WorkerError as error:
                raise JobError(str(error)) from None
            sizes = [sum(facts["bytes"] for facts in files_in(Path(one.file).parent).values()) for one in models]
        return [Probed(one, size) for one, size in zip(found, sizes, strict=True)]

    def _export(self, one: Priced, folder: Path) -> Path:
        file = self._place(one, folder)
        module = Shipped(_random(self.layers(one)), self.shown(one.candidate.resolution), tail=self._tail())
        if one.candidate.precision == "float32":
            self.runtime.export(module, self._signature(one), file)
            return file
        assert isinstance(self.runtime, Quantises)  # others have no such candidates
        images = synthetic(count=_CALIBRATED_WITH, side=one.candidate.resolution)
        self.runtime.export_int8(module, self._signature(one), file, calibration=Calibration(images))
        return file

    def _tail(self) -> nn.Module | None:
        """What stands behind the network in the task's files."""
        if not isinstance(self.task, Ships):
            return None
        return self.task.shipped(suppression=self.runtime.suppresses).tail()

    def _resized(self, other: Path, one: Priced, folder: Path) -> Path:
        if not isinstance(self.runtime, Resizes):
            return self._export(one, folder)
        file = self._place(one, folder)
        self.runtime.resize(other, self._signature(one), file)
        return file

    def _place(self, one: Priced, folder: Path) -> Path:
        place = folder / one.title.replace(" ", "_")
        place.mkdir()
        return place / self.runtime.file

    def _signature(self, one: Priced) -> Signature:
        return Signature("uint8", one.candidate.resolution, batch=1)

    def _model(self, one: Priced, file: Path) -> Model:
        layers = self.layers(one)
        return Model(
            artefact=one.title,
            network=one.name,
            mult_adds=one.mult_adds,
            sha256={name: facts["sha256"] for name, facts in files_in(file.parent).items()},
            runtime=self.runtime.name,
            package=self.runtime.runner,
            precision=one.candidate.precision,
            inputs="uint8",
            resolution=one.candidate.resolution,
            batch=1,
            file=str(file),
            products=products(layers),
            layers=[Work(layer.kind, layer.mult_adds) for layer in layers if layer.weights],
        )

    def _kept(self, one: Priced) -> Probed | None:
        entry = self._entry(one)
        try:
            return from_json(Probed, json.loads(entry.read_text(encoding="utf-8")), where=str(entry))
        except (OSError, ValueError, UsageError):
            return None

    def _entry(self, one: Priced) -> Path:
        machine = self.machine
        on = (machine.cpu, machine.cores, machine.system, self.threads, self.runtime.name, one.candidate.precision)
        packages = [(name, version(name)) for name in (*self.runtime.makers, self.runtime.runner)]
        what = repr((on, packages, self.layers(one), _SECONDS))
        return cache_folder() / "latency" / f"{hashlib.blake2b(what.encode(), digest_size=16).hexdigest()}.json"


def _alike(asked: Iterable[Priced], layers: Callable[[Priced], list[Layer]]) -> dict[Any, list[Priced]]:
    """Candidates that are one graph for images of different sizes.

    Their width, their precision and all padding agree, and so do the default boxes.
    """
    groups: dict[Any, list[Priced]] = defaultdict(list)
    for one in sorted(asked, key=lambda one: one.candidate):
        laid = layers(one)
        grids = tuple(layer.grids for layer in laid if layer.grids)
        groups[one.candidate.width, one.candidate.precision, _pads(laid), grids].append(one)
    return groups


def _pads(layers: Iterable[Layer]) -> tuple[Any, ...]:
    """What each layer pads with, in pixels: SAME depends on the size of the map."""
    return tuple(
        tuple(
            same_pads(size, kernel=kernel, stride=layer.stride)
            for size, kernel in zip(layer.in_size, dilated(layer.kernel, layer.dilation), strict=True)
        )
        for layer in layers
        if layer.padding == "same"
    )


def _random(layers: list[Layer]) -> Network:
    """Random weights that neither fade nor grow from layer to layer, as trained ones do not: tiny numbers are slow."""
    torch.manual_seed(0)
    network = Network(layers).eval()
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight)
    return network
