"""The prices of a day, by platform, model or family."""

from datetime import date

import pytest

from forecast.errors import UnknownModelError
from forecast.pricing.in_force import prices_in_force

DAY = date(2026, 11, 22)


def test_every_model_with_a_price_on_the_day_is_there_once(card):
    found = prices_in_force(card, DAY)
    keys = [(p.rates.platform, p.rates.model) for p in found]
    assert keys == sorted({(r.platform, r.model) for r in card.rates if r.in_force(DAY)})
    assert all(p.rates.in_force(DAY) for p in found)


@pytest.mark.parametrize(
    ("models", "expected"),
    [
        (["haiku"], ["3-5-haiku-latest", "3-haiku", "haiku-4-5", "haiku-5-5"]),
        (["claude-opus-5.5"], ["opus-5-5"]),
        (
            ["claude-sonnet-4-5-20250929", "fable"],
            ["fable-5", "fable-5-1", "fable-5-2", "sonnet-4-5"],
        ),
    ],
)
def test_a_model_is_named_by_any_spelling_or_by_its_family(card, models, expected):
    found = prices_in_force(card, DAY, platforms=["anthropic"], models=models)
    assert [p.rates.model.removeprefix("claude-") for p in found] == expected


def _one(card, model, on, platform="anthropic"):
    (found,) = prices_in_force(card, on, platforms=[platform], models=[model])
    return found


def test_since_is_the_day_of_the_rates_not_of_the_row(card):
    assert _one(card, "claude-sonnet-5-5", DAY).since == date(2026, 10, 7)
    assert _one(card, "claude-opus-5", DAY).since is None  # its batch row begins on 2026-10-14
    assert _one(card, "o3", DAY, "openai").since == date(2025, 6, 10)


def test_an_announced_change_is_found(card):
    argon = _one(card, "gemini-4-argon", DAY, "google")
    assert argon.next_change.effective_from == date(2026, 12, 1)
    assert _one(card, "gemini-4-argon", date(2026, 12, 1), "google").next_change is None
    before = _one(card, "claude-sonnet-5-5", date(2026, 10, 6))
    assert before.next_change.effective_from == date(2026, 10, 7)


def test_what_has_no_price_is_refused_with_what_is_near(card):
    with pytest.raises(UnknownModelError, match="claude-opus-5-5"):
        prices_in_force(card, DAY, models=["claude-opus-5-6"])
    with pytest.raises(UnknownModelError, match="no platform 'amazon'"):
        prices_in_force(card, DAY, platforms=["amazon"])
