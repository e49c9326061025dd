"""From photographs, a task and a budget: a vision network that fits, proven on the file that ships.

The verbs of the command line are functions here: `mobilenets.cost("mobilenet_v1_0.75_192")`. Each is imported
when it is first asked for, so that `import mobilenets` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mobilenets.errors import JobError, UsageError
    from mobilenets.jobs.cost import cost
    from mobilenets.jobs.evaluate import evaluate
    from mobilenets.jobs.paper import paper
    from mobilenets.jobs.predict import predict
    from mobilenets.jobs.train import resume, train
    from mobilenets.network.create import create
    from mobilenets.run import Architecture, Augmentation, Machine, Optimisation, Run, recipe

__all__ = [
    "Architecture",
    "Augmentation",
    "JobError",
    "Machine",
    "Optimisation",
    "Run",
    "UsageError",
    "cost",
    "create",
    "evaluate",
    "paper",
    "predict",
    "recipe",
    "resume",
    "train",
]

_HOMES = {
    "Architecture": "mobilenets.run",
    "Augmentation": "mobilenets.run",
    "JobError": "mobilenets.errors",
    "Machine": "mobilenets.run",
    "Optimisation": "mobilenets.run",
    "Run": "mobilenets.run",
    "UsageError": "mobilenets.errors",
    "cost": "mobilenets.jobs.cost",
    "create": "mobilenets.network.create",
    "evaluate": "mobilenets.jobs.evaluate",
    "paper": "mobilenets.jobs.paper",
    "predict": "mobilenets.jobs.predict",
    "recipe": "mobilenets.run",
    "resume": "mobilenets.jobs.train",
    "train": "mobilenets.jobs.train",
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
