"""The checkpoint folder: `model.safetensors`, `run.json`, and `state/` for resuming. Never a pickle.

Every file is written whole or not at all; `state/latest.safetensors` alone decides where a run continues, so a crash
between two files loses nothing.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from mobilenets.architecture.names import Name
from mobilenets.data.preprocess import Preprocessing
from mobilenets.errors import UsageError
from mobilenets.files import reason, write_text_whole, write_whole
from mobilenets.run import Architecture, Run
from mobilenets.settings import from_json, to_json

FORMAT = 1
MODEL = "model.safetensors"
RUN = "run.json"
STATE = "state/latest.safetensors"
SPLIT = "split.csv"


@dataclass(frozen=True, slots=True)
class Description:
    """What `run.json` says: enough to build the network and feed it, and how it came to be.

    `source` says where the weights come from; `run` is the training run, if we trained them.
    """

    task: str
    task_state: Mapping[str, Any]
    architecture: Architecture
    preprocessing: Preprocessing
    source: str
    run: Run | None = None

    @property
    def network(self) -> Name:
        """The network's name."""
        return self.architecture.name


@dataclass(frozen=True, slots=True)
class Tensors:
    """A safetensors file: tensors by name and one JSON object of everything else."""

    tensors: dict[str, Tensor]
    facts: dict[str, Any]


def write_description(folder: Path, description: Description) -> None:
    """Write `run.json`."""
    data = {
        "format": FORMAT,
        "network": str(description.network),
        "task": description.task,
        "task_state": dict(description.task_state),
        "architecture": to_json(description.architecture),
        "preprocessing": asdict(description.preprocessing),
        "source": description.source,
        "run": None if description.run is None else to_json(description.run),
    }
    write_text_whole(folder / RUN, json.dumps(data, indent=1, ensure_ascii=False) + "\n")


def read_description(folder: Path) -> Description:
    """Read `run.json`; raises `UsageError` where the folder is no checkpoint or the file is not whole."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder: give the folder that `mobilenets train --out` wrote")
    file = folder / RUN
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"{folder} is no checkpoint: it has no {RUN}; give the folder of `train --out`") from None
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {reason(error)}") from error
    except ValueError as error:
        raise UsageError(f"{file} is damaged (not JSON: {error}): take it from a copy or train again") from error
    return _description(data, file)


def _description(data: Any, file: Path) -> Description:
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        found = data.get("format") if isinstance(data, dict) else None
        raise UsageError(f"{file} is not of format {FORMAT} (found {found!r}): it is not a run.json of this version")
    try:
        preprocessing = {key: tuple(v) if isinstance(v, list) else v for key, v in data["preprocessing"].items()}
        return Description(
            task=str(data["task"]),
            task_state=dict(data["task_state"]),
            architecture=from_json(Architecture, data["architecture"], where=str(file)),
            preprocessing=Preprocessing(**preprocessing),
            source=str(data["source"]),
            run=None if data["run"] is None else from_json(Run, data["run"], where=str(file)),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{file} is damaged ({error}): take it from a copy or train again") from error


def write_tensors(file: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
    """Write tensors and facts as one safetensors file, whole or not at all."""
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}

    def write(temporary: Path) -> None:
        try:
            save_file(plain, temporary, metadata={"facts": json.dumps(facts)})
        except SafetensorError as error:
            raise OSError(str(error)) from error

    write_whole(file, write)


def read_tensors(file: Path) -> Tensors:
    """Read a safetensors file; raises `UsageError` where it is missing or damaged."""
    if not file.is_file():
        raise UsageError(f"{file} is missing: the checkpoint is not whole; take it from a copy or train again")
    try:
        with safe_open(file, framework="pt") as opened:
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
            metadata = opened.metadata() or {}
        return Tensors(tensors, json.loads(metadata.get("facts", "{}")))
    except (SafetensorError, ValueError, OSError) as error:
        raise UsageError(f"{file} is damaged ({error}): take it from a copy or train again") from error


def load_weights(network: Any, tensors: Mapping[str, Tensor], *, where: Path) -> None:
    """Put tensors into a network of the same layout; raises `UsageError` that names the first that does not fit."""
    wanted = network.state_dict()
    for name, tensor in wanted.items():
        if name not in tensors:
            raise UsageError(f"{where} has no tensor {name!r}: it belongs to another network")
        if tensors[name].shape != tensor.shape:
            shapes = f"{tuple(tensors[name].shape)} instead of {tuple(tensor.shape)}"
            raise UsageError(f"{where}: {name} has the shape {shapes}: it belongs to another network")
    extra = [name for name in tensors if name not in wanted]
    if extra:
        raise UsageError(f"{where} has the tensor {extra[0]!r} that the network lacks: it belongs to another network")
    network.load_state_dict(tensors)
