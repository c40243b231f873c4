"""What is read off the price package for every platform, and what is left out."""

from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest
from genai_prices.types import (
    ClauseEquals,
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    PriceVariant,
    StartDateConstraint,
    Tier,
    TieredPrices,
)

from forecast.errors import InputError
from forecast.pricing.published import PROVIDERS, platform_rates, providers, published_rates
from forecast.pricing.published_windows import carry_back, price_on
from forecast.pricing.rate_cards import canonical_model
from forecast.records.usage import MixKey

AS_OF = date(2026, 11, 22)
OCTOBER_14 = date(2026, 10, 14)


def _model(prices, variants=(), name="m"):
    return ModelInfo(
        id=name,
        match=ClauseEquals(name),
        prices=prices,
        price_variants=list(variants),
    )


def _tiered(base, above, start=1000):
    return TieredPrices(base=Decimal(base), tiers=[Tier(start=start, price=Decimal(above))])


def test_every_platform_has_prices(card):
    models = {}
    for row in card.rates:
        models.setdefault(row.platform, set()).add(row.model)
    assert set(models) == set(PROVIDERS)
    assert {p: len(m) > 15 for p, m in models.items()} == dict.fromkeys(PROVIDERS, True)
    assert {"gemini-2.5-pro", "claude-opus-5-5"} <= models["vertex"]
    assert not any(m.startswith("claude-") for m in models["google"])


def test_what_is_left_out_is_not_sold_by_the_token():
    listed = {m.id for m in providers()["openai"].models}
    read = {r.model for r in published_rates() if r.platform == "openai"}
    assert listed - read == {
        *("gpt-live-1", "gpt-live-transcribe", "gpt-realtime-translate", "gpt-realtime-whisper"),
        *("gpt-transcribe", "moderation", "tts-1", "tts-1-hd", "whisper-1"),
    }


def test_other_units_are_named(card):
    audio = card.in_force("openai", "gpt-audio", AS_OF)
    assert audio.other_units == ("audio input", "audio output")
    assert card.in_force("openai", "gpt-5", AS_OF).other_units == ("file searches",)


@pytest.mark.parametrize(
    ("platform", "model", "above", "kinds"),
    [
        ("anthropic", "claude-haiku-5-5", 100_000, {"input": "0.50", "output": "2.50"}),
        ("openai", "gpt-5.4", 272_000, {"input": "5", "cache_read": "0.50", "output": "22.50"}),
        ("openai", "gpt-6-luna", 272_000, {"cache_write_5m": "0.25", "output": "0.75"}),
        ("google", "gemini-3.1-pro-preview", 200_000, {"input": "4", "output": "18"}),
        ("vertex", "gemini-2.5-pro", 200_000, {"cache_read": "0.25", "output": "15"}),
        ("google", "gemini-1.5-flash", 128_000, {"input": "0.15"}),
        ("bedrock", "openai.gpt-6-sol", 272_000, {"input": "4", "output": "15"}),
        ("bedrock", "claude-haiku-5-5", 100_000, {"input": "0.50"}),
    ],
)
def test_a_banded_model_keeps_both_bands(card, platform, model, above, kinds):
    band = card.in_force(platform, model, AS_OF).long_context
    assert band.above_prompt_tokens == above
    for kind, usd in kinds.items():
        assert getattr(band.rates, kind) == Decimal(usd)
    thousands = above // 1000
    for window, rates in (
        (f"> {thousands}k", band.rates),
        (f"{thousands}k-1M", band.rates),
        (f"≤ {thousands}k", card.in_force(platform, model, AS_OF).standard),
        ("", card.in_force(platform, model, AS_OF).standard),
    ):
        key = MixKey(platform, model, context_window=window)
        assert card.in_force(platform, model, AS_OF).charged(key) == rates


def test_a_tier_with_one_multiple_is_that_multiple_in_both_bands(card):
    luna = card.in_force("openai", "gpt-6-luna", AS_OF)
    assert (luna.batch_multiple, luna.batch) == (Decimal("0.5"), None)
    assert (luna.priority_multiple, luna.priority) == (Decimal(2), None)


def test_a_rounded_or_flat_tier_keeps_rates_of_its_own(card):
    row = card.in_force("openai", "gpt-5.4", AS_OF)
    assert (row.batch_multiple, row.batch.cache_read) == (None, Decimal("0.13"))
    assert row.batch.long_context.rates.cache_read == Decimal("0.25")
    assert row.priority.long_context is None
    mini = card.in_force("openai", "gpt-4o-mini", AS_OF)
    assert (mini.priority_multiple, mini.priority.input) == (None, Decimal("0.25"))


