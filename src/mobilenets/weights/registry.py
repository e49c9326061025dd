"""The published weights, in plain sight. No figure here was measured by us; None is what is not known."""

import difflib

from mobilenets.architecture.names import Name
from mobilenets.errors import UsageError
from mobilenets.weights.keras_checksums import SHA256
from mobilenets.weights.published import Figure, HubFile, Published, WebFile

NO_TOP = "_no_top"
_TF_SLIM = "TF-Slim, for the authors' checkpoint"
_TRANSFORMERS = ("model.safetensors", "pytorch_model.bin")
_KERAS_FILES = "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet"
_KERAS_WIDTHS = {1.0: "1_0", 0.75: "7_5", 0.5: "5_0", 0.25: "2_5"}


def _official(width: float, resolution: int, *, top1: float, top5: float) -> tuple[Published, Published]:
    """One of the 16 of TF-Slim as Keras Applications keeps it, in two files: with its classifier and without.

    The accuracies are TF-Slim's for the authors' checkpoints; the licence is what Keras's documentation says of them.
    """
    network = Name(width=width, resolution=resolution)
    whole = _keras(network, top="", outputs=1000, figures=(Figure(resolution, top1, top5, _TF_SLIM),))
    return whole, _keras(network, top=NO_TOP, outputs=0, figures=())


def _keras(network: Name, *, top: str, outputs: int, figures: tuple[Figure, ...]) -> Published:
    file = f"mobilenet_{_KERAS_WIDTHS[network.width]}_{network.resolution}_tf{top}.h5"
    return Published(
        name=f"{network}{top}",
        network=network,
        source=WebFile(f"{_KERAS_FILES}/{file}", "keras-applications/mobilenet", SHA256[file]),
        form="Keras HDF5",
        licence="apache-2.0",
        outputs=outputs,
        figures=figures,
        resolution=network.resolution,
        squash=True,
        interpolation="tf_bilinear",
        padding="same",
    )


def _google(network: Name, *, top1: float, top5: float) -> Published:
    """The authors' weights as Google put them on the hub, whose card says licence "other"."""
    return Published(
        name=f"google/{network}",
        network=network,
        source=HubFile(f"google/{network}", _TRANSFORMERS, ("config.json", "preprocessor_config.json")),
        form="Hugging Face",
        licence="other",
        outputs=1001,
        figures=(Figure(network.resolution, top1, top5, _TF_SLIM),),
        resolution=network.resolution,
        squash=True,
        interpolation="tf_bilinear",
        padding="same",
    )


def _timm(model: str, network: Name, *, crop: float, figures: tuple[Figure, ...]) -> Published:
    """timm's own training, 3600 epochs at 224 pixels (its `ra4` recipe); settings are those of its pretrained_cfg."""
    repo = f"timm/{model}.ra4_e3600_r224_in1k"
    return Published(
        name=repo,
        network=network,
        source=HubFile(repo, ("model.safetensors",), ("config.json",)),
        form="timm",
        licence="apache-2.0",
        outputs=1000,
        figures=figures,
        resolution=224,
        crop=crop,
        interpolation="bicubic",
        padding="symmetric",
    )


_PUBLISHED = (
    *(
        one
        for pair in (
            _official(1.0, 224, top1=70.9, top5=89.9),
            _official(1.0, 192, top1=70.0, top5=89.2),
            _official(1.0, 160, top1=68.0, top5=87.7),
            _official(1.0, 128, top1=65.2, top5=85.8),
            _official(0.75, 224, top1=68.4, top5=88.2),
            _official(0.75, 192, top1=67.2, top5=87.3),
            _official(0.75, 160, top1=65.3, top5=86.0),
            _official(0.75, 128, top1=62.1, top5=83.9),
            _official(0.5, 224, top1=63.3, top5=84.9),
            _official(0.5, 192, top1=61.7, top5=83.6),
            _official(0.5, 160, top1=59.1, top5=81.9),
            _official(0.5, 128, top1=56.3, top5=79.4),
            _official(0.25, 224, top1=49.8, top5=74.2),
            _official(0.25, 192, top1=47.7, top5=72.3),
            _official(0.25, 160, top1=45.5, top5=70.3),
            _official(0.25, 128, top1=41.5, top5=66.3),
        )
        for one in pair
    ),
    _google(Name(width=1.0, resolution=224), top1=70.9, top5=89.9),
    _google(Name(width=0.75, resolution=192), top1=67.2, top5=87.3),
    _timm(
        "mobilenetv1_100",
        Name(width=1.0),
        crop=0.875,
        figures=(Figure(224, 75.382, 92.312, "timm"), Figure(256, 76.094, 93.004, "timm")),
    ),
    _timm(
        "mobilenetv1_100h",
        Name("mobilenet_v1h"),
        crop=0.875,
        figures=(Figure(224, 75.662, 92.504, "timm"), Figure(256, 76.596, 93.272, "timm")),
    ),
    _timm(
        "mobilenetv1_125",
        Name(width=1.25),
        crop=0.9,
        figures=(Figure(224, 76.924, 93.234, "timm"), Figure(256, 77.6, 93.804, "timm")),
    ),
)

REGISTRY: dict[str, Published] = {one.name: one for one in _PUBLISHED}
_BY_CHECKSUM = {one.source.sha256: one for one in _PUBLISHED if isinstance(one.source, WebFile)}


def find(name: str) -> Published | None:
    """The published weights of a name, or of what people call them for short (`mobilenetv1_100`); None if none."""
    if name in REGISTRY:
        return REGISTRY[name]
    short = [one for one in _PUBLISHED if one.name.startswith("timm/") and name in _short(one.name)]
    return short[0] if len(short) == 1 else None


def by_checksum(sha256: str) -> Published | None:
    """The published weights of a file's SHA-256, whatever the file is called; None if none are known by it."""
    return _BY_CHECKSUM.get(sha256)


def _short(name: str) -> tuple[str, ...]:
    repo = name.partition(".")[0]
    return (repo, repo.removeprefix("timm/"), name.removeprefix("timm/"))


def named(name: str) -> Published:
    """As `find`; raises `UsageError` with a guess where there are no such weights."""
    found = find(name)
    if found is None:
        raise UsageError(f"no published weights are called {name!r}: {guess(name)}")
    return found


def guess(name: str) -> str:
    """What somebody may have meant who wrote `name`."""
    close = difflib.get_close_matches(name, REGISTRY, n=1, cutoff=0.7)
    return f"did you mean {close[0]}?" if close else "see `mobilenets weights list`"


def nearest(network: Name) -> Published:
    """The weights with a classifier for a network: of its width, at its resolution or the nearest to it.

    Of two as near the higher resolution. Raises `UsageError` for a family or width that nobody published.
    """
    whole = [one for one in _PUBLISHED if one.outputs]
    alike = [one for one in whole if (one.network.family, one.network.width) == (network.family, network.width)]
    if not alike:
        widths = sorted({one.network.width for one in whole if one.network.family == network.family})
        there = f"width {', '.join(f'{width:g}' for width in widths)}" if widths else "mobilenet_v1 and mobilenet_v1h"
        raise UsageError(f"no weights are published for {network}: there are some for {there}")
    return min(alike, key=lambda one: (abs(one.resolution - network.resolution), -one.resolution))
