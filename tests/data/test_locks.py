"""Locks end with whoever holds them."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mobilenets.data.locks import hold, is_held

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such locks")


@pytest.mark.parametrize("shared", [False, True])
def test_a_file_is_held_until_it_is_closed(tmp_path: Path, shared: bool) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x")
    assert is_held(file) is False
    with file.open("rb") as stream:
        hold(stream, shared=shared)
        assert is_held(file) is True
        assert is_held(file) is True
    assert is_held(file) is False


def test_many_may_share_one_and_one_that_cannot_have_it_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x")
    with file.open("rb") as first, file.open("rb") as second, file.open("rb") as third:
        hold(first, shared=True)
        hold(second, shared=True)
        hold(third)
        first.close()
        assert is_held(file) is True
        second.close()
        assert is_held(file) is False


def test_a_memory_map_goes_on_holding(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x")
    with file.open("rb") as stream:
        hold(stream, shared=True)
        mapped = np.memmap(stream, np.uint8, mode="r")
    assert is_held(file) is True
    del mapped
    assert is_held(file) is False


def test_a_process_that_ends_lets_go(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x")
    stream = file.open("rb")
    hold(stream)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], pass_fds=[stream.fileno()]) as child:
        stream.close()
        held = is_held(file)
        child.kill()
    assert held is True
    assert is_held(file) is False


def test_of_what_is_not_there_nobody_can_tell(tmp_path: Path) -> None:
    assert is_held(tmp_path / "gone") is None
