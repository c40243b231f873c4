from datetime import date

import pytest

from forecast.pricing.assumptions import pricing_assumptions
from forecast.pricing.rating import rate_usage
from forecast.records.base import Provenance
from forecast.records.rates import ModelFacts

AS_OF = date(2026, 11, 22)
RECENT = date(2026, 11, 20)


def _names(usage, card, *rows, as_of=AS_OF):
    return {a.name: a for a in pricing_assumptions(usage(rows), card, as_of)}


def test_plain_usage_rests_on_the_price_history_and_on_models_staying(card, usage):
    row = {"day": RECENT, "model": "claude-opus-5-5", "output_tokens": 10}
    found = _names(usage, card, row)
    assert set(found) == {"price history", "models without an announced retirement"}
    assert found["price history"].provenance == Provenance.LIST_PRICE
    assert found["price history"].as_of == date(2026, 11, 22)


def test_without_usage_nothing_is_assumed(card, usage):
    late = {"day": date(2026, 11, 25), "model": "claude-opus-5-5"}
    assert pricing_assumptions(usage([]), card, AS_OF) == ()
    assert pricing_assumptions(usage([late]), card, AS_OF) == ()


@pytest.mark.parametrize("rated", [False, True])
def test_the_band_of_haiku_is_an_explicit_assumption(card, usage, rated):
    row = {"day": RECENT, "model": "claude-haiku-5-5", "input_tokens": 10_000_000}
    frame = usage([row | {"context_window": w} for w in ("", "0-200k", "0-100k", "> 200k")])
    frame = rate_usage(frame, card) if rated else frame
    found = {a.name: a for a in pricing_assumptions(frame, card, AS_OF)}
    band = found["share above 100,000 prompt tokens, claude-haiku-5-5"]
    assert band.value == (
        "0 of 20,000,000 tokens whose prompt length is not reported; "
        "all of them above would add 8.00 USD to 2.00"
    )


def test_the_band_of_sonnet_matters_only_while_it_was_in_force(card, usage):
    row = {"model": "claude-sonnet-4-5", "input_tokens": 1_000_000}
    before = _names(usage, card, row | {"day": date(2026, 3, 12)})
    after = _names(usage, card, row | {"day": date(2026, 3, 13)})
    name = "share above 200,000 prompt tokens, claude-sonnet-4-5"
    assert "add 3.00 USD to 3.00" in before[name].value
    assert name not in after


def test_priority_is_charged_as_standard(card, usage):
    row = {"day": RECENT, "model": "claude-opus-5-5", "output_tokens": 1_000_000}
    found = _names(usage, card, row, row | {"service_tier": "priority"})
    assert "20.00 USD, 50.0%" in found["priority tier"].value


def test_partner_prices_are_derived_unless_the_customer_gave_them(card, usage, sheet):
    from forecast.pricing.rate_cards import load_rate_card

    row = {"day": RECENT, "platform": "bedrock", "model": "claude-opus-5-5", "output_tokens": 9}
    assert "prices on bedrock" in _names(usage, card, row)
    own = load_rate_card(
        AS_OF,
        price_sheets=[
            sheet("""
                [[rates]]
                platform = "bedrock"
                model = "claude-opus-5-5"
                effective_from = 2026-01-01
                standard = { input = 4, output = 20 }
                source = "order form"
                checked_on = 2026-11-01
            """)
        ],
    )
    assert "prices on bedrock" not in _names(usage, own, row)


@pytest.mark.parametrize(
    ("day", "model", "assumed"),
    [
        (date(2026, 10, 13), "claude-opus-5-5", True),
        (date(2026, 10, 14), "claude-opus-5-5", False),
        (date(2025, 6, 1), "claude-3-haiku", True),
    ],
)
def test_batch_that_the_package_does_not_list(card, usage, day, model, assumed):
    row = {"day": day, "model": model, "service_tier": "batch", "output_tokens": 1_000_000}
    found = _names(usage, card, row)
    assert ("batch price before 2026-10-14 or on retired models" in found) == assumed


def test_a_forced_retirement_names_day_successor_and_tokens(card, usage):
    row = {"day": RECENT, "model": "claude-sonnet-4-5", "output_tokens": 10}
    found = _names(usage, card, row)
    assert found["retirement of claude-sonnet-4-5"].value == (
        "on 2026-11-30 its traffic moves to claude-sonnet-5-5, 1.30 tokens for each"
    )
    assert "claude-sonnet-5-5" in found["tokens for the same text"].value


def test_a_model_that_is_no_longer_used_needs_no_migration(card, usage):
    rows = [
        {"day": date(2026, 10, 1), "model": "claude-sonnet-4-5", "output_tokens": 10},
        {"day": RECENT, "model": "claude-sonnet-4-6", "output_tokens": 10},
    ]
    found = _names(usage, card, *rows)
    assert "retirement of claude-sonnet-4-5" not in found
    assert "tokens for the same text" not in found


