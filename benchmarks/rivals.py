"""What most people run: torchvision's or timm's loader, timm's model, a plain loop. Each function is a contender."""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_MEAN = _STD = (0.5, 0.5, 0.5)


def network(*, width: float, classes: int) -> nn.Module:
    """timm's MobileNet v1. Its public `mobilenetv1_100` takes no width, the function behind it does."""
    from timm.models.efficientnet import _gen_mobilenet_v1

    model: nn.Module = _gen_mobilenet_v1("mobilenetv1_100", width, num_classes=classes)  # type: ignore[no-untyped-call]
    return model


def train_torchvision(
    *,
    data: str,
    width: float,
    resolution: int,
    threads: int,
    workers: int,
    batch: int,
    epochs: int,
    lr: float,
    min_area: float,
) -> dict[str, Any]:
    """ImageFolder and transforms on PIL images, as torchvision's and PyTorch's examples have them."""
    from torch.utils.data import DataLoader
    from torchvision import transforms
    from torchvision.datasets import ImageFolder

    model = _ready(width=width, classes=2, threads=threads)
    begun = time.perf_counter()
    pipeline = transforms.Compose(
        [
            transforms.RandomResizedCrop(resolution, scale=(min_area, 1.0)),
            transforms.RandomHorizontalFlip(),
            transforms.ToTensor(),
            transforms.Normalize(_MEAN, _STD),
        ]
    )
    photographs = ImageFolder(str(Path(data) / "train"), pipeline)
    loader = DataLoader(photographs, batch, shuffle=True, num_workers=workers, drop_last=True)
    return _train(model, loader, epochs=epochs, lr=lr, begun=begun)


def train_timm(
    *,
    data: str,
    width: float,
    resolution: int,
    threads: int,
    workers: int,
    batch: int,
    epochs: int,
    lr: float,
    min_area: float,
) -> dict[str, Any]:
    """timm's dataset and loader, with the prefetcher that its train.py uses on every device."""
    from timm.data.dataset_factory import create_dataset
    from timm.data.loader import create_loader

    model = _ready(width=width, classes=2, threads=threads)
    begun = time.perf_counter()
    loader = create_loader(
        create_dataset("", root=str(Path(data) / "train")),
        input_size=(3, resolution, resolution),
        batch_size=batch,
        is_training=True,
        scale=(min_area, 1.0),
        hflip=0.5,
        color_jitter=None,  # type: ignore[arg-type]
        interpolation="bilinear",
        mean=_MEAN,
        std=_STD,
        num_workers=workers,
        use_prefetcher=True,
        device=torch.device("cpu"),
    )
    return _train(model, loader, epochs=epochs, lr=lr, begun=begun)


def _ready(*, width: float, classes: int, threads: int) -> nn.Module:
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    return network(width=width, classes=classes)


def _train(
    model: nn.Module, loader: Iterable[tuple[Tensor, Tensor]], *, epochs: int, lr: float, begun: float
) -> dict[str, Any]:
    """The loop of the tutorials. The first epoch's seconds are counted from when the data set was opened."""
    optimiser = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9, nesterov=True)
    seconds, losses = [], []
    model.train()
    for _ in range(epochs):
        total, steps = 0.0, 0
        for images, labels in loader:
            optimiser.zero_grad()
            loss = F.cross_entropy(model(images), labels)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            total += loss.item()
            steps += 1
        now = time.perf_counter()
        seconds.append(now - begun)
        losses.append(total / steps)
        begun = now
    return {"seconds": seconds, "losses": losses}


def predict(*, data: str, width: float, resolution: int, threads: int, workers: int, batch: int) -> dict[str, Any]:
    """ImageFolder, a DataLoader and an eager loop; the five best classes of every photograph."""
    from torch.utils.data import DataLoader, Subset
    from torchvision import transforms
    from torchvision.datasets import ImageFolder

    model = _ready(width=width, classes=1000, threads=threads).eval()
    pipeline = transforms.Compose(
        [
            transforms.Resize(round(resolution / 0.875)),
            transforms.CenterCrop(resolution),
            transforms.ToTensor(),
            transforms.Normalize(_MEAN, _STD),
        ]
    )
    photographs = ImageFolder(data, pipeline)
    _predict(model, DataLoader(Subset(photographs, range(min(batch, len(photographs)))), batch))
    begun = time.perf_counter()
    answers = _predict(model, DataLoader(photographs, batch, num_workers=workers))
    return {"seconds": time.perf_counter() - begun, "answers": answers}


def _predict(model: nn.Module, loader: Iterable[tuple[Tensor, Tensor]]) -> int:
    answers: list[tuple[list[float], list[int]]] = []
    with torch.inference_mode():
        for images, _ in loader:
            best = model(images).softmax(1).topk(5)
            answers += zip(best.values.tolist(), best.indices.tolist(), strict=True)
    return len(answers)
