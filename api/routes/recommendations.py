"""Recommendations: made from usage by a job, kept, read, and held against offers."""

from __future__ import annotations

import re

from flask import Blueprint, Response, request, url_for

from api import problems
from api.access import now, organisation, the_store
from api.bodies import (
    JobStatus,
    OffersBody,
    OfferScores,
    RecommendationBody,
    RecommendationList,
    RecommendationSummary,
)
from api.jobs import queue, recommending
from api.jobs.queue import Job, State
from api.offers import score_stored
from api.operations import Answer, Parameter, json_response, route
from api.problems import problem
from api.queries import PAGE, wanted_page
from api.repeated_requests import made_id
from api.results import WORKBOOK
from api.routes.events import status_of, wait_for
from api.store import deletion, recommendations
from api.store.errors import UnknownObjectError
from api.store.organisations import Scope
from api.uploads import FORM, body_inputs, form_inputs
from forecast.records.recommendation import Recommendation, Refusal

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

MAX_WAIT_SECONDS = 60

blueprint = Blueprint("recommendations", __name__)

PREFER = Parameter(
    "Prefer",
    f"`wait=N` waits N seconds, at most {MAX_WAIT_SECONDS}, for the answer itself.",
    {"type": "string"},
    place="header",
)
_LOCATION = ("Location", "Where the answer is, or will be.")


@route(
    blueprint,
    "POST",
    "/v1/recommendations",
    scope=Scope.SIZE,
    body=RecommendationBody,
    form=FORM,
    parameters=[PREFER],
    answers=[
        Answer(
            201,
            "The answer, when it was made within the seconds of `Prefer: wait=N`. Its `status` "
            "tells whether it is a recommendation or a refusal with a safe amount "
            "(insufficient_evidence).",
            (Recommendation, Refusal),
            headers=(_LOCATION,),
        ),
        Answer(
            202,
            "Accepted; the answer will be under Location, which answers 202 until it is.",
            (JobStatus,),
            headers=(_LOCATION, ("Retry-After", "Seconds until it is worth asking.")),
        ),
    ],
    problems=[400, 404, 409, 413, 415, 422, 507],
)
def create_recommendation(body: RecommendationBody | None) -> Response:
    """Recommend a commitment.

    Send the exports, workloads.toml and terms.toml as a multipart form, or all of it as one JSON
    document; a form may hold the bills that the usage is held against. JSON may name a dataset and
    a portfolio that were stored before. A history that cannot carry a number, or does not reprice
    to the bills, is answered too: with a refusal, `status` insufficient_evidence, a do-not-exceed
    amount and what is missing. What is wrong in the documents is said at once (422); what is found
    while the usage is read is said where the answer would be.
    """
    store, mine = the_store(), organisation()
    if body is None:
        settings, named = form_inputs(store, mine, request.form, request.files)
        source: recommending.Source = "files"
    else:
        settings, named = body_inputs(store, mine, body)
        source = "body" if body.dataset is None else "files"
    job = recommending.ask(store, mine, made_id(), settings, named, source=source, now=now())
    return _answer(wait_for(store, job, _seconds_preferred()), made=True)


@route(
    blueprint,
    "GET",
    "/v1/recommendations",
    scope=Scope.READ,
    parameters=PAGE,
    answers=[Answer(200, "A page, newest first.", (RecommendationList,))],
    problems=[422],
)
def list_recommendations() -> RecommendationList:
    """List the recommendations and refusals that were made."""
    page = recommendations.list_recommendations(the_store(), organisation(), wanted_page())
    items = tuple(
        RecommendationSummary(
            id=r.id,
            created_at=r.created_at,
            status=r.status,
            amount_usd=r.amount_usd,
            package_version=r.package_version,
        )
        for r in page.items
    )
    return RecommendationList(items=items, next_cursor=page.next_cursor)


