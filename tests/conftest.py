"""What every test may ask for."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mobilenets.run import Run
    from mobilenets.tasks.protocol import Task

# Shells start what runs in the background with Ctrl-C ignored, which would be inherited: here it means what it says.
signal.signal(signal.SIGINT, signal.default_int_handler)
# The same examples each time, however long they take: a busy machine is no failure.
settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")
# Tests run side by side: threads that wait for each other inside one of them only take the cores from the rest.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real photographs and published weights; they stand beside the checkout and are no part of the project."""
    folder = Path(os.environ.get("MOBILENETS_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real photographs at {folder}: set MOBILENETS_SHARED_DATA to where they are")
    return folder


@pytest.fixture(autouse=True)
def private_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's own cache."""
    monkeypatch.setenv("MOBILENETS_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture(scope="session")
def swatch() -> "Callable[..., NDArray[np.uint8]]":
    """`swatch("red", seed=3)` is a photograph that a network learns in seconds: a colour with a weave of its own."""
    import numpy as np

    def weave(label: str, *, seed: int = 0, height: int = 36, width: int = 48) -> "NDArray[np.uint8]":
        colour = {"blue": (40, 40, 200), "green": (40, 200, 40), "red": (200, 40, 40)}[label]
        pixels = np.array(colour) + np.random.default_rng(seed).integers(-40, 41, (height, width, 3))
        if label != "blue":
            pixels[slice(None, None, 4) if label == "red" else slice(None), :: 1 if label == "red" else 4] //= 4
        return pixels.clip(0, 255).astype(np.uint8)

    return weave


@pytest.fixture(scope="session")
def swatches(swatch: "Callable[..., NDArray[np.uint8]]", tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of swatches, undivided: eight of each of three colours. Read only."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("data") / "swatches"
    for place, label in enumerate(("blue", "green", "red")):
        (folder / label).mkdir(parents=True)
        for number in range(8):
            Image.fromarray(swatch(label, seed=8 * place + number)).save(folder / label / f"{number}.png")
    return folder


@pytest.fixture(scope="session")
def tiny_run(swatches: Path) -> "Callable[..., Run]":
    """`tiny_run(out, ...)` is the smallest whole run: three epochs of three steps; fields go over its own."""
    from mobilenets.run import Architecture, Augmentation, Machine, Run

    def make(out: Path, **fields: Any) -> Run:
        settings: dict[str, Any] = {
            "data": str(swatches),
            "architecture": Architecture(width=0.25, resolution=32),
            "augmentation": Augmentation(min_area=0.5, colour="off"),
            "machine": Machine(device="cpu", threads=1, cache_gb=0),
            "epochs": 3,
            "batch": 6,
        }
        return Run(out=out, **{**settings, **fields})

    return make


@pytest.fixture(scope="session")
def tiny_model(tiny_run: "Callable[..., Run]", tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that learnt the swatches. Read only."""
    from rich.console import Console

    from mobilenets.jobs.train import train
    from mobilenets.run import Augmentation, Optimisation

    run = tiny_run(
        tmp_path_factory.mktemp("trained") / "tiny",
        augmentation=Augmentation(min_area=0.8, colour="off"),
        optimisation=Optimisation(lr=1e-2, warmup_epochs=1.0, norm_decay=0.7, ema=0.5),
        epochs=24,
        batch=18,
    )
    return train(run, console=Console(quiet=True)).folder


@pytest.fixture(scope="session")
def hub_layout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in Hugging Face's layout: random weights of mobilenet_v1_0.25_32 with ten classes. Read only."""
    import torch

    from mobilenets.data.preprocess import Preprocessing
    from mobilenets.run import Architecture
    from mobilenets.weights.create import create
    from mobilenets.weights.fitting import Fitted
    from mobilenets.weights.writers.hugging_face import write_hugging_face

    torch.manual_seed(7)
    network = create("mobilenet_v1_0.25_32", classes=10)
    fitted = Fitted(
        form="random",
        architecture=Architecture(width=0.25, resolution=32),
        layers=network.layers,
        state=network.state_dict(),
        outputs=10,
        preprocessing=Preprocessing(resolution=32),
        classes=tuple(f"sort {letter}" for letter in "abcdefghij"),
        quantisation=None,
        assumed=(),
        notes=(),
    )
    folder = tmp_path_factory.mktemp("hub") / "small"
    folder.mkdir()
    write_hugging_face(fitted, folder)
    return folder


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """`checkpoint(width=.5, ...)` is the folder of a classifier whose batch norms have moved as training moves them.

    Fields are those of `Architecture`. With `task` it is of another task. Read only.
    """
    import torch
    from torch import nn

    from mobilenets.checkpoint import MODEL, Description, write_description, write_tensors
    from mobilenets.data.preprocess import Preprocessing
    from mobilenets.network.graph import Network
    from mobilenets.run import Architecture
    from mobilenets.tasks.classify import Classify

    def make(task: "Task | None" = None, **fields: Any) -> Path:
        folder = tmp_path_factory.mktemp("checkpoints") / "owls"
        task = task or Classify(("blue", "green", "red", "owl", "ibis"))
        architecture = Architecture(**{"width": 0.25, "resolution": 32, **fields})
        network = Network(task.layers(architecture))
        draw = torch.Generator().manual_seed(0)
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                assert module.running_mean is not None and module.running_var is not None
                nn.init.normal_(module.running_mean, std=0.2, generator=draw)
                nn.init.uniform_(module.running_var, 0.3, 1.0, generator=draw)
                nn.init.uniform_(module.weight, 0.5, 1.5, generator=draw)
                nn.init.normal_(module.bias, std=0.2, generator=draw)
            elif isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight, generator=draw)
        folder.mkdir(parents=True)
        write_tensors(folder / MODEL, network.state_dict(), {})
        # No channel alike: a file that mixes them up would answer otherwise.
        shown = Preprocessing(resolution=architecture.resolution, mean=(0.4, 0.5, 0.6), std=(0.2, 0.25, 0.3))
        write_description(folder, Description(task.name, task.state(), architecture, shown, "drawn at random"))
        return folder

    return make


@pytest.fixture(scope="session")
def video() -> Callable[..., Path]:
    """`video(path, count=12)` is a video file, four frames a second: its left half is red.

    The rest of frame k is grey of value 10 k (modulo 250). Its kind goes by the path's ending.
    """
    import av
    import numpy as np

    def make(path: Path, *, count: int = 12, height: int = 48, width: int = 64, **options: str) -> Path:
        codec = "mpeg4" if path.suffix == ".avi" else "h264"
        with av.open(str(path), "w", options=options) as container:
            stream = container.add_stream(codec, rate=4)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            for number in range(count):
                pixels = np.full((height, width, 3), 10 * number % 250, np.uint8)
                pixels[:, : width // 2] = (220, 30, 30)
                noise = np.random.default_rng(number).integers(-9, 10, pixels.shape)
                pixels = (pixels + noise).clip(0, 255).astype(np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            container.mux(stream.encode())
        return path

    return make


@pytest.fixture(scope="session")
def finder() -> Any:
    """A model of boxes without weights: it finds what is red as "red" (category 7), and doubts "all" (3) everywhere.

    It stands wherever a checkpoint's `Model` does, and sees photographs squashed to 64 pixels.
    """
    from dataclasses import dataclass, field

    import numpy as np
    import torch

    from mobilenets.data.preprocess import Preprocessing
    from mobilenets.tasks.detect.answers import Detections

    def found(redness: "NDArray[np.bool_]") -> Detections:
        boxes, kinds, scores = [[0, 0, 1, 1]], [0], [0.125]
        if redness.any():
            rows, columns = (np.flatnonzero(redness.any(axis=axis)) for axis in (1, 0))
            sides = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
            boxes, kinds, scores = [[side / 64 for side in sides], *boxes], [1, *kinds], [0.875, *scores]
        return Detections(("all", "red"), np.array(boxes, np.float32), np.array(kinds), np.array(scores, np.float32))

    class Task:
        name, classes, numbers = "detect", ("all", "red"), (3, 7)

        def answers(self, outputs: torch.Tensor) -> list[Detections]:
            return [found(one.numpy() > 0) for one in outputs]

    @dataclass
    class Finder:
        task: Task = field(default_factory=Task)
        preprocessing: Preprocessing = field(
            default_factory=lambda: Preprocessing(resolution=64, crop=1.0, squash=True)
        )
        notes: tuple[str, ...] = ()

        def __call__(self, images: torch.Tensor) -> torch.Tensor:
            red, green, blue = images.float().unbind(1)
            return torch.where((red > 150) & (green < 90) & (blue < 90), 1.0, 0.0)

    return Finder()


@pytest.fixture(scope="session")
def red_on_grey() -> "Callable[..., NDArray[np.uint8]]":
    """`red_on_grey(box, height=.., width=..)` is a grey photograph with one red box: left, top, right, bottom."""
    import numpy as np

    def make(box: tuple[int, int, int, int], *, height: int = 96, width: int = 128) -> "NDArray[np.uint8]":
        pixels = np.full((height, width, 3), 128, np.uint8)
        pixels[box[1] : box[3], box[0] : box[2]] = (220, 30, 30)
        return pixels

    return make
