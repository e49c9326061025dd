"""State dicts of any library, and nothing else."""

import os
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save, save_file

from mobilenets.errors import UsageError
from mobilenets.network.pretrained.state_file import read_state

STATE = {"conv.weight": torch.arange(12.0).view(3, 4), "conv.bias": torch.tensor([1.0, 2.0, 3.0])}


def _same(found: dict[str, torch.Tensor]) -> bool:
    return found.keys() == STATE.keys() and all(torch.equal(found[name], STATE[name]) for name in STATE)


def test_safetensors_whatever_the_ending(tmp_path: Path) -> None:
    save_file(STATE, tmp_path / "weights.bin")
    assert _same(read_state(tmp_path / "weights.bin"))


@pytest.mark.parametrize(
    "content",
    [
        STATE,
        {"state_dict": STATE, "epoch": 3},
        {"model": STATE, "optimizer": {"lr": 0.1}},
        {"state_dict": {"conv.weight": torch.zeros(1)}, "state_dict_ema": STATE},
        {"state_dict": {f"module.{name}": one for name, one in STATE.items()}},
        {f"module._orig_mod.{name}": one for name, one in STATE.items()},
    ],
)
@pytest.mark.parametrize("zipped", [True, False])
def test_what_training_scripts_save(content: dict[str, Any], zipped: bool, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "weights.pth", _use_new_zipfile_serialization=zipped)
    assert _same(read_state(tmp_path / "weights.pth"))


class Hostile:
    """Runs a command where it is unpickled."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (self.command,)


def test_nothing_is_run(tmp_path: Path) -> None:
    torch.save({"state_dict": STATE, "x": Hostile(f"touch {tmp_path}/ran")}, tmp_path / "weights.pth")
    with pytest.raises(UsageError, match=r"weights\.pth is no state dict of safetensors or PyTorch") as told:
        read_state(tmp_path / "weights.pth")
    assert "\n" not in str(told.value)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [[1, 2], {}, {"a": 1}, {"state_dict": {}}, torch.zeros(2)])
def test_other_things_that_torch_saves(content: Any, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "weights.pth")
    with pytest.raises(UsageError, match="holds no state dict"):
        read_state(tmp_path / "weights.pth")


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="it is not there"):
        read_state(tmp_path / "weights.pth")
    with pytest.raises(UsageError, match="it is a folder"):
        read_state(tmp_path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused(data: Any, tmp_path: Path) -> None:
    torch.save(STATE, tmp_path / "whole.pth")
    whole = data.draw(st.sampled_from([save(STATE), (tmp_path / "whole.pth").read_bytes()]))
    content = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for place in data.draw(st.lists(st.integers(0, max(len(content) - 1, 0)), max_size=4)):
        content[place : place + 1] = data.draw(st.binary(min_size=1, max_size=1))
    (tmp_path / "weights").write_bytes(content)
    try:
        assert all(isinstance(one, torch.Tensor) for one in read_state(tmp_path / "weights").values())
    except UsageError as error:
        assert "\n" not in str(error)
