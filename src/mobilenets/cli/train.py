"""`mobilenets train`: photographs in, a checkpoint and a report out."""

import json as json_module
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro
from tyro.conf import OmitArgPrefixes, Positional

from mobilenets.cli.main import FAILED
from mobilenets.cli.output import print_json, print_line
from mobilenets.errors import UsageError
from mobilenets.files import reason
from mobilenets.recipes import recipe, usual_recipe
from mobilenets.run import Run
from mobilenets.settings import from_json, to_json

if TYPE_CHECKING:
    from mobilenets.jobs.start import StartingWeights
    from mobilenets.jobs.train import Trained

_WITH_RESUME = ("--resume", "--teacher", "--json", "--help")
_GRACE = 2.0


@dataclass(frozen=True, kw_only=True)
class Flags(Run):
    """A run's settings, and what is asked of this call alone."""

    data: Positional[str] = ""
    """Folder, .zip, .csv or the name of a data set."""
    out: Path = Path("run")
    """Folder for the checkpoint and the report."""
    run_file: Path | None = None
    """JSON file of settings, as run.json holds them; flags go over it."""
    resume: Path | None = None
    """Folder of a run to continue; every setting is its own."""
    overwrite: bool = False
    """Start anew where the folder already holds a run."""
    json: bool = False
    """Print JSON."""


def choose(arguments: Sequence[str]) -> Callable[..., None]:
    """The verb with the defaults that `--recipe`, `--run-file` and `--weights` among the arguments ask for."""
    if _asked(arguments, "--resume") is not None:
        _check_resumed(arguments)
        return _resume
    defaults = _defaults(arguments)

    def run(flags: Annotated[OmitArgPrefixes[Flags], tyro.conf.arg(name="")] = defaults) -> None:
        """Learn from photographs: one sub-folder a label, split or not; a zip or CSV of such; or `digits`.

        --task attributes learns many yes-or-no labels: a CSV with a column for each, CelebA's files, or two folders.
        --task detect learns where things stand, from annotations of COCO, Pascal VOC or YOLO.
        Leaves model.safetensors, run.json, metrics.jsonl, split.csv and report.html in --out. Ctrl-C saves first.
        Recipes: scratch (from random weights), finetune (the default with --weights), distil (with --teacher), paper
        (TF-Slim's); for detection ssd_modern (the default), ssd_finetune (with --weights of a detector), ssd_paper,
        frcnn_paper (with --framework frcnn).
        --teacher takes a network to learn from; photographs then need no labels.
        --weights takes a checkpoint folder, a file of published weights or a name of `mobilenets weights list`; width,
        resolution, padding and the like are then those of the weights unless a flag says otherwise.
        """
        _train(flags)

    return run


def _resume(
    data: Positional[str | None] = None, *, resume: Path, teacher: str | None = None, json: bool = False
) -> None:
    """Continue a run from its last saved state, to the same bits as if it had never stopped.

    Args:
        data: where the photographs are now, if they moved
        resume: folder of the run; every setting is its own
        teacher: where the teacher is now, if it moved
        json: print JSON
    """
    from mobilenets.jobs.train import resume as go_on

    _tell(lambda: go_on(resume, data=data, teacher=teacher), json=json)


def _check_resumed(arguments: Sequence[str]) -> None:
    for word in arguments:
        flag = word.partition("=")[0].replace("_", "-")
        if word.startswith("--") and flag not in _WITH_RESUME:
            raise UsageError(f"--resume goes on with the run's own settings: leave out {word.partition('=')[0]}")


def _defaults(arguments: Sequence[str]) -> Flags:
    file = _asked(arguments, "--run-file")
    stored = _read(Path(file)) if file else {}
    source = _asked(arguments, "--weights")
    weights = _opened(source) if source else None
    name = _asked(arguments, "--recipe") or _usual_recipe(arguments, weights)
    settings = recipe(name, task=_asked(arguments, "--task")) if not stored or _asked(arguments, "--recipe") else {}
    theirs = {"architecture": _architecture_of(weights, settings)} if weights else {}
    values = {"data": "", "out": "run", **{key: _plain(value) for key, value in settings.items()}, **theirs, **stored}
    run = from_json(Run, values, where=file or "settings")
    return Flags(**{one.name: getattr(run, one.name) for one in fields(Run)})


def _opened(source: str) -> "StartingWeights":
    from mobilenets.jobs.start import open_weights

    return open_weights(source)


def _task_of(weights: "StartingWeights") -> str:
    return weights.task.name if weights.task else ""


def _usual_recipe(arguments: Sequence[str], weights: "StartingWeights | None") -> str:
    return usual_recipe(
        task=_asked(arguments, "--task") or Run.task,
        framework=_asked(arguments, "--framework") or "ssd",
        weights=_task_of(weights) if weights else None,
        teacher=_asked(arguments, "--teacher") is not None,
    )


def _architecture_of(weights: "StartingWeights", settings: Mapping[str, Any]) -> dict[str, Any]:
    """The network that these weights are of, which the flags then go over.

    A recipe for one task says how large images are; weights of another task do not.
    """
    from mobilenets.jobs.start import trained_architecture

    laid, task = trained_architecture(weights), settings.get("task")
    if task is not None and _task_of(weights) != task:
        laid = replace(laid, resolution=settings["architecture"].resolution)
    return to_json(laid)


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int) else to_json(value)


def _asked(arguments: Sequence[str], flag: str) -> str | None:
    """What a flag was given, in either spelling."""
    for place, word in enumerate(arguments):
        name, equals, value = word.partition("=")
        if name.replace("_", "-") == flag:
            return value if equals else next(iter(arguments[place + 1 :]), None)
    return None


def _read(file: Path) -> dict[str, Any]:
    """The settings in a run file, or in the run.json of a checkpoint."""
    try:
        data = json_module.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"--run-file {file} cannot be read: {reason(error)}") from error
    except ValueError as error:
        raise UsageError(f"--run-file {file} is not JSON: {error}") from error
    if isinstance(data, dict) and isinstance(data.get("run"), dict):
        data = data["run"]
    if not isinstance(data, dict):
        raise UsageError(f"--run-file {file}: expected an object of settings, got {type(data).__name__}")
    return data


def _train(flags: Flags) -> None:
    from mobilenets.jobs.train import train

    if not flags.data:
        raise UsageError("no photographs given: name a folder, .zip, .csv or a data set, as in `train digits`")
    run = Run(**{one.name: getattr(flags, one.name) for one in fields(Run)})
    _tell(lambda: train(run, overwrite=flags.overwrite), json=flags.json)


def _tell(work: "Callable[[], Trained]", *, json: bool) -> None:
    """Do the work and print what came of it, once where there are many processes."""
    from mobilenets.training.distributed import FollowerError, is_first

    try:
        trained = work()
    except FollowerError:
        # torchrun ends all processes as soon as one has failed: the one that says why has to be first.
        time.sleep(_GRACE)
        raise SystemExit(FAILED) from None
    if not is_first():
        return
    if json:
        print_json(trained)
        return
    scores = ", ".join(f"{name.replace('_', ' ')} {value:.4f}" for name, value in trained.scores.items())
    print_line(f"{scores} on the held-out photographs, {trained.epochs} epochs in {trained.seconds:,.0f} s")
    print_line(f"checkpoint {trained.folder}, report {trained.folder / 'report.html'}")
