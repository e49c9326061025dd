"""`mobilenets compare`: do two photographs show the same person?"""

from tyro.conf import Positional

from mobilenets.cli.output import print_json, print_line


def run(
    first: Positional[str],
    second: Positional[str],
    *,
    model: str,
    threshold: float | None = None,
    aligned: bool = False,
    align: bool = False,
    device: str = "auto",
    json: bool = False,
) -> None:
    """Compare the faces of two photographs: one person or two, how far apart, and by which threshold.

    Args:
        first: a photograph of a face
        second: another one
        model: checkpoint or artefact of the task embed
        threshold: largest squared distance of one person; unset: the model's own, see `mobilenets threshold`
        aligned: faces are aligned and cropped already: show them whole
        align: find the face and align it first, see `mobilenets faces`
        device: auto, cpu or cuda
        json: print JSON
    """
    from mobilenets.jobs.faces.compare import compare

    found = compare(first, second, model=model, threshold=threshold, aligned=aligned, align=align, device=device)
    if json:
        print_json(found)
        return
    print_line("same person" if found.same else "two people", style="bold")
    sign = "<=" if found.same else ">"
    print_line(f"squared distance {found.distance:.3f} {sign} threshold {found.threshold:.3f}")
    if found.far is None or found.val is None:
        print_line("threshold: as given; at what false accept rate is not known")
    else:
        print_line(
            f"threshold: set for a false accept rate of {found.far:g}, where {found.val:.1%} of pairs of one "
            "person were accepted"
        )
