"""Exports made to exhaust the readers: tables without rows, texts without end."""

import contextlib
import io
import json
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from measured_process import measured
from usage_samples import CANONICAL, CONSOLE, day_bucket, report, result

from forecast.errors import UsageFormatError
from forecast.usage.formats import (
    anthropic_console_usage,
    anthropic_usage_report,
    canonical,
    delimited,
)
from forecast.usage.formats import parquet as readers
from forecast.usage.formats.head import Head
from forecast.usage.reading import FORMATS

MIB = 2**20
START_UP_MIB = 250
"""What Python with pandas and pyarrow takes before it reads anything."""

READ = """
from forecast.usage.formats import canonical
canonical.read(open(sys.argv[1], "rb").read(), "hostile")
"""
READ_PAGES = READ.replace("canonical", "anthropic_usage_report")

HEADER = b"day,model,input_tokens,output_tokens\n"
TEXTS = {
    "one endless line": lambda: HEADER + b"2026-11-01,m,1,1" * (3 * MIB),
    "nothing but delimiters": lambda: b"," * (40 * MIB),
    "a quote that never closes": lambda: HEADER + b'"' + b"a\n" * (9 * MIB),
    "a row of quotes over lines": lambda: HEADER + b'"a\n",' * (9 * MIB),
    "millions of columns": lambda: b",".join(b"c%d" % i for i in range(100_000)) + b"\n1",
    "a line of nothing, repeated": lambda: HEADER + b"\n" * (24 * MIB),
    "returns without line feeds": lambda: HEADER + b"\r" * (24 * MIB),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_a_text_without_end_is_refused_in_bounded_time_and_memory(tmp_path, kind):
    path = tmp_path / "hostile.csv"
    path.write_bytes(TEXTS[kind]())
    outcome = measured(READ, path)
    assert outcome.told.startswith("hostile")
    assert outcome.peak_mib < START_UP_MIB + 3 * path.stat().st_size / MIB
    assert outcome.seconds < 15


def parquet(columns, **options):
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, compression="zstd", **options)
    return sink.getvalue()


def test_a_long_text_in_every_row_of_a_parquet_takes_its_memory_once(tmp_path):
    n_rows = 1_000_000
    long = pa.DictionaryArray.from_arrays(pa.array([0] * n_rows, pa.int32()), ["a" * 50_000])
    counts = pa.array([1] * n_rows)
    path = tmp_path / "usage.parquet"
    path.write_bytes(
        parquet({"day": long, "model": long, "input_tokens": counts, "output_tokens": counts})
    )
    assert path.stat().st_size < MIB
    outcome = measured(READ, path)
    assert "longer than 500 characters" in outcome.told
    assert outcome.peak_mib < START_UP_MIB + 250, "the texts written out would take 100 GB"


def test_a_parquet_that_claims_too_much_is_refused_unread(monkeypatch):
    monkeypatch.setattr(readers, "MAX_PLAIN_BYTES", 2000)
    data = parquet({"note": ["a" * 1000, "b" * 1000, "c" * 1000]}, use_dictionary=False)
    with pytest.raises(UsageFormatError, match=r"claims 3 rows and [0-9]+ bytes"):
        readers.read_columns(data, "a.parquet", {"note"})


def test_a_parquet_of_ten_thousand_columns_is_refused():
    data = parquet({f"c{i}": [1] for i in range(10_000)})
    with pytest.raises(UsageFormatError, match=r"is missing|is not a column"):
        canonical.read(data, "wide.parquet")


@pytest.mark.parametrize("depth", [100, 900, 960, 985, 990, 1000, 100_000])
def test_deep_nesting_is_refused(depth):
    text = report(day_bucket(1, result())).replace('"global"', "[" * depth + "]" * depth)
    with pytest.raises(UsageFormatError) as refused:
        anthropic_usage_report.read(text.encode(), "deep.json")
    assert refused.value.file == "deep.json"


PAGES = {
    "empty lists": lambda: b"[" + b"[]," * (4 * MIB) + b"[]]",
    "empty objects": lambda: b'{"data":[' + b"{}," * (4 * MIB) + b"{}]}",
    "empty pages": lambda: b'{"data":[]}' * MIB,
    "a number of millions of digits": lambda: (
        report(day_bucket(1, result())).replace("1500", "1." + "9" * (30 * MIB)).encode()
    ),
}


