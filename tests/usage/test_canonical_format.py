import os

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from usage_samples import CANONICAL, usage_rows, write

from forecast.errors import UsageFormatError
from forecast.usage.formats.canonical import write_canonical
from forecast.usage.reading import read_usage

HEADER = "day,model,input_tokens,output_tokens"


def read_one(tmp_path, content, name="usage.csv"):
    return read_usage([write(tmp_path, name, content)])


def parquet_of(tmp_path, **columns):
    path = tmp_path / "usage.parquet"
    pq.write_table(pa.table(columns), path)
    return path


def test_left_out_columns_take_their_defaults(tmp_path):
    usage = read_one(tmp_path, CANONICAL)
    row = usage.rows.iloc[0]
    assert (row["platform"], row["geography"], row["speed"]) == ("anthropic", "global", "standard")
    assert (row["context_window"], row["workload"], row["tag"]) == ("", "", "")
    assert (row["cache_read_tokens"], row["web_searches"]) == (0, 0)
    assert usage.rows["requests"].tolist() == [pd.NA, 10, 30]
    assert usage.sources[0].cannot_tell == ("requests",)


def test_instants_count_on_their_utc_day_and_add_up(tmp_path):
    text = (
        f"{HEADER}\n2026-08-05T23:30:00-05:00,m,1,0\n2026-08-06T00:00:00Z,m,2,0\n"
        "2026-08-06T00:00:00Z,m,4,0\n"
    )
    rows = read_one(tmp_path, text).rows
    assert rows["day"].dt.strftime("%Y-%m-%d").tolist() == ["2026-08-06"]
    assert rows["input_tokens"].tolist() == [7]


@pytest.mark.parametrize(
    ("line", "column", "words"),
    [
        ("2026-08-05,m,-1,0", "input_tokens", "take a correction off the row that it corrects"),
        ("2026-08-05,m,1.5,0", "input_tokens", "has a fraction"),
        ("2026-08-05,m,,0", "input_tokens", "is empty"),
        ("2026-08-05,m,NaN,0", "input_tokens", "not a finite number"),
        ("2026-08-05,m,-inf,0", "input_tokens", "not a finite number"),
        ("2026-08-05,m,1e6,0", "input_tokens", "show the column as whole numbers"),
        ("2026-08-05,m,8.00E+06,0", "input_tokens", "show the column as whole numbers"),
        ("2026-08-05,m,12.000,0", "input_tokens", "may mean 12 or 12000"),
        ('2026-08-05,m,"1,000",0', "input_tokens", "write it without separators, 1000"),
        ("2026-08-05,m,7.999.190,0", "input_tokens", "write it without separators, 7999190"),
        ("2026-08-05,m,1000000000000001,0", "input_tokens", r"larger than 10\^15"),
        ("2026-08-05,m,many,0", "input_tokens", "is not a count: 'many'"),
        ("2026-08-05T10:00:00,m,1,0", "day", "has no time zone"),
        ("2026-08-05 10:00,m,1,0", "day", "has no time zone"),
        ("05.08.2026,m,1,0", "day", "not an ISO date"),
        ("20260805,m,1,0", "day", "not an ISO date"),
        ("1026-08-05,m,1,0", "day", "not an ISO date"),
        ("2026-13-05,m,1,0", "day", "month must be in"),
        (",m,1,0", "day", "not an ISO date"),
        ("2026-08-05,,1,0", "model", "is empty"),
        ("2026-08-05,a\x07b,1,0", "model", "control character"),
        (f"2026-08-05,{'m' * 501},1,0", "model", "longer than 500"),
    ],
)
def test_a_bad_cell_is_named_by_row_and_column(tmp_path, line, column, words):
    with pytest.raises(UsageFormatError, match=words) as refused:
        read_one(tmp_path, f"{HEADER}\n2026-08-04,m,1,0\n{line}\n")
    where = (refused.value.file, refused.value.row, refused.value.column)
    assert where == ("usage.csv", 2, column)


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("service_tier", "Turbo", "not a known service tier"),
        ("geography", "moon", "not a known geography"),
        ("speed", "slow", "not a known speed"),
        ("requests", "ten", "is not a count"),
        ("workload", "w" * 121, "longer than 120"),
        ("platform", "", "is empty"),
    ],
)
def test_a_bad_optional_cell_is_named(tmp_path, column, value, words):
    with pytest.raises(UsageFormatError, match=words) as refused:
        read_one(tmp_path, f"{HEADER},{column}\n2026-08-04,m,1,0,{value}\n")
    assert (refused.value.row, refused.value.column) == (1, column)


