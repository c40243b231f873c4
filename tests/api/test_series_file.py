"""A series as a file: its frequency is told from its dates, and every slip is placed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from api.series_file import read_series
from forecast.errors import InputError

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str) -> Path:
        path = tmp_path / "series.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def table(dates: list[str], header: str = "when,used") -> str:
    return header + "\n" + "".join(f"{d},{i}\n" for i, d in enumerate(dates))


def every(days: int, n: int = 5, first: date = date(2024, 2, 20)) -> list[str]:
    return [str(first + timedelta(days=days * i)) for i in range(n)]


@pytest.mark.parametrize(
    ("dates", "frequency", "start"),
    [
        (every(1), "day", date(2024, 2, 20)),
        (every(7), "week", date(2024, 2, 20)),
        (["2026-W52", "2026-W53", "2027-W01"], "week", date(2026, 12, 21)),
        (["2026-11", "2026-12", "2027-01"], "month", date(2026, 11, 1)),
        (["2026-02-01", "2026-03-01"], "month", date(2026, 2, 1)),
        (["2026-01-31", "2026-02-28", "2026-03-31"], "month", date(2026, 1, 1)),
        (["2026-11"], "month", date(2026, 11, 1)),
    ],
)
def test_the_frequency_is_told_from_the_dates(
    write: Write, dates: list[str], frequency: str, start: date
) -> None:
    found = read_series(write(table(dates)))
    assert (found.name, found.frequency, found.start) == ("used", frequency, start)
    assert found.values == tuple(float(i) for i in range(len(dates)))


def test_a_column_is_chosen_by_name(write: Write) -> None:
    path = write("\ufeffmonth, a ,b\r\n2026-01,1,20\r\n2026-02,2,1e3\r\n\r\n")
    assert read_series(path, column="b").values == (20.0, 1000.0)
    assert read_series(path, column="a").values == (1.0, 2.0)


MONTHS = "m,v\n2026-01,1\n2026-02,2\n"


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        ("", (None, None), "holds no values"),
        ("m,v\n", (None, None), "holds no values"),
        ("m;v\n2026-01;1\n", (None, None), "has one column"),
        ("2026-01,1\n2026-02,2\n", (None, None), "begins with a date"),
        ("m,v,w\n2026-01,1,2\n", (None, None), "choose one with --column: v, w"),
        (MONTHS + "2026-03\n", (3, None), "has 1 cells where the header has 2"),
        (MONTHS + "2026-03,n/a\n", (3, "v"), "is not a number: 'n/a'"),
        (MONTHS + "2026-03,\n", (3, "v"), "is not a number: ''"),
        (MONTHS + '2026-03,"1,000"\n', (3, "v"), "is not a number: '1,000'"),
        (MONTHS + "2026-03,1e400\n", (3, "v"), "is not a number"),
        (MONTHS + "2026-03,-1\n", (3, "v"), "is negative: -1"),
        (MONTHS + "March,3\n", (3, "m"), "is no day, week or month: 'March'"),
        (MONTHS + "3026-03,3\n", (3, "m"), "is no day, week or month: '3026-03'"),
        (MONTHS + "2026-04,3\n", (3, "m"), "is 2026-04 where 2026-03 is expected"),
        (MONTHS + "2026-02,3\n", (3, "m"), "is 2026-02 where 2026-03 is expected"),
        (table([*every(1), *every(1, first=date(2024, 2, 26))]), (6, "when"),
         "is 2024-02-26 where 2024-02-25 is expected: every day needs a row"),
        (table([*every(7), "2024-03-25"]), (6, "when"), "where 2024-03-26 is expected"),
        (table(every(1)[::-1]), (None, "when"), "the oldest first"),
        (table(["2026-01-01"]), (None, "when"), "holds neither days nor weeks nor months"),
    ],
)  # fmt: skip
def test_every_slip_is_placed(
    write: Write, text: str, place: tuple[int | None, str | None], problem: str
) -> None:
    path = write(text)
    with pytest.raises(InputError) as caught:
        read_series(path)
    assert caught.value.file == "series.csv"
    assert (caught.value.row, caught.value.column) == place
    assert problem in caught.value.problem


def test_a_column_that_is_not_there_or_there_twice_is_refused(write: Write) -> None:
    path = write("m,v,v,w\n2026-01,1,2,3\n")
    with pytest.raises(InputError, match="has no column 'x' of values; its columns are v, v, w"):
        read_series(path, column="x")
    with pytest.raises(InputError, match="has more than one column 'v'"):
        read_series(path, column="v")
    with pytest.raises(InputError, match="has no column 'm'"):
        read_series(path, column="m")


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "series.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="is not a CSV text in UTF-8"):
        read_series(path)
