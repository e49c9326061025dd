"""The folder of a fit: whether it may be used."""

import shutil
from pathlib import Path

from mobilenets.errors import JobError, UsageError
from mobilenets.files import expanded, reason
from mobilenets.jobs.fit.learning import TRAININGS
from mobilenets.jobs.fit.report import PICTURE, REPORT, TABLE
from mobilenets.jobs.fit.settings import FitSettings
from mobilenets.jobs.fit.shipping import ARTEFACT, DEVICE
from mobilenets.jobs.fit.state import FIT

_OURS = (FIT, TRAININGS, ARTEFACT, DEVICE, REPORT, PICTURE, TABLE)


def make_folder(settings: FitSettings, *, overwrite: bool) -> None:
    """Make the folder, without what an earlier fit left where `overwrite` lets it go.

    Raises `UsageError` where something would be lost or the folder lies among the photographs, `JobError` where it
    cannot be written.
    """
    out, data = settings.out, expanded(settings.data)
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out} is a file: it takes a folder")
    if data.is_dir() and out.resolve().is_relative_to(data.resolve()):
        raise UsageError(f"--out {out} lies among the photographs of {data}: choose a folder outside")
    found = [name for name in _OURS if (out / name).exists()]
    if found and not overwrite:
        resume = f"go on with --resume {out}, or " if FIT in found else ""
        raise UsageError(f"--out {out} has a {found[0]}, which would be lost: {resume}start anew with --overwrite")
    try:
        _clear(out, found)
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise JobError(f"--out {out} cannot be made ({reason(error)}): choose another folder") from error


def _clear(out: Path, names: list[str]) -> None:
    for name in names:
        if (out / name).is_dir():
            shutil.rmtree(out / name)
        else:
            (out / name).unlink()