@pytest.mark.parametrize("column", ["model", "input_tokens", "output_tokens"])
def test_a_missing_column_is_named(tmp_path, column):
    names = [name for name in HEADER.split(",") if name != column]
    cells = ["2026-08-04" if name == "day" else "1" for name in names]
    with pytest.raises(UsageFormatError, match="is missing") as refused:
        read_one(tmp_path, f"{','.join(names)}\n{','.join(cells)}\n")
    assert refused.value.column == column


def test_a_misspelt_column_is_not_taken_as_zero(tmp_path):
    text = f"{HEADER},cache_reads_tokens\n2026-08-04,m,1,0,5000\n"
    with pytest.raises(UsageFormatError, match="did you mean cache_read_tokens"):
        read_one(tmp_path, text)


def test_a_repeated_day_row_is_a_duplicate(tmp_path):
    with pytest.raises(UsageFormatError, match="repeats an earlier row") as refused:
        read_one(tmp_path, CANONICAL + "2026-08-05,claude-opus-5,7,7,standard,chat,1\n")
    assert refused.value.row == 4


def test_a_day_row_beside_an_instant_of_the_same_day_is_a_duplicate(tmp_path):
    text = f"{HEADER}\n2026-08-05T10:00:00Z,m,1,0\n2026-08-05,m,9,0\n"
    with pytest.raises(UsageFormatError, match="repeats an earlier row") as refused:
        read_one(tmp_path, text)
    assert refused.value.row == 1


def test_sums_that_would_wrap_around_are_refused(tmp_path):
    lines = [f"2026-08-05T10:00:00Z,m,{10**15},0"] * 4700
    with pytest.raises(UsageFormatError, match="adds up to more"):
        read_one(tmp_path, "\n".join([HEADER, *lines]))


def test_parquet_of_other_writers(tmp_path):
    path = parquet_of(
        tmp_path,
        day=pa.array([20_000, 20_001], pa.date32()),
        model=pa.array(["a", "b"]).dictionary_encode(),
        input_tokens=pa.array([1, 2], pa.uint32()),
        output_tokens=pa.array([3.0, 4.0]),
        requests=pa.array([None, 5.0]),
        tag=pa.array([None, "t"]),
    )
    rows = read_usage([path]).rows
    assert rows["day"].dt.strftime("%Y-%m-%d").tolist() == ["2024-10-04", "2024-10-05"]
    assert rows["output_tokens"].tolist() == [3, 4]
    assert rows["requests"].tolist() == [pd.NA, 5]
    assert rows["tag"].tolist() == ["", "t"]


def test_parquet_instants_carry_a_zone(tmp_path):
    at = pd.Timestamp("2026-08-05T23:30:00-05:00")
    columns = {"model": ["m"], "input_tokens": [1], "output_tokens": [2]}
    path = parquet_of(tmp_path, day=pa.array([at], pa.timestamp("us", "America/Lima")), **columns)
    assert read_usage([path]).rows["day"].tolist() == [pd.Timestamp("2026-08-06")]
    path = parquet_of(tmp_path, day=pa.array([at], pa.timestamp("us")), **columns)
    with pytest.raises(UsageFormatError, match="no time zone") as refused:
        read_usage([path])
    assert (refused.value.row, refused.value.column) == (1, "day")


@pytest.mark.parametrize(
    ("column", "values", "words"),
    [
        ("input_tokens", [1, -1], "is negative"),
        ("input_tokens", [1, None], "is not a number: None"),
        ("input_tokens", [1.0, 1.5], "has a fraction"),
        ("input_tokens", [1.0, np.nan], "not a finite number"),
        ("input_tokens", [1.0, np.inf], "not a finite number"),
        ("input_tokens", [1, 10**18], r"larger than 10\^15"),
        ("model", ["m", None], "is empty"),
        ("day", ["2026-08-05", None], "is empty"),
        ("day", ["2026-08-05", "2026-08-06 10:00"], "has no time zone"),
    ],
)
def test_a_bad_parquet_value_is_named_by_row_and_column(tmp_path, column, values, words):
    columns = {
        "day": ["2026-08-05", "2026-08-06"],
        "model": ["m", "m"],
        "input_tokens": [1, 2],
        "output_tokens": [1, 2],
    }
    path = parquet_of(tmp_path, **(columns | {column: pa.array(values)}))
    with pytest.raises(UsageFormatError, match=words) as refused:
        read_usage([path])
    assert (refused.value.row, refused.value.column) == (2, column)


