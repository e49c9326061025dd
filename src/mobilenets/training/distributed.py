"""One process or many: `torchrun` around the same command. Every process works on its share of each batch."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from inspect import signature
from typing import Any, NoReturn, TypeVar

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from mobilenets.data.loader import Share
from mobilenets.errors import JobError, UsageError

Value = TypeVar("Value")

# The others wait while the first process decodes a large set for the first time.
_PATIENCE = timedelta(days=1)


class FollowerError(JobError):
    """The first process failed and says why; this one stops with it and has nothing to add."""


@dataclass(frozen=True, slots=True)
class Group:
    """The processes of a run. The first one, `leads`, writes files and talks."""

    share: Share
    device: torch.device

    @property
    def leads(self) -> bool:
        """Whether this is the first process."""
        return self.share.rank == 0

    @property
    def many(self) -> bool:
        """Whether there are other processes."""
        return self.share.world > 1

    def parallel(self, network: nn.Module) -> nn.Module:
        """The network with its gradients averaged over the processes."""
        if not self.many:
            return network
        ids = [self.device.index] if self.device.type == "cuda" else None
        # Batch norm is the same everywhere: nothing has to be sent before each step. Older torch names that otherwise.
        known = signature(DistributedDataParallel).parameters
        sending = "forward_sync_buffers" if "forward_sync_buffers" in known else "broadcast_buffers"
        options: dict[str, Any] = {sending: False}
        return DistributedDataParallel(network, device_ids=ids, **options)

    def gather(self, value: Value) -> list[Value]:
        """Every process's value, in the first process; elsewhere an empty list."""
        if not self.many:
            return [value]
        gathered: list[Any] | None = [None] * self.share.world if self.leads else None
        distributed.gather_object(value, gathered)
        return gathered or []

    def agree(self, value: Value) -> Value:
        """The first process's value, everywhere."""
        if not self.many:
            return value
        box: list[Any] = [value]
        distributed.broadcast_object_list(box)
        return box[0]

    def total(self, tensor: torch.Tensor) -> torch.Tensor:
        """The sum over the processes, everywhere."""
        if self.many:
            distributed.all_reduce(tensor)
        return tensor

    def lead(self, work: Callable[[], Value]) -> Value | None:
        """Let the first process alone do `work`, whose value it has, while the others wait.

        A `UsageError` or `JobError` ends all of them: there it is raised as it is, elsewhere as a `FollowerError`.
        """
        value: Value | None = None
        failure: UsageError | JobError | None = None
        if self.leads:
            try:
                value = work()
            except (UsageError, JobError) as error:
                failure = error
        if self.agree(failure is not None):
            self.fail(failure or JobError())
        return value

    def leader_first(self, work: Callable[[], Value]) -> Value:
        """Do the same `work` everywhere, in the first process before the others, who find what it left (a cache)."""
        done = self.lead(lambda: [work()])
        return done[0] if done else work()

    def fail(self, error: UsageError | JobError) -> NoReturn:
        """End all processes by an error that all of them know: the first one raises it, the others follow."""
        if self.leads:
            raise error
        raise FollowerError("the first process failed: it says why")


def is_first() -> bool:
    """Whether this process is the one that talks: the only one, or the first that torchrun started."""
    return _number("WORLD_SIZE", 1) == 1 or _number("RANK", 0) == 0


@contextmanager
def group(device: torch.device, *, batch: int) -> Iterator[Group]:
    """Join the other processes that torchrun started, if there are any, and leave at the end.

    Raises `UsageError` where the batch of a step does not divide among them or there are fewer GPUs than processes.
    """
    share = Share(_number("RANK", 0), _number("WORLD_SIZE", 1))
    if share.world == 1:
        yield Group(Share(), device)
        return
    processes = Group(share, device)
    if batch % share.world:
        near = _near(batch, share.world)
        processes.fail(UsageError(f"batch {batch} does not divide among {share.world} processes: {near}"))
    processes = replace(processes, device=_own_device(device))
    backend = "nccl" if processes.device.type == "cuda" else "gloo"
    distributed.init_process_group(backend, timeout=_PATIENCE)
    try:
        yield processes
    finally:
        distributed.destroy_process_group()


def _near(batch: int, world: int) -> str:
    """The multiples of `world` next to a batch, as a remedy."""
    below, above = batch // world * world, -(-batch // world) * world
    return f"use --batch {below} or {above}" if below else f"use --batch {above}"


def _own_device(device: torch.device) -> torch.device:
    """Each process of a machine takes a GPU of its own."""
    if "MASTER_ADDR" not in os.environ:
        raise UsageError("WORLD_SIZE is set and MASTER_ADDR is not: start many processes with torchrun, or unset it")
    if device.type != "cuda":
        return device
    place, count = _number("LOCAL_RANK", 0), torch.cuda.device_count()
    if place >= count:
        raise UsageError(f"more processes than the {count} GPUs of this machine: use torchrun --nproc-per-node {count}")
    device = torch.device("cuda", place)
    torch.cuda.set_device(device)
    return device


def _number(variable: str, default: int) -> int:
    text = os.environ.get(variable, "")
    return int(text) if text.isdigit() else default
