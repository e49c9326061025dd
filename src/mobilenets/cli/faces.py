"""`mobilenets faces`: photographs of people to aligned crops of their faces."""

from pathlib import Path

from tyro.conf import Positional

from mobilenets.cli.output import print_json, print_line

_NAMED = 3


def run(photographs: Positional[str], *, out: Path, size: int = 112, json: bool = False) -> None:
    """Find the largest face of each photograph and write it turned, scaled and cropped, the eyes in the same places.

    The crops have the photographs' names and sub-folders: train on them, or give them to evaluate --crop 1 and to
    compare, threshold and search with --aligned. Photographs without a face are listed in left-out.csv there. Needs
    the extra faces.

    Args:
        photographs: a folder (with its sub-folders), a .zip or one photograph
        out: folder of the crops, a new one
        size: pixels of each side of a crop
        json: print JSON
    """
    from mobilenets.jobs.faces.crop import LEFT_OUT, align_faces

    made = align_faces(photographs, out=out, size=size)
    if json:
        print_json(made)
        return
    print_line(
        f"{made.faces:,} faces of {made.photographs:,} photographs in {made.folder}, {size} x {size} pixels each"
    )
    if made.by_box:
        more = len(made.by_box) - _NAMED
        named = ", ".join(made.by_box[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")
        print_line(f"note: of {len(made.by_box):,} the eyes were not found, the face's box was taken: {named}")
    if made.left_out:
        why = ", ".join(f"{reason}: {count:,}" for reason, count in made.reasons.items())
        print_line(f"note: {len(made.left_out):,} left out ({why}): see {made.folder / LEFT_OUT}")
