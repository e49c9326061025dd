"""Starting points from text: names, files, folders, and what is said of anything else."""

import shutil
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants

from mobilenets.architecture.names import Name
from mobilenets.cache_folder import cache_folder
from mobilenets.errors import JobError, UsageError
from mobilenets.weights import registry
from mobilenets.weights.fitting import Asked
from mobilenets.weights.hub import sha256_of
from mobilenets.weights.published import Published, WebFile
from mobilenets.weights.registry import REGISTRY
from mobilenets.weights.source import find_source, fitted


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "theirs"))
    monkeypatch.setenv("MOBILENETS_CACHE", str(tmp_path / "ours"))


@pytest.fixture
def published(hub_layout: Path, monkeypatch: pytest.MonkeyPatch) -> Published:
    """Weights of a registry of one, in the cache without anything beside them."""
    file = hub_layout / "model.safetensors"
    one = Published(
        name="small",
        network=Name(width=0.25, resolution=48),
        source=WebFile("https://weights.invalid/small.h5", "owner/small", sha256_of(file)),
        form="Hugging Face",
        licence="mit",
        outputs=10,
        resolution=48,
        crop=0.9,
        squash=True,
        interpolation="bicubic",
        padding="same",
    )
    monkeypatch.setitem(REGISTRY, "small", one)
    monkeypatch.setitem(registry._BY_CHECKSUM, sha256_of(file), one)
    folder = cache_folder() / "weights" / "models--owner--small" / "snapshots" / "main"
    folder.mkdir(parents=True)
    shutil.copy(file, folder / "small.h5")
    return one


def test_a_folder_of_others_and_its_file_are_the_same(hub_layout: Path) -> None:
    of_folder, of_file = fitted(str(hub_layout)), fitted(str(hub_layout / "model.safetensors"))
    assert str(of_folder.architecture.name) == "mobilenet_v1_0.25_32"
    assert of_folder.classes == of_file.classes == tuple(f"sort {letter}" for letter in "abcdefghij")
    for name, tensor in of_folder.state.items():
        assert torch.equal(tensor, of_file.state[name])


def test_a_name_brings_what_no_file_says(published: Published) -> None:
    result = fitted("small")
    assert result.architecture.resolution == result.preprocessing.resolution == 48
    assert (result.preprocessing.crop, result.preprocessing.squash) == (0.9, True)
    assert result.preprocessing.interpolation == "bicubic"
    assert result.classes == tuple(f"class_{place}" for place in range(10))


def test_what_is_asked_goes_first(published: Published) -> None:
    result = fitted("small", asked=Asked(resolution=64, mean=(0.1, 0.2, 0.3)))
    assert result.architecture.resolution == 64
    assert result.preprocessing.mean == (0.1, 0.2, 0.3)
    assert result.preprocessing.crop == 0.9


def test_a_published_file_is_known_under_any_name(published: Published, hub_layout: Path, tmp_path: Path) -> None:
    file = tmp_path / "renamed.bin"
    shutil.copy(hub_layout / "model.safetensors", file)
    assert find_source(str(file)).published is published
    assert fitted(str(file)).preprocessing == fitted("small").preprocessing


def test_a_real_published_file_is_known(shared_data: Path) -> None:
    result = fitted(str(shared_data / "weights" / "keras_mobilenet_2_5_224_tf_no_top.h5"))
    assert (str(result.architecture.name), result.outputs) == ("mobilenet_v1_0.25_224", 0)
    assert result.preprocessing.squash
    assert not result.notes


def test_where_it_comes_from_names_no_folder(published: Published, hub_layout: Path) -> None:
    checksum = sha256_of(hub_layout / "model.safetensors")
    assert find_source("small").describe() == f"small (https://weights.invalid/small.h5), sha256 {checksum}"
    config = find_source(str(hub_layout / "config.json"))
    assert config.describe() == f"config.json, sha256 {sha256_of(hub_layout / 'config.json')}"


def test_a_path_goes_before_a_name(
    published: Published, hub_layout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(hub_layout, tmp_path / "work" / "small")
    monkeypatch.chdir(tmp_path / "work")
    assert find_source("small").file == Path("small", "model.safetensors")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mobilenet_v1_0.25_12", "is no file, and no published weights are called so: did you mean mobilenet_v1_"),
        ("nowhere/owl.h5", "is no file, and no published weights are called so: see `mobilenets weights list`"),
        ("", "holds no"),
        ("a" * 5000, "is no file"),
        ("a\0b", "is no file"),
    ],
)
def test_anything_else_is_one_line(text: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=words) as caught:
        fitted(text)
    assert "\n" not in str(caught.value)


def test_a_folder_without_weights(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds no model\.safetensors or pytorch_model\.bin"):
        fitted(str(tmp_path))


def test_a_checkpoint_of_ours_is_said_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(UsageError, match="is a checkpoint of ours"):
        fitted(str(tmp_path))


def test_published_weights_without_a_network_to_fetch_them() -> None:
    with pytest.raises(JobError, match=r"mobilenet_5_0_160_tf\.h5 cannot be fetched \(HF_HUB_OFFLINE is set\)"):
        fitted("mobilenet_v1_0.5_160")
