"""Our exported network beside the same one exported from timm, runtime by runtime, in turns, beside the products."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import nn

from benchmarks.measure import Settings, say
from benchmarks.report import Result, Table
from mobilenets.architecture.layer import Layer
from mobilenets.architecture.names import network
from mobilenets.data.preprocess import Preprocessing
from mobilenets.deployment.artefact import facts_of
from mobilenets.deployment.golden import synthetic
from mobilenets.deployment.int8.protocol import Calibration, Quantises
from mobilenets.deployment.latency.alone.device import Measurement
from mobilenets.deployment.latency.alone.measure import Model, cases, measure
from mobilenets.deployment.latency.alone.turns import Length
from mobilenets.deployment.latency.ceiling import products
from mobilenets.deployment.runtimes.protocol import Runtime
from mobilenets.deployment.runtimes.quiet import quiet
from mobilenets.deployment.runtimes.registry import RUNTIMES
from mobilenets.deployment.shipped import Inputs, Shipped, Signature
from mobilenets.network.graph import Network
from mobilenets.weights.source import fitted

_NAME, _THEIRS, _SIDE = "mobilenet_v1_1.0_224", "mobilenetv1_100", 224
_SECONDS = 6.0
_LIBRARIES = ("numpy", "torch")
_OURS: dict[Inputs, str] = {"uint8": "mobilenets, bytes in", "float": "mobilenets, floats in"}
_TIMM = "timm, floats in"
_OURS_INT8, _GOOGLE = "mobilenets int8, bytes in", "Google's uint8 file"


def run(settings: Settings) -> Result:
    """Every runtime whose converter is installed: ours with bytes and with floats in, and timm's with floats.

    With `--weights FILE.tflite`, one of Google's in 8 bits, it and ours of the same dials in 8 bits too.
    """
    with tempfile.TemporaryDirectory() as folder:
        models = [model for name in _exporters() for model in _contenders(RUNTIMES[name], Path(folder))]
        if settings.weights is not None:
            models += _beside_google(settings.weights, Path(folder))
        asked = cases(models, threads=tuple(range(1, settings.threads + 1)), batches=(1,))
        say(f"latency: {len(asked)} cases, {settings.rounds * _SECONDS:.0f} s each")
        found = measure(asked, Length(seconds=settings.rounds * _SECONDS), libraries=_LIBRARIES, profile=False)
    tables = [_table(found, threads) for threads in range(1, settings.threads + 1)]
    return Result(tables, {"cases": [asdict(one) for one in found]})


def _exporters() -> dict[str, Callable[[nn.Module, Path], None]]:
    """How somebody who has the network from timm would export it, by runtime; those whose packages are here."""
    every: dict[str, tuple[str, Callable[[nn.Module, Path], None]]] = {
        "onnx": ("onnxscript", _to_onnx),
        "openvino": ("openvino", _to_openvino),
        "litert": ("litert_torch", _to_litert),
        "executorch": ("executorch", _to_executorch),
    }
    return {name: export for name, (package, export) in every.items() if find_spec(package)}


def _contenders(runtime: Runtime, folder: Path) -> Iterator[Model]:
    import timm

    say(f"latency: exporting for {runtime.title}")
    torch.manual_seed(0)
    ours = Network([*network(_NAME)]).eval()
    for inputs, title in _OURS.items():
        file = _place(folder, runtime, inputs)
        module = Shipped(ours, Preprocessing(resolution=_SIDE), inputs=inputs)
        runtime.export(module, Signature(inputs, _SIDE, batch=1), file)
        yield _model(title, runtime, file, inputs=inputs)
    theirs = timm.create_model(_THEIRS, pretrained=False).eval()
    file = _place(folder, runtime, "timm")
    with quiet():
        _exporters()[runtime.name](theirs, file)
    yield _model(_TIMM, runtime, file, inputs="float")


def _beside_google(file: Path, folder: Path) -> Iterator[Model]:
    """Google's file as it is, and ours with its weights, calibrated on synthetic images: values cost no time."""
    say(f"latency: {file.name} and ours beside it")
    found, runtime = fitted(str(file)), RUNTIMES["litert"]
    assert isinstance(runtime, Quantises)
    side = found.preprocessing.resolution
    ours = Network(list(found.layers)).eval()
    ours.load_state_dict(found.state)
    made = _place(folder, runtime, "int8")
    runtime.export_int8(
        Shipped(ours, found.preprocessing),
        Signature("uint8", side, batch=1),
        made,
        calibration=Calibration(synthetic(count=16, side=side)),
    )
    for title, model in ((_OURS_INT8, made), (_GOOGLE, file)):
        yield _model(title, runtime, model, inputs="uint8", layers=found.layers, side=side, precision="int8")


