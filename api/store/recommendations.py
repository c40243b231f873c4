"""Recommendations: what a job published, never changed afterwards."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from api.results import ANSWER, WORKBOOK, StoredResult, read_result
from api.store import files, published
from api.store.artifacts import copy_verified
from api.store.errors import DamagedArtifactError
from api.store.files import NamedFile
from api.store.opening import Store
from api.store.pages import Page, Wanted
from api.store.schema import recommendations
from forecast.errors import InputError
from forecast.records.recommendation import Recommendation, Refusal

KIND: Final = "recommendation"


@dataclass(frozen=True)
class Published:
    """What lists tell of a recommendation or a refusal.

    Attributes
    ----------
    amount_usd
        What to sign for, or what not to exceed.
    """

    id: str
    created_at: datetime
    status: str
    amount_usd: Decimal
    package_version: str


def publish(
    connection: Connection,
    organisation: str,
    identifier: str,
    result: Recommendation | Refusal,
    named: Sequence[NamedFile],
    *,
    now: datetime,
) -> None:
    """Name the files of a result; they are in the store already."""
    connection.execute(
        insert(recommendations).values(
            id=identifier,
            organisation_id=organisation,
            created_at=now,
            status=result.status,
            amount_usd=_amount(result),
            package_version=result.provenance.package_version,
        )
    )
    files.add(connection, organisation, KIND, identifier, named)


def _amount(result: Recommendation | Refusal) -> Decimal:
    if isinstance(result, Refusal):
        return result.do_not_exceed_usd
    return result.headline.sign_for_usd


def published_files(store: Store, organisation: str, identifier: str) -> tuple[NamedFile, ...]:
    """Give the files of a recommendation, the answer first; see `published.result_files`."""
    return published.result_files(store, organisation, KIND, identifier)


def published_file(store: Store, organisation: str, identifier: str, name: str) -> bytes | None:
    """Read one file of a recommendation; see `published.result_file`."""
    return published.result_file(store, organisation, KIND, identifier, name)


def published_answer(store: Store, organisation: str, identifier: str) -> bytes | None:
    """Read the answer of a recommendation; see `published.answer`."""
    return published.answer(store, organisation, KIND, identifier, ANSWER)


@contextmanager
def laid_out(store: Store, organisation: str, identifier: str) -> Iterator[StoredResult]:
    """Lay a result out as the command line writes it, and read it, until the block ends.

    The workbook is left out: it is the largest file, and nothing is computed from it.

    Raises
    ------
    UnknownObjectError
        The organisation has published none of this id.
    DamagedArtifactError
        A file of it is absent or was changed.
    """
    found = published_files(store, organisation, identifier)
    with tempfile.TemporaryDirectory(prefix="commitment-") as place:
        for file in (f for f in found if f.name != WORKBOOK):
            copy_verified(store.artifacts, organisation, file.kept.sha256, Path(place) / file.name)
        try:
            stored = read_result(Path(place) / ANSWER)
        except InputError as error:
            raise DamagedArtifactError(f"{identifier}: {error}") from error
        yield stored


def list_recommendations(store: Store, organisation: str, wanted: Wanted) -> Page[Published]:
    """Give the recommendations of an organisation, the newest first."""
    query = select(recommendations).where(recommendations.c.organisation_id == organisation)
    with store.read() as connection:
        rows = connection.execute(wanted.of(query, recommendations)).all()
    found = [
        Published(row.id, row.created_at, row.status, row.amount_usd, row.package_version)
        for row in rows
    ]
    return wanted.page(found, [(row.created_at, row.id) for row in rows])


def forget(connection: Connection, organisation: str, identifier: str) -> None:
    """Delete a recommendation with what it was made from."""
    files.drop(connection, organisation, KIND, identifier)
    files.drop(connection, organisation, "job", identifier)
    connection.execute(delete(recommendations).where(recommendations.c.id == identifier))
