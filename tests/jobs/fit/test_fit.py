"""The whole of a fit, on photographs that a network learns in seconds."""

import csv
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

pytest.importorskip("onnxruntime")

from mobilenets.deployment.artefact import read_artefact
from mobilenets.errors import JobError, UsageError
from mobilenets.jobs.evaluate import evaluate
from mobilenets.jobs.fit import learning
from mobilenets.jobs.fit.budget import Budget, Figure, binding
from mobilenets.jobs.fit.job import Fitted, fit, resume_fit
from mobilenets.jobs.fit.settings import FitSettings
from mobilenets.jobs.fit.shipping import Shipping
from mobilenets.jobs.fit.state import FIT, read_state

QUIET = Console(quiet=True)


def _settings(swatches: Path, out: Path, **fields: Any) -> FitSettings:
    usual: dict[str, Any] = {
        "budget": Budget(max_mult_adds=3.3, max_mb=2.0),
        "widths": (0.25, 0.35, 0.5),
        "resolutions": (32, 48),
        "precision": "float32",
        "weights": ("none",),
        "teacher": "none",
        "arms": 2,
        "minutes": 60.0,
    }
    return FitSettings(data=str(swatches), out=out, **{**usual, **fields})


def _shorten(patched: pytest.MonkeyPatch) -> None:
    """A few epochs a round, however fast the machine is: there is time for more."""
    patched.setattr(learning.Arm, "most_epochs", 3)


@pytest.fixture(autouse=True)
def shortened(monkeypatch: pytest.MonkeyPatch) -> None:
    _shorten(monkeypatch)