def test_parquet_of_wrong_types_and_without_rows(tmp_path):
    columns = {"day": ["2026-08-05"], "model": ["m"], "input_tokens": ["1"], "output_tokens": [1]}
    with pytest.raises(UsageFormatError, match="is of type text; it should be integer or float"):
        read_usage([parquet_of(tmp_path, **columns)])
    empty = {name: pa.array([], pa.array(values).type) for name, values in columns.items()}
    with pytest.raises(UsageFormatError, match="holds no usage"):
        read_usage([parquet_of(tmp_path, **empty)])
    lists = {**columns, "input_tokens": [[1]]}
    with pytest.raises(UsageFormatError, match="is of type list"):
        read_usage([parquet_of(tmp_path, **lists)])


def test_a_damaged_count_in_a_written_parquet_is_found(tmp_path):
    path = tmp_path / "usage.parquet"
    write_canonical(usage_rows({"input_tokens": 123}, {"model": "b"}), path)
    data = bytearray(path.read_bytes())
    data[200] ^= 0xFF
    path.write_bytes(bytes(data))
    with pytest.raises(UsageFormatError, match="not a readable Parquet file"):
        read_usage([path])


NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=30
).map(str.strip)
COUNTS = st.integers(0, 10**15)


@st.composite
def canonical_rows(draw):
    key = st.fixed_dictionaries(
        {
            "day": st.dates(pd.Timestamp("2000-01-01").date(), pd.Timestamp("2099-12-31").date()),
            "model": NAMES.filter(bool),
            "platform": st.sampled_from(["anthropic", "bedrock"]),
            "service_tier": st.sampled_from(["standard", "batch", "priority", "flex"]),
            "geography": st.sampled_from(["global", "us", "regional"]),
            "speed": st.sampled_from(["standard", "fast"]),
            "context_window": st.sampled_from(["", "0-200k", "200k-1M"]),
            "api_key": NAMES,
            "workspace": NAMES,
            "tag": NAMES,
            "workload": NAMES,
        }
    )
    keys = draw(st.lists(key, min_size=1, max_size=4, unique_by=lambda k: tuple(k.values())))
    counts = st.fixed_dictionaries(
        {
            "input_tokens": COUNTS,
            "cache_write_5m_tokens": COUNTS,
            "cache_write_1h_tokens": COUNTS,
            "cache_read_tokens": COUNTS,
            "output_tokens": COUNTS,
            "requests": st.none() | COUNTS,
            "web_searches": COUNTS,
        }
    )
    rows = usage_rows(*(k | draw(counts) for k in keys))
    key = [c for c in rows.columns if c not in ("requests", "web_searches") and "tokens" not in c]
    return rows.sort_values(key, ignore_index=True)


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
@given(rows=canonical_rows())
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read_back_and_written_the_same(tmp_path, ending, rows):
    path = tmp_path / f"usage{ending}"
    write_canonical(rows, path)
    first = path.read_bytes()
    back = read_usage([path]).rows
    pd.testing.assert_frame_equal(back, rows)
    write_canonical(back, path)
    assert path.read_bytes() == first


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "usage.csv"
    write_canonical(usage_rows({}), path)
    before = path.read_bytes()
    monkeypatch.setattr(os, "fdopen", lambda *a: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_canonical(usage_rows({"input_tokens": 5}), path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["usage.csv"]  # noqa: PTH208


def test_what_could_not_be_read_back_is_not_written(tmp_path):
    with pytest.raises(UsageFormatError, match="would be read back as 'chat'"):
        write_canonical(usage_rows({"api_key": " chat"}), tmp_path / "a.csv")
    with pytest.raises(UsageFormatError, match="repeats an earlier row"):
        write_canonical(usage_rows({}, {}), tmp_path / "a.csv")
    with pytest.raises(UsageFormatError, match=r"should end in \.parquet or \.csv"):
        write_canonical(usage_rows({}), tmp_path / "a.xlsx")
    assert list(tmp_path.iterdir()) == []
