"""Ctrl-C and SIGTERM: finish the step, save, then leave."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopRequest:
    """Set once somebody asked the run to stop. A second Ctrl-C does what it does everywhere else."""

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None

    def __bool__(self) -> bool:
        return self.signal is not None


@contextmanager
def listening() -> Iterator[StopRequest]:
    """Listen for the signals while the block runs."""
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request  # only the main thread may listen; elsewhere the caller decides when to stop
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def asked(number: int, frame: FrameType | None) -> None:
        request.signal = signal.Signals(number)
        signal.signal(signal.SIGINT, before[signal.SIGINT])

    for number in _SIGNALS:
        signal.signal(number, asked)
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
