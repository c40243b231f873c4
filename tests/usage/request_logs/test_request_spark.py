"""DuckDB and Spark evaluate the same expressions: the same tables, column by column."""

from __future__ import annotations

import gc
import shutil
import warnings
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pandas.testing import assert_frame_equal
from request_samples import request, write, write_csv, write_jsonl, write_parquet
from test_request_layouts import CACHED, bedrock, spend

from forecast.errors import UsageFormatError
from forecast.usage.request_logs.importing import aggregate_requests

pytestmark = [
    pytest.mark.spark,
    pytest.mark.xdist_group("spark"),
    pytest.mark.timeout(900),
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.skipif(find_spec("pyspark") is None, reason="pyspark is not installed"),
    pytest.mark.skipif(shutil.which("java") is None, reason="no Java runtime"),
]

MASTER = "local[2]"


@pytest.fixture(scope="module", autouse=True)
def session() -> Iterator[Any]:
    from pyspark.sql import SparkSession

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        builder: Any = SparkSession.builder
        for key, value in {
            "spark.ui.enabled": "false",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.sql.shuffle.partitions": "2",
            "spark.sql.session.timeZone": "America/New_York",
        }.items():
            builder = builder.config(key, value)
        opened = builder.master(MASTER).getOrCreate()
        opened.sparkContext.setLogLevel("OFF")
        yield opened
        gateway = opened.sparkContext._gateway
        opened.stop()
        gateway.shutdown()
        del gateway, opened
        gc.collect()  # Spark's client leaves its sockets to the collector


def random_requests(n: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(7)
    seconds = np.sort(rng.integers(0, 10 * 86_400, n))
    return [
        request(
            (np.datetime64("2026-11-02T00:00:00") + s).item().isoformat() + f".{ms:03}+05:30",
            model=str(rng.choice(["claude-opus-5-5", "claude-haiku-5-5", ""])),
            api_key=str(rng.choice(["a", " a ", "b'; DROP", "ключ", ""])),
            prefix=f"p{rng.integers(0, 120)}" if rng.random() < 0.9 else "",
            input_tokens=int(rng.integers(0, 250_000)),
            cache_read_tokens=int(rng.choice([0, 10**15])),
            cache_write_1h_tokens=None if rng.random() < 0.5 else 7,
        )
        for s, ms in zip(seconds, rng.integers(0, 1000, n).tolist(), strict=True)
    ]


def assert_same(*paths: Path) -> None:
    duck = aggregate_requests(paths, engine="duckdb")
    spark = aggregate_requests(paths, engine="spark", master=MASTER)
    assert duck.arrivals is not None
    assert spark.arrivals is not None
    for ours, theirs in ((duck.rows, spark.rows), (duck.arrivals, spark.arrivals)):
        assert ours.dtypes.to_dict() == theirs.dtypes.to_dict()
        for column in ours.columns:
            assert ours[column].equals(theirs[column]), column
        assert_frame_equal(ours, theirs)
    assert duck.sources == spark.sources


def test_every_kind_of_file_gives_the_same_tables(tmp_path: Path) -> None:
    records = random_requests(900)
    tricky = tmp_path / "it's {a}, [b]"
    tricky.mkdir()
    assert_same(
        write_parquet(tricky / "a'; DROP.parquet", records[:300]),
        write_csv(tricky / "b c.csv", records[300:600]),
        write_jsonl(tricky / "d%20e.jsonl.gz", records[600:]),
    )


def test_vendors_logs_give_the_same_tables(tmp_path: Path) -> None:
    assert_same(
        write_jsonl(tmp_path / "bedrock.json", [bedrock(), bedrock(errorCode="Throttled")]),
        write_csv(tmp_path / "litellm.csv", [spend(CACHED), spend(None, cache_hit="True")]),
    )


def test_times_without_a_zone_are_seen(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "log.parquet"
    times = pa.array([1_793_613_600_000_000], pa.timestamp("us"))
    ones = pa.array([1])
    pq.write_table(
        pa.table({"time": times, "model": ["m"], "input_tokens": ones, "output_tokens": ones}), path
    )

    with pytest.raises(UsageFormatError, match="has no time zone"):
        aggregate_requests([path], engine="spark", master=MASTER)


@pytest.mark.parametrize(
    "value", ["-5", "1.5", "1e3", "NaN", "+5", "1_0", "12\t", "0x1", "1000000000000001"]
)
def test_both_refuse_the_same_record_with_the_same_words(tmp_path: Path, value: str) -> None:
    log = write_csv(tmp_path / "log.csv", [request(), request(input_tokens=value)])

    with pytest.raises(UsageFormatError) as duck:
        aggregate_requests([log])
    with pytest.raises(UsageFormatError) as spark:
        aggregate_requests([log], engine="spark", master=MASTER)

    assert str(duck.value) == str(spark.value)
    assert (duck.value.row, duck.value.column) == (2, "input_tokens")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("log.csv", "time,model,input_tokens,output_tokens\n2026-11-02T10:00:00Z,m,1\n"),
        ("log.jsonl", '{"time":"2026-11-02T10:00:00Z","model":"m","input_tokens":1}\n{"x\n'),
    ],
)
def test_texts_that_are_none_are_refused(tmp_path: Path, name: str, text: str) -> None:
    log = write(tmp_path / name, text)

    with pytest.raises(UsageFormatError) as caught:
        aggregate_requests([log], engine="spark", master=MASTER)

    assert caught.value.file == name
    assert caught.value.row is not None


def test_a_sum_beyond_all_bounds_is_refused(tmp_path: Path) -> None:
    log = write_parquet(tmp_path / "log.parquet", [request(input_tokens=10**15)] * 10_000)

    with pytest.raises(UsageFormatError, match="adds up to more than"):
        aggregate_requests([log], engine="spark", master=MASTER)
