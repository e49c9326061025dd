"""The classes of ILSVRC-2012, against the list that comes with the photographs."""

import csv
from pathlib import Path

from mobilenets.data.imagenet_names import names, wnids


def test_a_thousand_different_names() -> None:
    assert len(set(wnids())) == len(set(names())) == 1000
    assert wnids()[0] == "n01440764"
    assert names()[:2] == ("tench", "goldfish")


def test_two_of_one_name_are_told_apart_by_their_wnid() -> None:
    assert {names()[134], names()[517]} == {"crane (n02012849)", "crane (n03126707)"}
    assert [name for name in names() if "(" in name and "crane" not in name] == [
        "maillot (n03710637)",
        "maillot (n03710721)",
    ]


def test_the_order_is_that_of_the_official_labels(shared_data: Path) -> None:
    with (shared_data / "imagenet_val650" / "labels.csv").open(encoding="utf-8", newline="") as opened:
        rows = list(csv.reader(opened))[1:]
    assert len(rows) == 650
    assert all(wnids()[int(row[1])] == row[2] for row in rows)
