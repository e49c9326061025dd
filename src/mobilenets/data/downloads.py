"""torchvision's own downloads by name: fetched once into the cache folder, with their official splits and labels."""

import contextlib
import re
import socket
import sys
import urllib.error
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mobilenets.cache_folder import cache_folder
from mobilenets.data.photos import Collection, Example
from mobilenets.data.torchvision_sets import by_loader, in_memory, pets, signs
from mobilenets.errors import JobError, UsageError
from mobilenets.files import reason

# A server that does not answer is given up after this many seconds instead of never.
_PATIENCE = 30.0

Parts = Mapping[str | None, Mapping[str, Any]]
Reader = Callable[[Any, str | None, Path], Iterator[Example]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """One of torchvision's data sets: its class there, the arguments of each split, how its examples are read.

    `files` are to be had at `site` and belong `into` that sub-folder where this machine cannot fetch them itself.
    """

    kind: str
    parts: Parts
    read: Reader
    site: str
    files: tuple[str, ...]
    into: str = "."
    mirror: bool = True
    framed: bool = False
    common: Mapping[str, Any] = field(default_factory=dict)


def _parts(**splits: str) -> Parts:
    return {ours: {"split": theirs} for ours, theirs in splits.items()}


_TRAIN_OR_NOT: Parts = {"train": {"train": True}, "test": {"train": False}}
_TRAIN_TEST = _parts(train="train", test="test")
_TRAIN_VAL_TEST = _parts(train="train", val="val", test="test")
_PATHS: Mapping[str, Any] = {"loader": str}
_OXFORD = "https://www.robots.ox.ac.uk/~vgg/"
_IDX = tuple(f"{part}-{what}.gz" for part in ("train", "t10k") for what in ("images-idx3-ubyte", "labels-idx1-ubyte"))


def _idx(kind: str, site: str, *, mirror: bool) -> Download:
    return Download(
        kind=kind,
        parts=_TRAIN_OR_NOT,
        read=in_memory,
        site=site,
        files=_IDX,
        into=f"{kind}/raw",
        mirror=mirror,
        framed=True,
    )


def _cifar(kind: str, file: str) -> Download:
    site = "https://www.cs.toronto.edu/~kriz/"
    return Download(kind=kind, parts=_TRAIN_OR_NOT, read=in_memory, site=site, files=(file,))


def _imagenette(size: str, file: str) -> Download:
    return Download(
        kind="Imagenette",
        parts=_parts(train="train", val="val"),
        read=by_loader,
        site="https://s3.amazonaws.com/fast-ai-imageclas/",
        files=(file,),
        common={**_PATHS, "size": size},
    )


DOWNLOADS: dict[str, Download] = {
    "cifar10": _cifar("CIFAR10", "cifar-10-python.tar.gz"),
    "cifar100": _cifar("CIFAR100", "cifar-100-python.tar.gz"),
    "country211": Download(
        kind="Country211",
        parts=_parts(train="train", val="valid", test="test"),
        read=by_loader,
        site="https://openaipublic.azureedge.net/clip/data/",
        files=("country211.tgz",),
        common=_PATHS,
    ),
    "dtd": Download(
        kind="DTD",
        parts=_TRAIN_VAL_TEST,
        read=by_loader,
        site=f"{_OXFORD}dtd/download/",
        files=("dtd-r1.0.1.tar.gz",),
        into="dtd",
        common=_PATHS,
    ),
    "eurosat": Download(
        kind="EuroSAT",
        parts={None: {}},
        read=by_loader,
        site="https://huggingface.co/datasets/torchgeo/eurosat/resolve/c877bcd43f099cd0196738f714544e355477f3fd/",
        files=("EuroSAT.zip",),
        into="eurosat",
        common=_PATHS,
    ),
    "fashion_mnist": _idx("FashionMNIST", "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/", mirror=True),
    "fgvc_aircraft": Download(
        kind="FGVCAircraft",
        parts=_TRAIN_VAL_TEST,
        read=by_loader,
        site=f"{_OXFORD}data/fgvc-aircraft/archives/",
        files=("fgvc-aircraft-2013b.tar.gz",),
        common=_PATHS,
    ),
    "flowers102": Download(
        kind="Flowers102",
        parts=_TRAIN_VAL_TEST,
        read=by_loader,
        site=f"{_OXFORD}data/flowers/102/",
        files=("102flowers.tgz", "imagelabels.mat", "setid.mat"),
        into="flowers-102",
        common=_PATHS,
    ),
    "food101": Download(
        kind="Food101",
        parts=_TRAIN_TEST,
        read=by_loader,
        site="http://data.vision.ee.ethz.ch/cvl/",
        files=("food-101.tar.gz",),
        common=_PATHS,
    ),
    "gtsrb": Download(
        kind="GTSRB",
        parts=_TRAIN_TEST,
        read=signs,
        site="https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370/",
        files=("GTSRB-Training_fixed.zip", "GTSRB_Final_Test_Images.zip", "GTSRB_Final_Test_GT.zip"),
        into="gtsrb",
        mirror=False,
    ),
    "imagenette": _imagenette("full", "imagenette2.tgz"),
    "imagenette_160": _imagenette("160px", "imagenette2-160.tgz"),
    "imagenette_320": _imagenette("320px", "imagenette2-320.tgz"),
    "kmnist": _idx("KMNIST", "http://codh.rois.ac.jp/kmnist/dataset/kmnist/", mirror=False),
    "mnist": _idx("MNIST", "https://ossci-datasets.s3.amazonaws.com/mnist/", mirror=False),
    "pets": Download(
        kind="OxfordIIITPet",
        parts=_parts(train="trainval", test="test"),
        read=pets,
        site=f"{_OXFORD}data/pets/data/",
        files=("images.tar.gz", "annotations.tar.gz"),
        into="oxford-iiit-pet",
    ),
    "stl10": Download(
        kind="STL10",
        parts=_TRAIN_TEST,
        read=in_memory,
        site="http://ai.stanford.edu/~acoates/stl10/",
        files=("stl10_binary.tar.gz",),
    ),
    "svhn": Download(
        kind="SVHN",
        parts=_TRAIN_TEST,
        read=in_memory,
        site="http://ufldl.stanford.edu/housenumbers/",
        files=("train_32x32.mat", "test_32x32.mat"),
        mirror=False,
    ),
}


def download(name: str) -> Collection:
    """A named data set from the cache folder, fetched there first if need be.

    Raises `UsageError` for a name that is none of `DOWNLOADS`, and `JobError` where it can neither be found nor
    fetched: the line says why, and which files to put where.
    """
    if name not in DOWNLOADS:
        raise UsageError(f"no data set is called {name!r}: use one of {', '.join(DOWNLOADS)}")
    wanted = DOWNLOADS[name]
    folder = cache_folder() / "downloads" / name
    examples: list[Example] = []
    for split, arguments in wanted.parts.items():
        dataset = _dataset(name, wanted, folder, {**wanted.common, **arguments})
        examples += wanted.read(dataset, split, folder)
    return Collection(name=name, examples=tuple(examples), mirror=wanted.mirror, framed=wanted.framed)


def _dataset(name: str, wanted: Download, folder: Path, arguments: Mapping[str, Any]) -> Any:
    import torchvision

    kind = getattr(torchvision.datasets, wanted.kind)
    # torchvision says "not found" in as many kinds of error as it has data sets; fetching tells the true reason.
    with contextlib.suppress(Exception):
        return kind(folder, download=False, **arguments)
    try:
        with _patient(), contextlib.redirect_stdout(sys.stderr):
            return kind(folder, download=True, **arguments)
    except Exception as error:
        files = ", ".join(wanted.files)
        raise JobError(
            f"{name} cannot be fetched ({_why(error)}): get {files} from {wanted.site} where there is a network and "
            f"put {'it' if len(wanted.files) == 1 else 'them'} into {folder / wanted.into}"
        ) from error


@contextlib.contextmanager
def _patient() -> Iterator[None]:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_PATIENCE)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _why(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answers {error.code} {error.reason}"
    if isinstance(error, urllib.error.URLError):
        return f"no connection: {error.reason}"
    # MNIST's class tries several servers and gives their failures as one text.
    inside = re.search(r"<urlopen error (.+?)>", str(error))
    if inside:
        return f"no connection: {inside[1]}"
    return reason(error) if isinstance(error, OSError) else " ".join(str(error).split())
