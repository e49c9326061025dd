"""`export --precision int8`: measured in its runtime, made better where it has to be, refused where that fails."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from rich.console import Console

pytest.importorskip("onnxruntime")

from mobilenets.deployment.artefact import GOLDEN, REPORT, Artefact, read_artefact
from mobilenets.deployment.int8.operators import count_operators
from mobilenets.deployment.int8.protocol import Calibration, Operators, QuantisedFile
from mobilenets.deployment.runtimes.onnx import OnnxRuntime, onnx_bytes
from mobilenets.deployment.shipped import Shipped, Signature
from mobilenets.errors import JobError, UsageError
from mobilenets.jobs.evaluate import evaluate
from mobilenets.jobs.export import export
from mobilenets.jobs.int8.photographs import material
from mobilenets.jobs.int8.quantise import Int8Settings
from mobilenets.jobs.models import load_any
from mobilenets.jobs.source import read_source
from mobilenets.jobs.train import train
from mobilenets.jobs.verify import verify
from mobilenets.recipes import recipe
from mobilenets.run import Architecture, Run
from mobilenets.tasks.features import Features
from mobilenets.tasks.protocol import Scores


def _export(
    checkpoint: Path, out: Path, *, data: Path | None, console: Console | None = None, **asked: Any
) -> Artefact:
    runtime = asked.pop("runtime", "onnx")
    return export(
        checkpoint,
        out=out,
        runtime=runtime,
        precision="int8",
        data=None if data is None else str(data),
        int8=Int8Settings(**asked),
        console=console or Console(quiet=True),
    )


@pytest.fixture(scope="module")
def small(tiny_model: Path, swatches: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run that learnt the swatches, in 8 bits. Read only."""
    return _export(tiny_model, tmp_path_factory.mktemp("artefacts") / "tiny", data=swatches, max_drop=20).folder


def test_the_report_says_what_was_measured(small: Path, swatches: Path) -> None:
    artefact = read_artefact(small)
    report, said = artefact.report, artefact.report.int8
    assert said is not None
    assert (report.precision, report.verification.tolerance) == ("int8", None)
    assert (said.convolutions, said.int8, said.metric) == (28, 28, "top1")
    assert (said.calibrated_on, said.calibrated_with) == ("swatches", 18)
    assert (said.measured_on, said.photographs) == ("val of swatches", 6)
    assert report.size < 0.6 * said.float_bytes
    assert said.drop == pytest.approx(100 * (said.float_score - said.score))
    assert said.steps[-1].score == said.score
    notes = " ".join(said.notes)
    assert "calibrated with 18 photographs where 128 were asked for" in notes
    assert "val is what the training of" in notes
    # The file itself, by the one evaluator.
    assert evaluate(str(swatches), model=small).scores["top1"] == said.score


@pytest.mark.heavy
@pytest.mark.parametrize("runtime", ["litert", "executorch"])
def test_on_a_phone(tiny_model: Path, swatches: Path, tmp_path: Path, runtime: str) -> None:
    pytest.importorskip({"litert": "litert_torch"}.get(runtime, runtime))
    artefact = _export(tiny_model, tmp_path / "out", data=swatches, runtime=runtime, max_drop=20)
    said = artefact.report.int8
    assert said is not None
    assert (said.convolutions, said.int8) == (28, 28)
    assert artefact.report.size < 0.6 * said.float_bytes
    assert evaluate(str(swatches), model=artefact.folder).scores["top1"] == said.score
    assert verify(artefact.folder).largest_difference < 1e-5  # the golden outputs are its own


def test_golden_outputs_are_those_of_the_file(small: Path) -> None:
    import torch

    with np.load(small / GOLDEN, allow_pickle=False) as golden:
        inputs, outputs = golden["inputs"], golden["outputs"]
    made = load_any(small, device="cpu")(torch.from_numpy(inputs).permute(0, 3, 1, 2))
    np.testing.assert_allclose(made.numpy(), outputs, atol=1e-5)
    assert sorted(one.name for one in small.iterdir()) == sorted([*read_artefact(small).report.files, REPORT])


