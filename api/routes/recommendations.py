"""Recommendations: made from usage, kept, read, and held against offers."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, request, url_for

from api.bodies import OffersBody, OfferScores, RecommendationBody
from api.offers import score_stored
from api.operations import Answer, json_response, route
from api.problems import problem
from api.results import ANSWER, WORKBOOK, StoredResult, answer_json
from api.run import recommend_into
from api.store import Store
from api.uploads import (
    FORM,
    body_documents,
    body_settings,
    form_documents,
    form_settings,
    laid_down,
    pointing_into_body,
    rows_laid_down,
)
from forecast.records.recommendation import Recommendation, Refusal

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

blueprint = Blueprint("recommendations", __name__)


def _store() -> Store:
    store: Store = current_app.extensions["store"]
    return store


@route(
    blueprint,
    "POST",
    "/v1/recommendations",
    body=RecommendationBody,
    form=FORM,
    answers=[
        Answer(
            201,
            "The answer, kept under Location. Its `status` tells whether it is a recommendation "
            "or a refusal with a safe amount (insufficient_evidence).",
            (Recommendation, Refusal),
            headers=(("Location", "Where the answer is kept."),),
        )
    ],
    problems=[400, 413, 415, 422],
)
def create_recommendation(body: RecommendationBody | None) -> Response:
    """Recommend a commitment.

    Send the exports, workloads.toml and terms.toml as a multipart form, or all of it as one JSON
    document; a form may hold the bills that the usage is held against. A history that cannot carry
    a number, or does not reprice to the bills, is answered with 201 as well: the body is then a
    refusal with `status` insufficient_evidence, a do-not-exceed amount and what is missing.
    """
    identifier = _store().new_id()
    stored = _from_form(identifier) if body is None else _from_body(body, identifier)
    response = json_response(answer_json(stored.result), 201)
    response.headers["Location"] = url_for(".read_recommendation", identifier=identifier)
    return response


def _from_form(identifier: str) -> StoredResult:
    settings = form_settings(request.form)
    uploads, portfolio, terms = form_documents(request.files)
    bills = request.files.getlist("invoice")
    with laid_down(uploads) as paths, laid_down(bills, unnamed="invoice") as invoices:
        place = _store().place(identifier)
        stored, _ = recommend_into(place, paths, portfolio, terms, settings, invoices=invoices)
    return stored


def _from_body(body: RecommendationBody, identifier: str) -> StoredResult:
    portfolio, terms = body_documents(body)
    settings = body_settings(body)
    with rows_laid_down(body.usage) as path, pointing_into_body():
        place = _store().place(identifier)
        stored, _ = recommend_into(
            place, [path], portfolio, terms, settings, format_name="canonical"
        )
    return stored


@route(
    blueprint,
    "GET",
    "/v1/recommendations/<identifier>",
    answers=[Answer(200, "The answer as it was made.", (Recommendation, Refusal))],
    problems=[404],
)
def read_recommendation(identifier: str) -> Response:
    """Read a recommendation or a refusal."""
    found = _store().file(identifier, ANSWER)
    assert found is not None, "every kept result has an answer"
    return json_response(found.decode())


@route(
    blueprint,
    "GET",
    "/v1/recommendations/<identifier>/workbook",
    answers=[Answer(200, "The negotiation workbook.", media_type=XLSX)],
    problems=[404],
)
def read_workbook(identifier: str) -> Response:
    """Download the negotiation workbook of a recommendation.

    A refusal has none (404).
    """
    found = _store().file(identifier, WORKBOOK)
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
    body=OffersBody,
    answers=[Answer(200, "Every offer on the same paths.", (OfferScores,))],
    problems=[400, 404, 413, 415, 422],
)
def score_offers(identifier: str, body: OffersBody) -> OfferScores:
    """Settle offers on the paths of a recommendation.

    Nothing is kept.
    """
    return OfferScores(offers=score_stored(_store().read(identifier), body.stated_offers()))
