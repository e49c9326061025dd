"""From a checkpoint to the cheapest 8-bit file that keeps its accuracy, every way to it measured in its own runtime."""

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from torch import Tensor

from mobilenets.data.cache import prepare
from mobilenets.data.loader import Batches, evaluation_picks, load
from mobilenets.data.preprocess import scale
from mobilenets.data.reading import Pixels
from mobilenets.data.shapes import Centre
from mobilenets.deployment.golden import Golden
from mobilenets.deployment.int8.bias import bias_corrected
from mobilenets.deployment.int8.dead import with_room_for_biases
from mobilenets.deployment.int8.distil import distilled
from mobilenets.deployment.int8.equalise import equalised
from mobilenets.deployment.int8.escalate import Attempt, Made, escalate
from mobilenets.deployment.int8.protocol import Calibration, Method, QuantisedFile, Quantises, check_all_int8
from mobilenets.deployment.int8.report import Int8Report, Step
from mobilenets.deployment.model import ArtefactModel
from mobilenets.deployment.runtimes.protocol import Runtime
from mobilenets.deployment.runtimes.registry import RUNTIMES
from mobilenets.deployment.session import Batched
from mobilenets.deployment.shipped import Signature
from mobilenets.deployment.verify import verify
from mobilenets.errors import UsageError
from mobilenets.jobs.int8.photographs import Material, calibration_images, material
from mobilenets.jobs.source import Source
from mobilenets.network.fold import fold
from mobilenets.network.graph import Network
from mobilenets.prediction.evaluate import evaluate, gather
from mobilenets.settings import within
from mobilenets.tasks.protocol import Scores
from mobilenets.training.watch import counting

_MORE = 2
_RANGES: dict[Method, str] = {
    "percentile": "equalised, 99.999 % of values",
    "entropy": "equalised, least information lost",
}
_LEARNT_FROM = 1024
_BATCH = 16
_CACHE_GB = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Int8Settings:
    """What is asked of an 8-bit file.

    It is calibrated with `calibrate` photographs, chosen by `seed`, and may lose `max_drop` points of the task's
    headline score on the held-out photographs, or on those of `measure_on`. The last way to keep them is a training of
    `qat_minutes`; 0 leaves it out.
    """

    max_drop: float = 1.0
    measure_on: str | None = None
    calibrate: int = 128
    qat_minutes: float = 5.0
    seed: int = 0

    def __post_init__(self) -> None:
        within("max-drop", self.max_drop, low=0.0, high=100.0)
        within("calibrate", self.calibrate, low=1, high=4096)
        within("qat-minutes", self.qat_minutes, low=0.0)
        within("seed", self.seed, low=0, high=2**32 - 1)


@dataclass(frozen=True, slots=True)
class Quantised:
    """The file that was kept, and what the report says of it."""

    file: QuantisedFile
    report: Int8Report


def check_quantises(runtime: Runtime) -> None:
    """Raise `UsageError` for a runtime without 8-bit files here."""
    if not isinstance(runtime, Quantises):
        able = ", ".join(name for name, one in RUNTIMES.items() if isinstance(one, Quantises))
        raise UsageError(f"runtime {runtime.name} has no int8 files here: use one of {able}, or --precision float32")


def quantise(
    made: Path,
    source: Source,
    runtime: Runtime,
    signature: Signature,
    expected: Golden,
    *,
    data: str | None,
    settings: Int8Settings,
    console: Console,
) -> Quantised:
    """Write the model file of 8 bits into `made`, with nothing else left there.

    Raises `UsageError` for photographs that do not serve and `JobError` where every way loses too much.
    """
    found = material(source, data=data, measure_on=settings.measure_on, seed=settings.seed)
    work = _Work(made / runtime.file, source, runtime, signature, found, settings, str(data), console)
    _, notes = work.calibrated(1)
    reference, float_bytes = work.reference(expected)
    metric = reference.headline
    escalation = escalate(
        work.attempts(),
        reference=reference.figures[metric],
        max_drop=settings.max_drop,
        metric=metric,
        tell=lambda step: _tell(console, step, metric=metric, reference=reference.figures[metric]),
    )
    last = escalation.steps[-1]
    report = Int8Report(
        convolutions=escalation.file.operators.convolutions,
        int8=escalation.file.operators.int8,
        metric=metric,
        measured_on=found.measured_on,
        photographs=work.measured,
        float_score=reference.figures[metric],
        score=last.score,
        drop=last.drop,
        max_drop=settings.max_drop,
        calibrated_on=found.calibrated_on,
        calibrated_with=work.used,
        float_bytes=float_bytes,
        steps=escalation.steps,
        notes=(*found.notes, *notes),
    )
    return Quantised(escalation.file, report)


def _tell(console: Console, step: Step, *, metric: str, reference: float) -> None:
    words = f"int8, {step.name}: {metric} {step.score:.4f} where float has {reference:.4f} ({-step.drop:+.2f} points)"
    console.print(words, highlight=False, markup=False, soft_wrap=True)


