"""Hostile files: refused in bounded time and memory, and nothing but the columns is read."""

from __future__ import annotations

import gzip
import random
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pandas.testing import assert_frame_equal
from request_samples import WRITERS, request, write, write_csv, write_jsonl, write_parquet

from forecast.errors import UsageFormatError
from forecast.usage.request_logs.engines.duckdb_engine import DuckDBEngine
from forecast.usage.request_logs.files import look
from forecast.usage.request_logs.importing import aggregate_requests
from forecast.usage.request_logs.layouts import bedrock_invocation_log, canonical

HEAD = "time,model,input_tokens,output_tokens\n2026-11-02T10:00:00Z,m,1,1\n"


def refusal(path: Path) -> UsageFormatError:
    with pytest.raises(UsageFormatError) as caught:
        aggregate_requests([path], threads=1)
    return caught.value


@pytest.mark.parametrize(
    "name", ["a'; DROP.parquet", "*.parquet", "[x].parquet", "year=1999.parquet"]
)
def test_a_name_is_only_a_name(tmp_path: Path, name: str) -> None:
    write_parquet(tmp_path / "other.parquet", [request(input_tokens=7)] * 5)
    plain = aggregate_requests([write_parquet(tmp_path / "x.parquet", [request()])])

    usage = aggregate_requests([write_parquet(tmp_path / name, [request()])])

    assert_frame_equal(usage.rows, plain.rows)
    assert usage.sources[0].file == name


def test_prompts_are_never_read(tmp_path: Path) -> None:
    """The bytes of the prompt column are destroyed; whoever read them would fail."""
    noise = random.Random(1)
    prompts = ["".join(noise.choices("abcdefgh", k=40)) for _ in range(2000)]
    records = [request(prompt=prompt) for prompt in prompts]
    whole = write_parquet(tmp_path / "whole.parquet", records)
    expected = aggregate_requests([whole]).rows
    names = pq.ParquetFile(whole).schema_arrow.names
    chunk = pq.ParquetFile(whole).metadata.row_group(0).column(names.index("prompt"))
    start = min(chunk.data_page_offset, chunk.dictionary_page_offset or chunk.data_page_offset)
    data = bytearray(whole.read_bytes())
    data[start : start + chunk.total_compressed_size] = b"\xff" * chunk.total_compressed_size
    broken = write(tmp_path / "broken.parquet", bytes(data))

    assert_frame_equal(aggregate_requests([broken]).rows, expected)
    with pytest.raises((OSError, pa.ArrowException)):
        pq.read_table(broken, columns=["prompt"])


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_the_plan_of_a_text_names_no_prompt(tmp_path: Path, kind: str) -> None:
    records = [request(prompt="secret")]
    writer = write_csv if kind == "csv" else write_jsonl
    file = look(writer(tmp_path / f"log.{kind}", records))
    engine = DuckDBEngine([file], engine_bytes=64 * 2**20, threads=1)
    try:
        table = engine.table([file], canonical.members(frozenset(file.columns)))
        source = canonical.requests(engine.record(table))
        chosen = table.select(
            source.time_ms.value.name("t"), *(f.value for f in source.counts.values())
        )
        plan = engine.backend.con.sql(f"EXPLAIN {engine.backend.compile(chosen)}").fetchall()[0][1]
    finally:
        engine.close()

    projected = plan[plan.rindex("READ_") :]
    assert "input_tokens" in projected
    assert "prompt" not in projected


def test_no_layout_reads_a_body() -> None:
    members = str(bedrock_invocation_log.members(frozenset()))
    assert "inputTokenCount" in members
    assert "Body" not in members


def test_the_engine_sees_no_other_file(tmp_path: Path) -> None:
    import duckdb

    file = look(write_parquet(tmp_path / "log.parquet", [request()]))
    secret = write(tmp_path / "secret.csv", "a\n1\n")
    engine = DuckDBEngine([file], engine_bytes=64 * 2**20)
    try:
        with pytest.raises(duckdb.PermissionException):
            engine.backend.con.execute("SELECT * FROM read_csv($1)", [str(secret)])
        with pytest.raises(duckdb.Error):
            engine.backend.con.execute("SELECT * FROM 'https://127.0.0.1:9/x.parquet'")
        with pytest.raises(duckdb.Error):
            engine.backend.con.execute("SET enable_external_access = true")
        with pytest.raises(duckdb.Error):
            engine.backend.con.execute("INSTALL httpfs")
    finally:
        engine.close()


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile

    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    good = write_csv(tmp_path / "good.csv.gz", [request()])
    bad = write_csv(tmp_path / "bad.csv.gz", [request(input_tokens=-1)])

    aggregate_requests([good])
    refusal(bad)

    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    """DuckDB takes it for the end of the file and would count the rows before it."""
    log = write(tmp_path / "log.csv", HEAD + "x" * (9 * 2**20))
    assert str(refusal(log)) == (
        "log.csv: has a line of more than 8388608 bytes; it is no table of requests"
    )
    header = write(tmp_path / "header.csv", "x" * (2 * 2**20))
    assert str(refusal(header)) == (
        "header.csv: has a first line of more than 1048576 bytes; it is no table of requests"
    )


