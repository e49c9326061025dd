"""A training step on a GPU, from images that are there already: our network against timm's, eager and compiled.

What a step moves through memory at least is estimated from the layers, to say how near it comes to the memory's speed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.measure import Settings, ratios, say, spread
from benchmarks.report import Result, Table
from mobilenets.architecture.layer import Layer
from mobilenets.architecture.names import network, parse
from mobilenets.weights.create import create

NETWORK = "mobilenet_v1_1.0_224"
BATCH = 256
_CLASSES = 1000
_LR = 0.01
_STEPS, _WARM = 20, 5
_GIBIBYTE = 1 << 30
_NO_GPU = "There is no GPU here that torch can use: nothing was measured."


def run(settings: Settings) -> Result:
    """Steps in turns, timed by the GPU's own events."""
    title = f"A training step of {NETWORK} on a GPU, batch {BATCH}, bfloat16, channels last"
    if not torch.cuda.is_available():
        say(f"gpu_step: {_NO_GPU}")
        return Result([Table(title, (), (), (_NO_GPU,))], {})
    return _result(title, settings.rounds)


@dataclass(frozen=True, slots=True)
class _Steps:
    milliseconds: float
    peak_mb: float


def _result(title: str, rounds: int) -> Result:
    torch.manual_seed(0)
    images = torch.randn(BATCH, 3, 224, 224, device="cuda").contiguous(memory_format=torch.channels_last)
    labels = torch.randint(_CLASSES, (BATCH,), device="cuda")
    contenders = _contenders()
    runs: dict[str, list[_Steps]] = {name: [] for name in contenders}
    for number in range(rounds):
        for name, model in contenders.items():
            say(f"gpu_step: round {number + 1} of {rounds}: {name}")
            runs[name].append(_steps(model, images, labels))
    copied = copy_bandwidth()
    moved = bytes_moved(network(NETWORK, classes=_CLASSES), batch=BATCH)
    figures = {
        "device": torch.cuda.get_device_name(),
        "milliseconds": {name: [one.milliseconds for one in several] for name, several in runs.items()},
        "peak_mb": {name: max(one.peak_mb for one in several) for name, several in runs.items()},
        "bytes_moved": moved,
        "copy_bytes_per_second": copied,
    }
    columns = ("", "step, ms", "ours is faster", "images/s", "of the memory's speed", "peak memory, MB")
    rows = [_row(name, runs, moved=moved, copied=copied) for name in runs]
    notes = (
        f"{figures['device']}. Medians of {rounds} interleaved rounds of {_STEPS} steps, with the least and greatest.",
        f"A copy within its memory runs at {copied / 1e9:,.0f} GB/s (read and written). A step moves "
        f"{moved / 1e9:.1f} GB at least, so that it cannot take less than {moved / copied * 1e3:.1f} ms.",
    )
    return Result([Table(title, columns, rows, notes)], figures)


def _contenders() -> dict[str, nn.Module]:
    """Ours first; each rival has the same kind of ours to be compared with."""
    from benchmarks.rivals import network as timm_network

    made: dict[str, nn.Module] = {
        "mobilenets": create(NETWORK, classes=_CLASSES),
        "timm": timm_network(width=parse(NETWORK).width, classes=_CLASSES),
    }
    for model in made.values():
        model.train().cuda().to(memory_format=torch.channels_last)
    # torch.compile says that it gives any function; given a module it gives one.
    return made | {f"{name}, compiled": cast(nn.Module, torch.compile(model)) for name, model in made.items()}


def _steps(model: nn.Module, images: Tensor, labels: Tensor) -> _Steps:
    optimiser = torch.optim.SGD(model.parameters(), lr=_LR, momentum=0.9, nesterov=True, fused=True)

    def step() -> None:
        with torch.autocast("cuda", torch.bfloat16):
            loss = F.cross_entropy(model(images), labels)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)

    for _ in range(_WARM):
        step()
    torch.cuda.reset_peak_memory_stats()
    times = [_milliseconds(step) for _ in range(_STEPS)]
    return _Steps(spread(times).median, torch.cuda.max_memory_allocated() / 1e6)


def _milliseconds(work: Callable[[], object]) -> float:
    begun, ended = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
    begun.record()
    work()
    ended.record()
    ended.synchronize()
    return float(begun.elapsed_time(ended))


def copy_bandwidth() -> float:
    """Bytes a second, read and written, of the best of many copies of a gibibyte on the GPU."""
    source = torch.empty(_GIBIBYTE, dtype=torch.uint8, device="cuda")
    target = torch.empty_like(source)
    best = min(_milliseconds(lambda: target.copy_(source)) for _ in range(_STEPS))
    return 2 * _GIBIBYTE / best * 1e3


def bytes_moved(layers: Sequence[Layer], *, batch: int, width: int = 2) -> int:
    """Bytes that a training step reads and writes at least, numbers being `width` bytes wide.

    With `in` and `out` the numbers in a convolution's input and output:
    forward  = in + out (convolution) + out (mean and variance) + 2 out (normalise and ReLU6, in one pass);
    backward = 2 out (the two sums of batch norm) + 3 out (its gradient, in one pass with ReLU6's)
    + out + in (gradient of the input; not of the image) + out + in (gradient of the weights).
    Weights, the pooling and the classifier are left out: under a hundredth of the whole.
    """
    numbers = 0
    for place, layer in enumerate(one for one in layers if one.op == "conv" and one.norm):
        read = layer.in_channels * layer.in_size[0] * layer.in_size[1]
        written = layer.activations
        numbers += read + 4 * written
        numbers += 6 * written + read
        if place:
            numbers += written + read
    return numbers * batch * width


def _row(name: str, runs: dict[str, list[_Steps]], *, moved: int, copied: float) -> list[str]:
    times: dict[str, Any] = {which: [one.milliseconds for one in several] for which, several in runs.items()}
    median = spread(times[name]).median
    ours = name.replace("timm", "mobilenets")
    return [
        name,
        spread(times[name]).text(".2f"),
        "" if name == ours else ratios(times[name], times[ours]).text(".2f"),
        f"{BATCH / median * 1e3:,.0f}",
        f"{moved / copied * 1e3 / median:.0%}",
        f"{max(one.peak_mb for one in runs[name]):,.0f}",
    ]
