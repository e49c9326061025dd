"""The machine, described."""

from dataclasses import replace

from mobilenets.deployment.latency.alone.machine import cores, loaded, machine


def test_what_is_said_of_this_machine() -> None:
    found = machine()
    assert found.cpu
    assert found.cores == cores() >= 1
    assert found.memory is None or found.memory > 2**28
    assert found.busy is None or 0 <= found.busy <= 1


def test_a_line_where_others_were_at_work() -> None:
    found = replace(machine(), cores=4, busy=0.03, load=9.0)
    assert loaded(found) is None
    assert loaded(replace(found, busy=0.5)) == (
        "other processes took 50% of the cores before the first run: the times may be too long"
    )
    unknown = replace(found, busy=None)
    assert loaded(unknown) == "the load of the last minute was 9.00 on 4 cores: the times may be too long"
    assert loaded(replace(unknown, load=0.1)) is None
    assert loaded(replace(unknown, load=None)) is None
