"""A misread figure of another vendor breaks an order of prices, by name."""

from datetime import date

import pytest

from forecast.pricing.rate_cards import load_rate_card
from forecast.pricing.rules import check_rate_card

AS_OF = date(2026, 11, 22)

MISREAD = {
    "batch": ("openai", "gpt-5", "batch_multiple = 1.5"),
    "batch, own rates": ("openai", "gpt-4.1", "batch = { input = 9, cache_read = 1, output = 4 }"),
    "flex": ("openai", "gpt-5", "flex_multiple = 2"),
    "priority": ("openai", "gpt-5", "priority_multiple = 0.2"),
    "fast": ("openai", "gpt-5", "fast = { input = 0.25, cache_read = 0.01, output = 2 }"),
    "cache_read": ("openai", "gpt-5.3", "standard = { cache_read = 17.5 }"),
    "cache_write_5m": ("openai", "gpt-6-cyber", "standard = { cache_write_5m = 0.25 }"),
    "long_context": (
        "google",
        "gemini-1.5-pro",
        "long_context = { above_prompt_tokens = 128_000, rates = { input = 0.25, output = 10 } }",
    ),
    "priority, a kind missing": ("openai", "gpt-5", "priority = { input = 2.5, output = 20 }"),
}  # fmt: skip


@pytest.mark.parametrize("case", MISREAD)
def test_each_order_catches_its_own_fault(sheet, case):
    platform, model, change = MISREAD[case]
    path = sheet(f"""
        [[amendments]]
        platforms = ["{platform}"]
        models = ["{model}"]
        effective_from = 2026-11-01
        {change}
        source = "misread"
        checked_on = 2026-11-22
    """)
    broken = check_rate_card(load_rate_card(AS_OF, price_sheets=[path]), on=AS_OF)
    assert {(v.platform, v.model, v.rule, v.day) for v in broken} == {
        (platform, model, case.split(",")[0], date(2026, 11, 1))
    }


def test_the_rules_look_at_every_price_of_the_card(card):
    """One price in ten thousand times too small would not pass unseen."""
    listed = [r for r in card.rates if r.batch_multiple is not None and "claude" not in r.model]
    assert len(listed) > 100
    for row in listed[::10]:
        wrong = row.model_copy(update={"batch_multiple": row.batch_multiple * 1000})
        changed = tuple(wrong if r is row else r for r in card.rates)
        broken = check_rate_card(card.model_copy(update={"rates": changed}), on=AS_OF)
        assert {(v.model, v.rule) for v in broken} == {(row.model, "batch")}
