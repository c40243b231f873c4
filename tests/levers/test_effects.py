import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.levers.caching import COLD_BATCH_HIT_SHARE, PRIMED_BATCH_HIT_SHARE, poisson_hit_share
from forecast.levers.effects import (
    MEAN_SLIP_MONTHS,
    draw_effects,
    draw_slip,
    effect_assumptions,
    mean_effects,
)
from forecast.levers.shares import CONCENTRATION, draw_share, expected_share
from forecast.levers.turnaround import miss_probability
from forecast.records.base import Provenance
from forecast.records.workloads import (
    BatchLever,
    CachingLever,
    Evidence,
    Latency,
    OwnerState,
    RoutingLever,
    Workload,
)

STRENGTH = list(CONCENTRATION)
GRID = (np.arange(4000) + 0.5) / 4000


def everything(evidence: str = "assumed", **more: object) -> Workload:
    return Workload.model_validate(
        {
            "name": "w",
            "owner_state": "accepted",
            "latency": {"needed_at_once": False, "deadline_hours": 24},
            "batch": {"share": 0.7, "evidence": evidence},
            "caching": {
                "stable_prefix_tokens": 2000,
                "prompt_tokens": 2500,
                "arrivals_per_hour": 6,
                "evidence": evidence,
            },
            "routing": {
                "to_model": "small",
                "share": 0.6,
                "pass_share": 0.85,
                "evidence": evidence,
            },
            **more,
        }
    )


@given(st.floats(0.05, 1), st.integers(0, 2), st.integers(1, 3))
def test_weaker_evidence_never_narrows_the_band(stated: float, i: int, step: int) -> None:
    weaker, stronger = STRENGTH[i], STRENGTH[min(3, i + step)]
    wide, narrow = (draw_share(stated, e, GRID) for e in (weaker, stronger))
    assert wide.std() >= narrow.std() - 1e-12
    for level in (0.1, 0.05):
        tails = [np.quantile(x, 1 - level) - np.quantile(x, level) for x in (wide, narrow)]
        assert tails[0] >= tails[1] - 1e-9


@given(st.floats(0, 1), st.sampled_from(STRENGTH))
def test_draws_average_to_the_expected_share(stated: float, evidence: Evidence) -> None:
    draws = draw_share(stated, evidence, GRID)
    assert draws.mean() == pytest.approx(expected_share(stated, evidence), abs=2e-3)
    assert ((draws >= 0) & (draws <= 1)).all()
    assert (np.diff(draws) >= -1e-12).all()


@pytest.mark.parametrize("evidence", STRENGTH)
def test_nothing_stays_nothing(evidence: Evidence) -> None:
    assert not draw_share(0.0, evidence, GRID).any()


@pytest.mark.parametrize("evidence", ["proven", "measured"])
def test_a_proven_whole_is_exact(evidence: str) -> None:
    assert (draw_share(1.0, Evidence(evidence), GRID) == 1.0).all()


def test_an_assumed_whole_is_doubted() -> None:
    assert expected_share(1.0, Evidence.ASSUMED) == pytest.approx(10.5 / 11)
    assert expected_share(0.99, Evidence.ASSUMED) == pytest.approx(10.5 / 11)
    assert draw_share(1.0, Evidence.ASSUMED, GRID).std() > 0.05


@pytest.mark.parametrize("state", list(OwnerState))
def test_slip_has_its_mean(state: OwnerState) -> None:
    slip = draw_slip(state, (np.arange(200_000) + 0.5) / 200_000)
    assert slip.dtype == np.int64
    assert slip.min() == 0
    assert slip.mean() == pytest.approx(MEAN_SLIP_MONTHS[state], abs=0.01)


def test_draws_repeat_with_the_seed_and_have_one_per_scenario() -> None:
    workload = everything()
    one, two = (draw_effects(workload, 50, rng=np.random.default_rng(7)) for _ in range(2))
    assert one.batch_share.shape == one.slip_months.shape == (50,)
    assert np.array_equal(one.batch_share, two.batch_share)
    assert np.array_equal(one.hit_share_batch["1h"], two.hit_share_batch["1h"])
    assert len(np.unique(one.pass_share)) == 50


