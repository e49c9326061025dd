"""torchvision's data sets: tiny ones laid out as its own classes expect them, and no network."""

import gzip
import json
import pickle
import socket
import struct
import tarfile
import urllib.error
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mobilenets.cache_folder import cache_folder
from mobilenets.data.decode import decode
from mobilenets.data.downloads import DOWNLOADS, download
from mobilenets.data.photos import ArrayPhoto, Example
from mobilenets.errors import JobError, UsageError

torchvision = pytest.importorskip("torchvision")

Fill = Callable[[Path], None]


@pytest.fixture(autouse=True)
def nothing_is_fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty cache of each test's own, and no way out of this machine."""

    def refuse(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setenv("MOBILENETS_CACHE", str(tmp_path / "cache"))


def ramp(*shape: int) -> np.ndarray:
    return (np.arange(np.prod(shape)) % 251).astype(np.uint8).reshape(shape)


def write(path: Path, content: bytes | str = b"") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def cifar10(root: Path) -> None:
    for place, name in enumerate([*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"]):
        batch = {"data": ramp(2, 3072), "labels": [place, 9]}
        write(root / "cifar-10-batches-py" / name, pickle.dumps(batch))
    names = {"label_names": [f"kind {n}" for n in range(10)]}
    write(root / "cifar-10-batches-py" / "batches.meta", pickle.dumps(names))


def cifar100(root: Path) -> None:
    for name in ("train", "test"):
        write(root / "cifar-100-python" / name, pickle.dumps({"data": ramp(2, 3072), "fine_labels": [0, 99]}))
    write(root / "cifar-100-python" / "meta", pickle.dumps({"fine_label_names": [f"kind {n}" for n in range(100)]}))


def idx(kind: str) -> Fill:
    def fill(root: Path) -> None:
        for part, count in (("train", 3), ("t10k", 2)):
            images = struct.pack(">IIII", 2051, count, 28, 28) + ramp(count, 28, 28).tobytes()
            write(root / kind / "raw" / f"{part}-images-idx3-ubyte", images)
            write(
                root / kind / "raw" / f"{part}-labels-idx1-ubyte", struct.pack(">II", 2049, count) + bytes([7] * count)
            )

    return fill


def stl10(root: Path) -> None:
    for part in ("train", "test"):
        write(root / "stl10_binary" / f"{part}_X.bin", ramp(2, 3, 96, 96).tobytes())
        write(root / "stl10_binary" / f"{part}_y.bin", bytes([1, 10]))
    write(root / "stl10_binary" / "unlabeled_X.bin")
    write(root / "stl10_binary" / "class_names.txt", "".join(f"kind {n}\n" for n in range(10)))


def svhn(root: Path) -> None:
    from scipy.io import savemat

    root.mkdir(parents=True, exist_ok=True)
    for part in ("train", "test"):
        savemat(root / f"{part}_32x32.mat", {"X": ramp(32, 32, 3, 2), "y": np.array([[10], [3]])})


def flowers102(root: Path) -> None:
    from scipy.io import savemat

    folder = root / "flowers-102"
    for number in range(1, 7):
        write(folder / "jpg" / f"image_{number:05d}.jpg")
    savemat(folder / "imagelabels.mat", {"labels": np.array([[1, 2, 1, 2, 1, 2]])})
    savemat(folder / "setid.mat", {"trnid": [[1, 2]], "valid": [[3, 4]], "tstid": [[5, 6]]})


def pets(root: Path) -> None:
    folder = root / "oxford-iiit-pet"
    for name in ("Abyssinian_1", "shiba_inu_9", "Abyssinian_2", "shiba_inu_8"):
        write(folder / "images" / f"{name}.jpg")
    write(folder / "annotations" / "trainval.txt", "Abyssinian_1 1 1 1\nshiba_inu_9 2 2 1\n")
    write(folder / "annotations" / "test.txt", "Abyssinian_2 1 1 1\nshiba_inu_8 2 2 1\n")


def imagenette(size: str) -> Fill:
    def fill(root: Path) -> None:
        for part in ("train", "val"):
            for wnid in ("n01440764", "n03394916"):
                write(root / f"imagenette2{size}" / part / wnid / "1.JPEG")

    return fill


def food101(root: Path) -> None:
    for part in ("train", "test"):
        write(
            root / "food-101" / "meta" / f"{part}.json", json.dumps({"pie": [f"pie/{part}"], "soup": [f"soup/{part}"]})
        )
        for label in ("pie", "soup"):
            write(root / "food-101" / "images" / label / f"{part}.jpg")


def dtd(root: Path) -> None:
    for part in ("train", "val", "test"):
        write(root / "dtd" / "dtd" / "labels" / f"{part}1.txt", f"banded/b_{part}.jpg\nwoven/w_{part}.jpg\n")
        for file in (f"banded/b_{part}.jpg", f"woven/w_{part}.jpg"):
            write(root / "dtd" / "dtd" / "images" / file)


def eurosat(root: Path) -> None:
    for label in ("Forest", "River"):
        write(root / "eurosat" / "2750" / label / f"{label}_1.jpg")


def fgvc_aircraft(root: Path) -> None:
    data = root / "fgvc-aircraft-2013b" / "data"
    write(data / "variants.txt", "707-320\nA340 200\n")
    for place, part in enumerate(("train", "val", "test")):
        write(data / f"images_variant_{part}.txt", f"000{place} 707-320\n100{place} A340 200\n")
        for number in (f"000{place}", f"100{place}"):
            write(data / "images" / f"{number}.jpg")


def country211(root: Path) -> None:
    for part in ("train", "valid", "test"):
        for label in ("AD", "ZW"):
            write(root / "country211" / part / label / "1.jpg")


def gtsrb(root: Path) -> None:
    for label in ("00000", "00001"):
        write(root / "gtsrb" / "GTSRB" / "Training" / label / "1.ppm")
    images = root / "gtsrb" / "GTSRB" / "Final_Test" / "Images"
    write(images / "00000.ppm")
    write(root / "gtsrb" / "GT-final_test.csv", "Filename;Width;ClassId\n00000.ppm;9;1\n")


FILLS: dict[str, Fill] = {
    "cifar10": cifar10,
    "cifar100": cifar100,
    "country211": country211,
    "dtd": dtd,
    "eurosat": eurosat,
    "fashion_mnist": idx("FashionMNIST"),
    "fgvc_aircraft": fgvc_aircraft,
    "flowers102": flowers102,
    "food101": food101,
    "gtsrb": gtsrb,
    "imagenette": imagenette(""),
    "imagenette_160": imagenette("-160"),
    "imagenette_320": imagenette("-320"),
    "kmnist": idx("KMNIST"),
    "mnist": idx("MNIST"),
    "pets": pets,
    "stl10": stl10,
    "svhn": svhn,
}

LABELS: dict[str, tuple[str, ...]] = {
    "cifar10": ("kind 0", "kind 1", "kind 2", "kind 3", "kind 4", "kind 5", "kind 9"),
    "cifar100": ("kind 0", "kind 99"),
    "country211": ("AD", "ZW"),
    "dtd": ("banded", "woven"),
    "eurosat": ("Forest", "River"),
    "fashion_mnist": ("Sneaker",),
    "fgvc_aircraft": ("707-320", "A340 200"),
    "flowers102": ("hard-leaved pocket orchid", "pink primrose"),
    "food101": ("pie", "soup"),
    "gtsrb": ("0", "1"),
    "imagenette": ("French horn", "tench"),
    "imagenette_160": ("French horn", "tench"),
    "imagenette_320": ("French horn", "tench"),
    "kmnist": ("ya",),
    "mnist": ("7 - seven",),
    "pets": ("Abyssinian", "Shiba Inu"),
    "stl10": ("kind 0", "kind 9"),
    "svhn": ("0", "3"),
}


def is_there(path: str, _: str | None = None, /, **__: object) -> bool:
    """In place of torchvision's check: the tiny sets have other checksums than the real ones."""
    return Path(path).is_file()


@pytest.fixture
def checksums_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything of torchvision's classes runs but the checksums."""
    for module in ("cifar", "flowers102", "svhn", "stl10"):
        monkeypatch.setattr(f"torchvision.datasets.{module}.check_integrity", is_there)


@pytest.mark.parametrize("name", DOWNLOADS)
def test_each_set_is_read_through_torchvisions_own_class(name: str, checksums_pass: None) -> None:
    FILLS[name](cache_folder() / "downloads" / name)
    collection = download(name)
    assert collection.name == name
    assert collection.labels == LABELS[name]
    expected = tuple(split for split in ("train", "val", "test") if split in DOWNLOADS[name].parts)
    assert collection.splits == expected
    assert len({one.photo.name for one in collection.examples}) == len(collection.examples)
    for example in collection.examples:
        found = example.photo.read()
        assert decode(found).size if isinstance(example.photo, ArrayPhoto) else found == b""


def first(name: str) -> Example:
    FILLS[name](cache_folder() / "downloads" / name)
    return download(name).examples[0]


def test_pixels_stand_as_the_set_means_them(checksums_pass: None) -> None:
    colour = decode(first("cifar10").photo.read())
    assert np.array_equal(colour, ramp(2, 3072)[0].reshape(3, 32, 32).transpose(1, 2, 0))
    grey = decode(first("mnist").photo.read())
    assert np.array_equal(grey[..., 1], ramp(28, 28))
    house = decode(first("svhn").photo.read())
    assert np.array_equal(house, ramp(32, 32, 3, 2)[..., 0])
    plane = decode(first("stl10").photo.read())
    assert np.array_equal(plane, ramp(3, 96, 96).transpose(2, 1, 0))


def test_what_a_mirror_would_change_is_known() -> None:
    assert {name for name, one in DOWNLOADS.items() if not one.mirror} == {"gtsrb", "kmnist", "mnist", "svhn"}


@pytest.mark.parametrize("name", DOWNLOADS)
def test_offline_one_line_says_what_to_put_where(name: str) -> None:
    with pytest.raises(JobError) as caught:
        download(name)
    message = str(caught.value)
    wanted = DOWNLOADS[name]
    assert message.startswith(f"{name} cannot be fetched (no connection: [Errno -2] Name or service not known): get ")
    assert "\n" not in message and message.endswith(f"into {cache_folder() / 'downloads' / name / wanted.into}")
    assert wanted.site in message and all(file in message for file in wanted.files)


@pytest.mark.filterwarnings("ignore:Python 3.14 will:DeprecationWarning")  # torchvision unpacks the old way
def test_an_archive_put_there_by_hand_is_unpacked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    food101(tmp_path / "made")
    root = cache_folder() / "downloads" / "food101"
    root.mkdir(parents=True)
    with tarfile.open(root / "food-101.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "made" / "food-101", "food-101")
    monkeypatch.setattr("torchvision.datasets.utils.check_integrity", is_there)
    monkeypatch.setattr("torchvision.datasets.utils._extract_tar", extract_tar)
    assert download("food101").labels == ("pie", "soup")


def extract_tar(source: str, target: str, compression: str | None) -> None:
    """torchvision's own warns on Python 3.12 and 3.13 that it states no filter."""
    with tarfile.open(source, f"r:{(compression or '.')[1:]}") as archive:
        archive.extractall(target, filter="data")


def test_idx_files_put_there_by_hand_are_unpacked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    idx("MNIST")(tmp_path)
    for file in (tmp_path / "MNIST" / "raw").iterdir():
        write(
            cache_folder() / "downloads" / "mnist" / "MNIST" / "raw" / f"{file.name}.gz",
            gzip.compress(file.read_bytes()),
        )
    monkeypatch.setattr("torchvision.datasets.utils.check_integrity", is_there)
    assert len(download("mnist").examples) == 5


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (urllib.error.HTTPError("u", 404, "Not Found", None, None), "the server answers 404 Not Found"),  # type: ignore[arg-type]
        (OSError(28, "No space left on device"), "No space left on device"),
        (TimeoutError("timed out"), "timed out"),
        (RuntimeError("File not found or\ncorrupted."), r"File not found or corrupted\."),
    ],
)
def test_the_reason_is_told(monkeypatch: pytest.MonkeyPatch, error: Exception, why: str) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("torchvision.datasets.food101.download_and_extract_archive", fail)
    with pytest.raises(JobError, match=rf"^food101 cannot be fetched \({why}\): get food-101\.tar\.gz from "):
        download("food101")


def test_a_server_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[float | None] = []
    monkeypatch.setattr(
        "torchvision.datasets.food101.download_and_extract_archive",
        lambda *_, **__: seen.append(socket.getdefaulttimeout()),
    )
    before = socket.getdefaulttimeout()
    with pytest.raises(JobError):
        download("food101")
    assert seen == [30.0] and socket.getdefaulttimeout() == before


def test_an_unknown_name() -> None:
    with pytest.raises(UsageError, match="no data set is called 'cifar11': use one of cifar10, cifar100, "):
        download("cifar11")
