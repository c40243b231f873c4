"""Facts that move tokens and prices: tokenizers, minimum prefixes, retirements."""

from datetime import date

import pytest

MINIMUM_PREFIX = {
    512: "fable-5 fable-5-1 opus-5 opus-5-5 sonnet-5-5 haiku-5-5",
    1024: "opus-4-8 opus-4-1 opus-4-0 sonnet-5 sonnet-4-6 sonnet-4-5 sonnet-4-0",
    2048: "opus-4-7",
    4096: "opus-4-6 opus-4-5 haiku-4-5",
}
NEW_TOKENIZER = {
    "opus": ("4-7", "4-8", "5", "5-5"),
    "sonnet": ("5", "5-5"),
    "haiku": ("5-5",),
    "fable": ("5", "5-1", "5-2"),
    "mythos": ("5", "5-1", "5-2"),
}


@pytest.mark.parametrize("tokens", MINIMUM_PREFIX)
def test_minimum_prefix(card, tokens):
    for model in MINIMUM_PREFIX[tokens].split():
        assert card.facts(f"claude-{model}").min_cacheable_prefix_tokens == tokens
    assert card.facts("claude-3-5-haiku-latest").min_cacheable_prefix_tokens == 2048


def test_models_since_4_7_take_30_percent_more_tokens(card):
    newer = {f.model for f in card.models if f.tokens_per_text == 1.3}
    assert newer == {f"claude-{f}-{v}" for f, versions in NEW_TOKENIZER.items() for v in versions}
    assert {f.tokens_per_text for f in card.models} == {1.0, 1.3}


@pytest.mark.parametrize(
    ("old", "new", "per_text"),
    [
        ("claude-sonnet-4-6", "claude-sonnet-5-5", 2 / 3 * 1.3),
        ("claude-opus-4-6", "claude-opus-5-5", 0.8 * 1.3),
    ],
)
def test_price_per_text_is_not_price_per_token(card, old, new, per_text):
    day = date(2026, 11, 22)
    prices = {m: card.in_force("anthropic", m, day).standard.input for m in (old, new)}
    ratio = card.facts(new).tokens_per_text / card.facts(old).tokens_per_text
    assert float(prices[new] / prices[old]) * ratio == pytest.approx(per_text)


@pytest.mark.parametrize(
    ("model", "retires_on", "successor"),
    [
        ("claude-sonnet-4-5", date(2026, 11, 30), "claude-sonnet-5-5"),
        ("claude-opus-4-1", date(2026, 8, 5), "claude-opus-4-8"),
        ("claude-opus-4-0", date(2026, 6, 15), "claude-opus-4-8"),
        ("claude-sonnet-4-0", date(2026, 6, 15), "claude-sonnet-4-6"),
        ("claude-opus-5-5", None, None),
        ("gpt-5", date(2026, 12, 11), "gpt-6.1-sol"),
        ("gpt-4o", date(2027, 1, 14), "gpt-6-luna"),
        ("gpt-4.1-nano", date(2026, 10, 23), "gpt-5.6-luna"),
        ("gemini-2.5-pro", date(2026, 12, 1), "gemini-3.8-flash"),
        ("gpt-6.1-sol", None, None),
    ],
)
def test_retirements(card, model, retires_on, successor):
    facts = card.facts(model)
    assert (facts.retires_on, facts.successor) == (retires_on, successor)


def test_every_fact_has_a_source(card):
    assert all(f.source for f in card.models)
