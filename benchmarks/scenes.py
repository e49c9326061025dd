"""Photographs with boxes for the benchmarks of detectors: decoded once, varied as training varies them."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.measure import Figures

NETWORK, SIDE = "ssd_mobilenet_v1_1.0_300", 300
SECONDS, LEAST = 5.0, 2
WAYS = {"whole": (1.0, False, 0.0), "crops": (0.1, False, 0.0), "crops, colours, mosaics .5": (0.25, True, 0.5)}


@dataclass(frozen=True, slots=True)
class Part:
    """What is learnt from, decoded as the cache keeps it."""

    examples: Any
    pixels: Any
    classes: int


def begin(data: str, threads: int) -> Part:
    """The photographs that are learnt from, decoded, in a process that is set up as the program is."""
    from benchmarks.ours import start_as_the_program

    start_as_the_program()
    import torch

    from mobilenets.data.detection.opening import open_detection
    from mobilenets.data.shapes import Whole, shaped
    from mobilenets.tasks.detect.examples import Scenes

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    known = [one for one in open_detection(data).part("train") if one.objects is not None]
    objects = tuple(one.objects for one in known if one.objects is not None)
    labels = sorted({label for one in objects for label in one.labels})
    scenes = Scenes(tuple(one.photo for one in known), objects, {label: place for place, label in enumerate(labels)})
    pixels = [shaped(one.photo.read(), Whole(round(1.5 * SIDE))) for one in known]
    return Part(scenes, pixels, len(labels))


def batches(part: Part, *, way: str, threads: int) -> Any:
    """Batches of the photographs varied in one of the `WAYS`."""
    from mobilenets.data.loader import Batches
    from mobilenets.data.views import Distortion

    area, colour, mosaic = WAYS[way]
    varied = Distortion(min_area=area, mirror=True, colour=colour, mosaic=mosaic, mosaic_epochs=1 << 30)
    return Batches(part.examples, part.pixels, SIDE, varied, threads=threads)


def picks(count: int, batch: int) -> Iterator[Any]:
    """Steps of one epoch after another; a set smaller than a batch is shown several times in it."""
    from mobilenets.data.loader import Pick

    for epoch in range(1 << 30):
        for start in range(0, count, batch):
            yield Pick(epoch, tuple((start + place) % count for place in range(batch)))


def timed(work: Callable[[], object], *, batch: int) -> Figures:
    """Seconds an image, by the clock and of all cores together: what else runs on the machine disturbs these less."""
    work()
    count, begun, busy = 0, time.perf_counter(), time.process_time()
    while count < LEAST or time.perf_counter() < begun + SECONDS:
        work()
        count += 1
    images = count * batch
    return {
        "seconds": (time.perf_counter() - begun) / images,
        "core_seconds": (time.process_time() - busy) / images,
        "images": images,
    }