@dataclass
class _Work:
    """The ways to a file, made and measured one after the other; `file` is that of the last."""

    file: Path
    source: Source
    runtime: Runtime
    signature: Signature
    material: Material
    settings: Int8Settings
    data: str
    console: Console
    measured: int = 0
    used: int = 0

    def attempts(self) -> Iterator[Attempt]:
        """What is seen as it is, other weights for the same function, other ranges for those, training.

        Other weights come first: they gain more than other ranges do, and these gain behind them (docs/int8.md).
        """
        yield self._attempt("smallest to largest", lambda: self.folded, "minmax", 1)
        yield self._attempt("channels equalised, biases corrected", lambda: self.levelled, "minmax", _MORE)
        assert isinstance(self.runtime, Quantises)  # `check_quantises`
        for method, name in _RANGES.items():
            if method in self.runtime.methods:
                yield self._attempt(name, lambda: self.levelled, method, _MORE)
        if self.settings.qat_minutes:
            name = f"distilled in 8 bits for {self.settings.qat_minutes:g} minutes"
            yield self._attempt(name, self._trained, "minmax", _MORE)

    @cached_property
    def folded(self) -> Network:
        """The checkpoint's network without batch norm, its biases within reach of 8-bit kernels."""
        network = fold(self.source.network.eval()).requires_grad_(False)
        assert isinstance(network, Network)  # a copy of one
        return with_room_for_biases(network)

    @cached_property
    def levelled(self) -> Network:
        """The same function with channels that suit 8 bits, its biases with the mean error of its kernels taken off."""
        images, _ = self.calibrated(_MORE)
        return bias_corrected(equalised(self.folded, self._scaled(images)), self._scaled(images))

    def calibrated(self, times: int) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
        """So many times the photographs asked for."""
        return calibration_images(self.material.calibrating, count=times * self.settings.calibrate, data=self.data)

    def reference(self, expected: Golden) -> tuple[Scores, int]:
        """What the float file scores in the runtime, after it was compared with PyTorch, and its size in bytes."""
        with tempfile.TemporaryDirectory(dir=self.file.parent) as folder:
            file = Path(folder) / self.file.name
            self.runtime.export(self.source.shipped(self.signature.inputs), self.signature, file)
            run = Batched(self.runtime.open(file), self.signature.batch)
            shown = self.source.description.preprocessing
            verify(
                run,
                expected,
                self.source.answering,
                shown,
                self.signature,
                classes=self.source.exclusive,
                difference=self.source.difference,
            )
            scores = self._score(run, "measuring the float file")
            return scores, sum(one.stat().st_size for one in Path(folder).iterdir())

    def _attempt(self, name: str, network: Callable[[], Network], method: Method, times: int) -> Attempt:
        return Attempt(name, lambda: self._made(network(), method, times))

    def _made(self, network: Network, method: Method, times: int) -> Made:
        """Export, count, measure."""
        assert isinstance(self.runtime, Quantises)  # `check_quantises`
        images, _ = self.calibrated(times)
        self.used = len(images)
        inputs = self.signature.inputs
        taken = images if inputs == "uint8" else np.concatenate([part.numpy() for part in self._scaled(images)])
        for old in self.file.parent.iterdir():
            old.unlink()
        made = self.runtime.export_int8(
            self.source.shipped(inputs, network), self.signature, self.file, calibration=Calibration(taken, method)
        )
        check_all_int8(made.operators, file=self.file.name)
        run = Batched(self.runtime.open(self.file), self.signature.batch)
        scores = self._score(run, "measuring the int8 file")
        return Made(made, scores.figures[scores.headline])

    def _trained(self) -> Network:
        settings, shown = self.settings, self.source.description.preprocessing
        images = self.material.calibrating.first(max(_LEARNT_FROM, _MORE * settings.calibrate))
        return distilled(self.levelled, self.folded, images, shown, minutes=settings.qat_minutes, seed=settings.seed)

    def _scaled(self, images: NDArray[np.uint8]) -> list[Tensor]:
        shown = self.source.description.preprocessing
        planes = torch.from_numpy(images).permute(0, 3, 1, 2)
        return [scale(part, shown).contiguous() for part in torch.split(planes, _BATCH)]

    def _score(self, run: Batched, words: str) -> Scores:
        """A file's scores on the photographs to measure on, by the one evaluator."""
        task, shown, examples = self.source.task, self.source.description.preprocessing, self.material.measuring
        model = ArtefactModel(
            run=run,
            inputs=self.signature.inputs,
            any_size=self.signature.any_size,
            task=task,
            preprocessing=shown,
            device=torch.device("cpu"),
            notes=(),
        )
        batches = Batches(examples, self._pixels, resolution=shown.resolution)
        picks = evaluation_picks(len(examples.photos), batch=_BATCH)
        with counting(self.console, words, total=len(examples.photos)) as advance:
            gathered = gather(model, task, load(batches, picks), device=model.device, advance=advance)
        self.measured = len(gathered.answers)
        return evaluate(task, examples, gathered).evaluated.scores

    @cached_property
    def _pixels(self) -> Pixels:
        """What is measured on, decoded once."""
        photos = self.material.measuring.photos
        with counting(self.console, "reading photographs", total=len(photos)) as advance:
            shape = Centre(self.source.description.preprocessing)
            return prepare(photos, shape, gigabytes=_CACHE_GB, threads=os.cpu_count() or 1, advance=advance).pixels
