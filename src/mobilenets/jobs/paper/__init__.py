"""The paper recomputed: its tables of networks counted from the architecture, Figures 4 and 5 drawn."""

import json
from pathlib import Path

from mobilenets.jobs.paper.data import as_data
from mobilenets.jobs.paper.folder import check_folder, replace_folder
from mobilenets.jobs.paper.markdown import as_markdown
from mobilenets.jobs.paper.recount import Recount, recount

__all__ = ["Recount", "paper", "recount"]


def paper(out: Path | str) -> Recount:
    """Recompute the paper into the folder `out`: `paper.md`, `paper.json`, `figure_4.png`, `figure_5.png`.

    The files are written all or not at all; those that stand there from before are replaced. Raises `UsageError`
    for a folder that holds anything else, and `JobError` where the disk refuses.
    """
    # matplotlib is slow to import, and whoever counts does not need it.
    from mobilenets.jobs.paper.figures import figure_4, figure_5

    folder = Path(out)
    check_folder(folder)
    counted = recount()
    four = figure_4(counted.networks, every=counted.every, wide=counted.wide)
    five = figure_5(counted.networks)
    files = {
        "paper.md": as_markdown(counted, figure_4=four.alt, figure_5=five.alt).encode(),
        "paper.json": json.dumps(as_data(counted), indent=2, allow_nan=False).encode(),
        "figure_4.png": four.png(),
        "figure_5.png": five.png(),
    }
    replace_folder(folder, files)
    return counted
