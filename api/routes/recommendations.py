"""Recommendations: made from usage by a job, kept, read, and held against offers."""

from __future__ import annotations

from flask import Blueprint, Response, request

from api.access import now, organisation, the_store
from api.bodies import (
    JobStatus,
    OffersBody,
    OfferScores,
    RecommendationBody,
    RecommendationList,
    RecommendationSummary,
)
from api.job_answers import (
    ACCEPTED,
    CANCELLATION,
    LOCATION,
    PREFER,
    answer_about,
    cancelled,
    seconds_preferred,
)
from api.jobs import queue, recommending
from api.operations import Answer, json_response, route
from api.problems import problem
from api.queries import PAGE, wanted_page
from api.repeated_requests import made_id
from api.results import WORKBOOK
from api.routes.events import wait_for
from api.store import deletion, recommendations
from api.store.offer_paths import offer_paths
from api.store.organisations import Scope
from api.uploads import FORM, body_inputs, form_inputs
from forecast.records.recommendation import Recommendation, Refusal

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

blueprint = Blueprint("recommendations", __name__)


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
            headers=(LOCATION,),
        ),
        ACCEPTED,
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
    job = wait_for(store, job, seconds_preferred())
    return answer_about(job, lambda: _published(job.id), status=201)


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
    found = _published(identifier)
    if found is not None:
        return json_response(found)
    job = queue.read_job(the_store(), organisation(), identifier, kind=recommendations.KIND)
    return answer_about(job, lambda: _published(identifier))


def _published(identifier: str) -> bytes | None:
    return recommendations.published_answer(the_store(), organisation(), identifier)


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
    paths = offer_paths(the_store(), organisation(), identifier)
    return OfferScores(offers=paths.score(body.stated_offers()))


@route(
    blueprint,
    "POST",
    "/v1/recommendations/<identifier>/cancellation",
    scope=Scope.SIZE,
    answers=CANCELLATION,
    problems=[409],
)
def cancel_recommendation(identifier: str) -> Response:
    """Cancel a recommendation that is not made yet."""
    kind = recommendations.KIND
    return cancelled(queue.cancel(the_store(), organisation(), identifier, now=now(), kind=kind))


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
    store, mine, kind = the_store(), organisation(), recommendations.KIND
    if not queue.read_job(store, mine, identifier, kind=kind).state.is_final:
        return problem(409, "It is not made yet; cancel it first.")
    deletion.delete_result(store, mine, identifier)
    return Response(status=204)