@pytest.fixture(scope="module")
def fitted(swatches: Path, tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    """A fit with a teacher. Read only."""
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("MOBILENETS_CACHE", str(cache))
        _shorten(patched)
        settings = _settings(swatches, tmp_path_factory.mktemp("fits") / "swatches", teacher="auto")
        return fit(settings, console=QUIET)


def test_the_file_keeps_the_budget_and_has_the_score_that_is_told(fitted: Fitted, swatches: Path) -> None:
    assert fitted.artefact is not None and fitted.headline == "top1"
    artefact = read_artefact(fitted.artefact)
    assert artefact.report.mult_adds <= 3.3e6
    assert artefact.report.size <= 2e6
    report = evaluate(str(swatches), model=fitted.artefact, console=QUIET)
    assert report.scores["top1"] == fitted.score
    assert report.photographs == fitted.photographs == 6
    assert binding(fitted.figures, Budget(max_mult_adds=3.3, max_mb=2.0)) is None
    assert {name: one.label for name, one in fitted.figures.items()} == {
        "mult_adds": "exact",
        "mb": "measured",
        "ram_mb": "measured",
        "ms": "measured",
    }


def test_every_candidate_has_its_row_and_one_ships(fitted: Fitted) -> None:
    assert len(fitted.rows) == 6
    assert [row.title for row in fitted.rows if row.verdict == "ships"] == [fitted.network]
    over = [row for row in fitted.rows if row.mult_adds > 3.3e6]
    assert over and all(row.excess is not None for row in over)
    with (fitted.folder / "candidates.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["network"] for row in rows] == [row.title for row in fitted.rows]
    (ships,) = [row for row in rows if row["verdict"] == "ships"]
    assert float(ships["score"]) == pytest.approx(fitted.score)
    assert ships["ms_label"] == "measured"


def test_half_of_them_go_on_and_learn_from_the_largest(fitted: Fitted) -> None:
    trainings = read_state(fitted.folder).trainings
    teacher, *others = trainings
    assert (teacher.name, teacher.round) == ("teacher", 0)
    assert [one.round for one in others] == [1, 1, 2]
    assert others[2].name == max(others[:2], key=lambda one: one.score).name
    # Where the second round made it worse, the network of the first stands in the list.
    last = fitted.folder / "trainings" / f"2-{others[2].name}"
    run = json.loads((last / "run.json").read_text(encoding="utf-8"))["run"]
    assert run["distillation"]["teacher"] == str(fitted.folder / teacher.folder)
    assert run["weights"] == str(fitted.folder / "trainings" / f"1-{others[2].name}")


def test_the_page_stands_alone_and_shows_the_curve(fitted: Fitted) -> None:
    page = (fitted.folder / "report.html").read_text(encoding="utf-8")
    assert fitted.network is not None and fitted.network in page
    assert not re.search(r"""(src|href)=["']?http""", page)
    assert (fitted.folder / "tradeoff.png").read_bytes().startswith(b"\x89PNG")


def test_a_fit_that_is_done_is_told_again_without_learning(
    fitted: Fitted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(fitted.folder, tmp_path / "copy"))
    monkeypatch.setattr(learning, "train", None)
    again = resume_fit(folder, console=QUIET)
    assert (again.network, again.score) == (fitted.network, fitted.score)


class _DiedError(BaseException):
    """As if the process had been killed."""


def test_a_killed_fit_goes_on_where_it_was(swatches: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = _settings(swatches, tmp_path / "died")
    train, calls = learning.train, []

    def die(run: Any, **named: Any) -> Any:
        calls.append(run.out.name)
        if len(calls) == 2:
            raise _DiedError
        return train(run, **named)

    monkeypatch.setattr(learning, "train", die)
    with pytest.raises(_DiedError):
        fit(settings, console=QUIET)
    before = read_state(settings.out)
    assert len(before.trainings) == 1
    again = resume_fit(settings.out, console=QUIET)
    after = read_state(settings.out)
    assert after.trainings[0] == before.trainings[0]
    assert after.plans[0] == before.plans[0]
    assert calls[1] == calls[2] and len(calls) == 4
    assert again.artefact is not None


def test_where_a_file_is_slower_than_its_like_others_learn(
    swatches: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget = Budget(max_mult_adds=3.3, max_mb=2.0, max_ms=1000.0)
    settings = _settings(swatches, tmp_path / "slow", budget=budget, arms=1)
    slow = {"ms": Figure(2000.0, "measured")}
    with monkeypatch.context() as patched, pytest.raises(JobError, match=r"2000 ms \(measured\) over .* --resume"):
        patched.setattr(Shipping, "_timed", lambda *_, **__: slow)
        fit(settings, console=QUIET)
    (first,) = read_state(settings.out).trainings
    again = resume_fit(settings.out, minutes=120.0, console=QUIET)
    assert again.network is not None and again.network != first.name
    (refused,) = [row for row in again.rows if row.title == first.name]
    assert refused.excess is not None and refused.excess.limit == "ms"


def test_where_nothing_fits_the_binding_limit_and_the_nearest_budget_are_named(swatches: Path, tmp_path: Path) -> None:
    settings = _settings(swatches, tmp_path / "none", budget=Budget(max_mult_adds=0.5))
    with pytest.raises(JobError, match=r"none of the 6 candidates fits: the nearest is mobilenet_v1_0.25_32 .* 0.5; "):
        fit(settings, console=QUIET)
    assert (settings.out / "candidates.csv").exists() and (settings.out / "report.html").exists()
    assert not (settings.out / "artefact").exists()


def test_a_dry_run_prices_and_measures_and_trains_nothing(swatches: Path, tmp_path: Path) -> None:
    done = fit(_settings(swatches, tmp_path / "dry"), dry_run=True, console=QUIET)
    assert done.artefact is None and done.score is None
    assert {row.figures["ms"].label for row in done.rows if row.excess is None} <= {"measured", "estimated"}
    assert not (tmp_path / "dry" / "trainings").exists()


def test_an_int8_file_ships_where_floats_are_too_large(swatches: Path, tmp_path: Path) -> None:
    settings = _settings(
        swatches,
        tmp_path / "int8",
        budget=Budget(max_mb=0.45),
        precision="int8",
        widths=(0.25,),
        resolutions=(32,),
        max_drop=100.0,
        arms=1,
    )
    done = fit(settings, console=QUIET)
    assert done.network == "mobilenet_v1_0.25_32 int8"
    assert done.artefact is not None
    assert read_artefact(done.artefact).report.precision == "int8"


def test_earlier_work_is_not_lost(fitted: Fitted, swatches: Path) -> None:
    with pytest.raises(UsageError, match=r"which would be lost: go on with --resume .* start anew with --overwrite"):
        fit(_settings(swatches, fitted.folder), console=QUIET)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"budget": Budget()}, "no limit is given"),
        ({"runtime": "abacus"}, "runtime 'abacus' is unknown"),
        ({"runtime": "ncnn", "precision": "int8"}, "ncnn"),
        ({"widths": (3.0,)}, "width 3 "),
        ({"device": "nowhere.json"}, r"nowhere.json cannot be read"),
        ({"weights": ("nothing.h5",)}, "nothing.h5"),
        ({"task": "sing"}, "task 'sing' is unknown"),
    ],
)
def test_requests_that_cannot_be_leave_nothing(
    swatches: Path, tmp_path: Path, fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        fit(_settings(swatches, tmp_path / "out", **fields), console=QUIET)
    assert not (tmp_path / "out").exists()


def test_a_folder_among_the_photographs_is_refused(swatches: Path) -> None:
    with pytest.raises(UsageError, match="lies among the photographs"):
        fit(_settings(swatches, swatches / "fit"), console=QUIET)


def test_damaged_state_is_one_line(fitted: Fitted, tmp_path: Path) -> None:
    (tmp_path / FIT).write_text("{", encoding="utf-8")
    with pytest.raises(UsageError, match="is damaged"):
        resume_fit(tmp_path, console=QUIET)
    whole = json.loads((fitted.folder / FIT).read_text(encoding="utf-8"))
    for name in ("settings", "trainings", "figures", "plans"):
        (tmp_path / FIT).write_text(json.dumps({**whole, name: 3}), encoding="utf-8")
        with pytest.raises(UsageError, match=f"{FIT}"):
            resume_fit(tmp_path, console=QUIET)
    with pytest.raises(UsageError, match="holds no fit"):
        resume_fit(tmp_path / "nowhere", console=QUIET)


def test_weights_of_no_candidate_are_refused(swatches: Path, tmp_path: Path, fitted: Fitted) -> None:
    checkpoint = fitted.folder / read_state(fitted.folder).trainings[-1].folder
    settings = replace(_settings(swatches, tmp_path / "out"), weights=(str(checkpoint),), widths=(0.75,))
    with pytest.raises(UsageError, match="which no candidate has"):
        fit(settings, console=QUIET)
