"""Photographs with places, in EXIF and in tables."""

import io
from collections.abc import Callable

import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational


@pytest.fixture(scope="session")
def geotagged() -> Callable[..., bytes]:
    """`geotagged((48, 51, 30), "N", (2, 17, 40.2), "E")` is a JPEG with GPS tags; further tags go over them."""

    def make(*place: object, seed: int = 0, **tags: object) -> bytes:
        image = Image.new("RGB", (24, 16), (seed % 256, 80, 120))
        exif = Image.Exif()
        if place:
            latitude, north, longitude, east = place
            gps = {1: north, 2: _rationals(latitude), 3: east, 4: _rationals(longitude)}
            exif[0x8825] = {**gps, **{int(name[1:]): value for name, value in tags.items()}}
        stream = io.BytesIO()
        image.save(stream, "JPEG", exif=exif)
        return stream.getvalue()

    return make


def _rationals(parts: object) -> object:
    return tuple(IFDRational(round(part * 1000), 1000) for part in parts) if isinstance(parts, tuple) else parts
