"""A buyer's own forecast as a file: one row per path, one column per month, list-price USD."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from forecast.errors import PathsError
from forecast.units import add_months, month_of

if TYPE_CHECKING:
    import pandas as pd

    from forecast.paths import Floats

MAX_CELLS = 20_000_000
"""160 MB as float64; more paths than that add nothing to a decision."""

MAX_FILE_BYTES = 25 * MAX_CELLS
"""No cell needs more than 25 characters: a float64 in full is 24 and a comma."""

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_MONTH = re.compile(r"([1-9]\d{3})-(0[1-9]|1[0-2])(-\d{2})?")
_INDEX_NAMES = {"", "path", "paths", "scenario", "index", "id", "row", "n", "#"}


def read_paths(path: Path, *, first_month: date | None = None) -> Floats:
    """Read a paths file, CSV (with or without a header) or Parquet.

    Parameters
    ----------
    first_month
        Where the header names months (2027-01), the first one has to be this month.

    Returns
    -------
    Floats
        [M, T] list cost in USD.

    Raises
    ------
    PathsError
        An empty or ragged file, a cell that is no amount, a negative or infinite one, an index
        column, or months in the header that do not follow one another; with row (from 1, below
        the header) and column.
    """
    is_parquet = path.suffix.lower() in (".parquet", ".pq")
    header, values = _read_parquet(path) if is_parquet else _read_csv(path)
    if not len(values):
        raise PathsError("holds no paths; one row per path is needed", file=path.name)
    if header is not None:
        _check_header(header, path.name, first_month)
    return values


def _read_csv(path: Path) -> tuple[list[str] | None, Floats]:
    import numpy as np

    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise PathsError(
                f"is larger than {MAX_FILE_BYTES // 10**6} MB; use fewer paths", file=path.name
            )
        with path.open(encoding="utf-8-sig", newline="") as stream:
            lines = list(csv.reader(stream, strict=True))
    except OSError as error:
        raise PathsError(f"cannot be read: {error.strerror}", file=path.name) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise PathsError(f"is not a CSV text in UTF-8: {error}", file=path.name) from None
    while lines and not any(cell.strip() for cell in lines[-1]):
        lines.pop()
    header = None
    if lines and not any(_NUMBER.fullmatch(cell.strip()) for cell in lines[0]):
        header = [cell.strip() for cell in lines.pop(0)]
    elif len(lines) > 1 and _counts_up(lines[0]):
        raise PathsError(
            "counts its columns: name them by month (2027-01), or delete the header",
            file=path.name,
            row=1,
        )
    names = header or [str(i + 1) for i in range(len(lines[0]) if lines else 0)]
    if len(lines) * len(names) > MAX_CELLS:
        raise PathsError(f"has more than {MAX_CELLS:,} cells; use fewer paths", file=path.name)
    values = np.empty((len(lines), len(names)))
    for i, line in enumerate(lines):
        if len(line) != len(names):
            raise PathsError(
                f"has {len(line)} cells where the first row has {len(names)}",
                file=path.name,
                row=i + 1,
            )
        for j, cell in enumerate(line):
            values[i, j] = _amount(cell.strip(), path.name, i + 1, names[j])
    return header, values


def _counts_up(line: Sequence[str]) -> bool:
    cells = [cell.strip() for cell in line]
    return len(cells) > 2 and any(
        cells == [str(i + start) for i in range(len(cells))] for start in (0, 1)
    )


def _amount(text: str, file: str, row: int, column: str) -> float:
    value = float(text) if _NUMBER.fullmatch(text) else None
    if value is None or value == float("inf"):
        raise PathsError(
            f"is not an amount in USD: {text[:40]!r}; write 12345.67 without separators",
            file=file,
            row=row,
            column=column,
        )
    if value < 0:
        raise PathsError(f"is negative: {text}", file=file, row=row, column=column)
    return value


def _read_parquet(path: Path) -> tuple[list[str], Floats]:
    import numpy as np
    import pandas as pd

    frame = _parquet_frame(path)
    names = [str(name) for name in frame.columns]
    for name, (_, column) in zip(names, frame.items(), strict=True):
        if not pd.api.types.is_numeric_dtype(column.dtype) or column.dtype.kind in "bc":
            raise PathsError(
                f"holds {column.dtype}, not amounts in USD", file=path.name, column=name
            )
    values = frame.to_numpy(dtype=np.float64, na_value=np.nan)
    bad = ~np.isfinite(values) | (values < 0)
    if bad.any():
        i, j = (int(k) for k in np.argwhere(bad)[0])
        raise PathsError(
            f"is not an amount of zero or more: {values[i, j]}",
            file=path.name,
            row=i + 1,
            column=names[j],
        )
    return names, values


def _parquet_frame(path: Path) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            if file.metadata.num_rows * file.metadata.num_columns > MAX_CELLS:
                raise PathsError(
                    f"has more than {MAX_CELLS:,} cells; use fewer paths", file=path.name
                )
            return file.read().to_pandas(ignore_metadata=True)
    except (OSError, pa.ArrowException) as error:
        raise PathsError(f"is not a Parquet file: {error}", file=path.name) from None


def _check_header(header: Sequence[str], file: str, first_month: date | None) -> None:
    for name in header:
        if name.lower() in _INDEX_NAMES or name.lower().startswith(("unnamed", "__index")):
            raise PathsError(
                f"reads as a column that numbers the paths ({name!r}); delete it, every column is "
                "a month",
                file=file,
                column=name or None,
            )
    if not all(_MONTH.fullmatch(name) for name in header):
        return
    months = [date(int(name[:4]), int(name[5:7]), 1) for name in header]
    expected = month_of(first_month) if first_month else months[0]
    for i, month in enumerate(months):
        if month != add_months(expected, i):
            raise PathsError(
                f"is the month of column {i + 1}, where {add_months(expected, i):%Y-%m} is "
                "expected; columns are the months of the term in order",
                file=file,
                column=header[i],
            )
