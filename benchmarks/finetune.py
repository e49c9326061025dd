"""Fine-tuning published weights on folders of photographs: `mobilenets train`, a timm script, PyTorch's tutorial."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.measure import Contender, Figures, Settings, in_turns, ratios, spread
from benchmarks.report import Result, Table
from mobilenets.errors import UsageError

BATCH = 32
_OURS = "mobilenets train --weights"
# What tutorials and documentation have: each rival goes on with the rate that does best on the first photographs.
_TIMM_RATES = (1e-3, 3e-4, 1e-4)
_TUTORIAL_RATES = (1e-2, 1e-3)
_TIMM_EPOCHS, _TUTORIAL_EPOCHS = 15, 25
# A set that is not divided is cross-validated: each round holds out another third of every class.
_FOLDS = 3


def run(settings: Settings) -> Result:
    """Every set of `--data` in rounds, each round with a seed of its own. Folders hold train/ and val/."""
    if not settings.data or settings.weights is None:
        note = "Not run: it takes --weights FILE (mobilenet_v1_1.0) and --data FOLDER ... (each with train/ and val/)."
        return Result([Table("Fine-tuning", (), (), (note,))], {})
    theirs = _in_timm_s_layout(settings.weights, settings.work / "timm")
    measured = {data.name: _measured(data, theirs, settings) for data in settings.data}
    tables = [_table(name, runs, settings) for name, runs in measured.items()]
    return Result(tables, {"threads": settings.threads, "resolution": settings.resolution, "sets": measured})


def _in_timm_s_layout(weights: Path, folder: Path) -> Path:
    from mobilenets.weights.source import fitted
    from mobilenets.weights.writers.timm_layout import write_timm

    folder.mkdir(parents=True, exist_ok=True)
    write_timm(fitted(str(weights)), folder)
    return folder


def _with_splits(data: Path, work: Path, *, fold: int) -> Path:
    """The folder itself, or one of links to a fold of its photographs where it is not divided."""
    if (data / "train").is_dir() and (data / "val").is_dir():
        return data
    folder = work / f"{data.name}-fold-{fold}"
    return folder if folder.exists() else lay_fold(data, folder, fold=fold, folds=_FOLDS)


def lay_fold(data: Path, folder: Path, *, fold: int, folds: int) -> Path:
    """One fold of a folder with a sub-folder a class, as links: every `folds`-th photograph of a class is held out.

    Classes of fewer photographs than `folds` are left out. Raises `UsageError` where none is left.
    """
    kept = 0
    for label in sorted(one for one in data.iterdir() if one.is_dir()):
        photographs = sorted(one for one in label.iterdir() if one.is_file())
        if len(photographs) < folds:
            continue
        kept += 1
        for place, photograph in enumerate(photographs):
            link = folder / ("val" if place % folds == fold else "train") / label.name / photograph.name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(photograph.resolve())
    if not kept:
        raise UsageError(f"{data} has no class of {folds} photographs: use another folder")
    return folder


def _measured(data: Path, theirs: Path, settings: Settings) -> dict[str, list[Figures]]:
    first = _with_splits(data, settings.work, fold=0)
    contenders = [*_chosen_rivals(first, theirs, settings), _ours(first, settings)]
    runs: dict[str, list[Figures]] = {contender.name: [] for contender in contenders}
    for seed in range(settings.rounds):
        changed = {"seed": seed, "data": str(_with_splits(data, settings.work, fold=seed % _FOLDS))}
        seeded = [Contender(one.name, one.work, {**one.arguments, **changed}) for one in contenders]
        for name, figures in in_turns(seeded, rounds=1, title=f"finetune {data.name}, seed {seed}").items():
            runs[name] += figures
    return runs


def _ours(data: Path, settings: Settings) -> Contender:
    own = {"weights": str(settings.weights), "most_epochs": settings.most_epochs}
    return Contender(_OURS, "benchmarks.finetuning:ours", {**_shared(data, settings), **own})


def _shared(data: Path, settings: Settings) -> dict[str, Any]:
    return {
        "data": str(data),
        "resolution": settings.resolution,
        "threads": settings.threads,
        "batch": BATCH,
        "seed": 0,
    }


def _chosen_rivals(data: Path, theirs: Path, settings: Settings) -> list[Contender]:
    """Each rival with the rate whose last epoch did best with seed 0; `--most-epochs` shortens all of them."""
    shared = {**_shared(data, settings), "weights": str(theirs)}
    timm_epochs, epochs = (min(most, settings.most_epochs) for most in (_TIMM_EPOCHS, _TUTORIAL_EPOCHS))
    timm = [_timm(shared, rate, timm_epochs) for rate in _TIMM_RATES]
    whole = [_tutorial(shared, rate, epochs, frozen=False) for rate in _TUTORIAL_RATES]
    head = [_tutorial(shared, rate, epochs, frozen=True) for rate in _TUTORIAL_RATES]
    return [_best(candidates, data) for candidates in (timm, whole, head)]


def _timm(shared: Mapping[str, Any], rate: float, epochs: int) -> Contender:
    arguments = {**shared, "lr": rate, "epochs": epochs}
    return Contender(f"timm script, AdamW {rate:g}, {epochs} epochs", "benchmarks.finetuning:timm_script", arguments)


def _tutorial(shared: Mapping[str, Any], rate: float, epochs: int, *, frozen: bool) -> Contender:
    part = "last layer" if frozen else "whole network"
    arguments = {**shared, "lr": rate, "epochs": epochs, "frozen": frozen}
    name = f"PyTorch's tutorial, {part}, SGD {rate:g}, {epochs} epochs"
    return Contender(name, "benchmarks.finetuning:tutorial", arguments)


def _best(candidates: Sequence[Contender], data: Path) -> Contender:
    found = in_turns(candidates, rounds=1, title=f"finetune {data.name}: choosing the best rate")
    return max(candidates, key=lambda one: float(found[one.name][0]["last"]))


def _table(name: str, runs: Mapping[str, Sequence[Figures]], settings: Settings) -> Table:
    return Table(
        f"Fine-tuning mobilenet_v1_1.0 on {name} at {settings.resolution} pixels, batch {BATCH}, "
        f"{settings.threads} threads",
        ("", "held out, last epoch", "held out, best epoch", "seconds", "ours is faster"),
        [_row(one, runs) for one in runs],
        (
            f"Medians of {settings.rounds} rounds, each with its own seed (and fold, where the set is not divided), "
            "with the least and greatest. Seconds hold everything but imports: "
            "reading the photographs, building the network, learning, scoring every epoch.",
            "The best epoch is chosen by the very photographs that score it, on all sides: compare the last ones. "
            "Ours ships its best, which may be the head alone (epoch 0).",
            *_head_alone(runs[_OURS]),
        ),
    )


def _row(name: str, runs: Mapping[str, Sequence[Figures]]) -> list[str]:
    mine = runs[name]
    seconds = [float(one["seconds"]) for one in mine]
    ours = [float(one["seconds"]) for one in runs[_OURS]]
    return [
        name,
        spread([one["last"] for one in mine]).text(".3f"),
        spread([one["best"] for one in mine]).text(".3f"),
        spread(seconds).text(".0f"),
        "" if name == _OURS else ratios(seconds, ours).text(".2f"),
    ]


def _head_alone(ours: Sequence[Figures]) -> list[str]:
    heads = [one for one in ours if "head" in one]
    if not heads:
        return []
    accuracy = spread([one["head"] for one in heads]).text(".3f")
    seconds = spread([one["head_seconds"] for one in heads]).text(".0f")
    return [f"Our head alone, before the whole network learns: {accuracy} after {seconds} s of features and fitting."]
