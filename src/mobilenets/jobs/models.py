"""Whatever `--model` may name, ready to answer: a checkpoint, an artefact, another library's network."""

from dataclasses import replace
from pathlib import Path

from mobilenets.deployment.artefact import is_artefact
from mobilenets.deployment.model import ArtefactModel, load_artefact
from mobilenets.errors import UsageError
from mobilenets.prediction.model import Model, choose_device, load

AnyModel = Model | ArtefactModel


def load_any(source: str | Path, *, device: str, weights: str | None = None, resolution: int | None = None) -> AnyModel:
    """The model of a checkpoint, of an artefact (run in its own runtime, on the CPU), or of another library.

    Raises `UsageError` as `load` and `load_artefact` do, and for what an artefact cannot be asked for.
    """
    folder = Path(source)
    if not is_artefact(folder):
        return load(source, device=choose_device(device), weights=weights, resolution=resolution)
    if weights is not None:
        raise UsageError(f"--weights {weights} with the artefact {folder}: it has its own, so leave it out")
    if device == "cuda":
        raise UsageError(f"device cuda: the artefact {folder} runs on the CPU; use --device cpu")
    choose_device(device)
    model = load_artefact(folder)
    return model if resolution is None else _resized(model, resolution, folder)


def _resized(model: ArtefactModel, resolution: int, folder: Path) -> ArtefactModel:
    own = model.preprocessing.resolution
    if resolution != own and not model.any_size:
        raise UsageError(
            f"resolution {resolution}: the file in {folder} takes {own} pixels only; leave --resolution out or export "
            "a network with symmetric padding"
        )
    return replace(model, preprocessing=replace(model.preprocessing, resolution=resolution))
