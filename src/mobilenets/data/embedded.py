"""The data set that needs no download."""

import numpy as np

from mobilenets.data.photos import ArrayPhoto, Collection, Example

_DARKEST = 16


def digits() -> Collection:
    """scikit-learn's 1,797 handwritten digits, 8 x 8 greys, labels 0 to 9, not split.

    A subset of the UCI "Optical Recognition of Handwritten Digits" (Alpaydin and Kaynak).
    """
    from sklearn.datasets import load_digits

    raw = load_digits()
    pictures = np.round(raw.images * (255 / _DARKEST)).astype(np.uint8)
    examples = (
        Example(ArrayPhoto(f"{place:04d}.png", picture), str(label))
        for place, (picture, label) in enumerate(zip(pictures, raw.target.tolist(), strict=True))
    )
    return Collection(name="digits", examples=tuple(examples), mirror=False, framed=True)
