"""The folder that is written, whole or not at all."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

import mobilenets
from mobilenets.errors import JobError, UsageError
from mobilenets.jobs.paper.folder import FILES, check_folder, replace_folder

_CONTENT = {name: name.encode() for name in FILES}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("paper") / "out"
    mobilenets.paper(folder)
    return folder


def test_markdown_has_every_table_and_both_pictures(written: Path) -> None:
    text = (written / "paper.md").read_text(encoding="utf-8")
    assert all(f"## Table {number}. " in text for number in range(1, 15))
    assert "](figure_4.png)" in text
    assert "](figure_5.png)" in text
    assert "**168 of 196 figures come out as printed.**" in text
    assert "| Conv MobileNet | 71.7 | 4866 | **4,867.293** | 29.3 | 29.294 |" in text
    assert "- Conv MobileNet, mult-adds, printed 4866: Printed without the classifier" in text
    assert "R² = 0.9663" in text
    assert "released checkpoints" in text


def test_markdown_tables_are_rectangular(written: Path) -> None:
    lines = (written / "paper.md").read_text(encoding="utf-8").splitlines()
    for above, below in pairwise(lines):
        if above.startswith("|") and below.startswith("|"):
            assert above.count("|") == below.count("|")


def test_json_has_published_counted_and_explanation(written: Path) -> None:
    data = json.loads((written / "paper.json").read_text())
    table = data["tables"][7]
    assert (table["number"], table["units"]["mult_adds"]) == (8, "M")
    row = table["rows"][0]
    assert row["mult_adds"] == {"published": 569.0, "counted": 568.740352, "explanation": ""}
    assert row["accuracy"]["counted"] is None
    assert table["rows"][2]["mult_adds"]["published_to"] == 100
    assert len(data["figures"]["networks"]) == 16
    assert data["figures"]["fits"]["all"]["r_squared"] == pytest.approx(0.9663, abs=1e-4)


@pytest.mark.parametrize("name", ["figure_4.png", "figure_5.png"])
def test_figures_are_pictures_with_colours(name: str, written: Path) -> None:
    with Image.open(written / name) as image:
        assert (image.format, image.size) == ("PNG", (1600, 1040))
        colours = image.convert("RGB").getcolors(maxcolors=2**24)
    assert colours is not None
    # Paper, ink, grid and one colour for each of four resolutions, beside their blends.
    assert sum(count > 400 for count, _ in colours) >= 7


def test_the_same_again_gives_the_same_bytes(written: Path) -> None:
    before = {path.name: path.read_bytes() for path in written.iterdir()}
    mobilenets.paper(str(written))
    assert {path.name: path.read_bytes() for path in written.iterdir()} == before


def test_a_folder_of_ours_is_replaced_and_stays_the_same_folder(tmp_path: Path) -> None:
    replace_folder(tmp_path, _CONTENT)
    folder = tmp_path.stat().st_ino
    replace_folder(tmp_path, dict.fromkeys(FILES, b"new"))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == dict.fromkeys(FILES, b"new")
    assert tmp_path.stat().st_ino == folder


def test_what_a_killed_run_left_is_cleared(tmp_path: Path) -> None:
    (tmp_path / ".paper.part").mkdir()
    (tmp_path / ".paper.part" / "paper.md").write_text("half")
    check_folder(tmp_path)
    replace_folder(tmp_path, _CONTENT)
    assert {path.name for path in tmp_path.iterdir()} == set(FILES)


@pytest.mark.parametrize("foreign", ["notes.md", "figure_6.png", ".git"])
def test_anything_foreign_is_left_alone(foreign: str, tmp_path: Path) -> None:
    replace_folder(tmp_path, _CONTENT)
    (tmp_path / foreign).write_text("mine")
    with pytest.raises(UsageError, match="which is not ours: name a folder that is new or empty"):
        mobilenets.paper(tmp_path)
    assert (tmp_path / "paper.md").read_bytes() == b"paper.md"


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(UsageError, match="is a file"):
        mobilenets.paper(file)


@pytest.mark.parametrize("there", [True, False])
def test_a_full_disk_changes_nothing(there: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "out"
    if there:
        replace_folder(folder, _CONTENT)
    genuine = Path.write_bytes

    def fail(self: Path, data: bytes) -> int:
        if self.name == "figure_5.png":
            raise OSError(28, "No space left on device", str(self))
        return genuine(self, data)

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(JobError, match="out cannot be written: No space left on device"):
        replace_folder(folder, dict.fromkeys(FILES, b"new"))
    left = {path.name: path.read_bytes() for path in folder.iterdir()} if there else {}
    assert left == (_CONTENT if there else {})
    assert [path.name for path in tmp_path.iterdir()] == (["out"] if there else [])