def test_one_more_lever_leaves_the_other_draws_alone() -> None:
    whole = everything()
    less = whole.model_copy(update={"batch": None})
    one = draw_effects(whole, 20, rng=np.random.default_rng(3))
    two = draw_effects(less, 20, rng=np.random.default_rng(3))
    assert np.array_equal(one.pass_share, two.pass_share)
    assert np.array_equal(one.slip_months, two.slip_months)
    assert not two.batch_share.any()


def test_draws_average_to_mean_effects() -> None:
    workload = everything("piloted")
    draws = draw_effects(workload, 20_000, rng=np.random.default_rng(5))
    mean = mean_effects(workload)
    assert mean.slip_months.tolist() == [0]
    assert draws.hit_share_real_time is not None
    assert mean.hit_share_real_time is not None
    pairs = [
        (draws.batch_share, mean.batch_share),
        (draws.routing_share, mean.routing_share),
        (draws.pass_share, mean.pass_share),
        (draws.hit_share_real_time["5m"], mean.hit_share_real_time["5m"]),
        (draws.hit_share_batch["1h"], mean.hit_share_batch["1h"]),
    ]
    for drawn, expected in pairs:
        assert drawn.mean() == pytest.approx(expected[0], abs=0.005)


def test_a_workload_without_levers_saves_nothing() -> None:
    for workload in (None, Workload(name="w")):
        draws = draw_effects(workload, 4, rng=np.random.default_rng(0))
        assert not draws.batch_share.any()
        assert not draws.routing_share.any()
        assert draws.hit_share_real_time is None


def test_late_results_run_again_in_real_time() -> None:
    latency = Latency(needed_at_once=False, deadline_hours=10)
    workload = Workload(name="w", latency=latency, batch=BatchLever(evidence="measured"))
    assert mean_effects(workload).batch_share[0] == pytest.approx(1 - miss_probability(10))


def test_hits_follow_the_arrivals_at_the_weight_of_an_assumption() -> None:
    strong, weak = (
        draw_effects(everything(e), 500, rng=np.random.default_rng(1))
        for e in ("measured", "assumed")
    )
    assert strong.hit_share_real_time is not None
    assert weak.hit_share_real_time is not None
    assert np.array_equal(strong.hit_share_real_time["5m"], weak.hit_share_real_time["5m"])
    expected = mean_effects(everything()).hit_share_real_time
    assert expected is not None
    assert expected["5m"][0] == pytest.approx(poisson_hit_share(6, "5m"))


def caching(**more: object) -> Workload:
    lever = {"stable_prefix_tokens": 2000, "prompt_tokens": 2500, **more}
    return Workload(name="w", caching=CachingLever.model_validate(lever), batch=BatchLever())


def test_hits_in_a_batch() -> None:
    cold = mean_effects(caching(hit_share=0.8)).hit_share_batch
    assert [cold["5m"][0], cold["1h"][0]] == [
        COLD_BATCH_HIT_SHARE["5m"],
        COLD_BATCH_HIT_SHARE["1h"],
    ]
    primed = mean_effects(caching(primed=True))
    assert primed.hit_share_batch["5m"][0] == PRIMED_BATCH_HIT_SHARE
    assert primed.hit_share_real_time is None
    stated = mean_effects(caching(primed=True, batch_hit_share=0.5)).hit_share_batch
    assert stated["5m"][0] == 0.5


def test_assumptions_name_what_the_levers_rest_on() -> None:
    found = {a.name: a for a in effect_assumptions(everything())}
    assert found["w: batch share"].value == "0.7"
    assert found["w: batch share"].provenance == Provenance.USER
    assert "weight of assumed evidence" in found
    assert "adoption slip once accepted" in found
    assert "batch turnaround" in found
    assert "cache hits from arrivals" in found
    assert "cache hits in a cold batch" in found
    assert found["w: routing to small pass share"].value == "0.85"
    assert len(found) == len(effect_assumptions(everything())), "names do not repeat"


def test_measured_figures_need_no_excuse() -> None:
    measured = Workload(
        name="w",
        owner_state=OwnerState.MEASURED,
        routing=RoutingLever(to_model="small", share=0.5, evidence="measured"),
    )
    found = {a.name: a.provenance for a in effect_assumptions(measured)}
    assert found["w: routing to small share"] == Provenance.MEASURED
    assert "batch turnaround" not in found
    assert effect_assumptions(Workload(name="w")) == ()
