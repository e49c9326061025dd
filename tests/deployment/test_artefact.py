"""Artefacts are read as they were written or not at all."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mobilenets.architecture.cost import cost
from mobilenets.architecture.names import network
from mobilenets.deployment.artefact import GOLDEN, LABELS, PREPROCESSING, REPORT, is_artefact, read_artefact
from mobilenets.deployment.shipped import Signature
from mobilenets.errors import UsageError

CLASSES = ["blue", "green", "red", "owl", "ibis"]


def test_what_the_folder_holds(exported: Path) -> None:
    artefact = read_artefact(exported)
    report = artefact.report
    assert is_artefact(exported)
    assert {file.name for file in exported.iterdir()} == {*report.files, REPORT}
    assert report.runtime == exported.name
    assert (exported / LABELS).read_text().splitlines() == CLASSES
    assert artefact.signature == Signature("uint8", 32)
    price = cost(network("mobilenet_v1_0.25_32", classes=5))
    assert (report.mult_adds, report.params, report.outputs) == (price.mult_adds, price.params, 5)
    models = [name for name in report.files if name.startswith("model.")]
    assert report.size == sum((exported / name).stat().st_size for name in models)
    assert report.size >= price.weight_bytes["float32"]
    assert (report.source, report.checkpoint) == ("drawn at random", "owls")
    assert set(report.made_by) >= {"mobilenets", "torch", "onnxruntime" if exported.name == "onnx" else "openvino"}
    assert report.verification.same_top1 is True
    assert 0 < report.verification.largest_difference <= report.verification.tolerance


def test_what_stands_in_the_report_for_people(onnx_artefact: Path) -> None:
    data = json.loads((onnx_artefact / REPORT).read_text())
    assert list(data)[:4] == ["format", "network", "takes", "gives"]
    assert data["network"] == "mobilenet_v1_0.25_32"
    assert (data["takes"]["type"], data["takes"]["shape"]) == ("uint8", ["batch", 32, 32, 3])
    assert data["gives"]["shape"] == ["batch", 5]
    assert "softmax" in data["gives"]["words"]
    shown = json.loads((onnx_artefact / PREPROCESSING).read_text())
    assert "the model itself scales the values" in shown["words"]


def _without(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).unlink()


def _said(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def do(folder: Path) -> None:
        data = json.loads((folder / REPORT).read_text())
        change(data)
        (folder / REPORT).write_text(json.dumps(data))

    return do


def _flipped(name: str) -> Callable[[Path], None]:
    def flip(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        content[len(content) // 2] ^= 1
        (folder / name).write_bytes(content)

    return flip


def _as_file(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (shutil.rmtree, "there is no folder .*artefact"),
        (_as_file, "artefact is a file and not a folder"),
        (_without(REPORT), "artefact is no artefact: it has no report.json; give the folder that `mobilenets export"),
        (_without("model.onnx"), "model.onnx is missing: the artefact is not whole; take it from a copy or export"),
        (_without(PREPROCESSING), "preprocessing.json is missing"),
        (_flipped("model.onnx"), r"model.onnx is not the file that was verified \(its SHA-256 is another\)"),
        (_flipped(GOLDEN), "golden.npz is not the file that was verified"),
        (lambda folder: (folder / LABELS).write_text("a\n"), "labels.txt is not the file that was verified"),
        (lambda folder: (folder / REPORT).write_text("{"), "report.json is damaged"),
        (lambda folder: (folder / REPORT).write_text("[]"), "report.json is of format None and not 1: it is not one"),
        (lambda folder: (folder / REPORT).write_bytes(b"\xff"), "report.json is damaged"),
        (_said(lambda data: data.update(format=2)), "is of format 2 and not 1: it comes from a newer mobilenets"),
        (_said(lambda data: data.update(format="1")), "is of format '1' and not 1: it is not one of an artefact"),
        (_said(lambda data: data.update(runtime="tflite")), "report.json: runtime 'tflite' is unknown: use one of"),
        (_said(lambda data: data.update(runtime="openvino")), "is of an artefact for openvino and lists no model.xml"),
        (_said(lambda data: data["files"].pop(GOLDEN)), "lists no golden.npz"),
        (_said(lambda data: data["files"].update({"../owls": {}})), "is damaged .its files are not names"),
        (_said(lambda data: data["files"].update({"a": 3})), "is damaged .its files are not names"),
        (_said(lambda data: data.pop("inputs")), "report.json: inputs is missing"),
        (_said(lambda data: data.update(inputs="words")), "inputs: 'words' is not one of 'uint8', 'float'"),
        (_said(lambda data: data["architecture"].update(width=9)), "architecture: width 9 is outside"),
    ],
)
def test_what_is_wrong_with_one(spoilt: Path, spoil: Callable[[Path], object], says: str) -> None:
    spoil(spoilt)
    with pytest.raises(UsageError, match=says) as found:
        read_artefact(spoilt)
    assert "\n" not in str(found.value)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 10_000), value=st.integers(0, 255), cut=st.booleans())
def test_a_damaged_report_is_a_report_or_one_line(spoilt: Path, place: int, value: int, cut: bool) -> None:
    file = spoilt / REPORT
    whole = file.read_bytes()
    place %= len(whole)
    file.write_bytes(whole[:place] if cut else whole[:place] + bytes([value]) + whole[place + 1 :])
    try:
        read_artefact(spoilt)
    except UsageError as error:
        assert str(spoilt) in str(error)
    finally:
        file.write_bytes(whole)
