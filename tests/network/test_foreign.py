"""Other libraries' networks: against what those libraries publish, and what cannot be had in one line."""

import pytest
import torch
from torchvision.models import get_model_weights

from mobilenets.errors import UsageError
from mobilenets.network.foreign import build_foreign


@pytest.mark.parametrize(
    "name",
    [
        "alexnet",
        "convnext_tiny",
        "densenet121",
        "efficientnet_b0",
        "efficientnet_v2_s",
        "googlenet",
        "maxvit_t",
        "mnasnet0_5",
        "mobilenet_v2",
        "mobilenet_v3_small",
        "regnet_y_400mf",
        "resnet18",
        "resnext50_32x4d",
        "shufflenet_v2_x0_5",
        "squeezenet1_1",
        "swin_t",
        "swin_v2_t",
        "vgg11_bn",
        "vit_b_32",
        "vit_h_14",
        "wide_resnet50_2",
    ],
)
def test_torchvision_counts_as_it_publishes(name: str) -> None:
    """torchvision publishes GFLOPs to three places (one for each mult-add) and the number of params."""
    published = get_model_weights(name).DEFAULT.meta
    traced = build_foreign(f"torchvision:{name}").count()
    assert round(traced.mult_adds / 1e9, 3) == pytest.approx(published["_ops"], abs=0.0011)
    assert traced.params == published["num_params"]


@pytest.mark.parametrize(
    ("name", "mult_adds", "params"),
    [
        ("mobilenetv1_100", 568_740_352, 4_231_976),
        # Those that torchvision has too, with its figures.
        ("resnet50", 4_089_184_256, 25_557_032),
        ("vgg16", 15_470_264_320, 138_357_544),
        ("efficientnet_b0", 385_814_752, 5_288_548),
        ("swin_tiny_patch4_window7_224", 4_490_566_656, 28_288_354),
        ("convnext_tiny", 4_455_531_264, 28_589_128),
        ("inception_v3", 5_713_216_096, 23_834_568),
    ],
)
def test_timm(name: str, mult_adds: int, params: int) -> None:
    traced = build_foreign(f"timm:{name}").count()
    assert (traced.mult_adds, traced.params, traced.out_shape) == (mult_adds, params, (1, 1000))


@pytest.mark.parametrize("name", ["vit_tiny_patch16_224", "cait_xxs24_224", "pit_ti_224", "tnt_s_legacy_patch16_224"])
def test_timm_networks_with_weights_that_are_read_directly(name: str) -> None:
    foreign = build_foreign(f"timm:{name}")
    traced = foreign.count()
    assert traced.mult_adds == sum(module.mult_adds for module in traced.modules) > 10**8
    assert traced.params == sum(parameter.numel() for parameter in foreign.module.parameters())


@pytest.mark.parametrize("name", ["timm:resnet18", "torchvision:regnet_y_400mf", "torchvision:vit_b_32"])
def test_nothing_takes_memory(name: str) -> None:
    module = build_foreign(name).module
    assert {parameter.device for parameter in module.parameters()} == {torch.device("meta")}


def test_classes_and_resolution() -> None:
    small = build_foreign("timm:vit_tiny_patch16_224", classes=7, resolution=96)
    assert small.input_shape == (3, 96, 96)
    assert small.count().out_shape == (1, 7)
    assert build_foreign("timm:inception_v3").input_shape == (3, 299, 299)
    assert build_foreign("torchvision:vit_b_32", classes=7, resolution=96).count().out_shape == (1, 7)
    assert build_foreign("torchvision:efficientnet_b3").input_shape == (3, 300, 300)
    # A segmentation network has no crop: its weights say to what images are resized.
    assert build_foreign("torchvision:lraspp_mobilenet_v3_large").input_shape == (3, 520, 520)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("keras:resnet50", "no library is called 'keras': use timm:NAME or torchvision:NAME"),
        ("timm:resnt18", "timm has no network 'resnt18': did you mean timm:resnet18?"),
        ("timm:", "timm has no network '': it has "),
        ("timm:hf-hub:timm/resnet18", "timm has no network 'hf-hub:timm/resnet18'"),
        ("timm:resnet18.nothing", "timm:resnet18.nothing cannot be built: Invalid pretrained tag"),
        ("torchvision:resnt18", "torchvision has no network 'resnt18': did you mean torchvision:resnet18?"),
    ],
)
def test_unknown_names(name: str, line: str) -> None:
    with pytest.raises(UsageError) as told:
        build_foreign(name)
    assert str(told.value).startswith(line)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("torchvision:fasterrcnn_resnet50_fpn", "what it does depends on values"),
        ("torchvision:raft_small", "missing 1 required positional argument"),
        ("torchvision:r3d_18", "cannot be counted with one image of 3x112x112"),
    ],
)
def test_networks_that_do_not_run_on_one_image(name: str, reason: str) -> None:
    foreign = build_foreign(name)
    with pytest.raises(UsageError, match=reason) as told:
        foreign.count()
    assert "\n" not in str(told.value)


def test_what_a_network_cannot_be_built_with() -> None:
    with pytest.raises(UsageError, match="torchvision:raft_small cannot be built"):
        build_foreign("torchvision:raft_small", classes=3)
    with pytest.raises(UsageError, match="classes 0 is under 1"):
        build_foreign("timm:resnet18", classes=0)
    with pytest.raises(UsageError, match="resolution 16 is under 32"):
        build_foreign("timm:resnet18", resolution=16)
