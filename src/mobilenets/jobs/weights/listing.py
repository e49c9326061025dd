"""`mobilenets.list_weights` and `mobilenets.fetch_weights`: what is published, and how it comes into the cache."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from mobilenets.errors import UsageError
from mobilenets.weights.hub import cached, fetch, sha256_of
from mobilenets.weights.published import Figure, Published, WebFile
from mobilenets.weights.registry import REGISTRY, named


@dataclass(frozen=True, slots=True)
class Listed:
    """One set of published weights. `sha256` is None where the hub says it; `file` is where it lies in the cache.

    `outputs` is 0 without a classifier; `figures` are the publisher's, in per cent.
    """

    name: str
    network: str
    params: int
    outputs: int
    figures: tuple[Figure, ...]
    address: str
    form: str
    licence: str
    sha256: str | None
    file: Path | None


@dataclass(frozen=True, slots=True)
class Fetched:
    """Published weights in the cache, with the checksum that was compared with the publisher's."""

    name: str
    file: Path
    size: int
    sha256: str
    licence: str


def list_weights() -> tuple[Listed, ...]:
    """All published weights that can be had by name, and which of them are in the cache."""
    return tuple(map(_listed, REGISTRY.values()))


def _listed(one: Published) -> Listed:
    return Listed(
        name=one.name,
        network=str(one.network),
        params=one.params,
        outputs=one.outputs,
        figures=one.figures,
        address=one.source.address,
        form=one.form,
        licence=one.licence,
        sha256=one.source.sha256 if isinstance(one.source, WebFile) else None,
        file=cached(one.source),
    )


def fetch_weights(names: str | Sequence[str], *, console: Console | None = None) -> tuple[Fetched, ...]:
    """Bring published weights into the cache; what is there already is compared with its checksum.

    Raises `UsageError` for a name that is none of `list_weights`, before anything is fetched, and `JobError` where
    one cannot be fetched or is damaged: the line says what to get from where and where to put it.
    """
    several = [names] if isinstance(names, str) else names
    if not several:
        raise UsageError("no weights are named: name some of `mobilenets weights list`, as mobilenet_v1_0.25_128")
    return tuple(_fetched(one, console) for one in [named(name) for name in several])


def _fetched(one: Published, console: Console | None) -> Fetched:
    file = fetch(one.source, console=console)
    return Fetched(one.name, file, file.stat().st_size, sha256_of(file), one.licence)