def test_no_multiple_of_the_card_is_a_rounded_quotient(card):
    for row in card.rates:
        for name in ("batch", "flex", "priority", "us", "regional"):
            multiple = getattr(row, f"{name}_multiple")
            assert multiple is None or -multiple.normalize().as_tuple().exponent <= 3, row.model


def test_bedrock_has_one_price_with_the_regional_multiple(card):
    sol = card.in_force("bedrock", "openai.gpt-6-sol", AS_OF)
    assert (sol.standard.input, sol.regional_multiple, sol.us_multiple) == (
        Decimal(2),
        Decimal("1.1"),
        Decimal("1.1"),
    )
    assert card.in_force("bedrock", "amazon.nova-pro-v1:0", AS_OF).regional_multiple == 1


def _price(inp, out="10", cached="0.5"):
    return ModelPrice(
        input_mtok=Decimal(inp), cache_read_mtok=Decimal(cached), output_mtok=Decimal(out)
    )


def _batch(inp, out, since=OCTOBER_14):
    return PriceVariant(
        when={"processing": "batch"},
        prices=ModelPrice(input_mtok=Decimal(inp), output_mtok=Decimal(out)),
        constraint=StartDateConstraint(start_date=since),
    )


def test_a_variant_names_only_what_differs():
    model = _model(_price("2"), [_batch("1", "5")])
    batch = price_on(model, OCTOBER_14).tiers["batch"]
    assert (batch.input, batch.cache_read, batch.output) == (1, Decimal("0.5"), 5)
    assert price_on(model, date(2026, 10, 13)).tiers == {}


def test_a_tier_is_carried_back_as_it_is_while_the_price_is_the_same():
    model = _model(_price("2"), [_batch("1", "5")])
    starts = [date(2025, 1, 1), OCTOBER_14]
    prices = [price_on(model, day) for day in starts]
    carried = carry_back(starts, prices, {"batch": date(2025, 1, 1)})
    assert carried[0]["batch"] == (prices[1].tiers["batch"], None)
    assert carried[1] == {}
    assert carry_back(starts, prices, {"batch": date(2025, 1, 2)}) == [{}, {}]


def test_a_tier_is_carried_back_by_its_multiples_over_a_price_change():
    dated = [
        ConditionalPrice(prices=_price("10", "40", "2.5")),
        ConditionalPrice(
            constraint=StartDateConstraint(start_date=date(2025, 6, 10)), prices=_price("2", "8")
        ),
    ]
    starts = [date(2025, 1, 1), date(2025, 6, 10), OCTOBER_14]
    model = _model(dated, [_batch("1", "4")])
    carried = carry_back(starts, [price_on(model, d) for d in starts], {"batch": starts[0]})
    own, multiple = carried[0]["batch"]
    assert multiple is None
    assert (own.input, own.cache_read, own.output) == (5, Decimal("2.5"), 20)


def test_a_rounded_tier_is_not_carried_over_a_price_change():
    dated = [
        ConditionalPrice(prices=_price("10")),
        ConditionalPrice(
            constraint=StartDateConstraint(start_date=date(2025, 6, 10)), prices=_price("0.3")
        ),
    ]
    starts = [date(2025, 1, 1), date(2025, 6, 10), OCTOBER_14]
    model = _model(dated, [_batch("0.2", "5")])
    carried = carry_back(starts, [price_on(model, d) for d in starts], {"batch": starts[0]})
    assert carried[0] == {}
    assert "batch" in carried[1]


