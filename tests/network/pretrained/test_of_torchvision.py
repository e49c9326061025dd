"""torchvision's classifiers with weights: the same logits as torchvision's own, from its cache, a file or a seed."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torchvision import models

from mobilenets.errors import JobError, UsageError
from mobilenets.network.pretrained import RANDOM, load_foreign


def _saved(folder: Path, name: str, **options: Any) -> Path:
    """Weights under the name that torchvision looks for."""
    torch.manual_seed(7)
    module = models.get_model(name, weights=None, **options)
    file = folder / Path(models.get_model_weights(name).DEFAULT.url).name
    torch.save(module.state_dict(), file)
    return file


def _same(one: torch.nn.Module, other: torch.nn.Module, side: int = 64) -> bool:
    images = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        return torch.equal(one.eval()(images), other.eval()(images))


def test_published_weights_from_the_cache_or_a_file(torch_cache: Path) -> None:
    file = _saved(torch_cache, "shufflenet_v2_x0_5")
    theirs = models.shufflenet_v2_x0_5(weights="DEFAULT")
    loaded = load_foreign("torchvision:shufflenet_v2_x0_5")
    assert _same(loaded.module, theirs)
    assert (loaded.resolution, loaded.crop, loaded.squash, loaded.interpolation) == (224, 0.875, False, "bilinear")
    assert (loaded.mean, loaded.std) == ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    assert (loaded.outputs, loaded.notes) == (1000, ())
    of_file = load_foreign("torchvision:shufflenet_v2_x0_5", weights=str(file))
    assert _same(of_file.module, theirs)
    assert of_file.notes == (f"torchvision:shufflenet_v2_x0_5 has the weights of {file}",)


def test_side_heads_are_left_out(torch_cache: Path) -> None:
    """And the input is changed to what the weights were trained on, as torchvision does."""
    file = _saved(torch_cache, "googlenet", aux_logits=True, init_weights=False)
    theirs = models.googlenet(weights="DEFAULT")
    for weights in (None, str(file)):
        loaded = load_foreign("torchvision:googlenet", weights=weights)
        assert _same(loaded.module, theirs, 96)
        assert not any(name.startswith("aux") for name, _ in loaded.module.named_parameters())


def test_weights_by_their_own_name() -> None:
    first = load_foreign("torchvision:mobilenet_v3_large.IMAGENET1K_V1", weights=RANDOM)
    last = load_foreign("torchvision:mobilenet_v3_large", weights=RANDOM)
    assert first.crop == 0.875
    assert last.crop == pytest.approx(224 / 232)
    with pytest.raises(UsageError, match="has no weights 'V9': IMAGENET1K_V1, IMAGENET1K_V2"):
        load_foreign("torchvision:mobilenet_v3_large.V9")


def test_random_weights_are_the_same_each_time() -> None:
    one, other = (load_foreign("torchvision:squeezenet1_1", weights=RANDOM).module for _ in range(2))
    assert _same(one, other)


def test_offline_it_is_said_what_to_fetch_and_where_it_belongs(torch_cache: Path) -> None:
    with pytest.raises(JobError) as told:
        load_foreign("torchvision:resnet18")
    line = str(told.value)
    assert "\n" not in line
    assert "its weights cannot be fetched (<urlopen error no network in tests>)" in line
    assert "get https://download.pytorch.org/models/resnet18-f37072fd.pth where there is a network" in line
    assert f"put it into {torch_cache}, or name it with --weights FILE" in line


class Hostile:
    """Makes a file where it is unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Any, tuple[Path]]:
        return Path.touch, (self.file,)


def test_nothing_is_run_not_even_from_the_cache(torch_cache: Path, tmp_path: Path) -> None:
    torch.save({"x": Hostile(tmp_path / "ran")}, torch_cache / "shufflenetv2_x0.5-f707e7126e.pth")
    with pytest.raises(UsageError, match=r"does not take the weights of .*shufflenetv2_x0"):
        load_foreign("torchvision:shufflenet_v2_x0_5")
    assert not (tmp_path / "ran").exists()


def test_another_resolution() -> None:
    assert load_foreign("torchvision:squeezenet1_1", weights=RANDOM, resolution=96).resolution == 96
    with pytest.raises(UsageError, match="torchvision:alexnet takes no photographs of 32 x 32 pixels"):
        load_foreign("torchvision:alexnet", weights=RANDOM, resolution=32)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("torchvision:resnt18", "did you mean torchvision:resnet18?"),
        ("torchvision:fcn_resnet50", "is no classifier of photographs"),
        ("torchvision:quantized_resnet18", "is no classifier of photographs"),
        ("torchvision:vgg16.IMAGENET1K_FEATURES", "is no classifier of photographs"),
    ],
)
def test_networks_that_cannot_be_had(name: str, line: str) -> None:
    with pytest.raises(UsageError) as told:
        load_foreign(name, weights=RANDOM)
    assert line in str(told.value)
