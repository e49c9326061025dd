"""How fast: the same work done by `mobilenets` and by what most people run, side by side on this machine."""
