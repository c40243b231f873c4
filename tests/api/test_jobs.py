"""What the queue and the worker promise, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from running_service import working
from sqlalchemy import func, insert, select

from api.jobs import queue, worker
from api.jobs.queue import Claim, Job, LeaseLostError, QueueFullError, State
from api.jobs.worker import Worker
from api.run import Tell
from api.store import organisations as orgs
from api.store.columns import new_id
from api.store.errors import StoreFullError, UnknownObjectError
from api.store.opening import Store
from api.store.schema import metadata, recommendations
from forecast.errors import UsageFormatError

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LEASE = timedelta(seconds=30)
Work = Callable[[Store, Claim, Tell, Callable[[], datetime]], None]


def asked(store: Store, organisation: str, at: datetime = NOW, kind: str = "test") -> str:
    identifier = new_id()
    with store.write() as connection:
        queue.enqueue(connection, organisation, identifier, kind, {}, now=at)
    return identifier


def publish(store: Store, held: Claim, at: datetime = NOW) -> None:
    """Publish a result as a job does: in the transaction that ends it."""
    with store.write() as connection:
        queue.finish(connection, held, State.SUCCEEDED, now=at)
        connection.execute(
            insert(recommendations).values(
                id=held.job.id,
                organisation_id=held.job.organisation,
                created_at=at,
                status="recommended",
                amount_usd=Decimal(1),
                package_version="1",
            )
        )


def n_published(store: Store) -> int:
    with store.read() as connection:
        return connection.scalar(select(func.count()).select_from(recommendations)) or 0


def taken(store: Store, at: datetime = NOW) -> Claim:
    found = queue.claim(store, now=at, lease=LEASE)
    assert found is not None
    return found


@pytest.fixture
def acme(store: Store) -> str:
    return orgs.add_organisation(store, "acme", now=NOW)


class TestQueue:
    def test_who_waited_longest_is_first(self, store: Store, acme: str) -> None:
        second = asked(store, acme, NOW + timedelta(seconds=1))
        first = asked(store, acme, NOW)
        later = NOW + timedelta(seconds=2)
        assert [taken(store, later).job.id, taken(store, later).job.id] == [first, second]
        assert queue.claim(store, now=later, lease=LEASE) is None

    def test_the_same_job_is_asked_for_once(self, store: Store, acme: str) -> None:
        identifier = asked(store, acme)
        with store.write() as connection:
            assert not queue.enqueue(connection, acme, identifier, "test", {}, now=NOW)

    def test_a_job_under_lease_is_nobody_elses(self, store: Store, acme: str) -> None:
        asked(store, acme)
        taken(store)
        just_before = NOW + LEASE - timedelta(microseconds=1)
        assert queue.claim(store, now=just_before, lease=LEASE) is None

    def test_a_job_whose_worker_died_is_run_again_and_published_once(
        self, store: Store, acme: str
    ) -> None:
        asked(store, acme)
        first = taken(store)
        second = taken(store, NOW + LEASE)
        assert second.job.id == first.job.id
        with pytest.raises(LeaseLostError):
            publish(store, first)
        assert n_published(store) == 0
        publish(store, second)
        with pytest.raises(LeaseLostError):
            publish(store, second)
        assert n_published(store) == 1

    def test_a_job_that_kills_its_workers_is_failed(self, store: Store, acme: str) -> None:
        identifier = asked(store, acme)
        for i in range(queue.MAX_ATTEMPTS):
            taken(store, NOW + i * LEASE)
        later = NOW + queue.MAX_ATTEMPTS * LEASE
        assert queue.claim(store, now=later, lease=LEASE) is None
        job = queue.read_job(store, acme, identifier)
        assert job.state is State.FAILED
        assert job.failure is not None
        assert "died 3 times" in job.failure["detail"]

    def test_a_lease_is_renewed_with_the_progress(self, store: Store, acme: str) -> None:
        asked(store, acme)
        held = taken(store)
        later = NOW + LEASE / 2
        assert not queue.renew(store, held, now=later, lease=LEASE, share=0.5, step="half")
        assert queue.claim(store, now=NOW + LEASE, lease=LEASE) is None
        job = queue.read_job(store, acme, held.job.id)
        assert (job.progress_share, job.progress_step) == (0.5, "half")

    def test_a_job_that_waits_is_cancelled_at_once(self, store: Store, acme: str) -> None:
        identifier = asked(store, acme)
        assert queue.cancel(store, acme, identifier, now=NOW).state is State.CANCELLED
        assert queue.claim(store, now=NOW, lease=LEASE) is None

    def test_a_job_under_way_is_told_to_end(self, store: Store, acme: str) -> None:
        asked(store, acme)
        held = taken(store)
        assert queue.cancel(store, acme, held.job.id, now=NOW).state is State.RUNNING
        assert queue.renew(store, held, now=NOW, lease=LEASE, share=0, step="x")
        queue.cancel_held(store, held, now=NOW)
        assert queue.read_job(store, acme, held.job.id).state is State.CANCELLED

    def test_a_cancelled_job_of_a_dead_worker_is_not_run_again(
        self, store: Store, acme: str
    ) -> None:
        asked(store, acme)
        held = taken(store)
        queue.cancel(store, acme, held.job.id, now=NOW)
        assert queue.claim(store, now=NOW + LEASE, lease=LEASE) is None
        assert queue.read_job(store, acme, held.job.id).state is State.CANCELLED

    def test_a_finished_job_cannot_be_cancelled(self, store: Store, acme: str) -> None:
        asked(store, acme)
        held = taken(store)
        publish(store, held)
        assert queue.cancel(store, acme, held.job.id, now=NOW).state is State.SUCCEEDED

    def test_another_organisations_job_is_not_found(self, store: Store, acme: str) -> None:
        other = orgs.add_organisation(store, "other", now=NOW)
        identifier = asked(store, acme)
        with pytest.raises(UnknownObjectError):
            queue.read_job(store, other, identifier)
        with pytest.raises(UnknownObjectError):
            queue.cancel(store, other, identifier, now=NOW)

    def test_one_organisation_cannot_fill_the_queue(
        self, store: Store, acme: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(queue, "MAX_WAITING", 2)
        asked(store, acme)
        asked(store, acme)
        with pytest.raises(QueueFullError):
            asked(store, acme)
        asked(store, orgs.add_organisation(store, "other", now=NOW))

    def test_many_workers_take_each_job_once(self, store: Store, acme: str) -> None:
        wanted = Counter(asked(store, acme) for _ in range(40))
        done: Counter[str] = Counter()

        def take_all() -> None:
            while held := queue.claim(store, now=NOW, lease=LEASE):
                publish(store, held)
                done[held.job.id] += 1

        with ThreadPoolExecutor(6) as pool:
            for finished in [pool.submit(take_all) for _ in range(6)]:
                finished.result()
        assert done == wanted
        assert n_published(store) == 40


def ended(store: Store, organisation: str, identifier: str) -> Job:
    """Wait until a job has ended."""
    for _ in range(1000):
        job = queue.read_job(store, organisation, identifier)
        if job.state.is_final:
            return job
        time.sleep(0.01)
    raise AssertionError(f"still {job.state}: {job.progress_step}")


def one_job(store: Store, acme: str, monkeypatch: pytest.MonkeyPatch, work: Work) -> Job:
    monkeypatch.setitem(worker.WORK, "test", work)  # type: ignore[arg-type]
    identifier = asked(store, acme, datetime.now(tz=UTC))
    with working(store):
        return ended(store, acme, identifier)


class TestWorker:
    def test_it_works_on_what_waits(
        self, store: Store, acme: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job = one_job(store, acme, monkeypatch, lambda s, h, t, c: publish(s, h, c()))
        assert (job.state, job.n_attempts, job.progress_share) == (State.SUCCEEDED, 1, 1.0)

    def test_bad_input_is_told_with_its_place(
        self, store: Store, acme: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object) -> None:
            raise UsageFormatError("is negative", file="march.csv", row=3, column="output_tokens")

        job = one_job(store, acme, monkeypatch, refuse)
        assert job.state is State.FAILED
        assert job.failure is not None
        assert job.failure["status"] == 422
        assert job.failure["instance"] == f"/v1/tests/{job.id}"
        assert job.failure["errors"][0]["row"] == 3

    def test_what_nobody_foresaw_is_told_to_the_log_alone(
        self,
        store: Store,
        acme: str,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        def break_down(*_: object) -> None:
            raise KeyError("swordfish")

        with caplog.at_level(logging.ERROR):
            job = one_job(store, acme, monkeypatch, break_down)
        assert job.state is State.FAILED
        assert "swordfish" not in str(job.failure)
        assert "swordfish" in caplog.text

    def test_a_long_job_keeps_its_lease(
        self, store: Store, acme: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        runs = []

        def work(store: Store, held: Claim, tell: Tell, clock: Callable[[], datetime]) -> None:
            runs.append(held.token)
            for _ in range(30):
                time.sleep(0.05)
                tell("working", 0.5)
            publish(store, held, clock())

        monkeypatch.setitem(worker.WORK, "test", work)  # type: ignore[arg-type]
        identifier = asked(store, acme, datetime.now(tz=UTC))
        workers = [Worker(store, timedelta(seconds=1), 0.01) for _ in range(2)]
        threads = [threading.Thread(target=w.run) for w in workers]
        for thread in threads:
            thread.start()
        job = ended(store, acme, identifier)
        for one in workers:
            one.stop.set()
        for thread in threads:
            thread.join()
        assert (job.state, len(runs)) == (State.SUCCEEDED, 1)

    def test_a_worker_that_lost_its_lease_stops_and_publishes_nothing(
        self, store: Store, acme: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stopped = threading.Event()

        def work(store: Store, held: Claim, tell: Tell, _: object) -> None:
            thief = queue.claim(store, now=datetime.now(tz=UTC) + LEASE, lease=LEASE)
            assert thief is not None
            try:
                for _ in range(500):
                    time.sleep(0.01)
                    tell("working", 0.5)
            except worker.LostJobError:
                stopped.set()
                raise

        monkeypatch.setitem(worker.WORK, "test", work)  # type: ignore[arg-type]
        identifier = asked(store, acme, datetime.now(tz=UTC))
        assert Worker(store, timedelta(seconds=1)).work_once()
        assert stopped.is_set()
        assert queue.read_job(store, acme, identifier).state is State.RUNNING

    def test_a_cancelled_job_stops_at_its_next_step(
        self, store: Store, acme: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def work(store: Store, held: Claim, tell: Tell, _: object) -> None:
            queue.cancel(store, acme, held.job.id, now=NOW)
            for _ in range(500):
                time.sleep(0.01)
                tell("working", 0.5)
            publish(store, held)

        assert one_job(store, acme, monkeypatch, work).state is State.CANCELLED
        assert n_published(store) == 0

    def test_a_stopped_worker_puts_its_job_back(
        self, store: Store, acme: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one = Worker(store)

        def work(_store: Store, _held: Claim, tell: Tell, _: object) -> None:
            one.stop.set()
            tell("working", 0.5)

        monkeypatch.setitem(worker.WORK, "test", work)  # type: ignore[arg-type]
        identifier = asked(store, acme, datetime.now(tz=UTC))
        one.run()
        job = queue.read_job(store, acme, identifier)
        assert (job.state, job.n_attempts) == (State.QUEUED, 0)
        assert "stopped" in job.progress_step

    @pytest.mark.parametrize(
        "fault", [StoreFullError("no space"), OSError(28, "No space left on device")]
    )
    def test_a_full_disk_puts_the_job_off_until_there_is_space(
        self, store: Store, acme: str, monkeypatch: pytest.MonkeyPatch, fault: Exception
    ) -> None:
        monkeypatch.setattr(worker, "RETRY", timedelta(milliseconds=50))
        faults = [fault, fault, fault, fault]

        def work(store: Store, held: Claim, _: Tell, clock: Callable[[], datetime]) -> None:
            if faults:
                raise faults.pop()
            publish(store, held, clock())

        job = one_job(store, acme, monkeypatch, work)
        assert (job.state, faults) == (State.SUCCEEDED, [])

    def test_a_deleted_companys_job_publishes_nothing(
        self, store: Store, acme: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from api.store.deletion import delete_organisation

        def work(store: Store, held: Claim, _: Tell, clock: Callable[[], datetime]) -> None:
            delete_organisation(store, acme)
            publish(store, held, clock())

        monkeypatch.setitem(worker.WORK, "test", work)  # type: ignore[arg-type]
        asked(store, acme, datetime.now(tz=UTC))
        assert Worker(store).work_once()
        assert n_published(store) == 0


class Queue(RuleBasedStateMachine):
    """Whatever workers, callers and the clock do, in any order.

    A job has one result or none, a job that ended stays as it is, and only who holds the latest
    lease can end one.
    """

    def __init__(self) -> None:
        super().__init__()
        self.store = Store.at(Path("unused"), database_url="sqlite://")
        with self.store.database.write() as connection:
            metadata.create_all(connection)
        self.store._ready.set()
        self.acme = orgs.add_organisation(self.store, "acme", now=NOW)
        self.now = NOW
        self.jobs: list[str] = []
        self.claims: list[Claim] = []
        self.latest: dict[str, str] = {}
        self.ended: dict[str, State] = {}

    def teardown(self) -> None:
        self.store.close()

    @rule()
    def ask(self) -> None:
        self.jobs.append(asked(self.store, self.acme, self.now))

    @rule()
    def claim(self) -> None:
        found = queue.claim(self.store, now=self.now, lease=LEASE)
        if found is not None:
            self.claims.append(found)
            self.latest[found.job.id] = found.token

    @rule(seconds=st.integers(1, 40))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(data=st.data(), what=st.sampled_from(["publish", "fail", "renew", "back", "cancelled"]))
    def act(self, data: st.DataObject, what: str) -> None:
        if not self.claims:
            return
        held = data.draw(st.sampled_from(self.claims))
        before = queue.read_job(self.store, self.acme, held.job.id)
        holds = before.state is State.RUNNING and self.latest[held.job.id] == held.token
        acts = {
            "publish": lambda: publish(self.store, held, self.now),
            "fail": lambda: queue.fail(self.store, held, {"status": 422}, now=self.now),
            "renew": lambda: queue.renew(
                self.store, held, now=self.now, lease=LEASE, share=0.1, step="s"
            ),
            "back": lambda: queue.give_back(
                self.store, held, available_at=self.now, because="stopped"
            ),
            "cancelled": lambda: queue.cancel_held(self.store, held, now=self.now),
        }
        if holds:
            acts[what]()
        else:
            with pytest.raises(LeaseLostError):
                acts[what]()

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        if self.jobs:
            queue.cancel(self.store, self.acme, data.draw(st.sampled_from(self.jobs)), now=self.now)

    @invariant()
    def results_and_ends_hold(self) -> None:
        with self.store.read() as connection:
            results = set(connection.scalars(select(recommendations.c.id)))
        for identifier in self.jobs:
            job = queue.read_job(self.store, self.acme, identifier)
            assert (job.state is State.SUCCEEDED) == (identifier in results)
            assert (job.failure is not None) == (job.state is State.FAILED)
            assert self.ended.setdefault(identifier, job.state) == job.state or not (
                self.ended[identifier].is_final
            )
            self.ended[identifier] = job.state


TestAnyOrder = Queue.TestCase
TestAnyOrder.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
