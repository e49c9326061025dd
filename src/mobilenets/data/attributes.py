"""Photographs with many yes-or-no labels each: CelebA's files, a table with a column an attribute, or two folders.

Whatever the source, `Example.fields` holds "yes", "no" or "" (not known) by the attribute's name in small letters.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mobilenets.data.answers import ACCEPTED, NO, UNKNOWN, YES, answer, check_one_no, yes_folder
from mobilenets.data.celeba import read_celeba
from mobilenets.data.photos import Collection, Example
from mobilenets.data.sources import open_collection
from mobilenets.data.split import split_collection
from mobilenets.data.wording import counted, listed
from mobilenets.errors import UsageError
from mobilenets.files import expanded

_TWO = 2


def open_attributes(source: str) -> Collection:
    """The photographs of CelebA's folder, a CSV or TSV, or a folder or zip of two labels that mean yes and no.

    Raises `UsageError` where nothing in it is a yes or no, and as `open_collection` does.
    """
    celeba = read_celeba(expanded(source))
    if celeba is not None:
        return celeba
    collection = open_collection(source, needs=())
    has_columns = any(example.fields for example in collection.examples)
    return _of_columns(collection) if has_columns else _of_labels(collection)


def divide_attributes(collection: Collection, *, fraction: float, seed: int) -> Collection:
    """The collection divided so that both sides have some of what is rare.

    Each photograph stands for the rarest answer that is known of it (bald: yes), and of each such answer `fraction` is
    held out, as `split_collection` does it for labels.
    """
    if collection.splits:
        return collection
    rarest = _rarest([example.fields for example in collection.examples])
    standing = (replace(one, label=label) for one, label in zip(collection.examples, rarest, strict=True))
    divided = split_collection(replace(collection, examples=tuple(standing)), fraction=fraction, seed=seed)
    restored = zip(divided.examples, collection.examples, strict=True)
    return replace(divided, examples=tuple(replace(one, label=before.label) for one, before in restored))


def _rarest(known: Sequence[Mapping[str, str]]) -> list[str | None]:
    counts: dict[tuple[str, str], int] = {}
    for fields in known:
        for said in fields.items():
            counts[said] = counts.get(said, 0) + 1
    answers = [[said for said in fields.items() if said[1] != UNKNOWN] for fields in known]
    chosen = [min(several, key=lambda said: (counts[said], said), default=None) for several in answers]
    return [None if one is None else f"{one[0]}: {one[1]}" for one in chosen]


def _of_columns(collection: Collection) -> Collection:
    """Columns of yes and no are attributes; the others, and photographs of which nothing is known, are left out."""
    columns = {name: _distinct(collection.examples, name) for name in collection.examples[0].fields}
    attributes = [name for name, values in columns.items() if _is_attribute(name, values, collection)]
    if not attributes:
        raise UsageError(
            f"{collection.name} has no column of yes and no besides the file ({listed(list(columns))}): "
            f"write one for each attribute ({ACCEPTED})"
        )
    notes = list(collection.notes)
    others = [name for name in columns if name not in attributes]
    if others:
        notes.append(f"{counted(len(others), 'column')} left out, of no yes and no: {listed(others)}")
    if any(example.label is not None for example in collection.examples):
        notes.append("the column of labels is left out: --task classify learns it")
    read = [_read(example, attributes) for example in collection.examples]
    known = tuple(example for example in read if any(example.fields.values()))
    if len(known) < len(read):
        notes.append(f"{counted(len(read) - len(known), 'photograph')} left out: nothing is known of them")
    return replace(collection, examples=known, notes=tuple(notes))


def _distinct(examples: Sequence[Example], column: str) -> dict[str, str]:
    """The values of a column, and the first photograph that has each."""
    found: dict[str, str] = {}
    for example in examples:
        found.setdefault(example.fields[column].lower(), example.photo.name)
    return found


def _is_attribute(name: str, values: Mapping[str, str], collection: Collection) -> bool:
    """Whether a column holds yes and no; raises `UsageError` where it does so only here and there."""
    strange = [value for value in values if answer(value) is None]
    if not any(answer(value) for value in values):
        return False
    if strange:
        raise UsageError(
            f"{collection.name}: {name} of {values[strange[0]]} is {strange[0]!r}, which is no yes or no: "
            f"use {ACCEPTED}; or take the column out"
        )
    check_one_no(values, column=f"{collection.name}: the column {name}")
    return True


def _read(example: Example, attributes: Sequence[str]) -> Example:
    fields = {name: answer(example.fields[name]) or UNKNOWN for name in attributes}
    return replace(example, label=None, fields=fields)


def _of_labels(collection: Collection) -> Collection:
    """Two labels that mean yes and no are one attribute."""
    labels = collection.labels
    if len(labels) != _TWO:
        raise UsageError(
            f"{collection.name} has {counted(len(labels), 'label')} ({listed(labels)}): attributes are a table with a "
            f"column of yes and no for each, CelebA's files, or two folders such as smile and no_smile"
        )
    yes, name = yes_folder((labels[0], labels[1]), where=collection.name)
    examples = (replace(one, fields={name.lower(): YES if one.label == yes else NO}) for one in collection.examples)
    return replace(collection, examples=tuple(examples))
