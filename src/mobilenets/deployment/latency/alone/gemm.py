"""Matrix products alone: what no network whose pointwise layers they are can be expected to beat by much."""

from __future__ import annotations

from collections.abc import Callable, Sequence

Product = Sequence[int]  # places, inputs, outputs: (places, inputs) x (inputs, outputs)


def products(library: str, sizes: Sequence[Product]) -> Callable[[], None]:
    """All products once, one after another, each with matrices of its own, in numpy or torch, in float32.

    Both have as many threads as the environment said when the process was started.
    """
    return {"numpy": _numpy, "torch": _torch}[library](sizes)


def _numpy(sizes: Sequence[Product]) -> Callable[[], None]:
    import numpy as np

    draw = np.random.default_rng(0)
    given = [
        (
            draw.standard_normal((places, inputs), dtype=np.float32),
            draw.standard_normal((inputs, outputs), dtype=np.float32),
            np.empty((places, outputs), np.float32),
        )
        for places, inputs, outputs in sizes
    ]

    def run() -> None:
        for maps, weights, out in given:
            np.matmul(maps, weights, out=out)

    return run


def _torch(sizes: Sequence[Product]) -> Callable[[], None]:
    import torch

    given = [
        (torch.randn(places, inputs), torch.randn(inputs, outputs), torch.empty(places, outputs))
        for places, inputs, outputs in sizes
    ]

    def run() -> None:
        for maps, weights, out in given:
            torch.mm(maps, weights, out=out)

    return run
