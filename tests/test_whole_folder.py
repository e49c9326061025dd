"""Folders are written whole or not at all, whatever goes wrong."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mobilenets.errors import JobError
from mobilenets.files import whole_folder


def _inside(folder: Path) -> dict[str, str]:
    return {str(file.relative_to(folder)): file.read_text() for file in folder.rglob("*") if file.is_file()}


def _dead() -> int:
    """The number of a process that has ended."""
    program = "import os; print(os.getpid())"
    return int(subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A folder that stands already."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "a").write_text("old")
    return folder


def test_a_folder_and_those_above_it_are_made(tmp_path: Path) -> None:
    with whole_folder(tmp_path / "runs" / "model.v1") as made:
        (made / "a").write_text("new")
        assert made.parent == tmp_path / "runs"
        assert not (tmp_path / "runs" / "model.v1").exists()
    assert _inside(tmp_path) == {"runs/model.v1/a": "new"}


def test_a_folder_is_replaced_and_nothing_of_the_old_one_stays(old: Path, tmp_path: Path) -> None:
    with whole_folder(old) as made:
        (made / "b").write_text("new")
        assert _inside(old) == {"a": "old"}
    assert _inside(tmp_path) == {"model/b": "new"}
    assert [one.name for one in tmp_path.iterdir()] == ["model"]


def test_a_link_to_a_folder_stays_one(old: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(old)
    with whole_folder(link) as made:
        (made / "a").write_text("new")
    assert link.is_symlink()
    assert _inside(old) == {"a": "new"}


@pytest.mark.parametrize("error", [RuntimeError("a mistake"), KeyboardInterrupt()])
def test_what_fails_leaves_what_was_there(old: Path, tmp_path: Path, error: BaseException) -> None:
    with pytest.raises(type(error)), whole_folder(old) as made:
        (made / "b").write_text("half of the ne")
        raise error
    assert _inside(tmp_path) == {"model/a": "old"}
    assert [one.name for one in tmp_path.iterdir()] == ["model"]


def test_a_full_disk_is_one_line(old: Path, tmp_path: Path) -> None:
    with pytest.raises(JobError) as found, whole_folder(old):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert str(found.value) == (
        f"{old} cannot be written: No space left on device: free some space there; what was there is untouched"
    )
    assert [one.name for one in tmp_path.iterdir()] == ["model"]


def test_the_old_one_comes_back_where_the_new_one_cannot_take_its_place(
    old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def refused(self: Path, target: Path) -> Path:
        if ".part" in self.name:
            raise PermissionError(errno.EACCES, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(JobError, match="Permission denied: choose another folder or get the right"), whole_folder(old):
        pass
    assert _inside(tmp_path) == {"model/a": "old"}
    assert [one.name for one in tmp_path.iterdir()] == ["model"]


def test_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JobError, match=r"file is a file and not a folder$"), whole_folder(tmp_path / "file" / "model"):
        pass


def test_what_killed_processes_left_is_tidied_up(old: Path, tmp_path: Path) -> None:
    dead = _dead()
    for name in (f".model.{dead}-0123abcd.part", f".model.{dead}-0123abcd.old", f".model.{os.getpid()}-0123abcd.part"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a").write_text("half")
    with whole_folder(old):
        pass
    assert sorted(one.name for one in tmp_path.iterdir()) == [f".model.{os.getpid()}-0123abcd.part", "model"]


def test_a_folder_moved_aside_is_kept_while_nothing_stands_in_its_place(tmp_path: Path) -> None:
    aside = tmp_path / f".model.{_dead()}-0123abcd.old"
    aside.mkdir()
    with pytest.raises(RuntimeError), whole_folder(tmp_path / "model"):
        raise RuntimeError
    assert aside.is_dir()
