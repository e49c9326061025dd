"""The tasks, in plain sight. A new one is one file and one line here."""

from mobilenets.errors import UsageError
from mobilenets.tasks.attributes import Attributes
from mobilenets.tasks.classify import Classify
from mobilenets.tasks.detect.task import Detect
from mobilenets.tasks.embed import Embed
from mobilenets.tasks.features import Features
from mobilenets.tasks.places import PlaceTask
from mobilenets.tasks.protocol import Task

TASKS: dict[str, type[Task]] = {
    "classify": Classify,
    "attributes": Attributes,
    "embed": Embed,
    "detect": Detect,
    "features": Features,
    "places": PlaceTask,
}


def task_named(name: str) -> type[Task]:
    """The task of a name; raises `UsageError` for an unknown one."""
    if name not in TASKS:
        raise UsageError(f"task {name!r} is unknown: use one of {', '.join(TASKS)}")
    return TASKS[name]
