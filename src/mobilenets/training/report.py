"""The page a run leaves behind: what was trained, the curves, and whatever the task has to show."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from mobilenets.architecture.cost import cost
from mobilenets.architecture.layer import Layer
from mobilenets.checkpoint import Description
from mobilenets.prediction.evaluate import Evaluation
from mobilenets.reporting.figures import Panel, curves
from mobilenets.reporting.page import Page
from mobilenets.run import Run
from mobilenets.settings import to_json
from mobilenets.tasks.protocol import Task


def run_page(
    run: Run,
    task: Task,
    description: Description,
    layers: Sequence[Layer],
    evaluation: Evaluation,
    history: Sequence[Mapping[str, Any]],
    *,
    notes: Sequence[str],
) -> str:
    """The HTML of `report.html`; one file that needs nothing else."""
    page = Page(f"{description.network}: {run.task}", f"{description.source}, {history[-1]['epoch']} epochs")
    page.facts({_words(name): value for name, value in evaluation.evaluated.scores.figures.items()})
    price = cost(layers)
    page.facts(
        {
            "mult-adds": f"{price.mult_adds / 1e6:,.1f} M",
            "params": f"{price.params:,}",
            "weights, float32": f"{price.weight_bytes['float32'] / 1e6:,.2f} MB",
            "peak activations, float32": f"{price.peak_activation_bytes['float32'] / 1e6:,.2f} MB",
            "held-out photographs": f"{len(evaluation.evaluated.answers):,}",
        }
    )
    for note in notes:
        page.notice(note)
    _add_curves(page, run, history, headline=evaluation.evaluated.scores.headline)
    task.report(page, evaluation.evaluated)
    _add_settings(page, run)
    return page.html()


def _words(name: str) -> str:
    return name.replace("_", " ")


def _add_curves(page: Page, run: Run, history: Sequence[Mapping[str, Any]], *, headline: str) -> None:
    page.heading("Curves")
    smoothing, first = run.optimisation.label_smoothing, history[0]["epoch"]
    better: Literal["higher"] | None = "higher" if run.keep == "best" else None
    panels = [
        Panel(title=_words(headline), lines=_series(history, headline), share=True, first=first, better=better),
        Panel(title="loss", lines=_series(history, "loss"), first=first),
    ]
    words = (
        "By epoch. Train is measured on augmented photographs while learning, val on the held-out ones "
        "with the averaged weights."
    )
    if not first:
        words += " Epoch 0 is the head alone, on the starting weights as they were."
    if run.distillation.teacher:
        words += " The train loss is, all of it or in part, the distance from the teacher's outputs."
    elif smoothing:
        words += f" The train loss has the label smoothing of {smoothing:g} in it, the val loss does not."
    page.figure([curves([panel]) for panel in panels], words)


def _series(history: Sequence[Mapping[str, Any]], name: str) -> dict[str, list[float | None]]:
    return {part: [row.get(f"{part}_{name}") for row in history] for part in ("train", "val")}


def _add_settings(page: Page, run: Run) -> None:
    page.heading("Settings")
    flat = _flat(to_json(run))
    page.facts({_words(name): "not set" if value is None else str(value) for name, value in flat.items()}, compact=True)


def _flat(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of all groups under their own names."""
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        flat |= _flat(value) if isinstance(value, dict) else {name: value}
    return flat
