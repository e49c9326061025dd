"""Which epoch was best."""

from typing import Any

from mobilenets.training.best import best, called


def _row(epoch: int, top1: float, loss: float) -> dict[str, Any]:
    return {"epoch": epoch, "val_top1": top1, "val_loss": loss, "val_top5": -top1}


def test_the_highest_headline_then_the_least_loss_then_the_first() -> None:
    low, high, surer, later = _row(1, 0.5, 0.1), _row(2, 0.75, 0.9), _row(3, 0.75, 0.8), _row(4, 0.75, 0.8)
    assert best([low, high], "top1") is high
    assert best([high, low], "top1") is high
    assert best([low, high, surer], "top1") is surer
    assert best([low, high, surer, later], "top1") is surer
    assert best([low, high], "top5") is low


def test_epoch_0_is_the_head() -> None:
    assert called(_row(0, 0.5, 0.1)) == "the head alone"
    assert called(_row(7, 0.5, 0.1)) == "epoch 7"
