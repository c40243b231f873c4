"""Measured batches and readers, from their files into the guard."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.latency_files import MAX_DELAYS, parse_consumption, parse_turnaround
from api.run import portfolio_file
from forecast.errors import WorkloadError

INVENTORY = """
[[workloads]]
name = "nightly"
[workloads.latency]
needed_at_once = false
deadline_hours = 3
turnaround = "batches.csv"
consumption = "reads.csv"
"""


def test_an_inventory_reads_its_measurements(tmp_path: Path) -> None:
    (tmp_path / "workloads.toml").write_text(INVENTORY)
    rows = "0.5,done\n" * 60 + "24,expired\n"
    (tmp_path / "batches.csv").write_text(f"hours,outcome\n{rows}")
    (tmp_path / "reads.csv").write_text(
        "workload,produced_at,read_at\n"
        "nightly,2026-10-01T02:00:00Z,2026-10-01T09:00:00+02:00\n"
        "other,2026-10-01T02:00:00Z,2026-10-01T02:01:00Z\n"
    )
    document = portfolio_file(tmp_path / "workloads.toml")
    latency = document.record.workloads[0].latency
    assert latency.measured_turnaround is not None
    assert latency.measured_turnaround.n_batches == 61
    assert latency.measured_consumption is not None
    assert latency.measured_consumption.delays_hours == (5.0,)
    assert [a.name for a in document.attachments] == ["batches.csv", "reads.csv"]


def test_instants_may_stand_for_hours() -> None:
    text = b"submitted_at,ended_at,outcome\n2026-10-01T02:00Z,2026-10-01T03:30Z,done\n"
    assert parse_turnaround(text, "b.csv", "").steps[0].hours == 1.5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hours,outcome\n0,done", "row 1, column hours: lies not after the submission"),
        ("hours,outcome\n-1,done", "row 1, column hours: is -1, and has to be zero or more"),
        ("hours,outcome\nnan,done", "row 1, column hours: is not a number: 'nan'"),
        ("hours,outcome\n3600,done", "row 1, column hours: makes 3,600 hours, more than a month"),
        ("hours,outcome\n1,maybe", "row 1, column outcome: is 'maybe'; write done"),
        ("hours\n1", "column outcome: is missing"),
        (
            "submitted_at,ended_at,outcome\n2026-10-01T02:00,2026-10-01T03:00Z,done",
            "row 1, column submitted_at: is no instant with a time zone",
        ),
        (
            "submitted_at,ended_at,outcome\n2026-10-01T02:00Z,2026-10-01T01:00Z,done",
            "row 1, column ended_at: lies not after the submission",
        ),
    ],
)
def test_bad_batches_are_refused_with_the_cell(text: str, said: str) -> None:
    with pytest.raises(WorkloadError) as raised:
        parse_turnaround(text.encode(), "b.csv", "")
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "produced_at,read_at\n2026-10-01T02:00Z,2026-10-01T01:00Z",
            "row 1, column read_at: lies before the result was produced",
        ),
        ("produced_at,read_at\n,2026-10-01T01:00Z", "row 1, column produced_at: is empty"),
        (
            "workload,produced_at,read_at\nx,2026-10-01T02:00Z,",
            "row 1, column workload: is never 'nightly'",
        ),
    ],
)
def test_bad_readings_are_refused_with_the_cell(text: str, said: str) -> None:
    with pytest.raises(WorkloadError) as raised:
        parse_consumption(text.encode(), "r.csv", "", "nightly")
    assert said in str(raised.value)


def test_many_delays_are_stood_for_by_evenly_spaced_ones() -> None:
    rows = [f"2026-10-01T00:00Z,2026-10-01T{i // 60:02}:{i % 60:02}:00Z" for i in range(1200)]
    text = "\n".join(["produced_at,read_at", *rows]).encode()
    found = parse_consumption(text, "r.csv", "", "nightly")
    assert len(found.delays_hours) == MAX_DELAYS
    mean = sum(i / 60 for i in range(1200)) / 1200
    assert sum(found.delays_hours) / MAX_DELAYS == pytest.approx(mean, rel=0.01)


def test_nothing_looks_faster_than_it_was() -> None:
    """Kept to the minute: done counts from the end of its minute, unfinished until its begin."""
    text = b"hours,outcome\n0.501,done\n0.509,done\n2.009,running\n0.75,done\n"
    steps = parse_turnaround(text, "b.csv", "").steps
    assert [(s.hours * 60, s.n_done, s.n_unfinished) for s in steps] == [
        (pytest.approx(31), 2, 0),
        (pytest.approx(45), 1, 0),
        (pytest.approx(120), 0, 1),
    ]
