"""`mobilenets search`: an index of photographs, and what in it is most like another one."""

from collections.abc import Callable, Mapping
from pathlib import Path

from tyro.conf import Positional

from mobilenets.cli.output import Column, print_json, print_line, print_table


def _index(
    sources: Positional[tuple[str, ...]],
    *,
    model: str,
    out: Path = Path("photographs.index"),
    aligned: bool = False,
    align: bool = False,
    device: str = "auto",
    overwrite: bool = False,
    json: bool = False,
) -> None:
    """Write the embeddings of photographs into one file that can be searched.

    Args:
        sources: files, folders, globs or zips
        model: checkpoint or artefact of the task embed
        out: file of the index
        aligned: faces are aligned and cropped already: show them whole
        align: find the face and align it first, see `mobilenets faces`
        device: auto, cpu or cuda
        overwrite: replace a file that is there
        json: print JSON
    """
    from mobilenets.jobs.faces.search import index

    made = index(sources, model=model, out=out, aligned=aligned, align=align, device=device, overwrite=overwrite)
    if json:
        print_json(made)
        return
    for name, why in made.bad.items():
        print_line(f"note: {name} cannot be used ({why}): left out")
    print_line(f"{made.photographs:,} photographs in {made.file}, {made.dimension} numbers each")


def _find(
    photograph: Positional[str],
    *,
    index: Path,
    model: str,
    top: int = 5,
    aligned: bool = False,
    align: bool = False,
    device: str = "auto",
    json: bool = False,
) -> None:
    """Find the photographs of an index that are most like another one.

    Args:
        photograph: the one to look for
        index: file that `mobilenets search index` wrote
        model: checkpoint or artefact that the index was made with
        top: how many to show
        aligned: faces are aligned and cropped already: show them whole
        align: find the face and align it first, see `mobilenets faces`
        device: auto, cpu or cuda
        json: print JSON
    """
    from mobilenets.jobs.faces.search import search

    found = search(photograph, index=index, model=model, top=top, aligned=aligned, align=align, device=device)
    if json:
        print_json(found)
        return
    verdicts = {True: "same person", False: "another", None: ""}
    columns = (Column("photograph"), Column("squared distance", number=True), Column(""))
    print_table(columns, [(hit.name, f"{hit.distance:.3f}", verdicts[hit.same]) for hit in found.hits])
    limit = "" if found.threshold is None else f"; one person is at most {found.threshold:.3f} apart"
    print_line(f"{found.searched:,} photographs searched{limit}")


ACTIONS: Mapping[str, Callable[..., None]] = {"index": _index, "find": _find}
