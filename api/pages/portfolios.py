"""Portfolios: the one question for each workload, the contract, and asking for the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response, request

from api import uploads
from api.access import now, organisation, the_store
from api.bodies import RecommendationBody
from api.documents import decode_text, load_portfolio, load_terms
from api.drafts import QUESTION, portfolio_toml, terms_toml
from api.jobs import recommending
from api.pages.answers import AnswerRow, answered, rows_of, rows_typed
from api.pages.chosen_rows import Choice, chosen
from api.pages.serving import go_to, page, show
from api.pages.typed_terms import CHOICES, TermsRow, row_of, row_typed, terms_of
from api.problems import error_document
from api.queries import wanted_page
from api.run import portfolio_document, terms_document
from api.store import datasets, portfolios
from api.store.columns import new_id
from api.store.organisations import Scope
from api.store.pages import MAX_ITEMS, Wanted
from api.store.portfolios import Condition, EditConflictError, StoredPortfolio
from forecast.errors import InputError
from forecast.records.workloads import Archetype, OwnerState

if TYPE_CHECKING:
    from collections.abc import Callable

    from forecast.records.terms import Terms
    from forecast.records.workloads import Portfolio

EXAMPLE_MARK = b"EXAMPLE TIERS"
"""Stands in the comment above terms that nobody has put the vendor's numbers into."""


@page("/portfolios", scope=Scope.READ)
def list_portfolios() -> Response:
    """Show portfolios."""
    listed = portfolios.list_portfolios(the_store(), organisation(), wanted_page())
    return show("portfolios.html", items=listed.items, next_cursor=listed.next_cursor)


@page("/portfolios/<name>", scope=Scope.READ)
def portfolio(name: str) -> Response:
    """Show the one question for each workload, and the contract."""
    return _shown(portfolios.read_portfolio(the_store(), organisation(), name))


@page("/portfolios/<name>/answers", methods=["POST"], scope=Scope.SIZE)
def answer(name: str) -> Response:
    """Keep answers to the one question."""
    rows = rows_typed(request.form)

    def change(inventory: bytes, contract: bytes) -> tuple[bytes, bytes]:
        before = load_portfolio(decode_text(inventory))
        after = answered(before, rows, today=now().date())
        return portfolio_toml(after).encode(), contract

    return _changed(name, change, "questions", rows=rows)


@page("/portfolios/<name>/terms", methods=["POST"], scope=Scope.SIZE)
def state_terms(name: str) -> Response:
    """Keep what the contract states."""
    row = row_typed(request.form)

    def change(inventory: bytes, contract: bytes) -> tuple[bytes, bytes]:
        after = terms_of(row, load_terms(decode_text(contract)))
        return inventory, terms_toml(after).encode()

    return _changed(name, change, "terms", terms_row=row)


@page("/portfolios/<name>/files", methods=["POST"], scope=Scope.SIZE)
def replace_files(name: str) -> Response:
    """Take workloads.toml or terms.toml instead of what is kept."""
    given = {role: f for role, f in request.files.items() if f.filename}

    def change(inventory: bytes, contract: bytes) -> tuple[bytes, bytes]:
        if not given:
            raise InputError("no file was chosen")
        if "workloads" in given:
            file = given["workloads"]
            called = uploads.file_name(file, uploads.WORKLOADS)
            inventory = portfolio_document(file.read(), called).data
        if "terms" in given:
            file = given["terms"]
            contract = terms_document(file.read(), uploads.file_name(file, uploads.TERMS)).data
        return inventory, contract

    return _changed(name, change, "files")


@page("/portfolios/<name>/recommendations", methods=["POST"], scope=Scope.SIZE)
def recommend(name: str) -> Response:
    """Ask for a recommendation from an upload and this portfolio."""
    store, mine = the_store(), organisation()
    found = portfolios.read_portfolio(store, mine, name)
    try:
        datasets.read_dataset(store, mine, request.form.get("dataset", ""))
        body = RecommendationBody(dataset=request.form["dataset"], portfolio=name)
        settings, named = uploads.body_inputs(store, mine, body)
    except InputError as error:
        return _shown(found, problem=error_document(error, request.path), status=422)
    job = recommending.ask(store, mine, new_id(), settings, named, source="files", now=now())
    return go_to("pages.recommendation", identifier=job.id)


@page("/portfolios/<name>/deletion", methods=["POST"], scope=Scope.SIZE)
def delete_portfolio(name: str) -> Response:
    """Delete a portfolio."""
    condition = Condition(is_one_of=(request.form.get("etag", ""),))
    portfolios.delete_portfolio(the_store(), organisation(), name, condition)
    return go_to("pages.list_portfolios")


def _changed(
    name: str,
    change: Callable[[bytes, bytes], tuple[bytes, bytes]],
    anchor: str,
    **typed: Any,
) -> Response:
    """Replace a portfolio's documents; what was typed is shown again where it cannot be used."""
    store, mine = the_store(), organisation()
    found = portfolios.read_portfolio(store, mine, name)
    try:
        inventory, contract = change(*portfolios.portfolio_documents(store, mine, found))
        portfolios.put_portfolio(
            store,
            mine,
            name,
            workloads_toml=inventory,
            terms_toml=contract,
            condition=Condition(is_one_of=(request.form.get("etag", ""),)),
            now=now(),
        )
    except EditConflictError:
        problem = {
            "title": "Somebody else has changed this portfolio",
            "detail": "Nothing of yours was kept. What you typed stands below, beside what the "
            "others have kept; look at it and save again.",
        }
        return _shown(found, problem=problem, status=412, **typed)
    except InputError as error:
        return _shown(found, problem=error_document(error, request.path), status=422, **typed)
    # Of the unanswered, those that were answered just now are gone: the next ones come first.
    asked = Choice.of(request.args)
    where = asked.query(page=1 if asked.unanswered else None)
    return go_to("pages.portfolio", name=name, kept=anchor, _anchor=anchor, **where)


def _shown(
    found: StoredPortfolio,
    *,
    rows: tuple[AnswerRow, ...] | None = None,
    terms_row: TermsRow | None = None,
    problem: dict[str, Any] | None = None,
    status: int = 200,
) -> Response:
    store, mine = the_store(), organisation()
    inventory, contract = portfolios.portfolio_documents(store, mine, found)
    workloads: Portfolio = load_portfolio(decode_text(inventory))
    terms: Terms = load_terms(decode_text(contract))
    kept = rows_of(workloads)
    page_of = chosen(kept, Choice.of(request.args))
    return show(
        "portfolio.html",
        status=status,
        portfolio=found,
        workloads=workloads,
        terms=terms,
        rows=rows or page_of.rows,
        chosen=page_of,
        n_open=sum(not row.needed for row in kept),
        terms_row=terms_row or row_of(terms),
        has_example_tiers=EXAMPLE_MARK in contract,
        question=" ".join(QUESTION.split()),
        choices=CHOICES,
        archetypes=[a.value for a in Archetype],
        owner_states=[s.value for s in OwnerState],
        datasets=datasets.list_datasets(store, mine, Wanted(n_items=MAX_ITEMS)).items,
        chosen_dataset=request.args.get("dataset", ""),
        kept=request.args.get("kept", ""),
        problem=problem,
    )