@pytest.fixture
def scored(small: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Files are one that was made before and score as told; gives the words under which each was measured."""

    def copied(self: OnnxRuntime, module: Shipped, signature: Signature, file: Path, **_: object) -> QuantisedFile:
        assert not module.training
        shutil.copyfile(small / "model.onnx", file)
        return QuantisedFile({}, Operators(28, 28))

    monkeypatch.setattr(OnnxRuntime, "export_int8", copied)
    monkeypatch.setattr(OnnxRuntime, "export", lambda *given: copied(*given).details)
    monkeypatch.setattr("mobilenets.jobs.int8.quantise.verify", lambda *_, **__: None)

    def tell(*figures: float) -> list[str]:
        left, words = list(figures), []

        def score(self: object, run: object, said: str) -> Scores:
            words.append(said)
            return Scores("top1", {"top1": left.pop(0)})

        monkeypatch.setattr("mobilenets.jobs.int8.quantise._Work._score", score)
        return words

    return tell


def test_it_goes_on_until_one_is_good_enough(
    tiny_model: Path,
    swatches: Path,
    tmp_path: Path,
    scored: Callable[..., list[str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = scored(0.9, 0.5, 0.6, 0.7, 0.895)
    artefact = _export(
        tiny_model, tmp_path / "out", data=swatches, calibrate=9, console=Console(stderr=True, width=200)
    )
    assert words == ["measuring the float file", *4 * ["measuring the int8 file"]]
    said = artefact.report.int8
    assert said is not None
    assert [step.name for step in said.steps] == [
        "smallest to largest",
        "channels equalised, biases corrected",
        "equalised, 99.999 % of values",
        "equalised, least information lost",
    ]
    assert [step.drop for step in said.steps] == pytest.approx([40, 30, 20, 0.5])
    assert (said.score, said.calibrated_with) == (0.895, 18)
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "int8, smallest to largest: top1 0.5000 where float has 0.9000 (-40.00 points)"
    assert len(told) == 4


def test_none_is_good_enough(
    tiny_model: Path, swatches: Path, tmp_path: Path, scored: Callable[..., list[str]]
) -> None:
    words = scored(0.9, 0.1, 0.2, 0.3, 0.4, 0.5)
    with pytest.raises(JobError) as refused:
        _export(tiny_model, tmp_path / "new" / "out", data=swatches, qat_minutes=0.01)
    assert len(words) == 6
    figures = "equalised, biases corrected 0.2000 (-70.00); equalised, 99.999 % of values 0.3000 (-60.00); equalised, "
    assert figures in str(refused.value)
    assert "distilled in 8 bits for 0.01 minutes 0.5000 (-40.00)" in str(refused.value)
    assert not list((tmp_path / "new").iterdir())


def test_no_training_where_none_is_asked_for(
    tiny_model: Path, swatches: Path, tmp_path: Path, scored: Callable[..., list[str]]
) -> None:
    words = scored(0.9, 0.1, 0.2, 0.3, 0.4)
    with pytest.raises(JobError, match=r"least information lost 0.4000 \(-50.00\); allow"):
        _export(tiny_model, tmp_path / "out", data=swatches, qat_minutes=0)
    assert len(words) == 5


def test_a_file_whose_convolutions_are_float_is_no_int8_file(
    tiny_model: Path, swatches: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import onnx

    def floats(module: Shipped, signature: Signature, calibration: Calibration) -> Any:
        return onnx.load_from_string(onnx_bytes(module, signature))

    monkeypatch.setattr("mobilenets.deployment.runtimes.onnx.onnx_int8", floats)
    with pytest.raises(JobError, match=r"model.onnx would be called int8 with 0 of 28 convolutions"):
        _export(tiny_model, tmp_path / "new" / "out", data=swatches)
    assert not list((tmp_path / "new").iterdir())


def test_other_photographs_to_measure_on(tiny_model: Path, swatches: Path) -> None:
    source = read_source(tiny_model)
    found = material(source, data=str(swatches / "red"), measure_on=str(swatches), seed=0)
    assert len(found.calibrating.photos) == 8  # without labels
    assert (found.measured_on, len(found.measuring.photos)) == ("val of swatches", 6)


def test_which_photographs_follows_from_the_seed(tiny_model: Path, swatches: Path) -> None:
    source = read_source(tiny_model)
    one, other = (material(source, data=str(swatches), measure_on=None, seed=seed).calibrating for seed in (0, 1))
    first = one.first(4)
    np.testing.assert_array_equal(one.first(9)[:4], first)
    assert not np.array_equal(other.first(4), first)
    assert len(one.first(400)) == 18


@pytest.fixture
def one_each(swatch: Callable[..., NDArray[np.uint8]], tmp_path: Path) -> Path:
    """A train of one photograph, and a val."""
    from PIL import Image

    for place in ("train/red", "val/red", "val/blue"):
        folder = tmp_path / "few" / place
        folder.mkdir(parents=True)
        Image.fromarray(swatch(folder.name, seed=99)).save(folder / "1.png")
    return tmp_path / "few"


def test_one_photograph_to_calibrate_with(tiny_model: Path, one_each: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"few has 1 readable photograph to calibrate with, .*: give 8 or more"):
        _export(tiny_model, tmp_path / "new" / "out", data=one_each)
    assert not list((tmp_path / "new").iterdir())


def test_nothing_to_calibrate_with_or_to_measure_on(
    tiny_model: Path, one_each: Path, swatches: Path, tmp_path: Path
) -> None:
    shutil.rmtree(one_each / "train")
    with pytest.raises(UsageError, match=r"few has val and no train to calibrate with: .* --measure-on"):
        _export(tiny_model, tmp_path / "out", data=one_each)
    with pytest.raises(UsageError, match=r"the accuracy of the int8 file cannot be measured: .* --measure-on"):
        _export(tiny_model, tmp_path / "out", data=swatches / "red")
    for name in ("red", "blue"):
        (one_each / "val" / name).rename(one_each / "val" / f"dark {name}")
    with pytest.raises(UsageError, match=r"cannot be measured: .* has the label 'dark blue' and 1 more"):
        _export(tiny_model, tmp_path / "out", data=swatches, measure_on=str(one_each))


def test_what_cannot_be_asked_for(
    tiny_model: Path, swatches: Path, checkpoint: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="int8 needs photographs like those it will see: give them with --data"):
        _export(tiny_model, tmp_path / "out", data=None)
    with pytest.raises(UsageError, match=r"max-drop -1 is outside \[0, 100\]"):
        Int8Settings(max_drop=-1)
    with pytest.raises(UsageError, match="the model gives features and no answers"):
        _export(checkpoint(Features()), tmp_path / "out", data=swatches)
    with pytest.raises(UsageError, match="precision 'int4' is unknown: use one of float32, int8"):
        export(tiny_model, out=tmp_path / "out", precision="int4")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="settings of int8 with the precision float32"):
        export(tiny_model, out=tmp_path / "out", int8=Int8Settings())

    class Floats:
        name, title, file, makers, runner = "floats", "Floats", "model.x", (), "onnxruntime"

    monkeypatch.setattr("mobilenets.jobs.export.runtime_named", lambda _: Floats())
    with pytest.raises(UsageError, match="runtime floats has no int8 files here: use one of onnx, openvino"):
        _export(tiny_model, tmp_path / "out", data=swatches)


def test_ants_and_bees(shared_data: Path, tmp_path: Path) -> None:
    """A quarter of a network with a few epochs behind it keeps its answers in 8 bits, in both runtimes."""
    pytest.importorskip("openvino")
    data = shared_data / "hymenoptera"
    run = Run(
        data=str(data),
        out=tmp_path / "run",
        weights=str(shared_data / "weights" / "mobilenet_v1_0.25_128_quant.tflite"),
        architecture=Architecture(width=0.25, resolution=128),
        **{**recipe("finetune"), "epochs": 1},
    )
    trained = train(run, console=Console(quiet=True)).folder
    for runtime in ("onnx", "openvino"):
        artefact = _export(trained, tmp_path / runtime, data=data, runtime=runtime, max_drop=3, calibrate=32)
        said = artefact.report.int8
        assert said is not None
        assert said.photographs == 153
        assert said.float_score > 0.8
        assert said.int8 == said.convolutions == 28
        assert json.loads((artefact.folder / REPORT).read_text())["int8"]["score"] == said.score
        if runtime == "onnx":
            import onnx

            assert artefact.report.size < 0.6 * said.float_bytes
            assert count_operators(onnx.load(artefact.model)).floats == ()
