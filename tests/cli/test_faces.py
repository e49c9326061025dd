"""`mobilenets compare`, `threshold` and `search` as a person and a program see them."""

import json
from pathlib import Path

import pytest

from mobilenets.cli.main import main
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


@pytest.mark.parametrize("verb", [["compare"], ["threshold"], ["search"], ["search", "index"], ["search", "find"]])
def test_help(verb: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*verb, "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("usage: mobilenets")
    assert "--model" in out or "ACTION" in out
