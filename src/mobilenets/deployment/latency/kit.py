"""The kit: a small folder that measures artefacts on another device, without this package and without torch."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from mobilenets.deployment.artefact import facts_of
from mobilenets.deployment.latency import alone
from mobilenets.deployment.latency.alone.kit import DESCRIPTION, FORMAT, KIND
from mobilenets.deployment.latency.alone.measure import Model
from mobilenets.deployment.latency.alone.sessions import OPENERS
from mobilenets.deployment.latency.android import command
from mobilenets.errors import UsageError
from mobilenets.files import whole_folder

MODELS = "models"
PACKAGE = "latency"
_PROGRAM = '''"""Measures the models of this kit on this device and writes results.json: python3 run.py --help"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from latency.kit import main

if __name__ == "__main__":
    sys.exit(main(HERE))
'''
_README = """Measure these models on this device
===================================

{models}

Needed: Python 3.9 or later, numpy, and {packages}:

    python3 -m pip install numpy {packages}

Type, in this folder:

    python3 run.py

It takes some seconds for each model and number of threads (`python3 run.py --help` lists what can be changed), prints
a table, and writes results.json. Bring that file back and read it with

    mobilenets benchmark --import results.json
"""


def write_kit(models: Sequence[Model], out: Path) -> None:
    """Write a kit for models into the folder `out`, whole or not at all.

    Raises `UsageError` where `out` holds something or a runtime has no form without this package, and `JobError` where
    it cannot be written.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"--emit-kit {out} is there already: choose a new folder")
    for model in models:
        if model.runtime not in OPENERS:
            raise UsageError(
                f"{model.artefact} is for {model.runtime}, which a kit cannot run: use one of {', '.join(OPENERS)}"
            )
    with whole_folder(out) as made:
        described = [_put(made, model, place) for place, model in enumerate(models)]
        _put_program(made)
        (made / "README.txt").write_text(_readme(described), encoding="utf-8")
        data = {"kind": KIND, "format": FORMAT, "models": [asdict(one) for one in described], "files": _files(made)}
        (made / DESCRIPTION).write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def _put(made: Path, model: Model, place: int) -> Model:
    """Copy the model's files; gives the model with its file as the kit has it. Two artefacts may be of one name."""
    folder = f"{MODELS}/{place + 1}"
    (made / folder).mkdir(parents=True)
    file = Path(model.file)
    for name in model.sha256:
        shutil.copyfile(file.with_name(name), made / folder / name)
    return replace(model, file=f"{folder}/{file.name}")


def _put_program(made: Path) -> None:
    (made / "run.py").write_text(_PROGRAM, encoding="utf-8")
    source = Path(alone.__path__[0])
    (made / PACKAGE).mkdir()
    for file in sorted(source.glob("*.py")):
        shutil.copyfile(file, made / PACKAGE / file.name)


def _files(made: Path) -> dict[str, Any]:
    """The SHA-256 of every model file, by its path in the kit."""
    files = sorted(file for file in (made / MODELS).rglob("*") if file.is_file())
    return {file.relative_to(made).as_posix(): facts_of(file)["sha256"] for file in files}


def _readme(models: Sequence[Model]) -> str:
    packages = " ".join(dict.fromkeys(model.package.replace("_", "-") for model in models))
    lines = [
        f"  {model.file}  {model.artefact}: {model.network}, {model.precision}, {model.runtime}" for model in models
    ]
    text = _README.format(models="\n".join(lines), packages=packages)
    phones = [model for model in models if model.runtime == "litert"]
    return text + "".join(command(model) for model in phones)
