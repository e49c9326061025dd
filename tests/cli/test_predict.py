"""`mobilenets predict` as a person and a program see it."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mobilenets.cli.main import main
from mobilenets.tasks.attributes import Attributes


@pytest.fixture
def folder(swatches: Path, tmp_path: Path) -> Path:
    """Four photographs, of which the first and the third cannot be read."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, label in enumerate(("red", "green", "blue", "red")):
        shutil.copy(swatches / label / f"{number}.png", folder / f"{number}.png")
    for name in ("0.png", "2.png"):
        (folder / name).write_bytes(b"no image")
    return folder


def _predict(model: Path, *arguments: str | Path) -> int:
    return main(["predict", *map(str, arguments), "--model", str(model), "--device", "cpu"])


def test_a_line_a_photograph(tiny_model: Path, swatches: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _predict(tiny_model, swatches / "red") == 0
    out, err = capsys.readouterr()
    assert not err
    lines = out.splitlines()
    assert [line.split("  ")[0] for line in lines] == [f"{swatches}/red/{n}.png" for n in range(8)]
    assert all(line.count("%") == 3 for line in lines)


def test_it_goes_on_past_a_broken_file_and_says_so(
    tiny_model: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _predict(tiny_model, folder) == 1
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert len(lines) == 4
    assert lines[0] == f"{folder}/0.png  cannot be read: not an image"
    assert "%" in lines[3]
    assert err == "mobilenets predict: 2 of 4 photographs could not be read\n"


def test_json_is_an_object_a_line(tiny_model: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _predict(tiny_model, folder, "--json") == 1
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [Path(row["image"]).name for row in rows] == ["0.png", "1.png", "2.png", "3.png"]
    assert rows[0].keys() == {"image", "error"}
    assert rows[1].keys() == {"image", "label", "probability", "top"}
    assert sum(one["probability"] for one in rows[1]["top"]) == pytest.approx(1.0, abs=1e-4)


def test_csv_has_its_header_although_the_first_photograph_is_broken(
    tiny_model: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _predict(tiny_model, folder, "--csv") == 1
    out = capsys.readouterr().out
    assert "\r" not in out
    rows = list(csv.DictReader(io.StringIO(out)))
    assert list(rows[0]) == ["image", "label", "probability", "error"]
    assert [Path(row["image"]).name for row in rows] == ["0.png", "1.png", "2.png", "3.png"]
    assert [bool(row["error"]) for row in rows] == [True, False, True, False]
    assert rows[1]["label"] in ("blue", "green", "red")


def test_csv_of_nothing_but_broken_photographs(
    tiny_model: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _predict(tiny_model, folder / "0.png", "--csv") == 1
    assert capsys.readouterr().out == f"image,error\n{folder}/0.png,not an image\n"


def test_csv_has_a_column_for_each_probability(
    checkpoint: Callable[..., Path], swatches: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = checkpoint(Attributes(("bald", "young")))
    assert _predict(model, swatches / "red", "--csv") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert list(rows[0]) == ["image", "attributes.bald", "attributes.young", "error"]
    assert len(rows) == 8
    assert all(0 <= float(row["attributes.young"]) <= 1 for row in rows)


def test_csv_takes_any_name(
    tiny_model: Path, swatches: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = 'a "red", or\nso.png'
    shutil.copy(swatches / "red" / "0.png", tmp_path / name)
    assert _predict(tiny_model, tmp_path, "--csv") == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert row["image"] == str(tmp_path / name)


def test_a_limit(tiny_model: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _predict(tiny_model, folder, "--limit", "2", "--json") == 1
    assert len(capsys.readouterr().out.splitlines()) == 2


class _Stdin(io.BytesIO):
    @property
    def buffer(self) -> "_Stdin":
        return self

    def peek(self, size: int) -> bytes:
        return self.getvalue()[self.tell() : self.tell() + size]


def test_a_list_on_standard_input(
    tiny_model: Path, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", _Stdin(f"{folder}/1.png\n\n{folder}/gone.png\n{folder}/3.png".encode()))
    assert _predict(tiny_model, "-", "--json") == 1
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [Path(row["image"]).name for row in rows] == ["1.png", "gone.png", "3.png"]
    assert ["error" in row for row in rows] == [False, True, False]


def test_an_image_on_standard_input(
    tiny_model: Path, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", _Stdin((folder / "1.png").read_bytes()))
    assert _predict(tiny_model, "-", "--json") == 0
    (row,) = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert row["image"] == "standard input"


def test_a_data_set_by_name(tiny_model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _predict(tiny_model, "digits", "--limit", "3") == 0
    assert [line.split("  ")[0] for line in capsys.readouterr().out.splitlines()] == [
        "0000.png",
        "0001.png",
        "0002.png",
    ]


@pytest.mark.parametrize("form", ["--batch=1", "--json", "--csv"])
def test_file_names_that_are_no_text(tiny_model: Path, swatches: Path, tmp_path: Path, form: str) -> None:
    name = os.fsencode(tmp_path) + b"/\xff[bold]\xc3\xa4.png"
    shutil.copy(swatches / "red" / "0.png", os.fsdecode(name))
    command = [sys.executable, "-m", "mobilenets", "predict", tmp_path, "--model", tiny_model, "--device", "cpu", form]
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8:strict"}  # as in a terminal of almost any language
    done = subprocess.run(command, capture_output=True, check=False, env=environment)
    assert (done.returncode, done.stderr) == (0, b"")
    if form == "--json":
        name = json.loads(done.stdout)["image"].encode(errors="surrogateescape")
        assert name == os.fsencode(tmp_path) + b"/\xff[bold]\xc3\xa4.png"
    else:
        assert name in done.stdout


class TestBoxes:
    @pytest.fixture(autouse=True)
    def red(
        self, finder: Any, red_on_grey: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Photographs 12.png and none.png here, and the model that finds what is red."""
        monkeypatch.setattr("mobilenets.jobs.predict.load_any", lambda *_, **__: finder)
        monkeypatch.chdir(tmp_path)
        Path("p").mkdir()
        for name, box in (("12", (32, 24, 96, 72)), ("none", (0, 0, 0, 0))):
            Image.fromarray(red_on_grey(box)).save(f"p/{name}.png")

    def test_a_line_names_the_surest(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert _predict(Path("m"), "p", "--threshold", "0.1") == 0
        assert capsys.readouterr().out == "p/12.png  red 88%, all 12%\np/none.png  all 12%\n"
        assert _predict(Path("m"), "p") == 0
        assert capsys.readouterr().out == "p/12.png  red 88%\np/none.png  nothing\n"

    def test_json_is_a_list_of_cocos_results(self, capsys: pytest.CaptureFixture[str]) -> None:
        Path("p/broken.png").write_bytes(b"no image")
        assert _predict(Path("m"), "p", "--json", "--threshold", "0") == 1
        out, err = capsys.readouterr()
        rows = json.loads(out)
        assert [(row["image_id"], row["category_id"], row["score"]) for row in rows] == [
            (12, 7, 0.875),
            (12, 3, 0.125),
            (2, 3, 0.125),
        ]
        assert rows[1]["bbox"] == [0, 0, 128, 96]
        assert rows[2]["file_name"] == "p/none.png"
        assert out.count("\n") == len(rows) + 2  # a result a line
        assert err.splitlines() == [
            "note: p/broken.png cannot be read: not an image",
            "mobilenets predict: 1 of 3 photographs could not be read",
        ]

    def test_nothing_found_is_an_empty_list(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert _predict(Path("m"), "p/none.png", "--json") == 0
        assert json.loads(capsys.readouterr().out) == []

    def test_numbers_that_are_not_kept_are_told(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert _predict(Path("m"), "p/12.png", "p/12.png", "--json") == 0
        out, err = capsys.readouterr()
        assert [row["image_id"] for row in json.loads(out)] == [12, 1]
        assert err.startswith("note: 1 photograph is called by a number that another has too")

    def test_csv_has_a_row_a_box(self, capsys: pytest.CaptureFixture[str]) -> None:
        Path("p/broken.png").write_bytes(b"no image")
        assert _predict(Path("m"), "p", "--csv") == 1
        rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
        assert list(rows[0]) == ["image", "label", "score", "left", "top", "right", "bottom", "error"]
        assert [(row["image"], row["label"], row["error"]) for row in rows] == [
            ("p/12.png", "red", ""),
            ("p/broken.png", "", "not an image"),
        ]
        assert float(rows[0]["left"]) == pytest.approx(32, abs=2)

    def test_drawings_and_a_video(self, video: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
        video(Path("clip.mp4"), count=5)
        assert _predict(Path("m"), "clip.mp4", "p", "--every", "2", "--draw", "out") == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[:3] == [f"clip.mp4#{number:06}  red 88%" for number in (0, 2, 4)]
        assert sorted(str(file) for file in Path("out").rglob("*.*")) == [
            "out/clip.mp4",
            "out/p/12.png",
            "out/p/none.png",
        ]
