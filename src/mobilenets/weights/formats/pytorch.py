"""PyTorch files, of today (a zip) and of before 1.6 (pickles, then storages): a state dict, wherever in it it lies.

Read with `torch.load(weights_only=True)` alone, after the pickle and the storages were looked through.
"""

import struct
import warnings
import zipfile
from io import BytesIO
from typing import Any

import torch
from torch import Tensor

from mobilenets.errors import UsageError
from mobilenets.weights import state_dict
from mobilenets.weights.formats.pickled import PickleError, look_through
from mobilenets.weights.found import Array, Found
from mobilenets.weights.read import WeightFile
from mobilenets.weights.wording import one_line, printable

_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_PICKLES = 5  # the magic number, the protocol, the machine, the object, the keys of the storages
_MOST_ENTRIES = 100_000
_LOCAL_HEADER = 30
_PLACES = ("state_dict", "model_state_dict", "model", "net_state_dict", "net", "network", "weights", "params")
_AVERAGED = ("ema", "model_ema", "state_dict_ema", "ema_state_dict")


def read(file: WeightFile) -> Found:
    """What a PyTorch file holds. Raises `UsageError` where it is damaged, or holds anything but tensors by name."""
    loaded, notes = _state(_load(file), where=str(file.path))
    return state_dict.found(loaded, file, form="PyTorch state dict", notes=notes)


def tensors(file: WeightFile) -> dict[str, Array]:
    """The file's tensors by name, in its order, as float32. Raises `UsageError` as `read` does."""
    return _state(_load(file), where=str(file.path))[0]


def _load(file: WeightFile) -> Any:
    try:
        sound = _sound_zip(file.content) if file.content.startswith(b"PK") else _sound_legacy(file.content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(BytesIO(sound), map_location="cpu", weights_only=True)
    except PickleError as error:
        raise UsageError(f"{file.path} cannot be read: {error}") from error
    except Exception as error:
        raise UsageError(f"{file.path} is no whole PyTorch file ({one_line(error)}): take it from a copy") from error


def _sound_zip(content: bytes) -> bytes:
    """The zip anew, with the pickle and the storages it names and nothing else, each of the size it must have."""
    entries = _entries(content)
    folder = next((name[: -len("data.pkl")] for name in entries if name.endswith("data.pkl")), None)
    if "model.weights.h5" in entries:
        raise PickleError("it is Keras 3's own archive: save model.save('NAME.h5') from Keras")
    if folder is None or f"{folder}constants.pkl" in entries:
        kind = "a zip without a data.pkl" if folder is None else "a TorchScript program"
        raise PickleError(f"it is {kind}: save model.state_dict() with torch.save")
    pickle = entries[f"{folder}data.pkl"]
    kept = {"data.pkl": pickle, "version": b"3\n"}
    if (order := entries.get(f"{folder}byteorder")) in (b"little", b"big"):
        kept["byteorder"] = order
    for key, size in look_through(pickle).storage_bytes.items():
        record = entries.get(f"{folder}data/{key}", b"")
        if len(record) != size:
            raise PickleError(f"its storage {key!r} has {len(record):,} bytes in place of {size:,}")
        kept[f"data/{key}"] = record
    anew = BytesIO()
    with zipfile.ZipFile(anew, "w") as written:
        for name, data in kept.items():
            written.writestr(f"archive/{name}", data)
    return anew.getvalue()


def _entries(content: bytes) -> dict[str, bytes]:
    """The stored entries by name. Checksums are not compared: torch can be told not to write them."""
    with zipfile.ZipFile(BytesIO(content)) as opened:
        infos = opened.infolist()
    if len(infos) > _MOST_ENTRIES or sum(info.file_size for info in infos) > len(content):
        raise PickleError("its entries are larger than the file")
    entries = {}
    for info in infos:
        if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size or info.flag_bits & 1:
            raise PickleError(f"its entry {info.filename!r} is compressed, which torch.save does not do")
        name_bytes, extra_bytes = struct.unpack_from("<HH", content, info.header_offset + _LOCAL_HEADER - 4)
        start = info.header_offset + _LOCAL_HEADER + name_bytes + extra_bytes
        entries[info.filename] = content[start : start + info.file_size]
    return entries


def _sound_legacy(content: bytes) -> bytes:
    """The content itself, once its pickles are sound and each storage behind them has the size that they say."""
    end, pickles = 0, []
    for number in range(_LEGACY_PICKLES):
        pickles.append(look_through(content, end))
        end = pickles[-1].end
        if number == 0 and pickles[0].value != _MAGIC:
            raise PickleError("it is a pickle and no PyTorch file: save model.state_dict() with torch.save")
    object_, keys = pickles[3], pickles[4].value
    if not isinstance(keys, list) or set(map(str, keys)) != set(object_.items) or len(keys) != len(object_.items):
        raise PickleError("its storages are not those that its tensors name")
    for key in keys:
        (items,) = struct.unpack_from("<q", content, end)
        if items != object_.items[key]:
            raise PickleError(f"its storage {key!r} has {items:,} numbers in place of {object_.items[key]:,}")
        end += 8 + object_.storage_bytes[key]
    if end > len(content):
        raise PickleError(f"it ends after {len(content):,} of at least {end:,} bytes")
    return content


def _state(loaded: Any, *, where: str) -> tuple[dict[str, Array], tuple[str, ...]]:
    """The tensors of the state dict in what was loaded, and a note where it holds others beside."""
    if not isinstance(loaded, dict):
        raise UsageError(f"{where} holds a {type(loaded).__name__} and no tensors by name: save model.state_dict()")
    inside = {key: loaded[key] for key in (*_PLACES, *_AVERAGED) if _is_state(loaded.get(key))}
    if not inside and not _is_state(loaded):
        named = printable(", ".join(map(str, list(dict.keys(loaded))[:8])))
        raise UsageError(f"{where} holds no tensors by name, but {named or 'nothing'}: save model.state_dict()")
    key = next(iter(inside), None)
    chosen: dict[Any, Any] = loaded if key is None else inside[key]
    others = [other for other in inside if other != key]
    notes = (f"the weights are those under {key!r}; there are others under {', '.join(others)}",) if others else ()
    return _arrays(chosen, where=where), notes


def _is_state(value: Any) -> bool:
    return isinstance(value, dict) and any(isinstance(one, Tensor) for one in dict.values(value))


def _arrays(state: dict[Any, Any], *, where: str) -> dict[str, Array]:
    arrays: dict[str, Array] = {}
    seen, stored = 0, set()
    # The dictionary's own `items`, because a pickle may put anything over an OrderedDict's attributes.
    for name, tensor in dict.items(state):
        if not isinstance(name, str) or not isinstance(tensor, Tensor):
            continue
        storage = tensor.untyped_storage()
        stored.add((storage.data_ptr(), storage.nbytes()))
        seen += tensor.numel()
        if seen > 2 * sum(size for _, size in stored):
            raise UsageError(f"{where}: its tensors overlap ({name!r} and others share their numbers)")
        arrays[name] = tensor.detach().float().contiguous().numpy()
    return arrays
