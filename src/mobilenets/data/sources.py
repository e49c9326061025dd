"""Photographs from whatever the user names: a folder, a zip, a table, a data set."""

import difflib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mobilenets.data.audit import label_mismatches
from mobilenets.data.downloads import DOWNLOADS, download
from mobilenets.data.naming import is_image
from mobilenets.data.photos import Collection
from mobilenets.errors import UsageError
from mobilenets.files import expanded, reason

DIGITS = "digits"
_TABLES = (".csv", ".tsv")
_KINDS = f"a folder, a .zip, a .csv or .tsv, {DIGITS}, or a download ({', '.join(DOWNLOADS)})"


def open_collection(
    source: str, *, needs: Sequence[str] = ("label",), strict: bool = False, labels_recur: bool = True
) -> Collection:
    """The photographs of a folder, a zip, a CSV or TSV, the embedded `digits`, or a named download.

    `needs` and `strict` are for tables: the columns wanted besides the file, and whether a missing file stops. Where
    `labels_recur`, labels that only some of the splits have are noted.
    Raises `UsageError` for what is none of these or holds nothing to learn from, `JobError` for a download that
    cannot be fetched or too many missing files.
    """
    collection = _open(source, needs, strict=strict)
    mismatches = label_mismatches(collection) if labels_recur else ()
    return replace(collection, notes=(*collection.notes, *mismatches))


def _open(source: str, needs: Sequence[str], *, strict: bool) -> Collection:
    path = expanded(source)
    if not _is_there(path):
        if is_embedded(source):
            return _named(source)
        raise UsageError(f"there is no {source!r}{_guess(path)}: name {_KINDS}")
    collection = _on_disk(path, needs, strict=strict)
    if not is_embedded(source):
        return collection
    note = f"{source} is the {'folder' if path.is_dir() else 'file'} here, not the data set of that name"
    return replace(collection, notes=(*collection.notes, note))


def is_embedded(source: str) -> bool:
    """Whether a source is a data set by name, not a path."""
    return source == DIGITS or source in DOWNLOADS


def _named(source: str) -> Collection:
    if source == DIGITS:
        from mobilenets.data.embedded import digits

        return digits()
    return download(source)


def _on_disk(path: Path, needs: Sequence[str], *, strict: bool) -> Collection:
    if path.is_dir():
        from mobilenets.data.folder import read_folder
        from mobilenets.data.ilsvrc import read_ilsvrc

        return read_ilsvrc(path) or read_folder(path)
    ending = path.suffix.lower()
    if ending == ".zip":
        from mobilenets.data.archive import read_archive

        return read_archive(path)
    if ending in _TABLES:
        from mobilenets.data.manifest import read_manifest

        return read_manifest(path, needs=needs, strict=strict)
    if is_image(path.name):
        raise UsageError(f"{path} is one photograph: pass the folder that holds a sub-folder of photographs a label")
    if ending in (".tar", ".tgz", ".gz", ".xz", ".bz2", ".7z", ".rar"):
        raise UsageError(
            f"{path} is packed in a way that cannot be read in place: unpack it and pass the folder, or zip it"
        )
    raise UsageError(f"{path} is no source of photographs: name {_KINDS}")


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {reason(error)}") from error


def _guess(path: Path) -> str:
    """What may have been meant, among the names known and what lies in the same folder."""
    try:
        places = {entry.name: str(path.parent / entry.name) for entry in path.parent.iterdir()}
    except OSError:
        places = {}
    close = difflib.get_close_matches(path.name, [*DOWNLOADS, DIGITS, *places], n=1, cutoff=0.6)
    return f" (did you mean {places.get(close[0], close[0])}?)" if close else ""
