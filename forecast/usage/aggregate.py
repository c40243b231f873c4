"""Adding usage up: buckets to days, days of keys to days of workloads.

The one place where usage rows are summed, so that another engine can take it over.
"""

from __future__ import annotations

from typing import Final

import pandas as pd

from forecast.errors import UsageFormatError
from forecast.tables import Table, conform

MAX_SUM: Final = 2**62
"""Half of what an int64 holds: a sum that comes near is refused before it can wrap around."""


def sum_by_key(rows: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Sum the counts of rows that agree in every day and text column of `table`.

    Parameters
    ----------
    rows
        Has every column of `table`; others are dropped.

    Returns
    -------
    pandas.DataFrame
        `table`, sorted by its key. A sum with a missing part is missing: half a request count
        would be taken for the whole.

    Raises
    ------
    UsageFormatError
        A total beyond `MAX_SUM`.

    Examples
    --------
    >>> from forecast.tables import Column, Table
    >>> table = Table("t", (Column("day", "text", ""), Column("requests", "maybe_count", "")))
    >>> rows = pd.DataFrame({"day": ["a", "a", "b"], "requests": [1, pd.NA, 3], "x": 0})
    >>> sum_by_key(rows, table).values.tolist()
    [['a', <NA>], ['b', 3]]
    """
    frame = conform(rows, table)
    key = [c.name for c in table.columns if c.kind in ("day", "text")]
    counts = [c.name for c in table.columns if c.kind == "count"]
    maybe = [c.name for c in table.columns if c.kind == "maybe_count"]
    for column in (*counts, *maybe):
        if frame[column].astype("float64").sum() > MAX_SUM:
            raise UsageFormatError("adds up to more than 4·10^18; check the unit", column=column)
    groups = frame.groupby(key, sort=True, dropna=False)
    parts = [groups[counts].sum(), *(groups[[column]].sum(skipna=False) for column in maybe)]
    return conform(pd.concat(parts, axis=1).reset_index(), table)
