"""Everything a training run depends on: the flags of `train`, the stored `run.json`.

Plain data that loads without torch. What can be derived is a property; nothing is patched after parsing.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from mobilenets.architecture.baselines import POOLED
from mobilenets.architecture.detectors.names import DetectorName
from mobilenets.architecture.layer import Activation, Layer
from mobilenets.architecture.names import FAMILIES, Name, body
from mobilenets.architecture.tables import check_dials
from mobilenets.errors import UsageError
from mobilenets.settings import one_of_its_words, within

Switch = Literal["auto", "on", "off"]
STAGE_ONE = "stage-one"
CLEANED = "cleaned.csv"


# Detectors stand on VGG16 too, whose own head reads a map of one size.
_BODIES = (*FAMILIES, *POOLED, "vgg16")
_DETECTS = "detect"


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """Which network: the table and its two dials."""

    family: str = "mobilenet_v1"
    """Table of layers: mobilenet_v1, conv_mobilenet_v1, shallow_mobilenet_v1, mobilenet_v1h, or at width 1 another
    network, as facenet_nn2."""
    width: float = 1.0
    """Width multiplier, the paper's alpha, in (0, 2]."""
    resolution: int = 224
    """Side of the square input in pixels, from 32."""
    min_depth: int = 8
    """Fewest channels a layer may have."""
    padding: Literal["same", "symmetric"] = "same"
    """TensorFlow's SAME, as the published weights have it, or symmetric."""
    activation: Activation = "relu6"
    """Non-linearity behind each batch norm."""
    norm: bool = True
    """Batch norm behind each convolution; off for published weights that have it folded in."""
    norm_epsilon: float = 1e-3
    """What batch norm adds to the variance (TF-Slim's .001)."""
    dropout: float = 0.001
    """Share of features dropped before the classifier."""

    def __post_init__(self) -> None:
        if self.family not in _BODIES:
            raise UsageError(f"family {self.family!r} is unknown: use one of {', '.join(_BODIES)}")
        check_dials(width=self.width, resolution=self.resolution, min_depth=self.min_depth)
        within("dropout", self.dropout, low=0.0, below=1.0)
        within("norm-epsilon", self.norm_epsilon, low=0.0, high=1.0, open_low=True)
        one_of_its_words(self)

    @property
    def name(self) -> Name:
        """The network's name."""
        return Name(self.family, self.width, self.resolution)

    def body(self) -> tuple[Layer, ...]:
        """The network's layers before its head."""
        return body(
            self.name,
            min_depth=self.min_depth,
            padding=self.padding,
            activation=self.activation,
            norm=self.norm,
            epsilon=self.norm_epsilon,
        )


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """What training does to a photograph. "auto" asks the data set: digits are neither mirrored nor cropped hard."""

    min_area: float | None = None
    """Smallest share of the photograph a random crop may show; unset: .25, or .6 where the subject fills the frame."""
    flip: Switch = "auto"
    """Mirror every other photograph."""
    colour: Switch = "auto"
    """Brightness by up to 32/255 and saturation by .5 to 1.5; task detect also contrast and hue, each in every other
    image."""

    def __post_init__(self) -> None:
        if self.min_area is not None:
            within("min-area", self.min_area, low=0.01, high=1.0)
        one_of_its_words(self)


