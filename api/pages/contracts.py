"""Contracts on the pages: what was signed on a decision, and its re-forecasts over the term."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response, request

from api.access import now, organisation, the_store
from api.charts import quarter_charts
from api.documents import OfferDocument, decode_text, parse_toml
from api.jobs import reforecasting
from api.jobs.reforecasting import EarlierUnderWayError
from api.pages.decided import decided
from api.pages.serving import go_to, page, show
from api.pages.typed_numbers import typed_number
from api.problems import error_document
from api.quarter_bodies import ContractBody, ReforecastBody
from api.quarter_inputs import quarter_asked
from api.queries import wanted_page
from api.signing import sign_and_keep
from api.store import contracts, datasets, deletion, reforecasts
from api.store.columns import new_id
from api.store.organisations import Scope
from api.store.pages import MAX_ITEMS, Wanted
from api.uploads import file_name
from api.validation import DocumentError, Fault, validate
from forecast.errors import InputError
from forecast.records.contract import Signature
from forecast.records.recommendation import Recommendation

if TYPE_CHECKING:
    from api.store.contracts import StoredContract

EXECUTED = "executed.toml"


@page("/contracts", scope=Scope.READ)
def list_contracts() -> Response:
    """Show signed contracts."""
    listed = contracts.list_contracts(the_store(), organisation(), wanted_page())
    return show("contracts.html", items=listed.items, next_cursor=listed.next_cursor)


@page("/contracts/<identifier>", scope=Scope.READ)
def one_contract(identifier: str) -> Response:
    """Show what was signed beside what was advised, and the quarters since."""
    return _shown(contracts.read_contract(the_store(), organisation(), identifier))


@page("/contracts/<identifier>/reforecasts", methods=["POST"], scope=Scope.SIZE)
def ask_reforecast(identifier: str) -> Response:
    """Ask for the re-forecast of a quarter."""
    store, mine = the_store(), organisation()
    found = contracts.read_contract(store, mine, identifier)
    try:
        asked = {"contract": identifier, "datasets": request.form.getlist("dataset")}
        if day := request.form.get("as_of", ""):
            asked["as_of"] = day
        quarter = quarter_asked(store, mine, validate(ReforecastBody, asked), today=now().date())
        job, _ = reforecasting.ask(store, mine, new_id(), quarter, now=now())
    except EarlierUnderWayError:
        problem = {
            "title": "A re-forecast of an earlier quarter is being made",
            "detail": "This one stands on it; ask again when it is done.",
        }
        return _shown(found, problem=problem, status=409)
    except InputError as error:
        return _shown(found, problem=error_document(error, request.path), status=422)
    return go_to("pages.reforecast", identifier=job.id)


@page("/contracts/<identifier>/deletion", methods=["POST"], scope=Scope.ADMIN)
def delete_contract(identifier: str) -> Response:
    """Delete a contract with every re-forecast of it."""
    deletion.delete_contract(the_store(), organisation(), identifier)
    return go_to("pages.list_contracts")


@page("/recommendations/<identifier>/contract", scope=Scope.SIZE)
def contract_to_sign(identifier: str) -> Response:
    """Ask what was signed on a decision."""
    return _to_sign(decided(identifier)[0], identifier)


@page("/recommendations/<identifier>/contract", methods=["POST"], scope=Scope.SIZE)
def sign(identifier: str) -> Response:
    """Keep what was signed on a decision."""
    store, mine = the_store(), organisation()
    advised, _ = decided(identifier)
    try:
        body = ContractBody(
            recommendation=identifier, executed=_executed(advised), signature=_signature()
        )
        kept, _ = sign_and_keep(store, mine, new_id(), body, now=now())
    except InputError as error:
        problem = error_document(error, request.path)
        return _to_sign(advised, identifier, problem=problem, status=422)
    return go_to("pages.one_contract", identifier=kept)


def _executed(advised: Recommendation) -> OfferDocument:
    """Read the executed terms: a file, or the terms of the decision with another amount."""
    file = request.files.get("executed")
    if file is not None and file.filename:
        name = file_name(file, EXECUTED)
        document = parse_toml(decode_text(file.read(), file=name), file=name)
        document.pop("signature", None)
        return validate(OfferDocument, document, name)
    faults: list[Fault] = []
    amount = typed_number(request.form.get("commitment_usd", ""), ("commitment",), faults)
    if faults:
        raise DocumentError(faults)
    return OfferDocument.model_validate({**dict(advised.terms), "commitment_usd": amount})


def _signature() -> Signature:
    typed = {name: request.form.get(name, "").strip() for name in Signature.model_fields}
    return validate(Signature, typed, at=("signature",))


def _to_sign(
    advised: Recommendation,
    identifier: str,
    *,
    problem: dict[str, Any] | None = None,
    status: int = 200,
) -> Response:
    ours = f"{advised.commitment.recommended_usd:f}"
    names = ("commitment_usd", *Signature.model_fields)
    typed = {name: request.form.get(name, "") for name in names}
    return show(
        "signing.html",
        status=status,
        id=identifier,
        result=advised,
        typed=typed | {"commitment_usd": typed["commitment_usd"] or ours},
        problem=problem,
    )


def _shown(
    found: StoredContract, *, problem: dict[str, Any] | None = None, status: int = 200
) -> Response:
    store, mine = the_store(), organisation()
    quarters = reforecasts.list_reforecasts(
        store, mine, Wanted(n_items=MAX_ITEMS), contract=found.id
    ).items
    landed = [(quarter.as_of, quarter.expect_to_pay_usd) for quarter in reversed(quarters)]
    return show(
        "contract.html",
        status=status,
        stored=found,
        contract=contracts.signed_contract(store, mine, found.id),
        quarters=quarters,
        chart=quarter_charts.landings(landed),
        datasets=datasets.list_datasets(store, mine, Wanted(n_items=MAX_ITEMS)).items,
        problem=problem,
    )
