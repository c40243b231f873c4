"""The result that a page is about, read as it was stored."""

from __future__ import annotations

from datetime import datetime

from api.access import organisation, the_store
from api.jobs import queue
from api.results import parse_answer
from api.store import recommendations
from api.store.errors import UnknownObjectError
from forecast.records.recommendation import Recommendation, Refusal


def result_of(identifier: str) -> tuple[Recommendation | Refusal | None, datetime | None]:
    """Give a result with the instant it was made at; None where it is not made yet."""
    store, mine = the_store(), organisation()
    found = recommendations.published_answer(store, mine, identifier)
    if found is None:
        return None, None
    job = queue.read_job(store, mine, identifier, kind=recommendations.KIND)
    return parse_answer(found), job.finished_at


def decided(identifier: str) -> tuple[Recommendation, datetime | None]:
    """Give a recommendation, with the instant it was made at.

    Raises
    ------
    UnknownObjectError
        It is not made yet, it is a refusal, or it is nobody's here.
    """
    result, made_at = result_of(identifier)
    if not isinstance(result, Recommendation):
        raise UnknownObjectError(identifier)
    return result, made_at
