"""Any file of weights by what it holds, whatever its name says."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from mobilenets.errors import UsageError
from mobilenets.files import reason
from mobilenets.weights.found import Found

_MOST = 4_000_000_000
_HEADER = 1 << 20


@dataclass(frozen=True, slots=True)
class WeightFile:
    """The bytes of a file of weights, and where it lies."""

    path: Path
    content: bytes

    def beside(self, name: str) -> bytes | None:
        """The content of a small file in the same folder (a `config.json`), or None."""
        file = self.path.parent / name
        try:
            return file.read_bytes() if file.is_file() and file.stat().st_size <= _HEADER else None
        except OSError as error:
            raise UsageError(f"{file} cannot be read: {reason(error)}") from error


@dataclass(frozen=True, slots=True)
class Format:
    """A format: what its files begin with, and the module in `formats/` whose `read` takes them."""

    name: str
    recognises: Callable[[bytes], bool]
    module: str


FORMATS = (
    Format("TFLite", lambda head: head[4:8] == b"TFL3", "tflite"),
    Format("Keras HDF5", lambda head: head.startswith(b"\x89HDF\r\n\x1a\n"), "keras_h5"),
    Format("safetensors", lambda head: head[8:9] == b"{" and int.from_bytes(head[:8], "little") < _MOST, "safetensors"),
    Format("PyTorch", lambda head: head.startswith((b"PK\x03\x04", b"\x80\x02")), "pytorch"),
    Format("TensorFlow frozen graph", lambda head: head.startswith(b"\x0a"), "frozen_graph"),
)


def read_weights(path: Path) -> Found:
    """What a file of weights holds. Nothing in it is run, and no framework but torch is needed.

    Raises `UsageError` for a file that is missing, of no known format, damaged, or of no such network.
    """
    file = WeightFile(path, _content(path))
    for form in FORMATS:
        if form.recognises(file.content[:16]):
            read: Callable[[WeightFile], Found] = import_module(f"mobilenets.weights.formats.{form.module}").read
            return read(file)
    known = ", ".join(form.name for form in FORMATS)
    raise UsageError(f"{path} is no file of weights by its first bytes ({file.content[:8]!r}): known are {known}")


def _content(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise UsageError(f"{path} is a folder: name the file of weights in it")
        size = path.stat().st_size
        if not 0 < size <= _MOST:
            raise UsageError(f"{path} has {size:,} bytes: a file of weights has between 1 and {_MOST:,}")
        return path.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {reason(error)}") from error
