"""`mobilenets predict`: answers for photographs."""

from tyro.conf import Positional

from mobilenets.errors import JobError, UsageError


def run(
    sources: Positional[tuple[str, ...]],
    *,
    model: str,
    weights: str | None = None,
    batch: int = 16,
    threads: int = 0,
    device: str = "auto",
    limit: int | None = None,
    every: int = 1,
    threshold: float | None = None,
    draw: str | None = None,
    json: bool = False,
    csv: bool = False,
) -> None:
    """Answer for photographs as they come; one that cannot be read is said so, and the exit code is then 1.

    Args:
        sources: files, folders, globs, zips, videos, a data set by name, - for an image or a list on standard input
        model: checkpoint or artefact folder, or timm:NAME or torchvision:NAME
        weights: for the latter: a file with a state dict, or none for random weights; unset: the published ones
        batch: photographs at a time
        threads: threads that decode; 0 for one a core
        device: auto, cpu or cuda
        limit: answer for the first so many only
        every: of a video's frames, every so many-th (videos need the extra video)
        threshold: detectors: the least score that is told; unset: .5, and 0 is what an AP needs
        draw: detectors: a new folder for the photographs with their boxes drawn, videos as MP4
        json: print JSON, one object a line; detectors: one list of COCO's results
        csv: print CSV; detectors: a row a box
    """
    from mobilenets.cli.predictions import printer
    from mobilenets.jobs.predict import predict

    if json and csv:
        raise UsageError("--json and --csv exclude each other: leave one out")
    answers = predict(
        sources,
        model=model,
        weights=weights,
        batch=batch,
        threads=threads,
        device=device,
        limit=limit,
        every=every,
        threshold=threshold,
        draw=draw,
    )
    printing = printer(answers, as_json=json, as_csv=csv)
    failed = total = 0
    for prediction in answers:
        total += 1
        failed += bool(prediction.error)
        printing.write(prediction)
    printing.finish()
    if failed:
        raise JobError(f"{failed:,} of {total:,} photographs could not be read")
    if not total:
        raise JobError(f"no photographs in {', '.join(sources)}")
