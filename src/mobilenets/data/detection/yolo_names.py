"""What YOLO's classes are called, and where its photographs lie: data.yaml, classes.txt, obj.names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from mobilenets.data.detection.tree import Tree
from mobilenets.errors import UsageError

_NAME_FILES = ("classes.txt", "obj.names", "labels/classes.txt", "data/obj.names", "labels.txt", "names.txt")
_SPLITS = ("train", "val", "valid", "validation", "test")
_YAML = (".yaml", ".yml")
_MOST = 100_000


@dataclass(frozen=True, slots=True)
class YoloPlan:
    """What a data.yaml says. `names` by class number, `parts` the paths of each split, `root` the folder they start
    from, `points` whether rows go on with key points behind the box.
    """

    names: Mapping[int, str]
    parts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    root: str = ""
    points: bool = False


def plan_of(tree: Tree, file: str) -> YoloPlan:
    """The plan in a data.yaml; raises `UsageError` with the line where it is damaged."""
    where = f"{tree.where}/{file}"
    content = _content(tree, file)
    if not isinstance(content, dict) or "names" not in content:
        raise UsageError(f"{where} has no names: YOLO's data.yaml lists the classes as names")
    names = _names(content["names"], where)
    parts: dict[str, list[str]] = {}
    for key in _SPLITS:
        if content.get(key):
            split = "val" if key.startswith("val") else key
            parts[split] = [*parts.get(split, []), *_paths(content[key], f"{where}: {key}")]
    root = content.get("path") or ""
    if not isinstance(root, str):
        raise UsageError(f"{where}: path has to be one folder")
    return YoloPlan(names, parts, root, points="kpt_shape" in content)


def is_plan(tree: Tree, file: str) -> bool:
    """Whether a file is YAML with the names of classes; a damaged one is taken for such where it is called so."""
    if not file.lower().endswith(_YAML):
        return False
    try:
        content = _content(tree, file)
    except UsageError:
        return file.lower() in ("data.yaml", "data.yml")
    return isinstance(content, dict) and "names" in content


def names_beside(tree: Tree) -> dict[int, str] | None:
    """The classes in classes.txt, obj.names and the like, a line each; None where there is no such file."""
    file = next((one for one in _NAME_FILES if tree.has(one)), None)
    if file is None:
        return None
    lines = text_lines(tree, file)
    while lines and not lines[-1].strip():
        lines.pop()
    return _names(lines, f"{tree.where}/{file}")


def text_lines(tree: Tree, file: str) -> list[str]:
    """The lines of a text; raises `UsageError` where it is none."""
    try:
        return tree.read(file).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise UsageError(f"{tree.where}/{file}: no UTF-8 text: save it as such") from error


def _content(tree: Tree, file: str) -> Any:
    """YAML as text, lists and mappings of text: a class called `no` or `1.0` is a name."""
    try:
        return yaml.load(tree.read(file), Loader=yaml.BaseLoader)
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        why = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
        raise UsageError(f"{tree.where}/{file}{line}: damaged YAML ({why}): take it from a copy") from error
    except RecursionError as error:
        raise UsageError(f"{tree.where}/{file}: nested too deep: take it from a copy") from error


def _names(written: Any, where: str) -> dict[int, str]:
    pairs = list(written.items()) if isinstance(written, dict) else list(enumerate(written))
    names: dict[int, str] = {}
    for key, name in pairs if not isinstance(written, str) else ():
        number = int(key) if str(key).isdecimal() and len(str(key)) < len(str(_MOST)) else -1
        if number < 0 or not isinstance(name, str) or not name.strip():
            # Never shown whole: lists that name each other in YAML grow without end when written out.
            shown = repr(name) if isinstance(name, str) else f"a {type(name).__name__}"
            raise UsageError(f"{where}: the class {key!r} is {shown}: names are numbers from 0 with a text each")
        names[number] = name.strip()
    if not names:
        raise UsageError(f"{where} names no class: one at least is needed")
    return dict(sorted(names.items()))


def _paths(written: Any, where: str) -> list[str]:
    paths = [written] if isinstance(written, str) else written
    if not isinstance(paths, list) or not all(isinstance(one, str) for one in paths):
        raise UsageError(f"{where} has to be a path or a list of paths")
    return [one.replace("\\", "/") for one in paths]
