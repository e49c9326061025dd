"""`mobilenets clean`: what it prints, and that its table is what `train` reads."""

import json
import shutil
from pathlib import Path

import pytest

from mobilenets.cli.main import main


@pytest.fixture
def noisy(swatches: Path, tmp_path: Path) -> Path:
    """Weaves have no low frequencies to tell them apart: a few of each colour, and one twice."""
    folder = Path(shutil.copytree(swatches, tmp_path / "noisy"))
    (folder / "red" / "broken.png").write_bytes(b"nothing")
    return folder


def _clean(noisy: Path, *flags: str) -> list[str]:
    return ["clean", str(noisy), "--out", str(noisy.with_name("kept.csv")), *flags]


def test_what_went_is_counted(noisy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(_clean(noisy, "--hash-bits", "0")) == 0
    out, _ = capsys.readouterr()
    assert "note: 25 photographs in noisy, 1 left out (1 unreadable)" in out
    assert f"kept {noisy.with_name('kept.csv')}, removed {noisy.with_name('kept-removed.csv')}" in out


def test_json_is_all_that_is_printed(noisy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(_clean(noisy, "--hash-bits", "0", "--json")) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["photographs"], found["kept"], found["removed"]) == (25, 24, {"unreadable": 1})


def test_train_reads_the_table(noisy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(_clean(noisy, "--hash-bits", "0")) == 0
    tiny = ["--width", "0.25", "--resolution", "32", "--epochs", "1", "--batch", "6", "--device", "cpu"]
    out = noisy.with_name("run")
    assert main(["train", str(noisy.with_name("kept.csv")), "--out", str(out), *tiny, "--threads", "1"]) == 0
    assert (out / "report.html").exists()


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--hash-bits", "65"], "mobilenets clean: hash-bits 65 is outside [-1, 32]: use at least -1 and at most 32"),
        (["--hash-bit", "4"], "mobilenets clean: unknown flag --hash-bit: did you mean --hash-bits?"),
        (["--against", "nowhere"], "mobilenets clean: there is no 'nowhere'"),
        (["--doubt", "0.1"], "mobilenets clean: doubt 0.1 needs features: name the --weights whose features they are"),
    ],
)
def test_what_is_wrong_is_one_line(
    flags: list[str], says: str, noisy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(_clean(noisy, *flags)) == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith(says)
    assert err.count("\n") == 1
