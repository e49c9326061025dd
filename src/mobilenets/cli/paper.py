"""`mobilenets paper`: the paper's tables recomputed and its figures drawn."""

from pathlib import Path

from mobilenets.cli.output import Column, print_json, print_line, print_table
from mobilenets.jobs.paper import Recount, paper
from mobilenets.jobs.paper.data import as_data
from mobilenets.jobs.paper.folder import FILES


def run(*, out: Path, json: bool = False) -> None:
    """Recompute the MobileNets paper's tables of networks and draw its Figures 4 and 5.

    Writes paper.md and paper.json (for each figure what is published, what is counted and why they differ) and
    figure_4.png and figure_5.png (accuracy against mult-adds and against params).

    Args:
        out: folder to write: a new one, an empty one, or one that this command wrote before
        json: print JSON
    """
    recount = paper(out)
    if json:
        print_json({"out": out, "files": FILES, **as_data(recount)})
    else:
        _print_recount(recount, out)


def _print_recount(recount: Recount, out: Path) -> None:
    columns = (
        Column("table", number=True),
        Column("row"),
        Column("figure"),
        Column("published", number=True),
        Column("counted", number=True),
        Column("explanation"),
    )
    rows = [
        (str(table.number), row.label, column.title, entry.published, entry.counted_text, entry.explanation)
        for table in recount.tables
        for row in table.rows
        for column, entry in zip(table.columns, row.entries, strict=True)
        if entry.counted is not None and not entry.agrees
    ]
    print_line(f"{recount.agreeing} of {len(recount.entries)} figures come out as printed. The others:", style="bold")
    print_table(columns, rows)
    print_line()
    print_line(f"Accuracy against log10(mult-adds) over 16 networks: R² = {recount.every.r_squared:.4f}.")
    print_line(f"Written to {out}: {', '.join(FILES)}.")
