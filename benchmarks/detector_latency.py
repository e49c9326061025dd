"""A detector's file with and without its end, beside the matrix products of its layers, and beside Google's file."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import nn

from benchmarks.measure import Settings, say
from benchmarks.report import Result, Table
from mobilenets.architecture.detectors.names import DEFAULT_CLASSES, detector
from mobilenets.data.preprocess import Preprocessing
from mobilenets.deployment.artefact import facts_of
from mobilenets.deployment.golden import synthetic
from mobilenets.deployment.int8.protocol import Calibration, Quantises
from mobilenets.deployment.latency.alone.device import Measurement
from mobilenets.deployment.latency.alone.measure import Model, cases, measure
from mobilenets.deployment.latency.alone.turns import Length
from mobilenets.deployment.latency.ceiling import products
from mobilenets.deployment.runtimes.protocol import Runtime
from mobilenets.deployment.runtimes.registry import RUNTIMES
from mobilenets.deployment.shipped import Shipped, Signature
from mobilenets.network.graph import Network
from mobilenets.network.initialise import initialise
from mobilenets.tasks.detect.ending import Ending
from mobilenets.weights.source import fitted

_NAME, _SIDE = "ssd_mobilenet_v1_1.0_300", 300
_SECONDS = 6.0
_LIBRARIES = ("numpy", "torch")
_BARE, _WHOLE, _GOOGLE = "body and predictors", "with its end", "Google's uint8 file, suppression inside"


def run(settings: Settings) -> Result:
    """SSD300 in ONNX and, where they are installed, OpenVINO and LiteRT.

    With `--weights FILE.tflite`, Google's detector in 8 bits, it and ours of the same weights too.
    """
    with tempfile.TemporaryDirectory() as folder:
        torch.manual_seed(0)
        network = Network(list(detector(_NAME).layers))
        initialise(network)
        models = [*_pair(network, Path(folder))]
        if settings.weights is not None:
            models += _beside_google(settings.weights, Path(folder))
        asked = cases(models, threads=tuple(range(1, settings.threads + 1)), batches=(1,))
        say(f"detector_latency: {len(asked)} cases, {settings.rounds * _SECONDS:.0f} s each")
        found = measure(asked, Length(seconds=settings.rounds * _SECONDS), libraries=_LIBRARIES, profile=False)
    tables = [_table(found, threads) for threads in range(1, settings.threads + 1)]
    return Result(tables, {"cases": [asdict(one) for one in found]})


def _runtimes() -> Iterator[Runtime]:
    for name, package in (("onnx", "onnxscript"), ("openvino", "openvino"), ("litert", "litert_torch")):
        if find_spec(package):
            yield RUNTIMES[name]


def _pair(network: Network, folder: Path) -> Iterator[Model]:
    """The network's file in each runtime, bare and with what stands behind it there."""
    for runtime in _runtimes():
        for title, tail in ((_BARE, None), (_WHOLE, _tail(runtime))):
            file = _place(folder, f"{runtime.name}-{title}") / runtime.file
            module = Shipped(network, Preprocessing(resolution=_SIDE), tail=tail)
            runtime.export(module, Signature("uint8", _SIDE, batch=1), file)
            yield _model(f"{_NAME}, {title}", runtime, file, network)


def _tail(runtime: Runtime) -> nn.Module | None:
    rows = Ending("rows", DEFAULT_CLASSES, "ssd")
    return rows.of_file(suppression=runtime.suppresses).tail()


def _beside_google(file: Path, folder: Path) -> Iterator[Model]:
    """Google's file as it is, and ours with its weights, in floats and in 8 bits."""
    found = fitted(str(file))
    network = Network(list(found.layers)).eval()
    network.load_state_dict(found.state)
    images = Calibration(synthetic(count=16, side=_SIDE))
    for runtime in _runtimes():
        module = Shipped(network, found.preprocessing, tail=_tail(runtime))
        signature = Signature("uint8", _SIDE, batch=1)
        floats, whole = (_place(folder, f"{runtime.name}-its-{kind}") / runtime.file for kind in ("floats", "int8"))
        runtime.export(module, signature, floats)
        yield _model("its weights in floats, with its end", runtime, floats, network)
        assert isinstance(runtime, Quantises)
        runtime.export_int8(module, signature, whole, calibration=images)
        yield _model("its weights in 8 bits, with its end", runtime, whole, network, precision="int8")
    yield _model(_GOOGLE, RUNTIMES["litert"], file, network, precision="int8")


def _place(folder: Path, name: str) -> Path:
    place = folder / name.replace(" ", "-")
    place.mkdir()
    return place


def _model(title: str, runtime: Runtime, file: Path, network: Network, *, precision: str = "float32") -> Model:
    return Model(
        artefact=title,
        network=_NAME,
        mult_adds=sum(layer.mult_adds for layer in network.layers),
        sha256={file.name: facts_of(file)["sha256"]},
        runtime=runtime.name,
        package=runtime.runner,
        precision=precision,
        inputs="uint8",
        resolution=_SIDE,
        batch=1,
        file=str(file),
        products=products(network.layers),
        layers=(),
    )


def _table(found: Sequence[Measurement], threads: int) -> Table:
    mine = [one for one in found if one.threads == threads]
    bare = {one.runtime: one for one in mine if one.artefact.endswith(_BARE)}
    rows = []
    for one in mine:
        whole = one.artefact == f"{_NAME}, {_WHOLE}"
        end = 1 - bare[one.runtime].median_ms / one.median_ms if whole else 0.0
        rows.append(
            [
                f"{RUNTIMES[one.runtime].title} {one.runtime_version}: {one.artefact}",
                f"{one.median_ms:.2f}",
                f"{one.min_ms:.2f}",
                f"{100 * end:.1f} %" if whole else "",
                f"{one.times_gemm or 0:.2f}",
            ]
        )
    return Table(
        f"Detectors, one image, {threads} {'thread' if threads == 1 else 'threads'}, milliseconds",
        ("", "median", "least", "its end, of the median", "median over the products"),
        rows,
        (
            "All in turns in one run, each in a process of its own. The end is decoding and suppression, in LiteRT "
            "decoding alone. The products are those of all pointwise layers, the predictors among them.",
        ),
    )
