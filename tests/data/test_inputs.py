"""What `predict` may be pointed at."""

import io
import os
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mobilenets.data.decode import decode
from mobilenets.data.inputs import photographs
from mobilenets.data.photos import BadImage, ZipPhoto
from mobilenets.errors import UsageError


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sources are relative to a new folder with a few photographs."""
    monkeypatch.chdir(tmp_path)
    for name in ("p/a.jpg", "p/b.png", "p/sub/c.webp", "p/.hidden.jpg", "lone.jpg"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((8, 8, 3), 200, np.uint8)).save(name)
    Path("p/notes.txt").write_text("notes")
    Path("empty").mkdir()
    return tmp_path


@pytest.fixture
def type_in(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """`type_in(bytes)` is what standard input holds."""

    def put(content: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))

    return put


def found(*sources: str) -> list[str]:
    """The names; every photograph must be one."""
    photos = list(photographs(sources))
    assert all(decode(photo.read()).shape == (8, 8, 3) for photo in photos)
    return [photo.name for photo in photos]


def test_files_folders_and_patterns_in_the_order_they_are_given() -> None:
    assert found("lone.jpg", "p", "p/*.png") == ["lone.jpg", "p/a.jpg", "p/b.png", "p/sub/c.webp", "p/b.png"]
    assert found("p/**/*.webp") == ["p/sub/c.webp"]
    assert found("p/") == found("p") == found("./p")
    Path("empty").rmdir()
    assert found("*") == ["lone.jpg", *found("p")]


def test_a_file_is_taken_at_its_word_whatever_its_name() -> None:
    Path("lone.jpg").rename("-")
    assert found("./-") == ["-"]
    Path("-").rename("photo[1]")
    assert found("photo[1]") == ["photo[1]"]
    Path("photo[1]").rename("~nobody here")
    assert found("~nobody here") == ["~nobody here"]
    assert found("[~]*") == ["~nobody here"]


def test_home_is_known(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(here))
    assert found("~/lone.jpg") == [f"{here}/lone.jpg"]
    assert found("~/p") == [f"{here}/{name}" for name in found("p")]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("gone.jpg", "gone.jpg is not there: name a file, a folder, a glob or '-' for standard input"),
        ("lone.jpg/x", "lone.jpg/x is not there: name a file, a folder, a glob or '-' for standard input"),
        ("gone*.jpg", "'gone*.jpg' matches no file: check the pattern"),
        ("gone/**/*.jpg", "'gone/**/*.jpg' matches no file: check the pattern"),
        ("empty", "empty holds no photographs (files that end in .jpg, .png, .webp, .heic and the like)"),
        ("x" * 300, "x" * 300 + " cannot be read: File name too long"),
        ("notes.zip", "notes.zip is no zip or a damaged one (File is not a zip file): make it again"),
        ("empty.zip", "empty.zip holds no photographs (files that end in .jpg, .png, .webp, .heic and the like)"),
        ("gone.zip", "gone.zip is not there: name a file, a folder, a glob or '-' for standard input"),
        ("a\0b", "a\0b is not there: name a file, a folder, a glob or '-' for standard input"),
        ("", "an empty name is no photograph: is a variable of the shell unset?"),
    ],
)
def test_a_source_that_is_no_good_is_refused_before_anything_is_read(source: str, message: str) -> None:
    Path("notes.zip").write_text("notes")
    with zipfile.ZipFile("empty.zip", "w") as archive:
        archive.writestr("notes.txt", "notes")
    with pytest.raises(UsageError) as refused:
        photographs(["lone.jpg", source])
    assert str(refused.value) == message


def test_a_folder_that_may_not_be_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(UsageError, match=r"^p cannot be read: Permission denied$"):
        photographs(["p"])


def test_nothing_is_no_source() -> None:
    with pytest.raises(UsageError, match=r"^no photographs given: name files"):
        photographs([])


def test_what_a_pattern_names_is_looked_up_in_its_turn() -> None:
    photos = photographs(["p/*"])
    assert next(photos).name == "p/a.jpg"
    Path("p/b.png").unlink()
    rest = list(photos)
    assert [photo.name for photo in rest] == ["p/b.png", "p/notes.txt", "p/sub/c.webp"]
    with pytest.raises(BadImage, match=r"p/b.png is not there"):
        rest[0].read()
    with pytest.raises(BadImage, match="not an image"):
        decode(rest[1].read())


def test_a_list_on_standard_input(type_in: Callable[[bytes], None]) -> None:
    type_in(b"\xef\xbb\xbfp/a.jpg\r\n\r\ngone.jpg\r\np\r\n\nlone.jpg")
    photos = list(photographs(["-", "p/b.png"]))
    assert [photo.name for photo in photos] == ["p/a.jpg", "gone.jpg", "p", "lone.jpg", "p/b.png"]
    for place, why in ((1, "No such file or directory"), (2, "a folder, not a photograph")):
        with pytest.raises(BadImage, match=why):
            photos[place].read()
    assert photos[3].read() == Path("lone.jpg").read_bytes()


def test_a_video_is_its_frames(type_in: Callable[[bytes], None], video: Callable[..., Path]) -> None:
    video(Path("v.MP4"), count=3, height=16, width=16)
    expected = [f"v.MP4#{number:06}" for number in range(3)]
    Path("broken.mp4").write_bytes(b"no video")
    assert [photo.name for photo in photographs(["v.MP4", "lone.jpg"], every=1)] == [*expected, "lone.jpg"]
    assert [photo.name for photo in photographs(["v.MP4"], every=2)] == expected[::2]
    assert [photo.name for photo in photographs(["*.[mM][pP]4"], every=1)] == ["broken.mp4", *expected]
    type_in(b"v.MP4\nbroken.mp4\ngone.mp4\n")
    *found, broken, gone = photographs(["-"], every=1)
    assert [photo.name for photo in found] == expected
    with pytest.raises(BadImage, match=r"broken.mp4 is no video that can be read \(Invalid"):
        broken.read()
    with pytest.raises(BadImage, match=r"gone.mp4 is not there"):
        gone.read()
    with pytest.raises(UsageError, match=r"broken.mp4 is no video"):
        photographs(["lone.jpg", "broken.mp4"], every=1)
    with pytest.raises(UsageError, match=r"^v.MP4 is a video, and only predict looks at those: name photographs$"):
        photographs(["v.MP4"])


def test_an_image_on_standard_input(type_in: Callable[[bytes], None]) -> None:
    type_in(Path("p/b.png").read_bytes())
    assert found("-") == ["standard input"]


def test_nothing_on_standard_input(type_in: Callable[[bytes], None]) -> None:
    type_in(b"")
    assert found("-") == []


def test_standard_input_is_not_touched_before_its_turn(type_in: Callable[[bytes], None]) -> None:
    type_in(b"lone.jpg\n")
    photos = photographs(["p/a.jpg", "-"])
    assert sys.stdin.buffer.tell() == 0
    assert [photo.name for photo in photos] == ["p/a.jpg", "lone.jpg"]


def test_without_standard_input_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(UsageError, match="there is none"):
        photographs(["-"])


class TestZip:
    @pytest.fixture
    def content(self) -> bytes:
        return Path("lone.jpg").read_bytes()

    @pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
    def test_photographs_need_no_labels_there(self, content: bytes, method: int) -> None:
        with zipfile.ZipFile("Photos.ZIP", "w", method) as archive:
            for name in ("10.jpg", "9.jpg", "deep/er/1.jpg", "notes.txt", "__MACOSX/._9.jpg", ".x/1.jpg", "folder/"):
                archive.writestr(name, content if name.endswith("jpg") else b"")
        assert found("Photos.ZIP") == ["Photos.ZIP/9.jpg", "Photos.ZIP/10.jpg", "Photos.ZIP/deep/er/1.jpg"]
        assert isinstance(next(photographs(["Photos.ZIP"])), ZipPhoto)

    def test_it_is_read_from_anywhere(self, content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
        with zipfile.ZipFile("p.zip", "w") as archive:
            archive.writestr("1.jpg", content)
        photos = photographs(["p.zip"])
        monkeypatch.chdir("/")
        assert next(photos).read() == content

    def test_members_that_cannot_be_read_are_told_of(self, content: bytes) -> None:
        with zipfile.ZipFile("p.zip", "w") as archive:
            archive.writestr("1.jpg", content)
            archive.writestr("2.jpg", content, compress_type=zipfile.ZIP_LZMA)
            archive.writestr("3.jpg", content)
        data = bytearray(Path("p.zip").read_bytes())
        data[data.index(b"PK\x01\x02", data.rindex(b"2.jpg")) + 8] |= 1  # the third is encrypted, says its flag
        Path("p.zip").write_bytes(data)
        photos = list(photographs(["p.zip"]))
        assert [photo.name for photo in photos] == ["p.zip/1.jpg", "p.zip/2.jpg", "p.zip/3.jpg"]
        assert photos[0].read() == content
        with pytest.raises(BadImage, match=r"^packed in the zip by a method other than deflate$"):
            photos[1].read()
        with pytest.raises(BadImage, match=r"^encrypted in the zip$"):
            photos[2].read()


class TestCollections:
    def test_a_table_lists_photographs_with_or_without_labels(self) -> None:
        rows = "".join(f"p/{name}\n" for name in ("a.jpg", "b.png"))
        Path("list.csv").write_text(f"file\n{rows}")
        assert found("list.csv") == ["p/a.jpg", "p/b.png"]

    def test_a_few_missing_files_of_a_table_are_told_of(self) -> None:
        for number in range(120):
            Path(f"{number}.jpg").symlink_to("lone.jpg")
        rows = "".join(f"{number}.jpg,x\n" for number in range(121))
        Path("list.csv").write_text(f"file,label\n{rows}")
        photos = list(photographs(["list.csv"]))
        assert len(photos) == 121
        assert photos[-1].name == "120.jpg"
        with pytest.raises(BadImage, match="missing"):
            photos[-1].read()

    def test_a_named_data_set(self) -> None:
        photos = list(photographs(["digits"]))
        assert len(photos) == 1797
        assert decode(photos[0].read()).shape == (8, 8, 3)

    def test_a_folder_of_that_name_comes_first(self) -> None:
        Path("p").rename("digits")
        assert found("digits") == ["digits/a.jpg", "digits/b.png", "digits/sub/c.webp"]
