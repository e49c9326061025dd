"""`mobilenets faces`, `compare`, `threshold` and `search` as a person and a program see them."""

import json
import shutil
import sys
from pathlib import Path

import pytest
from PIL import Image

from mobilenets.cli.main import main
from mobilenets.data.faces.detector import check_detector
from mobilenets.errors import UsageError
from mobilenets.jobs.weights.converting import convert_weights


@pytest.fixture(scope="module")
def teacher(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return convert_weights(
        shared_data / "weights" / "mobilefacenet_068.ckpt", out=tmp_path_factory.mktemp("faces") / "teacher"
    ).folder


def test_from_public_weights_to_an_answer(
    teacher: Path, shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    faces = shared_data / "lfw100"
    one, same = (str(faces / "Hugo_Chavez" / f"Hugo_Chavez_000{number}.jpg") for number in (1, 5))
    other = str(faces / "Tony_Blair" / sorted(path.name for path in (faces / "Tony_Blair").iterdir())[0])

    assert main(["compare", one, same, "--model", str(teacher)]) == 2
    assert "has no threshold: set one with" in capsys.readouterr().err
    assert main(["threshold", str(faces), "--model", str(teacher), "--far", "1e-4"]) == 2
    assert "--far 0.0001 takes 100,000 pairs of different people" in capsys.readouterr().err
    assert main(["threshold", str(faces), "--model", str(teacher), "--far", "0.01"]) == 0
    told = capsys.readouterr().out
    assert "false accept rate 0.01: 45 of 4,500 pairs of different people" in told
    assert "over people" in told

    assert main(["compare", one, same, "--model", str(teacher)]) == 0
    assert capsys.readouterr().out.startswith("same person\nsquared distance 0.")
    assert main(["compare", one, other, "--model", str(teacher), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["same"], found["far"]) == (False, 0.01)
    assert main(["compare", one, other, "--model", str(teacher), "--threshold", "4"]) == 0
    assert "threshold: as given; at what false accept rate is not known" in capsys.readouterr().out

    index = str(tmp_path / "faces.index")
    assert main(["search", "index", str(faces), "--model", str(teacher), "--out", index]) == 0
    assert capsys.readouterr().out == f"100 photographs in {index}, 128 numbers each\n"
    assert main(["search", "find", one, "--index", index, "--model", str(teacher), "--top", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert one in lines[2] and lines[2].endswith("same person")
    assert lines[-1].startswith("100 photographs searched; one person is at most")


def test_crops_of_a_folder(shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        check_detector()
    except UsageError as error:
        pytest.skip(str(error))
    album, crops = tmp_path / "album", tmp_path / "crops"
    shutil.copytree(shared_data / "lfw100" / "Arnold_Schwarzenegger", album / "arnold")
    Image.new("RGB", (90, 60), "grey").save(album / "wall.png")
    assert main(["faces", str(album), "--out", str(crops)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == f"10 faces of 11 photographs in {crops}, 112 x 112 pixels each"
    assert told[1].startswith("note: of ") and "the eyes were not found, the face's box was taken: arnold/" in told[1]
    assert told[2] == f"note: 1 left out (no face found: 1): see {crops / 'left-out.csv'}"
    assert main(["faces", str(album), "--out", str(crops)]) == 2
    assert "is there and not an empty folder" in capsys.readouterr().err
    assert main(["faces", str(album), "--out", str(tmp_path / "again"), "--size", "64", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["faces"], found["size"], found["left_out"]) == (10, 64, {"wall.png": "no face found"})


def test_without_opencv_one_line_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    assert main(["faces", str(tmp_path), "--out", str(tmp_path / "crops")]) == 2
    wanted = "mobilenets faces: finding faces needs an extra: pip install 'mobilenets[faces]'\n"
    assert capsys.readouterr().err == wanted


@pytest.mark.parametrize("verb", [["compare"], ["threshold"], ["search"], ["search", "index"], ["search", "find"]])
def test_help(verb: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*verb, "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("usage: mobilenets")
    assert "--model" in out or "ACTION" in out
