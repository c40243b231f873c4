"""How a request about a job is answered: with its result, its problem, or where it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from flask import Response, request

from api import problems
from api.bodies import JobStatus
from api.jobs.queue import Job, State
from api.operations import Answer, Parameter, json_response
from api.problems import problem
from api.routes.events import status_of
from api.store.errors import UnknownObjectError

MAX_WAIT_SECONDS = 60

PREFER: Final = Parameter(
    "Prefer",
    f"`wait=N` waits N seconds, at most {MAX_WAIT_SECONDS}, for the answer itself.",
    {"type": "string"},
    place="header",
)
LOCATION: Final = ("Location", "Where the answer is, or will be.")

ACCEPTED: Final = Answer(
    202,
    "Accepted; the answer will be under Location, which answers 202 until it is.",
    (JobStatus,),
    headers=(LOCATION, ("Retry-After", "Seconds until it is worth asking.")),
)
CANCELLATION: Final = (
    Answer(200, "It has ended, one way or another.", (JobStatus,)),
    Answer(202, "It ends at its next step.", (JobStatus,)),
)


def answer_about(
    job: Job, published: Callable[[], bytes | None], *, status: int | None = None
) -> Response:
    """Give what is known of a job.

    Parameters
    ----------
    published
        Reads the answer of one that succeeded; None where it was deleted since.
    status
        Of the answer to the POST that asked for the job, once it is made; None for any other
        request, which is answered with 200.
    """
    if job.state is State.SUCCEEDED:
        found = published()
        if found is None:
            raise UnknownObjectError(job.id)
        response = json_response(found, status or 200)
    elif job.state is State.FAILED and job.failure is not None:
        return problems.respond(job.failure)
    elif job.state is State.CANCELLED:
        return problem(410, "It was cancelled before it was made.")
    else:
        response = json_response(status_of(job), 202)
        response.headers["Retry-After"] = "1"
    if status is not None or response.status_code == 202:
        response.headers["Location"] = job.address
    if status is not None and (seconds := seconds_preferred()):
        response.headers["Preference-Applied"] = f"wait={seconds:g}"
    return response


def cancelled(job: Job) -> Response:
    """Answer that a job has ended, or ends at its next step."""
    return json_response(status_of(job), 200 if job.state.is_final else 202)


def seconds_preferred() -> float:
    """Read `Prefer: wait=N` (RFC 7240); a preference that is none is ignored, as the RFC says.

    The answer says which wait was applied.
    """
    for preference in request.headers.get("Prefer", "").split(","):
        found = re.fullmatch(
            r"wait\s*=\s*\"?([0-9]{1,6})\"?", preference.split(";")[0].strip(), re.I
        )
        if found:
            return float(min(int(found[1]), MAX_WAIT_SECONDS))
    return 0.0
