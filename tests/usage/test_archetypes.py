"""Kinds of work recognised from their shape alone, and what is not claimed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from forecast.records.workloads import Archetype
from forecast.tables import ARRIVALS, USAGE_ROWS, check, conform
from forecast.usage.archetypes import propose_archetype
from forecast.usage.mapping import draft_portfolio
from forecast.usage.request_logs.aggregation import GAP_EDGES_SECONDS
from forecast.usage.request_logs.arrivals import ARRIVALS_KEY
from forecast.usage.work_shape import MIN_REQUESTS, work_shape

MONDAY = pd.Timestamp("2026-06-01")
N_DAYS = 120
DAY = 86_400.0

Times = np.ndarray[tuple[int], np.dtype[np.float64]]


@dataclass(frozen=True)
class Work:
    """Requests at seconds since `MONDAY`, each with the same prompt and answer."""

    times: Times
    prompt_tokens: int
    output_tokens: int

    def arrivals(self) -> pd.DataFrame:
        at = np.sort(self.times)
        gaps = np.diff(at)
        edges = np.array([0, *GAP_EDGES_SECONDS])
        bucket = np.searchsorted(edges, gaps, side="right") - 1
        below = [*edges[1:].tolist(), None]
        rows: list[dict[str, object]] = [{"measure": "gap_seconds", "requests": 1}]
        for i, count in enumerate(np.bincount(bucket, minlength=len(edges))):
            if count:
                at_least = int(edges[i])
                rows.append(
                    {"measure": "gap_seconds", "at_least": at_least, "below": below[i]}
                    | {"requests": int(count)}
                )
        for measure, number, n in (
            ("minute_of_hour", at // 60 % 60, 60),
            ("hour_of_week", at // 3600 % 168, 168),
        ):
            for i, count in enumerate(np.bincount(number.astype(int), minlength=n)):
                if count:
                    rows.append(
                        {"measure": measure, "at_least": i, "below": i + 1, "requests": int(count)}
                    )
        owner = {"workload": "", "api_key": "job-7", "workspace": "", "tag": "", "model": "m"}
        frame = pd.DataFrame([owner | {"prefix": "", "pooled": 1} | row for row in rows])
        return check(conform(frame, ARRIVALS), ARRIVALS, key=ARRIVALS_KEY)

    def daily(self) -> pd.DataFrame:
        days = MONDAY + pd.to_timedelta((self.times // DAY).astype(int), unit="D")
        counts = pd.Series(days).value_counts().sort_index()
        return pd.DataFrame(
            {
                "day": counts.index,
                "prompt_tokens": counts.to_numpy() * float(self.prompt_tokens),
                "output_tokens": counts.to_numpy() * float(self.output_tokens),
                "requests": pd.array(counts.to_numpy(), dtype="Int64"),
            }
        )


def on_days(days: list[int], hours: Callable[[int], Times]) -> Times:
    return np.concatenate([day * DAY + hours(day) * 3600 for day in days])


def working_hours(rng: np.random.Generator, n: int) -> Times:
    """People between eight and six."""
    return np.clip(rng.normal(13, 2.6, size=n), 6.5, 20.5)


def bursts(rng: np.random.Generator, starts: Times, size: int) -> Times:
    """Each start brings some requests seconds apart."""
    offsets = rng.exponential(4 / 3600, size=(len(starts), size)).cumsum(axis=1)
    return (starts[:, None] + offsets).ravel()


EVERY_DAY = list(range(N_DAYS))
WORKING = [d for d in EVERY_DAY if d % 7 < 5]


def overnight(rng: np.random.Generator) -> Work:
    def night(_: int) -> Times:
        return 2 + 2 / 60 + rng.random(300) * 0.7 / 60 + rng.integers(0, 3, size=300)

    return Work(on_days(EVERY_DAY, night), 4500, 300)


def reporting(rng: np.random.Generator) -> Work:
    def morning(_: int) -> Times:
        return 7 + rng.random(40) * 1.5 / 60

    return Work(on_days(WORKING, morning), 6000, 1500)


def classification(rng: np.random.Generator) -> Work:
    return Work(on_days(EVERY_DAY, lambda _: rng.random(400) * 24), 1200, 6)


def reviewed(rng: np.random.Generator) -> Work:
    return Work(on_days(WORKING, lambda _: bursts(rng, working_hours(rng, 12), 8)), 1000, 1400)


def documents(rng: np.random.Generator) -> Work:
    return Work(on_days(WORKING, lambda _: bursts(rng, working_hours(rng, 10), 12)), 20_000, 800)


def backfill(rng: np.random.Generator) -> Work:
    return Work(on_days(list(range(40, 52)), lambda _: rng.random(3000) * 24), 2500, 500)


def evaluation(rng: np.random.Generator) -> Work:
    days = [d for d in WORKING if d % 7 in (1, 3)]
    return Work(on_days(days, lambda _: bursts(rng, rng.uniform(9, 18, size=3), 200)), 2500, 400)


def chat(rng: np.random.Generator) -> Work:
    return Work(on_days(EVERY_DAY, lambda _: working_hours(rng, 250)), 3000, 350)


KINDS = {
    Archetype.OVERNIGHT_ENRICHMENT: overnight,
    Archetype.SCHEDULED_REPORTING: reporting,
    Archetype.BULK_CLASSIFICATION: classification,
    Archetype.REVIEWED_CONTENT: reviewed,
    Archetype.QUEUED_DOCUMENTS: documents,
    Archetype.HISTORICAL_BACKFILL: backfill,
    Archetype.EVALUATION_RUNS: evaluation,
    Archetype.INTERACTIVE: chat,
}


def test_every_kind_has_a_worked_example() -> None:
    assert set(KINDS) == set(Archetype)


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("seed", range(3))
def test_each_kind_is_recognised_without_a_name(kind: Archetype, seed: int) -> None:
    work = KINDS[kind](np.random.default_rng(seed))
    shape = work_shape(work.daily(), N_DAYS, work.arrivals())
    found = propose_archetype("job-7", shape)
    assert found.archetype is kind, (shape, found)
    assert found.reasons


def test_the_clock_is_read_in_local_time() -> None:
    """What runs at 2:00 UTC runs in the evening of San Francisco."""
    work = overnight(np.random.default_rng(0))
    there = work_shape(work.daily(), N_DAYS, work.arrivals(), utc_offset_hours=-8)
    assert work_shape(work.daily(), N_DAYS, work.arrivals()).night_share == 1.0
    assert there.night_share is not None
    assert there.night_share < 0.1
    assert there.cron_share == 1.0


def test_few_requests_have_no_clock() -> None:
    work = Work(np.arange(MIN_REQUESTS - 1) * 60.0, 100, 10)
    shape = work_shape(work.daily(), N_DAYS, work.arrivals())
    assert shape.n_requests == MIN_REQUESTS - 1
    assert (shape.cron_share, shape.night_share, shape.burstiness) == (None, None, None)


def test_even_minutes_are_not_a_scheduler() -> None:
    rng = np.random.default_rng(0)
    seen = []
    for _ in range(100):
        work = Work(rng.random(MIN_REQUESTS) * 7 * DAY, 100, 10)
        seen.append(work_shape(work.daily(), 7, work.arrivals()).cron_share)
    assert sum(share == 0 for share in seen) >= 95


def test_a_short_history_has_no_calendar() -> None:
    work = backfill(np.random.default_rng(0))
    assert work_shape(work.daily(), 14).active_day_share is None


def test_a_name_and_a_shape_that_disagree_are_left_to_a_person() -> None:
    """Called a chat, run by a scheduler at night."""
    work = overnight(np.random.default_rng(0))
    shape = work_shape(work.daily(), N_DAYS, work.arrivals())
    found = propose_archetype("support-chat", shape)
    assert found.archetype is None
    assert found.runner_up is not None


def test_a_proposal_answers_nothing() -> None:
    work = overnight(np.random.default_rng(0))
    daily = work.daily()
    rows = conform(
        pd.DataFrame(
            {
                "day": daily["day"],
                "platform": "anthropic",
                "model": "m",
                "service_tier": "standard",
                "geography": "global",
                "speed": "standard",
                "context_window": "",
                "workload": "",
                "api_key": "job-7",
                "workspace": "",
                "tag": "",
                "input_tokens": daily["prompt_tokens"].astype("int64"),
                "cache_write_5m_tokens": 0,
                "cache_write_1h_tokens": 0,
                "cache_read_tokens": 0,
                "output_tokens": daily["output_tokens"].astype("int64"),
                "requests": daily["requests"],
                "web_searches": 0,
            }
        ),
        USAGE_ROWS,
    )
    (workload,) = draft_portfolio(rows, work.arrivals()).workloads
    assert workload.archetype is Archetype.OVERNIGHT_ENRICHMENT
    assert "please confirm: 100% of its requests come at night" in workload.description
    assert workload.latency.needed_at_once is None
    assert workload.batch is None
    (unseen,) = draft_portfolio(rows).workloads
    assert unseen.archetype is None
