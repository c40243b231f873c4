"""Re-forecasts of signed contracts: asked for once for the same inputs, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from api.store import files, published
from api.store.files import NamedFile
from api.store.opening import Store
from api.store.pages import Page, Wanted
from api.store.schema import jobs, reforecasts
from forecast.records.reforecast import Reforecast

KIND: Final = "reforecast"


@dataclass(frozen=True)
class Published:
    """What lists tell of a re-forecast.

    Attributes
    ----------
    previous
        The re-forecast it is held against; None is the advice that was signed on.
    expect_to_pay_usd
        Of the signed contract, over the term.
    """

    id: str
    created_at: datetime
    contract: str
    as_of: date
    previous: str | None
    expect_to_pay_usd: Decimal
    package_version: str


@dataclass(frozen=True)
class Before:
    """What a re-forecast of some day stands on.

    Attributes
    ----------
    published
        The last re-forecast of an earlier day; None where there is none.
    under_way
        Whether one of an earlier day is being made.
    """

    published: str | None
    under_way: bool


def before(connection: Connection, contract: str, as_of: date) -> Before:
    """Find what a re-forecast of a contract has to be held against."""
    earlier = reforecasts.c.contract_id == contract, reforecasts.c.as_of < as_of
    last = connection.scalar(
        select(reforecasts.c.id)
        .where(*earlier, reforecasts.c.created_at.is_not(None))
        .order_by(reforecasts.c.as_of.desc(), reforecasts.c.created_at.desc())
        .limit(1)
    )
    making = connection.scalar(
        select(reforecasts.c.id)
        .join(jobs, jobs.c.id == reforecasts.c.id)
        .where(*earlier, jobs.c.state.in_(("queued", "running")))
        .limit(1)
    )
    return Before(last, making is not None)


def same_already(connection: Connection, contract: str, fingerprint: str) -> str | None:
    """Give the re-forecast that is, or is being, made from the very same inputs."""
    found: str | None = connection.scalar(
        select(reforecasts.c.id)
        .join(jobs, jobs.c.id == reforecasts.c.id)
        .where(
            reforecasts.c.contract_id == contract,
            reforecasts.c.fingerprint == fingerprint,
            jobs.c.state.in_(("queued", "running", "succeeded")),
        )
        .limit(1)
    )
    return found


def note_asked(
    connection: Connection,
    organisation: str,
    identifier: str,
    *,
    contract: str,
    as_of: date,
    previous: str | None,
    fingerprint: str,
) -> None:
    """Keep what a job was asked to re-forecast."""
    connection.execute(
        insert(reforecasts).values(
            id=identifier,
            organisation_id=organisation,
            contract_id=contract,
            as_of=as_of,
            previous_id=previous,
            fingerprint=fingerprint,
        )
    )


def publish(
    connection: Connection,
    organisation: str,
    identifier: str,
    result: Reforecast,
    named: Sequence[NamedFile],
    *,
    now: datetime,
) -> None:
    """Name the files of a result; they are in the store already."""
    connection.execute(
        update(reforecasts)
        .where(reforecasts.c.organisation_id == organisation, reforecasts.c.id == identifier)
        .values(
            created_at=now,
            expect_to_pay_usd=result.headline.expect_to_pay_usd,
            package_version=result.provenance.package_version,
        )
    )
    files.add(connection, organisation, KIND, identifier, named)


def published_files(store: Store, organisation: str, identifier: str) -> tuple[NamedFile, ...]:
    """Give the files of a re-forecast, the answer first; see `published.result_files`."""
    return published.result_files(store, organisation, KIND, identifier)


def list_reforecasts(
    store: Store, organisation: str, wanted: Wanted, *, contract: str | None = None
) -> Page[Published]:
    """Give the published re-forecasts of an organisation, or of one contract, the newest first."""
    query = select(reforecasts).where(
        reforecasts.c.organisation_id == organisation, reforecasts.c.created_at.is_not(None)
    )
    if contract is not None:
        query = query.where(reforecasts.c.contract_id == contract)
    with store.read() as connection:
        rows = connection.execute(wanted.of(query, reforecasts)).all()
    found = [
        Published(
            row.id,
            row.created_at,
            row.contract_id,
            row.as_of,
            row.previous_id,
            row.expect_to_pay_usd,
            row.package_version,
        )
        for row in rows
    ]
    return wanted.page(found, [(row.created_at, row.id) for row in rows])


def of_contract(connection: Connection, contract: str) -> tuple[str, ...]:
    """Give every re-forecast of a contract, published or not."""
    asked = select(reforecasts.c.id).where(reforecasts.c.contract_id == contract)
    return tuple(connection.scalars(asked))


def forget(connection: Connection, organisation: str, identifier: str) -> None:
    """Delete a re-forecast with what it was made from."""
    files.drop(connection, organisation, KIND, identifier)
    files.drop(connection, organisation, "job", identifier)
    connection.execute(delete(reforecasts).where(reforecasts.c.id == identifier))
