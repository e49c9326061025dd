"""Photographs on disk, found as they are asked for."""

import inspect
import os
import sys
import tracemalloc
from pathlib import Path

import pytest

from mobilenets.data.finding import MissingPhoto, matches, photo_named, photos_below
from mobilenets.data.photos import BadImage, FilePhoto


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Names are relative to a new folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def touch(*names: str | bytes) -> None:
    for name in names:
        path = Path(os.fsdecode(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"content")


def below(folder: str) -> list[str]:
    return [photo.name for photo in photos_below(folder)]


class TestOneName:
    def test_a_file_is_a_photograph_whatever_its_ending(self) -> None:
        touch("a.jpg", "b")
        assert [photo_named(name) for name in ("a.jpg", "b")] == [FilePhoto("a.jpg", Path()), FilePhoto("b", Path())]
        assert photo_named("a.jpg").read() == b"content"

    @pytest.mark.parametrize(
        ("name", "why"),
        [
            ("gone.jpg", "No such file or directory"),
            ("a.jpg/b.jpg", "Not a directory"),
            ("x" * 300, "File name too long"),
            ("a\0.jpg", "null"),
            ("folder", "a folder, not a photograph"),
            ("pipe.jpg", "a pipe or device, not a file"),
            ("loop.jpg", "Too many levels of symbolic links"),
            ("dangling.jpg", "No such file or directory"),
        ],
    )
    def test_what_is_none_says_why(self, name: str, why: str) -> None:
        touch("a.jpg", "folder/b.jpg")
        os.mkfifo("pipe.jpg")
        Path("loop.jpg").symlink_to("loop.jpg")
        Path("dangling.jpg").symlink_to("gone.jpg")
        photo = photo_named(name)
        assert isinstance(photo, MissingPhoto)
        assert photo.name == name
        with pytest.raises(BadImage, match=why):
            photo.read()


class TestFolder:
    def test_its_own_images_come_first_then_its_folders_in_natural_order(self) -> None:
        touch("p/10.jpg", "p/9.JPG", "p/b/1.png", "p/a10/1.png", "p/a9/1.png", "p/a9/deep/er/2.webp", "p/c/none.txt")
        assert below("p") == ["p/9.JPG", "p/10.jpg", "p/a9/1.png", "p/a9/deep/er/2.webp", "p/a10/1.png", "p/b/1.png"]
        assert photo_named(below("p")[0]).read() == b"content"

    def test_hidden_and_system_files_and_other_files_are_passed_over(self) -> None:
        touch("p/a.jpg", "p/.b.jpg", "p/._a.jpg", "p/.git/c.jpg", "p/__MACOSX/d.jpg", "p/@eaDir/e.jpg")
        touch("p/Thumbs.db", "p/notes.txt", "p/labels.csv", "p/jpg", "p/x.jpg.part")
        assert below("p") == ["p/a.jpg"]

    def test_the_folder_named_may_be_hidden_or_here(self) -> None:
        touch(".p/a.jpg", "b.jpg", "c/d.jpg")
        assert below(".p") == [".p/a.jpg"]
        assert below(".") == ["b.jpg", "c/d.jpg"]
        assert below("c/../c") == ["c/../c/d.jpg"]

    def test_a_folder_may_end_as_an_image_does(self) -> None:
        touch("p/a.jpg/b.jpg")
        assert below("p") == ["p/a.jpg/b.jpg"]

    def test_links_are_followed_and_loops_end(self) -> None:
        touch("p/a/1.jpg", "elsewhere/2.jpg", "elsewhere/deeper/3.jpg")
        Path("p/link").symlink_to(Path("elsewhere").absolute())
        Path("p/a/up").symlink_to("..")
        Path("p/a/self").symlink_to(".")
        Path("p/file.jpg").symlink_to("a/1.jpg")
        assert below("p") == ["p/file.jpg", "p/a/1.jpg", "p/link/2.jpg", "p/link/deeper/3.jpg"]

    def test_images_that_cannot_be_had_are_told_of_and_the_rest_goes_on(self) -> None:
        touch("p/a.jpg", "p/z.jpg")
        Path("p/b.jpg").symlink_to("gone")
        Path("p/c.jpg").symlink_to("c.jpg")
        os.mkfifo("p/d.jpg")
        found = list(photos_below("p"))
        assert [photo.name for photo in found if isinstance(photo, MissingPhoto)] == ["p/b.jpg", "p/c.jpg", "p/d.jpg"]
        assert [photo.name for photo in found if isinstance(photo, FilePhoto)] == ["p/a.jpg", "p/z.jpg"]

    def test_a_folder_that_cannot_be_read_is_told_of(self, monkeypatch: pytest.MonkeyPatch) -> None:
        touch("p/a/1.jpg", "p/b/2.jpg", "p/c/3.jpg")
        scandir = os.scandir

        def refusing(path: str) -> object:
            if path.endswith("b"):
                raise PermissionError(13, "Permission denied")
            return scandir(path)

        monkeypatch.setattr(os, "scandir", refusing)
        found = list(photos_below("p"))
        assert [photo.name for photo in found] == ["p/a/1.jpg", "p/b", "p/c/3.jpg"]
        with pytest.raises(BadImage, match=r"^the folder cannot be read: Permission denied$"):
            found[1].read()

    @pytest.mark.skipif(sys.platform == "darwin", reason="macOS has UTF-8 names only")
    def test_any_name_that_a_file_can_have(self) -> None:
        touch(b"p/caf\xe9.jpg", "p/two\nlines.jpg", "p/-.jpg", "p/*.jpg", "p/写真.jpg")
        found = list(photos_below("p"))
        assert {photo.name for photo in found} == {
            "p/caf\udce9.jpg",
            "p/two\nlines.jpg",
            "p/-.jpg",
            "p/*.jpg",
            "p/写真.jpg",
        }
        assert {photo.read() for photo in found} == {b"content"}

    def test_it_goes_deeper_than_python_calls_itself(self) -> None:
        deep = Path("p", *["d"] * 300)
        deep.mkdir(parents=True)
        (deep / "a.jpg").touch()
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(len(inspect.stack()) + 100)
        try:
            assert below("p") == [f"{deep}/a.jpg"]
        finally:
            sys.setrecursionlimit(limit)

    def test_a_folder_is_not_looked_into_before_its_turn(self) -> None:
        touch("p/a/1.jpg", "p/b/1.jpg")
        found = photos_below("p")
        assert next(found).name == "p/a/1.jpg"
        touch("p/b/2.jpg")
        Path("p/b/1.jpg").unlink()
        assert [photo.name for photo in found] == ["p/b/2.jpg"]

    def test_memory_does_not_grow_with_the_number_of_folders(self) -> None:
        for folder in range(40):
            touch(*(f"p/{folder}/photograph number {number}.jpg" for number in range(100)))
        tracemalloc.start()
        peaks = []
        for count, _ in enumerate(photos_below("p"), start=1):
            if count % 1000 == 0:
                peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert len(peaks) == 4
        assert peaks[-1] < 1.2 * peaks[0]
        assert peaks[-1] < 500_000


class TestPattern:
    @pytest.fixture(autouse=True)
    def files(self) -> None:
        touch("p/10.jpg", "p/9.jpg", "p/a.PNG", "p/.hidden.jpg", "p/q/1.jpg", "p/q/r/2.jpg", "p/.cache/3.jpg", "s.jpg")

    @pytest.mark.parametrize(
        ("pattern", "expected"),
        [
            ("p/*.jpg", ["p/9.jpg", "p/10.jpg"]),
            ("p/*", ["p/9.jpg", "p/10.jpg", "p/a.PNG", "p/q"]),
            ("p/[0-9].jpg", ["p/9.jpg"]),
            ("p/?.*", ["p/9.jpg", "p/a.PNG"]),
            ("*/*/*.jpg", ["p/q/1.jpg"]),
            ("p/**/*.jpg", ["p/9.jpg", "p/10.jpg", "p/q/1.jpg", "p/q/r/2.jpg"]),
            ("p/**", ["p/9.jpg", "p/10.jpg", "p/a.PNG", "p/q/1.jpg", "p/q/r/2.jpg"]),
            ("**/*.jpg", ["s.jpg", "p/9.jpg", "p/10.jpg", "p/q/1.jpg", "p/q/r/2.jpg"]),
            ("**/q", ["p/q"]),
            ("**/r/*.jpg", ["p/q/r/2.jpg"]),
            ("*/**/2.jpg", ["p/q/r/2.jpg"]),
            ("**/q/**/*.jpg", ["p/q/1.jpg", "p/q/r/2.jpg"]),
            ("gone/**/*.jpg", []),
            ("p/*.webp", []),
        ],
    )
    def test_it_names_what_a_shell_would(self, pattern: str, expected: list[str], here: Path) -> None:
        assert list(matches(pattern)) == expected
        assert list(matches(f"{here}/{pattern}")) == [f"{here}/{name}" for name in expected]

    def test_folders_with_letters_of_patterns_in_their_names(self) -> None:
        touch("p/[x]/1.jpg", "p/x/1.jpg")
        assert list(matches("p/**/1.jpg")) == ["p/[x]/1.jpg", "p/q/1.jpg", "p/x/1.jpg"]

    def test_loops_of_links_end(self) -> None:
        for number in range(3):
            Path(f"p/q/loop{number}").symlink_to("..")
        assert list(matches("p/**/2.jpg")) == ["p/q/r/2.jpg"]

    def test_it_is_looked_up_as_it_is_asked_for(self) -> None:
        found = matches("p/**/*.jpg")
        assert next(found) == "p/9.jpg"
        touch("p/q/r/3.jpg")
        assert list(found) == ["p/10.jpg", "p/q/1.jpg", "p/q/r/2.jpg", "p/q/r/3.jpg"]
