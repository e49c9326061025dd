"""ImageNet's classes by any of their names."""

from mobilenets.data.imagenet_aliases import aliases
from mobilenets.data.imagenet_names import names, wnids


def test_wnids_and_synonyms_of_1000_and_1001_classes() -> None:
    plain, behind = aliases(names()), aliases(("background", *names()))
    assert [plain[wnid] for wnid in wnids()] == list(range(1000))
    assert [behind[wnid] for wnid in wnids()] == list(range(1, 1001))
    assert plain["tench"] == plain["Tinca tinca"] == 0
    assert "background" not in behind


def test_what_two_classes_are_called_is_the_name_of_neither() -> None:
    found = aliases(names())
    assert "crane" not in found
    assert "maillot" not in found
    assert found["tank suit"] == wnids().index("n03710721")


def test_classes_by_wnid_or_with_all_their_names() -> None:
    assert aliases(wnids())["tench"] == 0
    longer = [f"{name}, and more" for name in names()]
    assert aliases(longer)["n01440764"] == 0
    assert aliases(["anything else", *names()[1:]])["n01440764"] == 0


def test_other_classes_have_none() -> None:
    assert aliases(names()[::-1]) == {}
    assert aliases([f"class_{place}" for place in range(1000)]) == {}
    assert aliases(names()[:40]) == {}
    assert aliases(()) == {}
