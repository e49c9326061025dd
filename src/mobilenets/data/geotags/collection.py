"""Photographs with the places where they were taken, from a table beside them or from their own EXIF."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mobilenets.data.audit import check_bad
from mobilenets.data.finding import MissingPhoto, photos_below
from mobilenets.data.geotags.coordinates import LATITUDE_COLUMNS, LONGITUDE_COLUMNS, sift
from mobilenets.data.geotags.exif import exif_place
from mobilenets.data.geotags.places import need_places
from mobilenets.data.inputs import photographs
from mobilenets.data.manifest import FILE_COLUMNS, read_manifest
from mobilenets.data.naming import is_system, split_name
from mobilenets.data.photos import BadImage, Collection, Example, FilePhoto, Photo, ZipPhoto
from mobilenets.data.table import read_header
from mobilenets.errors import UsageError
from mobilenets.files import expanded

LATITUDE, LONGITUDE = "latitude", "longitude"

_TABLES = (".csv", ".tsv")
_KINDS = "a folder or .zip of photographs with GPS tags, or a .csv or .tsv with the columns file, latitude, longitude"


def open_geotagged(source: str) -> Collection:
    """The photographs of a table with coordinates, or of a folder or zip; those without a place are left out.

    A folder that holds one table of files and coordinates is read by it; otherwise the place is that of the GPS tags in
    each photograph's EXIF. Places stand in `Example.fields`, in memory alone. Raises `UsageError` where nothing has a
    place, and `JobError` where over 1 % of the photographs or coordinates cannot be used.
    """
    path = expanded(source)
    if not path.exists():
        raise UsageError(f"there is no {source!r}: name {_KINDS}")
    if path.suffix.lower() in _TABLES and path.is_file():
        return _from_table(path)
    if path.is_dir():
        tables = [table for table in sorted(path.iterdir()) if _lists_places(table)]
        if len(tables) > 1:
            raise UsageError(f"{path} has {' and '.join(table.name for table in tables)} with coordinates: name one")
        name = path.resolve().name
        return replace(_from_table(tables[0]), name=name) if tables else _from_exif(name, _in_folder(path))
    if path.suffix.lower() == ".zip":
        return _from_exif(path.stem, _in_zip(path))
    raise UsageError(f"{path} is no source of photographs with places: name {_KINDS}")


def places_of(examples: Sequence[Example]) -> NDArray[np.float64]:
    """Latitude and longitude (N, 2) in degrees of examples that `open_geotagged` found."""
    return np.array(
        [(float(one.fields[LATITUDE]), float(one.fields[LONGITUDE])) for one in examples], dtype=np.float64
    ).reshape(-1, 2)


def _lists_places(file: Path) -> bool:
    if file.suffix.lower() not in _TABLES or is_system(file.name) or not file.is_file():
        return False
    columns = set(read_header(file))
    return all(columns & set(names) for names in (FILE_COLUMNS, LATITUDE_COLUMNS, LONGITUDE_COLUMNS))


def _from_table(table: Path) -> Collection:
    collection = read_manifest(table, needs=())
    columns = collection.examples[0].fields
    names = [next((one for one in some if one in columns), None) for some in (LATITUDE_COLUMNS, LONGITUDE_COLUMNS)]
    latitude, longitude = names
    if latitude is None or longitude is None:
        needed = f"{' or '.join(LATITUDE_COLUMNS)}; {' or '.join(LONGITUDE_COLUMNS)}"
        raise UsageError(f"{table} has no coordinates, for which it needs the columns {needed}")
    written = [(one.fields[latitude], one.fields[longitude]) for one in collection.examples]
    return _located(collection, written)


@dataclass(frozen=True, slots=True)
class _Found:
    """A photograph below a folder or in a zip."""

    photo: Photo
    parts: tuple[str, ...]


def _in_folder(folder: Path) -> list[_Found]:
    found = []
    for photo in photos_below(str(folder)):
        name = Path(photo.name).relative_to(folder).as_posix()
        here = photo if isinstance(photo, MissingPhoto) else FilePhoto(name, folder)
        found.append(_Found(here, tuple(name.split("/"))))
    return found


def _in_zip(archive: Path) -> list[_Found]:
    found = []
    for photo in photographs([str(archive)]):
        name = photo.name.removeprefix(f"{archive}/")
        here = replace(photo, name=name) if isinstance(photo, ZipPhoto) else photo
        found.append(_Found(here, tuple(name.split("/"))))
    return found


def _from_exif(name: str, found: list[_Found]) -> Collection:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        looked = list(pool.map(_look, found))
    bad = {one.photo.name: seen for one, seen in zip(found, looked, strict=True) if isinstance(seen, str)}
    read = [(one, seen) for one, seen in zip(found, looked, strict=True) if not isinstance(seen, str)]
    lost = check_bad(bad, len(found))
    splits = _splits([one for one, _ in read])
    examples = tuple(Example(one.photo, split=split) for (one, _), split in zip(read, splits, strict=True))
    notes = ("places are read from the photographs' EXIF", *([lost] if lost else []))
    written = [("", "") if place is None else (repr(place[0]), repr(place[1])) for _, place in read]
    return _located(Collection(name=name, examples=examples, notes=notes, bad=bad), written)


def _look(one: _Found) -> tuple[float, float] | str | None:
    """The place in a photograph's EXIF, None without one, or why the photograph cannot be read."""
    try:
        return exif_place(one.photo.read())
    except BadImage as error:
        return str(error)


def _splits(found: list[_Found]) -> list[str | None]:
    """The split that each photograph's top folder names, where all do; train alone is no split."""
    splits = [split_name(one.parts[0]) if len(one.parts) > 1 else None for one in found]
    return [None] * len(found) if None in splits or set(splits) == {"train"} else splits


def _located(collection: Collection, written: Sequence[tuple[str, str]]) -> Collection:
    """The collection without what has no place. Nothing else that a table says of a photograph is kept: a label would
    be written to split.csv, and may be the name of a place.
    """
    sifted = sift([latitude for latitude, _ in written], [longitude for _, longitude in written])
    bad = {collection.examples[row].photo.name: why for row, why in sifted.bad.items()}
    lost = check_bad(bad, len(written))
    notes = (*sifted.notes(), *([lost] if lost else []))
    need_places(sifted, collection.name, notes)
    examples = (
        replace(
            collection.examples[row],
            label=None,
            fields={LATITUDE: repr(float(latitude)), LONGITUDE: repr(float(longitude))},
        )
        for row, (latitude, longitude) in zip(sifted.rows.tolist(), sifted.places, strict=True)
    )
    notes, bad = (*collection.notes, *notes), {**collection.bad, **bad}
    return replace(collection, examples=tuple(examples), notes=notes, bad=bad)
