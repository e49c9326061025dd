"""One process or many: `torchrun` around the same command. Every process works on its share of each batch."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from mobilenets.data.loader import Share
from mobilenets.errors import UsageError

Value = TypeVar("Value")


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
        """The network with its gradients averaged over the processes, batch norm over the whole batch."""
        if not self.many:
            return network
        ids = [self.device.index] if self.device.type == "cuda" else None
        return DistributedDataParallel(network, device_ids=ids, broadcast_buffers=False)

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
        return box[0]  # type: ignore[no-any-return]

    def total(self, tensor: torch.Tensor) -> torch.Tensor:
        """The sum over the processes, everywhere."""
        if self.many:
            distributed.all_reduce(tensor)
        return tensor


@contextmanager
def group(device: torch.device, *, batch: int) -> Iterator[Group]:
    """Join the other processes that torchrun started, if there are any, and leave at the end."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        yield Group(Share(), device)
        return
    if batch % world:
        raise UsageError(f"batch {batch} does not divide among {world} processes: use a multiple of {world}")
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Group(Share(distributed.get_rank(), world), device)
    finally:
        distributed.destroy_process_group()


def synchronised(network: nn.Module, *, world: int) -> nn.Module:
    """Batch norm over the whole batch of all processes, so that many processes compute what one would."""
    return network if world == 1 else nn.SyncBatchNorm.convert_sync_batchnorm(network)
