"""Everything that a fit depends on: the flags of `mobilenets fit`, and what `fit.json` keeps. Loads without torch."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from mobilenets.errors import UsageError
from mobilenets.jobs.fit.budget import Budget
from mobilenets.settings import one_of_its_words, within

THIS, AUTO, NONE = "this", "auto", "none"
_MOST_THREADS = 4096


@dataclass(frozen=True, kw_only=True)
class FitSettings:
    """One fit: photographs, a budget, and the time to spend."""

    data: str
    """Folder, .zip, .csv or the name of a data set."""
    out: Path
    """Folder for the artefact, the report and everything trained on the way."""
    budget: Budget = field(default_factory=Budget)
    task: str = "classify"
    """What is learnt."""
    runtime: str = "onnx"
    """Runtime of the file: onnx, openvino, litert, executorch, ncnn, ..."""
    device: str = THIS
    """this machine, or a device file that `benchmark --out` or a kit wrote on another."""
    threads: int = 0
    """Threads that the budget is for; 0: 2, or 1 where there is one core."""
    precision: Literal["auto", "float32", "int8"] = "auto"
    """Precisions to choose from; auto is both, where the runtime has int8."""
    max_drop: float = 1.0
    """Points that an int8 file may lose to its float file on the held-out photographs."""
    minutes: float = 30.0
    """Minutes for everything."""
    widths: tuple[float, ...] = ()
    """Widths to choose from; unset: the published ones and some between."""
    resolutions: tuple[int, ...] = ()
    """Resolutions to choose from; unset: what suits the photographs' size."""
    arms: int = 8
    """Networks to begin training with, at most; half of them go on in each round."""
    weights: tuple[str, ...] = (AUTO,)
    """Weights to start from, for the candidates of their width: files, checkpoints or names; auto: the published ones,
    none: random ones."""
    teacher: str = AUTO
    """Checkpoint, artefact or network to distil from; auto: the largest candidate, where it does not fit; none."""
    seed: int = 0
    """Every random choice follows from it."""
    val_fraction: float = 0.2
    """Share of each class held out where the data has no split."""

    def __post_init__(self) -> None:
        within("threads", self.threads, low=0, high=_MOST_THREADS)
        within("max-drop", self.max_drop, low=0.0, high=100.0)
        within("minutes", self.minutes, low=0.0, open_low=True)
        within("arms", self.arms, low=1, high=64)
        within("seed", self.seed, low=0, high=2**32 - 1)
        within("val-fraction", self.val_fraction, low=0.0, below=1.0, open_low=True)
        one_of_its_words(self)
        if NONE in self.weights and len(self.weights) > 1:
            raise UsageError(f"weights {' '.join(self.weights)}: none stands alone; leave it or the others out")
