"""What is wrong with a collection: photographs that cannot be used, labels that do not match, duplicates."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from mobilenets.data.naming import natural
from mobilenets.data.photos import SPLITS, Collection, Example
from mobilenets.data.wording import counted, listed
from mobilenets.errors import JobError, UsageError

MOST_BAD = 0.01
"""The largest share of photographs that may be unusable before a run stops."""
_NAMED = 3


def check_bad(bad: Mapping[str, str], total: int, *, strict: bool = False) -> str | None:
    """The line that names and counts what was left out (name to reason) of `total` photographs; None if nothing was.

    Raises `JobError` with that line where it is more than 1 % of them, or anything at all under `strict`.
    """
    if not bad:
        return None
    names = sorted(bad, key=natural)
    named = listed([f"{name} ({bad[name]})" for name in names], most=_NAMED)
    found = f"{len(bad):,} of {counted(total, 'photograph')} cannot be used: {named}"
    if strict:
        raise JobError(f"{found}; --strict allows none: repair or remove them")
    if len(bad) > MOST_BAD * total:
        raise JobError(f"{found}; at most {MOST_BAD:.0%} may be: repair or remove them")
    return f"{found}; left out"


def need_two_labels(labels: Iterable[str | None], *, where: str, remedy: str = "") -> None:
    """Raise `UsageError` unless at least two labels occur."""
    count = Counter(label for label in labels if label is not None)
    needed = f"two or more labels are needed{remedy}"
    if not count:
        raise UsageError(f"{where} has no labelled photograph: {needed}")
    if len(count) == 1:
        label, photographs = count.popitem()
        raise UsageError(f"{where} has one label only ({label!r}, {counted(photographs, 'photograph')}): {needed}")


def label_mismatches(collection: Collection) -> tuple[str, ...]:
    """Notes on labels of val or test that train lacks, and on labels of train that neither has."""
    if "train" not in collection.splits:
        return ()
    counts = {split: Counter(example.label for example in collection.part(split)) for split in collection.splits}
    known = counts.pop("train")
    notes = []
    for split, count in counts.items():
        unknown = sorted((label for label in count if label is not None and label not in known), key=natural)
        if unknown:
            photographs = counted(sum(count[label] for label in unknown), "photograph")
            notes.append(f"{split} has {_labels(unknown)} ({photographs}), which train lacks")
        untested = sorted((label for label in known if label is not None and label not in count), key=natural)
        if untested:
            notes.append(f"{split} has no photograph of {_labels(untested)}, which train has")
    return tuple(notes)


def _labels(labels: list[str]) -> str:
    return f"the label{'' if len(labels) == 1 else 's'} {listed(labels)}"


def duplicates(collection: Collection, contents: Mapping[str, str]) -> tuple[str, ...]:
    """Notes on photographs with the same content: in two splits, or under two labels.

    `contents` maps a photograph's name to a hash of its content; names it lacks are passed over.
    """
    groups: dict[str, list[Example]] = defaultdict(list)
    for example in collection.examples:
        if example.photo.name in contents:
            groups[contents[example.photo.name]].append(example)
    same = [group for group in groups.values() if len(group) > 1]
    return tuple(note for note in (*_across_splits(same), _two_labels(same)) if note)


def _across_splits(groups: list[list[Example]]) -> Iterable[str]:
    for place, first in enumerate(SPLITS):
        for second in SPLITS[place + 1 :]:
            shared = [group for group in groups if {first, second} <= {example.split for example in group}]
            copies = [example for group in shared for example in group if example.split == second]
            if copies:
                original = next(example for example in shared[0] if example.split == first)
                yield (
                    f"{counted(len(copies), 'photograph')} of {second} also in {first} "
                    f"(the first: {copies[0].photo.name} is {original.photo.name}): the score on {second} flatters"
                )


def _two_labels(groups: list[list[Example]]) -> str:
    torn = [group for group in groups if len({example.label for example in group}) > 1]
    if not torn:
        return ""
    one = torn[0][0]
    other = next(example for example in torn[0] if example.label != one.label)
    return (
        f"{counted(len(torn), 'photograph')} under more than one label "
        f"(the first: {one.photo.name} as {one.label!r} is {other.photo.name} as {other.label!r})"
    )
