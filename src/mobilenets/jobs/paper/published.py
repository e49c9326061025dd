"""What the paper (Howard et al., 2017) prints in its tables, and the accuracies of its released checkpoints.

Every printed figure stands here as it is printed, except those of GoogLeNet, VGG16, SqueezeNet, AlexNet and FaceNet,
which stand with their layers in `architecture.baselines`.
"""

from dataclasses import dataclass

from mobilenets.architecture.layer import Kind

# Table 1: type and stride, filter shape, input size. The paper writes the five equal pairs once, with "5x".
_Layer = tuple[str, str, str]
_FIVE_TIMES: tuple[_Layer, ...] = (
    ("Conv dw / s1", "3x3x512 dw", "14x14x512"),
    ("Conv / s1", "1x1x512x512", "14x14x512"),
)
BODY: tuple[_Layer, ...] = (
    ("Conv / s2", "3x3x3x32", "224x224x3"),
    ("Conv dw / s1", "3x3x32 dw", "112x112x32"),
    ("Conv / s1", "1x1x32x64", "112x112x32"),
    ("Conv dw / s2", "3x3x64 dw", "112x112x64"),
    ("Conv / s1", "1x1x64x128", "56x56x64"),
    ("Conv dw / s1", "3x3x128 dw", "56x56x128"),
    ("Conv / s1", "1x1x128x128", "56x56x128"),
    ("Conv dw / s2", "3x3x128 dw", "56x56x128"),
    ("Conv / s1", "1x1x128x256", "28x28x128"),
    ("Conv dw / s1", "3x3x256 dw", "28x28x256"),
    ("Conv / s1", "1x1x256x256", "28x28x256"),
    ("Conv dw / s2", "3x3x256 dw", "28x28x256"),
    ("Conv / s1", "1x1x256x512", "14x14x256"),
    *5 * _FIVE_TIMES,
    ("Conv dw / s2", "3x3x512 dw", "14x14x512"),
    ("Conv / s1", "1x1x512x1024", "7x7x512"),
    ("Conv dw / s2", "3x3x1024 dw", "7x7x1024"),
    ("Conv / s1", "1x1x1024x1024", "7x7x1024"),
    ("Avg Pool / s1", "Pool 7x7", "7x7x1024"),
    ("FC / s1", "1024x1000", "1x1x1024"),
    ("Softmax / s1", "Classifier", "1x1x1000"),
)


@dataclass(frozen=True, slots=True)
class Shares:
    """A row of Table 2, in per cent."""

    label: str
    mult_adds: str
    params: str


SHARES: dict[Kind, Shares] = {
    "pointwise": Shares("Conv 1x1", "94.86", "74.59"),
    "depthwise": Shares("Conv DW 3x3", "3.06", "1.06"),
    "conv": Shares("Conv 3x3", "1.19", "0.02"),
    "linear": Shares("Fully Connected", "0.18", "24.33"),
}


@dataclass(frozen=True, slots=True)
class Resources:
    """A row of Table 3, in millions: one layer under modifications that add up."""

    label: str
    mult_adds: str
    params: str


CONVOLUTION = Resources("Convolution", "462", "2.36")
SEPARABLE = Resources("Depthwise Separable Conv", "52.3", "0.27")
NARROW = Resources("width 0.75", "29.6", "0.15")
SMALL = Resources("resolution multiplier 0.714", "15.1", "0.15")


@dataclass(frozen=True, slots=True)
class Model:
    """A MobileNet in Tables 4 to 9: top-1 accuracy on ImageNet in per cent, mult-adds and params in millions.

    `why_mult_adds` and `why_params` explain what counting does not give.
    """

    label: str
    network: str
    accuracy: str
    mult_adds: str
    params: str
    why_mult_adds: str = ""
    why_params: str = ""


@dataclass(frozen=True, slots=True)
class Rival:
    """Another network in Tables 8 and 9; its figures are `BASELINES[network].published`, stated to `step` millions."""

    label: str
    network: str
    accuracy: str
    step: int


_CUT = "Cut off after the last digit instead of rounded."
_FULL = Model("1.0 MobileNet-224", "mobilenet_v1_1.0_224", "70.6", "569", "4.2")
_THREE_QUARTERS = Model("0.75 MobileNet-224", "mobilenet_v1_0.75_224", "68.4", "325", "2.6")

