"""Portfolios: an inventory and the terms, under a name that its owner chose."""

from __future__ import annotations

from flask import Blueprint, Response, url_for

from api.access import now, organisation, the_store
from api.bodies import PortfolioBody, PortfolioList, PortfolioRecord, PortfolioSummary
from api.documents import decode_text, load_portfolio, load_terms
from api.drafts import portfolio_toml, terms_toml
from api.operations import Answer, json_response, route
from api.queries import IF_MATCH, IF_NONE_MATCH, PAGE, stated_condition, wanted_page, with_etag
from api.store import portfolios
from api.store.organisations import Scope
from api.store.portfolios import StoredPortfolio

blueprint = Blueprint("portfolios", __name__)

_ETAG = (("ETag", "The state of the portfolio, for If-Match."),)


@route(
    blueprint,
    "PUT",
    "/v1/portfolios/<name>",
    scope=Scope.SIZE,
    body=PortfolioBody,
    parameters=[IF_MATCH, IF_NONE_MATCH],
    answers=[
        Answer(200, "Replaced.", (PortfolioRecord,), headers=_ETAG),
        Answer(
            201,
            "Made.",
            (PortfolioRecord,),
            headers=(*_ETAG, ("Location", "Where it is kept.")),
        ),
    ],
    problems=[400, 412, 413, 415, 422, 428, 507],
)
def put_portfolio(name: str, body: PortfolioBody) -> Response:
    """Make or replace a portfolio.

    Replacing one needs If-Match with the ETag that was read, so that nobody's edit is lost.
    """
    found, is_new = portfolios.put_portfolio(
        the_store(),
        organisation(),
        name,
        workloads_toml=portfolio_toml(body.workloads).encode(),
        terms_toml=terms_toml(body.terms).encode(),
        condition=stated_condition(),
        now=now(),
    )
    response = with_etag(json_response(_record(found), 201 if is_new else 200), found.etag)
    if is_new:
        response.headers["Location"] = url_for(".read_portfolio", name=name)
    return response


@route(
    blueprint,
    "GET",
    "/v1/portfolios",
    scope=Scope.READ,
    parameters=PAGE,
    answers=[Answer(200, "A page, newest first.", (PortfolioList,))],
    problems=[422],
)
def list_portfolios() -> PortfolioList:
    """List portfolios."""
    page = portfolios.list_portfolios(the_store(), organisation(), wanted_page())
    items = tuple(
        PortfolioSummary(name=p.name, etag=p.etag, created_at=p.created_at, updated_at=p.updated_at)
        for p in page.items
    )
    return PortfolioList(items=items, next_cursor=page.next_cursor)


@route(
    blueprint,
    "GET",
    "/v1/portfolios/<name>",
    scope=Scope.READ,
    answers=[Answer(200, "The portfolio.", (PortfolioRecord,), headers=_ETAG)],
)
def read_portfolio(name: str) -> Response:
    """Read a portfolio."""
    found = portfolios.read_portfolio(the_store(), organisation(), name)
    return with_etag(json_response(_record(found)), found.etag)


@route(
    blueprint,
    "DELETE",
    "/v1/portfolios/<name>",
    scope=Scope.SIZE,
    parameters=[IF_MATCH],
    answers=[Answer(204, "Deleted.")],
    problems=[412, 422, 428],
)
def delete_portfolio(name: str) -> Response:
    """Delete a portfolio; needs If-Match, as replacing it does."""
    portfolios.delete_portfolio(the_store(), organisation(), name, stated_condition())
    return Response(status=204)


def _record(found: StoredPortfolio) -> PortfolioRecord:
    inventory, contract = portfolios.portfolio_documents(the_store(), organisation(), found)
    return PortfolioRecord(
        name=found.name,
        created_at=found.created_at,
        updated_at=found.updated_at,
        workloads=load_portfolio(decode_text(inventory)),
        terms=load_terms(decode_text(contract)),
    )
