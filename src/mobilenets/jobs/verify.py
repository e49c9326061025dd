"""`mobilenets.verify`: an artefact's file run where it is now, on the golden inputs beside it."""

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from mobilenets.deployment.artefact import GOLDEN, REPORT, Artefact, read_artefact
from mobilenets.deployment.golden import Golden
from mobilenets.deployment.model import task_of
from mobilenets.deployment.runtimes.protocol import check_can_run
from mobilenets.deployment.runtimes.registry import runtime_named
from mobilenets.deployment.session import Batched
from mobilenets.deployment.verify import Verification, verify_again
from mobilenets.deployment.write import report_bytes
from mobilenets.errors import UsageError
from mobilenets.files import write_bytes_whole
from mobilenets.tasks.parts import NamesOutputs, Ships


def verify(artefact: str | Path) -> Verification:
    """Run an artefact's golden inputs in its runtime and compare with the golden outputs.

    Where the artefact was exported without being run (`--unverified`), its report says from then on what was found. A
    file in 8 bits is told how far it is, and may be any distance: another processor rounds otherwise.

    Raises `UsageError` for a bad artefact and where its runtime is not installed or cannot be; `JobError` with the
    figure where the file answers otherwise.
    """
    found = read_artefact(Path(artefact))
    runtime = runtime_named(found.report.runtime)
    check_can_run(runtime)
    expected = _golden(found)
    run = Batched(runtime.open(found.model), found.report.batch)
    task = task_of(found)
    classes = isinstance(task, NamesOutputs) and task.exclusive
    verified = verify_again(
        run,
        expected,
        classes=classes,
        exact=found.report.int8 is None,
        difference=task.difference if isinstance(task, Ships) else None,
    )
    if found.report.verification is None:
        report = replace(found.report, verification=verified, unverified="")
        write_bytes_whole(found.folder / REPORT, report_bytes(report, found.signature, task))
    return verified


def _golden(artefact: Artefact) -> Golden:
    try:
        # Opened here: numpy leaves a file open that is none of its own.
        with (artefact.folder / GOLDEN).open("rb") as stream, np.load(stream, allow_pickle=False) as golden:
            inputs, outputs = golden["inputs"], golden["outputs"]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise UsageError(f"{artefact.folder / GOLDEN} is damaged ({error}): export it anew") from error
    return Golden(inputs, inputs, outputs, f"{len(inputs)} golden inputs of the artefact")
