"""Read one export from its bytes, and back from the canonical table written of it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from forecast.usage.formats.canonical import write_canonical
from forecast.usage.reading import Exports, read_exports


def read_one(folder: Path, content: bytes | str, name: str = "export") -> Exports:
    """Read a file of this content."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_exports([path])


def assert_survives_the_canonical_table(folder: Path, content: bytes | str) -> None:
    """The rows of an export, written as a canonical table, are read back as they were."""
    rows = read_one(folder, content).rows
    assert len(rows)
    for ending in ("csv", "parquet"):
        path = folder / f"usage.{ending}"
        write_canonical(rows, path)
        pd.testing.assert_frame_equal(read_exports([path]).rows, rows)
