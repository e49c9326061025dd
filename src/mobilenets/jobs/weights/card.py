"""The model card: `README.md` as the Hugging Face hub reads it, with the figures that were measured and no others."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from mobilenets.architecture.cost import cost
from mobilenets.checkpoint import RUN
from mobilenets.data.wording import listed
from mobilenets.errors import UsageError
from mobilenets.files import reason, write_text_whole
from mobilenets.jobs.weights.figures import Measured, read_figures
from mobilenets.jobs.weights.opened import Opened, open_weights
from mobilenets.jobs.weights.usage import usage
from mobilenets.run import Architecture

Layout = Literal["checkpoint", "timm", "huggingface"]

CARD = "README.md"
LIBRARIES: dict[Layout, str] = {"checkpoint": "mobilenets", "timm": "timm", "huggingface": "transformers"}
_OURS = "<!-- Written by `mobilenets weights`; take this line out to keep changes of your own. -->"
_PAPER = "https://arxiv.org/abs/1704.04861"
_MOST = 1 << 20


def write_card(
    folder: str | Path, *, figures: Path | None = None, licence: str | None = None, overwrite: bool = False
) -> Path:
    """Write the model card of a checkpoint folder, which is then ready to be uploaded as it stands.

    `figures` is a report of `mobilenets evaluate --json`; without it the card says that nothing was measured.
    `licence` is an identifier of the hub ("apache-2.0"); unset, that of the published weights it came from. Raises
    `UsageError` where the folder is no checkpoint, `figures` no report, and where a README.md of other hands would be
    lost without `overwrite`; `JobError` where it cannot be written.
    """
    checkpoint = Path(folder)
    if not (checkpoint / RUN).is_file():
        raise UsageError(f"{folder} is no checkpoint: it has no {RUN}; make one with `mobilenets weights convert`")
    check_card(checkpoint, overwrite=overwrite)
    measured = read_figures(figures) if figures else None
    text = card_text(
        open_weights(str(folder)),
        name=checkpoint.resolve().name,
        layout="checkpoint",
        measured=measured,
        licence=licence,
    )
    write_text_whole(checkpoint / CARD, text)
    return checkpoint / CARD


def check_card(folder: Path, *, overwrite: bool) -> None:
    """Raise `UsageError` where a README.md that somebody wrote themselves would be lost."""
    file = folder / CARD
    try:
        ours = not file.exists() or (file.stat().st_size < _MOST and _OURS.encode() in file.read_bytes())
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {reason(error)}") from error
    if not ours and not overwrite:
        raise UsageError(f"{file} is not one of ours and would be lost: move it away, or say --overwrite")


def card_text(
    opened: Opened, *, name: str, layout: Layout, measured: Measured | None = None, licence: str | None = None
) -> str:
    """The card of a model called `name`: YAML for the hub, then what people want to know."""
    licence = licence or (opened.published.licence if opened.published else None)
    parts = [
        f"---\n{_front_matter(opened, name=name, layout=layout, measured=measured, licence=licence)}\n---",
        _OURS,
        f"# {name}",
        _introduction(opened),
        *_network(opened),
        *_preprocessing(opened),
        *_measured(measured),
        *_published(opened),
        "## How to use it",
        usage(opened, name=name, layout=layout),
        "## Where it comes from",
        f"- Source: {opened.description.source}\n"
        f"- Licence: {licence or 'not stated: ask whoever gave you the weights'}\n"
        f"- Paper: [MobileNets]({_PAPER}), Howard et al., 2017",
    ]
    return "\n\n".join(parts) + "\n"


def _front_matter(opened: Opened, *, name: str, layout: Layout, measured: Measured | None, licence: str | None) -> str:
    from huggingface_hub import ModelCardData

    data: dict[str, Any] = {
        "library_name": LIBRARIES[layout],
        "pipeline_tag": "image-feature-extraction" if opened.classes is None else _task_type(opened),
        "tags": [opened.description.architecture.family, "mobilenet", "vision"],
    }
    if licence:
        data["license"] = licence
    if measured:
        data |= {"model_name": name, "eval_results": _results(measured, task=_task_type(opened))}
        data |= {} if opened.fitted.framework else {"metrics": ["accuracy"]}
    return str(ModelCardData(**data).to_yaml())


def _task_type(opened: Opened) -> str:
    return "object-detection" if opened.fitted.framework else "image-classification"


def _results(measured: Measured, *, task: str) -> list[Any]:
    from huggingface_hub import EvalResult

    return [
        EvalResult(
            task_type=task,
            dataset_type="imagefolder",
            dataset_name=_data_name(measured),
            dataset_split=measured.split,
            metric_type="accuracy" if score.startswith("top") else score,
            metric_name=score,
            metric_value=round(value, 6),
        )
        for score, value in measured.scores.items()
    ]


def _data_name(measured: Measured) -> str:
    """The data without the folders of the machine it lay on."""
    return Path(measured.data).name or measured.data


def _introduction(opened: Opened) -> str:
    network = f"`{opened.fitted.name}`"
    if opened.classes is None:
        return (
            f"{network} without a classifier: it gives {opened.fitted.layers[-1].out_channels} features a photograph."
        )
    if opened.fitted.framework:
        return f"{network}, a detector of {len(opened.classes):,} kinds of things ({listed(opened.classes)})."
    return f"{network}, a classifier of {len(opened.classes):,} classes ({listed(opened.classes)})."


def _network(opened: Opened) -> list[str]:
    price, architecture = cost(opened.fitted.layers), opened.description.architecture
    rows = {
        "width": f"{architecture.width:g}",
        "resolution": f"{architecture.resolution} x {architecture.resolution}",
        "mult-adds": f"{price.mult_adds:,}",
        "params": f"{price.params:,}",
        "weights, float32, batch norm folded": f"{price.weight_bytes['float32']:,} bytes",
        "peak of activations, float32": f"{price.peak_activation_bytes['float32']:,} bytes",
        "padding": "TensorFlow's SAME" if architecture.padding == "same" else "symmetric",
        "activation": architecture.activation,
        "batch norm": _norm(architecture),
    }
    return ["## Network", _table(("", ""), list(rows.items()))]


def _norm(architecture: Architecture) -> str:
    return f"epsilon {architecture.norm_epsilon:g}" if architecture.norm else "folded into the weights"


def _preprocessing(opened: Opened) -> list[str]:
    shown = opened.description.preprocessing
    return ["## Photographs", f"{shown.words[0].upper()}{shown.words[1:]}. RGB."]


def _measured(measured: Measured | None) -> list[str]:
    if measured is None:
        return ["## Measured", "Nothing was measured with these weights."]
    where = (
        f"{measured.photographs:,} photographs of {_data_name(measured)} ({measured.split}), by `mobilenets evaluate`."
    )
    rows = [(name.replace("_", " "), f"{value:.4f}") for name, value in measured.scores.items()]
    return ["## Measured", where, _table(("score", "value"), rows), f"Photographs were shown so: {measured.shown}."]


def _published(opened: Opened) -> list[str]:
    if opened.published is None or not opened.published.figures:
        return []
    rows = [(str(one.resolution), f"{one.top1:g} %", f"{one.top5:g} %", one.by) for one in opened.published.figures]
    words = "On the 50,000 validation images of ILSVRC-2012, as published; not measured here."
    return ["## Published", words, _table(("resolution", "top-1", "top-5", "by"), rows)]


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
