"""The command `mobilenets`: finds the verb, runs it, and turns how it ends into an exit code."""

import difflib
import errno
import io
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module

from mobilenets.errors import JobError, UsageError

PROGRAM = "mobilenets"


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb and its line of help; its module `mobilenets.cli.<name>` is imported when it is called.

    The signature of the module's function `run` is the verb's flags, its docstring their help. Where defaults depend
    on other flags (a recipe), the module has `choose` instead, which is given the arguments and gives that function.
    A verb with actions of its own (`weights list`) has `ACTIONS`, such functions by name.
    """

    name: str
    summary: str


VERBS = (
    Verb("cost", "what a network costs: mult-adds, params, bytes; layer by layer, or several side by side"),
    Verb("train", "learn from photographs: a checkpoint, its curves and a report"),
    Verb("clean", "a noisy collection without copies of test photographs and what stands under several labels"),
    Verb("evaluate", "score a model on photographs whose truth is known"),
    Verb("predict", "answer for photographs, folders of them, or standard input"),
    Verb("faces", "the faces of photographs, cropped with the eyes in the same places, sub-folders kept"),
    Verb("compare", "two photographs of faces: one person or two"),
    Verb("threshold", "how far apart photographs of one person may be, for a false accept rate"),
    Verb("search", "an index of photographs, and what in it is most like another one"),
    Verb("fit", "photographs and a budget in, a file that keeps the budget out, measured on the file"),
    Verb("export", "a file for a runtime, its preprocessing inside, verified there against the checkpoint"),
    Verb("verify", "an artefact's file run on this machine and compared with what it is to answer"),
    Verb("benchmark", "how fast artefacts are: latency, memory, where time goes; here or on another device"),
    Verb("weights", "published weights: list, fetch, show, convert to checkpoints and others' layouts"),
    Verb("annotations", "photographs with boxes: what is there, and from COCO, Pascal VOC or YOLO to another"),
    Verb("cells", "the earth divided into cells for the task places, from where photographs were taken"),
    Verb("paper", "the paper's tables recomputed and its figures drawn"),
)

_SPINS = "1000"
OK, FAILED, WRONG, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 130, 141
# What the machine refuses, as opposed to what a mistake in the program asks of it.
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EIO}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and give the exit code: 0 done, 1 the job failed, 2 the request was wrong.

    130 is Ctrl-C, 141 a reader that closed the pipe (`| head`). Anything unforeseen keeps its traceback.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    # Torch's threads wait for each other by spinning, by default for so long that one other busy process makes a
    # small network ten times slower. Has to stand before torch is imported; whoever set it keeps it.
    os.environ.setdefault("GOMP_SPINCOUNT", _SPINS)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="surrogateescape")  # a file name that is no text goes out as it came in
    try:
        code = _dispatch(arguments)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # Python flushes standard output once more at the end: let that go nowhere instead of failing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED


def _dispatch(arguments: Sequence[str]) -> int:
    match arguments:
        case []:
            sys.stderr.write(_help())
            return WRONG
        case ["-h" | "--help" | "help", *_]:
            sys.stdout.write(_help())
            return OK
        case ["--version", *_]:
            import mobilenets

            print(f"{PROGRAM} {mobilenets.__version__}")
            return OK
        case [name, *_] if name not in {verb.name for verb in VERBS}:
            return _say(PROGRAM, _unknown(name), code=WRONG)
        case [name, *rest]:
            return _call(name, rest)
    raise AssertionError(arguments)


def _call(verb: str, arguments: Sequence[str]) -> int:
    program = f"{PROGRAM} {verb}"
    try:
        module = import_module(f"mobilenets.cli.{verb}")
        if hasattr(module, "ACTIONS"):
            _act(verb, module.ACTIONS, arguments)
        else:
            _run(module.choose(arguments) if hasattr(module, "choose") else module.run, arguments, program=program)
    except UsageError as error:
        return _say(program, error, code=WRONG)
    except JobError as error:
        return _say(program, error, code=FAILED)
    except KeyboardInterrupt:
        return _say(program, "interrupted", code=INTERRUPTED)
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.errno not in _REFUSED:
            raise
        where = f"{error.filename}: " if error.filename else ""
        return _say(program, f"{where}{error.strerror}", code=FAILED)
    return OK


def _act(verb: str, actions: Mapping[str, Callable[..., None]], arguments: Sequence[str]) -> None:
    from mobilenets.cli.actions import actions_help, choose_action

    program = f"{PROGRAM} {verb}"
    chosen = choose_action(actions, arguments, program=program)
    if chosen is None:
        summary = next(one.summary for one in VERBS if one.name == verb)
        sys.stdout.write(actions_help(actions, program=program, summary=summary))
    else:
        _run(chosen.run, chosen.arguments, program=chosen.program)


def _run(run: Callable[..., None], arguments: Sequence[str], *, program: str) -> None:
    # The flags of every verb need tyro, which the help above does without.
    from mobilenets.cli.flags import parse

    call = parse(run, arguments, program=program)
    if call is not None:
        call()


def _say(program: str, message: object, *, code: int) -> int:
    """One line on standard error, whatever the message."""
    sys.stderr.write(f"{program}: {' '.join(str(message).split())}\n")
    return code


def _unknown(name: str) -> str:
    if name.startswith("-"):
        return f"{name} before the verb: write it behind the verb, as in `{PROGRAM} cost --help`"
    close = difflib.get_close_matches(name, [verb.name for verb in VERBS], n=1)
    remedy = f"did you mean {close[0]}?" if close else f"use one of {', '.join(verb.name for verb in VERBS)}"
    return f"no verb is called {name!r}: {remedy}"


def _help() -> str:
    wide = max(len(verb.name) for verb in VERBS)
    verbs = "".join(f"  {verb.name:<{wide}}  {verb.summary}\n" for verb in VERBS)
    return (
        f"usage: {PROGRAM} VERB [FLAGS]\n\n"
        "From photographs, a task and a budget: a vision network that fits, proven on the file that ships.\n\n"
        f"verbs:\n{verbs}\n"
        f"`{PROGRAM} VERB --help` lists a verb's flags; every verb has --json. `{PROGRAM} --version` says which.\n"
        "Exit codes: 0 done, 1 the job failed, 2 the request was wrong.\n"
    )