def _place(folder: Path, runtime: Runtime, kind: str) -> Path:
    place = folder / f"{runtime.name}-{kind}"
    place.mkdir()
    return place / runtime.file


def _model(
    title: str,
    runtime: Runtime,
    file: Path,
    *,
    inputs: str,
    layers: Sequence[Layer] = network(_NAME),
    side: int = _SIDE,
    precision: str = "float32",
) -> Model:
    return Model(
        artefact=title,
        network=_NAME if precision == "float32" else file.stem,
        mult_adds=sum(layer.mult_adds for layer in layers),
        sha256={file.name: facts_of(file)["sha256"]},
        runtime=runtime.name,
        package=runtime.runner,
        precision=precision,
        inputs=inputs,
        resolution=side,
        batch=1,
        file=str(file),
        products=products(layers),
        layers=(),
    )


def _example() -> torch.Tensor:
    return torch.zeros(1, 3, _SIDE, _SIDE)


def _to_onnx(module: nn.Module, file: Path) -> None:
    torch.onnx.export(module, (_example(),), str(file), dynamo=True, external_data=False, verbose=False)


def _to_openvino(module: nn.Module, file: Path) -> None:
    import openvino

    made = openvino.convert_model(module, example_input=_example(), input=[1, 3, _SIDE, _SIDE])
    openvino.save_model(made, file, compress_to_fp16=False)


def _to_litert(module: nn.Module, file: Path) -> None:
    import litert_torch

    litert_torch.convert(module, (_example(),)).export(str(file))


def _to_executorch(module: nn.Module, file: Path) -> None:
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
    from executorch.exir import to_edge_transform_and_lower

    program = torch.export.export(module, (_example(),))
    lowered: Any = to_edge_transform_and_lower(program, partitioner=[XnnpackPartitioner()])
    file.write_bytes(lowered.to_executorch().buffer)


def _table(found: Sequence[Measurement], threads: int) -> Table:
    rows = []
    for runtime, precision in dict.fromkeys((one.runtime, one.precision) for one in found):
        wanted = (runtime, precision, threads)
        mine = {one.artefact: one for one in found if (one.runtime, one.precision, one.threads) == wanted}
        theirs = mine[_TIMM if precision == "float32" else _GOOGLE]
        rows += [
            [
                f"{RUNTIMES[runtime].title} {one.runtime_version}: {one.artefact}",
                f"{one.median_ms:.2f}",
                f"{one.min_ms:.2f}",
                f"{one.p90_ms or 0:.2f}",
                "" if one is theirs else f"{one.median_ms / theirs.median_ms:.3f}",
                "" if one is theirs else f"{one.min_ms / theirs.min_ms:.3f}",
                f"{one.times_gemm or 0:.2f}",
            ]
            for one in mine.values()
        ]
    return Table(
        f"{_NAME}, one image, {threads} {'thread' if threads == 1 else 'threads'}, milliseconds",
        ("", "median", "least", "p90", "median over theirs", "least over theirs", "median over the products"),
        rows,
        ("All in turns in one run, each in a process of its own. Ours with bytes in also scales its image.",),
    )
