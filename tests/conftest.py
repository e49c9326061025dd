"""What every test may ask for."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mobilenets.run import Run

# Tests run side by side: threads that wait for each other inside one of them only take the cores from the rest.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real photographs and published weights; they stand beside the checkout and are no part of the project."""
    folder = Path(os.environ.get("MOBILENETS_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real photographs at {folder}: set MOBILENETS_SHARED_DATA to where they are")
    return folder


@pytest.fixture(autouse=True)
def private_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's own cache."""
    monkeypatch.setenv("MOBILENETS_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture(scope="session")
def swatches(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photographs that a network learns in seconds, undivided: eight of each of three colours. Read only."""
    import numpy as np
    from PIL import Image

    folder = tmp_path_factory.mktemp("data") / "swatches"
    random = np.random.default_rng(0)
    for label, colour in {"blue": (40, 40, 200), "green": (40, 200, 40), "red": (200, 40, 40)}.items():
        (folder / label).mkdir(parents=True)
        for number in range(8):
            pixels = np.array(colour) + random.integers(-40, 41, (36, 48, 3))
            Image.fromarray(pixels.astype(np.uint8)).save(folder / label / f"{number}.png")
    return folder


@pytest.fixture(scope="session")
def tiny_run(swatches: Path) -> "Callable[..., Run]":
    """`tiny_run(out, ...)` is the smallest whole run: three epochs of three steps; fields go over its own."""
    from mobilenets.run import Architecture, Augmentation, Machine, Run

    def make(out: Path, **fields: Any) -> Run:
        settings: dict[str, Any] = {
            "data": str(swatches),
            "architecture": Architecture(width=0.25, resolution=32),
            "augmentation": Augmentation(min_area=0.5, colour="off"),
            "machine": Machine(device="cpu", threads=1, cache_gb=0),
            "epochs": 3,
            "batch": 6,
        }
        return Run(out=out, **{**settings, **fields})

    return make


@pytest.fixture(scope="session")
def tiny_model(tiny_run: "Callable[..., Run]", tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that learnt the swatches. Read only."""
    from rich.console import Console

    from mobilenets.jobs.train import train

    out = tmp_path_factory.mktemp("trained") / "tiny"
    return train(tiny_run(out, epochs=8), console=Console(quiet=True)).folder
