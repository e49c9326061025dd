"""Which of a teacher's outputs are whose."""

import pytest

from mobilenets.data.imagenet_names import names, wnids
from mobilenets.errors import UsageError
from mobilenets.tasks.classify import Classify
from mobilenets.tasks.features import Features
from mobilenets.tasks.teachers import matching_outputs


def test_the_same_classes_stand_as_they_are() -> None:
    assert matching_outputs(Classify(("ant", "bee")), Classify(("ant", "bee"))) is None


def test_vectors_stand_as_they_are() -> None:
    assert matching_outputs(Features(), Features()) is None


def test_classes_are_found_by_name() -> None:
    assert matching_outputs(Classify(("ant", "bee")), Classify(("bee", "owl", "ant"))) == (2, 0)


def test_imagenet_s_classes_are_found_by_wnid() -> None:
    teacher = Classify(tuple(names()))
    assert matching_outputs(Classify((wnids()[7], wnids()[2])), teacher) == (7, 2)


def test_a_class_that_the_teacher_does_not_know() -> None:
    with pytest.raises(
        UsageError, match="it knows no class bee; its 2 are ant, owl: train a teacher on these"
    ) as caught:
        matching_outputs(Classify(("ant", "bee")), Classify(("ant", "owl")))
    assert "\n" not in str(caught.value)


def test_a_teacher_of_another_task() -> None:
    with pytest.raises(UsageError, match="it was trained for features and the run is for classify"):
        matching_outputs(Classify(("ant", "bee")), Features())
    with pytest.raises(UsageError, match="it was trained for classify and the run is for features"):
        matching_outputs(Features(), Classify(("ant", "bee")))