@pytest.mark.parametrize("kind", PAGES)
def test_pages_of_nothing_are_refused_in_bounded_time_and_memory(tmp_path, kind):
    path = tmp_path / "hostile.json"
    path.write_bytes(PAGES[kind]())
    outcome = measured(READ_PAGES, path)
    assert outcome.peak_mib < 1000
    assert outcome.seconds < 20


def nested(start, inner, end, depth):
    return start * depth + inner + end * depth


HOSTILE = {
    **{f"lists {n} deep": nested(b"[", b"", b"]", n) for n in (950, 970, 980, 985, 990, 50_000)},
    **{f"objects {n} deep": nested(b'{"a":', b"1", b"}", n) for n in (950, 980, 990, 50_000)},
    "a deep page": b'{"data":[{"results":' + nested(b"[", b"", b"]", 980) + b"}]}",
    "empty lists": b"[" + b"[]," * 300_000 + b"[]]",
    "empty objects": b"{}\n" * 300_000,
    "an exponent of nine digits": b'{"data":[{"results":[{"amount":1e999999999}]}]}',
    "a million digits": b'{"data":[{"results":[{"amount":' + b"9" * MIB + b".5}]}]}",
    "half a surrogate": b'{"data":[{"results":[{"\\ud800":"\\ud800"}]}]}',
    "delimiters": b"," * MIB,
    "one line": b"a" * MIB,
    "quotes over lines": b"a,b\n" + b'"x\n",' * 400_000,
    "fifty thousand columns": b",".join(b"c%d" % n for n in range(50_000)) + b"\n1\n",
    "rows of nothing known": b"a,b\n" + b"1,2\n" * 300_000,
    "no Parquet": b"PAR1" + bytes(MIB) + b"PAR1",
    "zeros": bytes(MIB),
    "a workbook": b"PK\x03\x04" + bytes(1000),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.name)
def test_no_reader_chokes_on_what_is_not_its_own(kind, name):
    started = time.process_time()
    with contextlib.suppress(UsageFormatError):
        kind.fits(Head.of(HOSTILE[name], "hostile"))
    with pytest.raises(UsageFormatError) as refused:
        kind.read(HOSTILE[name], "hostile")
    assert refused.value.file == "hostile"
    assert time.process_time() - started < 8


@pytest.mark.parametrize(
    "number", ["NaN", "Infinity", "-Infinity", "1e400", "9" * 4300, "9" * 5000, "1e16", "-1"]
)
def test_a_count_that_is_no_count_is_refused_in_every_reader(number):
    page = report(day_bucket(1, result())).replace("1500", number)
    with pytest.raises(UsageFormatError):
        anthropic_usage_report.read(page.encode(), "page.json")
    for reader, text, old in (
        (canonical, CANONICAL, "1000"),
        (anthropic_console_usage, CONSOLE, "46981"),
    ):
        with pytest.raises(UsageFormatError) as refused:
            reader.read(text.replace(old, number, 1).encode(), "usage.csv")
        assert refused.value.row == 1
        assert refused.value.column


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf"), -1.0, 1e16, 0.5])
def test_a_float_that_is_no_count_is_refused_in_parquet(number):
    columns = {"day": ["2026-11-01"], "model": ["m"], "output_tokens": [1.0]}
    with pytest.raises(UsageFormatError) as refused:
        canonical.read(parquet(columns | {"input_tokens": [number]}), "usage.parquet")
    assert (refused.value.row, refused.value.column) == (1, "input_tokens")


def test_a_long_row_within_the_bound_is_read():
    names = [f"c{i}" for i in range(2000)]
    text = ",".join(names) + "\n" + ",".join(["x" * 400] * 2000) + "\n"
    assert delimited.read_columns(text.encode(), "wide.csv").n_rows == 1
    quoted = 'a,b\n"x\ny\r\nz",1\r"2",3'
    assert delimited.read_columns(quoted.encode(), "a.csv").by_name == {
        "a": ("x\ny\r\nz", "2"),
        "b": ("1", "3"),
    }


def test_json_surrogates_and_control_characters_are_refused():
    for name in ("\ud800", "a\u0000", "a\u2028b", "\u001b[31m"):
        page = json.loads(report(day_bucket(1, result())))
        page["data"][0]["results"][0]["model"] = name
        with pytest.raises(UsageFormatError, match="control character"):
            anthropic_usage_report.read(json.dumps(page).encode(), "page.json")
