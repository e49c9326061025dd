"""`mobilenets cost` as a person and a program see it."""

import json

import pytest

from mobilenets.architecture import names
from mobilenets.cli.main import main


def test_the_table_has_every_layer_and_the_totals(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", "mobilenet_v1_0.75_192"]) == 0
    out, err = capsys.readouterr()
    assert not err
    assert all(layer.name in out for layer in names.network("mobilenet_v1_0.75_192"))
    assert "mult-adds  239,273,472 (239.3 M)" in out
    assert "params     2,585,560 (2.586 M)" in out
    assert "192x192x3" in out
    assert "3x3 /2" in out


def test_table_2_and_the_bytes_stand_below(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", "mobilenet_v1_1.0_224"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["pointwise", "94.86%", "74.59%"] in lines
    assert ["depthwise", "3.06%", "1.06%"] in lines
    assert ["conv", "1.91%", "0.02%"] in lines
    assert ["linear", "0.18%", "24.33%"] in lines
    # The sizes of the published TFLite files.
    assert ["weights", "(batch", "norm", "folded)", "16.9", "MB", "4.3", "MB"] in lines
    assert ["peak", "activations", "4.8", "MB", "1.2", "MB"] in lines


def test_classes_and_min_depth_are_passed_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", "mobilenet_v1_0.25_128", "--classes", "10", "--min-depth", "16", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["outputs"] == 10
    assert data["layers"][0]["out_shape"] == [16, 64, 64]


def test_json_is_all_there_is_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", "mobilenet_v1_0.75_192", "--json"]) == 0
    out, err = capsys.readouterr()
    data = json.loads(out)
    assert not err
    assert (data["name"], data["counted"], data["mult_adds"]) == ("mobilenet_v1_0.75_192", "planned", 239_273_472)
    assert sum(layer["mult_adds"] for layer in data["layers"]) == data["mult_adds"]
    assert sum(layer["params"] for layer in data["layers"]) == data["params"]
    assert set(data["weight_bytes"]) == set(data["peak_activation_bytes"]) == {"float32", "int8"}
    assert sum(share["mult_adds"] for share in data["shares"]) == pytest.approx(1)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--compare", "mobilenet_v1_1.0_224", "vgg16", "squeezenet_1.0"],
        ["mobilenet_v1_1.0_224", "--compare", "vgg16", "squeezenet_1.0"],
        ["mobilenet_v1_1.0_224", "vgg16", "squeezenet_1.0"],
    ],
)
def test_comparison(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", *arguments]) == 0
    first, second, third = capsys.readouterr().out.splitlines()[2:5]
    assert first.split()[:5] == ["mobilenet_v1_1.0_224", "568.7", "M", "1x", "4.232"]
    assert second.split()[:4] == ["vgg16", "15.47", "G", "27.2x"]
    assert third.split()[:4] == ["squeezenet_1.0", "832.7", "M", "1.46x"]


def test_comparison_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", "--compare", "mobilenet_v1_1.0_224", "vgg16", "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert set(first["ratios"].values()) == {1.0}
    assert second["ratios"]["mult_adds"] == second["network"]["mult_adds"] / first["network"]["mult_adds"]
    assert second["network"]["layers"] == []


def test_a_detector(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", "ssd_mobilenet_v1_1.0_300"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("ssd_mobilenet_v1_1.0_300: image 300x300x3, 1,917 boxes of 91 outputs, planned\n")
    assert ["map_0/scores", "pointwise", "1x1", "19x19x512", "19x19x273", "50,459,136", "140,049"] in [
        line.split() for line in out.splitlines()
    ]
    assert "mult-adds  1,237,129,408 (1.237 G)" in out
    assert "params     6,819,839 (6.820 M)" in out
    assert " times" not in out


def test_a_second_stage_says_how_often_it_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", "frcnn_mobilenet_v1_1.0_300", "--classes", "2"]) == 0
    out = capsys.readouterr().out
    assert "300 boxes of 3 outputs" in out
    assert "14x14x512, 300 times" in out and "1x1x3, 300 times" in out


def test_detectors_in_a_comparison(capsys: pytest.CaptureFixture[str]) -> None:
    names_of = ["ssd_mobilenet_v1_1.0_300", "ssd_vgg16_300", "mobilenet_v1_1.0_224"]
    assert main(["cost", "--compare", *names_of, "--json"]) == 0
    rows = [row["network"] for row in json.loads(capsys.readouterr().out)]
    assert [row["name"] for row in rows] == names_of
    assert [row["boxes"] for row in rows] == [1917, 8732, None]


def test_a_traced_network(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", "torchvision:resnet18", "--resolution", "192"]) == 0
    out = capsys.readouterr().out
    assert "torchvision:resnet18: image 192x192x3, 1000 outputs, traced" in out
    assert "layer4.1.conv2" in out
    assert "params     11,689,512 (11.69 M)" in out
    assert "not known" in out


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "no network is named: name one or several"),
        (["mobilenet_v1_3_224"], "width 3 is outside (0, 2]"),
        (["mobilenet_v1_0.5_31"], "resolution 31 is under 32"),
        (["mobilenet_v1_0.5_128", "--classes", "0"], "classes 0 is under 1"),
        (["mobilenet_v1_0.5_128", "--min-depth", "0"], "min-depth 0 is under 1"),
        (["mobilenet_v1_0.5_128", "--resolution", "96"], "resolution 96 with mobilenet_v1_0.5_128: it is part"),
        (
            ["vgg16", "--resolution", "300"],
            "resolution 300 with vgg16: it is part of our networks' names, so use vgg16_300",
        ),
        (["vgg16", "--min-depth", "9"], "min-depth 9 with vgg16: it is for MobileNets"),
        (["ssd_vgg16_300", "--min-depth", "9"], "min-depth 9 with ssd_vgg16_300: it is for MobileNets"),
        (["ssd_vgg16_224"], "resolution 224 is too small for the maps of ssd_vgg16: use at least 257 pixels"),
        (
            ["ssd_mobilenet_v1_0.5_300", "--resolution", "512"],
            "resolution 512 with ssd_mobilenet_v1_0.5_300: it is part of our networks' names, so use "
            "ssd_mobilenet_v1_0.5_512",
        ),
        (["frcnn_mobilenet_v1_1.0_300", "--classes", "0"], "classes 0 is under 1"),
        (["ssd300_vgg16"], "no detector is called 'ssd300_vgg16': did you mean ssd_vgg16_300?"),
        (["ssd_mobilenet_v1_3_300"], "width 3 is outside (0, 2]"),
        (["tim:resnet18"], "no library is called 'tim': use timm:NAME or torchvision:NAME"),
        (["torchvision:resnt18"], "torchvision has no network 'resnt18': did you mean torchvision:resnet18?"),
        (["torchvision:resnet18", "--min-depth", "9"], "min-depth 9 with torchvision:resnet18"),
        (["torchvision:ssd300_vgg16"], "torchvision:ssd300_vgg16 cannot be counted with one image of"),
    ],
)
def test_wrong_requests(arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", *arguments]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith(f"mobilenets cost: {line}")
    assert err.count("\n") == 1
