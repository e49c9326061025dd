"""The colours of views, changed on the device where the network is: one value an image, in one pass over its pixels."""

import math

import torch
from torch import Tensor

# Red, green and blue in the brightness of a pixel (ITU-R BT.601).
_GREY = (0.299, 0.587, 0.114)
# Brightness and the two axes of colour that go with it (NTSC's YIQ): saturation is a length there and hue an angle.
_YIQ = (_GREY, (0.595716, -0.274453, -0.321263), (0.211456, -0.522591, 0.311135))


def recolour(images: Tensor, *, brightness: Tensor, saturation: Tensor) -> Tensor:
    """Saturation, then brightness, one value an image, on (N, 3, H, W) values in [0, 255]; gives floats."""
    weights = torch.tensor(_GREY, device=images.device).view(1, 3, 1, 1)
    floats = images.float()
    grey = (floats * weights).sum(1, keepdim=True)
    return grey.lerp(floats, saturation.view(-1, 1, 1, 1)).add_(brightness.view(-1, 1, 1, 1)).clamp_(0.0, 255.0)


def photometric(images: Tensor, *, brightness: Tensor, contrast: Tensor, saturation: Tensor, hue: Tensor) -> Tensor:
    """SSD's photometric distortion of (N, 3, H, W) values in [0, 255]; gives floats, channels last.

    Saturation multiplies the colour, which `hue` turns by so many degrees; both leave a pixel as bright as it is.
    `contrast` multiplies how far it is from the mean brightness of its image, to which `brightness` is added.
    """
    pixels = images.permute(0, 2, 3, 1).float().flatten(1, 2)
    grey = pixels.mean(1) @ torch.tensor(_GREY, device=images.device)
    added = (1 - contrast) * grey + brightness
    # All of it is one matrix and one vector an image.
    turned = _turned(saturation=saturation, hue=hue) * contrast.view(-1, 1, 1)
    changed = torch.baddbmm(added.view(-1, 1, 1), pixels, turned.mT).clamp_(0.0, 255.0)
    return changed.view(-1, *images.shape[-2:], 3).permute(0, 3, 1, 2)


def _turned(*, saturation: Tensor, hue: Tensor) -> Tensor:
    """(N, 3, 3) matrices from red, green and blue to the same."""
    across, along = saturation * torch.cos(hue * (math.pi / 180)), saturation * torch.sin(hue * (math.pi / 180))
    zero, one = torch.zeros_like(hue), torch.ones_like(hue)
    rows = [one, zero, zero, zero, across, -along, zero, along, across]
    axes = torch.tensor(_YIQ, dtype=torch.float64)
    there, back = axes.to(hue), axes.inverse().to(hue)
    return back @ torch.stack(rows, -1).view(-1, 3, 3) @ there
