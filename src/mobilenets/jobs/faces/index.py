"""An index: the embeddings of many photographs with their names, in one file that is searched as it lies."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from mobilenets.errors import UsageError
from mobilenets.files import reason, write_bytes_whole

FORMAT = "mobilenets index 1"
_REMEDY = "make it again with `mobilenets search index`"


@dataclass(frozen=True, slots=True)
class Index:
    """`vectors` (N, dimension) of length one, mapped into memory; the names of their photographs; whose they are.

    `identity` says which weights made them and how photographs were shown to these.
    """

    vectors: NDArray[np.float32]
    identity: Mapping[str, str]
    _names: bytes
    _ends: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.vectors)

    def name(self, place: int) -> str:
        """The name of one photograph."""
        start = int(self._ends[place - 1]) if place else 0
        return bytes(self._names[start : int(self._ends[place])]).decode(errors="surrogateescape")


def write_index(file: Path, vectors: NDArray[np.float32], names: Sequence[str], identity: Mapping[str, str]) -> None:
    """Write an index, whole or not at all. Raises `JobError` as files do."""
    encoded = [name.encode(errors="surrogateescape") for name in names]
    tensors: dict[str, NDArray[Any]] = {
        "vectors": np.ascontiguousarray(vectors, dtype=np.float32),
        "names": np.frombuffer(b"".join(encoded) or b"\0", dtype=np.uint8),
        "ends": np.cumsum([len(one) for one in encoded], dtype=np.int64),
    }
    # One entry: several would stand in another order each time.
    facts = json.dumps({"format": FORMAT, "identity": dict(identity)})
    write_bytes_whole(file, save(tensors, metadata={"facts": facts}))


def read_index(file: Path) -> Index:
    """Open an index; its vectors are read when they are searched. Raises `UsageError` for a file that is none."""
    try:
        if not file.is_file():
            raise UsageError(f"there is no index {file}: {_REMEDY}")
        # torch's tensors stay in the file, mapped into memory; numpy's would be read whole.
        with safe_open(file, framework="pt") as opened:
            facts: Any = json.loads((opened.metadata() or {}).get("facts", "{}"))
            if not isinstance(facts, dict) or facts.get("format") != FORMAT:
                raise UsageError(f"{file} is no index, or of another format than {FORMAT!r}: {_REMEDY}")
            vectors, names, ends = (opened.get_tensor(name).numpy() for name in ("vectors", "names", "ends"))
            identity = facts["identity"]
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {reason(error)}") from error
    except UsageError:
        raise
    except (SafetensorError, KeyError, ValueError) as error:
        raise UsageError(f"{file} is damaged ({error}): {_REMEDY}") from error
    sound = vectors.ndim == 2 and len(vectors) == len(ends) and (not len(ends) or ends[-1] <= len(names))  # noqa: PLR2004
    if not sound or not isinstance(identity, dict):
        raise UsageError(f"{file} is damaged (its parts do not fit together): {_REMEDY}")
    return Index(vectors, identity, names, ends)
