"""Where decoded photographs, data sets and weights are kept: all of it can be made or fetched again."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """MOBILENETS_CACHE, else XDG_CACHE_HOME/mobilenets, else ~/.cache/mobilenets. It need not exist yet."""
    own = os.environ.get("MOBILENETS_CACHE")
    if own:
        return Path(own).expanduser()
    # The XDG base directory specification: a relative path there is invalid and to be ignored.
    shared = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (shared if shared.is_absolute() else Path.home() / ".cache") / "mobilenets"