def test_a_gzip_stream_must_end(tmp_path: Path) -> None:
    whole = gzip.compress((HEAD + "2026-11-02T10:00:00Z,m,1,1\n" * 100_000).encode())

    for size in (len(whole) - 4, len(whole) // 2, 30):
        assert str(refusal(write(tmp_path / "log.csv.x", whole[:size]))) == (
            "log.csv.x: is cut off before its end; copy it again"
        )


def test_a_gzip_bomb_is_refused(tmp_path: Path) -> None:
    bomb = gzip.compress(HEAD.encode() + b"2026-11-02T10:00:00Z,m,1,1\n" * 4_000_000)
    assert len(bomb) < 400_000

    error = refusal(write(tmp_path / "bomb.csv.x", bomb))

    assert error.problem.startswith("unpacks to more than ")


def test_a_footer_is_not_believed(tmp_path: Path) -> None:
    schema = pa.schema({"model": pa.string()})
    path = tmp_path / "log.parquet"
    with pq.ParquetWriter(path, schema) as writer:
        for _ in range(30):
            writer.write_table(pa.table({"model": pa.repeat("m", 1_000_000)}, schema=schema))

    error = refusal(path)

    assert "claims 30000000 rows in " in error.problem


@pytest.mark.parametrize("member", ["prompt", "tag"])
def test_deep_json_is_refused_or_passed_over(tmp_path: Path, member: str) -> None:
    record = write_jsonl(tmp_path / "log.jsonl", [request()]).read_text()
    deep = "[" * 1_000_000 + "]" * 1_000_000
    log = write(tmp_path / "log.jsonl", record + record[:-2] + f', "{member}": {deep}}}\n')

    if member == "prompt":
        assert aggregate_requests([log]).rows["requests"].tolist() == [2]
    else:
        error = refusal(log)
        assert (error.row, error.column) == (2, "tag")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak from /proc")
def test_a_value_for_every_request_is_refused_within_memory(tmp_path: Path) -> None:
    """600,000 keys in a day; the whole process stays within the limit."""
    n = 600_000
    path = tmp_path / "log.parquet"
    pq.write_table(
        pa.table(
            {
                "time_ms": pa.array(range(1_793_613_600_000, 1_793_613_600_000 + n)),
                "model": pa.repeat("m", n),
                "input_tokens": pa.repeat(1, n),
                "output_tokens": pa.repeat(1, n),
                "tag": pa.array([f"request-{i}" for i in range(n)]),
            }
        ),
        path,
    )
    code = (
        "import sys; from pathlib import Path\n"
        "from forecast.errors import UsageFormatError\n"
        "from forecast.usage.request_logs.importing import aggregate_requests\n"
        "try: aggregate_requests([Path(sys.argv[1])])\n"
        "except UsageFormatError as error: print(error)\n"
        "status = Path('/proc/self/status').read_text()\n"
        "print(status.split('VmHWM:')[1].split()[0])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], check=True, capture_output=True, text=True
    )

    message, peak_kib = done.stdout.splitlines()
    assert message.startswith("adds up to 600000 rows of days and keys, more than 500000")
    assert int(peak_kib) < 512 * 1024


def test_help_and_records_import_no_engine() -> None:
    code = (
        "import sys, api.cli, forecast.usage.request_logs.importing\n"
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'ibis', 'duckdb', 'pyspark'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_a_column_may_be_called_filename(tmp_path: Path, kind: str) -> None:
    records = [request(filename="x", file_row_number=7)]
    logs = [WRITERS[kind](tmp_path / f"{i}.{kind}", records * (i + 1)) for i in (0, 1)]

    assert [s.n_rows for s in aggregate_requests(logs).sources] == [1, 2]
