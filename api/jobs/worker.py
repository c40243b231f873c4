"""A worker: takes jobs one after another, keeps their leases, and publishes what comes out."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from api import logs, problems
from api.jobs import queue, recommending, reforecasting
from api.jobs.queue import Claim, LeaseLostError
from api.run import Tell
from api.store.database import disk_fault
from api.store.errors import StoreError, StoreFullError, StoreUnavailableError
from api.store.opening import Store
from forecast.errors import EvidenceError, InputError

log = logging.getLogger("commitment.worker")

LEASE = timedelta(seconds=30)
"""A worker that was killed is noticed after this long. Leases are renewed every second, so that
only a machine that stands still for half a minute loses one without cause."""

LONGEST = timedelta(hours=1)
"""A job that takes longer is failed; the largest we measured takes minutes."""

RETRY = timedelta(seconds=10)
"""Pause before a job is tried again that found the disk full or the store away."""

POLL_SECONDS = 0.25
"""How long a new job may wait for an idle worker. Asking costs one indexed read, under 0.2 ms."""

WORK: Mapping[str, Callable[[Store, Claim, Tell, Callable[[], datetime]], None]] = {
    recommending.KIND: recommending.work,
    reforecasting.KIND: reforecasting.work,
}
"""What to do for each kind of job."""


def clock() -> datetime:
    """Give the present instant."""
    return datetime.now(tz=UTC)


class InterruptedJobError(BaseException):
    """The job has to stop where it is; no `except Exception` on its way may swallow this."""


class CancelledJobError(InterruptedJobError):
    """Its cancellation was asked for."""


class LostJobError(InterruptedJobError):
    """It is not ours any more."""


class StoppedWorkerError(InterruptedJobError):
    """The worker is to end."""


class OverdueJobError(InterruptedJobError):
    """It takes too long."""


@dataclass
class Worker:
    """Takes jobs from a store.

    Attributes
    ----------
    stop
        Set from outside: the job under way is put back and `run` returns.
    """

    store: Store
    lease: timedelta = LEASE
    poll_seconds: float = POLL_SECONDS
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self, *, idle: Callable[[], None] = lambda: None) -> None:
        """Work until told to stop.

        Parameters
        ----------
        idle
            Called whenever nothing waits.
        """
        while not self.stop.is_set():
            try:
                worked = self.work_once()
                if not worked:
                    idle()
            except StoreError as error:
                log.error("the store cannot be used: %s", error)
                worked = False
            if not worked:
                self.stop.wait(self.poll_seconds)

    def work_once(self) -> bool:
        """Take one job and work on it; false where none waits."""
        held = queue.claim(self.store, now=clock(), lease=self.lease)
        if held is None:
            return False
        job = held.job
        with logs.about(job=job.id, kind=job.kind, organisation=job.organisation):
            log.info("job %s: attempt %d", job.id, job.n_attempts + 1)
            try:
                self._work(held)
            except (LeaseLostError, LostJobError):
                log.warning("job %s: another worker has it by now", job.id)
        return True

    def _work(self, held: Claim) -> None:
        try:
            with self._kept(held) as tell:
                WORK[held.job.kind](self.store, held, tell, clock)
            log.info("job %s: done", held.job.id)
        except LeaseLostError:
            raise
        except CancelledJobError:
            queue.cancel_held(self.store, held, now=clock())
        except StoppedWorkerError:
            queue.give_back(
                self.store, held, available_at=clock(), because="waiting, its worker was stopped"
            )
        except OverdueJobError:
            self._fail(
                held, problems.unexpected_document(held.job.address, "It took over an hour.")
            )
        except (InputError, EvidenceError) as error:
            self._fail(held, problems.error_document(error, held.job.address))
        except (StoreFullError, StoreUnavailableError) as error:
            self._put_off(held, error)
        except OSError as error:
            self._put_off(held, disk_fault(error))
        except Exception as error:  # the outermost door of a job
            log.error("job %s: unexpected error", held.job.id, exc_info=error)
            self._fail(held, problems.unexpected_document(held.job.address))

    def _fail(self, held: Claim, failure: Mapping[str, object]) -> None:
        log.info("job %s: failed with status %s", held.job.id, failure["status"])
        queue.fail(self.store, held, failure, now=clock())

    def _put_off(self, held: Claim, error: StoreError) -> None:
        """Leave a job for later, as soon as even that can be written."""
        log.error("job %s: put off: %s", held.job.id, error)
        while True:
            try:
                queue.give_back(
                    self.store,
                    held,
                    available_at=clock() + RETRY,
                    because="waiting for the store",
                )
            except StoreError as again:
                log.error("job %s: cannot be put off yet: %s", held.job.id, again)
                if self.stop.wait(1.0):  # its lease runs out instead
                    return
            else:
                return

    @contextmanager
    def _kept(self, held: Claim) -> Iterator[Tell]:
        """Renew the lease beside the work; the callback stops the work when it has to."""
        keeper = _Keeper(self, held)
        keeper.thread.start()
        try:
            yield keeper.tell
        finally:
            keeper.done.set()
            keeper.thread.join()


class _Keeper:
    """Renews one lease, in a thread of its own."""

    def __init__(self, worker: Worker, held: Claim) -> None:
        self.worker = worker
        self.held = held
        self.done = threading.Event()
        self.verdict: type[InterruptedJobError] | None = None
        self.progress = (0.0, "starting")
        self.thread = threading.Thread(target=self._run, name="lease", daemon=True)

    def tell(self, step: str, share: float) -> None:
        """Note how far the work is, and stop it when it has to."""
        self.progress = (max(self.progress[0], share), step)
        if self.worker.stop.is_set():
            raise StoppedWorkerError
        if self.verdict is not None:
            raise self.verdict

    def _run(self) -> None:
        begun = time.monotonic()
        pause = min(1.0, self.worker.lease.total_seconds() / 4)
        while not self.done.wait(pause):
            if time.monotonic() - begun > LONGEST.total_seconds():
                self.verdict = OverdueJobError
                return
            try:
                if self._renew():
                    self.verdict = CancelledJobError
            except LeaseLostError:
                self.verdict = LostJobError
                return
            except StoreError as error:  # the next renewal may succeed before the lease ends
                log.error("job %s: its lease was not renewed: %s", self.held.job.id, error)

    def _renew(self) -> bool:
        share, step = self.progress
        return queue.renew(
            self.worker.store,
            self.held,
            now=clock(),
            lease=self.worker.lease,
            share=share,
            step=step,
        )
