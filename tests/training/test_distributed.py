"""What one process does where many might: everything is its own. (What two do: jobs/train/test_many.)"""

import pytest
import torch
from torch import nn

from mobilenets.data.loader import Share
from mobilenets.errors import JobError, UsageError
from mobilenets.training.distributed import FollowerError, Group, group, is_first

CPU = torch.device("cpu")
ALONE = Group(Share(), CPU)
SECOND = Group(Share(rank=1, world=2), CPU)


def _fails() -> None:
    raise JobError("the disk is full")


def test_a_single_process_leads_and_keeps_what_it_has() -> None:
    network = nn.Linear(2, 2)
    assert ALONE.leads
    assert not ALONE.many
    assert ALONE.parallel(network) is network
    assert ALONE.gather("mine") == ["mine"]
    assert ALONE.agree("mine") == "mine"
    assert ALONE.total(torch.tensor([2.0])).tolist() == [2.0]


def test_a_single_process_does_the_work_itself() -> None:
    calls: list[int] = []
    assert ALONE.lead(lambda: len(calls)) == 0
    assert ALONE.leader_first(lambda: calls.append(1)) is None
    assert calls == [1]  # once, although nothing came of it
    with pytest.raises(JobError, match="the disk is full"):
        ALONE.lead(_fails)


def test_an_error_known_to_all_is_told_by_the_first_alone() -> None:
    with pytest.raises(UsageError, match="wrong"):
        ALONE.fail(UsageError("wrong"))
    with pytest.raises(FollowerError, match="the first process failed"):
        SECOND.fail(UsageError("wrong"))


@pytest.mark.parametrize(
    ("environment", "first"),
    [
        ({}, True),
        ({"RANK": "3"}, True),  # some cluster's variable: nobody else takes part
        ({"RANK": "0", "WORLD_SIZE": "4"}, True),
        ({"RANK": "3", "WORLD_SIZE": "4"}, False),
        ({"RANK": "x", "WORLD_SIZE": "many"}, True),
    ],
)
def test_the_first_process_talks(environment: dict[str, str], first: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert is_first() is first


def test_without_torchrun_there_is_nothing_to_join(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "3")
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with group(CPU, batch=7) as processes:
        assert processes == ALONE


@pytest.mark.parametrize(("batch", "remedy"), [(7, "use --batch 4 or 8"), (3, "use --batch 4$")])
def test_a_batch_has_to_divide(batch: int, remedy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "4")
    with (
        pytest.raises(UsageError, match=rf"batch {batch} does not divide among 4 processes: {remedy}"),
        group(CPU, batch=batch),
    ):
        pass


def test_more_processes_than_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"RANK": "2", "LOCAL_RANK": "2", "WORLD_SIZE": "4", "MASTER_ADDR": "localhost"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with (
        pytest.raises(UsageError, match=r"more processes than the 2 GPUs .* --nproc-per-node 2"),
        group(torch.device("cuda"), batch=4),
    ):
        pass
