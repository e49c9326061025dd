"""Fine-tuning the same weights in three ways. Each function is a contender; it gives accuracies and seconds.

Rivals get the weights in timm's own layout and find them with timm's own `local-dir:`.
"""

import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

_CROP = 0.875


def ours(
    *, data: str, weights: str, resolution: int, threads: int, batch: int, seed: int, most_epochs: int
) -> dict[str, Any]:
    """`mobilenets train DATA --weights FILE` and nothing else said, with an empty cache folder."""
    from rich.console import Console

    from mobilenets.cli.main import main
    from mobilenets.jobs import train as job
    from mobilenets.jobs.start import open_weights, trained_architecture
    from mobilenets.recipes import recipe
    from mobilenets.run import Machine, Run

    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        main(["--version"])  # whatever the program sets for torch before it imports it
    with tempfile.TemporaryDirectory() as folder, Path(os.devnull).open("w") as nowhere:
        os.environ["MOBILENETS_CACHE"] = str(Path(folder) / "cache")
        settings = recipe("finetune")
        begun = time.perf_counter()
        run = Run(
            data=data,
            out=Path(folder) / "run",
            weights=weights,
            architecture=replace(trained_architecture(open_weights(weights)), resolution=resolution),
            machine=Machine(device="cpu", threads=threads),
            **{**settings, "epochs": min(settings["epochs"], most_epochs), "batch": batch, "seed": seed},
        )
        trained = job.train(run, console=Console(file=nowhere))
        seconds = time.perf_counter() - begun
    held_out = [row["val_top1"] for row in trained.history]
    first = trained.history[0]
    head = {"head": held_out[0], "head_seconds": first["seconds"]} if first["epoch"] == 0 else {}
    return {"last": held_out[-1], "best": max(held_out), "shipped": trained.scores["top1"], "seconds": seconds, **head}


def timm_script(
    *, data: str, weights: str, resolution: int, threads: int, batch: int, seed: int, lr: float, epochs: int
) -> dict[str, Any]:
    """timm's parts as its documentation puts them together: AdamW, cosine with a warm-up epoch, label smoothing."""
    import torch
    from timm.data.loader import create_loader
    from timm.loss.cross_entropy import LabelSmoothingCrossEntropy
    from timm.optim import create_optimizer_v2  # type: ignore[attr-defined]
    from timm.scheduler.cosine_lr import CosineLRScheduler

    begun = _start(threads=threads, seed=seed)
    train, val = _folders(data)
    model = _model(weights, classes=len(train.classes))
    shared = {
        "input_size": (3, resolution, resolution),
        "batch_size": batch,
        "interpolation": "bilinear",
        "mean": (0.5, 0.5, 0.5),
        "std": (0.5, 0.5, 0.5),
        "num_workers": 0,
        "device": torch.device("cpu"),
    }
    learnt = create_loader(train, is_training=True, **shared)  # type: ignore[arg-type]
    scored = create_loader(val, is_training=False, crop_pct=_CROP, **shared)  # type: ignore[arg-type]
    optimiser = create_optimizer_v2(model, opt="adamw", lr=lr, weight_decay=0.05)
    schedule = CosineLRScheduler(optimiser, t_initial=epochs, warmup_t=1, warmup_lr_init=lr / 10)

    def follow(epoch: int) -> None:
        schedule.step(epoch)

    loss = LabelSmoothingCrossEntropy(0.1)  # type: ignore[no-untyped-call]
    return _learn(model, learnt, scored, optimiser, loss, follow, epochs=epochs, begun=begun)


def tutorial(
    *,
    data: str,
    weights: str,
    resolution: int,
    threads: int,
    batch: int,
    seed: int,
    lr: float,
    epochs: int,
    frozen: bool,
) -> dict[str, Any]:
    """PyTorch's tutorial on transfer learning: SGD with momentum .9, a tenth of the rate after every 7 epochs.

    `frozen` is its second half: only the last layer learns.
    """
    import torch
    from torch.optim.lr_scheduler import StepLR
    from torch.utils.data import DataLoader
    from torchvision import transforms

    begun = _start(threads=threads, seed=seed)
    ending = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)]
    train, val = _folders(data)
    train.transform = transforms.Compose(
        [transforms.RandomResizedCrop(resolution), transforms.RandomHorizontalFlip(), *ending]
    )
    val.transform = transforms.Compose(
        [transforms.Resize(round(resolution / _CROP)), transforms.CenterCrop(resolution), *ending]
    )
    model = _model(weights, classes=len(train.classes))
    if frozen:
        for name, parameter in model.named_parameters():
            parameter.requires_grad = name.startswith("classifier")
    learning = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimiser = torch.optim.SGD(learning, lr=lr, momentum=0.9)
    schedule = StepLR(optimiser, step_size=7, gamma=0.1)

    def follow(_epoch: int) -> None:
        schedule.step()

    learnt, scored = DataLoader(train, batch, shuffle=True), DataLoader(val, batch)
    loss = torch.nn.CrossEntropyLoss()
    return _learn(model, learnt, scored, optimiser, loss, follow, epochs=epochs, begun=begun)


def _start(*, threads: int, seed: int) -> float:
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    return time.perf_counter()


def _folders(data: str) -> tuple[Any, Any]:
    from torchvision.datasets import ImageFolder

    return ImageFolder(str(Path(data) / "train")), ImageFolder(str(Path(data) / "val"))


def _model(weights: str, *, classes: int) -> Any:
    import timm

    return timm.create_model(f"local-dir:{weights}", pretrained=True, num_classes=classes)


def _learn(
    model: Any,
    learnt: Iterable[Any],
    scored: Iterable[Any],
    optimiser: Any,
    loss: Callable[[Any, Any], Any],
    follow: Callable[[int], None],
    *,
    epochs: int,
    begun: float,
) -> dict[str, Any]:
    """The loop of the tutorials; scoring every epoch is on the clock, as it is on ours."""
    held_out = []
    for epoch in range(epochs):
        model.train()
        for images, labels in learnt:
            optimiser.zero_grad()
            loss(model(images), labels).backward()
            optimiser.step()
        follow(epoch + 1)
        held_out.append(_accuracy(model, scored))
    return {"last": held_out[-1], "best": max(held_out), "seconds": time.perf_counter() - begun}


def _accuracy(model: Any, scored: Iterable[Any]) -> float:
    import torch

    model.eval()
    right = count = 0
    with torch.inference_mode():
        for images, labels in scored:
            right += int((model(images).argmax(1) == labels).sum())
            count += len(labels)
    return right / count
