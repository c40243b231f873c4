"""Fetching a report, page by page, from where the last run ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from api.fetch.client import AdminApi, Answer, FetchError
from api.fetch.folder import PagesFolder, Progress
from api.fetch.pages import Page, UnusablePageError, read_page
from api.fetch.reports import Question
from forecast.errors import InputError

SETTLING: Final = timedelta(hours=1)
"""A day is final this long after its end: usage appears within about 5 minutes, at times later."""

Tell = Callable[[str, float], None]


@dataclass(frozen=True)
class Pulled:
    """What a folder holds of a report after a run.

    Attributes
    ----------
    n_pages, n_fetched
        Pages in all, and those that this run fetched.
    last_day
        The last day that is there; None when no day of the question is final yet.
    notes
        What a reader should know.
    """

    question: Question
    n_pages: int
    n_fetched: int
    last_day: date | None
    notes: tuple[str, ...] = ()


def last_final_day(now: datetime) -> date:
    """Give the last UTC day whose usage no longer grows.

    >>> last_final_day(datetime(2026, 11, 24, 0, 30, tzinfo=UTC))
    datetime.date(2026, 11, 22)
    """
    return (now.astimezone(UTC) - SETTLING).date() - timedelta(days=1)


def pull(
    api: AdminApi,
    base_url: str,
    question: Question,
    folder: PagesFolder,
    *,
    now: datetime,
    tell: Tell,
) -> Pulled:
    """Fetch what is missing of a report.

    Days that are not final are left out; a later run of the same question adds them. A page that
    is there is never fetched again.

    Raises
    ------
    InputError
        The folder holds something else, or nothing can be fetched with this key or question.
    FetchError
        The API does not give what it should; what was fetched is kept.
    """
    kept = folder.progress(question, base_url)
    until = min(question.until, last_final_day(now) + timedelta(days=1))
    n_before = len(kept.sha256) if kept else 0
    notes: list[str] = []
    if until < question.until:
        notes.append(f"{until} and later are left out: a day is fetched once it is over")
    while kept is None or not kept.done or kept.covered_until < _midnight(until):
        if kept is None or kept.done:
            start = kept.covered_until.date() if kept else question.first_day
            if start >= until:
                break
            folder.begin(question, base_url, start, until)
        kept = _stretch(api, question, folder, now=now, tell=tell)
        if kept.covered_until < _midnight(kept.stretch_end):
            notes.append(
                f"the API gave no bucket from {kept.covered_until:%Y-%m-%d %H:%M} UTC on; a later "
                "run asks for them again"
            )
            break
    n_pages = len(kept.sha256) if kept else 0
    return Pulled(
        question,
        n_pages=n_pages,
        n_fetched=n_pages - n_before,
        last_day=(kept.covered_until - timedelta(seconds=1)).date() if n_pages and kept else None,
        notes=tuple(notes),
    )


def _stretch(
    api: AdminApi, question: Question, folder: PagesFolder, *, now: datetime, tell: Tell
) -> Progress:
    """Fetch the pages that are left of a stretch."""
    kept = folder.state.reports[question.report]
    tokens = {kept.token}
    while not kept.done:
        number, reached = len(kept.sha256) + 1, kept.covered_until
        since, until = kept.stretch_start, kept.stretch_end
        share = (reached.date() - question.first_day) / (until - question.first_day)
        tell(f"{question.report} report: page {number}, from {reached:%Y-%m-%d}", share)

        def check(
            answer: Answer, since: date = since, until: date = until, reached: datetime = reached
        ) -> Page:
            _refuse_fast_clock(answer, until, now)
            page = read_page(answer.body, since, until)
            if page.first is not None and page.first < reached:
                raise UnusablePageError("repeats buckets of the page before")
            return page

        page = api.ask(question, question.parameters(until, kept.token, since), check)
        if page.next_token is not None and page.next_token in tokens:
            raise FetchError(
                f"page {number} of the {question.report} report leads back to a page before it; "
                "fetch again later"
            )
        tokens.add(page.next_token)
        kept = folder.add(question.report, page)
    return kept


def _refuse_fast_clock(answer: Answer, until: date, now: datetime) -> None:
    """Refuse to take days for final that are not over where the data are made."""
    if answer.at is not None and answer.at < _midnight(until):
        raise InputError(
            f"the clock of this machine says {now:%Y-%m-%d %H:%M} UTC and the API's "
            f"{answer.at:%Y-%m-%d %H:%M}; set it right, or days would be kept half"
        )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
