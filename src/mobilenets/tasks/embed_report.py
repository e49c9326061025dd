"""The pages of an embedding's report: how far apart photographs are, and what a threshold makes of it."""

from mobilenets.maths.verification import Pairs
from mobilenets.reporting import figures
from mobilenets.reporting.page import Page
from mobilenets.tasks.protocol import Scores


def add_embedding(page: Page, scores: Scores, pairs: Pairs) -> None:
    """Add the sections of an embedding to a run's page."""
    page.heading("One person or two")
    table = scores.details["val_at_far"]
    page.figure(
        figures.distances(
            pairs.same,
            pairs.different,
            names=("one person", "two people"),
            thresholds={f"FAR {far}": row["threshold"] for far, row in table.items()},
        ),
        f"All {len(pairs.same):,} pairs of one person's photographs and {len(pairs.different):,} of two people's.",
    )
    if table:
        _add_rates(page, table)
    for far, row in scores.details.get("too_few_pairs", {}).items():
        page.notice(f"FAR {far} takes {row['needed']:,} pairs of two people; there are {row['pairs']:,}.")


def _add_rates(page: Page, table: dict[str, dict[str, float]]) -> None:
    columns = ("FAR", "pairs of two people", "of them accepted", "squared distance", "VAL", "standard error")
    keys = ("pairs", "accepted", "threshold", "val", "standard_error")
    page.table(
        columns,
        [(far, *(row.get(key) for key in keys)) for far, row in table.items()],
        caption="VAL: pairs of one person accepted at a false accept rate",
        formats={"squared distance": ".3f", "VAL": ".1%", "standard error": ".1%"},
    )
    page.paragraph("The standard error is over people, for pairs of one person stand and fall together.")
