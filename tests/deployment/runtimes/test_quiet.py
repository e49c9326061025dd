"""What is silenced, and that it is only meanwhile."""

import ctypes
import logging
import os
import sys
import warnings

import pytest

from mobilenets.deployment.runtimes.quiet import quiet


def _talk(word: str) -> None:
    print(word)
    print(word, file=sys.stderr)
    os.write(1, f"{word}\n".encode())
    os.write(2, f"{word}\n".encode())
    if os.name == "posix":
        ctypes.CDLL(None).puts(word.encode())  # held back by C's standard library


def test_every_way_to_talk(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    _talk("before")
    with quiet():
        _talk("meanwhile")
        warnings.warn("meanwhile", stacklevel=1)
        logging.getLogger("converter").warning("meanwhile")
    _talk("after")
    logging.getLogger("converter").warning("after")
    ctypes.CDLL(None).fflush(None)
    out, err = capfd.readouterr()
    assert "meanwhile" not in out + err
    assert [out.count(word) for word in ("before", "after")] == [3, 3]
    assert [err.count(word) for word in ("before", "after")] == [2, 2]
    assert caplog.messages == ["after"]


def test_errors_are_raised_and_the_streams_come_back(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="loud"), quiet():
        raise ValueError("loud")
    os.write(2, b"back")
    assert capfd.readouterr().err == "back"
