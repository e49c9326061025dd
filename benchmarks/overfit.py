"""`python -m benchmarks.overfit --data COCO --weights FILE`: a detector that learns twenty photographs by heart.

What cannot learn a handful of photographs cannot learn more: wrong boxes, targets or losses show here. The same twenty
are learnt from and scored, so the figure says nothing of others.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from mobilenets.errors import JobError, UsageError

_SPLIT, _ENOUGH = "train2017", 0.9


def main() -> int:
    """Learn, score and print; gives the exit code: 0 where AP50 is enough, 1 where it is not, 2 for a bad request."""
    flags = _parser().parse_args()
    try:
        with tempfile.TemporaryDirectory(prefix="mobilenets-overfit-") as work:
            figures = _learn(flags, Path(work))
    except (UsageError, JobError) as error:
        print(f"overfit: {error}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    print(f"{flags.framework} of {flags.weights.name}: AP {figures['AP']:.4f}, AP50 {figures['AP50']:.4f}")
    return 0 if figures["AP50"] > _ENOUGH else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overfit", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help=f"folder of COCO with {_SPLIT}")
    parser.add_argument("--weights", type=Path, required=True, help="a classifier's weights")
    parser.add_argument("--framework", choices=("ssd", "frcnn"), default="ssd")
    parser.add_argument("--photographs", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=1, help="times that an epoch shows each, between two scorings")
    parser.add_argument("--resolution", type=int, default=300)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--batch", type=int, default=10)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--freeze-norm", action="store_true")
    return parser


def _learn(flags: argparse.Namespace, work: Path) -> dict[str, float]:
    from dataclasses import replace

    from mobilenets.jobs.start import open_weights, trained_architecture
    from mobilenets.jobs.train import train
    from mobilenets.run import Augmentation, Detection, Optimisation, Run

    laid = replace(trained_architecture(open_weights(str(flags.weights))), resolution=flags.resolution)
    run = Run(
        data=str(_subset(flags.data, work / "data", count=flags.photographs, repeats=flags.repeats)),
        out=work / "run",
        task="detect",
        weights=str(flags.weights),
        architecture=laid,
        epochs=flags.epochs,
        batch=flags.batch,
        keep="best",
        augmentation=Augmentation(min_area=1.0, flip="off", colour="off"),
        detection=Detection(framework=flags.framework, negatives="hard"),
        optimisation=Optimisation(
            lr=flags.lr,
            warmup_epochs=3,
            weight_decay=1e-4,
            label_smoothing=0.0,
            ema=0.0,
            clip=10.0,
            freeze_norm=flags.freeze_norm,
        ),
    )
    return train(run).scores


def _subset(data: Path, out: Path, *, count: int, repeats: int) -> Path:
    """A folder of COCO whose train and val are the same first photographs, those to learn from `repeats` times."""
    known = json.loads((data / "annotations" / f"instances_{_SPLIT}.json").read_text())
    images = known["images"][:count]
    (out / "annotations").mkdir(parents=True)
    for split, times in ((_SPLIT, repeats), ("val2017", 1)):
        (out / split).mkdir()
        shown = [{**one, "id": one["id"] * times + time} for one in images for time in range(times)]
        boxes = [
            {**one, "id": one["id"] * times + time, "image_id": one["image_id"] * times + time}
            for one in known["annotations"]
            for time in range(times)
            if one["image_id"] in {image["id"] for image in images}
        ]
        for one in shown:
            source = (data / _SPLIT / one["file_name"]).resolve()
            one["file_name"] = f"{one['id']}.jpg"
            (out / split / one["file_name"]).symlink_to(source)
        told = json.dumps({**known, "images": shown, "annotations": boxes})
        (out / "annotations" / f"instances_{split}.json").write_text(told)
    return out


if __name__ == "__main__":
    raise SystemExit(main())
