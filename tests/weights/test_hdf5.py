"""HDF5 in a process of its own: what it gives, what it refuses, and that its death is one line."""

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobilenets.errors import JobError, UsageError
from mobilenets.weights import hdf5
from mobilenets.weights.hdf5 import read_hdf5

h5py = pytest.importorskip("h5py")


def _file(fill: Callable[[Any], None]) -> bytes:
    stream = io.BytesIO()
    with h5py.File(stream, "w") as opened:
        fill(opened)
    return stream.getvalue()


def test_numeric_data_sets_by_path() -> None:
    def fill(opened: Any) -> None:
        opened["a/b:0"] = np.arange(6, dtype=np.float32).reshape(2, 3)
        opened["count"] = np.int64(7)
        opened["note"] = "words"

    arrays = read_hdf5(_file(fill), where="x.h5")
    assert {name: values.shape for name, values in arrays.items()} == {"a/b:0": (2, 3), "count": ()}
    assert np.array_equal(arrays["a/b:0"], [[0, 1, 2], [3, 4, 5]])


def _chunked(opened: Any) -> None:
    opened.create_dataset("zeros", (4096, 4096), np.float32, compression="gzip", fillvalue=0)


def _unwritten(opened: Any) -> None:
    opened.create_dataset("zeros", (2**20, 2**20), np.float32)


def _external(opened: Any) -> None:
    opened.create_dataset("others", (16,), np.uint8, external=[("/etc/hostname", 0, 16)])


@pytest.mark.parametrize(
    ("fill", "problem"),
    [
        (_chunked, "not stored in one piece"),
        (_unwritten, "larger than the file"),
        (_external, "not stored in one piece"),
    ],
)
def test_data_that_is_not_in_the_file_itself_is_refused(fill: Callable[[Any], None], problem: str) -> None:
    with pytest.raises(UsageError, match=f"x.h5 is no whole HDF5 file .*{problem}.*: take it from a copy"):
        read_hdf5(_file(fill), where="x.h5")


def test_a_group_within_itself_and_links_to_other_files_are_no_trap() -> None:
    def fill(opened: Any) -> None:
        opened["a"] = np.float32(1)
        opened["group/again"] = opened["/"]
        opened["elsewhere"] = h5py.ExternalLink("/etc/hostname", "/")

    assert [*read_hdf5(_file(fill), where="x.h5")] == ["a"]


def _ends(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = subprocess.run
    monkeypatch.setattr(hdf5.subprocess, "run", lambda _, **options: run([sys.executable, "-c", code], **options))


def test_the_death_of_the_process_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    _ends("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", monkeypatch)
    with pytest.raises(UsageError, match=r"x\.h5 is no whole HDF5 file \(the HDF5 library ended with status -9\)"):
        read_hdf5(b"", where="x.h5")


def test_an_answer_that_is_none_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    _ends("print('nonsense')", monkeypatch)
    with pytest.raises(UsageError, match="gave an answer that is not whole"):
        read_hdf5(b"", where="x.h5")


def test_a_process_that_takes_for_ever_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    _ends("import time; time.sleep(60)", monkeypatch)
    monkeypatch.setattr(hdf5, "_SECONDS", 0.1)
    with pytest.raises(UsageError, match=r"reading it took over 0\.1 seconds"):
        read_hdf5(b"", where="x.h5")


def test_no_process_is_the_job_s_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(JobError, match="no process can be started for it"):
        read_hdf5(b"", where="x.h5")


@pytest.mark.skipif(sys.platform != "linux", reason="the limit on memory is Linux's")
def test_memory_is_limited() -> None:
    code = (
        "from mobilenets.weights.hdf5 import _limit_memory\n"
        "import numpy as np\n"
        "_limit_memory(1 << 26)\n"
        "try: np.ones(1 << 28)\n"
        "except MemoryError: print('refused')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "refused\n"


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused_in_a_line(
    data: st.DataObject, shared_data: Path, damaged: Callable[..., bytes]
) -> None:
    content = (shared_data / "weights" / "keras_mobilenet_2_5_224_tf_no_top.h5").read_bytes()
    try:
        assert isinstance(read_hdf5(damaged(data, content, 20_000), where="x.h5"), dict)
    except UsageError as error:
        assert str(error).startswith("x.h5")
        assert str(error).isprintable()
