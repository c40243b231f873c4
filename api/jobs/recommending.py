"""The job behind POST /v1/recommendations: from stored inputs to a published result.

Everything a result is made from is named by the job, so that it can be made again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

from api.jobs import queue
from api.jobs.queue import Claim, Job, State
from api.results import StoredResult
from api.run import Settings, Tell, portfolio_document, recommend_into, terms_document
from api.store import files
from api.store import recommendations as published
from api.store.artifacts import copy_verified, read_verified
from api.store.files import NamedFile
from api.store.opening import Store
from api.uploads import pointing_into_body

KIND = "recommendation"

Source = Literal["files", "body"]
"""Whether faults are places in files or pointers into a JSON body."""

_STEPS = (("reading usage", 0.0, 0.15), ("reading bills", 0.15, 0.2), ("deciding", 0.2, 0.9))
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
    with store.read() as connection:
        named = files.of(connection, job.organisation, "job", job.id)
    with tempfile.TemporaryDirectory(prefix="commitment-") as inputs:
        paths: dict[str, list[Path]] = {"usage": [], "invoice": []}
        documents: dict[str, tuple[bytes, str]] = {}
        for i, file in enumerate(named):
            if file.role in paths:
                path = Path(inputs) / str(i) / file.name
                copy_verified(store.artifacts, job.organisation, file.kept.sha256, path)
                paths[file.role].append(path)
            else:
                data = read_verified(store.artifacts, job.organisation, file.kept.sha256)
                documents[file.role] = data, file.name
        from_body = job.settings["source"] == "body"
        with pointing_into_body() if from_body else nullcontext():
            stored, _ = recommend_into(
                place,
                paths["usage"],
                portfolio_document(*documents["workloads"]),
                terms_document(*documents["terms"]),
                _settings(job.settings),
                invoices=paths["invoice"],
                format_name="canonical" if from_body else None,
                bar=_bars(tell, with_bills=bool(paths["invoice"])),
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
        named = []
        for name in stored.files:
            with (stored.directory / name).open("rb") as stream:
                kept = store.artifacts.put(job.organisation, stream)
            named.append(NamedFile(published.RESULT, name, kept))
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


def _bars(tell: Tell, *, with_bills: bool) -> Callable[[], Tell]:
    """Map the long pieces of a run, in their order, onto one share from 0 to 1."""
    spans = [(start, end) for what, start, end in _STEPS if with_bills or what != "reading bills"]
    begun = iter([*spans, (0.9, 1.0)])

    def bar() -> Tell:
        start, end = next(begun, (1.0, 1.0))
        return lambda what, done: tell(what, start + (end - start) * min(max(done, 0.0), 1.0))

    return bar
