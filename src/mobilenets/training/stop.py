"""Ctrl-C and SIGTERM: finish the step, save, then leave."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopRequest:
    """Set once somebody asked the run to stop. A Ctrl-C after that does what it does everywhere else."""

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None

    def __bool__(self) -> bool:
        return self.signal is not None


@contextmanager
def listening() -> Iterator[StopRequest]:
    """Listen for the signals while the block runs; one that the process was told to ignore stays ignored."""
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request  # only the main thread may listen; elsewhere the caller decides when to stop
        return
    before = {}
    for number in _SIGNALS:
        handler = signal.getsignal(number)
        # A script's background job ignores Ctrl-C; None is a handler that is not Python's and could not be put back.
        if handler is not None and handler != signal.SIG_IGN:
            before[number] = handler

    def asked(number: int, _frame: FrameType | None) -> None:
        request.signal = signal.Signals(number)
        if signal.SIGINT in before:
            signal.signal(signal.SIGINT, before[signal.SIGINT])

    for number in before:
        signal.signal(number, asked)
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
