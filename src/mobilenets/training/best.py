"""Which epoch was best on the held-out photographs."""

from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]


def best(history: Sequence[Row], headline: str) -> Row:
    """The row with the highest held-out headline; of several the one with the least loss, and then the first."""
    return max(history, key=lambda row: (row[f"val_{headline}"], -row["val_loss"]))


def called(row: Row) -> str:
    """An epoch in words; epoch 0 is the head alone, before the whole network learnt."""
    return f"epoch {row['epoch']}" if row["epoch"] else "the head alone"
