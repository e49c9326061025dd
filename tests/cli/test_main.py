"""How each ending of a verb becomes an exit code and at most one line, and what stays unimported."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec

import pytest

import mobilenets
from mobilenets.cli.main import VERBS, main
from mobilenets.errors import JobError, UsageError

_HEAVY = {"torch", "torchvision", "timm", "numpy", "matplotlib", "PIL", "sklearn"}


def _python(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout


def _ending(ending: BaseException) -> Callable[[], None]:
    def run() -> None:
        raise ending

    return run


@pytest.mark.parametrize("flag", ["--help", "-h", "help"])
def test_help_lists_every_verb_with_its_summary(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([flag]) == 0
    out, err = capsys.readouterr()
    assert all(verb.name in out and verb.summary in out for verb in VERBS)
    assert not err


def test_no_verb_prints_the_help_as_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert "usage: mobilenets VERB" in err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"mobilenets {mobilenets.__version__}\n"


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_each_verb_has_its_module(verb: object) -> None:
    assert find_spec(f"mobilenets.cli.{verb.name}") is not None  # type: ignore[attr-defined]


def test_help_needs_no_other_module_than_its_own() -> None:
    program = (
        "import sys; from mobilenets.cli.main import main; main(['--help'])\n"
        f"print(sorted(({_HEAVY!r} | {{'tyro', 'rich'}}) & set(sys.modules)))"
    )
    assert _python(program).endswith("\n[]\n")


def test_help_and_cost_need_nothing_heavy() -> None:
    program = (
        "import sys; from mobilenets.cli.main import VERBS, main\n"
        "codes = [main([verb.name, '--help']) for verb in VERBS]\n"
        "codes += [main(['cost', 'mobilenet_v1_0.75_192']), main(['cost', 'vgg16', 'alexnet', '--json'])]\n"
        f"print(set(codes), sorted({_HEAVY!r} & set(sys.modules)))"
    )
    assert _python(program).endswith("\n{0} []\n")


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_every_verb_has_json(verb: object, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb.name, "--help"]) == 0  # type: ignore[attr-defined]
    assert "--json" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["cots", "x"], "mobilenets: no verb is called 'cots': did you mean cost?\n"),
        (["frobnicate"], "mobilenets: no verb is called 'frobnicate': use one of cost,"),
        (["--json", "cost"], "mobilenets: --json before the verb: write it behind the verb"),
        (["cost", "--clases", "3"], "mobilenets cost: unknown flag --clases: did you mean --classes?\n"),
        (["paper"], "mobilenets paper: --out is missing: see `mobilenets paper --help`\n"),
    ],
)
def test_a_wrong_request_is_one_line(arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith(line)
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("ending", "code", "line"),
    [
        (UsageError("width 3\nis wrong"), 2, "mobilenets cost: width 3 is wrong\n"),
        (JobError("it failed"), 1, "mobilenets cost: it failed\n"),
        (KeyboardInterrupt(), 130, "mobilenets cost: interrupted\n"),
        (OSError(errno.ENOSPC, "No space left", "x.md"), 1, "mobilenets cost: x.md: No space left\n"),
        (PermissionError(errno.EACCES, "Permission denied", "x.md"), 1, "mobilenets cost: x.md: Permission denied\n"),
    ],
)
def test_endings(
    ending: BaseException,
    code: int,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("mobilenets.cli.cost.run", _ending(ending))
    assert main(["cost"]) == code
    out, err = capsys.readouterr()
    assert (out, err) == ("", line)


@pytest.mark.parametrize("ending", [RuntimeError("a mistake of ours"), FileNotFoundError(errno.ENOENT, "gone", "x")])
def test_the_unforeseen_keeps_its_traceback(ending: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mobilenets.cli.cost.run", _ending(ending))
    with pytest.raises(type(ending)):
        main(["cost"])


@pytest.mark.parametrize("arguments", [["--help"], ["cost", "--help"], ["cost", "vgg16"], ["cost", "vgg16", "--json"]])
def test_a_closed_pipe_is_no_error(arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        command = [sys.executable, "-m", "mobilenets", *arguments]
        done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")


def test_package_exports_are_lazy_and_complete() -> None:
    assert _python(f"import sys, mobilenets; print(sorted({_HEAVY!r} & set(sys.modules)))") == "[]\n"
    assert set(mobilenets.__all__) <= set(dir(mobilenets))
    for name in mobilenets.__all__:
        assert getattr(mobilenets, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = mobilenets.nothing
