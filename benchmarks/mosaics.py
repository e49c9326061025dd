"""How fast photographs with boxes are varied: crops, mosaics and colours, beside the step of SSD that they feed."""

from collections.abc import Mapping, Sequence

from benchmarks.measure import Contender, Figures, Settings, in_turns, ratios, spread
from benchmarks.photographs import usual_scenes
from benchmarks.report import Result, Table
from benchmarks.scenes import NETWORK, SIDE, WAYS, batches, begin, picks, timed

LIMIT = 0.1
_BATCHES = (8, 32)
_STEP, _THEIRS = "the step of SSD", "torchvision's transforms for SSD, one thread"


def run(settings: Settings) -> Result:
    """Images a second of the loader alone, of the step alone and of torchvision's transforms."""
    data = usual_scenes(settings.data)
    tables, figures = [], {}
    for batch in _BATCHES:
        shared = {"data": str(data), "batch": batch, "threads": settings.threads}
        ours = [Contender(way, "benchmarks.mosaics:loader", {**shared, "way": way}) for way in WAYS]
        others = [
            Contender(_THEIRS, "benchmarks.mosaics:torchvision", {"data": str(data), "batch": batch}),
            Contender(_STEP, "benchmarks.mosaics:step", shared),
        ]
        runs = in_turns([*ours, *others], rounds=settings.rounds, title=f"mosaics, batch {batch}")
        tables.append(_table(runs, batch=batch, threads=settings.threads))
        figures[f"batch {batch}"] = runs
    return Result(tables, figures)


def loader(*, data: str, batch: int, threads: int, way: str) -> Figures:
    """A contender: batches as the loop gets them, with the change of their colours."""
    part = begin(data, threads)
    ready, steps = batches(part, way=way, threads=threads), picks(len(part.pixels), batch)

    def load() -> object:
        return ready[next(steps)].coloured()

    return timed(load, batch=batch)


def step(*, data: str, batch: int, threads: int) -> Figures:
    """A contender: forward, loss and backward of SSD with its optimiser, on a batch of mosaics that is ready."""
    import torch

    from mobilenets.architecture.detectors.names import detector, parse_detector
    from mobilenets.data.preprocess import Preprocessing, scale
    from mobilenets.network.graph import Network
    from mobilenets.network.initialise import initialise
    from mobilenets.tasks.detect.loss import rows_of, ssd_loss, wanted

    part = begin(data, threads)
    network = Network(detector(parse_detector(NETWORK), classes=part.classes).layers)
    initialise(network, stddev=0.03)
    network.to(memory_format=torch.channels_last).train()
    optimiser = torch.optim.SGD(network.parameters(), lr=1e-4, momentum=0.9)
    ready = batches(part, way="crops, colours, mosaics .5", threads=threads)[next(picks(len(part.pixels), batch))]
    images = scale(ready.images, Preprocessing(resolution=SIDE)).contiguous(memory_format=torch.channels_last)

    def learn() -> None:
        rows = rows_of(network(images), classes=part.classes)
        answers = wanted(rows.boxes[0], ready.targets["boxes"], ready.targets["kinds"])
        torch.autograd.backward(ssd_loss(rows, answers, focal=True))
        optimiser.step()
        optimiser.zero_grad()

    return timed(learn, batch=batch)


def torchvision(*, data: str, batch: int) -> Figures:
    """A contender: colours, crop, flip and scaling of torchvision's reference for SSD, one image after another.

    In its favour: its zoom-out, which is slow, is left out, photographs are decoded before the clock runs, and it has
    one thread, as in a worker of its own; with more torch spends several times as long on each image.
    """
    import torch
    from torchvision import tv_tensors
    from torchvision.transforms import v2

    part = begin(data, 1)
    transforms = v2.Compose(
        [
            v2.RandomPhotometricDistort(),
            v2.RandomIoUCrop(),
            v2.RandomHorizontalFlip(),
            v2.Resize((SIDE, SIDE), antialias=True),
            v2.SanitizeBoundingBoxes(),
        ]
    )
    samples = []
    for place in range(len(part.pixels)):
        objects = part.examples.objects[place]
        image = tv_tensors.Image(torch.from_numpy(part.pixels[place].copy()).permute(2, 0, 1).contiguous())
        height, width = image.shape[-2:]
        boxes = torch.from_numpy(objects.shares * [width, height, width, height]).float()
        boxed = tv_tensors.BoundingBoxes(boxes, format="XYXY", canvas_size=(height, width))
        samples.append((image, {"boxes": boxed, "labels": torch.zeros(len(objects), dtype=torch.int64)}))
    steps = picks(len(samples), batch)
    return timed(lambda: torch.stack([transforms(*samples[place])[0] for place in next(steps).places]), batch=batch)


def _table(runs: Mapping[str, Sequence[Figures]], *, batch: int, threads: int) -> Table:
    rows = [_row(name, runs) for name in runs]
    columns = (
        "",
        "images/s",
        f"of the step's time (at most {LIMIT:.0%})",
        "core ms an image",
        "of the step's",
        "torchvision's over it",
    )
    return Table(f"Photographs with boxes varied for {NETWORK}, batch {batch}, {threads} threads", columns, rows)


def _row(name: str, runs: Mapping[str, Sequence[Figures]]) -> list[str]:
    clock, cores = (
        {one: [float(each[which]) for each in several] for one, several in runs.items()}
        for which in ("seconds", "core_seconds")
    )
    return [
        name,
        spread([1 / one for one in clock[name]]).text(".0f"),
        "" if name in (_STEP, _THEIRS) else ratios(clock[name], clock[_STEP]).text(".1%"),
        spread([1000 * one for one in cores[name]]).text(".2f"),
        "" if name == _STEP else ratios(cores[name], cores[_STEP]).text(".1%"),
        "" if name in (_STEP, _THEIRS) else ratios(cores[_THEIRS], cores[name]).text(".1f"),
    ]
