"""Names of networks: reading, writing, what is refused, and how little is imported for it."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobilenets.architecture.baselines import BASELINES
from mobilenets.architecture.cost import cost
from mobilenets.architecture.names import FAMILIES, PUBLISHED, Name, body, network, parse
from mobilenets.errors import UsageError


def test_reading_a_name() -> None:
    assert parse("mobilenet_v1_0.75_192") == Name("mobilenet_v1", 0.75, 192)
    assert parse("shallow_mobilenet_v1_1_96") == Name("shallow_mobilenet_v1", 1.0, 96)
    assert parse("vgg16") == Name("vgg16", 1.0, 224)
    assert parse("inception_v3") == Name("inception_v3", 1.0, 299)
    assert parse("squeezenet_1.0_224") == Name("squeezenet_1.0", 1.0, 224)
    assert parse("googlenet_3x3_160") == Name("googlenet_3x3", 1.0, 160)


def test_the_sixteen_published_checkpoints() -> None:
    assert len(PUBLISHED) == 16
    assert [str(name) for name in PUBLISHED[:5]] == [
        "mobilenet_v1_1.0_224",
        "mobilenet_v1_1.0_192",
        "mobilenet_v1_1.0_160",
        "mobilenet_v1_1.0_128",
        "mobilenet_v1_0.75_224",
    ]


@settings(deadline=None)
@given(
    family=st.sampled_from([*FAMILIES]),
    width=st.integers(min_value=1, max_value=200).map(lambda hundredths: hundredths / 100),
    resolution=st.integers(min_value=32, max_value=2048),
)
def test_a_name_reads_back_as_it_was_written(family: str, width: float, resolution: int) -> None:
    name = Name(family, width, resolution)
    assert parse(str(name)) == name


@pytest.mark.parametrize("family", BASELINES)
def test_the_name_of_a_baseline_reads_back_and_hides_its_own_resolution(family: str) -> None:
    assert str(parse(family)) == family
    assert str(parse(f"{family}_320")) == f"{family}_320"
    assert parse(str(Name(family, resolution=BASELINES[family].resolution))) == parse(family)


@pytest.mark.parametrize(
    ("wrong", "suggestion"),
    [
        ("mobilenet_v1_0.75", "mobilenet_v1_0.75_"),
        ("mobilenet_0.5_160", "mobilenet_v1"),
        ("MobileNet_v1_1.0_224", "mobilenet_v1_1.0_224"),
        ("mobilenet_v2_1.0_224", "mobilenet_v1"),
        ("mobilnet", "mobilenet_v1_1.0_224"),
        ("vgg-16", "vgg16"),
        ("AlexNet", "alexnet"),
        ("inceptionv3", "inception_v3"),
        ("squeezenet", "squeezenet_1.0"),
        ("facenet", "facenet_nn2"),
    ],
)
def test_a_wrong_name_gets_a_suggestion(wrong: str, suggestion: str) -> None:
    with pytest.raises(UsageError, match=f"no network is called .*: did you mean {suggestion}") as caught:
        parse(wrong)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("wrong", ["", "zzz", "😀", "mobilenet_v1_0.75_192 ", "mobilenet_v1_-1_192"])
def test_a_hopeless_name_is_told_what_names_look_like(wrong: str) -> None:
    with pytest.raises(UsageError, match=r"mobilenet_v1_0\.75_192"):
        parse(wrong)


def test_dials_outside_their_limits() -> None:
    with pytest.raises(UsageError, match=r"width 2\.5 is outside"):
        parse("mobilenet_v1_2.5_224")
    with pytest.raises(UsageError, match="resolution 16 is under 32"):
        parse("mobilenet_v1_1.0_16")
    with pytest.raises(UsageError, match=r"width 0\.5 of vgg16: it has width 1 only"):
        parse("vgg16_0.5_224")
    with pytest.raises(UsageError, match="did you mean mobilenet_v1"):
        Name("mobilenet_v9")


def test_network_is_body_and_head() -> None:
    for name in ("mobilenet_v1_0.5_160", "vgg16", "squeezenet_1.0"):
        trunk, whole = body(name), network(name, classes=7)
        assert whole[: len(trunk)] == trunk
        assert next(layer for layer in whole if layer.name == "classifier").out_channels == 7


def test_body_takes_padding_activation_and_smallest_depth() -> None:
    first = body("mobilenet_v1_0.25_96", min_depth=16, padding="symmetric", activation="relu")[0]
    assert (first.out_channels, first.padding, first.activation) == (16, (1, 1), "relu")
    first = body("mobilenet_v1_0.25_96")[0]
    assert (first.out_channels, first.padding, first.activation) == (8, "same", "relu6")


def test_a_name_and_its_text_give_the_same_network() -> None:
    assert network(Name(width=0.25, resolution=96)) == network("mobilenet_v1_0.25_96")
    assert cost(network(Name("vgg16"))) == cost(network("vgg16"))


def test_importing_names_imports_neither_torch_nor_numpy() -> None:
    heavy = ("torch", "torchvision", "numpy", "PIL", "timm", "matplotlib")
    code = f"import sys, mobilenets.architecture.names; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
