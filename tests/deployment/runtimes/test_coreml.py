"""Core ML: what the converter makes of every kind of network, read back and computed in PyTorch."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

pytest.importorskip("coremltools")
import coremltools as ct

from mobilenets.cli.main import main
from mobilenets.deployment.artefact import GOLDEN, REPORT, Artefact, read_artefact
from mobilenets.deployment.runtimes.coreml import CoreMl
from mobilenets.errors import JobError, UsageError
from mobilenets.jobs.export import export
from mobilenets.jobs.verify import verify

pytestmark = pytest.mark.heavy
MAC = sys.platform == "darwin"

NETWORKS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "SAME at an odd resolution": ({"resolution": 97}, {}),
    "symmetric, leaky": ({"padding": "symmetric", "activation": "leaky_relu", "resolution": 40}, {"batch": 1}),
    "no batch norm, floats": ({"norm": False, "resolution": 32}, {"inputs": "float"}),
}


def _export(checkpoint: Path, out: Path, **asked: Any) -> Artefact:
    return export(checkpoint, out=out, runtime="coreml", unverified=not MAC, **asked)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_kind_of_network(
    checkpoint: Callable[..., Path], tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    fields, asked = NETWORKS[name]
    artefact = _export(checkpoint(**fields), tmp_path / "out", **asked)
    assert capfd.readouterr().out == ""
    report, side = artefact.report, fields["resolution"]
    raw = report.inputs == "uint8"
    spec = ct.models.MLModel(str(artefact.model), skip_model_load=True).get_spec()
    (taken,), (given,) = spec.description.input, spec.description.output
    if raw:
        assert (taken.type.imageType.width, taken.type.imageType.height) == (side, side)
    else:
        assert list(taken.type.multiArrayType.shape) == [1, 3, side, side]
    assert (taken.name, given.name, list(given.type.multiArrayType.shape)) == ("images", "outputs", [1, 5])
    assert (report.details["conv"], report.details["linear"]) == (27, 1)
    assert report.size > 4 * 200_000  # in 32 bits
    with np.load(artefact.folder / GOLDEN, allow_pickle=False) as golden:
        inputs, outputs = golden["inputs"], golden["outputs"]
    planes = inputs.transpose(0, 3, 1, 2).astype(np.float32) if raw else inputs
    made = np.concatenate([_computed(artefact.model, one[None]) for one in planes])
    assert np.abs(made - outputs).max() <= 1e-4 * np.abs(outputs).max()


def _computed(package: Path, images: NDArray[np.float32]) -> NDArray[np.float32]:
    """What an ML program says, computed in PyTorch with the weights in its file."""
    from coremltools.converters.mil.frontend.milproto.load import load

    model = ct.models.MLModel(str(package), skip_model_load=True)
    spec = model.get_spec()
    program = load(spec, specification_version=spec.specificationVersion, file_weights_dir=model.weights_dir)
    values: dict[str, Any] = {"images": torch.from_numpy(images)}
    for operation in program.functions["main"].operations:
        if operation.op_type == "const":
            values[operation.outputs[0].name] = _plain(operation.outputs[0].val)
        else:
            read = {name: values[one.name] for name, one in operation.inputs.items() if hasattr(one, "name")}
            values[operation.outputs[0].name] = _OPERATIONS[operation.op_type](read)
    outputs: NDArray[np.float32] = values["outputs"].numpy()
    return outputs


def _plain(value: Any) -> Any:
    return torch.from_numpy(value) if isinstance(value, np.ndarray) and value.dtype.kind == "f" else value


def _conv(read: dict[str, Any]) -> torch.Tensor:
    top, bottom, left, right = read["pad"] if read["pad_type"] == "custom" else (0, 0, 0, 0)
    padded = F.pad(read["x"], (int(left), int(right), int(top), int(bottom)))
    strides = [int(one) for one in read["strides"]]
    return F.conv2d(padded, read["weight"], read["bias"], stride=strides, groups=int(read["groups"]))


def _pad(read: dict[str, Any]) -> torch.Tensor:
    ends = [int(one) for one in read["pad"]]
    pairs = [ends[place : place + 2] for place in range(0, len(ends), 2)]
    return F.pad(read["x"], [one for pair in reversed(pairs) for one in pair], value=float(read["constant_val"]))


_OPERATIONS: dict[str, Callable[[dict[str, Any]], torch.Tensor]] = {
    "sub": lambda read: read["x"] - read["y"],
    "mul": lambda read: read["x"] * read["y"],
    "pad": _pad,
    "conv": _conv,
    "clip": lambda read: read["x"].clamp(float(read["alpha"]), float(read["beta"])),
    "relu": lambda read: read["x"].relu(),
    "leaky_relu": lambda read: F.leaky_relu(read["x"], float(read["alpha"])),
    "reduce_mean": lambda read: read["x"].mean([int(one) for one in read["axes"]], keepdim=bool(read["keep_dims"])),
    "reshape": lambda read: read["x"].reshape([int(one) for one in read["shape"]]),
    "squeeze": lambda read: read["x"].squeeze([int(one) for one in read["axes"]]),
    "linear": lambda read: F.linear(read["x"], read["weight"], read["bias"]),
}


@pytest.mark.skipif(MAC, reason="macOS runs it")
def test_it_says_that_it_is_not_verified(
    classifier: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], swatches: Path
) -> None:
    out = tmp_path / "out"
    asked = ["export", str(classifier), "--out", str(out), "--runtime", "coreml"]
    assert main(asked) == 2
    assert "Core ML runs on macOS only: export there, or add --unverified" in capsys.readouterr().err
    assert main([*asked, "--unverified"]) == 0
    assert "NO: Core ML runs on macOS only: run `mobilenets verify ARTEFACT` there" in capsys.readouterr().out
    artefact = read_artefact(out)
    assert artefact.report.verification is None
    names = {file.relative_to(out).as_posix() for file in out.rglob("*") if file.is_file()}
    assert names == {*artefact.report.files, REPORT}
    assert "model.mlpackage/Data/com.apple.CoreML/weights/weight.bin" in names
    with pytest.raises(UsageError, match="runtime coreml: Core ML runs on macOS only; take the artefact there"):
        verify(out)
    assert main([*asked, "--unverified", "--overwrite"]) == 0
    (out / "model.mlpackage" / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"out has model.mlpackage/mine.txt, which would be lost"):
        _export(classifier, out, overwrite=True)


@pytest.mark.skipif(not MAC, reason="Core ML runs on macOS only")
def test_in_core_ml_itself(classifier: Path, tmp_path: Path) -> None:
    artefact = _export(classifier, tmp_path / "out")
    assert artefact.report.verification is not None
    assert artefact.report.verification.same_top1
    with pytest.raises(UsageError, match="threads 2: Core ML chooses their number by itself"):
        CoreMl().open(artefact.model, threads=2)


def test_the_file_tells_nothing_of_the_machine_it_was_made_on(classifier: Path, tmp_path: Path) -> None:
    artefact = _export(classifier, tmp_path / "out")
    content = b"".join(file.read_bytes() for file in artefact.model.rglob("*") if file.is_file())
    assert b".py" not in content
    assert str(Path(__file__).parents[3]).encode() not in content


def test_several_images_at_a_time(classifier: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="batch 2: a file of Core ML takes one image at a time; leave --batch out"):
        _export(classifier, tmp_path / "out", batch=2)
    assert not (tmp_path / "out").exists()


def test_a_network_that_cannot_be_converted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, classifier: Path) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ValueError("many words\n\n  no lowering for this\n")

    monkeypatch.setattr(ct, "convert", fails)
    with pytest.raises(JobError, match=r"^Core ML could not make a file of this network \(no lowering for this\): "):
        _export(classifier, tmp_path / "out")
    assert not (tmp_path / "out").exists()
