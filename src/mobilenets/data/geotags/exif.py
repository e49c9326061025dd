"""The place that a camera wrote into a photograph: EXIF's GPS tags."""

import math
from typing import Any

from mobilenets.data.decode import opened

_GPS = 0x8825
_LATITUDE_REF, _LATITUDE, _LONGITUDE_REF, _LONGITUDE = 1, 2, 3, 4
_MINUTE, _SECOND = 60, 3600


def exif_place(data: bytes) -> tuple[float, float] | None:
    """Latitude and longitude in degrees; None where there are none, or tags that say no place.

    Only the header is read. Raises `BadImage` for what is no image.
    """
    image = opened(data)
    try:
        tags = image.getexif().get_ifd(_GPS)
        latitude = _degrees(tags[_LATITUDE], tags[_LATITUDE_REF], "NS")
        longitude = _degrees(tags[_LONGITUDE], tags[_LONGITUDE_REF], "EW")
    except Exception:  # a hundred cameras write EXIF and Pillow meets broken ones with as many kinds of error
        return None
    return (latitude, longitude) if math.isfinite(latitude) and math.isfinite(longitude) else None


def _degrees(parts: Any, hemisphere: Any, letters: str) -> float:
    """Degrees, minutes and seconds, the later ones perhaps left out. Raises where that is not what they are."""
    letter = (hemisphere.decode("ascii") if isinstance(hemisphere, bytes) else str(hemisphere)).strip("\0 ").upper()
    sign = (1, -1)[letters.index(letter[0])]
    values = [float(part) for part in (parts if isinstance(parts, tuple | list) else (parts,))]
    if not values:
        raise ValueError("no degrees")
    return sign * sum(value / unit for value, unit in zip(values, (1, _MINUTE, _SECOND), strict=False))