UNKNOWN = {
    "a price of an unknown unit": (
        _model(
            ModelPrice(input_mtok=Decimal(1), output_mtok=Decimal(2), requests_kcount=Decimal(3))
        ),
        "requests_kcount",
    ),
    "three bands": (
        _model(
            ModelPrice(
                input_mtok=TieredPrices(
                    base=Decimal(1),
                    tiers=[Tier(start=1, price=Decimal(2)), Tier(start=2, price=Decimal(3))],
                )
            )
        ),
        "2 bands",
    ),
    "bands of several lengths": (
        _model(ModelPrice(input_mtok=_tiered("1", "2"), output_mtok=_tiered("1", "2", 2000))),
        "several lengths",
    ),
    "output without input": (_model(ModelPrice(output_mtok=Decimal(2))), "without one for input"),
    "an unknown variant": (
        _model(
            _price("1"),
            [PriceVariant(when={"region": "moon"}, prices=ModelPrice(input_mtok=Decimal(9)))],
        ),
        "region",
    ),
    "a default tier that has a price": (
        _model(
            _price("1"),
            [PriceVariant(when={"service_tier": "default"}, prices=_price("2"))],
        ),
        "default",
    ),
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_a_price_of_unknown_shape_is_an_error_never_dropped(case):
    model, says = UNKNOWN[case]
    with pytest.raises(InputError, match=says):
        list(platform_rates("openai", [model]))


def test_a_price_by_the_hour_of_day_is_an_error():
    timed = ConditionalPrice(constraint=SimpleNamespace(hour=3), prices=_price("1"))
    with pytest.raises(InputError, match="a price under"):
        list(platform_rates("openai", [_model([timed])]))


def test_a_band_of_some_kinds_keeps_the_others_as_they_are():
    model = _model(ModelPrice(input_mtok=_tiered("1", "2"), output_mtok=Decimal(5)))
    (row,) = platform_rates("openai", [model])
    assert (row.long_context.rates.input, row.long_context.rates.output) == (2, 5)


@pytest.mark.parametrize(
    ("platform", "raw", "model"),
    [
        ("openai", "gpt-4o-2024-08-06", "gpt-4o"),
        ("openai", "gpt-4o-2024-05-13", "gpt-4o-2024-05-13"),  # 5 and 15, not 2.50 and 10
        ("openai", "gpt-4.1-mini-2025-04-14", "gpt-4.1-mini"),
        ("openai", "gpt-5.6-luna-2026-08-01", "gpt-5.6-luna"),
        ("openai", "openai/gpt-5", "gpt-5"),
        ("openai", "GPT-5", "gpt-5"),
        ("openai", "ft:gpt-4o-2024-08-06:acme::x", "ft:gpt-4o"),
        ("openai", "ft:gpt-4o-mini-2024-07-18:acme:tickets:9", "ft:gpt-4o-mini"),
        ("azure", "gpt-35-turbo", "gpt-35-turbo"),
        ("azure", "o3", "o3-2025-04-16"),
        ("google", "models/gemini-2.5-pro", "gemini-2.5-pro"),
        ("google", "gemini-2.5-pro-preview-06-05", "gemini-2.5-pro"),
        ("vertex", "publishers/google/models/gemini-2.5-pro-001", "gemini-2.5-pro"),
        ("bedrock", "us.amazon.nova-pro-v1:0", "amazon.nova-pro-v1:0"),
        ("bedrock", "amazon.nova-pro-v1:0:300k", "amazon.nova-pro-v1:0"),
        ("bedrock", "amazon.nova-pro", "amazon.nova-pro-v1:0"),
        ("bedrock", "global.openai.gpt-6-sol", "openai.gpt-6-sol"),
        (
            "bedrock",
            "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.meta.llama3-3-70b-instruct-v1:0",
            "meta.llama3-3-70b-instruct-v1:0",
        ),
    ],
)
def test_an_id_that_the_package_names_or_a_snapshot_of_it_is_read(platform, raw, model):
    assert canonical_model(platform, raw) == model


@pytest.mark.parametrize(
    ("platform", "raw"),
    [
        ("openai", "gpt-4o-2030-01-01"),  # a snapshot nobody listed
        ("openai", "gpt-5.4-turbo"),
        ("openai", "gpt-4o-mini-2024-07-18.ft-acme"),  # tuned, at another price
        ("openai", "ft:gpt-5:acme::x"),  # no price of a tuned GPT-5 is listed
        ("openai", "our-deployment"),
        ("azure", "prod-chat"),
        ("google", "gemini-2.5-pro-tts-ultra"),
        ("google", "gemini-3.8-flash-image"),
        ("bedrock", "amazon.titan-embed-text"),  # v1 costs five times v2
        ("bedrock", "amazon.nova-pro-v2:0"),
        ("bedrock", "us-gov.amazon.nova-pro-v1:0"),
        ("vertex", "gemini-99"),
        ("acme", "gpt-5"),
    ],
)
def test_an_id_that_is_only_near_stays_as_it_is(platform, raw):
    assert canonical_model(platform, raw) == raw


def test_every_exact_id_of_the_package_is_read_as_its_model(card):
    priced = {(r.platform, r.model) for r in card.rates}
    checked = 0
    for platform in ("openai", "azure", "google"):
        for model in providers()[PROVIDERS[platform]].models:
            for clause in getattr(model.match, "or_", [model.match]):
                text = getattr(clause, "equals", None)
                if text and (platform, model.id) in priced:
                    assert canonical_model(platform, text) == model.id
                    checked += 1
    assert checked > 200