CONV_AGAINST_SEPARABLE = (
    Model(
        "Conv MobileNet",
        "conv_mobilenet_v1_1.0_224",
        "71.7",
        "4866",
        "29.3",
        why_mult_adds="Printed without the classifier: the convolutions alone round to it.",
    ),
    Model("MobileNet", "mobilenet_v1_1.0_224", "70.6", "569", "4.2"),
)
NARROW_AGAINST_SHALLOW = (
    Model("0.75 MobileNet", "mobilenet_v1_0.75_224", "68.4", "325", "2.6"),
    Model("Shallow MobileNet", "shallow_mobilenet_v1_1.0_224", "65.3", "307", "2.9"),
)
WIDTHS = (
    _FULL,
    _THREE_QUARTERS,
    Model("0.5 MobileNet-224", "mobilenet_v1_0.5_224", "63.7", "149", "1.3"),
    Model("0.25 MobileNet-224", "mobilenet_v1_0.25_224", "50.6", "41", "0.5"),
)
RESOLUTIONS = (
    _FULL,
    Model("1.0 MobileNet-192", "mobilenet_v1_1.0_192", "69.1", "418", "4.2"),
    Model("1.0 MobileNet-160", "mobilenet_v1_1.0_160", "67.2", "290", "4.2", why_mult_adds=_CUT),
    Model("1.0 MobileNet-128", "mobilenet_v1_1.0_128", "64.4", "186", "4.2"),
)
LARGE = (_FULL, Rival("GoogleNet", "googlenet", "69.8", step=10), Rival("VGG 16", "vgg16", "71.5", step=100))
SMALLER = (
    Model(
        "0.50 MobileNet-160",
        "mobilenet_v1_0.5_160",
        "60.2",
        "76",
        "1.32",
        why_mult_adds=_CUT,
        why_params="Printed without batch norm, as in Table 2: the weights alone round to it.",
    ),
    Rival("Squeezenet", "squeezenet_1.0", "57.5", step=100),
    Rival("AlexNet", "alexnet", "57.2", step=10),
)

_OF_IMAGENET = "Printed with ImageNet's classifier of 1000 classes; with 120 breeds it is less."
DOGS: tuple[Model | Rival, ...] = (
    Rival("Inception V3", "inception_v3", "84", step=1000),
    Model("1.0 MobileNet-224", "mobilenet_v1_1.0_224", "83.3", "569", "3.3", why_mult_adds=_OF_IMAGENET),
    Model("0.75 MobileNet-224", "mobilenet_v1_0.75_224", "81.9", "325", "1.9"),
    Model("1.0 MobileNet-192", "mobilenet_v1_1.0_192", "81.9", "418", "3.3", why_mult_adds=_OF_IMAGENET),
    Model("0.75 MobileNet-192", "mobilenet_v1_0.75_192", "80.5", "239", "1.9"),
)
FACE_ATTRIBUTES = (
    Model("1.0 MobileNet-224", "mobilenet_v1_1.0_224", "88.7", "568", "3.2"),
    Model("0.5 MobileNet-224", "mobilenet_v1_0.5_224", "88.1", "149", "0.8"),
    Model(
        "0.25 MobileNet-224",
        "mobilenet_v1_0.25_224",
        "87.2",
        "45",
        "0.2",
        why_mult_adds="As much as the convolutions alone, cut off after the last digit.",
    ),
    Model("1.0 MobileNet-128", "mobilenet_v1_1.0_128", "88.1", "185", "3.2"),
    Model("0.5 MobileNet-128", "mobilenet_v1_0.5_128", "87.7", "48", "0.8", why_mult_adds=_CUT),
    Model("0.25 MobileNet-128", "mobilenet_v1_0.25_128", "86.4", "15", "0.2"),
)
ATTRIBUTES_BASELINE = Rival("Baseline", "facenet_nn2", "86.9", step=100)


@dataclass(frozen=True, slots=True)
class Student:
    """A MobileNet in Table 14: VAL at a FAR of 1e-4 in per cent, mult-adds and params in millions.

    `network` is the one that is counted, which the label need not say.
    """

    label: str
    network: str
    accuracy: str
    mult_adds: str
    params: str
    why_params: str
    why_mult_adds: str = ""


_UNPOOLED = (
    "Not to be had by counting: the body alone has {body} M at any resolution, and a layer on the map as it is, not "
    "pooled, would have more at 160 pixels than at 128, where the paper prints fewer. The rows may be swapped."
)
FACENET = Rival("FaceNet", "facenet_nn2", "83", step=100)
FACES = (
    Student(
        "1.0 MobileNet-160",
        "mobilenet_v1_1.0_160",
        "79.4",
        "286",
        "4.9",
        why_mult_adds="Unexplained: the body alone has 289.7 M, and the paper's own Table 7 prints 290.",
        why_params=_UNPOOLED.format(body="3.2"),
    ),
    Student(
        "1.0 MobileNet-128",
        "mobilenet_v1_1.0_128",
        "78.3",
        "185",
        "5.5",
        why_mult_adds="Printed without the head: the body alone rounds to it.",
        why_params=_UNPOOLED.format(body="3.2"),
    ),
    Student(
        "0.75 MobileNet-128",
        "mobilenet_v1_0.75_160",
        "75.2",
        "166",
        "3.4",
        why_params=_UNPOOLED.format(body="1.8"),
    ),
    Student(
        "0.75 MobileNet-128",
        "mobilenet_v1_0.75_128",
        "72.5",
        "108",
        "3.8",
        why_mult_adds="Unexplained: the body alone has 106.0 M.",
        why_params=_UNPOOLED.format(body="1.8"),
    ),
)

