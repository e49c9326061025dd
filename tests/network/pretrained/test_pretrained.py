"""Names of other libraries' networks, and paths."""

from pathlib import Path

import pytest

from mobilenets.network.pretrained import is_foreign


def test_what_is_written_as_a_librarys_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert is_foreign("timm:resnet18") and is_foreign("torchvision:resnet18") and is_foreign("keras:resnet50")
    assert not any(map(is_foreign, ("run", "runs/a:b", "C:/run", "C:run", "/tmp/x")))
    Path("ours:1").mkdir()
    assert not is_foreign("ours:1")
