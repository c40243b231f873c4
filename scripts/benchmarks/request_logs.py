"""Request logs at scale: this package beside the same aggregation written by hand in DuckDB SQL.

    python scripts/benchmarks/request_logs.py [--folder DIR] [--repeats 3] [--scale 1.0]

Generates 20 million requests as Parquet and 5 million each as CSV and JSON lines (`--scale`
times as many), and runs three programs on each in turn, every run in a process of its own:

* `ours`: `aggregate_requests`, with digests, checks, days, clocks and gaps between requests;
* `hand`: SQL for the same tables with the same checks of every time and count;
* `bare`: the same SQL that believes its input and converts it as it comes.

All have the same memory limit and threads inside DuckDB. Prints the seconds of the aggregation
(imports excluded), the median ratios of runs that followed each other, by the clock on the wall
and by processor time (which other work on the machine disturbs less), and the peak resident size
of the whole process as the operating system counts it. Needs about 4 GB of disk; removed after.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROWS = {"parquet": 20_000_000, "csv": 5_000_000, "jsonl": 5_000_000}
PROGRAMS = ("ours", "hand", "bare")
CLOCKS = ("wall", "processor")
MIB = 2**20
NAMES = ("model", "service_tier", "api_key", "workspace")
COUNTS = ("input_tokens", "output_tokens", "cache_write_5m_tokens", "cache_read_tokens")
SENDER = ("model", "api_key", "workspace")
EDGES_MS = [
    1000 * edge
    for edge in (
        *(1, 2, 5, 10, 20, 40, 75, 150, 300),
        *(600, 1200, 1800, 3600, 7200, 14_400, 28_800, 57_600, 86_400),
    )
]
INSTANT = (
    "^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5]"
    "[0-9]([.][0-9]{1,9})?(Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)$"
)
COUNT = "^ *0*[0-9]{1,16}([.]0*)? *$"


def generate(path: Path, kind: str, n: int) -> None:
    """Write `n` requests of 90 days: 4 models, 20 keys, 3,900 prefixes, a prompt each."""
    import duckdb

    moment = f"to_timestamp(1780272000 + (i * 7776000.0 / {n})::BIGINT + (h % 997) / 1000.0)"
    if kind != "parquet":
        moment = f"strftime({moment}, '%Y-%m-%dT%H:%M:%S.%gZ')"
    how = {
        "parquet": "FORMAT parquet, COMPRESSION zstd",
        "csv": "FORMAT csv, HEADER",
        "jsonl": "FORMAT json",
    }
    sql = f"""COPY (
        WITH drawn AS (
            SELECT i, hash(i) AS h, hash(i + 1000003) AS h2, hash(i + 77777777) AS h3
            FROM range({n}) AS numbers(i)
        )
        SELECT {moment} AS time,
            ['claude-opus-5-5', 'claude-sonnet-5-5', 'claude-haiku-5-5', 'claude-sonnet-4-6'][
                1 + (h % 4)::INT] AS model,
            CASE WHEN h2 % 4 = 0 THEN 'batch' ELSE 'standard' END AS service_tier,
            'key-' || (h3 % 20) AS api_key,
            'ws-' || (h3 % 5) AS workspace,
            md5(((h3 % 20) * 1000 + h2 % (5 + (h3 % 20) * 20))::VARCHAR) AS prefix,
            'what request ' || i || ' said, and nobody reads' AS prompt,
            (h % 3000)::BIGINT AS input_tokens,
            (h2 % 800)::BIGINT AS output_tokens,
            (CASE WHEN h3 % 7 = 0 THEN h % 4000 ELSE 0 END)::BIGINT AS cache_write_5m_tokens,
            (CASE WHEN h3 % 7 > 0 THEN h % 4000 ELSE 0 END)::BIGINT AS cache_read_tokens
        FROM drawn
    ) TO '{path}' ({how[kind]})"""
    with duckdb.connect(config={"memory_limit": "1GB", "preserve_insertion_order": False}) as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute(sql)


class Clock:
    """Wall and processor seconds since it was made."""

    def __init__(self) -> None:
        self.wall = time.perf_counter()
        self.processor = time.process_time()

    def read(self) -> dict[str, float]:
        """Give both."""
        return {
            "wall": time.perf_counter() - self.wall,
            "processor": time.process_time() - self.processor,
        }


def ours(path: Path, kind: str, memory_bytes: int, threads: int) -> dict[str, Any]:  # noqa: ARG001
    """Run this package."""
    import ibis

    from forecast.usage.request_logs.importing import aggregate_requests

    ibis.duckdb.connect().disconnect()
    clock = Clock()
    usage = aggregate_requests([path], memory_bytes=memory_bytes, threads=threads)
    told = clock.read()
    assert usage.arrivals is not None
    return {
        **told,
        "requests": int(usage.rows["requests"].sum()),
        "input": int(usage.rows["input_tokens"].sum()),
        "days": len(usage.rows),
        "arrivals": len(usage.arrivals),
    }


def by_hand(
    path: Path, kind: str, memory_bytes: int, threads: int, *, checks: bool
) -> dict[str, Any]:
    """Run the SQL that an analyst would write for the same tables."""
    import duckdb

    from forecast.usage.request_logs.importing import PROCESS_BYTES

    with tempfile.TemporaryDirectory() as spill:
        config = {
            "memory_limit": f"{(memory_bytes - PROCESS_BYTES) // MIB}MiB",
            "threads": threads,
            "preserve_insertion_order": False,
            "temp_directory": spill,
        }
        with duckdb.connect(config=config) as con:
            con.execute("SET TimeZone = 'UTC'")
            clock = Clock()
            found = _tables(con, path, kind, Path(spill), checks)
            return {**clock.read(), **found}


def _tables(con: Any, path: Path, kind: str, spill: Path, checks: bool) -> dict[str, Any]:
    rows = f"({_typed(path, kind, checks)})"
    if kind != "parquet":
        staged = spill / "staged.parquet"
        con.execute(f"COPY {rows} TO '{staged}' (FORMAT parquet, COMPRESSION snappy)")
        rows = f"read_parquet('{staged}')"
    names, sender, counts = ", ".join(NAMES), ", ".join(SENDER), ""
    counts = ", ".join(f"sum({c})::BIGINT AS {c}" for c in COUNTS)
    prompt = "input_tokens + cache_write_5m_tokens + cache_read_tokens"
    refused = ", sum(refused::INT) AS refused" if checks else ""
    con.execute(f"""CREATE TEMP TABLE hours AS
        SELECT time_ms - time_ms % 3600000 AS hour_ms, {names},
            CASE WHEN {prompt} <= 100000 THEN '0-100k'
                WHEN {prompt} <= 200000 THEN '100k-200k' ELSE '200k-1M' END AS band,
            count(*) AS requests, {counts}{refused}
        FROM {rows} GROUP BY ALL""")
    if checks and con.execute("SELECT sum(refused) FROM hours").fetchone()[0]:
        raise SystemExit("a record is refused")
    days = con.execute(f"""
        SELECT hour_ms - hour_ms % 86400000 AS day_ms, {names}, band,
            sum(requests)::BIGINT AS requests, {counts} FROM hours GROUP BY ALL""").to_arrow_table()
    weeks = con.execute(f"""
        SELECT (hour_ms + 259200000) % 604800000 AS place_ms, {sender}, sum(requests)::BIGINT
        FROM hours GROUP BY ALL""").to_arrow_table()
    con.execute(f"""CREATE TEMP TABLE senders AS
        SELECT row_number() OVER () AS sender, * FROM (SELECT DISTINCT {sender} FROM hours)""")
    sent = f"{rows} JOIN senders USING ({sender})"
    minutes = con.execute(f"""
        SELECT sender, time_ms % 3600000 // 60000 AS minute, count(*)
        FROM {sent} GROUP BY ALL""").to_arrow_table()
    con.execute(f"""CREATE TEMP TABLE lanes AS
        SELECT *, row_number() OVER (ORDER BY sender, prefix) AS lane
        FROM (SELECT DISTINCT sender, prefix FROM {sent})""")
    bucket = " ".join(f"WHEN gap < {edge} THEN {i}" for i, edge in enumerate(EDGES_MS))
    con.execute(f"""CREATE TEMP TABLE gaps AS
        SELECT lane, bucket, count(*) AS requests FROM (
            SELECT lane, CASE WHEN gap IS NULL THEN -1 {bucket} ELSE 18 END AS bucket FROM (
                SELECT lane, time_ms - lag(time_ms) OVER (PARTITION BY lane ORDER BY time_ms) AS gap
                FROM (SELECT lane, time_ms FROM {sent} JOIN lanes USING (sender, prefix))))
        GROUP BY ALL""")
    pooled = con.execute("""
        WITH busy AS (SELECT lane, sum(requests) AS total FROM gaps GROUP BY lane),
        ranked AS (SELECT lane, sender, prefix, row_number() OVER (
                PARTITION BY sender, prefix <> '' ORDER BY total DESC, prefix) > 50
                AND prefix <> '' AS pooled FROM busy JOIN lanes USING (lane))
        SELECT sender, CASE WHEN pooled THEN '' ELSE prefix END AS prefix, pooled, bucket,
            sum(requests)::BIGINT FROM gaps JOIN ranked USING (lane) GROUP BY ALL""")
    gaps = pooled.to_arrow_table()
    return {
        "requests": sum(days["requests"].to_pylist()),
        "input": sum(days["input_tokens"].to_pylist()),
        "days": len(days),
        "arrivals": len(gaps) + len(weeks) + len(minutes),
    }


def _typed(path: Path, kind: str, checks: bool) -> str:
    """Write the select of typed columns; with checks, NULL is what is refused."""
    columns = ("time", *NAMES, "prefix", *COUNTS)
    if kind == "csv":
        header = path.open(encoding="utf-8").readline().strip().split(",")
        types = dict.fromkeys(header, "VARCHAR")
        if not checks:
            types |= dict.fromkeys(COUNTS, "BIGINT") | {"time": "TIMESTAMPTZ"}
        options = "auto_detect=false, header=true, delim=',', quote='\"', escape='\"'"
        source = f"read_csv('{path}', columns={types}, {options})"
    elif kind == "jsonl":
        types = dict.fromkeys(columns, "VARCHAR")
        if not checks:
            types |= dict.fromkeys(COUNTS, "BIGINT") | {"time": "TIMESTAMPTZ"}
        source = f"read_json('{path}', columns={types}, format='newline_delimited')"
    else:
        source = f"read_parquet('{path}')"
    if not checks:
        plain = ", ".join((*NAMES, "prefix", *COUNTS))
        return f"SELECT epoch_ms(time) AS time_ms, {plain} FROM {source}"
    text = kind != "parquet"
    when = f"CASE WHEN regexp_matches(time, '{INSTANT}') THEN time END" if text else "time"
    when = f"epoch_ms(TRY_CAST({when} AS TIMESTAMPTZ))"
    inside = f"CASE WHEN {when} >= 946684800000 AND {when} < 4102444800000 THEN {when} END"
    counts = []
    for c in COUNTS:
        if text:
            shaped = f"CASE WHEN regexp_matches({c}, '{COUNT}') THEN TRY_CAST({c} AS DOUBLE) END"
            shaped = f"CASE WHEN {shaped} <= 1e15 THEN TRY_CAST({shaped} AS BIGINT) END"
            plain = f"TRY_CAST({c} AS BIGINT)"
            number = f"CASE WHEN {plain}::VARCHAR = {c} THEN {plain} ELSE {shaped} END"
            value = f"CASE WHEN {number} BETWEEN 0 AND 1000000000000000 THEN {number} END"
        else:
            value = f"CASE WHEN {c} BETWEEN 0 AND 1000000000000000 THEN {c} END"
        if c.startswith("cache"):
            empty = f" OR {c} = ''" if text else ""
            value = f"CASE WHEN {c} IS NULL{empty} THEN 0 ELSE {value} END"
        counts.append(f"{value} AS {c}")
    names = ", ".join(f"coalesce({n}, '') AS {n}" for n in (*NAMES, "prefix"))
    nulls = " OR ".join(f"{c} IS NULL" for c in ("time_ms", *COUNTS))
    return f"""SELECT *, {nulls} AS refused FROM (
        SELECT {inside} AS time_ms, {names}, {", ".join(counts)} FROM {source})"""


def child(program: str, path: Path, kind: str, memory_bytes: int, threads: int) -> None:
    """Run one program and print what it found, its time and the peak size of this process."""
    if program == "ours":
        found = ours(path, kind, memory_bytes, threads)
    else:
        found = by_hand(path, kind, memory_bytes, threads, checks=program == "hand")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MIB
    print(json.dumps({**found, "peak_mib": peak}))


def measure(program: str, path: Path, kind: str, memory_mib: int, threads: int) -> dict[str, Any]:
    """Run one program in a process of its own."""
    words = [program, str(path), kind, str(memory_mib), str(threads)]
    done = subprocess.run(
        [sys.executable, __file__, "--child", *words], check=True, capture_output=True, text=True
    )
    return dict(json.loads(done.stdout))


def compare(path: Path, kind: str, options: argparse.Namespace) -> str:
    """Alternate the programs and write one row of the table."""
    runs: dict[str, list[dict[str, Any]]] = {program: [] for program in PROGRAMS}
    for _ in range(options.repeats):
        for program in PROGRAMS:
            runs[program].append(measure(program, path, kind, options.memory, options.threads))
    told = {
        tuple(run[key] for key in ("requests", "input", "days", "arrivals"))
        for found in runs.values()
        for run in found
    }
    assert len(told) == 1, f"the programs disagree: {told}"
    seconds = {(p, c): [run[c] for run in found] for p, found in runs.items() for c in CLOCKS}
    ratios = [
        statistics.median(
            a / b for a, b in zip(seconds["ours", clock], seconds[other, clock], strict=True)
        )
        for other in ("hand", "bare")
        for clock in CLOCKS
    ]
    peak = {p: max(run["peak_mib"] for run in found) for p, found in runs.items()}
    cells = [
        kind,
        f"{runs['ours'][0]['requests']:,}",
        f"{path.stat().st_size / MIB:,.0f}",
        *(f"{statistics.median(seconds[p, 'wall']):.1f}" for p in PROGRAMS),
        *(f"{ratio:.2f}" for ratio in ratios),
        f"{peak['ours']:.0f}",
        f"{peak['hand']:.0f}",
    ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print the table."""
    if sys.argv[1:2] == ["--child"]:
        program, path, kind, memory, threads = sys.argv[2:]
        child(program, Path(path), kind, int(memory) * MIB, int(threads))
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, help="where the logs go; removed after")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--memory", type=int, default=480, help="MiB")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--kinds", nargs="+", choices=ROWS, default=list(ROWS))
    options = parser.parse_args()
    print("| log | requests | MiB | ours s | hand s | bare s | ours / hand | processor ", end="")
    print("| ours / bare | processor | peak MiB ours | hand |")
    print("|---" * 12 + "|")
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="request-logs-") as folder:
        for kind in options.kinds:
            path = Path(folder) / f"log.{kind}"
            generate(path, kind, int(ROWS[kind] * options.scale))
            print(compare(path, kind, options), flush=True)
            path.unlink()


if __name__ == "__main__":
    main()
