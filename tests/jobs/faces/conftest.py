"""A small model of embeddings, and faces for it: swatches, a colour a person."""

from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from mobilenets.jobs.train import train
from mobilenets.run import Architecture, Augmentation, Embedding, Optimisation, Run

PEOPLE = 6


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight photographs of each of six people. Read only."""
    import numpy as np
    from PIL import Image

    folder = tmp_path_factory.mktemp("data") / "people"
    for person in range(PEOPLE):
        random = np.random.default_rng(person)
        face = random.integers(0, 256, (6, 6, 3)).repeat(6, 0).repeat(6, 1)
        (folder / f"p{person}").mkdir(parents=True)
        for number in range(8):
            pixels = (face + random.integers(-20, 21, face.shape)).clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"p{person}" / f"p{person}_{number + 1:04}.png")
    return folder


@pytest.fixture(scope="session")
def embedder(tiny_run: Callable[..., Run], people: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that learnt to tell four of them apart. Read only."""
    run = tiny_run(
        tmp_path_factory.mktemp("trained") / "embedder",
        data=str(people),
        task="embed",
        architecture=Architecture(width=0.25, resolution=32),
        augmentation=Augmentation(min_area=0.8, colour="off", flip="off"),
        optimisation=Optimisation(lr=3e-3, warmup_epochs=1.0, norm_decay=0.5, ema=0.5),
        embedding=Embedding(dimension=16),
        epochs=6,
        batch=16,
        val_fraction=0.3,
    )
    return train(run, console=Console(quiet=True)).folder
