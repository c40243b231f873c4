"""What a quarter is asked about: odd days, workloads off their forecast, work that changed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pandas as pd
import pytest
from signed_year import Q1, Contract

from forecast.pipeline.reforecast import ReforecastOutcome
from forecast.records.latency import MeasuredConsumption
from forecast.records.reforecast import Finding
from forecast.records.workloads import Portfolio


@pytest.fixture(scope="module")
def quiet() -> Contract:
    return Contract()


def named(outcome: ReforecastOutcome, kind: str) -> list[Finding]:
    return [f for f in outcome.result.findings if f.kind == kind]


def with_burst(contract: Contract, first: str, last: str) -> pd.DataFrame:
    """Usage up to the first quarter with three days of chat twelve times as busy."""
    rows = contract.company.usage(Q1)
    burst = (rows["api_key"] == "chat") & rows["day"].between(first, last)
    for column in ("input_tokens", "output_tokens", "requests"):
        rows.loc[burst, column] *= 12
    return rows


def test_a_burst_of_the_quarter_is_an_anomaly_with_its_dollars(quiet: Contract) -> None:
    outcome = quiet.at(Q1, usage=with_burst(quiet, "2027-02-08", "2027-02-10"))
    (found,) = named(outcome, "anomaly")
    assert found.note.startswith("'chat', 2027-02-08 to 2027-02-10: ")
    usual = next(w.recorded_usd for w in outcome.result.workloads if w.name == "chat") / 90
    assert found.usd is not None
    assert found.usd > 6 * 3 * usual


def test_what_was_odd_before_the_last_forecast_is_not_told_again(quiet: Contract) -> None:
    outcome = quiet.at(Q1, usage=with_burst(quiet, "2026-09-07", "2026-09-09"))
    assert any(line.finding.workload == "chat" for line in outcome.projection.usage.ledger.lines)
    assert not named(outcome, "anomaly")


def test_a_lost_workload_came_below_its_band() -> None:
    outcome = Contract(lost_on=date(2027, 1, 20)).at(Q1)
    assert outcome.result.reclassifications == ()
    told = named(outcome, "workload_off_forecast")
    (found,) = [f for f in told if f.note.startswith("'search' came to")]
    assert "below its 5% to 95% band" in found.note
    assert found.usd is not None
    assert found.usd < Decimal(-10_000)


def test_longer_prompts_and_working_days_alone_ask_the_question_again(quiet: Contract) -> None:
    rows = quiet.company.usage(Q1)
    since = (rows["api_key"] == "chat") & (rows["day"] > "2026-11-30")
    rows.loc[since, "input_tokens"] *= 3
    rows = rows[~(since & (rows["day"].dt.day_of_week >= 5))].reset_index(drop=True)
    (found,) = quiet.at(Q1, usage=rows).result.reclassifications
    assert (found.workload, found.stands_as) == ("chat", "real_time")
    assert found.now.startswith("0% of its tokens on weekends; used on 7")
    assert found.now.endswith("12,000 prompt tokens a request")
    assert found.before.endswith("4,000 prompt tokens a request")


def test_a_quiet_quarter_asks_nothing(quiet: Contract) -> None:
    assert quiet.at(Q1).result.reclassifications == ()


def test_results_that_are_read_at_once_now_ask_whether_somebody_waits(quiet: Contract) -> None:
    def measured(hours: float, sha256: str) -> Portfolio:
        portfolio = quiet.company.portfolio(Q1)
        nightly = portfolio.by_name("nightly")
        assert nightly is not None
        read = MeasuredConsumption(
            file="reads.csv",
            sha256=sha256,
            n_results=300,
            read_share=0.9,
            delays_hours=(hours,) * 9,
        )
        latency = nightly.latency.model_copy(update={"measured_consumption": read})
        changed = nightly.model_copy(update={"latency": latency})
        others = (changed if w.name == "nightly" else w for w in portfolio.workloads)
        return portfolio.model_copy(update={"workloads": tuple(others)})

    before = quiet.advice.__class__(**{**vars(quiet.advice), "portfolio": measured(9.0, "a")})
    (found,) = quiet.at(Q1, before, portfolio=measured(0.5, "b")).result.reclassifications
    assert found.workload == "nightly"
    assert found.ask == "does somebody wait for its answers now?"
    assert "within 0.5 hours" in found.now
    same = quiet.at(Q1, before, portfolio=measured(7.0, "b")).result
    assert same.reclassifications == ()


def test_platforms_add_up_to_the_drawdown(quiet: Contract) -> None:
    burn_down = quiet.at(Q1).result.burn_down
    (platform,) = burn_down.platforms
    assert (platform.platform, platform.counted_share) == ("own-cloud", 1.0)
    (period,) = burn_down.periods
    assert abs(platform.drawn_usd - period.drawn_usd) <= Decimal("0.01")
    middle = next(q.usd for q in period.landing if q.quantile_level == 0.5)
    assert platform.drawn_usd + platform.expected_usd == pytest.approx(middle, rel=Decimal("0.05"))
