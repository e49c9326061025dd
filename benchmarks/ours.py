"""The same work by `mobilenets`, through the functions that its verbs call. Each function is a contender."""

import contextlib
import os
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Any


def train(
    *,
    data: str,
    width: float,
    resolution: int,
    threads: int,
    batch: int,
    epochs: int,
    lr: float,
    min_area: float,
) -> dict[str, Any]:
    """`mobilenets train` with an empty cache folder.

    Seconds of an epoch are those of metrics.jsonl; the first has what came before it too: opening the folder, decoding
    into the cache, building the network. `split.csv` is written when that is done.
    """
    start_as_the_program()
    # The first optimiser made would import it, on our clock; timm has it imported long before.
    import torch._dynamo  # noqa: F401
    from rich.console import Console

    from mobilenets.checkpoint import SPLIT
    from mobilenets.jobs import train as job
    from mobilenets.run import Architecture, Augmentation, Machine, Optimisation, Run

    with tempfile.TemporaryDirectory() as folder, Path(os.devnull).open("w") as nowhere:
        os.environ["MOBILENETS_CACHE"] = str(Path(folder) / "cache")
        run = Run(
            data=data,
            out=Path(folder) / "run",
            architecture=Architecture(width=width, resolution=resolution, dropout=0.0),
            epochs=epochs,
            batch=batch,
            augmentation=Augmentation(min_area=min_area, flip="on", colour="off"),
            optimisation=Optimisation(
                optimiser="sgd",
                lr=lr,
                schedule="constant",
                warmup_epochs=0.0,
                weight_decay=0.0,
                label_smoothing=0.0,
                clip=0.0,
            ),
            machine=Machine(device="cpu", threads=threads),
        )
        begun = time.time()
        trained = job.train(run, console=Console(file=nowhere))
        reading = (run.out / SPLIT).stat().st_mtime - begun
    seconds = [row["seconds"] for row in trained.history]
    losses = [row["train_loss"] for row in trained.history]
    return {"seconds": [reading + seconds[0], *seconds[1:]], "losses": losses, "reading_seconds": reading}


def predict(*, data: str, width: float, resolution: int, threads: int, batch: int) -> dict[str, Any]:
    """What `mobilenets predict` does with a folder, from a checkpoint of random weights."""
    start_as_the_program()
    import torch

    from mobilenets.data.inputs import photographs
    from mobilenets.prediction.model import load
    from mobilenets.prediction.predict import predict as predict_photos

    torch.set_num_threads(threads)
    with tempfile.TemporaryDirectory() as folder:
        random_checkpoint(Path(folder), width=width, resolution=resolution)
        model = load(Path(folder), device=torch.device("cpu"))
    warm = islice(photographs([data]), batch)
    _answers(predict_photos(model, warm, batch=batch, threads=threads))
    begun = time.perf_counter()
    answers = _answers(predict_photos(model, photographs([data]), batch=batch, threads=threads))
    return {"seconds": time.perf_counter() - begun, "answers": answers}


def start_as_the_program() -> None:
    """Whatever the program sets for torch before it imports it, done the program's own way."""
    answer(arguments=["--version"])


def _answers(predictions: Any) -> int:
    records = [prediction.answer.record() for prediction in predictions]
    return len(records)


def random_checkpoint(folder: Path, *, width: float, resolution: int) -> None:
    """A checkpoint of 1000 classes with random weights, in a folder that is there."""
    from mobilenets.checkpoint import MODEL, Description, write_description, write_tensors
    from mobilenets.data.preprocess import Preprocessing
    from mobilenets.network.graph import Network
    from mobilenets.network.initialise import initialise
    from mobilenets.run import Architecture
    from mobilenets.tasks.classify import Classify

    task = Classify(tuple(f"class {number}" for number in range(1000)))
    architecture = Architecture(width=width, resolution=resolution)
    network = Network(task.layers(architecture))
    initialise(network)
    shown = Preprocessing(resolution=resolution)
    write_description(folder, Description(task.name, task.state(), architecture, shown, "random weights"))
    write_tensors(folder / MODEL, network.state_dict(), {})


def answer(*, arguments: list[str]) -> dict[str, Any]:
    """One call of the program, for its memory."""
    from mobilenets.cli.main import main

    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        return {"exit_code": main(arguments)}
