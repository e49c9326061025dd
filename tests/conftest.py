"""What every test may ask for."""

import os
from pathlib import Path

import pytest


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
