"""torchvision's classifiers, with weights from PyTorch's server or torch's cache."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mobilenets.errors import JobError, UsageError
from mobilenets.network.foreign import torchvision_options, torchvision_weights
from mobilenets.network.pretrained.shared import (
    RANDOM,
    Pretrained,
    fitting,
    interpolation,
    notes_of,
    randomly,
    summary,
    three,
)
from mobilenets.network.pretrained.state_file import read_state

# torch's own switch: torchvision loads its files without saying that they are weights only.
_WEIGHTS_ONLY = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"
_WITH_SIDE_HEADS = ("googlenet", "inception_v3")


def load_torchvision(name: str, weights: str | None, resolution: int | None) -> Pretrained:
    """torchvision's network `name` (`resnet50` or `resnet50.IMAGENET1K_V1`), as `load_foreign` describes."""
    from torchvision import models

    where = f"torchvision:{name}"
    published = torchvision_weights(name)
    network = name.partition(".")[0]
    if network not in models.list_models(module=models) or published is None or not published.meta["categories"]:
        raise UsageError(f"{where} is no classifier of photographs: name one, as torchvision:resnet18")
    preset = published.transforms()
    own, resized = int(preset.crop_size[-1]), int(preset.resize_size[-1])
    return Pretrained(
        name=where,
        module=_module(where, published, weights, torchvision_options(network, resolution or own)),
        outputs=len(published.meta["categories"]),
        resolution=resolution or own,
        crop=min(own / resized, 1.0),
        squash=False,
        interpolation=interpolation(where, preset.interpolation.value),
        mean=three(where, preset.mean),
        std=three(where, preset.std),
        notes=notes_of(where, weights),
    )


def _module(where: str, published: Any, weights: str | None, options: dict[str, Any]) -> nn.Module:
    from torchvision import models

    network = where.partition(":")[2].partition(".")[0]
    builder = models.get_model_builder(network)
    if weights is None:
        return _fetched(where, builder, published, options)
    if network in _WITH_SIDE_HEADS:
        # As the published weights are built, which were trained on values in [-1, 1].
        options |= {"aux_logits": False, "init_weights": False, "transform_input": True}
    module = randomly(where, lambda: builder(weights=None, **options))
    if weights != RANDOM:
        state = read_state(Path(weights))
        with fitting(where, f"does not take the weights of {weights}"):
            module.load_state_dict({key: one for key, one in state.items() if not key.lower().startswith("aux")})
    return module


def _fetched(where: str, builder: Any, published: Any, options: dict[str, Any]) -> nn.Module:
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    file = folder / Path(published.url).name
    if not file.is_file():
        try:
            with _weights_only(), contextlib.redirect_stdout(sys.stderr):
                published.get_state_dict(progress=True, check_hash=True)
        except Exception as error:
            raise JobError(
                f"{where}: its weights cannot be fetched ({summary(error)}): get {published.url} where there is a "
                f"network and put it into {folder}, or name it with --weights FILE"
            ) from error
    with _weights_only(), fitting(where, f"does not take the weights of {file}"):
        return builder(weights=published, **options)


@contextlib.contextmanager
def _weights_only() -> Iterator[None]:
    """Nothing but tensors is ever unpickled within."""
    before = os.environ.get(_WEIGHTS_ONLY)
    os.environ[_WEIGHTS_ONLY] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_WEIGHTS_ONLY]
        else:
            os.environ[_WEIGHTS_ONLY] = before
