"""Starting weights on their way into a network."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from mobilenets.checkpoint import MODEL, Origin, read_tensors, write_tensors
from mobilenets.data.preprocess import Preprocessing
from mobilenets.errors import UsageError
from mobilenets.jobs.start import StartingWeights, check_same, open_weights, put_weights
from mobilenets.network.graph import Network
from mobilenets.run import Architecture, Detection, Embedding
from mobilenets.tasks.classify import Classify
from mobilenets.tasks.detect.task import Detect
from mobilenets.tasks.embed import Embed
from mobilenets.tasks.embed_rates import Threshold

TINY = Architecture(width=0.25, resolution=32)
SAME = Classify(("blue", "green", "red"))


def _started(folder: Path, task: Classify = SAME, architecture: Architecture = TINY) -> dict[str, torch.Tensor]:
    network = Network(task.layers(architecture))
    for tensor in network.state_dict().values():
        tensor.zero_()
    put_weights(network, open_weights(str(folder)), architecture=architecture, task=task)
    return network.state_dict()


@pytest.fixture
def folder(tiny_model: Path, tmp_path: Path) -> Path:
    """A checkpoint that may be spoilt."""
    return Path(shutil.copytree(tiny_model, tmp_path / "model"))


def _folded() -> StartingWeights:
    """Weights without batch norm, and a head that nobody named."""
    torch.manual_seed(0)
    architecture = replace(TINY, norm=False)
    network = Network(SAME.layers(architecture))
    shown = Preprocessing(resolution=32)
    origin = Origin("folded", "0")
    return StartingWeights(
        origin=origin,
        where=Path("folded"),
        architecture=architecture,
        preprocessing=shown,
        task=None,
        state=network.state_dict(),
    )


def test_the_same_task_goes_on_with_its_head(tiny_model: Path) -> None:
    wanted = read_tensors(tiny_model / MODEL).tensors
    started = _started(tiny_model)
    assert all(torch.equal(started[name], tensor) for name, tensor in wanted.items())
    placed = put_weights(Network(SAME.layers(TINY)), open_weights(str(tiny_model)), architecture=TINY, task=SAME)
    assert placed.head
    assert not placed.folded


@pytest.mark.parametrize("classes", [("blue", "green"), ("blue", "green", "yellow")])
def test_other_classes_get_a_new_head(tiny_model: Path, classes: tuple[str, ...]) -> None:
    wanted = read_tensors(tiny_model / MODEL).tensors
    started = _started(tiny_model, Classify(classes))
    head = {name for name in started if "classifier" in name}
    assert len(head) == 2
    assert all(not started[name].any() for name in head)
    assert all(torch.equal(started[name], wanted[name]) for name in started if name not in head)


def test_another_resolution_is_free(tiny_model: Path) -> None:
    assert _started(tiny_model, architecture=Architecture(width=0.25, resolution=64))


@pytest.mark.parametrize(
    ("changes", "remedy"),
    [
        ({"width": 0.5}, "is a mobilenet_v1_0.25_32 and the run asks for width 0.5: use --width 0.25"),
        ({"padding": "symmetric"}, "asks for padding symmetric: use --padding same"),
        ({"activation": "relu"}, "asks for activation relu: use --activation relu6"),
        ({"norm": False}, "asks for norm False: use no --no-norm"),
        ({"norm_epsilon": 1e-5}, "asks for norm epsilon 1e-05: use --norm-epsilon 0.001"),
        (
            {"family": "shallow_mobilenet_v1", "min_depth": 16},
            "asks for family shallow_mobilenet_v1, min depth 16: use --family mobilenet_v1 --min-depth 8",
        ),
    ],
)
def test_another_network_is_refused(tiny_model: Path, changes: dict[str, Any], remedy: str) -> None:
    with pytest.raises(UsageError, match=remedy):
        _started(tiny_model, architecture=Architecture(**{"width": 0.25, "resolution": 32, **changes}))


@pytest.mark.parametrize("name", ["blocks.conv_0.conv.weight", "blocks.classifier.linear.bias"])
def test_tensors_that_are_missing_are_named(folder: Path, name: str) -> None:
    tensors = read_tensors(folder / MODEL).tensors
    del tensors[name]
    write_tensors(folder / MODEL, tensors, {})
    with pytest.raises(UsageError, match=rf"has no tensor '{name}'"):
        _started(folder)


def test_tensors_of_another_shape_are_named(folder: Path) -> None:
    tensors = read_tensors(folder / MODEL).tensors
    tensors["blocks.conv_0.conv.weight"] = torch.zeros(9, 3, 3, 3)
    write_tensors(folder / MODEL, tensors, {})
    with pytest.raises(
        UsageError, match=r"blocks\.conv_0\.conv\.weight has the shape 9 x 3 x 3 x 3 instead of 8 x 3 x 3 x 3"
    ):
        _started(folder)


def test_folded_weights_take_any_epsilon_and_stay_the_same_function() -> None:
    weights, task = _folded(), Classify(("one", "two"))
    asked = replace(TINY, norm_epsilon=0.5)
    check_same(weights, asked)
    network = Network(task.layers(asked)).eval()
    placed = put_weights(network, weights, architecture=asked, task=task)
    assert placed.folded
    assert not placed.head
    bare = Network(task.layers(weights.architecture)).eval()
    bare.load_state_dict({**weights.state, **{n: t for n, t in network.state_dict().items() if "classifier" in n}})
    images = torch.rand(2, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(network(images), bare(images), atol=1e-5, rtol=1e-4)


def test_folded_weights_may_stay_folded() -> None:
    weights = _folded()
    network = Network(SAME.layers(weights.architecture))
    assert not put_weights(network, weights, architecture=weights.architecture, task=SAME).folded
    kernel = "blocks.conv_0.conv.bias"
    assert torch.equal(network.state_dict()[kernel], weights.state[kernel])


def _embedding(task: Embed, architecture: Architecture, *, trained: Embed) -> tuple[dict[str, torch.Tensor], bool]:
    """The state of a network of zeros that weights of ones were put into, and whether their head came along."""
    ones, network = (Network(one.layers(architecture)) for one in (trained, task))
    for tensor in ones.state_dict().values():
        tensor.fill_(1)
    for tensor in network.state_dict().values():
        tensor.zero_()
    weights = replace(
        _folded(), architecture=architecture, task=trained, state=ones.state_dict(), where=Path("embedder")
    )
    placed = put_weights(network, weights, architecture=architecture, task=task)
    return network.state_dict(), placed.head


def test_an_embedding_keeps_its_head_whatever_threshold_and_margin_it_had() -> None:
    trained = Embed(Embedding(dimension=8, margin=0.5), Threshold(distance=1.0, far=0.1, val=0.9, pairs=100))
    state, head = _embedding(Embed(Embedding(dimension=8)), TINY, trained=trained)
    assert head
    assert all((tensor == 1).all() for tensor in state.values())
    state, head = _embedding(Embed(Embedding(dimension=9)), TINY, trained=trained)
    assert not head
    assert {name.split(".")[1] for name, tensor in state.items() if not tensor.any()} == {"embedding"}


@pytest.mark.parametrize("family", ["mobilefacenet", "facenet_nn2"])
def test_a_body_of_blocks_within_blocks_is_taken_whole(family: str) -> None:
    architecture = Architecture(family=family, resolution=112, padding="symmetric", activation="prelu")
    state, _ = _embedding(Embed(Embedding(dimension=9)), architecture, trained=Embed(Embedding(dimension=8)))
    assert {name.split(".")[1] for name, tensor in state.items() if not tensor.any()} == {"embedding"}


def test_a_detector_of_two_stages_takes_the_body_s_last_layers_fused(tiny_model: Path) -> None:
    task = Detect(("cat",), (1,), Detection(framework="frcnn"))
    network = Network(task.layers(TINY))
    for tensor in network.state_dict().values():
        tensor.zero_()
    placed = put_weights(network, open_weights(str(tiny_model)), architecture=TINY, task=task)
    assert placed.fused == ("blocks.separable_12", "blocks.separable_13") and not placed.head
    state, wanted = network.state_dict(), read_tensors(tiny_model / MODEL).tensors
    same = {name for name, tensor in state.items() if name in wanted and torch.equal(tensor, wanted[name])}
    changed = [name for name in state if name in wanted and name not in same]
    assert {name.split(".", 2)[2] for name in changed} == {"depthwise.conv.weight", "pointwise.norm.running_mean"}
    assert all(name.startswith(placed.fused) for name in changed)
    own = {name.split(".")[1] for name, tensor in state.items() if name not in wanted and not tensor.any()}
    assert own == {"rpn-conv", "rpn-scores", "rpn-offsets", "scores", "offsets"}
