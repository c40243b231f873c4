"""Which evidence a hit share is drawn from, and how widely."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from forecast.levers.caching import TTLS, Ttl, poisson_hit_share, thinned_hit_share
from forecast.levers.effects import draw_effects, effect_assumptions, mean_effects
from forecast.levers.hit_shares import (
    OBSERVED,
    STATED,
    Band,
    arrivals_band,
    known_hits,
    observed_hits,
)
from forecast.mix import TokenMix
from forecast.records.base import Provenance
from forecast.records.caching import BASES, MIN_BAND, CacheEvidence, HitBand, HitBasis
from forecast.records.usage import MixKey
from forecast.records.workloads import CachingLever, Workload

GRID = (np.arange(20_000) + 0.5) / 20_000
ENDS = np.array([0.1, 0.9])


def band(ttl: str, basis: str, share: float, lower: float, upper: float) -> HitBand:
    return HitBand.model_validate(
        {
            "ttl": ttl,
            "basis": basis,
            "hit_share": share,
            "lower_share": lower,
            "upper_share": upper,
        }
    )


SESSIONS = CacheEvidence(
    bands=(
        band("5m", "replay", 0.86, 0.83, 0.88),
        band("5m", "hourly_arrivals", 0.76, 0.66, 0.93),
        band("5m", "gap_histogram", 0.85, 0.78, 0.92),
        band("1h", "replay", 0.93, 0.92, 0.94),
    ),
    reusable_share=0.94,
    n_requests=1043,
    n_sessions=40,
    days=0.65,
    source="sessions.json",
)


def lever(**more: object) -> CachingLever:
    return CachingLever.model_validate({"stable_prefix_tokens": 900, "prompt_tokens": 1000} | more)


@st.composite
def bands(draw: st.DrawFn) -> Band:
    lower, upper = sorted(draw(st.lists(st.floats(0, 1), min_size=2, max_size=2)))
    assume(upper - lower >= MIN_BAND)
    return Band(draw(st.floats(lower, upper)), lower, upper)


@given(bands())
def test_draws_keep_the_band_and_their_mean(of: Band) -> None:
    drawn = of.draw(GRID)
    assert of.draw(ENDS) == pytest.approx([of.lower, of.upper])
    assert drawn.mean() == pytest.approx(of.mean, abs=1e-3)
    assert ((drawn >= 0) & (drawn <= 1)).all()
    assert (np.diff(drawn) >= -1e-12).all()


def test_a_band_around_its_middle_keeps_its_share_as_the_mean() -> None:
    assert Band(0.856, 0.835, 0.877).mean == pytest.approx(0.856)


@st.composite
def evidence(draw: st.DrawFn) -> tuple[CacheEvidence, dict[Ttl, float]]:
    """Bands of random bases, each holding the stronger ones, and what usage shows of a lifetime."""
    found = []
    for ttl in TTLS:
        bases = draw(st.lists(st.sampled_from(BASES), min_size=1, unique=True))
        lower = draw(st.floats(0, 1 - MIN_BAND))
        upper = draw(st.floats(lower + MIN_BAND, 1))
        for basis in sorted(bases, key=BASES.index):
            found.append(band(ttl, basis.value, draw(st.floats(lower, upper)), lower, upper))
            lower, upper = draw(st.floats(0, lower)), draw(st.floats(upper, 1))
    observed: dict[Ttl, float] = {}
    if draw(st.booleans()):
        observed[draw(st.sampled_from(TTLS))] = draw(st.floats(0, 1))
    return SESSIONS.model_copy(update={"bands": tuple(found)}), observed


def width(of: CachingLever, observed: dict[Ttl, float], ttl: Ttl) -> float:
    known = known_hits(of, observed)
    assert known is not None
    low, high = known[ttl].draw(ENDS)
    return float(high - low)


@given(evidence(), st.data())
def test_removing_evidence_never_narrows_a_band(
    given_: tuple[CacheEvidence, dict[Ttl, float]], data: st.DataObject
) -> None:
    found, observed = given_
    whole = lever(replay=found.model_dump())
    less = [(found, {})] if observed else []
    for one in found.bands:
        if len(found.of(one.ttl)) > 1:
            rest = tuple(b for b in found.bands if b != one)
            less.append((found.model_copy(update={"bands": rest}), observed))
    assume(less)
    poorer, still = data.draw(st.sampled_from(less))
    for ttl in TTLS:
        before = width(whole, observed, ttl)
        assert width(lever(replay=poorer.model_dump()), still, ttl) >= before - 1e-9


@given(st.floats(1e-3, 1e4), st.sampled_from(TTLS), st.floats(0, 1))
def test_what_usage_shows_is_surer_than_requests_an_hour(
    rate: float, ttl: Ttl, share: float
) -> None:
    of = lever(arrivals_per_hour=rate)
    assert width(of, {ttl: share}, ttl) <= width(of, {}, ttl)
    assert width(of, {}, ttl) > 0.1


def test_the_strongest_evidence_is_taken() -> None:
    replayed = lever(replay=SESSIONS.model_dump())
    known = known_hits(replayed)
    assert known is not None
    assert {ttl: hits.basis for ttl, hits in known.items()} == {"5m": "replay", "1h": "replay"}
    assert known["5m"].mean == pytest.approx(0.86, abs=0.004)
    seen = known_hits(replayed, {"5m": 0.7})
    assert seen is not None
    assert (seen["5m"].basis, seen["5m"].mean, seen["1h"].basis) == (OBSERVED, 0.7, "replay")
    without = SESSIONS.model_copy(
        update={"bands": tuple(b for b in SESSIONS.bands if (b.ttl, b.basis) != ("5m", "replay"))}
    )
    weaker = known_hits(lever(replay=without.model_dump()))
    assert weaker is not None
    assert weaker["5m"].basis == HitBasis.GAP_HISTOGRAM


@pytest.mark.parametrize(
    ("strength", "basis"), [("assumed", OBSERVED), ("piloted", OBSERVED), ("measured", STATED)]
)
def test_usage_outranks_what_nobody_measured(strength: str, basis: str) -> None:
    known = known_hits(lever(hit_share=0.9, evidence=strength), {"5m": 0.4})
    assert known is not None
    assert known["5m"].basis == basis
    assert known["1h"].basis == STATED


def test_usage_of_one_lifetime_bounds_the_other() -> None:
    """The longer one hits at least as often, whatever the replay thought."""
    known = known_hits(lever(replay=SESSIONS.model_dump()), {"5m": 0.96})
    assert known is not None
    assert known["1h"].draw(GRID).min() == 0.96
    assert known["1h"].mean >= 0.96
    shorter = known_hits(lever(replay=SESSIONS.model_dump()), {"1h": 0.5})
    assert shorter is not None
    assert shorter["5m"].draw(GRID).max() <= 0.5


def test_usage_below_the_prediction_lowers_the_other_lifetime_too() -> None:
    """Replayed .86 and .93, seen .645 at five minutes: three quarters are confirmed, .6975."""
    known = known_hits(lever(replay=SESSIONS.model_dump()), {"5m": 0.645})
    assert known is not None
    assert isinstance(known["1h"].share, Band)
    assert known["1h"].share.hit_share == pytest.approx(0.6975)
    low, high = known["1h"].draw(ENDS)
    assert (low, high) == (pytest.approx(0.69), pytest.approx(0.705))


def mix(*rows: tuple[str, list[float]]) -> TokenMix:
    return TokenMix.of(
        (MixKey("anthropic", "m", service_tier=tier), np.array([tokens]), np.zeros(1))
        for tier, tokens in rows
    )


def test_usage_shows_the_hit_share_of_the_lifetime_it_pays_for() -> None:
    usage = mix(("standard", [10, 0, 30, 60, 5]), ("batch", [900, 90, 0, 10, 5]))
    assert observed_hits(usage, 0.9) == pytest.approx({"1h": 2 / 3})


@pytest.mark.parametrize(
    "tokens",
    [
        [100, 0, 0, 0, 5],
        [100, 20, 0, 0, 5],
        [10, 20, 20, 50, 5],
        [60, 10, 0, 30, 5],
    ],
    ids=["uncached", "never read", "both lifetimes", "less than half of the prefix"],
)
def test_usage_that_cannot_tell_shows_nothing(tokens: list[float]) -> None:
    assert observed_hits(mix(("standard", tokens)), 0.9) == {}
    assert observed_hits(mix(("standard", [10, 20, 0, 70, 5])), None) == {}


def test_usage_that_marks_more_than_the_prefix_shows_nothing_of_it() -> None:
    """Turns of a chat are written once and seldom read; the system prompt before them always is."""
    usage = mix(("standard", [46, 25, 0, 29, 5]))
    assert observed_hits(usage, 0.4) == {}
    assert observed_hits(usage, 0.5) == pytest.approx({"5m": 29 / 54})


@pytest.mark.parametrize("rate", [0.5, 6.0, 60.0, 1000.0])
@pytest.mark.parametrize("ttl", TTLS)
def test_arrivals_keep_the_mean_of_random_ones_and_doubt_it(rate: float, ttl: Ttl) -> None:
    of = arrivals_band([rate], ttl)
    at_random = min(poisson_hit_share(rate, ttl), 10.5 / 11)
    assert of.mean == pytest.approx(max(at_random, 0.1157), abs=0.002)
    assert of.upper == 1.0
    assert of.upper - of.lower >= 0.126


def test_arrivals_by_hour_know_that_nights_are_empty() -> None:
    """240 a day: spread evenly they are 10 an hour, in office hours 30, of which more hit."""
    even = known_hits(lever(arrivals_per_hour=10))
    office = known_hits(lever(arrivals_by_hour=[0] * 8 + [30] * 8 + [0] * 8))
    assert even is not None
    assert office is not None
    assert even["5m"].mean == pytest.approx(1 - np.exp(-10 / 12))
    assert office["5m"].mean == pytest.approx(1 - np.exp(-30 / 12))
    assert office["5m"].basis == HitBasis.HOURLY_ARRIVALS
    found = effect_assumptions(Workload(name="w", caching=lever(arrivals_by_hour=[1.0] * 168)))
    assert "cache hits from arrivals" in {a.name for a in found}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"arrivals_by_hour": [1.0] * 23}, "24 or 168 values"),
        ({"arrivals_by_hour": [0.0] * 24}, "not all of them 0"),
        ({"arrivals_by_hour": [-1.0] * 24}, "greater than or equal to 0"),
        ({"arrivals_by_hour": [float("nan")] * 24}, "finite|greater than or equal"),
        ({"arrivals_by_hour": [1.0] * 24, "arrivals_per_hour": 1}, "beside arrivals_per_hour"),
        ({}, "give hit_share"),
    ],
)
def test_arrivals_that_cannot_be_are_refused(fields: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        lever(**fields)


def test_draws_follow_the_replay_and_keep_its_mean() -> None:
    workload = Workload(name="agents", caching=lever(replay=SESSIONS.model_dump()))
    draws = draw_effects(workload, 40_000, rng=np.random.default_rng(2))
    mean = mean_effects(workload)
    assert draws.hit_share_real_time is not None
    assert mean.hit_share_real_time is not None
    for ttl, share in draws.hit_share_real_time.items():
        assert share.mean() == pytest.approx(mean.hit_share_real_time[ttl][0], abs=2e-3)
    low, high = np.quantile(draws.hit_share_real_time["5m"], ENDS)
    assert (low, high) == (pytest.approx(0.83, abs=2e-3), pytest.approx(0.88, abs=2e-3))
    assert draws.thinning_ttls == {"5m", "1h"}
    assert draws.reusable_share == 0.94


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_fewer_arrivals_never_hit_more(share: float, kept: float, reusable: float) -> None:
    h = np.array([share])
    thinned = thinned_hit_share(h, np.array([kept]), reusable)[0]
    assert -1e-12 <= thinned <= share + 1e-9
    assert thinned_hit_share(h, np.array([1.0]), reusable)[0] == pytest.approx(share)


def test_assumptions_say_what_a_hit_share_rests_on() -> None:
    workload = Workload(name="agents", caching=lever(replay=SESSIONS.model_dump()))
    found = {a.name: a for a in effect_assumptions(workload, {"5m": 0.7})}
    seen = found["agents: cache hits at the 5m lifetime"]
    assert (seen.value, seen.provenance) == ("0.7", Provenance.MEASURED)
    replayed = found["agents: cache hits at the 1h lifetime"]
    assert replayed.value == "0.93 (0.92 to 0.94 in 4 of 5 draws)"
    assert "replay 1043 requests in 40 sessions over 0.65 days; sessions.json" in replayed.source
    hours = lever(replay=_only(HitBasis.HOURLY_ARRIVALS).model_dump())
    claimed = effect_assumptions(Workload(name="w", caching=hours))
    assert {a.provenance for a in claimed} == {Provenance.CLAIM}


def _only(basis: HitBasis) -> CacheEvidence:
    kept = tuple(band(ttl, basis.value, 0.5, 0.3, 0.9) for ttl in TTLS)
    return SESSIONS.model_copy(update={"bands": kept})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"hit_share": 0.95}, "hit_share 0.95 lies outside 0.83 to 0.88"),
        ({"lower_share": 0.855, "upper_share": 0.865}, "narrower than 0.02"),
        ({"hit_share": float("nan")}, "finite number"),
        ({"upper_share": 1.2}, "less than or equal to 1"),
    ],
)
def test_a_band_that_cannot_be_is_refused(change: dict[str, float], said: str) -> None:
    good = band("5m", "replay", 0.86, 0.83, 0.88).model_dump()
    with pytest.raises(ValidationError, match=said):
        HitBand.model_validate(good | change)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"bands": SESSIONS.bands[:3]}, "the 1h lifetime is missing"),
        ({"bands": (*SESSIONS.bands, SESSIONS.bands[0])}, "stands twice"),
        (
            {"bands": (*SESSIONS.bands, band("1h", "gap_histogram", 0.9, 0.88, 0.935))},
            "gap_histogram at 1h does not hold the band of replay",
        ),
        ({"n_requests": 0}, "greater than or equal to 1"),
    ],
)
def test_evidence_that_contradicts_itself_is_refused(change: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        CacheEvidence.model_validate(SESSIONS.model_dump() | change)


@pytest.mark.parametrize("field", [{"hit_share": 0.9}, {"arrivals_per_hour": 6}])
def test_a_lever_with_two_sources_is_refused(field: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match="stands beside a replay, which says it better"):
        lever(replay=SESSIONS.model_dump(), **field)


def test_weaker_bases_stand_in_their_order() -> None:
    order = [one.basis for one in SESSIONS.of("5m")]
    assert order == list(BASES)
    assert all(BASES.index(a) < BASES.index(b) for a, b in pairwise(order))
