"""What is refused: by file, row and column, and without a word of any prompt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from request_samples import WRITERS, request, write, write_csv, write_jsonl, write_parquet

from forecast.errors import UsageFormatError
from forecast.usage.request_logs.importing import aggregate_requests

GOOD = [request(f"2026-11-02T10:00:0{i}Z") for i in range(3)]


def refusal(*paths: Path) -> UsageFormatError:
    with pytest.raises(UsageFormatError) as caught:
        aggregate_requests(paths, threads=1)
    return caught.value


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("input_tokens", "-5", "is negative: '-5'"),
        ("input_tokens", "1.5", "has a fraction: '1.5'; a count is a whole number"),
        ("input_tokens", "1e6", "is not a count: '1e6'"),
        ("input_tokens", "12.000", "may mean 12 or 12000: '12.000'; write it without the point"),
        ("input_tokens", "NaN", "is not a finite number: 'NaN'"),
        ("input_tokens", "Infinity", "is not a finite number: 'Infinity'"),
        ("input_tokens", "+5", "is not a count: '+5'"),
        ("input_tokens", "1_000", "is not a count: '1_000'"),
        ("input_tokens", "0x10", "is not a count: '0x10'"),
        ("output_tokens", "1000000000000001", "is larger than 10^15; check the unit, counts are"),
        ("output_tokens", "99999999999999999999", "is larger than 10^15; check the unit, counts"),
        ("cache_read_tokens", "many", "is not a count: 'many'"),
        ("time", "2026-11-02T10:00:00", "has no time zone: '2026-11-02T10:00:00'; write it with Z"),
        ("time", "2026-02-30T10:00:00Z", "is no day of the calendar: '2026-02-30T10:00:00Z'"),
        ("time", "yesterday", "is not an instant of 2000 to 2099: 'yesterday'; write 2026-11-22T"),
        ("service_tier", "gold", "is not a known service tier: 'gold'; known are standard, batch"),
        ("geography", "moon", "is not a known geography: 'moon'; known are global, us, regional"),
        ("speed", "warp", "is not a known speed: 'warp'; known are standard, fast"),
        ("workload", "w" * 121, "is longer than 120 characters"),
        ("api_key", "k" * 501, "is longer than 500 characters"),
        ("tag", "a\x1bb", "has a control character: 'a\\x1bb'"),
        ("prefix", "p" * 501, "is longer than 500 characters"),
    ],
)
def test_the_first_bad_value_is_named(
    tmp_path: Path, kind: str, column: str, value: str, problem: str
) -> None:
    records = [*GOOD, request() | {column: value}, request() | {column: value}]
    records = [{column: r.get(column, "")} | r for r in records]
    good = write_csv(tmp_path / "good.csv", GOOD)
    log = WRITERS[kind](tmp_path / f"log.{kind}", records)

    error = refusal(good, log)

    assert (error.file, error.row, error.column) == (f"log.{kind}", 4, column)
    assert error.problem.startswith(problem)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (-1, "is negative: -1"),
        (1.5, "has a fraction: 1.5; a count is a whole number"),
        (float("inf"), "is not a finite number: inf"),
        (float("nan"), "is not a finite number: nan"),
        (10**15 + 1, "is larger than 10^15; check the unit, counts are single tokens"),
        (None, "is missing; write 0 where nothing was used"),
    ],
)
def test_typed_counts_are_checked_alike(tmp_path: Path, value: Any, problem: str) -> None:
    as_floats = isinstance(value, float)
    records = [request(input_tokens=float(i) if as_floats else i) for i in range(3)]
    records.append(request(input_tokens=value))

    error = refusal(write_parquet(tmp_path / "log.parquet", records))

    assert str(error) == f"log.parquet, row 4, column input_tokens: {problem}"


@pytest.mark.parametrize(
    ("column", "value", "unit"),
    [("time_s", 1_793_613_600_000, "seconds"), ("time_ms", 1_793_613_600, "milliseconds")],
)
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_wrong_unit_of_time_is_noticed(
    tmp_path: Path, column: str, value: int, unit: str, kind: str
) -> None:
    record = {column: value, "model": "m", "input_tokens": 1, "output_tokens": 1}

    error = refusal(WRITERS[kind](tmp_path / f"log.{kind}", [record]))

    assert (error.row, error.column) == (1, column)
    assert error.problem.startswith(f"is not a time from 2000 to 2099 in {unit} since 1970")


def test_timestamps_without_a_zone_are_refused_by_type(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "log.parquet"
    times = pa.array([1_793_613_600_000], pa.timestamp("ms"))
    ones = pa.array([1])
    pq.write_table(
        pa.table({"time": times, "model": ["m"], "input_tokens": ones, "output_tokens": ones}), path
    )

    error = refusal(path)

    assert (error.file, error.column) == ("log.parquet", "time")
    assert error.problem.startswith("has no time zone; write timestamps with a zone (UTC)")


def test_types_that_hold_no_counts_are_refused(tmp_path: Path) -> None:
    error = refusal(write_parquet(tmp_path / "log.parquet", [request(input_tokens=True)]))

    assert str(error) == (
        "log.parquet, column input_tokens: is of type boolean; it should hold whole numbers"
    )


@pytest.mark.parametrize(
    ("column", "problem"),
    [
        ("cache_reads_tokens", "did you mean cache_read_tokens?"),
        ("work_load", "did you mean workload?"),
        ("reasoning_tokens", "is a token column that the request table does not have"),
    ],
)
def test_a_column_that_would_count_nothing_is_refused(
    tmp_path: Path, column: str, problem: str
) -> None:
    error = refusal(write_csv(tmp_path / "log.csv", [request() | {column: 7}]))

    assert error.column == column
    assert problem in error.problem


def test_two_times_or_none_are_refused(tmp_path: Path) -> None:
    two = refusal(write_csv(tmp_path / "two.csv", [request(time_ms=1_793_613_600_000)]))
    assert str(two) == "two.csv, column time_ms: stands beside time; keep one of the times"


@pytest.mark.parametrize(
    ("text", "row", "problem"),
    [
        ("1\n", 2, "has 1 cells where the header has 4"),
        ("2026-11-02T10:00:00Z,m,1,1,1\n", 2, "has 5 cells where the header has 4"),
        ('2026-11-02T10:00:00Z,"m,1,1\n', 2, "is not a delimited text: unexpected end of data"),
    ],
)
def test_rows_that_do_not_fit_the_header_are_refused(
    tmp_path: Path, text: str, row: int, problem: str
) -> None:
    head = "time,model,input_tokens,output_tokens\n2026-11-02T10:00:00Z,m,1,1\n"

    error = refusal(write(tmp_path / "log.csv", head + text))

    assert (error.file, error.row) == ("log.csv", row)
    assert problem in error.problem


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"time": "2026-11-02T10:00:00Z", "prompt": "secret', "is not JSON: "),
        ("[1]", "is not an object"),
        ('{"model": "secret", "model": "m"}', "is not JSON: a member stands twice in one object"),
        ('{"prompt": "secret"} x', "is not JSON: Extra data"),
    ],
)
def test_lines_that_are_no_records_are_refused_without_quoting_them(
    tmp_path: Path, line: str, problem: str
) -> None:
    log = write_jsonl(tmp_path / "log.jsonl", GOOD)
    log.write_text(log.read_text() + line + "\n")

    error = refusal(log)

    assert (error.file, error.row) == ("log.jsonl", 4)
    assert error.problem.startswith(problem)
    assert "secret" not in str(error)


def test_the_same_file_twice_is_refused(tmp_path: Path) -> None:
    log = write_csv(tmp_path / "log.csv", GOOD)
    copy = write(tmp_path / "copy.csv", log.read_bytes())

    assert str(refusal(log, log)) == "log.csv: is the same file as log.csv; give it once"
    assert str(refusal(log, copy)) == "copy.csv: is the same file as log.csv; give it once"


def test_a_sum_beyond_all_bounds_is_refused(tmp_path: Path) -> None:
    records = [request(input_tokens=10**15)] * 4_700
    error = refusal(write_parquet(tmp_path / "log.parquet", records))
    assert "adds up to more than 4·10^18; check the unit" in error.problem

    error = refusal(write_parquet(tmp_path / "more.parquet", records * 3))
    assert "adds up to more than 4·10^18; check the unit" in error.problem


def test_what_is_no_request_log_says_what_it_has(tmp_path: Path) -> None:
    error = refusal(write(tmp_path / "x.csv", "day,model,input_tokens\n2026-11-02,m,1\n"))

    assert error.problem.startswith(
        "is no request log of a known layout (it has day, input_tokens, model); known are "
    )


def test_a_json_record_may_say_nothing_of_what_is_optional(tmp_path: Path) -> None:
    lines = [json.dumps(r) for r in (*GOOD, request(cache_read_tokens="", tag=None))]
    log = write(tmp_path / "log.jsonl", "\n\n".join(lines))

    assert aggregate_requests([log]).rows["requests"].tolist() == [4]
