"""A short training on 8-bit grids: the fake-quantised network learns to answer as the float network does."""

import time
from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mobilenets.data.preprocess import Preprocessing, scale
from mobilenets.deployment.int8.fake import fake_quantised, float_copy, observe
from mobilenets.errors import JobError
from mobilenets.network.graph import Network

# Small, as quantisation-aware training wants it (Krishnamoorthi, arXiv 1806.08342, section 4.2): the float network is
# near already.
_LR = 2e-5
_BATCH = 16
_CLIP = 1.0


def distilled(
    student: Network,
    teacher: Network,
    images: NDArray[np.uint8],
    preprocessing: Preprocessing,
    *,
    minutes: float,
    seed: int,
    clock: Callable[[], float] = time.monotonic,
) -> Network:
    """A copy of a folded network, trained for `minutes` with its kernels and maps on grids; it has float weights.

    Images are (N, H, W, 3) bytes without labels: what is minimised is the squared distance of the outputs from the
    teacher's, over their spread. The rate falls to zero with the time. Raises `JobError` where it diverges.
    """
    starts = range(0, len(images), _BATCH)
    seen = observe(student, (scale(_planes(images[start : start + _BATCH]), preprocessing) for start in starts))
    learner = fake_quantised(student, seen, kernels="channel symmetric").requires_grad_(True)
    optimiser = torch.optim.Adam(learner.parameters(), lr=_LR)
    begun = clock()
    for batch in _forever(images, seed=seed):
        spent = (clock() - begun) / (60 * minutes)
        if spent >= 1:
            break
        optimiser.param_groups[0]["lr"] = _LR * (1 - spent)
        _learn(learner, teacher, optimiser, scale(_planes(batch), preprocessing))
    return float_copy(learner, student)


def _learn(learner: Network, teacher: Network, optimiser: torch.optim.Optimizer, floats: Tensor) -> None:
    with torch.no_grad():
        wanted: Tensor = teacher(floats)
    loss = (learner(floats) - wanted).square().mean() / wanted.var().clamp_min(1e-6)
    if not loss.isfinite():
        raise JobError("the quantisation-aware training diverged: leave it out with --qat-minutes 0")
    optimiser.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(learner.parameters(), _CLIP)
    optimiser.step()


def _forever(images: NDArray[np.uint8], *, seed: int) -> Iterator[NDArray[np.uint8]]:
    draw = np.random.default_rng(seed)
    while True:
        order = draw.permutation(len(images))
        for start in range(0, len(order), _BATCH):
            yield images[order[start : start + _BATCH]]


def _planes(images: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(images).permute(0, 3, 1, 2)
