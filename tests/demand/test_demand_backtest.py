from datetime import date

import numpy as np
import pytest

from forecast.demand.backtest import (
    PortfolioError,
    backtest,
    independent_windows,
    portfolio_errors,
)
from forecast.demand.constants import constants
from forecast.demand.hindcast import hindcast
from forecast.demand.history import mend
from forecast.demand.members.roster import roster
from forecast.demand.pool import pool_members
from forecast.demand.replicates import N_REPLICATES, evidence_replicates

END = date(2026, 10, 31)
USD = np.array([2.0, 1.0, 0.5])


def walks(n_weeks=104, *, seed=0, n_series=3):
    rng = np.random.default_rng(seed)
    return np.exp(12 + np.cumsum(rng.normal(0, 0.04, (n_series, n_weeks)), axis=1))


def errors_of(values, usd=USD, *, seed=1):
    n = values.shape[1]
    origins = sorted(range(n - 4, 12, -4))
    pool = pool_members(
        hindcast(values, roster(), season_length=52, origins=origins, horizon=60, mend=mend),
        constants(),
    )
    return portfolio_errors(pool, values, usd, rng=np.random.default_rng(seed))


def made(origin, weeks, realised, p50=100.0, *, width=0.2, launched=0.0):
    return PortfolioError(
        origin=origin,
        weeks=weeks,
        realised=realised,
        p10=p50 * np.exp(-width),
        p50=p50,
        p90=p50 * np.exp(width),
        commitment=p50 * 0.9,
        run_rate=p50,
        last_month=p50 * 1.2,
        scale=100.0,
        launched=launched,
    )


def test_every_origin_and_horizon_that_fits_is_scored():
    found = errors_of(walks())
    assert {e.weeks for e in found} == {13, 26, 52}
    assert min(e.origin for e in found) >= 26
    assert all(e.origin + e.weeks <= 104 for e in found)
    assert all(e.p10 < e.p50 < e.p90 for e in found)


def test_nothing_at_or_after_an_origin_moves_its_bands():
    values = walks()
    cut = 72
    changed = values.copy()
    changed[:, cut:] *= np.random.default_rng(3).uniform(0.1, 9, (3, 104 - cut))
    a = {(e.origin, e.weeks): e for e in errors_of(values)}
    b = {(e.origin, e.weeks): e for e in errors_of(changed)}
    before = [key for key in a if key[0] <= cut]
    assert any(origin == cut for origin, _ in before)
    for key in before:
        for name in ("p10", "p50", "p90", "commitment", "run_rate"):
            assert getattr(a[key], name) == pytest.approx(getattr(b[key], name), rel=1e-9), key
    assert any(abs(a[key].p50 / b[key].p50 - 1) > 0.01 for key in a if key[0] > cut)


def test_one_offs_count_as_what_came():
    values = walks()
    spiked = values.copy()
    spiked[0, 80] += 1e9
    gain = {(e.origin, e.weeks): e.realised for e in errors_of(spiked)}
    for e in errors_of(values):
        extra = 2e9 if e.origin <= 80 < e.origin + e.weeks else 0.0
        assert gain[e.origin, e.weeks] == pytest.approx(e.realised + extra)


def test_a_later_launch_is_left_out_and_told():
    values = walks()
    values[2, :60] = 0
    found = errors_of(values)
    early = [e for e in found if e.origin <= 60 < e.origin + e.weeks]
    assert early
    for e in early:
        assert e.realised == pytest.approx(
            USD[:2] @ values[:2, e.origin : e.origin + e.weeks].sum(1)
        )
        assert e.launched > 0
    assert "left out" in backtest(found, END, 104).note


def test_dollars_scale_with_the_weights():
    values = walks()
    for e, f in zip(errors_of(values), errors_of(values, USD * 10), strict=True):
        assert (f.p10, f.p90, f.realised) == pytest.approx(
            (10 * e.p10, 10 * e.p90, 10 * e.realised)
        )


