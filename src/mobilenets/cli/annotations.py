"""`mobilenets annotations`: photographs with boxes, counted and written in other layouts."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tyro.conf import Positional

from mobilenets.cli.output import Column, print_json, print_line, print_table

if TYPE_CHECKING:
    from mobilenets.jobs.annotations import AnnotationsReport


def run(
    source: Positional[str],
    *,
    to: Literal["coco", "voc", "yolo"] | None = None,
    out: Path | None = None,
    copy: bool = False,
    overwrite: bool = False,
    json: bool = False,
) -> None:
    """Count the photographs and boxes of COCO, Pascal VOC or YOLO, and write them in another of these layouts.

    The layout of the source is recognised by itself. What was left out or changed is noted line by line, and with --to
    what the other layout cannot hold.

    Args:
        source: a folder or .zip, COCO's .json, or YOLO's data.yaml
        to: layout to write; unset, nothing is written
        out: folder to write, whole or not at all
        copy: copy the photographs; otherwise they are hard-linked where the disk allows it
        overwrite: replace what such a layout left in --out
        json: print JSON
    """
    from mobilenets.jobs.annotations import annotations

    report = annotations(source, to=to, out=out, copy=copy, overwrite=overwrite)
    print_json(report) if json else _print(report)


def _print(report: "AnnotationsReport") -> None:
    from mobilenets.data.detection.opening import TITLES

    print_line(f"{report.source}: {TITLES[report.layout]}", style="bold")
    for note in report.notes:
        print_line(f"note: {note}")
    _print_parts(report)
    print_line()
    _print_categories(report)
    if report.written:
        print_line()
        print_line(f"wrote {report.written.folder}: {TITLES[report.written.layout]}", style="bold")
        for note in report.written.notes:
            print_line(f"note: {note}")


def _print_parts(report: "AnnotationsReport") -> None:
    titles = ("photographs", "without boxes", "boxes", "small", "medium", "large", "crowds", "difficult")
    columns = (Column(""), *(Column(title, number=True) for title in titles))
    rows = []
    for name, part in report.parts.items():
        counts = (part.photographs, part.empty, part.boxes, part.small, part.medium, part.large)
        rows.append((name, *(f"{count:,}" for count in (*counts, part.crowd, part.difficult))))
    print_table(columns, rows)


def _print_categories(report: "AnnotationsReport") -> None:
    columns = [Column("number", number=True), Column("category")]
    for name in report.parts:
        columns += [Column(f"{name}: boxes", number=True), Column("photographs", number=True)]
    rows = []
    for one in report.categories:
        counts = [count for name in report.parts for count in (one.boxes[name], one.photographs[name])]
        rows.append((str(one.number), one.name, *(f"{count:,}" for count in counts)))
    print_table(columns, rows)
