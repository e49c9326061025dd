"""The checkpoint folder: there and back, and every way in which it can be wrong."""

import copy
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from mobilenets.checkpoint import (
    FORMAT,
    MODEL,
    RUN,
    Description,
    load_weights,
    network_name,
    read_description,
    read_tensors,
    write_description,
    write_tensors,
)
from mobilenets.data.preprocess import Preprocessing
from mobilenets.errors import JobError, UsageError
from mobilenets.run import Architecture, Run
from mobilenets.weights.create import create

ARCHITECTURE = Architecture(family="shallow_mobilenet_v1", width=0.25, resolution=96, padding="symmetric")
DESCRIPTION = Description(
    task="classify",
    task_state={"classes": ["bird", "naïve", "鸟"]},
    architecture=ARCHITECTURE,
    preprocessing=Preprocessing(resolution=96, crop=0.9, squash=True, mean=(0.1, 0.2, 0.3)),
    source="trained from random weights on birds",
    run=Run(data="birds", out=Path("runs/birds"), architecture=ARCHITECTURE, crop=0.9, squash=True),
)
TENSORS = {
    "a.weight": torch.arange(6.0).view(2, 3),
    "a.steps": torch.tensor(7),
    "half": torch.tensor([0.5, float("nan")], dtype=torch.bfloat16),
    "empty": torch.zeros(0, 3),
}


def _equal(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(
        one[name].dtype == other[name].dtype and torch.allclose(one[name], other[name], rtol=0, atol=0, equal_nan=True)
        for name in one
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A whole checkpoint."""
    write_description(tmp_path / "run", DESCRIPTION)
    write_tensors(tmp_path / "run" / MODEL, TENSORS, {"step": 3})
    return tmp_path / "run"


def _refused(call: Callable[[], object]) -> str:
    """The one line with which a request is refused."""
    with pytest.raises(UsageError) as caught:
        call()
    line = str(caught.value)
    assert "\n" not in line
    return line


# --- run.json ---


def test_a_description_comes_back_as_it_was(folder: Path) -> None:
    assert read_description(folder) == DESCRIPTION


def test_weights_that_were_not_trained_here_have_no_run(tmp_path: Path) -> None:
    converted = Description("classify", {}, Architecture(), Preprocessing(resolution=224), "TF-Slim")
    write_description(tmp_path, converted)
    assert read_description(tmp_path) == converted


def test_run_json_is_for_people_too(folder: Path) -> None:
    text = (folder / RUN).read_text(encoding="utf-8")
    assert json.loads(text)["network"] == "shallow_mobilenet_v1_0.25_96"
    assert text.startswith('{\n "format": 1,\n "network"') and "鸟" in text


def test_a_label_in_no_encoding_comes_back(tmp_path: Path) -> None:
    """A folder's name is any bytes on Linux; Python hands on what is no UTF-8 as lone surrogates."""
    odd = Description("classify", {"classes": ["caf\udce9", "a"]}, ARCHITECTURE, DESCRIPTION.preprocessing, "x")
    write_description(tmp_path, odd)
    assert read_description(tmp_path) == odd


def test_a_folder_that_is_no_checkpoint(tmp_path: Path) -> None:
    (tmp_path / "photographs").mkdir()
    (tmp_path / "file").write_text("x")
    remedy = "give the folder that `mobilenets train --out` wrote"
    for name, words in (
        ("photographs", f"{tmp_path / 'photographs'} is no checkpoint: it has no run.json; {remedy}"),
        ("file", f"{tmp_path / 'file'} is a file and not a folder; {remedy}"),
        ("nowhere", f"there is no folder {tmp_path / 'nowhere'}; {remedy}"),
    ):
        assert _refused(lambda name=name: read_description(tmp_path / name)) == words


@pytest.mark.parametrize("text", ["", "{", '{"format": 1', "nonsense", 100_000 * "["])
def test_a_damaged_run_json(folder: Path, text: str) -> None:
    (folder / RUN).write_text(text)
    line = _refused(lambda: read_description(folder))
    assert line.startswith(f"{folder / RUN} is damaged (not JSON: ")
    assert line.endswith("take it from a copy or train again")


def test_a_run_json_in_no_encoding(folder: Path) -> None:
    (folder / RUN).write_bytes(b"\xff\xfe\x00")
    assert "is damaged (not JSON" in _refused(lambda: read_description(folder))


def test_a_run_json_that_cannot_be_read(folder: Path) -> None:
    (folder / RUN).unlink()
    (folder / RUN).mkdir()
    assert _refused(lambda: read_description(folder)) == f"{folder / RUN} cannot be read: Is a directory"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([], "is of format None and not 1: it is not one of a checkpoint"),
        ({}, "is of format None and not 1"),
        ({"format": "1"}, "is of format '1' and not 1: it is not one of a checkpoint"),
        ({"format": FORMAT + 1}, "is of format 2 and not 1: it comes from a newer mobilenets: update this one"),
    ],
)
def test_another_format(folder: Path, data: Any, words: str) -> None:
    (folder / RUN).write_text(json.dumps(data))
    assert words in _refused(lambda: read_description(folder))


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (["task"], None, "task is missing"),
        (["preprocessing"], None, "preprocessing is missing"),
        (["task"], 3, "task: 3 is not a text"),
        (["task_state"], [], "task_state: [] is not an object"),
        (["colour"], "red", "'colour' is no setting"),
        (["architecture"], [], "architecture: expected an object of settings, got list"),
        (["architecture", "width"], 9, "architecture: width 9 is outside (0, 2]"),
        (["architecture", "width"], "wide", "architecture: width: 'wide' is not a number"),
        (["architecture", "depth"], 9, "architecture: 'depth' is no setting: did you mean 'min_depth'?"),
        (["preprocessing", "crop"], "x", "preprocessing: crop: 'x' is not a number"),
        (["preprocessing", "crop"], 7, "preprocessing: crop 7 is outside [0.1, 1]"),
        (["preprocessing", "mean"], [1, 2], "preprocessing: mean: [1, 2] is not a list of 3"),
        (["preprocessing", "resolution"], None, "preprocessing: resolution is missing"),
        (["run", "epochs"], 0, "run: epochs 0 is outside [1, inf)"),
        (["run", "optimisation", "lr"], "fast", "run: optimisation: lr: 'fast' is not a number"),
    ],
)
def test_a_field_that_is_wrong_is_named(folder: Path, path: list[str], value: Any, words: str) -> None:
    data = json.loads((folder / RUN).read_text())
    place = data
    for key in path[:-1]:
        place = place[key]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    (folder / RUN).write_text(json.dumps(data))
    line = _refused(lambda: read_description(folder))
    assert line.startswith(f"{folder / RUN}: ") and words in line


