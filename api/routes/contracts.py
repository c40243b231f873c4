"""Contracts: what was signed on a recommendation, and what departing from the advice costs."""

from __future__ import annotations

from flask import Blueprint, Response, url_for

from api.access import now, organisation, the_store
from api.operations import Answer, json_response, route
from api.quarter_bodies import ContractBody, ContractList, ContractRecord, ContractSummary
from api.queries import PAGE, wanted_page
from api.repeated_requests import made_id
from api.signing import sign_and_keep
from api.store import contracts, deletion
from api.store.organisations import Scope

blueprint = Blueprint("contracts", __name__)

_LOCATION = (("Location", "Where the contract is kept."),)


@route(
    blueprint,
    "POST",
    "/v1/contracts",
    scope=Scope.SIZE,
    body=ContractBody,
    answers=[
        Answer(201, "The contract, kept under Location.", (ContractRecord,), headers=_LOCATION),
        Answer(200, "It was kept before, under Location.", (ContractRecord,), headers=_LOCATION),
    ],
    problems=[400, 409, 413, 415, 422, 507],
)
def create_contract(body: ContractBody) -> Response:
    """Keep a contract that was signed.

    Advice and contract are settled on the same scenarios, those of the recommendation; the files of
    the advice are kept with the contract, for its first re-forecast. A contract is never changed:
    an amendment is a contract of its own.
    """
    identifier, is_new = sign_and_keep(the_store(), organisation(), made_id(), body, now=now())
    response = json_response(read_contract(identifier), 201 if is_new else 200)
    response.headers["Location"] = url_for(".show_contract", identifier=identifier)
    return response


@route(
    blueprint,
    "GET",
    "/v1/contracts",
    scope=Scope.READ,
    parameters=PAGE,
    answers=[Answer(200, "A page, newest first.", (ContractList,))],
    problems=[422],
)
def list_contracts() -> ContractList:
    """List signed contracts."""
    page = contracts.list_contracts(the_store(), organisation(), wanted_page())
    items = tuple(
        ContractSummary(
            id=c.id,
            created_at=c.created_at,
            name=c.name,
            recommendation=c.recommendation,
            term_start=c.term_start,
            term_months=c.term_months,
            commitment_usd=c.commitment_usd,
        )
        for c in page.items
    )
    return ContractList(items=items, next_cursor=page.next_cursor)


@route(
    blueprint,
    "GET",
    "/v1/contracts/<identifier>",
    scope=Scope.READ,
    answers=[Answer(200, "The contract.", (ContractRecord,))],
)
def show_contract(identifier: str) -> ContractRecord:
    """Read a signed contract."""
    return read_contract(identifier)


def read_contract(identifier: str) -> ContractRecord:
    """Give a contract of the caller's.

    Raises
    ------
    UnknownObjectError
    """
    store, mine = the_store(), organisation()
    found = contracts.read_contract(store, mine, identifier)
    return ContractRecord(
        id=found.id,
        created_at=found.created_at,
        recommendation=found.recommendation,
        contract=contracts.signed_contract(store, mine, identifier),
    )


@route(
    blueprint,
    "DELETE",
    "/v1/contracts/<identifier>",
    scope=Scope.ADMIN,
    answers=[Answer(204, "Deleted, with every re-forecast of it.")],
)
def delete_contract(identifier: str) -> Response:
    """Delete a contract with every re-forecast of it.

    One that is being made is given up.
    """
    deletion.delete_contract(the_store(), organisation(), identifier)
    return Response(status=204)
