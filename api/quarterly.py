"""A folder of re-forecasts that a scheduler keeps: one directory a quarter, each whole or absent.

    ROOT/2027-03-31/reforecast.json …     published quarters, by the day they are of
    ROOT/.lock                            held by the run in progress, free again when it dies

A run publishes a quarter by moving it in at the end. One that was killed leaves hidden leftovers,
which the next run removes under the lock before it starts; a directory without reforecast.json is
no quarter, and is filled by the next run.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from api.contracts import read_contract
from api.reforecasts import (
    REFORECAST,
    QuarterFiles,
    StoredReforecast,
    read_answer,
    reforecast_into,
)
from api.whole_files import WORKPLACE
from forecast.errors import InputError
from forecast.records.terms import Terms
from forecast.units import add_months

LOCK = ".lock"
QUARTER_MONTHS = 3


class AlreadyRunningError(OSError):
    """Another run holds the lock of the folder."""


@dataclass(frozen=True)
class Published:
    """A quarter after a run.

    Attributes
    ----------
    outdated
        Later quarters made from an older state of this one: run them again, in order.
    """

    stored: StoredReforecast
    outdated: tuple[date, ...]


def publish_quarter(
    root: Path, advice: Path, files: QuarterFiles, *, today: date | None = None
) -> Published:
    """Re-forecast the last finished quarter of a contract into `root`.

    Parameters
    ----------
    advice
        The recommendation the contract was signed on: what the first quarter is held against.
        Later ones are held against the last published quarter before them.
    files
        `previous` is chosen here; without `as_of` the quarter is the last one finished by `today`.

    Raises
    ------
    AlreadyRunningError
        Another run is at work in `root`.
    InputError
        A quarter that is not over, usage that does not reach its end, or files that cannot be used.
    """
    root.mkdir(parents=True, exist_ok=True)
    with _locked(root):
        _remove_leftovers(root)
        contract, _ = read_contract(files.contract)
        day = files.as_of or last_quarter_end(contract.terms, today or date.max)
        known = published_quarters(root)
        before = [quarter for quarter in known if quarter < day]
        previous = root / str(before[-1]) if before else advice
        whole = replace(files, previous=previous, as_of=day)
        stored, _ = reforecast_into(root / str(day), whole)
        return Published(stored, _outdated(root, day, [q for q in known if q > day]))


def last_quarter_end(terms: Terms, today: date) -> date:
    """Give the end of the last quarter of the term that is over on `today`.

    Raises
    ------
    InputError
        Before the end of the first one.
    """
    ends = [
        add_months(terms.term_start, months) - timedelta(days=1)
        for months in (*range(QUARTER_MONTHS, terms.term_months, QUARTER_MONTHS), terms.term_months)
    ]
    over = [end for end in ends if end < today]
    if not over:
        raise InputError(
            f"the first quarter of the term ends on {ends[0]}; there is nothing to re-forecast "
            "before, unless the end of an earlier month is named"
        )
    return over[-1]


def published_quarters(root: Path) -> list[date]:
    """List the quarters that are whole, the first one first."""
    found = []
    for path in root.iterdir():
        try:
            day = date.fromisoformat(path.name)
        except ValueError:
            continue
        if (path / REFORECAST).exists():
            found.append(day)
    return sorted(found)


def _outdated(root: Path, day: date, later: Sequence[date]) -> tuple[date, ...]:
    """Give the quarters after one that has changed since they were made."""
    _, now = read_answer(root / str(day))
    if not later:
        return ()
    first, _ = read_answer(root / str(later[0]))
    return tuple(later) if first.previous.sha256 != now.sha256 else ()


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    """Hold the folder; the system lets go of it when the process ends, however it ends."""
    with (root / LOCK).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunningError(
                11, "another run is at work here; wait until it is done", str(root / LOCK)
            ) from None
        yield


def _remove_leftovers(root: Path) -> None:
    """Remove what a killed run left; nobody else works here under the lock."""
    for place in (root, *(path for path in root.iterdir() if path.is_dir())):
        for leftover in place.glob(f"{WORKPLACE}*"):
            shutil.rmtree(leftover, ignore_errors=True)
