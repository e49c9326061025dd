"""How fast the work could be at all: matrix products alone, decoding alone. Each public function is a contender.

All seconds are the best of several tries, as a ceiling has to be.

A MobileNet's pointwise convolutions are matrix products and hold nearly all its mult-adds (the paper's Table 2), so
that no step can beat the time of those products. No loader can beat the decoding of the photographs.
"""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from mobilenets.architecture.names import network as named_layers
from mobilenets.data.decode import decode
from mobilenets.jobs.memory import keep_memory
from mobilenets.network.fold import fold
from mobilenets.weights.create import create

_REPEATS = 5
_STEPS = 8
_MOST = 200


def training(*, network: str, classes: int, threads: int, batch: int, lr: float, data: str) -> dict[str, Any]:
    """Seconds of a step: its products alone, and our network's on photographs that are ready. Decoding alone."""
    torch.set_num_threads(threads)
    keep_memory()
    gemm = _products(network, batch=batch, learning=True)
    return {**gemm, "step_seconds": _step(network, classes=classes, batch=batch, lr=lr), **_decoding(data, threads)}


def inference(*, network: str, threads: int, batch: int, data: str, resolution: int) -> dict[str, Any]:
    """The same for answering: products, our folded network, decoding whole and decoding as `predict` does."""
    torch.set_num_threads(threads)
    gemm = _products(network, batch=batch, learning=False)
    model = fold(create(network).eval()).to(memory_format=torch.channels_last)
    images = torch.rand(batch, 3, resolution, resolution).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        seconds = _best_step(lambda: model(images))
    small = _rate(data, threads, lambda content: decode(content, at_least=resolution))
    return {**gemm, "step_seconds": seconds, **_decoding(data, threads), "decode_small_seconds": small}


def _products(network: str, *, batch: int, learning: bool) -> dict[str, float]:
    """Seconds of the pointwise layers' products over a batch, each at its best of many; and their speed."""
    seconds = mult_adds = 0.0
    for layer in named_layers(network):
        if layer.kind == "pointwise":
            places = batch * layer.out_size[0] * layer.out_size[1]
            seconds += _product(places, layer.in_channels, layer.out_channels, learning=learning)
            mult_adds += (3 if learning else 1) * batch * layer.mult_adds
    return {"gemm_seconds": seconds, "gemm_gflops": 2 * mult_adds / seconds / 1e9}


def _product(places: int, inputs: int, outputs: int, *, learning: bool) -> float:
    """(places, inputs) x (inputs, outputs); in learning the products of both gradients too."""
    below, weights, above = torch.randn(places, inputs), torch.randn(inputs, outputs), torch.randn(places, outputs)
    seconds = _best(below, weights, out=torch.empty_like(above))
    if learning:
        seconds += _best(above, weights.t(), out=torch.empty_like(below))
        seconds += _best(below.t(), above, out=torch.empty_like(weights))
    return seconds


def _best(first: Tensor, second: Tensor, *, out: Tensor) -> float:
    torch.mm(first, second, out=out)
    return min(_seconds(lambda: torch.mm(first, second, out=out)) for _ in range(_REPEATS))


def _step(network: str, *, classes: int, batch: int, lr: float) -> float:
    side = int(network.rpartition("_")[2])
    model = create(network, classes=classes).train().to(memory_format=torch.channels_last)
    optimiser = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9, nesterov=True, fused=True)
    images = torch.randn(batch, 3, side, side).contiguous(memory_format=torch.channels_last)
    labels = torch.arange(batch) % classes
    return _best_step(lambda: _learn(model, optimiser, images, labels))


def _learn(model: nn.Module, optimiser: torch.optim.Optimizer, images: Tensor, labels: Tensor) -> None:
    F.cross_entropy(model(images), labels).backward()  # type: ignore[no-untyped-call]
    optimiser.step()
    optimiser.zero_grad()


def _decoding(data: str, threads: int) -> dict[str, float]:
    return {"decode_seconds": _rate(data, threads, _whole)}


def _rate(data: str, threads: int, work: Callable[[bytes], object]) -> float:
    """Seconds a photograph, with all threads at work and the files in memory."""
    contents = [path.read_bytes() for path in _files(Path(data))]
    with ThreadPoolExecutor(threads) as pool:
        return _seconds(lambda: list(pool.map(work, contents))) / len(contents)


def _files(folder: Path) -> Iterable[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())[:_MOST]


def _whole(content: bytes) -> None:
    with Image.open(BytesIO(content)) as image:
        image.convert("RGB")


def _best_step(work: Callable[[], object]) -> float:
    work()
    return min(_seconds(work) for _ in range(_STEPS))


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
