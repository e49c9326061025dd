"""Everything that can be wrong about a request: one clear line, and the exit code that says whose fault it is."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from mobilenets.checkpoint import MODEL, RUN, STATE
from mobilenets.cli.main import main

JOB, REQUEST = 1, 2


@dataclass(frozen=True)
class Place:
    """Where a test works: photographs that may be spoilt, a folder for the run, a checkpoint that may be spoilt."""

    photos: Path
    out: Path
    model: Path

    def train(self, *flags: str) -> list[str]:
        tiny = ("--width", "0.25", "--resolution", "32", "--epochs", "1", "--batch", "6", "--cache-gb", "0")
        return ["train", str(self.photos), "--out", str(self.out), "--device", "cpu", "--threads", "1", *tiny, *flags]

    def evaluate(self, *flags: str) -> list[str]:
        return ["evaluate", str(self.photos), "--model", str(self.model), *flags]

    def predict(self, *flags: str) -> list[str]:
        return ["predict", str(self.photos), "--model", str(self.model), *flags]

    def resume(self) -> list[str]:
        return ["train", "--resume", str(self.model)]

    @property
    def file(self) -> Path:
        return self.out.with_name("settings.json")

    def with_settings(self, text: str) -> list[str]:
        self.file.write_text(text)
        return self.train("--run-file", str(self.file))


@pytest.fixture
def place(swatches: Path, tiny_model: Path, tmp_path: Path) -> Place:
    photos = Path(shutil.copytree(swatches, tmp_path / "photos"))
    model = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    return Place(photos, tmp_path / "out", model)


@dataclass(frozen=True)
class Wrong:
    """What is done, and what the line says."""

    do: Callable[[Place], list[str]]
    says: str
    code: int = REQUEST


def _spoilt(count: int) -> Callable[[Place], None]:
    def spoil(place: Place) -> None:
        for file in sorted(place.photos.rglob("*.png"))[:count]:
            file.write_bytes(b"no image")

    return spoil


def _after(change: Callable[[Place], object], arguments: Callable[[Place], list[str]]) -> Callable[[Place], list[str]]:
    def do(place: Place) -> list[str]:
        change(place)
        return arguments(place)

    return do


def _train(*flags: str) -> Callable[[Place], list[str]]:
    return lambda place: place.train(*flags)


def _emptied(place: Place) -> None:
    for label in place.photos.iterdir():
        shutil.rmtree(label)


def _loose(place: Place) -> None:
    for number, file in enumerate(sorted(place.photos.rglob("*.png"))):
        file.rename(place.photos / f"{number}.png")


def _one_class(place: Place) -> None:
    for label in ("red", "green"):
        shutil.rmtree(place.photos / label)


def _unknown_in_val(place: Place) -> None:
    for split, labels in {"train": ("red", "green"), "val": ("red", "green", "blue")}.items():
        for label in labels:
            shutil.copytree(place.photos / label, place.photos / split / label)
    for label in ("red", "green", "blue"):
        shutil.rmtree(place.photos / label)


def _cut(name: str) -> Callable[[Place], None]:
    def cut(place: Place) -> None:
        file = place.model / name
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])

    return cut


def _replaced(old: str, new: str) -> Callable[[Place], None]:
    def replace(place: Place) -> None:
        text = (place.model / RUN).read_text()
        assert old in text
        (place.model / RUN).write_text(text.replace(old, new, 1))

    return replace


def _without_training(place: Place) -> None:
    data = json.loads((place.model / RUN).read_text())
    (place.model / RUN).write_text(json.dumps({**data, "run": None}))


CASES = {
    # The photographs.
    "no folder": Wrong(_after(lambda place: shutil.rmtree(place.photos), Place.train), "there is no '"),
    "a name that is nearly right": Wrong(lambda _: ["train", "digts"], "did you mean digits?"),
    "no photographs named": Wrong(lambda _: ["train"], "no photographs given: name a folder"),
    "empty folder": Wrong(_after(_emptied, Place.train), "photos"),
    "one class": Wrong(_after(_one_class, Place.train), "one label only ('blue', 8 photographs): two or more labels"),
    "loose photographs": Wrong(_after(_loose, Place.train), "every photograph lies outside a label's folder"),
    "a label in val that train lacks": Wrong(
        _after(_unknown_in_val, Place.train),
        "val of photos has the label 'blue', which is none of the 2 classes (green, red): train with photographs of it",
    ),
    "every photograph broken": Wrong(
        _after(_spoilt(24), lambda place: place.train("--cache-gb", "1")),
        "24 of 24 photographs cannot be used: blue/0.png",
        JOB,
    ),
    "over 1 % broken": Wrong(
        _after(_spoilt(1), lambda place: place.train("--cache-gb", "1")),
        "1 of 24 photographs cannot be used: blue/0.png (not an image); at most 1% may be: repair or remove them",
        JOB,
    ),
    "one broken under --strict": Wrong(
        _after(_spoilt(1), lambda place: place.train("--cache-gb", "1", "--strict")),
        "(not an image); --strict allows none: repair or remove them",
        JOB,
    ),
    "a photograph instead of a folder": Wrong(
        lambda place: ["train", str(place.photos / "red" / "0.png")], "is one photograph: pass the folder"
    ),
    # The flags.
    "unknown flag": Wrong(_train("--epoch", "3"), "unknown flag --epoch: did you mean --epochs?"),
    "unknown recipe": Wrong(
        _train("--recipe", "cake"), "recipe 'cake' is unknown: use one of scratch, paper, distil, finetune"
    ),
    "unknown task": Wrong(_train("--task", "dance"), "task 'dance' is unknown: use one of classify"),
    "unknown optimiser": Wrong(_train("--optimiser", "adam"), "--optimiser 'adam' is unknown: did you mean adamw?"),
    "unknown family": Wrong(_train("--family", "vgg19"), "family 'vgg19' is unknown: use one of mobilenet_v1"),
    "lr 0": Wrong(_train("--lr", "0"), "lr 0 is outside (0, 100]: use more than 0 and at most 100"),
    "lr under 0": Wrong(_train("--lr", "-1"), "lr -1 is outside (0, 100]"),
    "lr nan": Wrong(_train("--lr", "nan"), "lr nan is outside (0, 100]"),
    "lr in words": Wrong(_train("--lr", "high"), "--lr 'high' is not valid: it takes a number"),
    "width 3": Wrong(_train("--width", "3"), "width 3 is outside (0, 2]"),
    "resolution 16": Wrong(_train("--resolution", "16"), "resolution 16 is under 32: use at least 32 pixels"),
    "resolution in parts": Wrong(
        _train("--resolution", "32.5"), "--resolution '32.5' is not valid: it takes a whole number"
    ),
    "batch 0": Wrong(_train("--batch", "0"), "batch 0 is outside [1, inf): use at least 1"),
    "batch 1": Wrong(_train("--batch", "1"), "a step of 1 photograph is too small"),
    "epochs 0": Wrong(_train("--epochs", "0"), "epochs 0 is outside [1, inf): use at least 1"),
    "more parts than photographs": Wrong(_train("--accumulate", "7"), "accumulate 7 is outside [1, 6]"),
    "val fraction 1": Wrong(_train("--val-fraction", "1"), "val-fraction 1 is outside (0, 1)"),
    "seed under 0": Wrong(_train("--seed", "-1"), "seed -1 is outside [0, 4294967295]"),
    "a GPU that is not there": Wrong(_train("--device", "cuda"), "device cuda: this machine has no GPU"),
    "a device that is none": Wrong(lambda place: place.evaluate("--device", "gpu"), "device 'gpu' is unknown"),
    "flags beside --resume": Wrong(
        lambda place: [*place.resume(), "--epochs", "50"],
        "--resume goes on with the run's own settings: leave out --epochs",
    ),
    # The run file.
    "run file missing": Wrong(
        _train("--run-file", "nowhere.json"), "--run-file nowhere.json cannot be read: No such file"
    ),
    "run file that is a folder": Wrong(lambda place: place.train("--run-file", str(place.photos)), "Is a directory"),
    "run file not JSON": Wrong(lambda place: place.with_settings("{epochs: 3"), "is not JSON: Expecting property name"),
    "run file of another kind": Wrong(
        lambda place: place.with_settings("[1]"), "expected an object of settings, got list"
    ),
    "unknown setting": Wrong(
        lambda place: place.with_settings('{"epoch": 3}'),
        "settings.json: 'epoch' is no setting: did you mean 'epochs'?",
    ),
    "setting of a wrong type": Wrong(
        lambda place: place.with_settings('{"optimisation": {"lr": "high"}}'),
        "optimisation: lr: 'high' is not a number",
    ),
    "setting outside its limits": Wrong(
        lambda place: place.with_settings('{"architecture": {"width": 9}}'), "architecture: width 9 is outside (0, 2]"
    ),
    # The checkpoint.
    "no checkpoint": Wrong(
        _after(lambda place: shutil.rmtree(place.model), Place.predict), "give the folder that `mobilenets train --out`"
    ),
    "a folder that is none": Wrong(lambda place: ["predict", "x", "--model", str(place.photos)], "x is not there"),
    "a folder without a run": Wrong(
        lambda place: ["predict", str(place.photos), "--model", str(place.photos)],
        "is no checkpoint: it has no run.json",
    ),
    "run.json cut short": Wrong(_after(_cut(RUN), Place.evaluate), "run.json is damaged (not JSON"),
    "run.json of a newer format": Wrong(
        _after(_replaced('"format": 1', '"format": 2'), Place.evaluate),
        "it comes from a newer mobilenets: update this one",
    ),
    "another task's checkpoint": Wrong(
        _after(_replaced('"task": "classify"', '"task": "dance"'), Place.predict), "model: task 'dance' is unknown"
    ),
    "weights cut short": Wrong(_after(_cut(MODEL), Place.predict), "model.safetensors is damaged"),
    "weights missing": Wrong(
        _after(lambda place: (place.model / MODEL).unlink(), Place.evaluate), "model.safetensors is missing"
    ),
    "weights of another network": Wrong(
        _after(_replaced('"width": 0.25', '"width": 0.5'), Place.predict),
        "it belongs to another network than run.json says",
    ),
    "starting weights of another width": Wrong(
        lambda place: place.train("--weights", str(place.model), "--width", "0.5"), "use --width 0.25"
    ),
    "labels that the model does not know": Wrong(
        _after(lambda place: (place.photos / "red").rename(place.photos / "pink"), Place.evaluate),
        "all of photos has the label 'pink', which is none of the 3 classes",
    ),
    "a split that is not there": Wrong(lambda place: place.evaluate("--split", "test"), "no split 'test'"),
    # The folder of the run.
    "--out is a file": Wrong(
        _after(lambda place: place.out.write_text(""), Place.train), "is a file: it takes a folder"
    ),
    "--out has a run": Wrong(
        _after(lambda place: place.model.rename(place.out), Place.train), "already holds a run: go on with --resume"
    ),
    "--out among the photographs": Wrong(
        lambda place: place.train("--out", str(place.photos / "run")), "lies among the photographs"
    ),
    "resuming a folder without a run": Wrong(
        lambda place: ["train", "--resume", str(place.photos)], "is no checkpoint: it has no run.json"
    ),
    "resuming weights that nobody trained": Wrong(
        _after(_without_training, Place.resume), "holds weights and no training run: start one with --weights"
    ),
    "resuming with a state cut short": Wrong(_after(_cut(STATE), Place.resume), "latest.safetensors is damaged"),
    "resuming with other photographs": Wrong(
        _after(
            lambda place: (place.photos / "red" / "0.png").unlink(),
            lambda place: ["train", str(place.photos), "--resume", str(place.model)],
        ),
        "the photographs changed since the run in",
    ),
    # What is predicted.
    "a source that is not there": Wrong(
        lambda place: ["predict", "owl.jpg", "--model", str(place.model)], "owl.jpg is not there: name a file"
    ),
    "a pattern that matches nothing": Wrong(
        lambda place: ["predict", str(place.photos / "*.jpg"), "--model", str(place.model)], "matches no file"
    ),
    "nothing to predict": Wrong(_after(_emptied, Place.predict), "photos holds no photographs"),
    "two forms of output": Wrong(lambda place: place.predict("--json", "--csv"), "--json and --csv exclude each other"),
    "a photograph that cannot be read": Wrong(
        _after(_spoilt(1), Place.predict), "1 of 24 photographs could not be read", JOB
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_one_clear_line(
    name: str, place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    case = CASES[name]
    code = main(case.do(place))
    err = capsys.readouterr().err
    *said, last = err.splitlines()
    assert code == case.code, err
    assert last.startswith("mobilenets ")
    assert case.says in last
    assert not said  # nothing stands around the one line: no traceback, no box, no half-done work
