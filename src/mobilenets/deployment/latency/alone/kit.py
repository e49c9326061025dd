"""A kit's own program: it measures the kit's models on this device and writes a device file."""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from .by_kind import Work
from .device import Measurement, write_device
from .machine import cores, loaded, machine
from .measure import Model, RequestError, cases, measure
from .process import WorkerError
from .turns import Length

DESCRIPTION = "kit.json"
RESULTS = "results.json"
KIND, FORMAT = "mobilenets kit", 1
_FAILED, _WRONG = 1, 2


def main(folder: Path, arguments: Sequence[str] | None = None) -> int:
    """Measure the models of the kit in a folder; gives the exit code: 0 done, 1 a runtime failed, 2 a wrong request."""
    asked = _arguments(arguments)
    try:
        data = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        _check_files(folder, data["files"])
        models = [_model(folder, one) for one in data["models"]]
        _check_packages(models)
        chosen = cases(models, threads=asked.threads, batches=asked.batches)
        found = machine()
        length = Length(seconds=asked.seconds, repeats=asked.repeats)
        sys.stderr.write(f"measuring {len(chosen)} {'case' if len(chosen) == 1 else 'cases'} in turns\n")
        measured = measure(chosen, length, libraries=("numpy",), told=_dot)
        sys.stderr.write("\n")
        write_device(folder / RESULTS, found, measured, data["files"])
    except RequestError as error:
        return _say(error, _WRONG)
    except (WorkerError, OSError) as error:
        return _say(error, _FAILED)
    line = loaded(found)
    sys.stdout.write("".join(f"{line}\n" for line in ([f"note: {line}"] if line else []) + [*map(_line, measured)]))
    sys.stdout.write(f"written: {folder / RESULTS}\n")
    return 0


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    usual = list(range(1, min(cores(), 2) + 1))
    parser = argparse.ArgumentParser(prog="run.py", description=__doc__)
    parser.add_argument("--threads", type=int, nargs="+", default=usual, help="numbers of threads (default: 1 and 2)")
    parser.add_argument("--batches", type=int, nargs="+", default=[], help="images at a time")
    parser.add_argument("--seconds", type=_positive, default=3.0, help="how long each case runs (default: 3)")
    parser.add_argument("--repeats", type=_whole, default=None, help="how often each case runs, instead")
    return parser.parse_args(arguments)


def _positive(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 < float(text) < float("inf"):
            return float(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")


def _whole(text: str) -> int:
    with contextlib.suppress(ValueError):
        if int(text) >= 1:
            return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")


def _check_files(folder: Path, files: Mapping[str, str]) -> None:
    for name, sha256 in files.items():
        if not (folder / name).is_file():
            raise RequestError(f"{name} is missing: copy the kit's folder whole")
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != sha256:
            raise RequestError(f"{name} is not the kit's file (its SHA-256 is another): copy the kit's folder again")


def _check_packages(models: Sequence[Model]) -> None:
    for package in dict.fromkeys(["numpy", *(model.package for model in models)]):
        if find_spec(package) is None:
            install = f"{sys.executable} -m pip install {package.replace('_', '-')}"
            raise RequestError(f"{package} is not installed: {install}")


def _model(folder: Path, data: Mapping[str, Any]) -> Model:
    model = Model(**data)
    return replace(model, file=str(folder / model.file), layers=[Work(**layer) for layer in data["layers"]])


def _line(one: Measurement) -> str:
    return (
        f"{one.artefact} {one.runtime} {one.runtime_version}, threads {one.threads}, batch {one.batch}: "
        f"median {one.median_ms:.2f} ms, p90 {one.p90_ms:.2f}, p99 {one.p99_ms:.2f}"
    )


def _dot() -> None:
    sys.stderr.write(".")
    sys.stderr.flush()


def _say(error: Exception, code: int) -> int:
    sys.stderr.write(f"run.py: {' '.join(str(error).split())}\n")
    return code
