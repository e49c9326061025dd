"""Two photographs compared, and the threshold that it is done by."""

import json
import shutil
from pathlib import Path

import pytest
from rich.console import Console

import mobilenets
from mobilenets.checkpoint import read_description
from mobilenets.errors import JobError, UsageError
from mobilenets.jobs.faces.compare import compare
from mobilenets.jobs.faces.threshold import set_threshold
from mobilenets.jobs.weights.converting import convert_weights

QUIET = Console(quiet=True)


@pytest.fixture
def model(embedder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(embedder, tmp_path / "model"))


def _face(people: Path, person: int, number: int) -> Path:
    return people / f"p{person}" / f"p{person}_{number:04}.png"


def test_learning_ends_with_what_the_held_out_people_tell(embedder: Path) -> None:
    """Two people with eight photographs each are held out: 64 pairs, and a FAR of .1 takes 100."""
    assert read_description(embedder).task_state["threshold"] is None


def test_a_threshold_is_kept_and_used(model: Path, people: Path) -> None:
    found = set_threshold(str(people), model=model, split="all", console=QUIET)
    assert (found.far, found.pairs, found.photographs) == (0.1, 6 * 5 // 2 * 64, 48)
    assert found.accepted <= 0.1 * found.pairs
    kept = read_description(model).task_state["threshold"]
    assert kept == {"distance": found.threshold, "far": 0.1, "val": found.val, "pairs": found.pairs}
    same = compare(_face(people, 0, 1), _face(people, 0, 1), model=model)
    assert (same.same, same.threshold, same.far, same.val) == (True, found.threshold, 0.1, found.val)
    assert same.distance == pytest.approx(0, abs=1e-5)


def test_a_threshold_that_is_given_goes_before(model: Path, people: Path) -> None:
    pair = (_face(people, 0, 1), _face(people, 1, 1))
    apart = compare(*pair, model=model, threshold=0.0)
    assert (apart.same, apart.far, apart.val) == (False, None, None)
    assert compare(*pair, model=model, threshold=4.0).same
    assert compare(*pair, model=model, threshold=apart.distance).same


def test_the_pair_s_order_changes_nothing(model: Path, people: Path) -> None:
    one, other = _face(people, 2, 1), _face(people, 3, 4)
    there, back = compare(one, other, model=model, threshold=1), compare(other, one, model=model, threshold=1)
    assert there.distance == pytest.approx(back.distance, abs=1e-6)


def test_what_cannot_be_compared_is_refused_in_one_line(
    model: Path, tiny_model: Path, people: Path, tmp_path: Path
) -> None:
    face, broken = _face(people, 0, 1), tmp_path / "broken.jpg"
    broken.write_bytes(b"no image")
    with pytest.raises(UsageError, match=r"has no threshold: set one with `mobilenets threshold PHOTOS"):
        compare(face, face, model=model)
    with pytest.raises(UsageError, match=r"threshold 5 is outside \[0, 4\]"):
        compare(face, face, model=model, threshold=5)
    with pytest.raises(UsageError, match="is of the task classify"):
        compare(face, face, model=tiny_model, threshold=1)
    with pytest.raises(UsageError, match="holds several photographs: name a single one"):
        compare(people / "p0", face, model=model, threshold=1)
    with pytest.raises(UsageError, match="is not there"):
        compare(tmp_path / "none.jpg", face, model=model, threshold=1)
    with pytest.raises(JobError, match=r"broken\.jpg cannot be used"):
        compare(face, broken, model=model, threshold=1)


def test_a_far_that_the_photographs_cannot_measure_is_refused_with_the_number(model: Path, people: Path) -> None:
    with pytest.raises(UsageError, match=r"--far 0\.001 takes 10,000 pairs of different people and all .* has 960"):
        set_threshold(str(people), model=model, far=0.001, split="all", console=QUIET)
    with pytest.raises(UsageError, match=r"--far 0\.1 takes 100 pairs .* has 64: more photographs, there are too few"):
        set_threshold(str(people), model=model, console=QUIET)
    for far in (0.0, 1.0):
        with pytest.raises(UsageError, match="outside"):
            set_threshold(str(people), model=model, far=far, split="all", console=QUIET)
    assert read_description(model).task_state["threshold"] is None


def test_a_file_that_ships_answers_as_its_checkpoint(model: Path, people: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    set_threshold(str(people), model=model, split="all", console=QUIET)
    shipped = mobilenets.export(model, out=tmp_path / "shipped").folder
    pair = (_face(people, 1, 1), _face(people, 2, 1))
    ours, theirs = compare(*pair, model=model), compare(*pair, model=shipped)
    assert (theirs.threshold, theirs.far, theirs.same) == (ours.threshold, ours.far, ours.same)
    assert theirs.distance == pytest.approx(ours.distance, abs=1e-4)
    with pytest.raises(UsageError, match="is an artefact, which stays as it was verified"):
        set_threshold(str(people), model=shipped, split="all", console=QUIET)


def test_no_other_library_has_a_layout_for_an_embedding(embedder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="ends in an embedding of 16"):
        convert_weights(embedder, out=tmp_path / "hub", to="huggingface")


def test_public_weights_of_faces_tell_real_people_apart(shared_data: Path, tmp_path: Path) -> None:
    """All 4,950 pairs of ten people with ten photographs, as they are: the crop is a fixed one."""
    model = tmp_path / "teacher"
    convert_weights(shared_data / "weights" / "mobilefacenet_068.ckpt", out=model)
    report = mobilenets.evaluate(str(shared_data / "lfw100"), model=model, console=QUIET)
    assert report.scores["auc"] == pytest.approx(0.9978, abs=5e-4)
    assert report.scores["equal_error_rate"] < 0.03
    assert report.details["val_at_far"]["0.01"]["val"] > 0.94
    assert json.loads(json.dumps(report.details)) == report.details
    assert list(report.details["val_at_far"]) == ["0.01", "0.1"]
