"""What is odd about annotations, counted kind by kind, and the line that tells each."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

Finding = Literal[
    "crowd",
    "difficult",
    "negatives",
    "nothing said",
    "unlisted",
    "no annotation",
    "stray",
    "listed twice",
    "no number",
    "negative size",
    "no area",
    "outside",
    "clipped",
    "outline",
    "no box",
    "unknown photograph",
    "unknown category",
    "same number",
    "repeated",
    "same name",
    "gaps",
    "unused",
    "turned",
    "ambiguous turn",
    "unnamed",
    "no split",
]

# One and many of each, and what is said of them, in the order of the notes.
_SAID: dict[Finding, tuple[str, str, str]] = {
    "no split": ("split", "splits", "named and not there: left out"),
    "crowd": ("crowd box", "crowd boxes", "around many of a kind: what is found there is neither right nor wrong"),
    "difficult": ("difficult box", "difficult boxes", "that nobody has to find"),
    "negatives": ("photograph", "photographs", "without boxes: kept, nothing is to be found there"),
    "nothing said": ("photograph", "photographs", "without a file of labels: kept as without boxes"),
    "unlisted": ("photograph", "photographs", "left out: the annotations do not name it"),
    "no annotation": ("listed photograph", "listed photographs", "left out: no annotation of it"),
    "stray": ("annotation file", "annotation files", "left out: no photograph of its name"),
    "listed twice": ("photograph", "photographs", "listed twice: taken as one"),
    "no number": ("box", "boxes", "left out: a coordinate is no finite number"),
    "negative size": ("box", "boxes", "left out: a negative width or height"),
    "no area": ("box", "boxes", "left out: no area"),
    "outside": ("box", "boxes", "left out: outside of the photograph"),
    "clipped": ("box", "boxes", "beyond the photograph's edge: clipped"),
    "outline": ("outline", "outlines", "without a box: the box around it is taken"),
    "no box": ("annotation", "annotations", "left out: no box and no outline of points"),
    "unknown photograph": ("annotation", "annotations", "left out: of a photograph that is not listed"),
    "unknown category": ("annotation", "annotations", "left out: of a category that is not listed"),
    "same number": ("annotation", "annotations", "with the number of another: kept"),
    "repeated": ("annotation", "annotations", "left out: the same as an earlier one"),
    "same name": ("category", "categories", "with the name of an earlier one: taken as one"),
    "gaps": ("number", "numbers", "that no category has, between the first and the last: kept as gaps"),
    "unused": ("category", "categories", "without a box"),
    "turned": (
        "photograph",
        "photographs",
        "annotated as stored, not upright as EXIF says: the boxes are turned with it",
    ),
    "ambiguous turn": (
        "photograph",
        "photographs",
        "turned by EXIF to the same size: the boxes are taken as of the upright photograph",
    ),
    "unnamed": ("class", "classes", "without a name: called by its number"),
}


@dataclass(slots=True)
class Tally:
    """How often each kind of oddity was met, and where first."""

    counts: Counter[Finding] = field(default_factory=Counter)
    firsts: dict[Finding, str] = field(default_factory=dict)

    def add(self, finding: Finding, count: int = 1, *, first: str = "") -> None:
        """Count an oddity; `first` names one."""
        if count:
            self.counts[finding] += count
            if first:
                self.firsts.setdefault(finding, first)

    def notes(self) -> tuple[str, ...]:
        """A line for each kind of oddity that was met."""
        return tuple(self._line(finding) for finding in _SAID if self.counts[finding])

    def _line(self, finding: Finding) -> str:
        one, many, said = _SAID[finding]
        count, first = self.counts[finding], self.firsts.get(finding)
        named = f" ({'' if count == 1 else 'the first: '}{first})" if first else ""
        return f"{count:,} {one if count == 1 else many} {said}{named}"
