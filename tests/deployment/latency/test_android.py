"""Android's benchmark tool: the command to type, and its output read back."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mobilenets.deployment.artefact import read_artefact
from mobilenets.deployment.latency.alone.measure import Model
from mobilenets.deployment.latency.android import command, is_android, read_android
from mobilenets.deployment.latency.models import model_of
from mobilenets.errors import UsageError

PRINTED = """device: Pixel 8\r
cores: 9
INFO: STARTING!
INFO: Num threads: [2]
INFO: Graph: [/data/local/tmp/mobilenet_v1_0.25_32-abababababab.tflite]
INFO: #threads used for CPU inference: [2]
INFO: Initialized session in 119.515ms.
INFO: count=9 first=87112 curr=51629 min=51000 max=87112 avg=58147.4 std=11478 p5=51629 median=51962 p95=87112

INFO: count=200 first=1249964 curr=1240143 min=1138588 max=1252566 avg=1.24027e+06 std=25 p5=1 median=1.2e+06 p95=2

INFO: Inference timings in us: Init: 119515, First inference: 87112, Warmup (avg): 58147.4, Inference (avg): 63743.2
INFO: Memory footprint delta from the start of the tool (MB): init=55.4961 overall=55.4961
INFO: Overall peak memory footprint (MB) via periodic monitoring: 13.5
"""


@pytest.fixture
def model(onnx_artefact: Path) -> Model:
    found = model_of(read_artefact(onnx_artefact))
    return replace(found, runtime="litert", file="models/1/model.tflite", sha256={"model.tflite": "ab" * 32})


def test_what_to_type(model: Model) -> None:
    text = command(model)
    assert "adb push models/1/model.tflite /data/local/tmp/mobilenet_v1_0.25_32-abababababab.tflite" in text
    assert "--graph=/data/local/tmp/mobilenet_v1_0.25_32-abababababab.tflite --num_threads=2" in text
    assert "{" not in text


def test_what_was_printed(model: Model) -> None:
    assert is_android(PRINTED)
    device = read_android(PRINTED, Path("android.txt"), [replace(model, sha256={"model.tflite": "cd" * 32}), model])
    (one,) = device.measurements
    assert (device.machine.cpu, device.machine.cores, device.machine.system) == ("Pixel 8", 9, "Android")
    assert (one.sha256, one.threads, one.batch, one.count) == (model.sha256, 2, 1, 200)
    assert (one.median_ms, one.min_ms, one.open_ms, one.first_ms) == (1200.0, 1138.588, 119.515, 87.112)
    assert (one.p90_ms, one.p99_ms, one.peak_memory) == (None, None, round(13.5 * 2**20))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: text.replace("median", "middle"), "android.txt does not say the median: type the command of"),
        (lambda text: text.replace("device: ", ""), "android.txt does not say the device"),
        (lambda text: text.replace("abababababab", "cdcdcdcdcdcd"), "which is none of the artefacts given"),
        (lambda text: text.replace("cores: 9", "cores: many"), "android.txt does not say the cores"),
    ],
)
def test_one_line_for_what_is_wrong(model: Model, change: Callable[[str], str], says: str) -> None:
    with pytest.raises(UsageError, match=says) as found:
        read_android(change(PRINTED), Path("android.txt"), [model])
    assert "\n" not in str(found.value)


@pytest.mark.parametrize("length", range(0, len(PRINTED), 23))
def test_what_was_cut_off_is_one_line(model: Model, length: int) -> None:
    with pytest.raises(UsageError, match="does not say the"):
        read_android(PRINTED[:length].partition("INFO: Inference")[0], Path("android.txt"), [model])
