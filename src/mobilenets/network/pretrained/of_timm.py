"""timm's networks, with weights from the Hugging Face hub or its cache."""

import warnings
from pathlib import Path
from typing import Any

from torch import nn

from mobilenets.errors import JobError, UsageError
from mobilenets.network.foreign import build_foreign, timm_options
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

_IMAGENET = "imagenet-1k"
# The hub's usual names of a file of weights; the first is never a pickle.
_FILES = ("model.safetensors", "pytorch_model.bin")


def load_timm(name: str, weights: str | None, resolution: int | None) -> Pretrained:
    """timm's network `name` (`resnet50.a1_in1k`), as `load_foreign` describes."""
    import timm
    from timm.data.config import resolve_data_config
    from timm.data.imagenet_info import infer_imagenet_subset

    where = f"timm:{name}"
    options = timm_options(name, resolution)
    config: Any = timm.get_pretrained_cfg(name)
    if config is None:
        raise UsageError(f"timm:{name} is an old name of {_current(name)}: use that")
    if not config.num_classes:
        raise UsageError(f"{where} ends in features and has no classes: name a network with a classifier")
    own = resolve_data_config({}, pretrained_cfg=config.to_dict())  # type: ignore[no-untyped-call]
    height, width = own["input_size"][1:]
    if height != width and resolution is None:
        raise UsageError(f"{where} reads photographs of {height} x {width}: only squares are shown")
    module: Any = _module(where, name, config, weights, options)
    return Pretrained(
        name=where,
        module=module,
        outputs=int(module.num_classes),
        resolution=resolution or int(height),
        crop=min(float(own["crop_pct"]), 1.0),
        squash=own["crop_mode"] == "squash",
        interpolation=interpolation(where, own["interpolation"]),
        mean=three(where, own["mean"]),
        std=three(where, own["std"]),
        classes=_classes(infer_imagenet_subset(module.pretrained_cfg)),
        notes=notes_of(where, weights),
    )


def _current(name: str) -> str:
    """What timm calls a network now that it has renamed."""
    with warnings.catch_warnings(action="ignore"):
        config: Any = build_foreign(f"timm:{name}").module.pretrained_cfg
    return f"timm:{config['architecture']}.{config['tag']}"


def _classes(subset: str | None) -> tuple[str, ...] | None:
    """The wnids of the larger parts of ImageNet that timm knows."""
    from timm.data.imagenet_info import ImageNetInfo

    if subset is None or subset == _IMAGENET:
        return None
    info: Any = ImageNetInfo(subset)
    return tuple(info.label_names())


def _module(where: str, name: str, config: Any, weights: str | None, options: dict[str, Any]) -> nn.Module:
    import timm

    if weights == RANDOM:
        return randomly(where, lambda: timm.create_model(name, **options))
    if weights is not None:
        return _filled(where, name, Path(weights), options)
    if not timm.models.is_model_pretrained(name):
        raise UsageError(f"{where} has no published weights: use --weights FILE, or --weights {RANDOM} for random ones")
    if config.hf_hub_id and not config.hf_hub_filename and config.custom_load != "hf":
        return _filled(where, name, _from_hub(where, config.hf_hub_id), options)
    try:
        return timm.create_model(name, pretrained=True, **options)
    except Exception as error:
        source = f"the files of huggingface.co/{config.hf_hub_id}" if config.hf_hub_id else str(config.url)
        raise _unfetched(where, error, source) from error


def _filled(where: str, name: str, file: Path, options: dict[str, Any]) -> nn.Module:
    """The network with a file's weights. Handed to timm as tensors: it renames those of older files."""
    import timm

    state = read_state(file)
    with fitting(where, f"does not take the weights of {file}"):
        module: Any = timm.create_model(name, pretrained=True, pretrained_cfg_overlay={"state_dict": state}, **options)
    module.pretrained_cfg.pop("state_dict", None)
    return module


def _from_hub(where: str, repository: str) -> Path:
    """A repository's file of weights from the cache, where the network is not asked, or fetched into it."""
    from huggingface_hub import constants, hf_hub_download, try_to_load_from_cache
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    cached = (try_to_load_from_cache(repository, file) for file in _FILES)
    found = next((file for file in cached if isinstance(file, str)), None)
    if found is not None:
        return Path(found)
    try:
        for file in _FILES:
            try:
                return Path(hf_hub_download(repository, file))
            except LocalEntryNotFoundError:
                raise
            except EntryNotFoundError:
                continue
    except Exception as error:
        folder = f"models--{repository.replace('/', '--')}"
        source = f"https://huggingface.co/{repository}/resolve/main/{_FILES[0]}"
        also = f", or copy {folder} from the cache of a machine that has it into {constants.HF_HUB_CACHE}"
        raise _unfetched(where, error, source, also=also) from error
    raise JobError(f"{where}: huggingface.co/{repository} has none of {' and '.join(_FILES)}: use --weights FILE")


def _unfetched(where: str, error: Exception, source: str, *, also: str = "") -> JobError:
    from huggingface_hub.errors import LocalEntryNotFoundError

    offline = isinstance(error, LocalEntryNotFoundError)
    why = "not in the cache, and no connection to the hub" if offline else summary(error)
    return JobError(
        f"{where}: its weights cannot be fetched ({why}): get {source} where there is a network and name it with "
        f"--weights FILE{also}"
    )
