from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.pricing.segments import month_segments, retired_successors, successors
from forecast.records.rates import ModelFacts, RateCard
from forecast.units import days_in_month

SONNET = ("anthropic", "claude-sonnet-4-5")


def test_a_quiet_month_is_one_segment(card):
    assert month_segments(card, [SONNET], date(2027, 3, 9)) == ((date(2027, 3, 1), 1.0),)


def test_a_retirement_cuts_the_month(card):
    assert month_segments(card, [SONNET], date(2026, 11, 1)) == (
        (date(2026, 11, 1), 29 / 30),
        (date(2026, 11, 30), 1 / 30),
    )


def test_the_successors_price_changes_cut_too(card):
    days = [day for day, _ in month_segments(card, [SONNET], date(2026, 10, 1))]
    assert date(2026, 10, 7) in days
    other = [day for day, _ in month_segments(card, [("anthropic", "claude-opus-4-6")], days[0])]
    assert date(2026, 10, 7) not in other


def test_a_change_on_the_first_day_cuts_nothing(card, sheet):
    from forecast.pricing.rate_cards import load_rate_card

    path = sheet("""
        [[amendments]]
        platforms = ["anthropic"]
        models = ["claude-opus-5-5"]
        effective_from = 2027-01-01
        standard = { input = 3, output = 15 }
        source = "announced"
        checked_on = 2026-11-22
    """)
    later = load_rate_card(date(2026, 11, 22), price_sheets=[path])
    pair = [("anthropic", "claude-opus-5-5")]
    assert month_segments(later, pair, date(2027, 1, 1)) == ((date(2027, 1, 1), 1.0),)


@given(month=st.dates(date(2024, 1, 1), date(2028, 12, 31)), n=st.integers(1, 12))
def test_segments_cover_the_month_and_no_price_changes_inside(card, month, n):
    pairs = sorted({(r.platform, r.model) for r in card.rates})[::n]
    segments = month_segments(card, pairs, month)
    days = [day for day, _ in segments]
    assert days[0] == month.replace(day=1)
    assert all(a < b for a, b in pairwise(days))
    assert sum(share for _, share in segments) == pytest.approx(1, abs=1e-12)
    for (day, share), (platform, model) in ((s, p) for s in segments for p in pairs):
        last = day + timedelta(days=round(share * days_in_month(month)) - 1)
        assert card.in_force(platform, model, day) == card.in_force(platform, model, last)
        assert retired_successors(card, [model], day) == retired_successors(card, [model], last)


def _card(*facts: ModelFacts) -> RateCard:
    return RateCard(as_of=date(2026, 1, 1), rates=(), models=facts)


def _facts(model: str, retires: int | None, successor: str | None) -> ModelFacts:
    day = None if retires is None else date(2026, retires, 1)
    return ModelFacts(model=model, family="f", retires_on=day, successor=successor)


def test_chains_are_followed_to_the_first_living_model():
    card = _card(_facts("a", 2, "b"), _facts("b", 4, "c"), _facts("c", None, None))
    assert list(successors(card, "a")) == ["b", "c"]
    assert retired_successors(card, "abc", date(2026, 1, 31)) == {}
    assert retired_successors(card, "abc", date(2026, 2, 1)) == {"a": "b"}
    assert retired_successors(card, "abc", date(2026, 4, 1)) == {"a": "c", "b": "c"}


def test_without_a_living_successor_a_model_stays():
    card = _card(_facts("a", 2, "b"), _facts("b", 3, "a"), _facts("alone", 2, None))
    assert retired_successors(card, ["a", "alone"], date(2026, 2, 1)) == {"a": "b"}
    assert retired_successors(card, ["a", "b", "alone"], date(2026, 3, 1)) == {}
