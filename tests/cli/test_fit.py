"""`mobilenets fit` as it is typed."""

import json
from pathlib import Path

import pytest

pytest.importorskip("onnxruntime")

from mobilenets.cli.main import main

_SMALL = ("--widths", "0.25", "0.35", "--resolutions", "32", "--precision", "float32", "--weights", "none")


def test_help_names_every_limit(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", "--help"]) == 0
    page = capsys.readouterr().out
    for flag in ("--max-ms", "--max-mb", "--max-mult-adds", "--max-ram-mb", "--device", "--minutes", "--emit-kit"):
        assert flag in page


def test_a_dry_run_prints_candidates_with_labels(
    swatches: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "fit"
    words = ["fit", str(swatches), "--out", str(out), "--max-mult-adds", "1", "--dry-run", *_SMALL]
    assert main(words) == 0
    printed = capsys.readouterr().out
    assert "mobilenet_v1_0.25_32" in printed and "mobilenet_v1_0.35_32" not in printed
    assert "1 candidates fit; nothing was trained" in printed
    assert main([*words, "--overwrite", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [(row["title"], row["excess"] is None) for row in rows] == [
        ("mobilenet_v1_0.25_32", True),
        ("mobilenet_v1_0.35_32", False),
    ]


def test_where_nothing_fits_the_exit_code_is_one(
    swatches: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "fit")
    assert main(["fit", str(swatches), "--out", out, "--max-mult-adds", "0.1", "--dry-run", *_SMALL]) == 1
    (line,) = capsys.readouterr().err.splitlines()[-1:]
    assert "over --max-mult-adds 0.1; it would fit --max-mult-adds" in line


def test_a_kit_of_candidates_is_written(swatches: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kit = tmp_path / "kit"
    assert main(["fit", str(swatches), "--max-ms", "5", "--emit-kit", str(kit), *_SMALL]) == 0
    described = json.loads((kit / "kit.json").read_text(encoding="utf-8"))
    assert [one["network"] for one in described["models"]] == ["mobilenet_v1_0.25_32", "mobilenet_v1_0.35_32"]
    assert all((kit / name).is_file() for name in described["files"])
    assert "--device" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--max-ms", "5"], "no photographs given"),
        (["PHOTOS"], "no limit is given: set one or several of"),
        (["PHOTOS", "--max-ms", "-1"], "max-ms -1 is outside (0, inf): use more than 0"),
        (["PHOTOS", "--max-ms", "fast"], "--max-ms 'fast' is not valid"),
        (["PHOTOS", "--max-ms", "5", "--minutes", "0"], "minutes 0 is outside"),
        (["PHOTOS", "--max-ms", "5", "--weights", "none", "auto"], "none stands alone"),
        (["PHOTOS", "--max-ms", "5", "--runtime", "onyx"], "runtime 'onyx' is unknown"),
        (["--resume", "nowhere", "--max-ms", "5"], "leave out --max-ms"),
        (["--resume", "nowhere"], "nowhere holds no fit"),
    ],
)
def test_what_is_wrong_is_one_line(
    swatches: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], says: str
) -> None:
    out = [] if "--resume" in words else ["--out", str(tmp_path / "fit")]
    assert main(["fit", *(str(swatches) if word == "PHOTOS" else word for word in words), *out]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert says in line
    assert not (tmp_path / "fit").exists()
