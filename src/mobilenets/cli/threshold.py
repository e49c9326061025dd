"""`mobilenets threshold`: how far apart two photographs of one person may be, for a false accept rate."""

from tyro.conf import Positional

from mobilenets.cli.output import print_json, print_line


def run(
    data: Positional[str],
    *,
    model: str,
    far: float | None = None,
    split: str | None = None,
    aligned: bool = False,
    device: str = "auto",
    json: bool = False,
) -> None:
    """Set a model's threshold on photographs of people that it did not learn from; it is kept with the model.

    Args:
        data: folder with a sub-folder a person, .zip or .csv
        model: checkpoint of the task embed
        far: false accept rate, as 0.001; takes 10 / far pairs of different people; unset: the smallest power of ten
        split: train, val, test or all; unset: what the model did not learn from
        aligned: faces are aligned and cropped already: show them whole
        device: auto, cpu or cuda
        json: print JSON
    """
    from mobilenets.jobs.faces.threshold import set_threshold

    found = set_threshold(data, model=model, far=far, split=split, aligned=aligned, device=device)
    if json:
        print_json(found)
        return
    for note in found.notes:
        print_line(f"note: {note}")
    error = "" if found.standard_error is None else f" +- {found.standard_error:.1%} over people"
    print_line(f"threshold {found.threshold:.3f} (squared distance), kept in {found.model}", style="bold")
    print_line(f"false accept rate {found.far:g}: {found.accepted:,} of {found.pairs:,} pairs of different people")
    print_line(f"accepted pairs of one person: {found.val:.1%}{error}")
