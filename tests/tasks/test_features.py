"""The task of a network without a head, as far as it keeps the contract of tasks."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from rich.console import Console

from mobilenets.architecture.cost import cost
from mobilenets.data.examples import Batch
from mobilenets.data.photos import Collection
from mobilenets.errors import UsageError
from mobilenets.jobs.train import train
from mobilenets.network.graph import Network
from mobilenets.reporting.page import Page
from mobilenets.run import Architecture, Run
from mobilenets.tasks.features import Features
from mobilenets.tasks.protocol import TaskSettings
from mobilenets.tasks.registry import TASKS

ARCHITECTURE = Architecture(width=0.25, resolution=64)


def test_its_state_gives_it_back() -> None:
    assert TASKS["features"].restore(json.loads(json.dumps(Features().state()))) == Features()


def test_one_vector_a_photograph_is_the_mean_of_the_last_map() -> None:
    layers = Features().layers(ARCHITECTURE)
    assert cost(layers).params == cost(layers[:-1]).params
    network = Network(layers).eval()
    images = torch.randn(3, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        answers = Features().answers(network(images))
        maps = network.features(images)[32].mean((-2, -1))
    assert len(answers) == 3
    for answer, expected in zip(answers, maps, strict=True):
        record = answer.record()
        assert json.loads(json.dumps(record, allow_nan=False)) == record
        assert record["dimension"] == 256
        torch.testing.assert_close(torch.tensor(record["features"]), expected, rtol=0, atol=1e-6)


def test_the_line_has_the_dimension_and_the_first_few() -> None:
    (answer,) = Features().answers(torch.tensor([[0.5, 1.0, 2.0, 3.25, 9.0]]))
    assert answer.line() == "5 features: 0.500, 1.000, 2.000, 3.250, ..."


NOWHERE = Collection(name="photographs", examples=())


@pytest.mark.parametrize(
    "ask",
    [
        lambda: Features.learn(NOWHERE, settings=TaskSettings()),
        lambda: Features().examples(NOWHERE, "val"),
        lambda: Features().loss(torch.zeros(1, 2), Batch.__new__(Batch)),
        lambda: Features().watch(torch.zeros(1, 2), Batch.__new__(Batch)),
        lambda: Features().score([], []),
        lambda: Features().report(Page("title"), None),  # type: ignore[arg-type]
    ],
)
def test_it_is_neither_trained_nor_scored(ask: Callable[[], object]) -> None:
    with pytest.raises(UsageError) as caught:
        ask()
    assert "\n" not in str(caught.value)


def test_training_it_says_so(tiny_run: Callable[..., Run], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--task features learns nothing"):
        train(tiny_run(tmp_path / "run", task="features"), console=Console(quiet=True))
