"""From photographs, a task and a budget: a vision network that fits, proven on the file that ships.

The verbs of the command line are functions here: `mobilenets.cost("mobilenet_v1_0.75_192")`. Each is imported
when it is first asked for, so that `import mobilenets` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mobilenets.errors import JobError, UsageError
    from mobilenets.jobs.annotations import annotations
    from mobilenets.jobs.benchmark import benchmark
    from mobilenets.jobs.cells import cells
    from mobilenets.jobs.clean import clean
    from mobilenets.jobs.cost import cost
    from mobilenets.jobs.evaluate import evaluate
    from mobilenets.jobs.export import export
    from mobilenets.jobs.faces.compare import compare
    from mobilenets.jobs.faces.crop import align_faces
    from mobilenets.jobs.faces.search import index, search
    from mobilenets.jobs.faces.threshold import set_threshold
    from mobilenets.jobs.fit.budget import Budget
    from mobilenets.jobs.fit.job import fit, resume_fit
    from mobilenets.jobs.fit.settings import FitSettings
    from mobilenets.jobs.paper import paper
    from mobilenets.jobs.predict import predict
    from mobilenets.jobs.train import resume, train
    from mobilenets.jobs.verify import verify
    from mobilenets.jobs.weights.converting import convert_weights
    from mobilenets.jobs.weights.listing import fetch_weights, list_weights
    from mobilenets.jobs.weights.showing import show_weights
    from mobilenets.recipes import recipe
    from mobilenets.run import (
        Architecture,
        Augmentation,
        Cleaning,
        Detection,
        Distillation,
        Embedding,
        Machine,
        Noise,
        Optimisation,
        Run,
    )
    from mobilenets.weights.create import create

__all__ = [
    "Architecture",
    "Augmentation",
    "Budget",
    "Cleaning",
    "Detection",
    "Distillation",
    "Embedding",
    "FitSettings",
    "JobError",
    "Machine",
    "Noise",
    "Optimisation",
    "Run",
    "UsageError",
    "align_faces",
    "annotations",
    "benchmark",
    "cells",
    "clean",
    "compare",
    "convert_weights",
    "cost",
    "create",
    "evaluate",
    "export",
    "fetch_weights",
    "fit",
    "index",
    "list_weights",
    "paper",
    "predict",
    "recipe",
    "resume",
    "resume_fit",
    "search",
    "set_threshold",
    "show_weights",
    "train",
    "verify",
]

_HOMES = {
    "Architecture": "mobilenets.run",
    "Augmentation": "mobilenets.run",
    "Budget": "mobilenets.jobs.fit.budget",
    "Cleaning": "mobilenets.run",
    "Detection": "mobilenets.run",
    "Distillation": "mobilenets.run",
    "Embedding": "mobilenets.run",
    "FitSettings": "mobilenets.jobs.fit.settings",
    "JobError": "mobilenets.errors",
    "Machine": "mobilenets.run",
    "Noise": "mobilenets.run",
    "Optimisation": "mobilenets.run",
    "Run": "mobilenets.run",
    "UsageError": "mobilenets.errors",
    "align_faces": "mobilenets.jobs.faces.crop",
    "annotations": "mobilenets.jobs.annotations",
    "benchmark": "mobilenets.jobs.benchmark",
    "cells": "mobilenets.jobs.cells",
    "clean": "mobilenets.jobs.clean",
    "compare": "mobilenets.jobs.faces.compare",
    "convert_weights": "mobilenets.jobs.weights.converting",
    "cost": "mobilenets.jobs.cost",
    "create": "mobilenets.weights.create",
    "evaluate": "mobilenets.jobs.evaluate",
    "export": "mobilenets.jobs.export",
    "fit": "mobilenets.jobs.fit.job",
    "resume_fit": "mobilenets.jobs.fit.job",
    "fetch_weights": "mobilenets.jobs.weights.listing",
    "index": "mobilenets.jobs.faces.search",
    "list_weights": "mobilenets.jobs.weights.listing",
    "paper": "mobilenets.jobs.paper",
    "predict": "mobilenets.jobs.predict",
    "recipe": "mobilenets.recipes",
    "resume": "mobilenets.jobs.train",
    "search": "mobilenets.jobs.faces.search",
    "set_threshold": "mobilenets.jobs.faces.threshold",
    "show_weights": "mobilenets.jobs.weights.showing",
    "train": "mobilenets.jobs.train",
    "verify": "mobilenets.jobs.verify",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        value: Any = version("mobilenets")
    elif name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
    else:
        raise AttributeError(f"module 'mobilenets' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
