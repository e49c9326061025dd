"""Runtimes by name, and what they need."""

import sys

import pytest

from mobilenets.deployment.runtimes.protocol import check_can_export, check_can_run
from mobilenets.deployment.runtimes.registry import RUNTIMES, runtime_named
from mobilenets.errors import UsageError


@pytest.mark.parametrize("name", RUNTIMES)
def test_each_goes_by_its_name(name: str) -> None:
    assert runtime_named(name).name == name


def test_one_that_is_none() -> None:
    with pytest.raises(UsageError, match="runtime 'tflite' is unknown: use one of onnx, openvino"):
        runtime_named("tflite")


def test_what_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    onnx = RUNTIMES["onnx"]
    with pytest.raises(UsageError, match=r"runtime onnx needs onnxruntime: pip install 'mobilenets\[onnx\]'"):
        check_can_run(onnx)
    with pytest.raises(UsageError, match=r"needs onnxscript and onnxruntime: pip install 'mobilenets\[onnx\]'"):
        check_can_export(onnx)


def test_running_needs_less_than_exporting(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnxruntime")
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    check_can_run(RUNTIMES["onnx"])
