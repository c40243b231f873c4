"""The job behind POST /v1/recommendations: from stored inputs to a published result.

Everything a result is made from is named by the job, so that it can be made again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, Literal

from api.jobs import queue
from api.jobs.inputs import kept_result, laid_down
from api.jobs.progress import bars
from api.jobs.queue import Claim, Job, State
from api.results import StoredResult
from api.run import Settings, Tell, portfolio_document, recommend_into, terms_document
from api.store import files
from api.store import recommendations as published
from api.store.files import NamedFile
from api.store.opening import Store
from api.uploads import pointing_into_body

KIND: Final = published.KIND

Source = Literal["files", "body"]
"""Whether faults are places in files or pointers into a JSON body."""

_READING, _BILLS, _DECIDING = [(0.0, 0.15)], [(0.15, 0.2)], [(0.2, 0.9), (0.9, 1.0)]
"""Shares of the time of a run on the example company (43 weeks, two workloads), where the
workbook takes the last tenth."""


def ask(
    store: Store,
    organisation: str,
    identifier: str,
    settings: Settings,
    named: Sequence[NamedFile],
    *,
    source: Source,
    now: datetime,
) -> Job:
    """Put a recommendation into the queue; one that has this id already is given as it is.

    Raises
    ------
    QueueFullError
    """
    told = {
        "as_of": None if settings.as_of is None else settings.as_of.isoformat(),
        "seed": settings.seed,
        "paths": settings.n_scenarios,
        "source": source,
    }
    with store.write() as connection:
        if queue.enqueue(connection, organisation, identifier, KIND, told, now=now):
            files.add(connection, organisation, "job", identifier, named)
    return queue.read_job(store, organisation, identifier)


def make(store: Store, job: Job, place: Path, tell: Tell) -> StoredResult:
    """Make the result of a job into a directory.

    Raises
    ------
    InputError, EvidenceError
        What went in cannot be used.
    DamagedArtifactError
        What went in is absent or was changed.
    """
    from_body = job.settings["source"] == "body"
    with laid_down(store, job) as inputs, pointing_into_body() if from_body else nullcontext():
        workloads, terms = inputs.all("workloads")[0], inputs.all("terms")[0]
        invoices = inputs.all("invoice")
        stored, _ = recommend_into(
            place,
            inputs.all("usage"),
            portfolio_document(workloads.read_bytes(), workloads.name),
            terms_document(terms.read_bytes(), terms.name),
            _settings(job.settings),
            invoices=invoices,
            format_name="canonical" if from_body else None,
            bar=bars(tell, [*_READING, *(_BILLS if invoices else ()), *_DECIDING]),
        )
    return stored


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
        stored = make(store, job, Path(scratch) / "result", tell)
        named = kept_result(store, job.organisation, stored.directory, stored.files)
    now = clock()
    with store.write() as connection:
        queue.finish(connection, held, State.SUCCEEDED, now=now)
        published.publish(connection, job.organisation, job.id, stored.result, named, now=now)


def _settings(told: Mapping[str, Any]) -> Settings:
    as_of = told["as_of"]
    return Settings(
        as_of=None if as_of is None else date.fromisoformat(as_of),
        seed=told["seed"],
        n_scenarios=told["paths"],
    )
