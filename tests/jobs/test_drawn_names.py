"""Where the drawing of each photograph goes."""

from pathlib import Path

import pytest

from mobilenets.errors import JobError
from mobilenets.jobs.drawn_names import DrawnNames, top_of


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Names are relative to a new folder with a few photographs."""
    monkeypatch.chdir(tmp_path)
    for name in ("p/a.jpg", "p/sub/b.png", "q/a.jpg", "z.zip", "clip.mov"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("sources", "name", "drawing"),
    [
        (["p"], "p/sub/b.png", "sub/b.png"),
        (["p/"], "p/a.jpg", "a.jpg"),
        (["./p"], "p/a.jpg", "a.jpg"),
        (["."], "p/a.jpg", "p/a.jpg"),
        (["p/sub/b.png"], "p/sub/b.png", "b.png"),
        (["p/a.jpg", "p/sub/b.png"], "p/sub/b.png", "sub/b.png"),
        (["p", "q"], "q/a.jpg", "q/a.jpg"),
        (["*/*.jpg"], "p/a.jpg", "p/a.jpg"),
        (["p/**/*.png"], "p/sub/b.png", "sub/b.png"),
        (["z.zip"], "z.zip/deep/1.jpg", "deep/1.jpg"),
        (["-"], "p/a.jpg", "p/a.jpg"),
        (["-"], "/elsewhere/c.jpg", "elsewhere/c.jpg"),
        (["-"], "../c.JPG", None),
        (["-"], "standard input", "standard input.jpg"),
        (["p"], "p/c.heic", "c.heic.jpg"),
        (["digits"], "0001.png", "0001.png"),
    ],
)
def test_a_drawing_is_named_from_the_folder_that_all_sources_lie_in(
    sources: list[str], name: str, drawing: str | None, tmp_path: Path
) -> None:
    found = DrawnNames(Path("out"), top_of(sources)).photograph(name)
    expected = Path(*tmp_path.parent.parts[1:], "c.JPG") if drawing is None else Path(drawing)
    assert found == Path("out") / expected


def test_absolute_names_are_no_others(tmp_path: Path) -> None:
    names = DrawnNames(Path("out"), top_of([str(tmp_path / "p"), "q"]))
    assert names.photograph(f"{tmp_path}/p/a.jpg") == Path("out/p/a.jpg")
    assert names.photograph("q/a.jpg") == Path("out/q/a.jpg")


def test_a_video_is_an_mp4() -> None:
    names = DrawnNames(Path("out"), top_of(["clip.mov"]))
    assert names.video("clip.mov") == Path("out/clip.mov.mp4")
    assert names.video("clip.mp4") == Path("out/clip.mp4")


def test_no_two_have_one_name() -> None:
    names = DrawnNames(Path("out"), top_of(["p"]))
    names.photograph("p/a.jpg")
    with pytest.raises(JobError, match=r"^two photographs would be drawn in out/a.jpg, the second is p/a.jpg: name"):
        names.photograph("p/a.jpg")
    Path("out/sub").mkdir(parents=True)
    Path("out/sub/b.png").touch()
    with pytest.raises(JobError, match="two photographs would be drawn"):
        names.photograph("p/sub/b.png")
