"""MobileFaceNet's public weights: the same vectors as the port's own network gives."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mobilenets.errors import UsageError
from mobilenets.jobs.weights.converting import convert_weights
from mobilenets.network.fold import fold
from mobilenets.weights.create import create
from mobilenets.weights.fitting import fit
from mobilenets.weights.read import read_weights

Randomise = Callable[[nn.Module], nn.Module]


class _Unit(nn.Module):
    """Convolution, batch norm and, unless `linear`, PReLU, under the port's names."""

    def __init__(self, into: int, out: int, conv: nn.Conv2d, *, linear: bool = False) -> None:
        super().__init__()
        self.conv, self.bn = conv, nn.BatchNorm2d(out)
        if not linear:
            self.prelu = nn.PReLU(out)

    def forward(self, images: Tensor) -> Tensor:
        normed = self.bn(self.conv(images))
        return self.prelu(normed) if hasattr(self, "prelu") else normed


class _Bottleneck(nn.Module):
    def __init__(self, into: int, out: int, *, stride: int, widened: int) -> None:
        super().__init__()
        inner = into * widened
        self.added = stride == 1 and into == out
        self.conv = nn.Sequential(
            nn.Conv2d(into, inner, 1, bias=False),
            nn.BatchNorm2d(inner),
            nn.PReLU(inner),
            nn.Conv2d(inner, inner, 3, stride, 1, groups=inner, bias=False),
            nn.BatchNorm2d(inner),
            nn.PReLU(inner),
            nn.Conv2d(inner, out, 1, bias=False),
            nn.BatchNorm2d(out),
        )

    def forward(self, images: Tensor) -> Tensor:
        return images + self.conv(images) if self.added else self.conv(images)


class _Port(nn.Module):
    """Table 1 of MobileFaceNet's paper: t, c, n, s."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = _Unit(3, 64, nn.Conv2d(3, 64, 3, 2, 1, bias=False))
        self.dw_conv1 = _Unit(64, 64, nn.Conv2d(64, 64, 3, 1, 1, groups=64, bias=False))
        blocks, into = [], 64
        for widened, out, count, first in (
            (2, 64, 5, 2),
            (4, 128, 1, 2),
            (2, 128, 6, 1),
            (4, 128, 1, 2),
            (2, 128, 2, 1),
        ):
            for place in range(count):
                blocks.append(_Bottleneck(into, out, stride=1 if place else first, widened=widened))
                into = out
        self.blocks = nn.Sequential(*blocks)
        self.conv2 = _Unit(128, 512, nn.Conv2d(128, 512, 1, bias=False))
        self.linear7 = _Unit(512, 512, nn.Conv2d(512, 512, (7, 6), groups=512, bias=False), linear=True)
        self.linear1 = _Unit(512, 128, nn.Conv2d(512, 128, 1, bias=False), linear=True)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.conv2(self.blocks(self.dw_conv1(self.conv1(images))))
        return F.normalize(self.linear1(self.linear7(maps)).flatten(1), dim=1)


@pytest.fixture
def port(randomise: Randomise) -> nn.Module:
    return randomise(_Port())


def test_the_port_s_file_gives_the_port_s_vectors(port: nn.Module, tmp_path: Path) -> None:
    torch.save({"epoch": 3, "net_state_dict": port.state_dict()}, tmp_path / "faces.ckpt")
    fitted = fit(read_weights(tmp_path / "faces.ckpt"), where="faces")
    assert (fitted.architecture.family, fitted.dimension, fitted.outputs) == ("mobilefacenet", 128, 0)
    assert not fitted.assumed
    images = torch.randn(2, 3, 112, 112, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = port(images[..., 8:104])
        network = fitted.network().eval()
        torch.testing.assert_close(network(images), expected, rtol=0, atol=1e-5)
        torch.testing.assert_close(fold(network)(images), expected, rtol=0, atol=1e-5)


def test_a_file_that_is_not_whole_is_refused_in_one_line(port: nn.Module, tmp_path: Path) -> None:
    for name, change in (
        ("lacks", {"blocks.3.conv.2.weight": None}),
        ("slopes", {"conv2.prelu.weight": torch.ones(3)}),
        ("more", {"blocks.15.conv.0.weight": torch.ones(1, 1, 1, 1)}),
        ("variance", {"linear1.bn.running_var": -torch.ones(128)}),
    ):
        state = {key: value for key, value in {**port.state_dict(), **change}.items() if value is not None}
        torch.save(state, tmp_path / f"{name}.ckpt")
        with pytest.raises(UsageError) as raised:
            fit(read_weights(tmp_path / f"{name}.ckpt"), where=name)
        assert "\n" not in str(raised.value)


def test_the_body_alone_and_other_lengths_can_be_created_from_it(port: nn.Module, tmp_path: Path) -> None:
    torch.save(port.state_dict(), tmp_path / "faces.ckpt")
    pooled = create("mobilefacenet", pretrained=tmp_path / "faces.ckpt", classes=0).eval()
    with torch.no_grad():
        assert pooled(torch.zeros(1, 3, 112, 112)).shape == (1, 512)


def test_no_other_library_has_a_layout_for_it(port: nn.Module, tmp_path: Path) -> None:
    torch.save(port.state_dict(), tmp_path / "faces.ckpt")
    with pytest.raises(UsageError, match="timm has no mobilefacenet"):
        convert_weights(tmp_path / "faces.ckpt", out=tmp_path / "timm", to="timm")
    with pytest.raises(UsageError, match="transformers has no mobilefacenet"):
        convert_weights(tmp_path / "faces.ckpt", out=tmp_path / "hub", to="huggingface")
