"""What a detector's outputs are called."""

from pathlib import Path

import pytest

from mobilenets.errors import UsageError
from mobilenets.weights.coco import as_detector_names, detector_names, read_detector_names


def test_ninety_outputs_are_cocos_numbers() -> None:
    names = detector_names(90)
    assert (names[0], names[11], names[12], names[89]) == ("person", "number 12", "stop sign", "toothbrush")
    assert len(set(names)) == 90 and sum(name.startswith("number ") for name in names) == 10


def test_eighty_outputs_are_cocos_categories_and_others_are_numbered() -> None:
    assert detector_names(80)[11:13] == ("stop sign", "parking meter") and len(set(detector_names(80))) == 80
    assert detector_names(3) == ("number 1", "number 2", "number 3")


@pytest.mark.parametrize("lines", [("owl", "N/A", "owl"), ("???", "owl", "???", "owl")])
def test_a_list_may_name_the_background_and_have_gaps(lines: tuple[str, ...]) -> None:
    assert as_detector_names(lines, outputs=3) == ("owl (0)", "number 2", "owl (2)")


def test_a_file_of_another_length_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "labels.txt"
    file.write_text("background\nowl\nibis\n", encoding="utf-8")
    assert read_detector_names(file, outputs=2) == read_detector_names(file, outputs=3)[1:] == ("owl", "ibis")
    with pytest.raises(UsageError, match="has 3 names and the network 4 outputs"):
        read_detector_names(file, outputs=4)


def test_the_published_list_is_cocos(shared_data: Path) -> None:
    names = read_detector_names(shared_data / "weights" / "ssd_labelmap.txt", outputs=90)
    assert [name for name, coco in zip(names, detector_names(90), strict=True) if name != coco] == ["T.V."]
