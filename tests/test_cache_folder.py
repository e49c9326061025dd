"""Where the cache is."""

from pathlib import Path

import pytest

from mobilenets.cache_folder import cache_folder


def test_its_own_variable_then_xdg_then_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/cache/ada")
    monkeypatch.setenv("MOBILENETS_CACHE", "~/fast")
    assert cache_folder() == Path("/home/ada/fast")
    monkeypatch.setenv("MOBILENETS_CACHE", "")
    assert cache_folder() == Path("/var/cache/ada/mobilenets")
    for invalid in ("relative", ""):
        monkeypatch.setenv("XDG_CACHE_HOME", invalid)
        assert cache_folder() == Path("/home/ada/.cache/mobilenets")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("MOBILENETS_CACHE")
    assert cache_folder() == Path("/home/ada/.cache/mobilenets")
