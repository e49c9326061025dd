"""The registry of published weights: what stands in it is what the networks are."""

import subprocess
import sys

import pytest
import torch

from mobilenets.architecture import names
from mobilenets.architecture.cost import cost
from mobilenets.architecture.names import PUBLISHED, Name, parse
from mobilenets.errors import UsageError
from mobilenets.weights.published import HubFile, WebFile
from mobilenets.weights.registry import REGISTRY, by_checksum, find, named, nearest


def test_all_sixteen_with_and_without_their_classifier() -> None:
    for name in PUBLISHED:
        whole, body = REGISTRY[str(name)], REGISTRY[f"{name}_no_top"]
        assert whole.network == body.network == name
        assert (whole.outputs, body.outputs) == (1000, 0)
        assert whole.params == cost(names.network(name)).params
        assert body.params == cost(names.body(name)).params
        assert whole.resolution == body.resolution == name.resolution
        assert isinstance(whole.source, WebFile) and whole.source.url.startswith("https://storage.googleapis.com/")


def test_a_name_is_that_of_its_file() -> None:
    source = REGISTRY["mobilenet_v1_0.75_192_no_top"].source
    assert isinstance(source, WebFile)
    assert source.file == "mobilenet_7_5_192_tf_no_top.h5"


def test_every_checksum_is_one_and_belongs_to_one_file() -> None:
    sources = [one.source for one in REGISTRY.values() if isinstance(one.source, WebFile)]
    assert len(sources) == 32
    assert len({one.sha256 for one in sources}) == len({one.url for one in sources}) == 32
    assert all(len(one.sha256) == 64 and int(one.sha256, 16) for one in sources)


def test_a_real_file_has_the_checksum_that_stands_here() -> None:
    """SHA-256 of Keras's own width .25-224 without its head."""
    found = by_checksum("dbdb03ee2a22fd895301636cd328b234bb3a9952358f436d82f46b81e0d5b0bf")
    assert found is REGISTRY["mobilenet_v1_0.25_224_no_top"]
    assert by_checksum("0" * 64) is None


def test_accuracy_falls_with_the_dials_and_top5_is_more() -> None:
    whole = [REGISTRY[str(name)] for name in PUBLISHED]
    for one in REGISTRY.values():
        for figure in one.figures:
            assert 40 < figure.top1 < figure.top5 < 100
    for wide, narrow in zip(whole, whole[4:], strict=False):
        assert wide.figures[0].top1 > narrow.figures[0].top1


def test_the_hub_names_the_weights_by_their_repository() -> None:
    for name, one in REGISTRY.items():
        if isinstance(one.source, HubFile):
            assert one.source.repo == name
            assert one.source.address == f"https://huggingface.co/{name}"


def test_timm_says_what_stands_here() -> None:
    """Its own settings of the weights, from the installed library."""
    timm = pytest.importorskip("timm")
    ours = {name: one for name, one in REGISTRY.items() if name.startswith("timm/")}
    assert {f"timm/{name}" for name in timm.list_pretrained("mobilenetv1*")} == ours.keys()
    for name, one in ours.items():
        theirs = timm.get_pretrained_cfg(name.removeprefix("timm/"))
        assert theirs.hf_hub_id == name
        with torch.device("meta"):
            assert sum(weights.numel() for weights in timm.create_model(theirs.architecture).parameters()) == one.params
        assert theirs.license == one.licence
        assert theirs.input_size == (3, one.resolution, one.resolution)
        assert (theirs.mean, theirs.std, theirs.crop_pct) == (one.mean, one.std, one.crop)
        assert theirs.interpolation == one.interpolation
        assert theirs.test_input_size[1] == one.figures[1].resolution


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("mobilenet_v1_0.25_128", "mobilenet_v1_0.25_128"),
        ("google/mobilenet_v1_0.75_192", "google/mobilenet_v1_0.75_192"),
        ("mobilenetv1_100", "timm/mobilenetv1_100.ra4_e3600_r224_in1k"),
        ("mobilenetv1_100h", "timm/mobilenetv1_100h.ra4_e3600_r224_in1k"),
        ("timm/mobilenetv1_125", "timm/mobilenetv1_125.ra4_e3600_r224_in1k"),
        ("mobilenetv1_125.ra4_e3600_r224_in1k", "timm/mobilenetv1_125.ra4_e3600_r224_in1k"),
    ],
)
def test_names_and_short_names(asked: str, name: str) -> None:
    assert named(asked).name == name


@pytest.mark.parametrize("asked", ["", "mobilenet", "timm", "google", "timm/", "mobilenet_v1_0.25_96"])
def test_others_are_none(asked: str) -> None:
    assert find(asked) is None


def test_an_unknown_name_is_guessed() -> None:
    with pytest.raises(UsageError, match=r"called 'mobilenetv1_0\.25_128': did you mean mobilenet_v1_0\.25_128\?"):
        named("mobilenetv1_0.25_128")
    with pytest.raises(UsageError, match="see `mobilenets weights list`"):
        named("owl")


@pytest.mark.parametrize(
    ("network", "name"),
    [
        ("mobilenet_v1_0.5_160", "mobilenet_v1_0.5_160"),
        ("mobilenet_v1_0.25_96", "mobilenet_v1_0.25_128"),
        ("mobilenet_v1_0.25_176", "mobilenet_v1_0.25_192"),
        ("mobilenet_v1_1.0_512", "mobilenet_v1_1.0_224"),
        ("mobilenet_v1_1.25_160", "timm/mobilenetv1_125.ra4_e3600_r224_in1k"),
    ],
)
def test_the_nearest_resolution_of_the_width(network: str, name: str) -> None:
    assert nearest(parse(network)).name == name


@pytest.mark.parametrize(
    ("network", "there"),
    [
        (Name(width=0.35), r"mobilenet_v1_0\.35_224: there are some for width 0\.25, 0\.5, 0\.75, 1, 1\.25$"),
        (Name("mobilenet_v1h", 0.5), r"there are some for width 1$"),
        (Name("shallow_mobilenet_v1"), "there are some for mobilenet_v1 and mobilenet_v1h$"),
        (Name("vgg16"), "there are some for mobilenet_v1 and mobilenet_v1h$"),
    ],
)
def test_a_width_or_family_without_weights_says_which_there_are(network: Name, there: str) -> None:
    with pytest.raises(UsageError, match=there):
        nearest(network)


def test_it_loads_without_torch() -> None:
    program = "import sys, mobilenets.weights.registry, mobilenets.jobs.weights.listing as listing\n"
    program += "listing.list_weights(); print(sorted({'torch', 'numpy', 'timm'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
