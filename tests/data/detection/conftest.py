"""Made-up photographs, and annotations of them in each layout."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

Picture = Callable[..., Path]
Coco = Callable[..., Path]


@pytest.fixture
def picture(tmp_path: Path) -> Picture:
    """`picture("a/b.jpg", width=40, height=30)` is a photograph below the test's folder; `orientation` is EXIF's."""

    def make(name: str, *, width: int = 40, height: int = 30, orientation: int | None = None) -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        exif = Image.Exif()
        if orientation:
            exif[274] = orientation
        Image.new("RGB", (width, height), (90, 120, 150)).save(file, exif=exif)
        return file

    return make


@pytest.fixture
def coco(tmp_path: Path, picture: Picture) -> Coco:
    """`coco(boxes...)` is the folder of a COCO set of two photographs, 40 x 30; keys go over those of the file."""

    def make(*boxes: dict[str, Any], file: str = "set/annotations/instances_train.json", **over: Any) -> Path:
        for name in ("a.jpg", "b.jpg"):
            picture(f"set/train/{name}")
        content = {
            "images": [
                {"id": number, "file_name": name, "width": 40, "height": 30}
                for number, name in ((7, "a.jpg"), (9, "b.jpg"))
            ],
            "annotations": [{"id": number, "image_id": 7, "category_id": 3, **box} for number, box in enumerate(boxes)],
            "categories": [{"id": 3, "name": "owl"}, {"id": 5, "name": "ibis"}],
            **over,
        }
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
        return tmp_path / "set"

    return make