def test_the_record_counts_what_is_inside():
    record = backtest([made(30, 13, 100), made(34, 13, 150), made(38, 13, 95)], END, 60)
    assert record.interval_coverage_80 == pytest.approx(2 / 3)
    assert record.origins == 3
    assert record.points[0].origin == date(2026, 4, 4)
    assert record.savings_capture == pytest.approx(
        1 - (0.2 * 10 + 0.2 * 60 + 0.2 * 5) / (0.2 * (100 + 150 + 95))
    )


def test_without_an_origin_it_says_so():
    record = backtest([], END, 20)
    assert record.interval_coverage_80 is None
    assert record.savings_capture is None
    assert "nothing was tested" in record.note


def test_overlapping_windows_are_not_counted_as_evidence():
    found = [made(o, 26, 100) for o in range(26, 79, 4)]
    assert independent_windows(found) == {26: 3}
    assert "3 of 26 weeks" in backtest(found, END, 104).note


def test_more_evidence_narrows_the_replicates_and_more_noise_does_not_move_their_centre():
    rng = np.random.default_rng(6)
    z = rng.normal(0, 0.2 / 1.28, 60)
    few, many = (
        evidence_replicates(
            [made(26 + 4 * i, 13, 100 * np.exp(z[i])) for i in range(n)],
            0.2,
            rng=np.random.default_rng(7),
        )
        for n in (4, 60)
    )
    assert many.shift.std() < 0.7 * few.shift.std()
    assert many.scale.std() < few.scale.std()
    assert abs(many.shift.mean()) < 0.02
    assert many.scale.mean() == pytest.approx(1.0, abs=0.1)


def test_without_errors_the_priors_are_redrawn():
    found = evidence_replicates([], 0.3, rng=np.random.default_rng(8))
    assert found.shift.shape == found.scale.shape == (N_REPLICATES,)
    assert found.shift.std() == pytest.approx(0.15, rel=0.25)


def test_a_past_of_nothing_does_not_break_the_replicates():
    found = evidence_replicates(
        [made(30, 13, 0.0), made(34, 13, 100.0)], 0.3, rng=np.random.default_rng(8)
    )
    assert np.isfinite(found.shift).all()
    assert np.isfinite(found.scale).all()


class TestHadYouUsedThis:
    def found(self):
        errors = [made(30, 13, 100.0), made(34, 13, 60.0), made(30, 26, 150.0)]
        return backtest(errors, date(2026, 10, 31), 104)

    def test_hindsight_pays_the_discounted_price_and_no_deal_pays_list(self):
        for policy in self.found().policies:
            if policy.policy == "hindsight":
                assert (policy.cost_share, policy.savings_capture) == (pytest.approx(0.8), 1.0)
            if policy.policy == "none":
                assert (policy.cost_share, policy.savings_capture) == (pytest.approx(1.0), 0.0)

    def test_a_commitment_costs_what_a_pocket_calculator_says(self):
        # 13 weeks: 90 list dollars committed at 20 % are 72. Used 100: 72 + 10 over = 82.
        # Used 60: 72, all committed dollars. Together 154 for 160 at list.
        share = {(p.policy, p.horizon_weeks): p.cost_share for p in self.found().policies}
        assert share["recommendation", 13] == pytest.approx(154 / 160)
        # The last month carried on: 120 list dollars are 96, used 100 and 60: 96 + 96.
        assert share["last_month", 13] == pytest.approx(192 / 160)

    def test_points_add_up_to_their_policies(self):
        found = self.found()
        for weeks in found.horizons_weeks:
            own = [p for p in found.points if p.horizon_weeks == weeks]
            paid = float(sum(p.cost_recommended_usd for p in own))
            used = float(sum(p.realised_usd for p in own))
            (policy,) = [
                p
                for p in found.policies
                if (p.policy, p.horizon_weeks) == ("recommendation", weeks)
            ]
            assert policy.cost_share == pytest.approx(paid / used, abs=1e-4)
            assert policy.n_points == len(own)

    def test_nothing_is_pretended_without_an_origin(self):
        found = backtest([], date(2026, 10, 31), 20)
        assert (found.policies, found.points, found.interval_coverage_80) == ((), (), None)
