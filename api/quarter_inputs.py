"""What a re-forecast that is asked for over HTTP is made from."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date

from api.balance_file import COLUMNS, REMAINING
from api.drafts import portfolio_toml
from api.jobs.reforecasting import EARLIER, Quarter, in_role
from api.quarter_bodies import ReforecastBody
from api.quarterly import last_quarter_end
from api.store import contracts, datasets, reforecasts
from api.store.artifacts import put_bytes
from api.store.errors import UnknownObjectError
from api.store.files import NamedFile
from api.store.opening import Store
from api.store.portfolios import portfolio_documents, read_portfolio
from api.uploads import WORKLOADS, pointed_at
from api.validation import DocumentError, Fault
from forecast.errors import InputError
from forecast.records.reforecast import BalanceLine

BALANCE = "balance.csv"


def quarter_asked(store: Store, organisation: str, body: ReforecastBody, *, today: date) -> Quarter:
    """Find what a request names, and keep what it brings.

    Raises
    ------
    DocumentError
        It names what is not there, or a day before the end of the first quarter.
    """
    body.check_sources()
    with pointed_at("contract", "no contract of yours has this id"):
        contract = contracts.signed_contract(store, organisation, body.contract)
    try:
        as_of = body.as_of or last_quarter_end(contract.terms, today)
    except InputError as error:
        raise DocumentError([Fault(("as_of",), error.problem)]) from None
    named = _exports(store, organisation, body.datasets)
    if body.balance:
        data = _balance_csv(body.balance)
        named.append(NamedFile("balance", BALANCE, put_bytes(store.artifacts, organisation, data)))
    if (inventory := _inventory(store, organisation, body)) is not None:
        kept = put_bytes(store.artifacts, organisation, inventory)
        named.append(NamedFile("workloads", WORKLOADS, kept))
    if body.earlier is not None:
        with pointed_at("earlier", "no re-forecast of yours has this id"):
            found = reforecasts.published_files(store, organisation, body.earlier)
        named += in_role(EARLIER, found)
    return Quarter(body.contract, as_of, named)


def _exports(store: Store, organisation: str, identifiers: Sequence[str]) -> list[NamedFile]:
    """Give the usage of datasets; their bills are for recommendations."""
    named = []
    faults = []
    for i, identifier in enumerate(identifiers):
        try:
            found = datasets.read_dataset(store, organisation, identifier)
        except UnknownObjectError:
            faults.append(Fault(("datasets", i), "no dataset of yours has this id"))
        else:
            named += [file for file in found.files if file.role == "usage"]
    if faults:
        raise DocumentError(faults)
    return named


def _inventory(store: Store, organisation: str, body: ReforecastBody) -> bytes | None:
    if body.workloads is not None:
        return portfolio_toml(body.workloads).encode()
    if body.portfolio is None:
        return None
    with pointed_at("portfolio", "no portfolio of yours has this name"):
        found = read_portfolio(store, organisation, body.portfolio)
    return portfolio_documents(store, organisation, found)[0]


def _balance_csv(lines: Sequence[BalanceLine]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    columns = (*COLUMNS, REMAINING)
    writer.writerow(columns)
    for line in lines:
        writer.writerow(getattr(line, column) for column in columns)
    return text.getvalue().encode()
