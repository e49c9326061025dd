"""Signals to the process itself."""

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from mobilenets.training.stop import StopRequest, listening

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Python's own handlers before each test, and whatever there was after it."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def _send(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_is_a_request(number: signal.Signals) -> None:
    with listening() as request:
        assert not request
        assert request.signal is None
        _send(number)
        assert request
        assert request.signal == number


@pytest.mark.parametrize("number", SIGNALS)
def test_handlers_are_put_back(number: signal.Signals) -> None:
    with listening():
        assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
        _send(number)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_handlers_are_put_back_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), listening():
        _ = 1 / 0
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


@pytest.mark.parametrize("first", SIGNALS)
def test_a_ctrl_c_after_the_request_interrupts(first: signal.Signals) -> None:
    with pytest.raises(KeyboardInterrupt), listening():
        _send(first)
        _send(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_sigterm_asks_again() -> None:
    with listening() as request:
        _send(signal.SIGTERM)
        _send(signal.SIGTERM)
        assert request.signal == signal.SIGTERM


def test_what_the_process_ignores_stays_ignored() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with listening() as request:
        _send(signal.SIGINT)
        assert not request
        _send(signal.SIGTERM)
        assert request
        _send(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_one_listener_inside_another() -> None:
    with listening() as outer:
        with listening() as inner:
            _send(signal.SIGTERM)
            assert inner and not outer
        _send(signal.SIGTERM)
        assert outer


def test_outside_the_main_thread_nobody_listens() -> None:
    requests: list[StopRequest] = []
    handlers: list[object] = []

    def work() -> None:
        with listening() as request:
            requests.append(request)
            handlers.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert handlers == [signal.default_int_handler]
    assert not requests[0]
