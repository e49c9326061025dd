"""`mobilenets weights` as a person and a program see it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import constants

from mobilenets.cli.main import main
from mobilenets.cli.weights import ACTIONS

_HEAVY = {"torch", "torchvision", "timm", "numpy", "matplotlib", "PIL", "sklearn"}


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "theirs"))
    monkeypatch.setenv("MOBILENETS_CACHE", str(tmp_path / "ours"))


def test_the_help_lists_every_action(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["weights", "--help"]) == 0
    out, err = capsys.readouterr()
    assert not err
    for name, action in ACTIONS.items():
        assert f"  {name} " in out
        assert (action.__doc__ or "").partition("\n")[0].rstrip(".") in out


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_has_help_and_json(action: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["weights", action, "--help"]) == 0
    out = capsys.readouterr().out
    assert f"usage: mobilenets weights {action}" in out
    assert "--json" in out


def test_list_and_help_need_nothing_heavy() -> None:
    program = (
        "import sys; from mobilenets.cli.main import main\n"
        f"codes = [main(['weights', name, '--help']) for name in {list(ACTIONS)!r}]\n"
        "codes += [main(['weights', 'list']), main(['weights', 'list', '--json'])]\n"
        f"print(set(codes), sorted({_HEAVY!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("\n{0} []\n")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "mobilenets weights: say what to do: one of list, show, fetch, convert, card"),
        (["lst"], "mobilenets weights: 'lst' is unknown: did you mean list?"),
        (["frobnicate"], "mobilenets weights: 'frobnicate' is unknown: use one of list, show,"),
        (["--json", "list"], "mobilenets weights: --json before the action: write it behind one of list"),
        (["list", "--jsn"], "mobilenets weights: unknown flag --jsn: did you mean --json?"),
        (["fetch"], "mobilenets weights: no weights are named"),
        (["fetch", "owl"], "mobilenets weights: no published weights are called 'owl'"),
        (["convert", "owl"], "mobilenets weights: --out is missing: see `mobilenets weights convert --help`"),
        (["show", "owl.h5"], "mobilenets weights: 'owl.h5' is no file"),
        (["show", "x", "--padding", "sme"], "mobilenets weights: --padding 'sme' is unknown: did you mean same?"),
        (["card", "owl"], "mobilenets weights: owl is no checkpoint"),
    ],
)
def test_a_wrong_request_is_one_line(arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["weights", *arguments]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith(line)
    assert err.count("\n") == 1


def test_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["weights", "list"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    row = ["mobilenet_v1_0.25_128", "mobilenet_v1_0.25_128", "470.1", "k", "41.5", "66.3", "1000"]
    assert [*row, "storage.googleapis.com", "apache-2.0", "no"] in lines
    assert main(["weights", "list", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert len(data) == 37
    assert data[0]["figures"][0]["top1"] == 70.9


def test_what_cannot_be_fetched_is_a_job_that_failed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["weights", "fetch", "mobilenet_v1_0.25_128"]) == 1
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith("mobilenets weights: mobilenet_2_5_128_tf.h5 cannot be fetched (HF_HUB_OFFLINE is set): get ")
    assert err.count("\n") == 1


def test_show_convert_and_card(hub_layout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["weights", "show", str(hub_layout)]) == 0
    out = capsys.readouterr().out
    assert "network      mobilenet_v1_0.25_32" in out
    assert "outputs      10 classes: sort a, sort b, sort c, sort d, sort e, ..." in out
    assert main(["weights", "show", str(hub_layout), "--json", "--resolution", "64"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["network"] == "mobilenet_v1_0.25_64"
    assert shown["kernels"][0]["shape"] == [8, 3, 3, 3]
    made = str(tmp_path / "made")
    colours = ["--mean", "0.1", "0.2", "0.3", "--std", "0.4", "0.5", "0.6"]
    assert main(["weights", "convert", str(hub_layout), "--out", made, *colours]) == 0
    assert capsys.readouterr().out == (
        f"mobilenet_v1_0.25_32 for classify: {made} (model.safetensors, run.json, README.md)\n"
    )
    assert json.loads((tmp_path / "made" / "run.json").read_text())["preprocessing"]["mean"] == [0.1, 0.2, 0.3]
    assert main(["weights", "card", made, "--licence", "mit", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"file": f"{made}/README.md"}
    assert "license: mit" in (tmp_path / "made" / "README.md").read_text()
    assert main(["weights", "convert", made, "--out", str(tmp_path / "hub"), "--to", "huggingface", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["layout"] == "huggingface"
