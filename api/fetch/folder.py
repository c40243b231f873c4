"""The folder that pages are kept in: whole files, a record of where to go on, one run at a time."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, ValidationError

from api.fetch.pages import Page
from api.fetch.reports import Bucket, Question, Report
from api.whole_files import write_file
from forecast.errors import InputError
from forecast.records.base import Record

STATE_FILE: Final = ".fetch-usage.json"
LOCK_FILE: Final = ".fetch-usage.lock"


class Asked(Record):
    """What pages of one folder have in common; another question needs another folder."""

    base_url: str
    first_day: date
    bucket: Bucket
    limit: int
    group_by: tuple[str, ...]


class Progress(Record):
    """How far one report is.

    A *stretch* is asked for in one go, from `stretch_start` to the day before `stretch_end`; its
    pages hang together by tokens. Days that were not final then are the next stretch.
    """

    asked: Asked
    sha256: tuple[str, ...] = ()
    """Of every page, in order."""
    stretch_start: date
    stretch_end: date
    token: str | None = None
    """Of the page to fetch next; None for the first of a stretch."""
    covered_until: datetime
    """End of the last bucket that is there."""
    done: bool = False
    """The stretch has no more pages."""


class State(Record):
    """What the folder holds."""

    layout: Literal[1] = 1
    reports: dict[Report, Progress] = Field(default_factory=dict)


class PagesFolder:
    """A folder of pages; see `opened_folder`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.state = self._read_state()

    def progress(self, question: Question, base_url: str) -> Progress | None:
        """Give how far a report is; None when nothing of it is there.

        Raises
        ------
        InputError
            The folder holds the answer to another question, or pages that were changed,
            removed or put there by hand.
        """
        asked = _asked(question, base_url)
        kept = self.state.reports.get(question.report)
        names = sorted(p.name for p in self.path.glob(f"{question.report.file_stem}-*.json"))
        if kept is None:
            if names:
                raise InputError(
                    "stands here and no run left it; name an empty folder",
                    file=str(self.path / names[0]),
                )
            return None
        for name, was, now in (
            (name, getattr(kept.asked, name), getattr(asked, name)) for name in Asked.model_fields
        ):
            if was != now:
                raise InputError(
                    f"was begun with {name} {_shown(was)}, not {_shown(now)}; ask the same, or "
                    "name another folder",
                    file=str(self.path),
                )
        for number, digest in enumerate(kept.sha256, start=1):
            page = self.page_path(question.report, number)
            if not page.is_file() or hashlib.sha256(page.read_bytes()).hexdigest() != digest:
                raise InputError(
                    "is missing or was changed since it was fetched; name an empty folder and "
                    "fetch again",
                    file=str(page),
                )
        return kept

    def begin(self, question: Question, base_url: str, start: date, end: date) -> Progress:
        """Begin a stretch of days behind what is there."""
        kept = self.state.reports.get(question.report)
        fresh = Progress(
            asked=_asked(question, base_url),
            sha256=kept.sha256 if kept else (),
            stretch_start=start,
            stretch_end=end,
            covered_until=datetime.combine(start, time.min, UTC),
        )
        return self._keep(question.report, fresh)

    def add(self, report: Report, page: Page) -> Progress:
        """Keep a page, whole, and then that it is there.

        A run that ends between the two fetches the page again and writes the same file. A page
        without buckets ends its stretch and is not kept.
        """
        kept = self.state.reports[report]
        change: dict[str, object] = {"token": page.next_token, "done": page.next_token is None}
        if page.last is not None:
            digests = (*kept.sha256, hashlib.sha256(page.body).hexdigest())
            write_file(self.page_path(report, len(digests)), page.body)
            change |= {"sha256": digests, "covered_until": page.last}
        return self._keep(report, kept.model_copy(update=change))

    def page_path(self, report: Report, number: int) -> Path:
        """Name a page; pages are numbered from 1."""
        return self.path / f"{report.file_stem}-{number:06}.json"

    def _keep(self, report: Report, progress: Progress) -> Progress:
        self.state = State(reports={**self.state.reports, report: progress})
        write_file(self.path / STATE_FILE, self.state.model_dump_json(indent=1).encode())
        return progress

    def _read_state(self) -> State:
        path = self.path / STATE_FILE
        if not path.exists():
            return State()
        try:
            return State.model_validate_json(path.read_bytes())
        except ValidationError:
            raise InputError(
                "is not what a run of this version leaves; name an empty folder and fetch again",
                file=str(path),
            ) from None


@contextmanager
def opened_folder(path: Path) -> Iterator[PagesFolder]:
    """Open a folder of pages for one run; it is made when it is not there.

    Raises
    ------
    InputError
        Another run is at work in it, or what it holds cannot be continued.
    """
    path.mkdir(parents=True, exist_ok=True)
    handle = os.open(path / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not _locked(handle):
            raise InputError("another run is fetching into it; wait for it", file=str(path))
        yield PagesFolder(path)
    finally:
        os.close(handle)  # the lock goes with it, also when the process is killed


def _locked(handle: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _asked(question: Question, base_url: str) -> Asked:
    return Asked(
        base_url=base_url,
        first_day=question.first_day,
        bucket=question.bucket,
        limit=question.limit,
        group_by=question.group_by,
    )


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
