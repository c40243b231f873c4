from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from api.paths_file import read_paths
from forecast.errors import PathsError


@pytest.fixture
def write(tmp_path: Path):
    def write(text: str) -> Path:
        path = tmp_path / "paths.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def place(path: Path, **options: object) -> tuple[int | None, str | None, str]:
    with pytest.raises(PathsError) as caught:
        # Options of several types in one table of cases.
        read_paths(path, **options)  # type: ignore[arg-type]
    assert caught.value.file == path.name
    return caught.value.row, caught.value.column, caught.value.problem


def test_rows_are_paths_with_or_without_a_header(write) -> None:
    body = "1,2.5,3e2\r\n 4 ,5,.6\n\n"
    expected = [[1, 2.5, 300], [4, 5, 0.6]]
    assert read_paths(write(body)).tolist() == expected
    assert read_paths(write("\ufeff2027-01,2027-02,2027-03\n" + body)).tolist() == expected
    assert read_paths(write("jan,feb,mar\n" + body)).tolist() == expected


@given(
    values=hnp.arrays(
        np.float64,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=6),
        elements=st.floats(0, 1e12, allow_nan=False),
    )
)
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, values: np.ndarray
) -> None:
    directory = tmp_path_factory.mktemp("paths")
    frame = pd.DataFrame(values, columns=[f"m{i}" for i in range(values.shape[1])])
    frame.to_csv(directory / "p.csv", index=False)
    frame.to_parquet(directory / "p.parquet", index=False)
    assert np.array_equal(read_paths(directory / "p.csv"), values)
    assert np.array_equal(read_paths(directory / "p.parquet"), values)


@pytest.mark.parametrize(
    ("text", "row", "column", "says"),
    [
        ("1,2\n3,x\n", 2, "2", "is not an amount in USD: 'x'"),
        ("a,b\n1,2\n3,-4\n", 2, "b", "is negative: -4"),
        ("1,nan\n", 1, "2", "is not an amount"),
        ("1,inf\n", 1, "2", "is not an amount"),
        ("1,1e999\n", 1, "2", "is not an amount"),
        ("1,1_000\n", 1, "2", "is not an amount"),
        ("1,\n", 1, "2", "is not an amount"),
        ("1,2\n3\n", 2, None, "has 1 cells where the first row has 2"),
        ('1,"1,000"\n', 1, "2", "without separators"),
        ("1,2\n\n3,4\n", 2, None, "has 0 cells"),
        ("1,2,3\n4,5,6\n", 1, None, "counts its columns"),
        ("0,1,2\n4,5,6\n", 1, None, "counts its columns"),
        ("", None, None, "holds no paths"),
        ("2027-01,2027-02\n", None, None, "holds no paths"),
        ("scenario,m1\n0,5\n", None, "scenario", "numbers the paths"),
        (",m1\n0,5\n", None, None, "numbers the paths"),
        ("2027-01,2027-03\n1,2\n", None, "2027-03", "2027-02 is expected"),
        ('1,"2\n', None, None, "is not a CSV text"),
    ],
)
def test_a_bad_file_is_refused_with_its_place(write, text, row, column, says) -> None:
    found_row, found_column, problem = place(write(text))
    assert (found_row, found_column) == (row, column)
    assert says in problem


def test_months_of_another_term_are_refused(write) -> None:
    path = write("2027-01,2027-02\n1,2\n")
    assert read_paths(path, first_month=date(2027, 1, 1)).shape == (1, 2)
    assert place(path, first_month=date(2027, 2, 1))[1] == "2027-01"


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "paths.csv"
    path.write_bytes(b"1,\xff\n")
    assert "UTF-8" in place(path)[2]


@pytest.mark.parametrize(
    ("frame", "row", "column"),
    [
        ({"a": [1.0], "b": [np.nan]}, 1, "b"),
        ({"a": [1.0, 1.0], "b": [1.0, -1.0]}, 2, "b"),
        ({"a": [1.0], "b": ["1"]}, None, "b"),
        ({"a": [True]}, None, "a"),
        ({"a": []}, None, None),
    ],
)
def test_a_bad_parquet_file_is_refused_with_its_place(tmp_path: Path, frame, row, column) -> None:
    path = tmp_path / "paths.parquet"
    pd.DataFrame(frame, dtype=None if frame["a"] else "float64").to_parquet(path, index=False)
    assert place(path)[:2] == (row, column)


def test_what_only_calls_itself_parquet_is_refused(write, tmp_path: Path) -> None:
    path = write("1,2\n").rename(tmp_path / "paths.parquet")
    assert "is not a Parquet file" in place(path)[2]
