"""Arrival histograms: what they say, and as a Parquet file."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from forecast.errors import UsageFormatError
from forecast.tables import ARRIVALS, check, conform

GAP_SECONDS: Final = "gap_seconds"
HOUR_OF_WEEK: Final = "hour_of_week"
MINUTE_OF_HOUR: Final = "minute_of_hour"

ARRIVALS_KEY: Final = [c.name for c in ARRIVALS.columns if c.name != "requests"]


def hit_share(arrivals: pd.DataFrame, lifetime_seconds: int) -> float:
    """Share of the requests that find their prefix in the cache, were it always marked.

    A request hits when the one before it, of the same prefix, is less than the lifetime ago.

    Parameters
    ----------
    arrivals
        Rows of `tables.ARRIVALS`, of one or many senders and prefixes.
    lifetime_seconds
        One of the edges of the gaps: 300 and 3,600 are the lifetimes on sale.

    Returns
    -------
    float
        0 to 1.

    Raises
    ------
    ValueError
        A lifetime inside a bucket, or no gaps: the histogram cannot tell.

    Examples
    --------
    Ten requests: one is the first of its prefix, six follow within five minutes.

    >>> rows = pd.DataFrame({"at_least": [None, 150, 300], "below": [None, 300, 600],
    ...     "requests": [1, 6, 3]}).astype("Int64").assign(measure="gap_seconds")
    >>> hit_share(rows, 300), hit_share(rows, 600)
    (0.6, 0.9)
    """
    gaps = arrivals[arrivals["measure"] == GAP_SECONDS]
    if gaps.empty:
        raise ValueError("there are no gaps between requests")
    within = (gaps["at_least"] < lifetime_seconds) & (gaps["below"] > lifetime_seconds)
    if within.fillna(False).any():
        raise ValueError(f"no bucket ends at {lifetime_seconds} s")
    hits = gaps.loc[(gaps["below"] <= lifetime_seconds).fillna(False), "requests"].sum()
    return float(hits / gaps["requests"].sum())


def peak_minute_share(arrivals: pd.DataFrame) -> float:
    """Share of the requests that come in the busiest minute of the hour, whatever the hour.

    People spread over the hour, 1/60 in each minute; a scheduler that fires at 0:02 does not.

    Raises
    ------
    ValueError
        No minutes.

    Examples
    --------
    >>> rows = pd.DataFrame({"measure": "minute_of_hour", "at_least": [2, 30],
    ...     "requests": [90, 10]})
    >>> peak_minute_share(rows)
    0.9
    """
    minutes = arrivals[arrivals["measure"] == MINUTE_OF_HOUR]
    if minutes.empty:
        raise ValueError("there are no minutes of requests")
    by_minute = minutes.groupby("at_least")["requests"].sum()
    return float(by_minute.max() / by_minute.sum())


def arrivals_parquet(arrivals: pd.DataFrame) -> bytes:
    """Write `tables.ARRIVALS` as Parquet; the same rows give the same bytes.

    Raises
    ------
    UsageFormatError
        A frame that breaks the contract of the table.
    """
    check(arrivals, ARRIVALS, key=ARRIVALS_KEY)
    kinds = {"text": pa.string(), "count": pa.int64(), "maybe_count": pa.int64()}
    arrays = [pa.array(arrivals[c.name], type=kinds[c.kind]) for c in ARRIVALS.columns]
    sink = BytesIO()
    pq.write_table(
        pa.Table.from_arrays(arrays, names=ARRIVALS.names),
        sink,
        compression="zstd",
        store_schema=False,
        write_page_checksum=True,
    )
    return sink.getvalue()


def read_arrivals(path: Path) -> pd.DataFrame:
    """Read what `arrivals_parquet` wrote.

    Raises
    ------
    UsageFormatError
        A file that is missing, damaged, or another table.
    """
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as parquet:
            missing = [name for name in ARRIVALS.names if name not in parquet.schema_arrow.names]
            if missing:
                raise UsageFormatError(
                    f"is missing; {ARRIVALS.name} has the columns {', '.join(ARRIVALS.names)}",
                    file=path.name,
                    column=missing[0],
                )
            frame = parquet.read(columns=ARRIVALS.names).to_pandas(types_mapper=_exact)
    except (pa.ArrowException, OSError) as fault:
        raise UsageFormatError(f"cannot be read: {str(fault)[:200]}", file=path.name) from None
    return check(conform(frame, ARRIVALS), ARRIVALS, key=ARRIVALS_KEY, file=path.name)


def _exact(kind: pa.DataType) -> pd.Int64Dtype | None:
    """Keep whole numbers whole where some are missing."""
    return pd.Int64Dtype() if pa.types.is_integer(kind) else None
