"""The 80 categories of COCO by their numbers, as torchvision lists them: no list of our own."""

from functools import cache

_GAP = "N/A"


@cache
def categories() -> dict[int, str]:
    """Number to name ("person" is 1), in the order of the numbers, which reach to 90: ten of them are not used."""
    from torchvision.models.detection import SSD300_VGG16_Weights

    listed = SSD300_VGG16_Weights.COCO_V1.meta["categories"]
    return {number: name for number, name in enumerate(listed) if number and name != _GAP}
