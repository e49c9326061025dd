"""The model card: what the hub reads of it, and that it states what was measured and nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import ModelCard

from mobilenets.architecture import names
from mobilenets.architecture.cost import cost
from mobilenets.errors import UsageError
from mobilenets.jobs.weights.card import write_card
from mobilenets.jobs.weights.converting import convert_weights
from mobilenets.weights import registry
from mobilenets.weights.hub import sha256_of

REPORT: dict[str, Any] = {
    "model": "/home/ada/model",
    "data": "/home/ada/birds | bees",
    "split": "val",
    "photographs": 1234,
    "preprocessing": {"resolution": 32, "crop": 0.9, "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]},
    "shown": "central square of 0.9 of the shorter side",
    "loss": 1.0,
    "scores": {"top1": 0.625, "top5": 0.875, "calibration_error": 0.0625},
}


@pytest.fixture
def report(tmp_path: Path) -> Path:
    file = tmp_path / "report.json"
    file.write_text(json.dumps(REPORT))
    return file


def _card(folder: Path) -> ModelCard:
    return ModelCard.load(folder / "README.md")


@pytest.mark.parametrize(("to", "library"), [("checkpoint", "mobilenets"), ("huggingface", "transformers")])
def test_the_hub_reads_it(to: str, library: str, hub_layout: Path, report: Path, tmp_path: Path) -> None:
    done = convert_weights(hub_layout, out=tmp_path / "small", to=to, figures=report, licence="mit")  # type: ignore[arg-type]
    card = _card(done.folder)
    assert (card.data.library_name, card.data.license) == (library, "mit")
    assert card.data.pipeline_tag == "image-classification"
    assert card.data.metrics == ["accuracy"]
    assert card.data.model_name == "small"
    results = {result.metric_name: result for result in card.data.eval_results}
    assert results["top1"].metric_value == 0.625
    assert results["top1"].dataset_name == "birds | bees"
    assert results["calibration_error"].metric_type == "calibration_error"


def test_it_states_the_figures_and_how_they_came(hub_layout: Path, report: Path, tmp_path: Path) -> None:
    text = _card(convert_weights(hub_layout, out=tmp_path / "small", figures=report).folder).text
    assert "| top1 | 0.6250 |" in text
    assert "1,234 photographs of birds | bees (val)" in text
    assert "central square of 0.9 of the shorter side" in text
    assert "/home/ada" not in text
    price = cost(names.network("mobilenet_v1_0.25_32", classes=10))
    assert f"| mult-adds | {price.mult_adds:,} |" in text
    assert f"| params | {price.params:,} |" in text


def test_without_figures_it_says_that_none_were_measured(hub_layout: Path, tmp_path: Path) -> None:
    done = convert_weights(hub_layout, out=tmp_path / "small")
    card = _card(done.folder)
    assert "Nothing was measured with these weights." in card.text
    assert card.data.metrics is None and card.data.eval_results is None
    assert card.data.license is None
    assert "Licence: not stated" in card.text
    assert "## Published" not in card.text


def test_published_figures_are_said_to_be_published(
    hub_layout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = hub_layout / "model.safetensors"
    monkeypatch.setitem(registry._BY_CHECKSUM, sha256_of(file), registry.REGISTRY["mobilenet_v1_0.25_128"])
    convert_weights(file, out=tmp_path / "small")
    text = _card(tmp_path / "small").text
    assert "as published; not measured here" in text
    assert "| 128 | 41.5 % | 66.3 % |" in text
    assert _card(tmp_path / "small").data.license == "apache-2.0"
    # The checkpoint still knows where it came from.
    write_card(tmp_path / "small")
    assert _card(tmp_path / "small").text == text


def test_a_card_of_a_trained_model_is_written_again_with_its_figures(
    hub_layout: Path, report: Path, tmp_path: Path
) -> None:
    folder = convert_weights(hub_layout, out=tmp_path / "small").folder
    assert write_card(folder, figures=report) == folder / "README.md"
    assert "| top1 | 0.6250 |" in _card(folder).text


def test_a_card_of_other_hands_is_kept(hub_layout: Path, tmp_path: Path) -> None:
    folder = convert_weights(hub_layout, out=tmp_path / "small").folder
    (folder / "README.md").write_text("# My own")
    with pytest.raises(UsageError, match="is not one of ours and would be lost"):
        write_card(folder)
    write_card(folder, overwrite=True)
    assert "# My own" not in (folder / "README.md").read_text()


def test_only_checkpoints_have_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"is no checkpoint: it has no run\.json"):
        write_card(tmp_path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is not JSON"),
        ("[]", "is no report of an evaluation"),
        ("{}", "is no report of an evaluation"),
        (json.dumps({**REPORT, "scores": {}}), "is no report of an evaluation"),
        (json.dumps({**REPORT, "scores": {"top1": "much"}}), "is no report of an evaluation"),
        (json.dumps({**REPORT, "scores": {"top1": float("nan")}}), "is no report of an evaluation"),
        (json.dumps({**REPORT, "photographs": True}), "is no report of an evaluation"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_figures_that_are_none(content: str, words: str, hub_layout: Path, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(content)
    with pytest.raises(UsageError, match=words) as caught:
        convert_weights(hub_layout, out=tmp_path / "small", figures=tmp_path / "report.json")
    assert "\n" not in str(caught.value)
