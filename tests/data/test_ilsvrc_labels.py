"""Every file that labels ILSVRC's photographs: each form, and what is wrong with it in one line."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.io import savemat

from mobilenets.data.ilsvrc_labels import Labels, number_of, read_labels
from mobilenets.data.imagenet_names import wnids
from mobilenets.errors import UsageError

TRUTH = "ILSVRC2012_validation_ground_truth.txt"
OUTPUTS = (65, 0, 999, 230, 65)
EXPECTED = {number: wnids()[one] for number, one in enumerate(OUTPUTS, start=1)}


def _read(folder: Path) -> Labels:
    labels = read_labels([folder])
    assert labels is not None
    return labels


def _name(number: int) -> str:
    return f"ILSVRC2012_val_{number:08d}.JPEG"


def _meta(file: Path, order: list[str]) -> None:
    """As the devkit has it: the classes in an order of its own, behind them synsets of classes, numbered on."""
    kinds = [("ILSVRC2012_ID", object), ("WNID", object), ("words", object)]
    synsets = np.empty(len(order) + 1, dtype=kinds)
    for place, wnid in enumerate([*order, "n00001740"]):
        synsets[place] = (float(place + 1), wnid, "some words")
    savemat(file, {"synsets": synsets[:, None]})


def test_the_devkit_has_an_order_of_its_own(tmp_path: Path) -> None:
    data = tmp_path / "ILSVRC2012_devkit_t12" / "data"
    data.mkdir(parents=True)
    order = list(np.random.default_rng(0).permutation(wnids()))
    _meta(data / "meta.mat", order)
    (data / TRUTH).write_text("".join(f"{order.index(wnids()[one]) + 1}\n" for one in OUTPUTS))
    labels = _read(tmp_path)
    assert labels.wnids == EXPECTED
    assert labels.how == "numbers of meta.mat"
    assert _read(data).wnids == EXPECTED


@pytest.mark.parametrize("first", [0, 1])
def test_caffe_from_0_and_from_1(first: int, tmp_path: Path) -> None:
    rows = [f"{_name(number)} {one + first}" for number, one in enumerate(OUTPUTS, start=1)]
    (tmp_path / "val.txt").write_text("\n".join(rows) + "\n")
    assert _read(tmp_path) == Labels(tmp_path / "val.txt", EXPECTED, f"numbers from {first}")


def test_tensorflow_has_a_wnid_a_line(tmp_path: Path) -> None:
    file = tmp_path / "imagenet_2012_validation_synset_labels.txt"
    file.write_text("".join(f"{wnid}\n" for wnid in EXPECTED.values()))
    assert _read(tmp_path) == Labels(file, EXPECTED, "wnids")


def test_a_table_of_wnids_and_one_of_numbers(tmp_path: Path) -> None:
    rows = [f'images/{_name(number)},7,{wnid},"a, b"' for number, wnid in EXPECTED.items()]
    (tmp_path / "labels.csv").write_text("file,label,wnid,words\n" + "\n".join(rows))
    assert _read(tmp_path).wnids == EXPECTED
    rows = [f"{_name(number)};{one}" for number, one in enumerate(OUTPUTS, start=1)]
    (tmp_path / "labels.csv").write_text("Filename;Class\n" + "\n".join(rows))
    assert _read(tmp_path) == Labels(tmp_path / "labels.csv", EXPECTED, "numbers from 0")


def test_wnids_are_preferred_to_numbers_and_near_files_to_far_ones(tmp_path: Path) -> None:
    near = tmp_path / "val"
    near.mkdir()
    (near / "val.txt").write_text(f"{_name(1)} 0\n")
    (near / "labels.csv").write_text(f"file,wnid\n{_name(1)},{wnids()[3]}\n")
    (tmp_path / "labels.csv").write_text(f"file,wnid\n{_name(1)},{wnids()[4]}\n")
    assert read_labels([near, tmp_path]) == Labels(near / "labels.csv", {1: wnids()[3]}, "wnids")
    assert read_labels([tmp_path / "nowhere"]) is None


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("val.txt", f"{_name(1)} 5\n{_name(2)} 998\n", "has labels from 5 to 998: whether they begin at 0 or 1"),
        ("val.txt", f"{_name(1)} 0\n{_name(2)} 1000\n", "has labels from 0 to 1000, one more than there are classes"),
        ("val.txt", f"{_name(1)} 1001\n", r"val\.txt, line 1: '1001' is no number of a class \(0 to 1000\)"),
        ("val.txt", f"{_name(1)} -1\n", "line 1: '-1' is no number"),
        ("val.txt", f"{_name(1)}\n", "line 1: '' is no ILSVRC photograph"),
        ("val.txt", f"{_name(1)} 0\n{_name(1)} 1\n", "line 2: the photograph 1 is of two classes"),
        ("val.txt", "", "lists no photographs"),
        ("labels.csv", f"file,size\n{_name(1)},3\n", "has the columns file, size: needed are file or path"),
        ("labels.csv", f"file,wnid\n{_name(1)},n99999999\n", "line 2: 'n99999999' is no class of ILSVRC-2012"),
        ("LOC_val_solution.csv", "ImageId,PredictionString\ntrain_1,n01440764\n", "'train_1' is no ILSVRC photograph"),
        (TRUTH, "1\n2\n", "numbers the classes in the devkit's own order: put the devkit's meta.mat beside it"),
        ("imagenet_2012_validation_synset_labels.txt", "n01440764\n\nn01440764\n", "line 2: '' is no class"),
    ],
)
def test_what_is_wrong_is_one_line(name: str, text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match=message) as told:
        _read(tmp_path)
    assert "\n" not in str(told.value)


def test_a_devkit_that_is_not_this_one(tmp_path: Path) -> None:
    (tmp_path / TRUTH).write_text("1\n1001\n")
    (tmp_path / "meta.mat").write_bytes(b"no MATLAB file")
    with pytest.raises(UsageError, match=r"meta\.mat is no meta\.mat of the devkit, or a damaged one"):
        _read(tmp_path)
    _meta(tmp_path / "meta.mat", ["n00000001", *wnids()[1:]])
    with pytest.raises(UsageError, match="does not list the 1000 classes"):
        _read(tmp_path)
    _meta(tmp_path / "meta.mat", list(wnids()))
    with pytest.raises(UsageError, match=r"line 2: '1001' is no class of meta\.mat: numbers 1 to 1000"):
        _read(tmp_path)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "val.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match=r"val\.txt is no text"):
        _read(tmp_path)


@pytest.fixture(scope="module")
def meta(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    file = tmp_path_factory.mktemp("devkit") / "meta.mat"
    _meta(file, list(wnids()))
    return file.read_bytes()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_devkit_is_read_or_refused(data: Any, meta: bytes, tmp_path: Path) -> None:
    """Whatever is cut off or changed in it, the outcome is labels or one line."""
    content = bytearray(meta)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.one_of(st.integers(0, 400), st.integers(0, len(content) - 1)))
        content[place : place + 4] = data.draw(st.binary(min_size=4, max_size=4))
    (tmp_path / TRUTH).write_text("1\n")
    (tmp_path / "meta.mat").write_bytes(content[: data.draw(st.one_of(st.just(len(content)), st.integers(0, 2000)))])
    try:
        assert set(_read(tmp_path).wnids) == {1}
    except UsageError as error:
        assert "\n" not in str(error)


@given(st.integers(1, 99_999_999), st.sampled_from(["", "val/", "a\\b\\", "/x/ILSVRC2012_val_00000009/"]))
def test_the_number_in_a_name(number: int, folder: str) -> None:
    assert number_of(f"{folder}ILSVRC2012_val_{number:08d}.JPEG") == number
    assert number_of(f"{folder}ilsvrc2012_VAL_{number:08d}") == number
    assert number_of(f"{folder}{number:08d}.JPEG") is None