def test_a_retirement_without_a_successor_says_so(card, usage):
    facts = ModelFacts(
        model="claude-sonnet-4-5", family="sonnet", retires_on=date(2026, 11, 30), source="s"
    )
    others = tuple(f for f in card.models if f.model != facts.model)
    orphan = card.model_copy(update={"models": (*others, facts)})
    row = {"day": RECENT, "model": "claude-sonnet-4-5", "output_tokens": 10}
    found = _names(usage, orphan, row)
    assert "no successor is known" in found["retirement of claude-sonnet-4-5"].value


def test_fast_mode_in_use_is_carried_forward(card, usage):
    row = {"model": "claude-opus-4-8", "speed": "fast", "output_tokens": 1_000_000}
    assert "fast mode" in _names(usage, card, row | {"day": RECENT})
    assert "fast mode" not in _names(usage, card, row | {"day": date(2026, 9, 1)})


@pytest.mark.parametrize(
    ("platform", "model", "window", "above", "told"),
    [
        ("anthropic", "claude-haiku-5-5", "> 100k", True, True),
        ("anthropic", "claude-haiku-5-5", ">= 100K", True, True),
        ("anthropic", "claude-haiku-5-5", "200k-1M", True, True),
        ("anthropic", "claude-haiku-5-5", "≤ 100,000", False, True),
        ("anthropic", "claude-haiku-5-5", "0-200k", False, False),
        ("anthropic", "claude-haiku-5-5", "1M", False, False),  # the model's window, no length
        ("openai", "gpt-5.4", "> 272k", True, True),
        ("openai", "gpt-5.4", "272k+", True, True),
        ("openai", "gpt-5.4", "0-200k", False, True),
        ("openai", "gpt-5.4", "200k-1M", False, False),
        ("google", "gemini-2.5-pro", "200k-1M", True, True),
        ("vertex", "gemini-2.5-pro", "<=200k", False, True),
        ("google", "gemini-2.5-pro", "", False, False),
    ],
)
def test_a_window_decides_the_band_or_is_an_assumption(
    card, usage, platform, model, window, above, told
):
    row = {"day": RECENT, "platform": platform, "model": model, "context_window": window}
    rows = usage([row | {"input_tokens": 1_000_000}])
    rates = card.in_force(platform, model, RECENT)
    band = rates.long_context.rates if above else rates.standard
    assert rate_usage(rows, card)["list_usd"][0] == band.input
    named = {a.name for a in pricing_assumptions(rows, card, AS_OF)}
    assert any(name.startswith("share above") for name in named) is not told


def test_a_tier_that_was_published_later_is_an_assumption(card, usage):
    row = {"platform": "openai", "model": "gpt-5", "service_tier": "batch", "output_tokens": 10**6}
    early = _names(usage, card, row | {"day": date(2026, 10, 13)})
    late = _names(usage, card, row | {"day": date(2026, 10, 14)})
    name = "batch price of other vendors before it was published"
    assert "5.00 USD, 100.0%" in early[name].value
    assert name not in late
    assert "batch price before 2026-10-14 or on retired models" not in early


def test_audio_among_the_tokens_is_an_assumption(card, usage):
    row = {"day": RECENT, "platform": "openai", "output_tokens": 10**6}
    found = _names(usage, card, row | {"model": "gpt-audio"}, row | {"model": "gpt-5"})
    assert found["tokens that are not text"].value == (
        "charged as text on gpt-audio, which are also sold by audio input, audio output; "
        "10.00 USD, 50.0% of the list cost"
    )
    assert "tokens that are not text" not in _names(usage, card, row | {"model": "gpt-5"})


def test_a_priority_tier_with_a_price_is_no_assumption(card, usage):
    row = {"day": RECENT, "platform": "openai", "model": "gpt-5", "service_tier": "priority"}
    assert "priority tier" not in _names(usage, card, row | {"output_tokens": 1})


def test_a_retirement_that_nobody_looked_up_is_said(card, usage):
    found = _names(
        usage,
        card,
        {"day": RECENT, "platform": "openai", "model": "gpt-5.1", "output_tokens": 1},
        {"day": RECENT, "model": "claude-opus-5-5", "output_tokens": 1},
    )
    assert "gpt-5.1" in found["models whose day of retirement is not on file"].value
    assert "gpt-5.1" not in found["models without an announced retirement"].value


def test_own_prices_are_an_assumption_of_the_contract(usage, sheet):
    from forecast.pricing.rate_cards import load_rate_card

    path = sheet("""
        [[amendments]]
        platforms = ["anthropic"]
        models = ["claude-opus-5-5"]
        discount_share = 0.5
        source = "order form"
        checked_on = 2026-11-01
    """)
    ours = load_rate_card(AS_OF, price_sheets=[path])
    row = {"day": RECENT, "output_tokens": 1_000_000}
    found = _names(
        usage, ours, row | {"model": "claude-opus-5-5"}, row | {"model": "claude-opus-5"}
    )
    own = found["own prices"]
    assert own.provenance == Provenance.CONTRACT
    assert own.as_of == date(2026, 11, 1)
    assert own.value.startswith("ours.toml: 10.00 USD, 28.6% of the list cost")
    assert "own prices" not in _names(usage, ours, row | {"model": "claude-opus-5"})