# --- Tensors ---


def test_tensors_and_facts_come_back_as_they_were(folder: Path) -> None:
    found = read_tensors(folder / MODEL)
    assert _equal(found.tensors, TENSORS)
    assert found.facts == {"step": 3}


def test_channels_last_and_views_are_written_as_their_values(tmp_path: Path) -> None:
    filters = torch.randn(4, 3, 2, 2).to(memory_format=torch.channels_last)
    wide = torch.arange(10.0)
    write_tensors(tmp_path / MODEL, {"filters": filters, "view": wide[::2], "weight": torch.nn.Parameter(wide)}, {})
    assert _equal(read_tensors(tmp_path / MODEL).tensors, {"filters": filters, "view": wide[::2], "weight": wide})


def test_facts_are_any_json(tmp_path: Path) -> None:
    facts = {"name": "caf\udce9 鸟", "loss": [0.1, float("inf")], "none": None, "inner": {"a": 1}}
    write_tensors(tmp_path / MODEL, {}, facts)
    assert read_tensors(tmp_path / MODEL).facts == facts


def test_other_people_s_safetensors_have_no_facts(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file(TENSORS, tmp_path / MODEL)
    assert read_tensors(tmp_path / MODEL).facts == {}


@pytest.mark.parametrize("facts", ["{", "[1]", "3"])
def test_damaged_facts(tmp_path: Path, facts: str) -> None:
    from safetensors.torch import save_file

    save_file(TENSORS, tmp_path / MODEL, metadata={"facts": facts})
    line = _refused(lambda: read_tensors(tmp_path / MODEL))
    assert line.startswith(f"{tmp_path / MODEL} is damaged (") and line.endswith("take it from a copy or train again")


@pytest.mark.parametrize("kept", [0, 4, 8, 60, -1])
def test_a_truncated_file(folder: Path, kept: int) -> None:
    whole = (folder / MODEL).read_bytes()
    (folder / MODEL).write_bytes(whole[:kept])
    line = _refused(lambda: read_tensors(folder / MODEL))
    assert line.startswith(f"{folder / MODEL} is damaged (") and line.endswith("take it from a copy or train again")


@pytest.mark.parametrize("start", [0, 8, 20])
def test_a_corrupt_header(folder: Path, start: int) -> None:
    data = bytearray((folder / MODEL).read_bytes())
    data[start : start + 8] = b"\xff" * 8
    (folder / MODEL).write_bytes(data)
    assert "is damaged (" in _refused(lambda: read_tensors(folder / MODEL))


def test_a_missing_file(folder: Path) -> None:
    (folder / MODEL).unlink()
    line = _refused(lambda: read_tensors(folder / MODEL))
    assert line == f"{folder / MODEL} is missing: the checkpoint is not whole; take it from a copy or train again"


class Trap:
    """Running code is all it takes to unpickle this."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("the file was unpickled",))


@pytest.mark.parametrize("make", [pickle.dumps, None])
def test_a_pickle_is_never_opened(tmp_path: Path, make: Callable[[object], bytes] | None) -> None:
    file = tmp_path / MODEL
    if make is None:
        torch.save(Trap(), file)
    else:
        file.write_bytes(make(Trap()))
    assert "is damaged (" in _refused(lambda: read_tensors(file))


def test_a_disk_that_is_full_leaves_the_old_weights(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: Path, data: bytes) -> int:
        with file.open("wb") as stream:
            stream.write(data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(JobError, match=r"model.safetensors cannot be written: No space left on device: free some"):
        write_tensors(folder / MODEL, {"a": torch.zeros(1000)}, {})
    assert _equal(read_tensors(folder / MODEL).tensors, TENSORS)
    assert sorted(file.name for file in folder.iterdir()) == [MODEL, RUN]


# --- Weights into a network ---


def _network(classes: int = 3, *, name: str = "mobilenet_v1_0.25_32") -> torch.nn.Module:
    return create(name, classes=classes)


def test_a_network_comes_back_from_its_checkpoint(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = _network()
    network.train()(torch.randn(4, 3, 32, 32))  # batch norm's statistics move
    write_tensors(tmp_path / MODEL, network.state_dict(), {})
    other = _network()
    load_weights(other, read_tensors(tmp_path / MODEL).tensors, where=tmp_path / MODEL)
    assert _equal(other.state_dict(), network.state_dict())


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (
            {"classes": 4},
            "m: blocks.classifier.linear.weight has the shape 4 x 256 instead of 3 x 256: it belongs to another",
        ),
        (
            {"name": "mobilenet_v1_0.5_32"},
            "m: blocks.conv_0.conv.weight has the shape 16 x 3 x 3 x 3 instead of 8 x 3 x 3 x 3: it belongs to another",
        ),
        (
            {"name": "conv_mobilenet_v1_0.25_32"},
            "m has no tensor 'blocks.separable_1.depthwise.conv.weight': it belongs to another network than run.json",
        ),
    ],
)
def test_weights_of_another_network(other: dict[str, Any], words: str) -> None:
    tensors = _network(**other).state_dict()
    line = _refused(lambda: load_weights(_network(), tensors, where=Path("m")))
    assert line.startswith(words)
    assert line.endswith("take both from one copy")


def test_weights_of_a_larger_network() -> None:
    network = _network(name="shallow_mobilenet_v1_0.25_32")
    tensors = {**network.state_dict(), "blocks.extra.conv.weight": torch.zeros(1)}
    line = _refused(lambda: load_weights(network, tensors, where=Path("m")))
    assert line.startswith("m has the tensor 'blocks.extra.conv.weight' that the network lacks: it belongs to another")


def test_a_network_that_is_refused_its_weights_keeps_its_own() -> None:
    network = _network()
    before = copy.deepcopy(network.state_dict())
    _refused(lambda: load_weights(network, _network(4).state_dict(), where=Path("m")))
    assert _equal(network.state_dict(), before)


def test_a_detector_is_called_by_its_framework() -> None:
    laid = Architecture(width=0.5, resolution=300)
    assert network_name(laid, {"classes": ["ant"]}) == "mobilenet_v1_0.5_300"
    assert network_name(laid, {"classes": ["ant"], "framework": "ssd"}) == "ssd_mobilenet_v1_0.5_300"
