"""What is published, and what of it is in the cache."""

import shutil
from pathlib import Path

import pytest

from mobilenets.cache_folder import cache_folder
from mobilenets.errors import JobError, UsageError
from mobilenets.jobs.weights.listing import fetch_weights, list_weights

NAME = "mobilenet_v1_0.25_224_no_top"


@pytest.fixture
def by_hand(shared_data: Path) -> Path:
    """Keras's real file, put into the cache by hand."""
    folder = cache_folder() / "weights" / "models--keras-applications--mobilenet" / "snapshots" / "main"
    folder.mkdir(parents=True)
    file = folder / "mobilenet_2_5_224_tf_no_top.h5"
    shutil.copyfile(shared_data / "weights" / "keras_mobilenet_2_5_224_tf_no_top.h5", file)
    return file


def test_nothing_is_in_an_empty_cache() -> None:
    rows = {row.name: row for row in list_weights()}
    assert len(rows) == 37
    assert all(row.file is None for row in rows.values())
    assert (rows["mobilenet_v1_0.75_192"].params, rows["google/mobilenet_v1_0.75_192"].params) == (2585560, 2586329)
    assert rows[NAME].sha256 and rows["google/mobilenet_v1_0.75_192"].sha256 is None


def test_what_is_in_the_cache_is_listed_and_fetched_without_a_network(by_hand: Path) -> None:
    assert [row.name for row in list_weights() if row.file] == [NAME]
    (fetched,) = fetch_weights(NAME)
    assert (fetched.file, fetched.size) == (by_hand, 2108140)
    assert fetched.sha256 == "dbdb03ee2a22fd895301636cd328b234bb3a9952358f436d82f46b81e0d5b0bf"


def test_a_damaged_file_is_not_given(by_hand: Path) -> None:
    by_hand.write_bytes(by_hand.read_bytes()[:-1])
    with pytest.raises(JobError, match="is damaged"):
        fetch_weights([NAME])


def test_a_wrong_name_is_said_before_anything_is_fetched() -> None:
    with pytest.raises(UsageError, match="no published weights are called 'owl'"):
        fetch_weights(["mobilenet_v1_1.0_224", "owl"])
    with pytest.raises(UsageError, match="no weights are named"):
        fetch_weights([])


def test_without_a_network_the_first_that_is_missing_is_said() -> None:
    with pytest.raises(JobError, match=r"mobilenet_1_0_224_tf\.h5 cannot be fetched"):
        fetch_weights(["mobilenet_v1_1.0_224", "mobilenetv1_100"])
