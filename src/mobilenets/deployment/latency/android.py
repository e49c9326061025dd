"""Android's own benchmark tool for LiteRT models: the command to type, and what it prints read back."""

import re
from collections.abc import Iterable
from pathlib import Path

from mobilenets.deployment.latency.alone.device import Machine, Measurement
from mobilenets.deployment.latency.alone.measure import Model
from mobilenets.deployment.latency.device import Device
from mobilenets.errors import UsageError

_TOOL = "https://storage.googleapis.com/tensorflow-nightly-public/prod/tensorflow/release/lite/tools/nightly/latest"
_PLACE = "/data/local/tmp"
_DIGITS = 12
_TEXT = """
{artefact} on an Android device, in place of Python: take the benchmark tool from
{tool}/android_aarch64_benchmark_model,
then type, on a computer that has adb and the device on a cable, in this folder:

    adb push android_aarch64_benchmark_model {place}/benchmark_model
    adb push {file} {place}/{name}
    adb shell 'chmod +x {place}/benchmark_model; echo device: $(getprop ro.product.model); echo cores: $(nproc); \
        {place}/benchmark_model --graph={place}/{name} --num_threads=2 --warmup_runs=10 --num_runs=200 \
        --report_peak_memory_footprint=true' 2>&1 | tee android.txt

What it prints is read with

    mobilenets benchmark ARTEFACT --import android.txt
"""

_NUMBER = r"(\d+(?:\.\d+)?(?:e\+?\d{1,2})?)"
_PARTS = {
    "device": r"^device: *(.+)$",
    "cores": r"^cores: *(\d{1,4})$",
    "graph": r"Graph: \[(.+)\]",
    "threads": r"(?:Num threads|#threads used for CPU inference): \[(\d{1,4})\]",
    "count": r"count=(\d{1,9}) first=",
    "min": rf"count=.* min={_NUMBER}",
    "median": rf"count=.* median={_NUMBER}",
    "open": rf"Inference timings in us: Init: {_NUMBER}",
    "first": rf"First inference: {_NUMBER}",
}
_PEAK = rf"Overall peak memory footprint \(MB\) via periodic monitoring: {_NUMBER}"
_US_PER_MS = 1000.0


def command(model: Model) -> str:
    """What to type to measure a LiteRT model on an Android device; the name there tells by SHA-256 which file it is."""
    name = f"{model.network}-{_digits(model)}.tflite"
    return _TEXT.format(artefact=model.artefact, tool=_TOOL, place=_PLACE, file=model.file, name=name)


def is_android(text: str) -> bool:
    """Whether a text is what the tool prints."""
    return "Inference timings in us: Init:" in text


def read_android(text: str, file: Path, models: Iterable[Model]) -> Device:
    """What the tool printed, for one of the models; the label is "measured", p90 and p99 are not told by the tool.

    Raises `UsageError` where a figure is missing, or where the file that was measured is of none of the models.
    """
    found = _found(text, file)
    model = next((one for one in models if f"-{_digits(one)}.tflite" in found["graph"]), None)
    if model is None:
        raise UsageError(f"{file} is of {found['graph']}, which is none of the artefacts given: give the one measured")
    machine = Machine(
        cpu=found["device"].strip(),
        cores=int(found["cores"]),
        mhz=None,
        memory=None,
        system="Android",
        python="none",
        numpy="none",
        busy=None,
        load=None,
    )
    return Device(machine, (_measurement(found, model, re.search(_PEAK, text)),))


def _found(text: str, file: Path) -> dict[str, str]:
    """The last of each part: the tool prints warm-up and measurement in the same words, one after the other."""
    parts = {name: re.findall(pattern, text.replace("\r", ""), re.MULTILINE) for name, pattern in _PARTS.items()}
    missing = [name for name, found in parts.items() if not found]
    if missing:
        raise UsageError(
            f"{file} does not say the {missing[0]}: type the command of the kit's README.txt, with the tool it names"
        )
    return {name: found[-1] for name, found in parts.items()}


def _measurement(found: dict[str, str], model: Model, peak: re.Match[str] | None) -> Measurement:
    return Measurement(
        label="measured",
        artefact=model.artefact,
        network=model.network,
        mult_adds=model.mult_adds,
        sha256=model.sha256,
        runtime=model.runtime,
        runtime_version="benchmark_model",
        precision=model.precision,
        inputs=model.inputs,
        resolution=model.resolution,
        threads=int(found["threads"]),
        batch=model.batch or 1,
        count=int(found["count"]),
        median_ms=float(found["median"]) / _US_PER_MS,
        min_ms=float(found["min"]) / _US_PER_MS,
        p90_ms=None,
        p99_ms=None,
        open_ms=float(found["open"]) / _US_PER_MS,
        first_ms=float(found["first"]) / _US_PER_MS,
        idle_memory=None,
        peak_memory=round(float(peak[1]) * 2**20) if peak else None,
        gemm=None,
        times_gemm=None,
        by_kind={},
        by_kind_note="Android's benchmark tool was not asked for the times of layers",
    )


def _digits(model: Model) -> str:
    """The first digits of the model file's SHA-256."""
    return str(next(iter(model.sha256.values())))[:_DIGITS]