@route(
    blueprint,
    "GET",
    "/v1/recommendations/<identifier>",
    scope=Scope.READ,
    answers=[
        Answer(200, "The answer as it was made.", (Recommendation, Refusal)),
        Answer(202, "It is not made yet.", (JobStatus,)),
    ],
    problems=[410, 422, 500],
)
def read_recommendation(identifier: str) -> Response:
    """Read a recommendation or a refusal.

    Where none could be made, the problem that was found is the answer; a cancelled one is gone
    (410).
    """
    found = recommendations.published_answer(the_store(), organisation(), identifier)
    if found is not None:
        return json_response(found)
    return _answer(queue.read_job(the_store(), organisation(), identifier))


@route(
    blueprint,
    "GET",
    "/v1/recommendations/<identifier>/workbook",
    scope=Scope.READ,
    answers=[Answer(200, "The negotiation workbook.", media_type=XLSX)],
)
def read_workbook(identifier: str) -> Response:
    """Download the negotiation workbook of a recommendation.

    A refusal has none (404).
    """
    return workbook_response(identifier)


def workbook_response(identifier: str) -> Response:
    """Give the caller's workbook as a file to keep.

    Raises
    ------
    UnknownObjectError
        The caller has no recommendation of this id.
    """
    found = recommendations.published_file(the_store(), organisation(), identifier, WORKBOOK)
    if found is None:
        return problem(404, "This result is a refusal; it has no workbook.")
    response = Response(found, content_type=XLSX)
    name = f"negotiation-{identifier[:8]}.xlsx"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@route(
    blueprint,
    "POST",
    "/v1/recommendations/<identifier>/offers",
    scope=Scope.SIZE,
    body=OffersBody,
    answers=[Answer(200, "Every offer on the same paths.", (OfferScores,))],
    problems=[400, 409, 413, 415, 422],
)
def score_offers(identifier: str, body: OffersBody) -> OfferScores:
    """Settle offers on the paths of a recommendation.

    Nothing is kept.
    """
    with recommendations.laid_out(the_store(), organisation(), identifier) as stored:
        return OfferScores(offers=score_stored(stored, body.stated_offers()))


@route(
    blueprint,
    "POST",
    "/v1/recommendations/<identifier>/cancellation",
    scope=Scope.SIZE,
    answers=[
        Answer(200, "It has ended, one way or another.", (JobStatus,)),
        Answer(202, "It ends at its next step.", (JobStatus,)),
    ],
    problems=[409],
)
def cancel_recommendation(identifier: str) -> Response:
    """Cancel a recommendation that is not made yet."""
    job = queue.cancel(the_store(), organisation(), identifier, now=now())
    return json_response(status_of(job), 200 if job.state.is_final else 202)


@route(
    blueprint,
    "DELETE",
    "/v1/recommendations/<identifier>",
    scope=Scope.ADMIN,
    answers=[Answer(204, "Deleted, with what it was made from.")],
    problems=[409],
)
def delete_recommendation(identifier: str) -> Response:
    """Delete a recommendation with what it was made from.

    One that is not made yet has to be cancelled first (409).
    """
    if not queue.read_job(the_store(), organisation(), identifier).state.is_final:
        return problem(409, "It is not made yet; cancel it first.")
    deletion.delete_recommendation(the_store(), organisation(), identifier)
    return Response(status=204)


def _answer(job: Job, *, made: bool = False) -> Response:
    """Give what is known of a job: its result, its problem, or where it is."""
    place = url_for("recommendations.read_recommendation", identifier=job.id)
    if job.state is State.SUCCEEDED:
        found = recommendations.published_answer(the_store(), job.organisation, job.id)
        if found is None:  # deleted since it was made
            raise UnknownObjectError(job.id)
        response = json_response(found, 201 if made else 200)
    elif job.state is State.FAILED and job.failure is not None:
        return problems.respond(job.failure)
    elif job.state is State.CANCELLED:
        return problem(410, "It was cancelled before it was made.")
    else:
        response = json_response(status_of(job), 202)
        response.headers["Retry-After"] = "1"
    if made or response.status_code == 202:
        response.headers["Location"] = place
    if made and (seconds := _seconds_preferred()):
        response.headers["Preference-Applied"] = f"wait={seconds:g}"
    return response


def _seconds_preferred() -> float:
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
