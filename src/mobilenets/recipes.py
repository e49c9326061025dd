"""The named recipes: settings that belong together, each from where it says."""

from typing import Any

from mobilenets.errors import UsageError
from mobilenets.run import Architecture, Augmentation, Detection, Optimisation

PAPER = Optimisation(
    optimiser="rmsprop_tf",
    lr=0.045,
    momentum=0.9,
    schedule="staircase",
    decay_rate=0.94,
    decay_epochs=2.0,
    warmup_epochs=0.0,
    weight_decay=4e-5,
    label_smoothing=0.0,
    norm_decay=0.9997,
    ema=0.9999,
    clip=0.0,
)
"""TF-Slim's recipe (reference: classification.md, section 3.2 of the paper)."""

FINETUNE = Optimisation(optimiser="sgd", lr=2e-3, weight_decay=1e-4, warmup_epochs=1.0, freeze_norm=True)
"""Batch norm's statistics stay, so that what learns is the very function that the head was found for.

With statistics of its own batches a network learns another function: on ants and bees it undid what the head knew.
Steps of plain SGD are as large as the gradient; Adam's are alike for all weights, too large for some of these.
"""

DISTIL = Optimisation(label_smoothing=0.0)
"""Labels as they are beside a teacher, whose outputs are soft already."""

SSD_PAPER = Optimisation(
    optimiser="rmsprop_tf",
    lr=0.004,
    momentum=0.9,
    schedule="staircase",
    decay_rate=0.95,
    # 800,720 steps of 24 photographs; COCO has 118,287.
    decay_epochs=162.5,
    warmup_epochs=0.0,
    weight_decay=4e-5,
    label_smoothing=0.0,
    norm_decay=0.9997,
    ema=0.0,
    clip=0.0,
)
"""The authors' SSD on MobileNet (reference: detection.md)."""

SSD_MODERN = Optimisation(lr=1e-3, warmup_epochs=1.0, label_smoothing=0.0)
"""For hundreds or thousands of photographs, from weights of any kind; batch norm learns, as SSD's last maps are new."""

SSD_FINETUNE = Optimisation(
    optimiser="sgd", lr=2e-3, weight_decay=1e-4, warmup_epochs=1.0, label_smoothing=0.0, freeze_norm=True
)
"""For a few photographs, from a detector's weights: as FINETUNE, small steps and the batch norm that they came with."""

FRCNN_PAPER = Optimisation(
    optimiser="sgd",
    lr=3e-3,
    momentum=0.9,
    schedule="staircase",
    decay_rate=0.1,
    # 900,000 steps of one photograph; the authors' second stair comes after 10.1 epochs.
    decay_epochs=7.6,
    warmup_epochs=0.0,
    weight_decay=0.0,
    label_smoothing=0.0,
    freeze_norm=True,
    ema=0.0,
    clip=10.0,
)
"""The authors' Faster R-CNN on MobileNet, in one process for their nine (reference: detection.md)."""

_SSD_300 = Architecture(resolution=300, min_depth=16)
_FRCNN_600 = Architecture(resolution=600, min_depth=16)

RECIPES: dict[str, dict[str, Any]] = {
    "scratch": {"optimisation": Optimisation()},
    "paper": {"optimisation": PAPER},
    "distil": {"optimisation": DISTIL},
    "finetune": {"optimisation": FINETUNE, "head_first": True, "keep": "best", "epochs": 15, "batch": 32},
    "ssd_paper": {
        "task": "detect",
        "architecture": _SSD_300,
        "optimisation": SSD_PAPER,
        "augmentation": Augmentation(min_area=0.1, colour="off"),
        "detection": Detection(negatives="hard"),
        "batch": 24,
    },
    "ssd_modern": {
        "task": "detect",
        "architecture": _SSD_300,
        "optimisation": SSD_MODERN,
        "detection": Detection(mosaic=0.5),
        "keep": "best",
        "epochs": 60,
        "batch": 16,
    },
    "ssd_finetune": {
        "task": "detect",
        "architecture": _SSD_300,
        "optimisation": SSD_FINETUNE,
        "keep": "best",
        "epochs": 15,
        "batch": 16,
    },
    "frcnn_paper": {
        "task": "detect",
        "architecture": _FRCNN_600,
        "optimisation": FRCNN_PAPER,
        "augmentation": Augmentation(min_area=1.0, colour="off"),
        "detection": Detection(framework="frcnn"),
        "epochs": 12,
        "batch": 1,
    },
}


def recipe(name: str, *, task: str | None = None) -> dict[str, Any]:
    """The settings of a named recipe, for `task` where one is named.

    Raises `UsageError` for an unknown one, and for one that is for another task.
    """
    if name not in RECIPES:
        raise UsageError(f"recipe {name!r} is unknown: use one of {', '.join(RECIPES)}")
    own = RECIPES[name].get("task")
    if own is not None and task not in (None, own):
        fitting = (other for other, settings in RECIPES.items() if settings.get("task") in (None, task))
        raise UsageError(f"recipe {name} is for --task {own}, and not for {task}: use one of {', '.join(fitting)}")
    return {"recipe": name, **RECIPES[name]}


def usual_recipe(*, task: str, framework: str = "ssd", weights: str | None = None, teacher: bool = False) -> str:
    """The recipe of a run that names none: by the task of the weights that it starts from ("" if they are of none, None
    without weights), and by whether it has a teacher."""
    if task == "detect":
        if framework == "frcnn":
            return "frcnn_paper"
        return "ssd_finetune" if weights == task else "ssd_modern"
    if weights is not None:
        return "finetune"
    return "distil" if teacher else "scratch"
