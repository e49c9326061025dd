"""Weights of others as checkpoints, checkpoints as the folders of others, and back."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from mobilenets.checkpoint import read_description, read_tensors
from mobilenets.errors import JobError, UsageError
from mobilenets.jobs.evaluate import evaluate
from mobilenets.jobs.predict import predict
from mobilenets.jobs.weights.converting import convert_weights
from mobilenets.jobs.weights.showing import show_weights
from mobilenets.tasks.attributes import Attributes
from mobilenets.tasks.classify import Classification
from mobilenets.weights.fitting import Asked
from mobilenets.weights.hub import sha256_of
from mobilenets.weights.source import fitted

KERAS = "keras_mobilenet_2_5_224_tf_no_top.h5"


def _weights(folder: Path) -> dict[str, torch.Tensor]:
    """Without how many batches were seen, which nobody publishes."""
    tensors = read_tensors(folder / "model.safetensors").tensors
    return {name: tensor for name, tensor in tensors.items() if not name.endswith("num_batches_tracked")}


def _same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_a_checkpoint_has_the_weights_and_all_that_is_known(hub_layout: Path, tmp_path: Path) -> None:
    done = convert_weights(hub_layout, out=tmp_path / "out")
    assert (done.network, done.task, done.layout) == ("mobilenet_v1_0.25_32", "classify", "checkpoint")
    assert sorted(file.name for file in done.folder.iterdir()) == sorted(done.files)
    theirs = fitted(str(hub_layout))
    assert _same(read_tensors(done.folder / "model.safetensors").tensors, theirs.state)
    description = read_description(done.folder)
    assert description.architecture == theirs.architecture
    assert description.preprocessing == theirs.preprocessing
    assert description.task_state == {"classes": [f"sort {letter}" for letter in "abcdefghij"]}
    assert description.source == f"model.safetensors, sha256 {sha256_of(hub_layout / 'model.safetensors')}"
    assert str(hub_layout) not in (done.folder / "run.json").read_text()


@pytest.mark.parametrize("to", ["huggingface", "checkpoint"])
def test_there_and_back_is_bit_equal(to: str, tiny_model: Path, swatches: Path, tmp_path: Path) -> None:
    there = convert_weights(tiny_model, out=tmp_path / "there", to=to)  # type: ignore[arg-type]
    assert sorted(file.name for file in there.folder.iterdir()) == sorted(there.files)
    back = convert_weights(there.folder, out=tmp_path / "back")
    assert _same(_weights(tiny_model), _weights(back.folder))
    one, other = (next(predict(swatches / "red" / "0.png", model=folder)) for folder in (tiny_model, back.folder))
    assert isinstance(one.answer, Classification) and isinstance(other.answer, Classification)
    assert one.answer.record() == other.answer.record()


def test_the_model_file_of_a_checkpoint_stands_for_it(tiny_model: Path) -> None:
    of_folder, of_file = show_weights(tiny_model), show_weights(tiny_model / "model.safetensors")
    assert of_folder == of_file
    assert (of_folder.form, of_folder.classes) == ("checkpoint", ("blue", "green", "red"))


def test_without_a_classifier_it_gives_features(shared_data: Path, swatches: Path, tmp_path: Path) -> None:
    done = convert_weights(shared_data / "weights" / KERAS, out=tmp_path / "out")
    assert (done.task, done.notes) == ("features", ())
    (prediction,) = predict(swatches / "red" / "0.png", model=done.folder)
    assert prediction.answer is not None
    record = prediction.answer.record()
    assert record["dimension"] == len(record["features"]) == 256
    assert max(record["features"]) > 0
    with pytest.raises(UsageError, match="the model gives features and no answers"):
        evaluate(str(swatches), model=done.folder)


def test_what_is_asked_arrives(hub_layout: Path, tmp_path: Path) -> None:
    asked = Asked(resolution=64, padding="symmetric", activation="relu", mean=(0.1, 0.2, 0.3), std=(0.4, 0.5, 0.6))
    done = convert_weights(hub_layout, out=tmp_path / "out", asked=asked)
    description = read_description(done.folder)
    look, seen = description.architecture, description.preprocessing
    assert (look.resolution, look.padding, look.activation) == (64, "symmetric", "relu")
    assert (seen.resolution, seen.mean, seen.std) == (64, asked.mean, asked.std)


def test_names_of_classes_from_a_file(hub_layout: Path, tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("\n".join(f"kind {number}" for number in range(10)))
    done = convert_weights(hub_layout, out=tmp_path / "out", classes_file=tmp_path / "labels.txt")
    assert read_description(done.folder).task_state["classes"][9] == "kind 9"


def test_nothing_is_lost_without_overwrite(hub_layout: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    convert_weights(hub_layout, out=out, to="huggingface")
    with pytest.raises(UsageError, match=r"out has a model\.safetensors, which would be lost"):
        convert_weights(hub_layout, out=out)
    convert_weights(hub_layout, out=out, overwrite=True)
    assert sorted(file.name for file in out.iterdir()) == ["README.md", "model.safetensors", "run.json"]


def test_a_card_of_other_hands_is_kept(hub_layout: Path, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# My own")
    with pytest.raises(UsageError, match=r"README\.md is not one of ours and would be lost"):
        convert_weights(hub_layout, out=tmp_path)
    assert (tmp_path / "README.md").read_text() == "# My own"
    assert not (tmp_path / "run.json").exists()


def test_a_run_is_never_written_over(hub_layout: Path, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "latest.safetensors").write_bytes(b"")
    with pytest.raises(UsageError, match="holds a training run"):
        convert_weights(hub_layout, out=tmp_path, overwrite=True)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"to": "onnx"}, "to 'onnx' is unknown: use one of checkpoint, timm, huggingface"),
        ({"to": "timm"}, r"timm has no mobilenet_v1_0\.25_32"),
        ({"classes_file": "nowhere.txt"}, "nowhere.txt cannot be read"),
        ({"figures": "nowhere.json"}, "nowhere.json cannot be read"),
    ],
)
def test_a_wrong_request_writes_nothing(settings: dict[str, str], words: str, hub_layout: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=words):
        convert_weights(hub_layout, out=tmp_path / "out", **settings)  # type: ignore[arg-type]
    assert not (tmp_path / "out").exists()


def test_a_folder_onto_itself_and_onto_a_file(hub_layout: Path, tmp_path: Path) -> None:
    done = convert_weights(hub_layout, out=tmp_path / "out")
    with pytest.raises(UsageError, match="is where the weights lie"):
        convert_weights(done.folder, out=done.folder, overwrite=True)
    with pytest.raises(UsageError, match="is a file: it takes a folder"):
        convert_weights(hub_layout, out=hub_layout / "config.json")


def test_a_checkpoint_says_it_all_itself(tiny_model: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"is a checkpoint of ours: its run\.json says all"):
        convert_weights(tiny_model, out=tmp_path / "out", asked=Asked(padding="symmetric"))


def test_a_folder_that_cannot_be_written(hub_layout: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JobError, match="cannot be written"):
        convert_weights(hub_layout, out=tmp_path / "file" / "out")


def test_names_of_no_classifier(shared_data: Path, tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("cat\ndog")
    with pytest.raises(UsageError, match="has no classifier to name the outputs of"):
        convert_weights(shared_data / "weights" / KERAS, out=tmp_path / "out", classes_file=tmp_path / "labels.txt")


def test_transformers_folder_says_the_classes(tiny_model: Path, tmp_path: Path) -> None:
    done = convert_weights(tiny_model, out=tmp_path / "out", to="huggingface")
    assert json.loads((done.folder / "config.json").read_text())["label2id"] == {"blue": 0, "green": 1, "red": 2}


def test_attributes_keep_their_head_and_are_each_by_themselves(
    checkpoint: Callable[..., Path], tiny_model: Path, tmp_path: Path
) -> None:
    folder = checkpoint(Attributes(("bald", "young")))
    there = convert_weights(folder, out=tmp_path / "there", to="huggingface")
    config = json.loads((there.folder / "config.json").read_text())
    assert config["id2label"] == {"0": "bald", "1": "young"}
    assert config["problem_type"] == "multi_label_classification"
    assert config["architectures"] == ["MobileNetV1ForImageClassification"]
    classes = convert_weights(tiny_model, out=tmp_path / "classes", to="huggingface")
    assert "problem_type" not in json.loads((classes.folder / "config.json").read_text())
    assert show_weights(str(folder)).classes == ("bald", "young")
    again = convert_weights(folder, out=tmp_path / "again")
    assert read_description(again.folder).task == "attributes"
