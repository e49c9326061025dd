"""What stands below a box, cut out of a map and brought to one size."""

import torch
from torch import Tensor, nn

from mobilenets.architecture.layer import Layer


class RoiCrop(nn.Module):
    """Bilinear samples on an even grid whose corners lie on the box's, as TensorFlow's `crop_and_resize` has them.

    A box's share 0 is the middle of the map's first place, and its share 1 that of the last.
    """

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.size = layer.out_size

    def forward(self, images: Tensor, boxes: Tensor) -> Tensor:
        """(N, C, H, W) and (N, boxes, 4) shares of the image to (N * boxes, C, height, width), image by image."""
        from torchvision.ops import roi_align

        numbers = torch.arange(len(boxes), device=boxes.device, dtype=boxes.dtype).view(-1, 1, 1)
        regions = torch.cat([numbers.expand(-1, boxes.shape[1], -1), self._regions(boxes, images)], 2)
        return roi_align(images, regions.flatten(0, 1), self.size, sampling_ratio=1, aligned=True)

    def _regions(self, boxes: Tensor, images: Tensor) -> Tensor:
        """The regions (N, boxes, 4) in places of the map, of which one sample in the middle of each part is that grid.

        Parts are as wide as the steps of the grid, so that the region begins half a step before it. An aligned region
        itself counts from half a place before the middle of the first.
        """
        places = boxes.new_tensor([images.shape[3] - 1, images.shape[2] - 1])
        parts = boxes.new_tensor([self.size[1], self.size[0]])
        first, last = boxes[..., :2] * places, boxes[..., 2:] * places
        step = (last - first) / (parts - 1)
        start = first - step / 2 + 0.5
        return torch.cat([start, start + parts * step], -1)
