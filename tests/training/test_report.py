"""The page that a run leaves behind: one file, with everything on it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from mobilenets.jobs.train.folder import REPORT
from mobilenets.reporting.page import Page
from mobilenets.run import Distillation, Run
from mobilenets.training import report


@pytest.fixture(scope="module")
def html(tiny_model: Path) -> str:
    return (tiny_model / REPORT).read_text()


def test_nothing_is_fetched(html: str) -> None:
    sources = re.findall(r"(?:src|href)=\"([^\"]*)\"", html)
    assert sources
    assert all(source.startswith(("data:", "#")) for source in sources)
    assert not re.search(r"https?://(?!www\.w3\.org/)", html)
    assert "<script" not in html
    assert "@import" not in html


def test_every_part_is_there(html: str) -> None:
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", html)
    assert headings == ["Curves", "Classes", "Confusion", "Calibration", "Worst mistakes", "Settings"]
    assert '<h1 dir="auto">mobilenet_v1_0.25_32: classify</h1>' in html
    assert "trained from random weights on swatches, 24 epochs" in html
    for fact in ("top1", "mult-adds", "params", "213,843", "held-out photographs"):
        assert fact in html


def test_what_was_left_out_or_held_out_is_said(html: str) -> None:
    assert "6 of 24 photographs held out as val (20% of each label, seed 0)" in html


def test_the_settings_are_all_of_the_run(html: str) -> None:
    for name, value in {
        "optimiser": "adamw",
        "lr": "0.01",
        "batch": "18",
        "crop": "not set",
        "label smoothing": "0.1",
        "hash bits": "8",
    }.items():
        assert re.search(rf"<dt>{name}</dt><dd[^>]*>{re.escape(value)}</dd>", html), name


def test_losses_that_are_not_the_same_are_told_apart(html: str) -> None:
    assert "The train loss has the label smoothing of 0.1 in it, the val loss does not." in html


def test_a_teacher_s_part_in_the_loss_is_told(tiny_run: Callable[..., Run], tmp_path: Path) -> None:
    page, row = Page("title"), {"epoch": 1, "train_loss": 2.0, "val_loss": 1.0, "train_top1": 0.5, "val_top1": 0.25}
    report._add_curves(page, tiny_run(tmp_path, distillation=Distillation(teacher="big")), [row], headline="top1")
    assert "in part, the distance from the teacher" in page.html()
    assert "label smoothing" not in page.html()
