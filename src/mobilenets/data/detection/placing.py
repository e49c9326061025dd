"""Photographs put into a folder: hard-linked to the files they come from, or copied."""

import os
import shutil
from collections import Counter
from pathlib import Path
from typing import Literal

from mobilenets.data.photos import BadImage, FilePhoto, Photo
from mobilenets.data.wording import counted
from mobilenets.errors import JobError

Way = Literal["linked", "copied"]


def place(photo: Photo, file: Path, *, copy: bool) -> Way:
    """Put a photograph's file in place, without decoding it.

    It is linked where it is a file on the same disk and `copy` is false, else copied. Raises `JobError` where it cannot
    be read any more.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    if not isinstance(photo, FilePhoto):
        try:
            file.write_bytes(photo.read())
        except BadImage as error:
            raise JobError(f"{photo.name} cannot be read: {error}; nothing was written") from error
        return "copied"
    source = (photo.folder / photo.name).resolve()
    if not copy:
        try:
            os.link(source, file)
            return "linked"
        except OSError:
            pass  # another disk, or a file system or owner that allows no links: copied, and counted so
    shutil.copyfile(source, file)
    return "copied"


def placed_note(ways: Counter[Way]) -> str:
    """How many photographs share their bytes with the source."""
    said = {"linked": "linked (one file under two names: a change to one is one to the other)", "copied": "copied"}
    return " and ".join(f"{counted(ways[way], 'photograph')} {said[way]}" for way in sorted(ways, reverse=True))
