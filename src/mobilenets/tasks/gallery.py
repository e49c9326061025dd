"""Photographs shown on a page with a few lines each."""

from collections.abc import Iterable, Sequence

from mobilenets.data.decode import decode
from mobilenets.data.photos import BadImage, Photo
from mobilenets.reporting.page import Page
from mobilenets.reporting.pictures import thumbnail

_SIDE = 160


def add_gallery(page: Page, shown: Iterable[tuple[Photo, Sequence[str]]]) -> None:
    """Add a tile for each photograph; one that cannot be read any more is said so instead."""
    tiles = []
    for photo, lines in shown:
        try:
            tiles.append((thumbnail(decode(photo.read(), at_least=_SIDE), side=_SIDE), lines))
        except BadImage as error:
            page.notice(f"{photo.name} could not be shown: {error}")
    page.gallery(tiles)
