"""How long a step of SSD takes: ours with either loss, and torchvision's SSD with the same body and maps."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Contender, Figures, Settings, in_turns, ratios, spread
from benchmarks.photographs import usual_scenes
from benchmarks.report import Result, Table
from benchmarks.scenes import NETWORK, SIDE, batches, begin, picks, timed

if TYPE_CHECKING:
    from torch import Tensor, nn

_BATCH = 8
_HARD, _FOCAL, _THEIRS = "ours, hard negatives", "ours, focal loss", "torchvision's SSD on the same body"


def run(settings: Settings) -> Result:
    """Forward, loss, backward and update, in turns."""
    shared = {"data": str(usual_scenes(settings.data)), "threads": settings.threads}
    contenders = [
        Contender(_HARD, "benchmarks.ssd_step:ours", {**shared, "focal": False}),
        Contender(_FOCAL, "benchmarks.ssd_step:ours", {**shared, "focal": True}),
        Contender(_THEIRS, "benchmarks.ssd_step:torchvision", shared),
    ]
    runs = in_turns(contenders, rounds=settings.rounds, title="ssd_step")
    rows = [_row(name, runs[name], runs[_THEIRS]) for name in runs]
    columns = ("", "ms an image", "core ms an image", "torchvision's over it", "of core time")
    notes = (
        "torchvision's has 4 default boxes a place on the finest map for our 3, its own matching, sampling and losses, "
        "and scales photographs that have its size already.",
    )
    title = f"A step of {NETWORK}, batch {_BATCH}, {settings.threads} threads"
    return Result([Table(title, columns, rows, notes)], {"runs": runs})


def _row(name: str, ours: Sequence[Figures], theirs: Sequence[Figures]) -> list[str]:
    clock, cores = ([float(one[which]) for one in ours] for which in ("seconds", "core_seconds"))
    other = [[float(one[which]) for one in theirs] for which in ("seconds", "core_seconds")]
    shown = [spread([1000 * one for one in several]).text(".0f") for several in (clock, cores)]
    over = ["", ""] if name == _THEIRS else [ratios(other[0], clock).text(".2f"), ratios(other[1], cores).text(".2f")]
    return [name, *shown, *over]


def ours(*, data: str, threads: int, focal: bool) -> Figures:
    """A contender."""
    import torch

    from mobilenets.architecture.detectors.names import detector, parse_detector
    from mobilenets.data.preprocess import Preprocessing, scale
    from mobilenets.network.graph import Network
    from mobilenets.network.initialise import initialise
    from mobilenets.tasks.detect.loss import rows_of, ssd_loss, wanted

    part, ready = _ready(data, threads)
    network = Network(detector(parse_detector(NETWORK), classes=part.classes).layers)
    initialise(network)
    network.to(memory_format=torch.channels_last).train()
    optimiser = torch.optim.SGD(network.parameters(), lr=1e-4, momentum=0.9)

    def learn() -> None:
        images = scale(ready.images, Preprocessing(resolution=SIDE)).contiguous(memory_format=torch.channels_last)
        rows = rows_of(network(images), classes=part.classes)
        answers = wanted(rows.boxes[0], ready.targets["boxes"], ready.targets["kinds"])
        torch.autograd.backward(ssd_loss(rows, answers, focal=focal))
        optimiser.step()
        optimiser.zero_grad()

    return timed(learn, batch=_BATCH)


def torchvision(*, data: str, threads: int) -> Figures:
    """A contender; channels last, as ours."""
    import torch

    part, ready = _ready(data, threads)
    network = _their_network(classes=part.classes).to(memory_format=torch.channels_last).train()
    optimiser = torch.optim.SGD(network.parameters(), lr=1e-4, momentum=0.9)
    targets = []
    for boxes, kinds in zip(ready.targets["boxes"], ready.targets["kinds"], strict=True):
        there = kinds >= 0
        targets.append({"boxes": boxes[there] * SIDE, "labels": kinds[there] + 1})

    def learn() -> None:
        images = ready.images.float().div(255).contiguous(memory_format=torch.channels_last)
        losses = network(list(images), targets)
        torch.autograd.backward(sum(losses.values()))
        optimiser.step()
        optimiser.zero_grad()

    return timed(learn, batch=_BATCH)


def _ready(data: str, threads: int) -> tuple[Any, Any]:
    """The photographs, and one batch of them that every contender learns from."""
    part = begin(data, threads)
    return part, batches(part, way="crops", threads=threads)[next(picks(len(part.pixels), _BATCH))]


def _their_network(*, classes: int) -> "nn.Module":
    from torch import nn
    from torchvision.models.detection.anchor_utils import DefaultBoxGenerator
    from torchvision.models.detection.ssd import SSD, SSDHead

    from mobilenets.architecture.detectors.names import detector, parse_detector
    from mobilenets.network.graph import Network
    from mobilenets.network.initialise import initialise

    laid = detector(parse_detector(NETWORK), classes=classes)
    last = [layer.name for layer in laid.layers].index(laid.predictors[0].scores.name)
    body = Network(laid.layers[:last])
    initialise(body)
    taps = tuple(one.scores.inputs[0] for one in laid.predictors)
    channels = [one.scores.in_channels for one in laid.predictors]

    class Maps(nn.Module):
        """Our body and further maps, as torchvision wants them."""

        def __init__(self) -> None:
            super().__init__()
            self.body = body

        def forward(self, images: "Tensor") -> "dict[str, Tensor]":
            values = self.body._run(images, keep=taps)
            return {name: values[name] for name in taps}

    boxes = DefaultBoxGenerator([[2]] + [[2, 3]] * 5, scales=[0.2, 0.35, 0.5, 0.65, 0.8, 0.95, 1.0])
    head = SSDHead(channels, boxes.num_anchors_per_location(), classes + 1)
    for part in (head.classification_head, head.regression_head):
        convs = [nn.Conv2d(one.in_channels, one.out_channels, 1) for one in part.module_list]
        part.module_list = nn.ModuleList(convs)  # ours predict with 1 x 1 kernels
    mean = std = [0.5, 0.5, 0.5]
    return SSD(Maps(), boxes, (SIDE, SIDE), classes + 1, head=head, image_mean=mean, image_std=std)
