"""PyTorch files of both kinds: what is in them is found, and nothing that lies harms."""

import csv
import io
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import nn

from mobilenets.data.preprocess import central_box, scale
from mobilenets.errors import UsageError
from mobilenets.network.graph import Network
from mobilenets.weights.fitting import Asked, fit
from mobilenets.weights.formats import pytorch
from mobilenets.weights.found import Found
from mobilenets.weights.read import WeightFile, read_weights

InMemory = Callable[[bytes, str], WeightFile]
KINDS = pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])


def _saved(value: Any, *, zipped: bool = True) -> bytes:
    stream = io.BytesIO()
    torch.save(value, stream, _use_new_zipfile_serialization=zipped)
    return stream.getvalue()


@KINDS
@pytest.mark.parametrize("place", ["", "state_dict", "model", "net_state_dict", "ema"])
@pytest.mark.parametrize("prefix", ["", "module.", "module._orig_mod."])
def test_a_state_dict_is_found_wherever_it_lies(
    small_network: Network, in_memory: InMemory, zipped: bool, place: str, prefix: str
) -> None:
    state = OrderedDict((prefix + name, tensor) for name, tensor in small_network.state_dict().items())
    content = _saved({"epoch": 3, place: state, "lr": [0.1]} if place else state, zipped=zipped)
    fitted = fit(pytorch.read(in_memory(content, "a.pth")), where="a.pth")
    assert fitted.outputs == 5
    assert fitted.architecture.width == 0.25
    assert all(torch.equal(tensor, fitted.state[name]) for name, tensor in small_network.state_dict().items())


@KINDS
def test_parameters_halves_and_an_optimiser_are_no_hindrance(
    small_network: Network, in_memory: InMemory, zipped: bool
) -> None:
    optimiser = torch.optim.SGD(small_network.parameters(), lr=0.1, momentum=0.9)
    halves = {name: nn.Parameter(tensor.half(), requires_grad=False) if tensor.is_floating_point() else tensor
              for name, tensor in small_network.state_dict().items()}  # fmt: skip
    content = _saved({"state_dict": halves, "optimizer": optimiser.state_dict()}, zipped=zipped)
    tensors = pytorch.tensors(in_memory(content, "a.pth"))
    assert [*tensors] == [*halves]
    for name, values in tensors.items():
        assert values.dtype == np.float32
        assert np.array_equal(values, halves[name].float().numpy())


def test_other_weights_beside_are_said(small_network: Network, in_memory: InMemory) -> None:
    state = small_network.state_dict()
    found = pytorch.read(in_memory(_saved({"ema": state, "state_dict": state}), "a.pth"))
    assert "the weights are those under 'state_dict'; there are others under ema" in found.notes


@KINDS
@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"epoch": 1}, "holds no tensors by name, but epoch"),
        ([torch.zeros(3)], "holds a list and no tensors by name"),
        (nn.Linear(2, 2), "only tensors by name are read"),
        ({"weight": torch.zeros(2, 2).to_sparse()}, "only tensors by name are read"),
        ({"a\n.weight": torch.zeros(2, 2)}, "has a tensor called"),
        ({"scale": torch.zeros(3), "conv.weight": torch.zeros(2, 3, 3, 3)}, "scale .3. is neither kernel nor bias"),
        ({"conv.weight": torch.zeros(2, 3, 3)}, "no kernel of a convolution"),
        ({"running": torch.zeros(3)}, "holds no kernels"),
    ],
)  # fmt: skip
def test_what_is_no_state_dict_is_told_in_a_line(value: Any, problem: str, in_memory: InMemory, zipped: bool) -> None:
    with pytest.raises(UsageError, match=problem) as caught:
        pytorch.read(in_memory(_saved(value, zipped=zipped), "a.pth"))
    assert str(caught.value).startswith("nowhere/a.pth")
    assert str(caught.value).isprintable()


def _zip(content: bytes, change: Callable[[str, bytes], bytes], **options: Any) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", **options) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return made.getvalue()


def test_records_shorter_than_their_tensors_are_refused(in_memory: InMemory) -> None:
    content = _zip(
        _saved({"a.weight": torch.zeros(64, 8, 1, 1)}), lambda name, data: data[:8] if "/data/" in name else data
    )
    with pytest.raises(UsageError, match="storage '0' has 8 bytes in place of 2,048"):
        pytorch.read(in_memory(content, "a.pth"))


