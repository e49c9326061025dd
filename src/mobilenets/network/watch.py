"""Looking at what modules read and give while a network runs."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping

import torch
from torch import Tensor, nn

Note = Callable[[str, Tensor, Tensor], None]
"""Hears a module's name, its first input and its output."""


@contextlib.contextmanager
def watched(modules: Mapping[str, nn.Module], note: Note) -> Iterator[None]:
    """With `note` told of every call of the modules; none of them is watched any more afterwards."""
    with contextlib.ExitStack() as stack:
        for name, module in modules.items():

            def hear(_module: nn.Module, given: tuple[Tensor, ...], output: Tensor, name: str = name) -> None:
                note(name, given[0], output)

            stack.callback(module.register_forward_hook(hear).remove)
        yield


def run_watched(network: nn.Module, batches: Iterable[Tensor], modules: Mapping[str, nn.Module], note: Note) -> None:
    """Run batches through a network, without gradients, with `note` told of every call of the modules."""
    with watched(modules, note), torch.no_grad():
        for images in batches:
            network(images)
