"""Requests added up: exactly what a loop over them gives, whatever the file and the order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from request_samples import (
    WRITERS,
    counted_arrivals,
    expected_arrivals,
    expected_rows,
    request,
    write,
    write_csv,
    write_jsonl,
    write_parquet,
)

from forecast.tables import ARRIVALS, USAGE_ROWS, check
from forecast.usage.request_logs.arrivals import (
    arrivals_parquet,
    hit_share,
    peak_minute_share,
    read_arrivals,
)
from forecast.usage.request_logs.importing import aggregate_requests

instants = st.builds(
    lambda seconds, ms, zone: (
        pd.Timestamp(1_793_491_200 + seconds, unit="s", tz="UTC")
        .tz_convert(zone)
        .strftime(f"%Y-%m-%dT%H:%M:%S.{ms:03}%z")
    ),
    st.one_of(st.integers(0, 400), st.integers(0, 21 * 86_400)),
    st.integers(0, 999),
    st.sampled_from(["UTC", "Etc/GMT+5", "Asia/Kolkata"]),
)
counts = st.one_of(st.integers(0, 300_000), st.sampled_from([0, 1, 10**15, 2**53 // 10]))
requests = st.lists(
    st.fixed_dictionaries(
        {
            "time": instants,
            "model": st.sampled_from(["claude-opus-5-5", "claude-haiku-5-5"]),
            "input_tokens": counts,
            "output_tokens": counts,
        },
        optional={
            "cache_read_tokens": counts,
            "cache_write_1h_tokens": st.one_of(st.none(), counts),
            "web_searches": st.integers(0, 3),
            "service_tier": st.sampled_from(["standard", "batch"]),
            "api_key": st.sampled_from(["a", "b'; DROP", "ключ"]),
            "prefix": st.sampled_from(["p", "q", ""]),
        },
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=requests, kind=st.sampled_from(sorted(WRITERS)))
def test_sums_and_arrivals_are_those_of_a_careful_loop(
    tmp_path: Path, records: list[dict[str, Any]], kind: str
) -> None:
    filled = [r | {"service_tier": r.get("service_tier", "standard")} for r in records]
    filled = [r | {"api_key": r.get("api_key", ""), "prefix": r.get("prefix", "")} for r in filled]

    usage = aggregate_requests([WRITERS[kind](tmp_path / f"log.{kind}", filled)], threads=1)

    assert_frame_equal(usage.rows, expected_rows(filled))
    assert usage.arrivals is not None
    assert counted_arrivals(usage.arrivals) == expected_arrivals(filled)
    assert usage.sources[0].n_rows == len(records)


def test_files_in_any_order_and_kind_are_one_log(tmp_path: Path) -> None:
    parts = [
        [request(f"2026-11-0{day}T23:5{minute}:00Z", prefix="p") for minute in range(6)]
        for day in (2, 3, 4)
    ]
    files = [
        write_csv(tmp_path / "a.csv", parts[0]),
        write_jsonl(tmp_path / "b.jsonl.gz", parts[1]),
        write_parquet(tmp_path / "c.parquet", parts[2]),
    ]

    forward, backward = aggregate_requests(files), aggregate_requests(files[::-1])
    whole = aggregate_requests(
        [write_csv(tmp_path / "whole.csv", [r for part in parts for r in part])]
    )

    assert_frame_equal(forward.rows, backward.rows)
    assert_frame_equal(forward.rows, whole.rows)
    assert forward.arrivals is not None
    assert backward.arrivals is not None
    assert whole.arrivals is not None
    assert_frame_equal(forward.arrivals, backward.arrivals)
    assert_frame_equal(forward.arrivals, whole.arrivals)
    assert [s.file for s in forward.sources] == ["a.csv", "b.jsonl.gz", "c.parquet"]
    assert [s.n_rows for s in forward.sources] == [6, 6, 6]
    assert [str(s.first_day) for s in forward.sources] == ["2026-11-02", "2026-11-03", "2026-11-04"]


def test_a_folder_and_a_pattern_are_all_their_files(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    write_csv(tmp_path / "logs" / "1.csv", [request("2026-11-02T10:00:00Z")])
    write_csv(tmp_path / "logs" / "2.csv", [request("2026-11-03T10:00:00Z")])
    write(tmp_path / "logs" / "README.txt", "not a log")

    by_folder = aggregate_requests([tmp_path / "logs"])
    by_pattern = aggregate_requests([tmp_path / "logs" / "*.csv"])

    assert_frame_equal(by_folder.rows, by_pattern.rows)
    assert by_folder.rows["requests"].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("time_s", [1_793_613_600, 1_793_613_601]),
        ("time_s", [1_793_613_600.25, 1_793_613_601.5]),
        ("time_ms", [1_793_613_600_000, 1_793_613_601_000]),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_epoch_times_have_the_unit_of_their_name(
    tmp_path: Path, column: str, values: list[float], kind: str
) -> None:
    records = [{column: v} | request() for v in values]
    for r in records:
        del r["time"]

    usage = aggregate_requests([WRITERS[kind](tmp_path / f"log.{kind}", records)])

    assert usage.rows["day"].dt.strftime("%Y-%m-%d").tolist() == ["2026-11-02"]
    assert usage.arrivals is not None
    gaps = usage.arrivals[usage.arrivals["measure"] == "gap_seconds"]
    assert gaps["at_least"].tolist() == [1, pd.NA]


def test_a_gap_of_exactly_a_lifetime_is_a_miss(tmp_path: Path) -> None:
    times = ["10:00:00", "10:04:59.999", "10:09:59.999", "11:09:59.998", "12:09:59.998"]
    log = write_csv(tmp_path / "log.csv", [request(f"2026-11-02T{t}Z") for t in times])

    arrivals = aggregate_requests([log]).arrivals

    assert arrivals is not None
    assert hit_share(arrivals, 300) == 1 / 5
    assert hit_share(arrivals, 3600) == 3 / 5
    with pytest.raises(ValueError, match="no bucket ends at 3000 s"):
        hit_share(arrivals, 3000)


def test_a_scheduler_shows_in_the_minutes(tmp_path: Path) -> None:
    cron = [request(f"2026-11-0{d}T02:02:00Z", api_key="cron") for d in range(1, 8)]
    people = [request(f"2026-11-02T10:{m:02}:00Z", api_key="chat") for m in range(60)]

    arrivals = aggregate_requests([write_csv(tmp_path / "log.csv", cron + people)]).arrivals

    assert arrivals is not None
    shares = {key: peak_minute_share(rows) for key, rows in arrivals.groupby("api_key")}
    assert shares == {"cron": 1.0, "chat": 1 / 60}


def test_busy_prefixes_keep_their_rows_and_the_others_are_pooled(tmp_path: Path) -> None:
    busy = [
        request(f"2026-11-02T10:00:{i:02}Z", prefix=f"busy-{p:02}")
        for p in range(50)
        for i in (0, 1)
    ]
    rare = [request("2026-11-02T11:00:00Z", prefix=f"rare-{p}") for p in range(7)]
    unnamed = [request("2026-11-02T12:00:00Z", prefix="")]

    arrivals = aggregate_requests([write_csv(tmp_path / "log.csv", busy + rare + unnamed)]).arrivals

    assert arrivals is not None
    gaps = arrivals[arrivals["measure"] == "gap_seconds"]
    pooled = gaps[gaps["pooled"] == 1]
    assert pooled[["prefix", "requests"]].to_numpy().tolist() == [["", 7]]
    assert pooled["at_least"].isna().all()
    own = gaps[gaps["pooled"] == 0]
    assert sorted(own["prefix"].unique()) == ["", *sorted({r["prefix"] for r in busy})]
    assert gaps["requests"].sum() == len(busy + rare + unnamed)


@pytest.mark.parametrize("column", ["cache_read_tokens", "tag", "prefix", "web_searches"])
def test_a_member_may_come_late(tmp_path: Path, column: str) -> None:
    """The first MiB of records lacks it, and it counts all the same."""
    padded = request(prompt="x" * 600)
    late = request(**{column: 7 if column not in ("tag", "prefix") else "late"})
    log = write_jsonl(tmp_path / "log.jsonl", [padded] * 2000 + [late])

    usage = aggregate_requests([log])

    expected = [{k: v for k, v in padded.items() if k != "prompt"}] * 2000 + [late]
    assert_frame_equal(usage.rows, expected_rows(expected))
    assert usage.arrivals is not None
    assert counted_arrivals(usage.arrivals) == expected_arrivals(expected)


def test_names_are_written_as_the_canonical_table_does(tmp_path: Path) -> None:
    records = [
        request("2026-11-02T10:00:00Z", api_key=" chat ", service_tier="Batch"),
        request("2026-11-02T10:02:00Z", api_key="chat", service_tier="batch"),
        request("2026-11-02T10:03:00Z", api_key="chat", service_tier="", context_window="≤ 200k"),
    ]
    usage = aggregate_requests([write_csv(tmp_path / "log.csv", records)])

    told = usage.rows[["api_key", "service_tier", "context_window", "requests"]]
    assert told.to_numpy().tolist() == [["chat", "batch", "", 2], ["chat", "standard", "0-200k", 1]]
    assert usage.arrivals is not None
    gaps = usage.arrivals[usage.arrivals["measure"] == "gap_seconds"]
    assert gaps["at_least"].tolist() == [40, 75, pd.NA]
    assert gaps["requests"].tolist() == [1, 1, 1]


def test_a_prompt_tells_its_price_band(tmp_path: Path) -> None:
    records = [
        request(input_tokens=100_000),
        request(input_tokens=1, cache_read_tokens=100_000),
        request(input_tokens=200_001),
    ]
    rows = aggregate_requests([write_csv(tmp_path / "log.csv", records)]).rows

    assert rows["context_window"].tolist() == ["0-100k", "100k-200k", "200k-1M"]

    told = [r | {"prompt_tokens": 250_000} for r in records[:1]]
    rows = aggregate_requests([write_jsonl(tmp_path / "log.jsonl", told)]).rows
    assert rows["context_window"].tolist() == ["200k-1M"]


def test_an_empty_model_imports_and_is_named(tmp_path: Path) -> None:
    log = write_jsonl(tmp_path / "log.jsonl", [request(model=None), request(), request(model="")])

    usage = aggregate_requests([log])

    assert usage.rows["model"].tolist() == ["claude-opus-5-5", "unknown"]
    assert usage.sources[0].warnings == (
        "the model is empty in 2 requests of the log and taken as 'unknown', which no price list "
        "knows",
    )


def test_rows_alone_are_the_same_rows(tmp_path: Path) -> None:
    log = write_csv(tmp_path / "log.csv", [request(prefix="p"), request("2026-11-03T10:00:00Z")])

    alone = aggregate_requests([log], with_arrivals=False)

    assert alone.arrivals is None
    assert_frame_equal(alone.rows, aggregate_requests([log]).rows)
    check(alone.rows, USAGE_ROWS)


def test_arrivals_come_back_from_parquet(tmp_path: Path) -> None:
    records = [request(prefix="p"), request("2026-11-03T10:00:00Z", prefix="p")]
    arrivals = aggregate_requests([write_csv(tmp_path / "log.csv", records)]).arrivals
    assert arrivals is not None

    path = write(tmp_path / "arrivals.parquet", arrivals_parquet(arrivals))

    assert_frame_equal(read_arrivals(path), arrivals)
    assert arrivals_parquet(arrivals) == path.read_bytes()
    check(arrivals, ARRIVALS)


def test_progress_rises_to_the_whole(tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    log = write_csv(tmp_path / "log.csv", [request()])

    aggregate_requests([log], progress=lambda what, share: told.append((what, share)))

    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert told[0] == ("checking log.csv", 0.0)
    assert told[-1] == ("requests added up", 1.0)
