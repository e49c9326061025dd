"""Converters and runtimes that talk about themselves, silenced."""

import contextlib
import ctypes
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

_STDOUT, _STDERR = 1, 2


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without warnings, the notes of Python's loggers, and what native code writes to the standard streams itself.

    What fails is raised all the same. It holds for the whole process: what another thread writes meanwhile is lost.
    """
    with contextlib.ExitStack() as stack:
        stack.callback(logging.disable, logging.root.manager.disable)
        logging.disable(logging.WARNING)
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        nowhere = stack.enter_context(Path(os.devnull).open("w"))
        for descriptor in (_STDOUT, _STDERR):
            stack.enter_context(_sent_to(nowhere.fileno(), descriptor))
        # Native code that writes through Python reaches these, which need not be the descriptors.
        stack.enter_context(contextlib.redirect_stdout(nowhere))
        stack.enter_context(contextlib.redirect_stderr(nowhere))
        yield


@contextlib.contextmanager
def _sent_to(nowhere: int, descriptor: int) -> Iterator[None]:
    """With everything that is written to a descriptor sent to another."""
    _flush()
    kept = os.dup(descriptor)
    try:
        os.dup2(nowhere, descriptor)
        yield
    finally:
        _flush()
        os.dup2(kept, descriptor)
        os.close(kept)


def _flush() -> None:
    """Send on what Python and C's standard library still hold back."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    if os.name == "posix":
        ctypes.CDLL(None).fflush(None)
