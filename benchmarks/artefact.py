"""What `predict` asks of a model once photographs are decoded: a checkpoint in PyTorch, its artefacts in runtimes."""

import time
from pathlib import Path
from typing import Any

from benchmarks.measure import Contender, Settings, in_turns, ratios, spread
from benchmarks.report import Result, Table

_NETWORK, _WIDTH, _SIDE = "mobilenet_v1_1.0_224", 1.0, 224
_RUNTIMES = ("onnx", "openvino")
_BATCHES = (1, 16)
_SECONDS = 5.0
_AS_TRAINED, _FOLDED = "eager, as trained", "eager, batch norm folded (`predict` with a checkpoint)"


def run(settings: Settings) -> Result:
    """Images a second, one and several at a time."""
    from benchmarks.ours import random_checkpoint
    from mobilenets.jobs.export import export

    checkpoint = settings.work / "checkpoint"
    checkpoint.mkdir()
    random_checkpoint(checkpoint, width=_WIDTH, resolution=_SIDE)
    models = {_AS_TRAINED: checkpoint, _FOLDED: checkpoint}
    models |= {one: export(checkpoint, out=settings.work / one, runtime=one).folder for one in _RUNTIMES}
    tables, figures = [], {}
    for batch in _BATCHES:
        shared = {"batch": batch, "threads": settings.threads}
        contenders = [
            Contender(
                name, "benchmarks.artefact:answers", {"model": str(model), "as_is": name == _AS_TRAINED, **shared}
            )
            for name, model in models.items()
        ]
        runs = in_turns(contenders, rounds=settings.rounds, title=f"artefact, batch {batch}")
        seconds = {name: [float(one["seconds"]) for one in several] for name, several in runs.items()}
        tables.append(_table(seconds, batch=batch, threads=settings.threads))
        figures[f"batch {batch}"] = runs
    return Result(tables, figures)


def answers(*, model: str, as_is: bool, batch: int, threads: int) -> dict[str, Any]:
    """Seconds an image, by the median of the calls of a few seconds. `as_is` is the network with its batch norm."""
    from benchmarks.ours import start_as_the_program

    start_as_the_program()
    import torch

    from mobilenets.checkpoint import read_description
    from mobilenets.data.preprocess import scale
    from mobilenets.jobs.models import load_any
    from mobilenets.prediction.model import load_network, restore_task

    torch.set_num_threads(threads)
    images = torch.randint(0, 256, (batch, 3, _SIDE, _SIDE), dtype=torch.uint8)
    if as_is:
        folder = Path(model)
        said = read_description(folder)
        network = load_network(said, restore_task(said, folder=folder), folder=folder).eval()

        def call() -> object:
            with torch.inference_mode():
                return network(scale(images, said.preprocessing))
    else:
        loaded = load_any(model, device="cpu")

        def call() -> object:
            return loaded(images)

    taken = []
    until = time.perf_counter() + _SECONDS
    while (begun := time.perf_counter()) < until:
        call()
        taken.append(time.perf_counter() - begun)
    return {"seconds": spread(taken).median / batch, "calls": len(taken)}


def _table(seconds: dict[str, list[float]], *, batch: int, threads: int) -> Table:
    rows = [
        [
            name,
            spread([1000 * one for one in mine]).text(".2f"),
            *(ratios(seconds[eager], mine).text(".2f") for eager in (_AS_TRAINED, _FOLDED)),
        ]
        for name, mine in seconds.items()
    ]
    columns = ("", "ms an image", "faster than as trained", "faster than folded")
    return Table(f"{_NETWORK} answering, batch {batch}, {threads} threads", columns, rows)