def test_compressed_records_are_refused_unread(in_memory: InMemory) -> None:
    content = _zip(_saved({"a": torch.zeros(10**6)}), lambda _, data: data, compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(UsageError, match="larger than the file"):
        pytorch.read(in_memory(content, "a.pth"))


def test_storages_longer_than_the_file_are_refused(in_memory: InMemory) -> None:
    content = _saved({"a": torch.zeros(1000)}, zipped=False)
    with pytest.raises(UsageError, match=r"it ends after [\d,]+ of at least [\d,]+ bytes"):
        pytorch.read(in_memory(content[:-100], "a.pth"))
    with pytest.raises(UsageError, match="in place of 1,000"):
        pytorch.read(in_memory(content[:-4008] + (2**40).to_bytes(8, "little") + content[-4000:], "a.pth"))


def test_many_views_of_one_storage_are_refused(in_memory: InMemory) -> None:
    one = torch.zeros(1000, 10)
    content = _saved({f"{place}.weight": one.view(10_000) for place in range(50)})
    with pytest.raises(UsageError, match="its tensors overlap"):
        pytorch.read(in_memory(content, "a.pth"))


@pytest.mark.parametrize(
    ("name", "problem"), [("model.weights.h5", "Keras 3's own archive"), ("a.txt", "a zip without a data.pkl")]
)
def test_other_zips_are_told_apart(name: str, problem: str, in_memory: InMemory) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as new:
        new.writestr(name, b"0")
    with pytest.raises(UsageError, match=problem):
        pytorch.read(in_memory(made.getvalue(), "a.keras"))


@KINDS
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused_in_a_line(
    data: st.DataObject, zipped: bool, damaged: Callable[..., bytes], in_memory: InMemory
) -> None:
    state = {"c.weight": torch.zeros(8, 3, 3, 3), "d.weight": torch.zeros(8, 1, 3, 3), "d.bias": torch.zeros(8)}
    content = _saved({"state_dict": state, "epoch": 4}, zipped=zipped)
    file = in_memory(damaged(data, content, len(content)), "a.pth")
    try:
        assert isinstance(pytorch.read(file), Found)
    except UsageError as error:
        assert "nowhere/a.pth" in str(error)
        assert str(error).isprintable()


# --- The real one ---

_ASKED = Asked(
    activation="leaky_relu", padding="symmetric", resolution=224, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)
)


def test_the_published_quarter_width_recognises_photographs(shared_data: Path) -> None:
    file = shared_data / "weights" / "mobilenetV1X0.25_pretrain.tar"
    fitted = fit(read_weights(file), _ASKED, where=file.name)
    assert (fitted.architecture.name.width, fitted.outputs, fitted.architecture.norm_epsilon) == (0.25, 1000, 1e-5)
    with (shared_data / "imagenet_val650" / "labels.csv").open(encoding="utf-8") as listed:
        rows = list(csv.DictReader(listed))[::6]
    images = []
    for row in rows:
        with Image.open(shared_data / "imagenet_val650" / "images" / row["file"]) as photo:
            box = central_box(photo.height, photo.width, fitted.preprocessing)
            cut = photo.convert("RGB").crop((box.left, box.top, box.left + box.width, box.top + box.height))
            images.append(torch.from_numpy(np.array(cut.resize((224, 224), Image.Resampling.BILINEAR))))
    with torch.no_grad():
        logits = fitted.network().eval()(scale(torch.stack(images).permute(0, 3, 1, 2), fitted.preprocessing))
    right = sum(int(best) == int(row["label"]) for best, row in zip(logits.argmax(1), rows, strict=True))
    # .670 of these 109, .609 of all 650; with ReLU6 in place of LeakyReLU it is by far less.
    assert right / len(rows) > 0.64


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_the_published_file_damaged_is_read_or_refused(
    data: st.DataObject, shared_data: Path, damaged: Callable[..., bytes], in_memory: InMemory
) -> None:
    content = (shared_data / "weights" / "mobilenetV1X0.25_pretrain.tar").read_bytes()
    try:
        assert isinstance(pytorch.read(in_memory(damaged(data, content, 60_000), "a.tar")), Found)
    except UsageError as error:
        assert str(error).isprintable()
