"""The checkpoint folder: `model.safetensors`, `run.json`, and `state/` for resuming. Never a pickle.

Every file is written whole or not at all; `state/latest.safetensors` alone decides where a run continues, so a crash
between two files loses nothing.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from mobilenets.data.preprocess import Preprocessing
from mobilenets.errors import UsageError
from mobilenets.files import reason, write_bytes_whole, write_text_whole
from mobilenets.run import Architecture, Run
from mobilenets.settings import from_json, to_json

FORMAT = 1
MODEL = "model.safetensors"
RUN = "run.json"
STATE = "state/latest.safetensors"

_REMEDY = "take it from a copy or train again"
_ANOTHER = f"it belongs to another network than {RUN} says; take both from one copy"
SPLIT = "split.csv"


@dataclass(frozen=True, slots=True)
class Origin:
    """The weights that a run started from: what `--weights` named, and the SHA-256 of that file."""

    weights: str
    sha256: str


@dataclass(frozen=True, slots=True)
class TeacherOrigin:
    """The network that a run learnt from: what `--teacher` named, and the SHA-256 of its weights.

    That of the file of a checkpoint or an artefact; of another library's network that of its tensors in order.
    """

    teacher: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Description:
    """What `run.json` says: enough to build the network and feed it, and how it came to be.

    `source` says where the weights come from; `run` is the training run, if we trained them, `origin` what it
    started from, if not from random weights, and `teacher` what it learnt from, if not from labels alone.
    """

    task: str
    task_state: Mapping[str, Any]
    architecture: Architecture
    preprocessing: Preprocessing
    source: str
    run: Run | None = None
    origin: Origin | None = None
    teacher: TeacherOrigin | None = None

    @property
    def network(self) -> str:
        """The network's name."""
        return network_name(self.architecture, self.task_state)


def network_name(architecture: Architecture, task_state: Mapping[str, Any]) -> str:
    """What a network is called; a detector's name begins with its framework."""
    framework = task_state.get("framework")
    return f"{framework}_{architecture.name}" if framework else str(architecture.name)


@dataclass(frozen=True, slots=True)
class Tensors:
    """A safetensors file: tensors by name and one JSON object of everything else."""

    tensors: dict[str, Tensor]
    facts: dict[str, Any]


def write_description(folder: Path, description: Description) -> None:
    """Write `run.json`; its format and the network's name stand first, for people. Raises `JobError` as files do."""
    data = {"format": FORMAT, "network": description.network, **to_json(description)}
    write_text_whole(folder / RUN, json.dumps(data, indent=1, ensure_ascii=False) + "\n")


def read_description(folder: Path) -> Description:
    """Read `run.json`; raises `UsageError` where the folder is no checkpoint or the file is not whole."""
    file = folder / RUN
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(f"{_no_checkpoint(folder)}; give the folder that `mobilenets train --out` wrote") from None
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {reason(error)}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file} is damaged (not JSON: {error}): {_REMEDY}") from error
    return _description(data, file)


def _no_checkpoint(folder: Path) -> str:
    if folder.is_dir():
        return f"{folder} is no checkpoint: it has no {RUN}"
    return f"{folder} is a file and not a folder" if folder.exists() else f"there is no folder {folder}"


def _description(data: Any, file: Path) -> Description:
    found = data.get("format") if isinstance(data, dict) else None
    if found != FORMAT:
        newer = type(found) is int and found > FORMAT
        remedy = "it comes from a newer mobilenets: update this one" if newer else "it is not one of a checkpoint"
        raise UsageError(f"{file} is of format {found!r} and not {FORMAT}: {remedy}")
    described = {key: value for key, value in data.items() if key not in ("format", "network")}
    return from_json(Description, described, where=str(file))


def write_tensors(file: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
    """Write tensors and facts as one safetensors file, whole or not at all. Raises `JobError` as files do."""
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    # Bytes and not `save_file`, whose own temporary file a kill would leave, and whose errors have no number.
    data = save(plain, metadata={"facts": json.dumps(facts)})
    write_bytes_whole(file, data)


def read_tensors(file: Path) -> Tensors:
    """Read a safetensors file; raises `UsageError` where it is missing or damaged."""
    try:
        if not file.is_file():
            raise UsageError(f"{file} is missing: the checkpoint is not whole; {_REMEDY}")
        with safe_open(file, framework="pt") as opened:
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
            facts = json.loads((opened.metadata() or {}).get("facts", "{}"))
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {reason(error)}") from error
    except UsageError:
        raise
    except (SafetensorError, ValueError, RecursionError) as error:
        raise UsageError(f"{file} is damaged ({error}): {_REMEDY}") from error
    if not isinstance(facts, dict):
        raise UsageError(f"{file} is damaged (its facts are no JSON object): {_REMEDY}")
    return Tensors(tensors, facts)


def load_weights(network: nn.Module, tensors: Mapping[str, Tensor], *, where: Path) -> None:
    """Put tensors into a network of the same layout; raises `UsageError` that names the first that does not fit."""
    wanted = network.state_dict()
    for name, tensor in wanted.items():
        if name not in tensors:
            raise UsageError(f"{where} has no tensor {name!r}: {_ANOTHER}")
        if tensors[name].shape != tensor.shape:
            shapes = f"{_shape(tensors[name])} instead of {_shape(tensor)}"
            raise UsageError(f"{where}: {name} has the shape {shapes}: {_ANOTHER}")
    extra = [name for name in tensors if name not in wanted]
    if extra:
        raise UsageError(f"{where} has the tensor {extra[0]!r} that the network lacks: {_ANOTHER}")
    network.load_state_dict(tensors)


def _shape(tensor: Tensor) -> str:
    return " x ".join(map(str, tensor.shape)) or "of a single number"
