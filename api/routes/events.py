"""How far a job is: told when asked, or as it happens (server-sent events)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from flask import Blueprint, Response, current_app, request

from api.access import organisation, the_store
from api.bodies import JobStatus
from api.jobs import queue
from api.jobs.queue import Job
from api.operations import JSON, Answer, json_response, route
from api.problems import problem
from api.store import recommendations, reforecasts
from api.store.errors import UnknownObjectError
from api.store.opening import Store
from api.store.organisations import Scope

if TYPE_CHECKING:
    from flask import Flask

blueprint = Blueprint("events", __name__)

EVENT_STREAM = "text/event-stream"

WAITERS = 8
"""Requests of one process that may wait for jobs at once: half of its threads, so that the others
answer meanwhile."""

LOOK_SECONDS = 0.1
QUIET_SECONDS = 15.0
LONGEST_SECONDS = 300.0
"""A stream ends after this long, or when its process is to end; the client comes back by itself."""


def register(app: Flask) -> None:
    """Set up how many requests may wait, and what tells that the process is to end."""
    app.extensions["waiters"] = threading.BoundedSemaphore(WAITERS)
    app.extensions["stopping"] = lambda: False


def status_of(job: Job) -> JobStatus:
    """Tell where a job is."""
    return JobStatus(
        id=job.id,
        state=job.state,
        progress_share=job.progress_share,
        step=job.progress_step,
        cancel_asked=job.cancel_asked,
        created_at=job.created_at,
        finished_at=job.finished_at,
        problem=None if job.failure is None else dict(job.failure),
    )


def wait_for(store: Store, job: Job, seconds: float) -> Job:
    """Wait until a job ends, at most some seconds; not at all where too many wait already."""
    waiters: threading.BoundedSemaphore = current_app.extensions["waiters"]
    if seconds <= 0 or not waiters.acquire(blocking=False):
        return job
    try:
        until = time.monotonic() + seconds
        while not job.state.is_final and (left := until - time.monotonic()) > 0:
            time.sleep(min(LOOK_SECONDS, left))
            job = queue.read_job(store, job.organisation, job.id)
    finally:
        waiters.release()
    return job


FOLLOWING = Answer(
    200,
    "Where it is; with Accept: text/event-stream, a stream of `progress` events and a last one, "
    "`end`, each with the same document as its data.",
    (JobStatus,),
)


@route(
    blueprint,
    "GET",
    "/v1/recommendations/<identifier>/events",
    scope=Scope.READ,
    answers=[FOLLOWING],
)
def read_events(identifier: str) -> Response:
    """Follow a recommendation while it is made."""
    return followed(identifier)


@route(
    blueprint,
    "GET",
    "/v1/reforecasts/<identifier>/events",
    scope=Scope.READ,
    answers=[FOLLOWING],
)
def read_reforecast_events(identifier: str) -> Response:
    """Follow a re-forecast while it is made."""
    return followed(identifier, kind=reforecasts.KIND)


def followed(identifier: str, *, kind: str = recommendations.KIND) -> Response:
    """Give the state of the caller's job, or its events as they happen.

    Raises
    ------
    UnknownObjectError
        The caller has no job of this id and kind.
    """
    store = the_store()
    job = queue.read_job(store, organisation(), identifier, kind=kind)
    if request.accept_mimetypes.best_match([JSON, EVENT_STREAM]) != EVENT_STREAM:
        return json_response(status_of(job))
    waiters: threading.BoundedSemaphore = current_app.extensions["waiters"]
    if not waiters.acquire(blocking=False):
        detail = "Too many callers follow jobs; ask with Accept: application/json."
        return problem(503, detail, headers=[("Retry-After", "5")])
    stopping = current_app.extensions["stopping"]
    response = Response(_stream(store, job, stopping), content_type=EVENT_STREAM)
    response.headers["X-Accel-Buffering"] = "no"
    response.call_on_close(waiters.release)
    return response


def _stream(store: Store, job: Job, stopping: Callable[[], bool]) -> Iterator[str]:
    begun = told_at = time.monotonic()
    told: JobStatus | None = None
    yield "retry: 1000\n\n"
    while time.monotonic() - begun < LONGEST_SECONDS and not stopping():
        status = status_of(job)
        if job.state.is_final:
            yield _event("end", status)
            return
        if status != told:
            yield _event("progress", status)
            told, told_at = status, time.monotonic()
        elif time.monotonic() - told_at > QUIET_SECONDS:
            yield ": waiting\n\n"
            told_at = time.monotonic()
        time.sleep(LOOK_SECONDS)
        try:
            job = queue.read_job(store, job.organisation, job.id)
        except UnknownObjectError:  # deleted while somebody follows it
            return


def _event(name: str, status: JobStatus) -> str:
    return f"event: {name}\ndata: {status.model_dump_json()}\n\n"