@dataclass(frozen=True, kw_only=True)
class Optimisation:
    """How the weights are found."""

    optimiser: Literal["rmsprop_tf", "sgd", "adamw"] = "adamw"
    """rmsprop_tf has its epsilon inside the root, as TensorFlow's has."""
    lr: float = 8e-3
    """Highest learning rate, at `batch` images a step."""
    momentum: float = 0.9
    """Momentum of rmsprop_tf and sgd; beta1 of adamw."""
    schedule: Literal["cosine", "staircase", "constant"] = "cosine"
    """How the learning rate falls."""
    decay_rate: float = 0.94
    """Factor of one stair."""
    decay_epochs: float = 2.0
    """Epochs of one stair."""
    warmup_epochs: float = 3.0
    """Epochs in which the learning rate rises linearly from nothing; at most half the run."""
    weight_decay: float = 0.05
    """L2 for rmsprop_tf and sgd, decoupled for adamw; never on biases and batch norm."""
    decay_depthwise: bool = False
    """Put weight decay on depthwise filters too (the paper advises against it)."""
    label_smoothing: float = 0.1
    """Share of the target spread over all classes (the paper uses none)."""
    norm_decay: float = 0.9
    """Decay of batch norm's running statistics; shorter in runs too short for it."""
    freeze_norm: bool = False
    """Let batch norm's statistics stay as the starting weights have them, in training too."""
    ema: float = 0.99
    """Decay of the moving average of the weights that is evaluated and shipped; 0 ships the weights themselves."""
    clip: float = 1.0
    """Largest norm of the gradient; 0 for no limit."""

    def __post_init__(self) -> None:
        within("lr", self.lr, low=0.0, high=100.0, open_low=True)
        within("momentum", self.momentum, low=0.0, below=1.0)
        within("decay-rate", self.decay_rate, low=0.0, high=1.0, open_low=True)
        within("decay-epochs", self.decay_epochs, low=0.0, open_low=True)
        within("warmup-epochs", self.warmup_epochs, low=0.0)
        within("weight-decay", self.weight_decay, low=0.0)
        within("label-smoothing", self.label_smoothing, low=0.0, below=1.0)
        within("norm-decay", self.norm_decay, low=0.0, below=1.0)
        within("ema", self.ema, low=0.0, below=1.0)
        within("clip", self.clip, low=0.0)
        one_of_its_words(self)


@dataclass(frozen=True, kw_only=True)
class Distillation:
    """Learning from another network's outputs (Hinton et al., arXiv 1503.02531; sections 4.5 and 4.7)."""

    teacher: str | None = None
    """Network to learn from: folder of a checkpoint or of an artefact, timm:NAME or torchvision:NAME."""
    teacher_weights: str | None = None
    """Weights of a timm: or torchvision: teacher: a file, or none for random ones; unset: those published."""
    teacher_share: float = 1.0
    """The teacher's share of the loss, the rest is the labels'; where there are none, all of it is the teacher's."""
    temperature: float = 2.0
    """What logits of classes are divided by before student and teacher are compared; higher is softer."""
    teacher_views: int = 0
    """Views of each photograph whose teacher outputs are computed once and cached; 0: new views, the teacher beside."""
    unlabelled: bool = False
    """Take the photographs as unlabelled, whatever folders they lie in."""

    def __post_init__(self) -> None:
        within("teacher-share", self.teacher_share, low=0.0, high=1.0, open_low=True)
        within("temperature", self.temperature, low=0.0, high=100.0, open_low=True)
        within("teacher-views", self.teacher_views, low=0, high=1000)
        useless = next(
            (name for name in ("teacher_weights", "teacher_views", "unlabelled") if getattr(self, name)), None
        )
        if self.teacher is None and useless:
            raise UsageError(f"{useless.replace('_', '-')} says how to learn from a teacher: name one with --teacher")


@dataclass(frozen=True, kw_only=True)
class Embedding:
    """Of the task embed alone: what its vectors are and how they are learnt and judged (section 4.7, FaceNet)."""

    dimension: int = 128
    """Numbers in a vector."""
    margin: float = 0.2
    """How much farther another person has to be than the same one, in squared distances."""
    together: int = 4
    """Photographs of one person that stand together in a batch, which holds --batch / --together people."""
    far: float | None = None
    """False accept rate that the threshold is set for; unset: the smallest power of ten that the pairs allow."""

    def __post_init__(self) -> None:
        within("dimension", self.dimension, low=1, high=1 << 16)
        within("margin", self.margin, low=0.0, high=4.0, open_low=True)
        within("together", self.together, low=2)
        if self.far is not None:
            within("far", self.far, low=0.0, below=1.0, open_low=True)


