"""The files of an artefact, written into a folder where its model file already is."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from mobilenets.checkpoint import network_name
from mobilenets.data.preprocess import Preprocessing
from mobilenets.deployment.artefact import FORMAT, GOLDEN, LABELS, PREPROCESSING, REPORT, Report, facts_of
from mobilenets.deployment.golden import Golden
from mobilenets.deployment.shipped import Signature
from mobilenets.errors import UsageError
from mobilenets.settings import to_json
from mobilenets.tasks.parts import NamesOutputs, Ships
from mobilenets.tasks.protocol import Task

_OURS = {LABELS, PREPROCESSING, GOLDEN, REPORT}


def check_out(out: Path, *, overwrite: bool) -> None:
    """See that an artefact may be put at `out`; raises `UsageError` where something would be lost.

    With `overwrite` an earlier artefact may go, and still nothing else.
    """
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out} is a file: it takes a folder")
    if not out.exists() or not any(out.iterdir()):
        return
    other = _not_of_an_artefact(out)
    if other is not None:
        raise UsageError(f"--out {out} has {other}, which would be lost: choose another folder")
    if not overwrite:
        raise UsageError(f"{out} already holds an artefact: choose another folder, or --overwrite")


def _not_of_an_artefact(out: Path) -> str | None:
    """The first file or folder that no artefact at `out` lists as its own."""
    try:
        listed = set(json.loads((out / REPORT).read_text(encoding="utf-8"))["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return min(entry.name for entry in out.iterdir())
    above = {folder.as_posix() for name in listed for folder in PurePosixPath(name).parents}
    there = (entry.relative_to(out).as_posix() for entry in sorted(out.rglob("*")))
    return next((name for name in there if name not in listed | above | _OURS), None)


def check_labels(labels: Sequence[str]) -> None:
    """Raise `UsageError` for a label that `labels.txt` cannot hold, one a line."""
    for name in labels:
        if not name or len(name.splitlines()) != 1:
            raise UsageError(f"the label {name!r} is not one line, as {LABELS} has them: rename it and train again")


def write_labels(folder: Path, labels: Sequence[str]) -> None:
    """One label a line, in the order of the outputs."""
    (folder / LABELS).write_bytes("".join(f"{one}\n" for one in labels).encode(errors="backslashreplace"))


def write_preprocessing(folder: Path, preprocessing: Preprocessing, signature: Signature) -> None:
    """How a photograph becomes the model's input; `words` say it for people."""
    inside = "the model itself scales the values" if signature.inputs == "uint8" else "the app scales the values"
    data = {"words": f"{preprocessing.words} ({inside})", **to_json(preprocessing)}
    (folder / PREPROCESSING).write_bytes(_json_bytes(data))


def write_golden(folder: Path, golden: Golden) -> None:
    """`inputs` as the model takes them and the `outputs` to expect, (N, ...) each."""
    with (folder / GOLDEN).open("wb") as stream:
        np.savez_compressed(stream, inputs=golden.inputs, outputs=golden.outputs)


def files_in(folder: Path) -> dict[str, Any]:
    """Every file of the folder and of those below, by its path in it, with its bytes and SHA-256."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): facts_of(file) for file in files}


def write_report(folder: Path, report: Report, signature: Signature, task: Task) -> None:
    """`report.json`."""
    (folder / REPORT).write_bytes(report_bytes(report, signature, task))


def report_bytes(report: Report, signature: Signature, task: Task) -> bytes:
    """What `report.json` holds: its format, the network and what the model takes and gives stand first, for people."""
    data = {
        "format": FORMAT,
        "network": network_name(report.architecture, report.task_state),
        "takes": _takes(signature),
        "gives": _gives(report, task),
        **to_json(report),
    }
    return _json_bytes(data)


def _takes(signature: Signature) -> dict[str, Any]:
    raw = signature.inputs == "uint8"
    words = "RGB bytes, 0 to 255, row by row" if raw else "RGB planes, scaled as preprocessing.json says"
    return {"name": "images", "type": "uint8" if raw else "float32", "shape": signature.shape, "words": words}


def _gives(report: Report, task: Task) -> dict[str, Any]:
    batch = "batch" if report.batch is None else report.batch
    shape: tuple[int, ...] = (report.outputs,)
    words = f"the outputs of the task {report.task}"
    if isinstance(task, Ships):
        told = task.given(task.layers(report.architecture))
        shape, words = told.shape, told.words
    elif isinstance(task, NamesOutputs):
        maker = "softmax makes probabilities of them" if task.exclusive else "a sigmoid makes a probability of each"
        words = f"logits: {maker}"
    return {"name": "outputs", "type": "float32", "shape": (batch, *shape), "words": words}


def _json_bytes(data: Mapping[str, Any]) -> bytes:
    return (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode(errors="backslashreplace")
