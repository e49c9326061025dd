"""`mobilenets weights`: published weights listed, fetched, shown and converted."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tyro.conf import Positional

from mobilenets.cli.output import Column, million_text, print_json, print_line, print_table, size_text

if TYPE_CHECKING:
    from mobilenets.jobs.weights.listing import Listed
    from mobilenets.jobs.weights.showing import Shown
    from mobilenets.weights.fitting import Asked

_SHOWN_CLASSES = 5
# As `architecture.layer.Activation` and `Architecture.padding`, for flags.
Padding = Literal["same", "symmetric"]
Colours = tuple[float, float, float]


def _list(*, json: bool = False) -> None:
    """The published weights that can be had by name, and which are in the cache.

    Accuracies are their publishers', in per cent on ILSVRC-2012. Every mobilenet_v1_* is also there without its
    classifier, as mobilenet_v1_0.25_128_no_top (in --json they stand too).

    Args:
        json: print JSON
    """
    from mobilenets.jobs.weights.listing import list_weights

    rows = list_weights()
    if json:
        print_json(rows)
        return
    titles = (Column("name"), Column("network"), Column("params", number=True), Column("top-1", number=True))
    more = (Column("top-5", number=True), Column("classes", number=True), Column("source"), Column("licence"))
    print_table((*titles, *more, Column("cached")), [_listed_row(row) for row in rows if row.outputs])
    print_line()
    print_line(
        "Top-1 and top-5 as published, in per cent, at the network's resolution. Without classifier: NAME_no_top."
    )


def _listed_row(row: "Listed") -> tuple[str, ...]:
    best = row.figures[0] if row.figures else None
    return (
        row.name,
        row.network,
        million_text(row.params),
        f"{best.top1:.1f}" if best else "",
        f"{best.top5:.1f}" if best else "",
        str(row.outputs),
        row.address.removeprefix("https://").partition("/")[0],
        row.licence,
        "yes" if row.file else "no",
    )


def _fetch(names: Positional[tuple[str, ...]], *, json: bool = False) -> None:
    """Bring published weights into the cache and check them.

    Args:
        names: names of `mobilenets weights list`
        json: print JSON
    """
    from mobilenets.jobs.weights.listing import fetch_weights

    fetched = fetch_weights(names)
    if json:
        print_json(fetched)
        return
    for one in fetched:
        print_line(f"{one.name}: {one.file} ({size_text(one.size)}, sha256 {one.sha256}, licence {one.licence})")


def _show(
    source: Positional[str],
    *,
    resolution: int | None = None,
    padding: Padding | None = None,
    activation: Literal["relu6", "relu", "leaky_relu"] | None = None,
    mean: Colours | None = None,
    std: Colours | None = None,
    json: bool = False,
) -> None:
    """What weights hold, and which network they are.

    Args:
        source: name of `mobilenets weights list`, file, folder of timm or the hub, or checkpoint
        resolution: input pixels, where the file does not say
        padding: same (TensorFlow's) or symmetric, where the file does not say
        activation: non-linearity, where the file does not say
        mean: mean of red, green and blue in [0, 1], where the file does not say
        std: standard deviation of red, green and blue, where the file does not say
        json: print JSON, with every kernel
    """
    from mobilenets.jobs.weights.showing import show_weights

    asked = _asked(resolution, padding, activation, mean, std)
    shown = show_weights(source, asked=asked)
    print_json(shown) if json else _print_shown(shown)


def _print_shown(shown: "Shown") -> None:
    look = shown.architecture
    rows = [
        ("file", f"{shown.file} ({size_text(shown.size)})"),
        ("sha256", shown.sha256),
        ("format", shown.form),
        (
            "network",
            f"{shown.network} ({million_text(shown.mult_adds)} mult-adds, {million_text(shown.params)} params)",
        ),
        ("outputs", _outputs_text(shown)),
        ("padding", look.padding),
        ("activation", look.activation),
        ("batch norm", f"epsilon {look.norm_epsilon:g}" if look.norm else "folded into the weights"),
        ("photographs", shown.preprocessing.words),
        ("licence", shown.licence or "not known"),
        *(
            ("published", f"top-1 {one.top1:g} %, top-5 {one.top5:g} % at {one.resolution} ({one.by})")
            for one in shown.figures
        ),
        ("source", shown.source),
    ]
    wide = max(len(title) for title, _ in rows)
    for title, text in rows:
        print_line(f"{title:<{wide}}  {text}")
    for note in shown.notes:
        print_line(f"note: {note}")


def _outputs_text(shown: "Shown") -> str:
    if shown.classes is None:
        return "features, no classifier"
    more = ", ..." if len(shown.classes) > _SHOWN_CLASSES else ""
    return f"{len(shown.classes):,} classes: {', '.join(shown.classes[:_SHOWN_CLASSES])}{more}"


def _asked(
    resolution: int | None, padding: Padding | None, activation: str | None, mean: Colours | None, std: Colours | None
) -> "Asked":
    from mobilenets.weights.fitting import Asked

    return Asked(resolution=resolution, padding=padding, activation=activation, mean=mean, std=std)  # type: ignore[arg-type]


def _convert(
    source: Positional[str],
    *,
    out: Path,
    to: Literal["checkpoint", "timm", "huggingface"] = "checkpoint",
    resolution: int | None = None,
    padding: Padding | None = None,
    activation: Literal["relu6", "relu", "leaky_relu"] | None = None,
    mean: Colours | None = None,
    std: Colours | None = None,
    classes_file: Path | None = None,
    figures: Path | None = None,
    licence: str | None = None,
    overwrite: bool = False,
    json: bool = False,
) -> None:
    """Write weights as a checkpoint for evaluate, predict and train --weights, or for timm or Transformers.

    The folder has a model card (README.md) and can be uploaded to the Hugging Face hub as it stands.

    Args:
        source: name of `mobilenets weights list`, file, folder of timm or the hub, or checkpoint
        out: folder to write
        to: checkpoint (ours), timm or huggingface
        resolution: input pixels, where the file does not say
        padding: same (TensorFlow's) or symmetric, where the file does not say
        activation: non-linearity, where the file does not say
        mean: mean of red, green and blue in [0, 1], where the file does not say
        std: standard deviation of red, green and blue, where the file does not say
        classes_file: text file that names the outputs, one a line
        figures: report of `mobilenets evaluate --json`, for the card
        licence: identifier of the licence, for the card; unset: as published
        overwrite: replace what the folder holds
        json: print JSON
    """
    from mobilenets.jobs.weights.converting import convert_weights

    asked = _asked(resolution, padding, activation, mean, std)
    done = convert_weights(
        source,
        out=out,
        to=to,
        asked=asked,
        classes_file=classes_file,
        figures=figures,
        licence=licence,
        overwrite=overwrite,
    )
    if json:
        print_json(done)
        return
    print_line(f"{done.network} for {done.task}: {done.folder} ({', '.join(done.files)})")
    for note in done.notes:
        print_line(f"note: {note}")


def _card(
    checkpoint: Positional[Path],
    *,
    figures: Path | None = None,
    licence: str | None = None,
    overwrite: bool = False,
    json: bool = False,
) -> None:
    """Write the model card of a checkpoint, with the figures that were measured.

    Args:
        checkpoint: checkpoint folder
        figures: report of `mobilenets evaluate --json`; unset, the card says that nothing was measured
        licence: identifier of the licence; unset: as published
        overwrite: replace a README.md that is not one of ours
        json: print JSON
    """
    from mobilenets.jobs.weights.card import write_card

    file = write_card(checkpoint, figures=figures, licence=licence, overwrite=overwrite)
    print_json({"file": file}) if json else print_line(f"wrote {file}")


ACTIONS: Mapping[str, Callable[..., None]] = {
    "list": _list,
    "show": _show,
    "fetch": _fetch,
    "convert": _convert,
    "card": _card,
}
