"""Places that cameras write."""

from collections.abc import Callable

import pytest

from mobilenets.data.geotags.exif import exif_place
from mobilenets.data.photos import BadImage


@pytest.mark.parametrize(
    ("tags", "place"),
    [
        (((48, 51, 30.132), "N", (2, 17, 40.128), "E"), (48.85837, 2.29448)),
        (((33, 51.4068, 0), "S", (151, 12.9168, 0), "E"), (-33.85678, 151.21528)),
        (((40.689,), "n", (74.044,), "w"), (40.689, -74.044)),
        (((0, 0, 0), "N", (0, 0, 0), "E"), (0.0, 0.0)),
    ],
)
def test_degrees_minutes_and_seconds(
    geotagged: Callable[..., bytes], tags: tuple[object, ...], place: tuple[float, float]
) -> None:
    assert exif_place(geotagged(*tags)) == pytest.approx(place, abs=1e-4)


def test_without_tags_there_is_no_place(geotagged: Callable[..., bytes]) -> None:
    assert exif_place(geotagged()) is None


@pytest.mark.parametrize(
    "tags",
    [
        ((48, 51, 30), "", (2, 17, 40), "E"),
        ((48, 51, 30), "North?", (2, 17, 40), "Q"),
        ((), "N", (2, 17, 40), "E"),
    ],
)
def test_tags_that_say_no_place(geotagged: Callable[..., bytes], tags: tuple[object, ...]) -> None:
    assert exif_place(geotagged(*tags)) is None


def test_nothing_over_nothing_is_no_place(geotagged: Callable[..., bytes]) -> None:
    """0 / 0 is what some cameras write before they know."""
    data = geotagged((48, 51, 30.132), "N", (2, 17, 40), "E")
    seconds = (7533).to_bytes(4, "big") + (250).to_bytes(4, "big")
    assert seconds in data
    assert exif_place(data) is not None
    assert exif_place(data.replace(seconds, bytes(8))) is None


@pytest.mark.parametrize("data", [b"", b"no image", b"\xff\xd8\xff"])
def test_what_is_no_image_is_bad(data: bytes) -> None:
    with pytest.raises(BadImage):
        exif_place(data)
