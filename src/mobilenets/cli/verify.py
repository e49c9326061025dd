"""`mobilenets verify`: an artefact's file compared, here, with what it is to answer."""

from pathlib import Path

from tyro.conf import Positional

from mobilenets.cli.output import Column, print_json, print_line, print_table


def run(artefact: Positional[Path], *, json: bool = False) -> None:
    """Run an artefact's golden inputs in its runtime, on this machine, and compare with the golden outputs.

    An artefact that could not be run where it was exported (Core ML's, off macOS) is verified by it.

    Args:
        artefact: artefact folder
        json: print JSON
    """
    from mobilenets.jobs.verify import verify

    found = verify(artefact)
    if json:
        print_json(found)
        return
    print_line(f"{artefact}: answers as it is to", style="bold")
    rows = [
        ("verified", f"{found.golden}: {found.shapes}"),
        ("difference", f"{found.largest_difference:.2g} at most, {found.allowed}"),
    ]
    print_table((Column(""), Column("")), rows)
