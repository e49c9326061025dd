"""The verbs from Python: imported when they are asked for, usable as they are documented."""

import inspect
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

import mobilenets


def test_importing_the_package_costs_nothing() -> None:
    program = (
        "import sys, mobilenets; mobilenets.Run; mobilenets.recipe('paper')\n"
        "print(sorted({'torch', 'numpy', 'rich', 'tyro', 'PIL'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("name", mobilenets.__all__)
def test_every_name_is_there_and_documented(name: str) -> None:
    assert name in dir(mobilenets)
    assert inspect.getdoc(getattr(mobilenets, name))


def test_a_name_that_is_none() -> None:
    with pytest.raises(AttributeError, match="module 'mobilenets' has no attribute 'fly'"):
        _ = mobilenets.fly


def test_the_verbs_as_functions(tiny_run: Callable[..., mobilenets.Run], swatches: Path, tmp_path: Path) -> None:
    quiet = Console(quiet=True)
    run = replace(tiny_run(tmp_path / "run", epochs=1), out=str(tmp_path / "run"))
    trained = mobilenets.train(run, console=quiet)
    assert (trained.folder, trained.epochs) == (tmp_path / "run", 1)
    folder = str(trained.folder)
    assert mobilenets.resume(folder, console=quiet).scores == trained.scores
    report = mobilenets.evaluate(str(swatches), model=folder, console=quiet)
    assert report.scores["top1"] == trained.scores["top1"]
    (prediction,) = mobilenets.predict(str(swatches / "red" / "0.png"), model=folder)
    assert prediction.answer is not None
    assert mobilenets.create("mobilenet_v1_0.25_32", classes=3)


def test_a_recipe_from_python(tmp_path: Path) -> None:
    run = mobilenets.Run(**mobilenets.recipe("paper"), data="digits", out=tmp_path)
    assert run.optimisation.optimiser == "rmsprop_tf"


def test_training_in_a_thread_listens_to_no_signals(tiny_run: Callable[..., mobilenets.Run], tmp_path: Path) -> None:
    """Only the main thread may; a notebook's background job or a server has others."""
    done: list[mobilenets.jobs.train.Trained] = []
    run = tiny_run(tmp_path / "run", epochs=1)
    thread = threading.Thread(target=lambda: done.append(mobilenets.train(run, console=Console(quiet=True))))
    thread.start()
    thread.join()
    assert done[0].epochs == 1
