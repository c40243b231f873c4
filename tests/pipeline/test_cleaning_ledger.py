"""From odd usage to a decision on it, through the whole run."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pytest

from forecast.errors import WorkloadError
from forecast.pipeline.recommend import Outcome
from forecast.records.cleaning import CleaningDecision
from forecast.records.recommendation import Recommendation
from forecast.sizing.search import best_commitment

COUNTS = [
    "input_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "cache_read_tokens",
    "output_tokens",
    "requests",
    "web_searches",
]
CHAT = "key-support-chat"


@pytest.fixture(scope="module")
def odd_usage(buyer):
    """The example with a burst of three days ten days ago, and a day that nobody exported."""
    rows = buyer.usage.copy()
    last = rows["day"].max()
    test = (rows["api_key"] == CHAT) & rows["day"].between(
        last - pd.Timedelta(days=12), last - pd.Timedelta(days=10)
    )
    rows.loc[test, COUNTS] = rows.loc[test, COUNTS] * 8
    return rows[rows["day"] != last - pd.Timedelta(days=30)].reset_index(drop=True)


@pytest.fixture(scope="module")
def asked(buyer, odd_usage) -> Outcome:
    return buyer.run(usage=odd_usage)


def decided(buyer, *decisions):
    return buyer.portfolio.model_copy(update={"cleaning": decisions})


def entries(outcome):
    assert isinstance(outcome.result, Recommendation)
    return {e.id: e for e in outcome.result.cleaning if e.id}


def as_is(outcome, workload):
    decisions = outcome.decisions
    w = decisions.workloads.index(workload)
    return float(decisions.as_is_usd[:, :, w].sum(axis=1).mean())


def test_a_burst_waits_and_a_lost_day_is_filled(asked):
    found = entries(asked)
    burst = next(e for i, e in found.items() if i.startswith("burst-support-chat"))
    silent = next(e for i, e in found.items() if i.startswith("missing-days-all-workloads"))
    assert (burst.state, silent.state) == ("off", "on")
    assert burst.list_usd < 0 < silent.list_usd
    assert burst.switch_factor < 0.9
    assert silent.switch_factor is None or silent.switch_factor == pytest.approx(1, abs=0.02)


def test_the_dollars_of_a_burst_are_what_stands_above_its_rhythm(asked, odd_usage, buyer):
    burst = next(e for i, e in entries(asked).items() if i.startswith("burst-support-chat"))
    history = {m.month: m.list_usd for m in asked.result.history}
    honest = {
        m.month: m.list_usd for m in buyer.run(usage=_without_burst(odd_usage)).result.history
    }
    month = burst.start.replace(day=1)
    assert float(burst.list_usd) == pytest.approx(float(honest[month] - history[month]), rel=0.15)


def _without_burst(rows):
    last = rows["day"].max()
    test = (rows["api_key"] == CHAT) & rows["day"].between(
        last - pd.Timedelta(days=12), last - pd.Timedelta(days=10)
    )
    out = rows.copy()
    out.loc[test, COUNTS] = out.loc[test, COUNTS] // 8
    return out


@pytest.fixture(scope="module")
def switched(buyer, odd_usage, asked) -> Outcome:
    burst = next(i for i in entries(asked) if i.startswith("burst-support-chat"))
    note = CleaningDecision(id=burst, decided_by="Head of customer service", note="a drill")
    return buyer.run(usage=odd_usage, portfolio=decided(buyer, note))


def test_switching_moves_the_forecast_by_the_factor_and_nothing_that_was_recorded(asked, switched):
    burst = next(e for i, e in entries(asked).items() if i.startswith("burst-support-chat"))
    after = entries(switched)[burst.id]
    assert after.state == "on"
    assert after.state_reason == "switched on by Head of customer service: a drill"
    moved = as_is(switched, "Support chat") / as_is(asked, "Support chat")
    assert moved - 1 == pytest.approx(burst.switch_factor - 1, rel=0.25)  # no full re-run
    assert after.switch_factor == pytest.approx(1 / burst.switch_factor, rel=0.01)
    assert switched.result.history == asked.result.history
    pd.testing.assert_frame_equal(switched.daily, asked.daily)
    assert after.list_usd == burst.list_usd


def test_a_scenario_shows_what_deciding_would_do_to_the_number(asked, switched):
    name = "every cleaning entry that waits for a decision is switched on"
    scenario = next(s for s in asked.result.scenarios if s.name == name)
    waiting = {e.workload: e.switch_factor for e in asked.result.cleaning if e.state == "off"}
    assert waiting.keys() == {"Support chat"}
    optimised = asked.decisions.optimised_usd.sum(axis=1)
    w = asked.decisions.workloads.index("Support chat")
    total = optimised.sum(axis=1) - (1 - waiting["Support chat"]) * optimised[:, w]
    best = best_commitment(asked.result.terms, total[:, None])
    assert scenario.commitment_usd == best.commitment_usd
    assert scenario.commitment_usd < asked.result.commitment.recommended_usd
    assert name not in [s.name for s in switched.result.scenarios]


def test_the_bridge_shows_a_burst_that_is_left_out_as_a_one_off(asked, switched):
    def step(outcome, name):
        return next(s.usd for s in outcome.result.bridge if s.step == name)

    assert step(switched, "last quarter x 4") == step(asked, "last quarter x 4")
    assert step(switched, "one-offs") < step(asked, "one-offs")


def test_a_burst_that_the_forecast_mends_by_itself_moves_nothing_when_switched(buyer):
    rows = buyer.usage.copy()
    last = rows["day"].max()
    old = (rows["api_key"] == CHAT) & rows["day"].between(
        last - pd.Timedelta(days=104), last - pd.Timedelta(days=100)
    )
    rows.loc[old, COUNTS] = rows.loc[old, COUNTS] * 12
    outcome = buyer.run(usage=rows)
    burst = next(e for i, e in entries(outcome).items() if i.startswith("burst-support-chat"))
    mended = [e for e in outcome.result.cleaning if e.state == "by_forecast"]
    assert [e.what for e in mended] == ["one_off_mended"]
    assert (burst.switch_factor, burst.yearly_usd) == (1.0, 0)
    assert burst.state_reason.endswith("the forecast mends weeks of it by its own rule, see below")
    assert float(mended[0].list_usd) == pytest.approx(float(burst.list_usd), rel=0.2)
    off = CleaningDecision(id=burst.id, apply=False, note="it comes every June")
    kept = buyer.run(usage=rows, portfolio=decided(buyer, off))
    told = next(e for e in kept.result.cleaning if e.state == "by_forecast")
    assert f"{burst.id} was switched off, yet the forecast mends these weeks" in told.source


def test_what_the_forecast_mended_stands_in_the_same_ledger(outcome):
    for entry in outcome.result.cleaning:
        if entry.state == "by_forecast":
            assert entry.what in ("one_off_mended", "outage_filled", "missing_days_filled")
            assert not entry.id
        assert entry.list_usd is None or isinstance(entry.list_usd, Decimal)


def test_a_decision_on_nothing_is_refused_by_its_path(buyer):
    wrong = decided(buyer, CleaningDecision(id="burst-support-chat-2026-10-01"))
    with pytest.raises(WorkloadError) as refused:
        buyer.run(portfolio=wrong)
    assert refused.value.column == "cleaning[0].id"
