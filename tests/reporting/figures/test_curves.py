from collections.abc import Callable

import numpy as np
import pytest

from mobilenets.reporting.figures import Panel, curves

Texts = Callable[[str], list[str]]
NAN = float("nan")


def test_lines_are_labelled_with_their_final_value_and_the_best(texts: Texts) -> None:
    panels = [
        Panel("Accuracy", {"train": [0.5, 0.9, 0.99], "val": [0.4, 0.985, 0.97]}, better="higher", share=True),
        Panel("Loss", {"train": [2.0, 1.0, 0.5], "val": [2.1, 1.2, 1.5]}, better="lower"),
    ]
    drawing = curves(panels)
    shown = texts(drawing.svg())
    for text in ("Accuracy", "train 99.0\u202f%", "val 97.0\u202f%", "best 98.5\u202f% at epoch 2"):
        assert text in shown
    for text in ("Loss", "train 0.5", "val 1.5", "best 1.2 at epoch 2", "epoch"):
        assert text in shown
    assert "Accuracy by epoch, 3 in all: train ends at 99.0\u202f%, val ends at 97.0\u202f%" in drawing.alt


def line_points(drawing_axes: object) -> list[tuple[list[float], list[float]]]:
    lines = [line for line in drawing_axes.get_lines() if len(line.get_xdata()) > 1]
    return [(list(line.get_xdata()), list(line.get_ydata())) for line in lines]


def test_epochs_that_were_not_measured_are_bridged_and_broken_ones_are_gaps() -> None:
    drawing = curves([Panel("Loss", {"train": [3.0, NAN, 1.0, 0.5], "val": [None, 2.0, None, 1.0]})])
    (train_x, train_y), (val_x, val_y) = line_points(drawing.figure.axes[0])
    assert train_x == [1, 2, 3, 4]
    assert np.isnan(train_y[1])
    assert (val_x, val_y) == ([2, 4], [2.0, 1.0])


@pytest.mark.parametrize("epochs", [1, 3])
def test_the_first_epoch_may_be_another(epochs: int) -> None:
    values = [0.5, 0.25, 0.125][:epochs]
    drawing = curves([Panel("Loss", {"val": values}, better="lower", first=0)])
    axes = drawing.figure.axes[0]
    assert list(axes.get_lines()[0].get_xdata()) == [0, 1, 2][:epochs]
    assert axes.get_xlim() == ((0, 2) if epochs == 3 else (-0.5, 0.5))
    assert f"at epoch {epochs - 1}" in drawing.alt


@pytest.mark.parametrize("epochs", [1, 2, 12, 13, 1000])
def test_any_number_of_epochs_has_whole_ticks(epochs: int, texts: Texts) -> None:
    values = np.linspace(0.1, 0.9, epochs).tolist()
    drawing = curves([Panel("Accuracy", {"train": values, "val": values}, better="higher", share=True)])
    shown = texts(drawing.svg())
    ticks = [text for text in shown[: shown.index("epoch")] if text.isdecimal()]
    assert ticks
    assert all(1 <= int(tick) <= epochs for tick in ticks)
    if epochs == 1:
        assert ticks == ["1"]


def test_a_single_value_is_a_dot() -> None:
    alone = [NAN] * 20
    alone[7] = 1.0
    line = curves([Panel("Loss", {"train": alone})]).figure.axes[0].get_lines()[0]
    assert line.get_markevery() == [7]


@pytest.mark.parametrize(
    ("lines", "label"),
    [
        ({"train": [0.5, NAN, float("inf")]}, "train not finite from 2"),
        ({"train": [NAN, NAN]}, "train not finite from 1"),
        ({"train": [0.5, NAN, 0.75]}, "train 0.75"),
        ({"train": [None, 0.25, None]}, "train 0.25"),
        ({}, "nothing measured"),
        ({"train": [], "val": [None, None]}, "nothing measured"),
    ],
)
def test_what_is_missing_or_broken_is_said(lines: dict[str, list[float | None]], label: str, texts: Texts) -> None:
    drawing = curves([Panel("Loss", lines, better="lower")])
    assert label in texts(drawing.svg())
    assert drawing.png(scale=0.5)


def test_a_missing_train_leaves_val_its_colour() -> None:
    both = curves([Panel("Loss", {"train": [2.0, 1.0], "val": [2.0, 1.0]})]).figure.axes[0].get_lines()
    alone = curves([Panel("Loss", {"train": [], "val": [2.0, 1.0]})]).figure.axes[0].get_lines()
    assert alone[0].get_color() == both[1].get_color() != both[0].get_color()


@pytest.mark.parametrize(
    ("values", "logarithmic"), [([5.0, 1.0, 0.2], False), ([50.0, 1.0, 0.2], True), ([50.0, 0.0], False)]
)
def test_a_loss_that_falls_far_has_a_logarithmic_axis(values: list[float], logarithmic: bool, texts: Texts) -> None:
    shown = texts(curves([Panel("Loss", {"val": values})]).svg())
    assert ("Loss (log scale)" in shown) == logarithmic


def test_final_labels_never_cover_each_other() -> None:
    lines = {f"run {place}": [0.1, 0.9 + place / 1e4] for place in range(7)}
    drawing = curves([Panel("Accuracy", lines, share=True)])
    drawing.svg()
    labels = [text for text in drawing.figure.axes[0].texts if text.get_text().startswith("run")]
    heights = sorted(text.xy[1] * 198 for text in labels)
    assert len(labels) == 7
    assert min(np.diff(heights)) >= 14


def test_a_per_cent_axis_stays_within_its_bounds() -> None:
    axes = curves([Panel("Accuracy", {"val": [0.0, 1.0]}, share=True)]).figure.axes[0]
    assert axes.get_ylim() == (0, 1)
