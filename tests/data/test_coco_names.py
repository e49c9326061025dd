"""COCO's categories: their names and their numbers."""

import json
from pathlib import Path

from mobilenets.data.coco_names import categories


def test_there_are_80_up_to_number_90_with_gaps() -> None:
    assert len(categories()) == 80 and max(categories()) == 90 and list(categories()) == sorted(categories())
    assert not {12, 26, 29, 30, 45, 66, 68, 69, 71, 83} & categories().keys()
    assert (categories()[1], categories()[90]) == ("person", "toothbrush")


def test_they_are_called_as_the_annotations_call_them(shared_data: Path) -> None:
    file = shared_data / "coco_mini" / "annotations" / "instances_val2017.json"
    listed = json.loads(file.read_text())["categories"]
    assert categories() == {one["id"]: one["name"] for one in listed}
