"""`mobilenets fit`: photographs and a budget in, a file that keeps the budget out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro
from tyro.conf import OmitArgPrefixes, Positional

from mobilenets.cli.output import Column, print_json, print_line, print_table
from mobilenets.errors import UsageError
from mobilenets.jobs.fit.budget import UNITS, Figure
from mobilenets.jobs.fit.settings import FitSettings

if TYPE_CHECKING:
    from mobilenets.jobs.fit.job import Fitted
    from mobilenets.jobs.fit.rows import Row

_COLUMNS = (
    Column("network"),
    Column("M mult-adds", number=True),
    Column("ms", number=True),
    Column("MB", number=True),
    Column("MB of memory", number=True),
    Column("score", number=True),
    Column("verdict"),
)
_WITH_RESUME = ("--resume", "--minutes", "--json", "--help")
_SHOWN = 12


@dataclass(frozen=True, kw_only=True)
class Flags(FitSettings):
    """A fit's settings, and what is asked of this call alone."""

    data: Positional[str] = ""
    """Folder, .zip, .csv or the name of a data set."""
    out: Path = Path("fit")
    """Folder for the artefact, the report and everything trained on the way."""
    dry_run: bool = False
    """Price and measure the candidates, and train nothing."""
    emit_kit: Path | None = None
    """Write a folder that measures the candidates on another device, whose file --device takes; train nothing."""
    overwrite: bool = False
    """Start anew where the folder already holds a fit."""
    json: bool = False
    """Print JSON."""


def choose(arguments: Sequence[str]) -> Callable[..., None]:
    """The verb, or with `--resume` among the arguments what goes on with an earlier one."""
    if any(word.partition("=")[0] == "--resume" for word in arguments):
        _check_resumed(arguments)
        return _resume
    return _fit


def _check_resumed(arguments: Sequence[str]) -> None:
    for word in arguments:
        if word.startswith("--") and word.partition("=")[0] not in _WITH_RESUME:
            raise UsageError(f"--resume goes on with the fit's own settings: leave out {word.partition('=')[0]}")


def _fit(flags: Annotated[OmitArgPrefixes[Flags], tyro.conf.arg(name="")] = Flags()) -> None:
    """From photographs and a budget to a network in a file that keeps the budget, measured on the file itself.

    Limits are of one image: --max-ms (median on the device), --max-mb (the file), --max-mult-adds (millions),
    --max-ram-mb. The best network that fits is looked for in --minutes. Where none fits, exit code 1 and the limit that
    binds. Ctrl-C stops; --resume DIR goes on.
    """
    if not flags.data:
        raise UsageError("no photographs given: name a folder, .zip, .csv or a data set, as in `fit digits --max-mb 1`")
    settings = FitSettings(**{one.name: getattr(flags, one.name) for one in fields(FitSettings)})
    if flags.emit_kit is not None:
        from mobilenets.jobs.fit.kit import emit_candidates

        folder = emit_candidates(settings, out=flags.emit_kit)
        if flags.json:
            print_json({"folder": folder})
        else:
            print_line(f"{folder}: take it to the device, follow its README.txt, give what it writes to --device")
        return
    from mobilenets.jobs.fit.job import fit

    _tell(fit(settings, overwrite=flags.overwrite, dry_run=flags.dry_run), json=flags.json)


def _resume(*, resume: Path, minutes: float | None = None, json: bool = False) -> None:
    """Go on with a fit from its last step.

    Args:
        resume: folder of the fit; every setting is its own
        minutes: minutes for everything, those before included; unset: as before
        json: print JSON
    """
    from mobilenets.jobs.fit.job import resume_fit

    _tell(resume_fit(resume, minutes=minutes), json=json)


def _tell(fitted: "Fitted", *, json: bool) -> None:
    if json:
        print_json(fitted)
        return
    shown = sorted(fitted.rows, key=lambda row: (row.score is None, -(row.score or 0), -row.mult_adds))
    fitting = [row for row in shown if row.excess is None]
    print_table(_COLUMNS, [_cells(row) for row in fitting[:_SHOWN]])
    print_line(f"m measured, i imported, e estimated; all {len(shown)} candidates: {fitted.folder / 'candidates.csv'}")
    print_line()
    if fitted.artefact is None:
        print_line(f"{len(fitting)} candidates fit; nothing was trained")
        return
    costs = ", ".join(f"{one.value:.4g} {UNITS[name]} ({one.label})" for name, one in fitted.figures.items())
    score = f"{(fitted.headline or '').replace('_', ' ')} {fitted.score:.4f} on {fitted.photographs:,} held out"
    print_line(f"{fitted.network}: {score}; {costs}", style="bold")
    print_line(f"artefact {fitted.artefact}, report {fitted.folder / 'report.html'} ({fitted.seconds:,.0f} s)")


def _cells(row: "Row") -> tuple[str, ...]:
    return (
        row.title,
        f"{row.mult_adds / 1e6:.1f}",
        *(_figure(row.figures.get(name)) for name in ("ms", "mb", "ram_mb")),
        "" if row.score is None else f"{row.score:.4f}",
        row.verdict,
    )


def _figure(figure: Figure | None) -> str:
    return "" if figure is None else f"{figure.value:.4g} {figure.label[0]}"
