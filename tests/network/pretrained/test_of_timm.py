"""timm's networks with weights: the same logits as timm's own, from its cache, a file or a seed."""

from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import save_file

from mobilenets.errors import JobError, UsageError
from mobilenets.network.pretrained import RANDOM, load_foreign

NAME = "test_resnet.r160_in1k"


def _made(name: str, **options: Any) -> torch.nn.Module:
    """timm's network with weights of its own, statistics of batch norm included."""
    torch.manual_seed(7)
    module: torch.nn.Module = timm.create_model(name, **options)
    for one in module.modules():
        if isinstance(one, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(one.running_var, 0.5, 2.0)  # type: ignore[arg-type]
    return module.eval()


def _cached(hub: Path, repository: str, file: str = "model.safetensors") -> Path:
    """Where the hub's cache keeps a file."""
    folder = hub / f"models--{repository.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("0" * 40)
    (folder / "snapshots" / ("0" * 40)).mkdir(parents=True)
    return folder / "snapshots" / ("0" * 40) / file


def _same(one: torch.nn.Module, other: torch.nn.Module, side: int) -> bool:
    images = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        return torch.equal(one(images), other(images))


def test_published_weights_from_the_cache(hub_cache: Path) -> None:
    made = _made(NAME)
    save_file(made.state_dict(), _cached(hub_cache, f"timm/{NAME}"))
    loaded = load_foreign(f"timm:{NAME}")
    assert _same(loaded.module, made, 160)
    assert not loaded.module.training
    assert (loaded.resolution, loaded.crop, loaded.squash, loaded.interpolation) == (160, 0.95, False, "bilinear")
    assert (loaded.mean, loaded.std) == ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    assert (loaded.outputs, loaded.classes, loaded.notes) == (1000, None, ())
    assert "state_dict" not in loaded.module.pretrained_cfg


def test_an_older_repository_has_a_pickle_that_is_not_run(hub_cache: Path) -> None:
    made = _made(NAME)
    torch.save(made.state_dict(), _cached(hub_cache, f"timm/{NAME}", "pytorch_model.bin"))
    assert _same(load_foreign(f"timm:{NAME}").module, made, 160)


def test_weights_of_a_file(tmp_path: Path) -> None:
    made = _made("test_vit.r160_in1k")
    torch.save({"state_dict": made.state_dict()}, tmp_path / "mine.pth")
    loaded = load_foreign("timm:test_vit.r160_in1k", weights=str(tmp_path / "mine.pth"))
    assert _same(loaded.module, made, 160)
    assert loaded.interpolation == "bicubic"
    assert loaded.notes == (f"timm:test_vit.r160_in1k has the weights of {tmp_path}/mine.pth",)


def test_random_weights_are_the_same_each_time_and_disturb_nobody() -> None:
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    one = load_foreign(f"timm:{NAME}", weights=RANDOM)
    assert torch.equal(torch.rand(2), expected)
    assert _same(one.module, load_foreign(f"timm:{NAME}", weights=RANDOM).module, 160)
    assert one.notes == (f"timm:{NAME} has random weights (seed 0)",)


def test_another_resolution() -> None:
    assert load_foreign(f"timm:{NAME}", weights=RANDOM, resolution=96).resolution == 96
    attention = load_foreign("timm:test_vit.r160_in1k", weights=RANDOM, resolution=96)
    assert attention.module(torch.zeros(1, 3, 96, 96)).shape == (1, 1000)
    with pytest.raises(UsageError, match=r"test_vit\.r160_in1k takes no photographs of 100 x 100 pixels"):
        load_foreign("timm:test_vit.r160_in1k", weights=RANDOM, resolution=100)


def test_other_classes_than_1000_have_their_wnids() -> None:
    loaded = load_foreign("timm:mobilenetv3_small_050.lamb_in1k", weights=RANDOM)
    assert loaded.classes is None
    larger = load_foreign("timm:vit_tiny_patch16_224.augreg_in21k", weights=RANDOM)
    assert larger.classes is not None
    assert larger.outputs == len(larger.classes) == 21843
    assert "n01440764" in larger.classes


def test_offline_it_is_said_what_to_fetch_and_where_it_belongs(hub_cache: Path) -> None:
    with pytest.raises(JobError) as told:
        load_foreign(f"timm:{NAME}")
    line = str(told.value)
    assert "\n" not in line
    assert "its weights cannot be fetched (not in the cache, and no connection to the hub)" in line
    assert f"get https://huggingface.co/timm/{NAME}/resolve/main/model.safetensors" in line
    assert f"copy models--timm--{NAME} from the cache of a machine that has it into {hub_cache}" in line


def test_weights_that_do_not_fit(tmp_path: Path) -> None:
    save_file({"stem.weight": torch.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(UsageError, match=r"does not take the weights of .*other\.safetensors: Missing key") as told:
        load_foreign(f"timm:{NAME}", weights=str(tmp_path / "other.safetensors"))
    assert "\n" not in str(told.value)
    save_file(_made(NAME, num_classes=5).state_dict(), tmp_path / "five.safetensors")
    with pytest.raises(UsageError, match=r"size mismatch for fc\.weight"):
        load_foreign(f"timm:{NAME}", weights=str(tmp_path / "five.safetensors"))


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("timm:resnt18", "did you mean timm:resnet18?"),
        ("timm:vit_small_patch14_dinov2", "ends in features and has no classes"),
        ("timm:tv_resnet34", "timm:tv_resnet34 is an old name of timm:resnet34.tv_in1k: use that"),
        ("timm:resnet18d.nothing", "Invalid pretrained tag"),
        ("timm:convnextv2_small", "has no published weights: use --weights FILE, or --weights none"),
        ("keras:resnet50", "no library is called 'keras': use timm:NAME or torchvision:NAME"),
    ],
)
def test_networks_that_cannot_be_had(name: str, line: str) -> None:
    with pytest.raises(UsageError) as told:
        load_foreign(name)
    assert line in str(told.value)
    assert "\n" not in str(told.value)
