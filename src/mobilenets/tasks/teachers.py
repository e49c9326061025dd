"""Which of a teacher's outputs stand for those of a task."""

from collections.abc import Sequence

from mobilenets.data.imagenet_aliases import aliases
from mobilenets.data.wording import listed
from mobilenets.errors import UsageError
from mobilenets.tasks.comparison import output_names
from mobilenets.tasks.protocol import Task


def matching_outputs(task: Task, teacher: Task) -> tuple[int, ...] | None:
    """The places of the teacher's outputs in the order of the task's; None where they are the same as they stand.

    Classes are matched by name, ImageNet's also by wnid and synonym; the teacher may know more of them. Outputs without
    names are vectors. Raises `UsageError` where a class is unknown to the teacher, and where one of both has classes.
    """
    mine, theirs = output_names(task), output_names(teacher)
    if (task.name, task.state()) == (teacher.name, teacher.state()) or (not mine and not theirs):
        return None
    if task.name != teacher.name or not mine or not theirs:
        raise UsageError(f"it was trained for {teacher.name} and the run is for {task.name}: name another teacher")
    return _by_name(mine, theirs)


def _by_name(mine: Sequence[str], theirs: Sequence[str]) -> tuple[int, ...]:
    known = {name: place for place, name in enumerate(theirs)}
    if any(name not in known for name in mine):
        known = aliases(theirs) | known
    unknown = [name for name in mine if name not in known]
    if unknown:
        raise UsageError(
            f"it knows no class {listed(unknown)}; its {len(theirs):,} are {listed(theirs)}: train a teacher on these "
            "photographs, or take them as --unlabelled and the classes are the teacher's"
        )
    return tuple(known[name] for name in mine)