# Top-1 accuracy on ImageNet, per cent, of the checkpoints released with TF-Slim (float, central crop).
RELEASED = {
    "mobilenet_v1_1.0_224": 70.9,
    "mobilenet_v1_1.0_192": 70.0,
    "mobilenet_v1_1.0_160": 68.0,
    "mobilenet_v1_1.0_128": 65.2,
    "mobilenet_v1_0.75_224": 68.4,
    "mobilenet_v1_0.75_192": 67.2,
    "mobilenet_v1_0.75_160": 65.3,
    "mobilenet_v1_0.75_128": 62.1,
    "mobilenet_v1_0.5_224": 63.3,
    "mobilenet_v1_0.5_192": 61.7,
    "mobilenet_v1_0.5_160": 59.1,
    "mobilenet_v1_0.5_128": 56.3,
    "mobilenet_v1_0.25_224": 49.8,
    "mobilenet_v1_0.25_192": 47.7,
    "mobilenet_v1_0.25_160": 45.5,
    "mobilenet_v1_0.25_128": 41.5,
}


@dataclass(frozen=True, slots=True)
class Located:
    """A column of Table 11: the share of photographs, in per cent, placed within so many kilometres, and the cost in
    millions that section 4.4 states; mult-adds to the place `step`.
    """

    label: str
    within: dict[int, str]
    mult_adds: str
    params: str
    step: int | None = None
    why_mult_adds: str = ""
    why_quoted: str = "Measured by the authors on the 237 photographs of Im2GPS."


GEOCELLS = 9800
"""Outputs of section 4.4's networks: not printed, and in the middle of the few that give its costs."""

IM2GPS = {2500: "51.9", 750: "35.4", 200: "32.1", 25: "21.9", 1: "2.5"}
PLANET = Located(
    "PlaNet",
    {2500: "77.6", 750: "64.0", 200: "51.1", 25: "31.7", 1: "11.0"},
    mult_adds="5740",
    params="52",
    step=10,
)
PLANET_MOBILENET = Located(
    "PlaNet MobileNet",
    {2500: "79.3", 750: "60.3", 200: "45.2", 25: "31.7", 1: "11.4"},
    mult_adds="0.58",
    params="13",
    why_mult_adds="Printed as 0.58 million where billion is meant: 0.58 billion is what the count rounds to.",
)


@dataclass(frozen=True, slots=True)
class Detection:
    """A row of Table 13: COCO's primary metric in per cent, mult-adds in billions, params in millions."""

    label: str
    network: str
    accuracy: str
    mult_adds: str
    params: str
    why_mult_adds: str = ""
    why_params: str = ""


DETECTIONS = (
    Detection(
        "SSD 300, deeplab-VGG",
        "ssd_vgg16_300",
        "21.1",
        "34.9",
        "33.1",
        why_params="Not to be had by counting: SSD's own network, whose mult-adds are as printed, has 35.6 M. Without "
        "the layers that make its last four maps it would have 33.18 M, which is 33.1 cut off.",
    ),
    Detection("SSD 300, Inception V2", "ssd_inception_v2_300", "22.0", "3.8", "13.7", why_params=_CUT),
    Detection("SSD 300, MobileNet", "ssd_mobilenet_v1_1.0_300", "19.3", "1.2", "6.8"),
    Detection("Faster-RCNN 300, VGG", "frcnn_vgg16_300", "22.9", "64.3", "138.5"),
    Detection("Faster-RCNN 300, Inception V2", "frcnn_inception_v2_300", "15.4", "118.2", "13.3"),
    Detection("Faster-RCNN 300, MobileNet", "frcnn_mobilenet_v1_1.0_300", "16.4", "25.2", "6.1"),
    Detection(
        "Faster-RCNN 600, VGG",
        "frcnn_vgg16_600",
        "25.7",
        "149.6",
        "138.5",
        why_mult_adds="Unexplained: 0.04 % more than the count.",
    ),
    Detection("Faster-RCNN 600, Inception V2", "frcnn_inception_v2_600", "21.9", "129.6", "13.3"),
    Detection("Faster-RCNN 600, MobileNet", "frcnn_mobilenet_v1_1.0_600", "19.8", "30.5", "6.1"),
)
