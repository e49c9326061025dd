"""Candidates of a small grid, and a machine that follows a law."""

from collections.abc import Sequence

import pytest

from mobilenets.deployment.latency.alone.device import Measurement
from mobilenets.jobs.fit.candidates import Bases, Candidate, Priced, priced
from mobilenets.jobs.fit.probe import Probed
from mobilenets.tasks.classify import Classify


@pytest.fixture(scope="session")
def grid() -> list[Priced]:
    """Three widths, four resolutions, two precisions."""
    return priced(
        Bases({}),
        Classify(("ant", "bee")),
        widths=(0.25, 0.5, 1.0),
        resolutions=(96, 128, 160, 224),
        precisions=("float32", "int8"),
    )


class LawfulMachine:
    """A prober whose figures follow from the price; `asked` notes what was measured."""

    def __init__(self, *, tells_memory: bool = True) -> None:
        self.asked: list[Candidate] = []
        self._tells_memory = tells_memory

    def __call__(self, asked: Sequence[Priced]) -> dict[Candidate, Probed]:
        self.asked += [one.candidate for one in asked]
        return {one.candidate: self.probed(one) for one in asked}

    @staticmethod
    def ms(one: Priced) -> float:
        """Milliseconds by the law."""
        return one.mult_adds / 1e8 * (1.0 if one.candidate.precision == "float32" else 0.5)

    def probed(self, one: Priced) -> Probed:
        """Its file has 1,000 bytes more than its weights, its process 2 MB more than its plan."""
        planned = one.weight_bytes + one.peak_activation_bytes
        ms = self.ms(one)
        measurement = Measurement(
            label="measured",
            artefact=one.title,
            network=one.name,
            mult_adds=one.mult_adds,
            sha256={"model.onnx": "0"},
            runtime="onnx",
            runtime_version="1",
            precision=one.candidate.precision,
            inputs="uint8",
            resolution=one.candidate.resolution,
            threads=2,
            batch=1,
            count=10,
            median_ms=ms,
            min_ms=ms,
            p90_ms=ms,
            p99_ms=ms,
            open_ms=1.0,
            first_ms=ms,
            idle_memory=10_000_000 if self._tells_memory else None,
            peak_memory=12_000_000 + planned if self._tells_memory else None,
            gemm=None,
            times_gemm=None,
            by_kind={},
            by_kind_note="",
        )
        return Probed(measurement, one.weight_bytes + 1000)


@pytest.fixture
def lawful() -> LawfulMachine:
    return LawfulMachine()


@pytest.fixture(scope="session")
def machine() -> type[LawfulMachine]:
    """To make several of."""
    return LawfulMachine
