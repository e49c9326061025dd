"""The artefact: a folder that ships, and answers without the checkpoint it came from.

The model file of one runtime (Core ML's is a folder), `labels.txt`, `preprocessing.json`, `golden.npz` and
`report.json`, which names every other file with its size and SHA-256.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mobilenets.data.preprocess import Preprocessing
from mobilenets.deployment.int8.report import Int8Report
from mobilenets.deployment.runtimes.registry import runtime_named
from mobilenets.deployment.shipped import Inputs, Signature
from mobilenets.deployment.verify import Verification
from mobilenets.errors import UsageError
from mobilenets.files import reason
from mobilenets.run import Architecture
from mobilenets.settings import from_json

FORMAT = 1
LABELS = "labels.txt"
PREPROCESSING = "preprocessing.json"
GOLDEN = "golden.npz"
REPORT = "report.json"
# What stands in the files for people, and follows from the rest.
FOR_PEOPLE = ("format", "network", "takes", "gives", "words")

_REMEDY = "take it from a copy or export again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What `report.json` says.

    `made_by` are packages and their versions, `details` what the runtime says of its file (the ONNX opset, ...),
    `params` the trainable numbers before batch norm was folded. `batch` None is any number of images. `source` says
    where the checkpoint's weights come from, `checkpoint` is its folder's name. `files` gives each file's size in
    bytes and its SHA-256. `int8` is there where the precision is. A file that could not be run where it was made has
    no `verification`, and `unverified` says why and what verifies it.
    """

    runtime: str
    precision: str
    details: Mapping[str, Any]
    made_by: Mapping[str, Any]
    inputs: Inputs
    batch: int | None
    any_size: bool
    outputs: int
    mult_adds: int
    params: int
    size: int
    task: str
    task_state: Mapping[str, Any]
    architecture: Architecture
    source: str
    checkpoint: str
    checkpoint_sha256: str
    verification: Verification | None
    files: Mapping[str, Any]
    int8: Int8Report | None = None
    unverified: str = ""


@dataclass(frozen=True, slots=True)
class Artefact:
    """An artefact whose files are as they were written."""

    folder: Path
    report: Report
    preprocessing: Preprocessing

    @property
    def model(self) -> Path:
        """The model file or folder."""
        return self.folder / runtime_named(self.report.runtime).file

    @property
    def signature(self) -> Signature:
        """What the model takes."""
        said = self.report
        return Signature(said.inputs, self.preprocessing.resolution, said.batch, said.any_size)


def is_artefact(folder: Path) -> bool:
    """Whether a folder says that it is one."""
    return (folder / REPORT).is_file()


def read_artefact(folder: Path) -> Artefact:
    """Read an artefact and compare every file with its SHA-256.

    Raises `UsageError` for a folder that is none, for another format, for a runtime that is not known, and for a file
    that is missing or not as it was written.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is a file and not a folder" if folder.exists() else f"there is no folder {folder}")
    data = _json(folder / REPORT, folder)
    _check_format(data, folder / REPORT)
    report = from_json(Report, _plain(data), where=str(folder / REPORT))
    try:
        runtime = runtime_named(report.runtime)
    except UsageError as error:
        raise UsageError(f"{folder / REPORT}: {error}") from None
    for name in (runtime.file, PREPROCESSING, GOLDEN):
        if not any(one == name or one.startswith(f"{name}/") for one in report.files):
            raise UsageError(f"{folder / REPORT} is of an artefact for {runtime.name} and lists no {name}: {_REMEDY}")
    for name, facts in report.files.items():
        _check_file(folder, name, facts)
    described = _json(folder / PREPROCESSING, folder)
    preprocessing = from_json(Preprocessing, _plain(described), where=str(folder / PREPROCESSING))
    return Artefact(folder, report, preprocessing)


def facts_of(file: Path) -> dict[str, Any]:
    """What the report says of a file: its bytes, and the SHA-256 of its content."""
    with file.open("rb") as stream:
        return {"bytes": file.stat().st_size, "sha256": hashlib.file_digest(stream, "sha256").hexdigest()}


def _json(file: Path, folder: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(
            f"{folder} is no artefact: it has no {file.name}; give the folder that `mobilenets export --out` wrote"
        ) from None
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {reason(error)}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file} is damaged (not JSON: {error}): {_REMEDY}") from error


def _check_format(data: Any, file: Path) -> None:
    found = data.get("format") if isinstance(data, dict) else None
    if found != FORMAT:
        newer = type(found) is int and found > FORMAT
        remedy = "it comes from a newer mobilenets: update this one" if newer else "it is not one of an artefact"
        raise UsageError(f"{file} is of format {found!r} and not {FORMAT}: {remedy}")


def _plain(data: Any) -> Any:
    if not isinstance(data, dict):
        return data
    return {key: value for key, value in data.items() if key not in FOR_PEOPLE}


def _is_within(name: str) -> bool:
    """Whether a file's name leads nowhere but into the artefact."""
    return all(part not in ("", ".", "..") and Path(part).name == part for part in name.split("/"))


def _check_file(folder: Path, name: str, facts: Any) -> None:
    if not _is_within(name) or not isinstance(facts, dict):
        raise UsageError(f"{folder / REPORT} is damaged (its files are not names with facts): {_REMEDY}")
    file = folder / name
    try:
        found = facts_of(file)
    except FileNotFoundError:
        raise UsageError(f"{file} is missing: the artefact is not whole; {_REMEDY}") from None
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {reason(error)}") from error
    if found != {key: facts.get(key) for key in found}:
        raise UsageError(f"{file} is not the file that was verified (its SHA-256 is another): {_REMEDY}")
