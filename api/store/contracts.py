"""Signed contracts: kept with the advice they were signed on, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select

from api.store import files
from api.store.artifacts import read_verified
from api.store.errors import UnknownObjectError
from api.store.files import NamedFile
from api.store.opening import Store
from api.store.pages import Page, Wanted
from api.store.schema import contracts
from forecast.records.contract import SignedContract

KIND: Final = "contract"

CONTRACT, EXECUTED, ADVICE = "contract", "executed", "advice"
"""Roles: contract.json, the terms as they were sent, and the files of the recommendation."""


@dataclass(frozen=True)
class StoredContract:
    """What lists tell of a contract.

    Attributes
    ----------
    recommendation
        The advice it was signed on; it may have been deleted since.
    """

    id: str
    created_at: datetime
    name: str
    recommendation: str
    term_start: date
    term_months: int
    commitment_usd: Decimal


def add_contract(
    store: Store,
    organisation: str,
    identifier: str,
    recommendation: str,
    contract: SignedContract,
    named: Sequence[NamedFile],
    *,
    now: datetime,
) -> tuple[StoredContract, bool]:
    """Keep a contract, and tell whether it is new; the same one again is given as it is.

    Parameters
    ----------
    named
        Its files; `CONTRACT` is the role of the contract itself.
    """
    sha256 = next(file.kept.sha256 for file in named if file.role == CONTRACT)
    with store.write() as connection:
        same = connection.execute(
            select(contracts).where(
                contracts.c.organisation_id == organisation, contracts.c.sha256 == sha256
            )
        ).one_or_none()
        if same is not None:
            return _stored(same), same.id == identifier
        connection.execute(
            insert(contracts).values(
                id=identifier,
                organisation_id=organisation,
                created_at=now,
                name=contract.terms.name,
                sha256=sha256,
                recommendation_id=recommendation,
                term_start=contract.terms.term_start,
                term_months=contract.terms.term_months,
                commitment_usd=contract.commitment_usd,
            )
        )
        files.add(connection, organisation, KIND, identifier, named)
    return read_contract(store, organisation, identifier), True


def read_contract(store: Store, organisation: str, identifier: str) -> StoredContract:
    """Give what is known of a contract.

    Raises
    ------
    UnknownObjectError
        The organisation has none of this id.
    """
    with store.read() as connection:
        return _stored(_row(connection, organisation, identifier))


def contract_files(store: Store, organisation: str, identifier: str) -> tuple[NamedFile, ...]:
    """Give the files of a contract; see `read_contract`."""
    with store.read() as connection:
        _row(connection, organisation, identifier)
        return files.of(connection, organisation, KIND, identifier)


def signed_contract(store: Store, organisation: str, identifier: str) -> SignedContract:
    """Read a contract as it was signed; see `read_contract`."""
    named = contract_files(store, organisation, identifier)
    sha256 = next(file.kept.sha256 for file in named if file.role == CONTRACT)
    data = read_verified(store.artifacts, organisation, sha256)
    return SignedContract.model_validate_json(data, strict=True)


def list_contracts(store: Store, organisation: str, wanted: Wanted) -> Page[StoredContract]:
    """Give the contracts of an organisation, the newest first."""
    query = select(contracts).where(contracts.c.organisation_id == organisation)
    with store.read() as connection:
        rows = connection.execute(wanted.of(query, contracts)).all()
    return wanted.page([_stored(row) for row in rows], [(row.created_at, row.id) for row in rows])


def lock_contract(connection: Connection, organisation: str, identifier: str) -> None:
    """Let nobody else ask for a re-forecast of a contract, or delete it, in the meantime.

    Raises
    ------
    UnknownObjectError
        The organisation has none of this id.
    """
    _row(connection, organisation, identifier, lock=True)


def forget(connection: Connection, organisation: str, identifier: str) -> None:
    """Delete a contract; its re-forecasts are gone already."""
    files.drop(connection, organisation, KIND, identifier)
    connection.execute(
        delete(contracts).where(
            contracts.c.organisation_id == organisation, contracts.c.id == identifier
        )
    )


def _row(
    connection: Connection, organisation: str, identifier: str, *, lock: bool = False
) -> Row[Any]:
    query = select(contracts).where(
        contracts.c.organisation_id == organisation, contracts.c.id == identifier
    )
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise UnknownObjectError(identifier)
    return row


def _stored(row: Row[Any]) -> StoredContract:
    return StoredContract(
        row.id,
        row.created_at,
        row.name,
        row.recommendation_id,
        row.term_start,
        row.term_months,
        row.commitment_usd,
    )
