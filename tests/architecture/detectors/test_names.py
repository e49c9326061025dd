"""Names of detectors: reading, writing, what is refused, and how little is imported for it."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobilenets.architecture.baselines import BASELINES
from mobilenets.architecture.detectors.names import DETECTORS, DetectorName, detector, is_detector, parse_detector
from mobilenets.architecture.layer import IMAGE
from mobilenets.architecture.names import FAMILIES, PUBLISHED
from mobilenets.errors import UsageError

FRAMEWORKS = st.sampled_from([*DETECTORS])


def _name(key: tuple[str, str], hundredths: int, resolution: int) -> DetectorName:
    return DetectorName(*key, width=hundredths / 100 if key[1] in FAMILIES else 1.0, resolution=resolution)


def test_reading_a_name() -> None:
    assert parse_detector("ssd_mobilenet_v1_0.75_320") == DetectorName("ssd", "mobilenet_v1", 0.75, 320)
    assert parse_detector("ssd_mobilenet_v1_1_96") == DetectorName("ssd", "mobilenet_v1", 1.0, 96)
    assert parse_detector("ssd_inception_v2_300") == DetectorName("ssd", "inception_v2", 1.0, 300)
    assert parse_detector("frcnn_vgg16_600") == DetectorName("frcnn", "vgg16", 1.0, 600)


@settings(deadline=None)
@given(key=FRAMEWORKS, hundredths=st.integers(1, 200), resolution=st.integers(32, 2048))
def test_a_name_reads_back_as_it_was_written(key: tuple[str, str], hundredths: int, resolution: int) -> None:
    name = _name(key, hundredths, resolution)
    assert is_detector(str(name))
    assert parse_detector(str(name)) == name


@settings(deadline=None, max_examples=40)
@given(key=FRAMEWORKS, hundredths=st.integers(1, 200), resolution=st.integers(257, 900), classes=st.integers(1, 200))
def test_detectors_resolve_at_any_dial(key: tuple[str, str], hundredths: int, resolution: int, classes: int) -> None:
    found = detector(_name(key, hundredths, resolution), classes=classes)
    made = {IMAGE: (3, (resolution, resolution))}
    for layer in found.layers:
        channels, size = made[layer.inputs[0]]
        assert size == layer.in_size, layer.name
        assert layer.in_channels == (sum(made[name][0] for name in layer.inputs) if layer.op == "concat" else channels)
        assert layer.name not in made
        made[layer.name] = (layer.out_channels, layer.out_size)
    assert {one.outputs for one in found.predictors} == {found.outputs} == {classes + 1}


def test_no_other_network_s_name_is_a_detector_s() -> None:
    assert not any(map(is_detector, [*BASELINES, *FAMILIES, *map(str, PUBLISHED)]))


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("ssd300_mobilenet_v1_1.0", "ssd_mobilenet_v1_1.0_300"),
        ("ssd_mobilenet_v1_1.0", "ssd_mobilenet_v1_1.0_300"),
        ("ssd_mobilenet_v1_300", "ssd_mobilenet_v1_1.0_300"),
        ("ssd_mobilnet_v1_0.5_300", "ssd_mobilenet_v1_0.5_300"),
        ("ssd_conv_mobilenet_v1_1.0_300", "ssd_mobilenet_v1_1.0_300"),
        ("SSD_VGG16_300", "ssd_vgg16_300"),
        ("ssd_vgg16", "ssd_vgg16_300"),
        ("faster_rcnn_inception_v2_600", "frcnn_inception_v2_600"),
        ("frcnn_vgg_600", "frcnn_vgg16_600"),
    ],
)
def test_a_wrong_name_gets_a_suggestion(wrong: str, meant: str) -> None:
    assert is_detector(wrong)
    with pytest.raises(UsageError, match=f"no detector is called '{wrong}': did you mean {meant}\\?") as caught:
        parse_detector(wrong)
    assert "\n" not in str(caught.value)
    assert parse_detector(meant)


@pytest.mark.parametrize("wrong", ["ssd", "ssd_resnet50_300", "frcnn", "faster", "ssd_mobilenet_v1_-1_300x"])
def test_a_hopeless_name_is_told_what_names_look_like(wrong: str) -> None:
    with pytest.raises(UsageError, match=r"a name is as ssd_mobilenet_v1_0\.75_300, ssd_vgg16_512 or frcnn_"):
        parse_detector(wrong)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("ssd_mobilenet_v1_2.5_300", r"width 2\.5 is outside"),
        ("ssd_vgg16_0.5_300", r"width 0\.5 of vgg16: it has width 1 only"),
        ("frcnn_inception_v2_16", "resolution 16 is under 32"),
        ("ssd_vgg16_224", "resolution 224 is too small for the maps of ssd_vgg16: use at least 257 pixels"),
    ],
)
def test_dials_outside_their_limits(name: str, line: str) -> None:
    with pytest.raises(UsageError, match=line):
        detector(name)
    with pytest.raises(UsageError, match="no detector is called 'ssd_vgg19_300': did you mean ssd_vgg16_300"):
        DetectorName("ssd", "vgg19")


def test_the_smallest_resolution_that_is_named_is_the_smallest() -> None:
    assert detector("ssd_vgg16_257").predictors[-1].scores.out_size == (1, 1)
    with pytest.raises(UsageError, match="use at least 257"):
        detector("ssd_vgg16_256")


@pytest.mark.parametrize("key", DETECTORS)
def test_no_classes_and_no_depth_are_refused(key: tuple[str, str]) -> None:
    with pytest.raises(UsageError, match="classes 0 is under 1"):
        detector(DetectorName(*key), classes=0)
    with pytest.raises(UsageError, match="min-depth 0 is under 1"):
        detector(DetectorName(*key), min_depth=0)


def test_importing_names_imports_neither_torch_nor_numpy() -> None:
    heavy = ("torch", "torchvision", "numpy", "PIL", "timm", "matplotlib")
    code = f"import sys, mobilenets.architecture.detectors.names; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
