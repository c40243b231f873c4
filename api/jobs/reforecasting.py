"""The job behind POST /v1/reforecasts: from a signed contract and new exports to its quarter.

What a re-forecast is held against is settled when it is asked for: the last one of an earlier day,
or else the advice that was signed on. All of it is among the inputs of the job, so that deleting
one result never changes how another is made.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from api.jobs import queue
from api.jobs.inputs import kept_result, laid_down
from api.jobs.progress import bars
from api.jobs.queue import Claim, Job, State
from api.reforecasts import REFORECAST, QuarterFiles, StoredReforecast, reforecast_into
from api.results import ANSWER
from api.run import Tell, portfolio_document
from api.store import contracts, files, reforecasts
from api.store.files import NamedFile
from api.store.opening import Store
from forecast import __version__

KIND: Final = reforecasts.KIND

PREVIOUS, EARLIER = "previous", "earlier"
"""Roles of the files of the last forecast, and of the last one of the contract before."""

_SPANS = [(0.0, 0.15), (0.15, 1.0)]
"""Reading usage and re-forecasting, as shares of the time of a small buyer's first quarter."""


class EarlierUnderWayError(RuntimeError):
    """A re-forecast of an earlier day is being made, which this one has to stand on (409)."""


@dataclass(frozen=True)
class Quarter:
    """What is to be re-forecast.

    Attributes
    ----------
    named
        Usage, and where there are any: a balance, an inventory, the files of the last re-forecast
        of an earlier contract.
    """

    contract: str
    as_of: date
    named: Sequence[NamedFile]


def ask(
    store: Store, organisation: str, identifier: str, quarter: Quarter, *, now: datetime
) -> tuple[Job, bool]:
    """Put a re-forecast into the queue, and tell whether it is new.

    One that was asked for with the very same inputs is given as it is.

    Raises
    ------
    UnknownObjectError
        The organisation has no such contract.
    EarlierUnderWayError, QueueFullError
    """
    told = {"contract": quarter.contract, "as_of": quarter.as_of.isoformat()}
    with store.write() as connection:
        contracts.lock_contract(connection, organisation, quarter.contract)
        before = reforecasts.before(connection, quarter.contract, quarter.as_of)
        if before.under_way:
            raise EarlierUnderWayError
        named = [
            *_standing_on(connection, organisation, quarter.contract, before.published),
            *quarter.named,
        ]
        fingerprint = _fingerprint(quarter.as_of, named)
        same = reforecasts.same_already(connection, quarter.contract, fingerprint)
        if same is None and queue.enqueue(
            connection, organisation, identifier, KIND, told, now=now
        ):
            files.add(connection, organisation, "job", identifier, named)
            reforecasts.note_asked(
                connection,
                organisation,
                identifier,
                contract=quarter.contract,
                as_of=quarter.as_of,
                previous=before.published,
                fingerprint=fingerprint,
            )
    is_new = same is None or same == identifier
    return queue.read_job(store, organisation, same or identifier), is_new


def _standing_on(
    connection: Connection, organisation: str, contract: str, previous: str | None
) -> list[NamedFile]:
    """Give the contract, and the files of the forecast that it is held against."""
    of_contract = files.of(connection, organisation, contracts.KIND, contract)
    signed = [file for file in of_contract if file.role == contracts.CONTRACT]
    if previous is None:
        before = [file for file in of_contract if file.role == contracts.ADVICE]
    else:
        before = list(files.of(connection, organisation, KIND, previous))
    return [*signed, *in_role(PREVIOUS, before)]


def in_role(role: str, named: Sequence[NamedFile]) -> list[NamedFile]:
    """Give the files of a result as what another one stands on, which no workbook is."""
    return [
        NamedFile(role, file.name, file.kept) for file in named if not file.name.endswith(".xlsx")
    ]


def _fingerprint(as_of: date, named: Sequence[NamedFile]) -> str:
    told = [__version__, as_of.isoformat(), *([f.role, f.name, f.kept.sha256] for f in named)]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def make(store: Store, job: Job, place: Path, tell: Tell) -> StoredReforecast:
    """Make the result of a job into a directory.

    Raises
    ------
    InputError, EvidenceError
        What went in cannot be used.
    DamagedArtifactError
        What went in is absent or was changed.
    """
    with laid_down(store, job, results=(PREVIOUS, EARLIER)) as inputs:
        contract, workloads = inputs.only(contracts.CONTRACT), inputs.only("workloads")
        assert contract is not None, "ask() names it"
        made, _ = reforecast_into(
            place,
            QuarterFiles(
                contract=contract,
                previous=_answer(inputs.all(PREVIOUS)),
                usage=inputs.all("usage"),
                balance=inputs.only("balance"),
                workloads=None
                if workloads is None
                else portfolio_document(workloads.read_bytes(), workloads.name),
                earlier=_answer(found) if (found := inputs.all(EARLIER)) else None,
                as_of=date.fromisoformat(job.settings["as_of"]),
            ),
            bar=bars(tell, _SPANS),
        )
    return made


def _answer(paths: Sequence[Path]) -> Path:
    return next(path for path in paths if path.name in (ANSWER, REFORECAST))


def work(store: Store, held: Claim, tell: Tell, clock: Callable[[], datetime]) -> None:
    """Make the result of a job and publish it.

    Raises
    ------
    LeaseLostError
        Somebody else has the job by now; nothing is published.
    InputError, EvidenceError, StoreError
        See `make`.
    """
    job = held.job
    with tempfile.TemporaryDirectory(prefix="commitment-") as scratch:
        made = make(store, job, Path(scratch) / "result", tell)
        named = kept_result(store, job.organisation, made.directory, result_names(made.directory))
    now = clock()
    with store.write() as connection:
        queue.finish(connection, held, State.SUCCEEDED, now=now)
        reforecasts.publish(connection, job.organisation, job.id, made.result, named, now=now)


def result_names(directory: Path) -> list[str]:
    """Give the files below the directory of a re-forecast, the answer first."""
    found = sorted(
        str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()
    )
    return [REFORECAST, *(name for name in found if name != REFORECAST)]