@dataclass(frozen=True, kw_only=True)
class Machine:
    """How the run uses the machine; none of this changes what is learnt, except `precision`."""

    device: Literal["auto", "cpu", "cuda"] = "auto"
    """auto takes the GPU where there is one."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """auto is bfloat16 autocast on a GPU and float32 on a CPU."""
    compile: bool = False
    """torch.compile the network: slow to start, faster afterwards."""
    threads: int = 0
    """Threads of the CPU; 0 is all of them."""
    workers: int = 0
    """Processes that load photographs ahead; 0 is automatic: none on a CPU, where the step needs the cores."""
    cache_gb: float = 8.0
    """Decode once into the cache folder if the set takes at most this many gigabytes there; 0 decodes every epoch."""

    def __post_init__(self) -> None:
        within("threads", self.threads, low=0, high=4096)
        within("workers", self.workers, low=0, high=1024)
        within("cache-gb", self.cache_gb, low=0.0)
        one_of_its_words(self)


@dataclass(frozen=True, kw_only=True)
class Geocells:
    """Task places: into which cells the earth is divided."""

    cells: Path | None = None
    """File of `mobilenets cells`; unset: made from the training photographs with the next two."""
    cell_max: int | None = None
    """Most photographs of a cell; unset: a twentieth of all, from 10 to 10,000 (PlaNet's)."""
    cell_min: int | None = None
    """Fewest, others are left out; unset: a tenth of cell_max, from 2 to 50 (PlaNet's)."""

    def __post_init__(self) -> None:
        for name in ("cell_max", "cell_min"):
            value = getattr(self, name)
            if value is not None:
                within(name.replace("_", "-"), value, low=1)
                if self.cells is not None:
                    raise UsageError(
                        f"--cells {self.cells} says which cells there are: leave out --{name.replace('_', '-')}"
                    )


@dataclass(frozen=True, kw_only=True)
class Detection:
    """Task detect: how a network finds things, and what it learns from boxes (section 4.6)."""

    framework: Literal["ssd", "frcnn"] = "ssd"
    """ssd scores default boxes on six maps at once; frcnn (Faster R-CNN) looks at its proposals once more."""
    negatives: Literal["focal", "hard"] = "focal"
    """Which boxes of the background ssd learns from: all, the doubtful most (focal loss), or three a positive."""
    mosaic: float = 0.0
    """Share of the images that are mosaics: views of four photographs, joined."""
    mosaic_until: float = 0.85
    """Share of the epochs that have mosaics; in the last ones things stand as they will be found."""

    def __post_init__(self) -> None:
        within("mosaic", self.mosaic, low=0.0, high=1.0)
        within("mosaic-until", self.mosaic_until, low=0.0, high=1.0)
        one_of_its_words(self)


@dataclass(frozen=True, kw_only=True)
class Cleaning:
    """Which photographs of a noisy collection are left out (docs/breeds.md has what the limits catch)."""

    hash_bits: int = 8
    """Bits of 64 in which the perceptual hashes of two copies differ at most; -1 compares none."""
    feature_distance: float = 0.15
    """Most cosine distance between the features of two copies; 0 compares none."""
    doubt: float = 0.0
    """Leave out what a classifier of the others' features finds less probable of its label; 0 doubts none."""

    def __post_init__(self) -> None:
        within("hash-bits", self.hash_bits, low=-1, high=32)
        within("feature-distance", self.feature_distance, low=0.0, high=1.0)
        within("doubt", self.doubt, low=0.0, below=1.0)


@dataclass(frozen=True, kw_only=True)
class Noise:
    """A noisy collection to learn from first, as section 4.3 does with photographs found by the names of breeds."""

    noisy: str | None = None
    """Folder or .csv of noisy photographs to learn from first; they are cleaned before."""
    noisy_epochs: int | None = None
    """Times every noisy photograph is shown; unset: as often as the others."""
    cleaning: Cleaning = field(default_factory=Cleaning)

    def __post_init__(self) -> None:
        if self.noisy_epochs is not None:
            within("noisy-epochs", self.noisy_epochs, low=1)


@dataclass(frozen=True, kw_only=True)
class Run:
    """One training run."""

    data: str
    """Folder, .zip, .csv or the name of a data set."""
    out: Path
    """Folder of the checkpoint and the report."""
    task: str = "classify"
    """What is learnt."""
    recipe: str = "scratch"
    """The recipe these settings started from."""
    weights: str | None = None
    """Checkpoint folder, file or name of published weights to start from; a head for other classes is replaced."""
    architecture: Architecture = field(default_factory=Architecture)
    noise: Noise = field(default_factory=Noise)
    head_first: bool = False
    """Find the best last layer for the features of the starting weights first, then train the whole network."""
    epochs: int = 100
    """Times every photograph is shown."""
    batch: int = 64
    """Photographs a step, over all processes and accumulated parts."""
    accumulate: int = 1
    """Parts a step's batch is worked in, to save memory."""
    seed: int = 0
    """Every random choice follows from it, the epoch and the photograph's place."""
    val_fraction: float = 0.2
    """Share of each class held out where the data has no split."""
    crop: float | None = None
    """Central share of the photograph that is evaluated; unset: .875, or 1 where the subject fills the frame."""
    squash: bool = False
    """Squash the crop to a square (TF-Slim's evaluation) instead of keeping its aspect."""
    augmentation: Augmentation = field(default_factory=Augmentation)
    optimisation: Optimisation = field(default_factory=Optimisation)
    distillation: Distillation = field(default_factory=Distillation)
    embedding: Embedding = field(default_factory=Embedding)
    machine: Machine = field(default_factory=Machine)
    geocells: Geocells = field(default_factory=Geocells)
    detection: Detection = field(default_factory=Detection)
    strict: bool = False
    """Stop at the first photograph that cannot be read."""
    keep: Literal["last", "best"] = "last"
    """Which weights ship: those of the last epoch, or of the epoch that was best on the held-out photographs."""
    save_minutes: float = 10.0
    """Minutes between saved states; the end of an epoch and Ctrl-C save too."""
    tensorboard: bool = False
    """Write TensorBoard events beside metrics.jsonl."""

    def __post_init__(self) -> None:
        within("epochs", self.epochs, low=1)
        within("batch", self.batch, low=1)
        within("accumulate", self.accumulate, low=1, high=self.batch)
        within("seed", self.seed, low=0, high=2**32 - 1)
        within("val-fraction", self.val_fraction, low=0.0, below=1.0, open_low=True)
        within("save-minutes", self.save_minutes, low=0.0)
        one_of_its_words(self)
        views = self.distillation.teacher_views
        if views and not self.machine.cache_gb:
            raise UsageError(
                f"teacher-views {views} with cache-gb 0: what the teacher says of them is cached; leave one of both out"
            )
        if self.geocells != Geocells() and self.task != "places":
            raise UsageError(f"--cells, --cell-max and --cell-min are for --task places, and not for {self.task}")
        if self.crop is not None:
            within("crop", self.crop, low=0.1, high=1.0)
        self._check_detection()
        if self.noise.noisy is not None and self.task != "classify":
            raise UsageError(f"--noisy with task {self.task}: only classify learns from a noisy collection first")
        if self.noise.noisy is not None and self.distillation.teacher is not None:
            raise UsageError("--noisy with --teacher: train with one first, then start the other from --weights")

    def _check_detection(self) -> None:
        family = self.architecture.family
        if self.task == _DETECTS:
            DetectorName(self.detection.framework, family, self.architecture.width, self.architecture.resolution)
            if self.distillation.teacher is not None and self.detection.framework != "ssd":
                raise UsageError(
                    "--teacher with framework frcnn: the proposals of both are others, so use framework ssd"
                )
            if self.crop not in (None, 1.0):
                raise UsageError(
                    f"crop {self.crop:g} with task {self.task}: it sees whole photographs, so leave it out"
                )
            views, mosaic = self.distillation.teacher_views, self.detection.mosaic
            if views and mosaic:
                raise UsageError(
                    f"mosaic {mosaic:g} with teacher-views {views}: views come again and mosaics do not; use "
                    "--mosaic 0, or leave --teacher-views out"
                )
        elif self.detection != Detection():
            raise UsageError(
                f"--framework, --negatives, --mosaic and --mosaic-until are for --task {_DETECTS}, "
                f"and not for {self.task}"
            )
        elif family not in (*FAMILIES, *POOLED):
            raise UsageError(f"family {family} with task {self.task}: only --task {_DETECTS} stands on it")

    @property
    def first_stage(self) -> "Run | None":
        """The run that learns from the noisy collection, in a folder of its own; None where there is none."""
        if self.noise.noisy is None:
            return None
        out = self.out / STAGE_ONE
        epochs = self.noise.noisy_epochs or self.epochs
        return replace(self, data=str(out / CLEANED), out=out, epochs=epochs, noise=Noise())

    @property
    def starting_weights(self) -> str | None:
        """What the run's own network starts from: what the first stage learnt, or `weights`."""
        return self.weights if self.noise.noisy is None else str(self.out / STAGE_ONE)
