"""The customer's price sheet: families, token kinds, days, discounts off list."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forecast.errors import InputError
from forecast.pricing.rate_cards import load_rate_card
from forecast.pricing.windows import Amendment, KindDiscounts, amend, by_model
from forecast.records.rates import BandedRates, LongContext, ModelRates, TokenRates
from forecast.records.usage import MixKey

AS_OF = date(2026, 11, 22)
DAY = date(2026, 11, 1)
TAIL = 'source = "order form 12, annex B"\nchecked_on = 2026-11-20\n'


@pytest.fixture
def card_with(sheet):
    """Lay sheets over the list, in order."""

    def load(*texts: str):
        paths = [sheet(text + TAIL, f"sheet{i}.toml") for i, text in enumerate(texts)]
        return load_rate_card(AS_OF, price_sheets=paths)

    return load


def _charged(card, model, platform="anthropic", day=DAY, **key):
    return card.in_force(platform, model, day).charged(MixKey(platform, model, **key))


OPUS_TENTH = """
[[amendments]]
platforms = ["anthropic"]
families = ["opus"]
effective_from = 2026-10-01
discount_share = 0.10
"""


def test_a_family_discount_reaches_every_model_of_the_family_and_no_other(card_with, card):
    ours = card_with(OPUS_TENTH)
    opus = {f.model for f in ours.models if f.family == "opus"}
    assert len(opus) == 9
    for rates in ours.rates:
        listed = card.in_force(rates.platform, rates.model, rates.effective_from)
        if rates.platform == "anthropic" and rates.model in opus and rates.in_force(DAY):
            assert rates.standard.input == listed.standard.input * Decimal("0.9")
            assert "order form 12" in rates.source
        elif rates.model not in opus or rates.platform != "anthropic":
            assert rates.standard == listed.standard


def test_a_discount_holds_in_batch_in_a_region_and_in_the_fast_mode(card_with):
    ours = card_with(OPUS_TENTH)
    model = "claude-opus-5-5"
    assert _charged(ours, model).output == Decimal("18.00")
    assert _charged(ours, model, service_tier="batch").output == Decimal("9.00")
    assert _charged(ours, model, geography="us").output == Decimal("19.80")
    assert _charged(ours, model, speed="fast").output == Decimal("36.00")
    assert ours.in_force("anthropic", model, DAY).web_search_usd_per_1000 == 10


def test_the_days_before_stay_at_list(card_with):
    ours = card_with(OPUS_TENTH)
    assert _charged(ours, "claude-opus-5-5", day=date(2026, 9, 30)).output == 20
    assert _charged(ours, "claude-opus-5-5", day=date(2026, 10, 1)).output == 18


def test_a_discount_by_token_kind_leaves_the_others_at_list(card_with):
    ours = card_with("""
        [[amendments]]
        platforms = ["anthropic"]
        models = ["claude-haiku-5-5"]
        discount_share = { input = 0.20, output = 0.10 }
    """)
    below, above = (_charged(ours, "claude-haiku-5-5", context_window=w) for w in ("", "> 100k"))
    assert (below.input, below.cache_read, below.output) == (
        Decimal("0.08"),
        Decimal("0.01"),
        Decimal("0.45"),
    )
    assert (above.input, above.cache_read, above.output) == (
        Decimal("0.40"),
        Decimal("0.05"),
        Decimal("2.25"),
    )


def test_a_discount_is_off_list_even_after_another_sheet(card_with):
    """10 % and then 15 % is 15 % off list, not 23.5 %; a rate of the first sheet gives way."""
    more = OPUS_TENTH.replace("0.10", "0.15")
    assert _charged(card_with(OPUS_TENTH, more), "claude-opus-5").output == Decimal("21.25")
    rate = OPUS_TENTH.replace("discount_share = 0.10", "standard = { output = 7 }")
    assert _charged(card_with(rate, more), "claude-opus-5").output == Decimal("21.25")


def test_a_discount_follows_a_list_price_that_changes_on_its_day(card_with):
    ours = card_with("""
        [[amendments]]
        platforms = ["anthropic"]
        models = ["claude-sonnet-5-5"]
        discount_share = 0.50
    """)
    assert _charged(ours, "claude-sonnet-5-5", day=date(2026, 10, 6)).cache_read == Decimal("0.10")
    assert _charged(ours, "claude-sonnet-5-5", day=date(2026, 10, 7)).cache_read == Decimal("0.05")


def test_everything_on_a_platform_but(card_with):
    ours = card_with("""
        [[amendments]]
        platforms = ["bedrock", "vertex"]
        models = ["*"]
        except_models = ["claude-fable-5-2"]
        discount_share = 0.05
    """)
    assert _charged(ours, "claude-opus-5-5", "bedrock").input == Decimal("3.80")
    assert _charged(ours, "amazon.nova-pro-v1:0", "bedrock").input == Decimal("0.76")
    assert _charged(ours, "gemini-2.5-pro", "vertex", context_window="> 200k").input == Decimal(
        "2.375"
    )
    assert _charged(ours, "claude-fable-5-2", "vertex").input == 8
    assert _charged(ours, "claude-opus-5-5", "anthropic").input == 4


def test_a_family_of_another_vendor(card_with):
    ours = card_with("""
        [[amendments]]
        platforms = ["openai"]
        families = ["gpt", "o"]
        discount_share = 0.20
    """)
    assert _charged(ours, "gpt-4.1", "openai").output == Decimal("6.40")
    batch = _charged(ours, "gpt-4.1", "openai", service_tier="batch")
    assert (batch.input, batch.cache_read, batch.output) == (
        Decimal("0.80"),
        Decimal("0.40"),
        Decimal("3.20"),
    )
    assert _charged(ours, "gpt-5.4", "openai", service_tier="priority").input == 4
    long = _charged(ours, "gpt-5.4", "openai", service_tier="batch", context_window="> 272k")
    assert (long.input, long.cache_read, long.output) == (2, Decimal("0.20"), 9)
    assert _charged(ours, "o3", "openai").input == Decimal("1.60")
    assert _charged(ours, "text-embedding-3-large", "openai").input == Decimal("0.13")


def test_an_absolute_rate_moves_a_tier_with_rates_of_its_own_in_proportion(card_with):
    """GPT-4.1's batch is half the input price: 1.50 once the input price is 3, as a multiple is."""
    ours = card_with("""
        [[amendments]]
        platforms = ["openai"]
        models = ["gpt-4.1"]
        standard = { input = 3 }
    """)
    batch = _charged(ours, "gpt-4.1", "openai", service_tier="batch")
    assert (batch.input, batch.cache_read, batch.output) == (Decimal("1.5"), Decimal("0.5"), 4)
    assert _charged(ours, "gpt-4.1", "openai", service_tier="priority").input == Decimal("5.25")


def test_a_tier_is_one_multiple_or_rates_of_its_own(card_with):
    ours = card_with("""
        [[amendments]]
        platforms = ["openai"]
        models = ["gpt-4.1"]
        batch_multiple = 0.4
    """)
    assert _charged(ours, "gpt-4.1", "openai", service_tier="batch").cache_read == Decimal("0.20")
    back = card_with("""
        [[amendments]]
        platforms = ["openai"]
        models = ["gpt-5"]
        flex = { input = 0.60, cache_read = 0.06, output = 4 }
    """)
    assert _charged(back, "gpt-5", "openai", service_tier="flex").output == 4


def test_a_whole_price_has_no_more_than_it_says(card_with):
    ours = card_with("""
        [[rates]]
        platform = "bedrock"
        model = "us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0"
        effective_from = 2026-01-01
        standard = { input = 3.60, cache_write_5m = 4.50, cache_read = 0.36, output = 18 }
    """)
    model = "us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0"
    assert _charged(ours, model, "bedrock").output == 18


BAD = {
    "a discount of more than everything": ("discount_share = 1.5", "amendments[0].discount_share"),
    "a negative discount": ("discount_share = -0.1", "amendments[0].discount_share"),
    "a discount on a kind nobody sells": (
        "discount_share = { tokens = 0.1 }",
        "amendments[0].discount_share",
    ),
    "a rate and a discount": ("discount_share = 0.1\nstandard = { input = 3 }", "amendments[0]"),
    "a multiple and rates": (
        "batch_multiple = 0.5\nbatch = { input = 1, output = 5 }",
        "amendments[0]",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_amendment_is_refused_with_its_place(card_with, case):
    text, column = BAD[case]
    with pytest.raises(InputError) as caught:
        card_with(f'[[amendments]]\nplatforms = ["anthropic"]\nfamilies = ["opus"]\n{text}\n')
    assert caught.value.file == "sheet0.toml"
    assert caught.value.column.startswith(column)


def test_an_amendment_of_nothing_is_refused(card_with):
    with pytest.raises(InputError, match="name models or families"):
        card_with('[[amendments]]\nplatforms = ["anthropic"]\ndiscount_share = 0.1\n')


def test_an_unknown_family_is_refused_with_those_that_are_there(card_with):
    with pytest.raises(InputError, match="families there: claude, fable, haiku, mythos, opus"):
        card_with(OPUS_TENTH.replace('"opus"', '"opvs"'))


def test_a_discount_off_a_price_that_has_no_list_is_refused(card_with):
    with pytest.raises(InputError, match="no list price of 'in-house-1'") as caught:
        card_with("""
            [[amendments]]
            platforms = ["acme"]
            models = ["in-house-1"]
            discount_share = 0.1
            source = "s"
            checked_on = 2026-11-20
            [[rates]]
            platform = "acme"
            model = "in-house-1"
            effective_from = 2026-01-01
            standard = { input = 1, output = 2 }
        """)
    assert caught.value.column == "amendments[0].discount_share"


usd = st.decimals("0.001", "100", places=3)
shares = st.one_of(st.none(), st.decimals(0, 1, places=2))


@given(
    prices=st.lists(usd, min_size=10, max_size=10),
    input_share=shares,
    output_share=shares,
)
def test_a_discounted_rate_is_list_less_its_share_in_both_bands(prices, input_share, output_share):
    kinds = ("input", "cache_write_5m", "cache_write_1h", "cache_read", "output")
    short, long = (TokenRates(**dict(zip(kinds, part, strict=True))) for part in (
        prices[:5], prices[5:]
    ))  # fmt: skip
    row = ModelRates(
        platform="p",
        model="m",
        effective_from=date(2026, 1, 1),
        standard=short,
        long_context=LongContext(above_prompt_tokens=1000, rates=long),
        batch=BandedRates(input=short.input / 2, output=short.output),
        source="list",
        checked_on=date(2026, 1, 1),
    )
    windows = by_model([row])
    amendment = Amendment(
        platforms=("p",),
        models=("m",),
        discount_share=KindDiscounts(input=input_share, output=output_share),
        source="order",
        checked_on=date(2026, 1, 1),
    )
    assert amend(windows, ("p", "m"), amendment, by_model([row]))
    (found,) = windows["p", "m"]
    for share, kind in ((input_share, "input"), (output_share, "output")):
        kept = 1 - (share or 0)
        assert getattr(found.standard, kind) == getattr(short, kind) * kept
        assert getattr(found.long_context.rates, kind) == getattr(long, kind) * kept
        assert getattr(found.batch, kind) == getattr(row.batch, kind) * kept
    assert found.standard.cache_read == short.cache_read


def test_the_example_sheet_says_what_its_comments_say(card):
    example = Path(__file__).parents[2] / "scripts" / "example_company" / "price_sheet.toml"
    ours = load_rate_card(AS_OF, price_sheets=[example])
    assert _charged(ours, "claude-haiku-4-5", service_tier="batch").output == Decimal("2.375")
    assert _charged(ours, "claude-haiku-4-5", day=date(2027, 10, 1)).output == 5
    opus = _charged(ours, "claude-opus-5-5")
    assert (opus.input, opus.cache_read, opus.output) == (Decimal("3.60"), Decimal("0.20"), 16)
    sonnet = _charged(ours, "claude-sonnet-5-5", "bedrock", geography="regional")
    assert (sonnet.input, sonnet.cache_read) == (Decimal("2.09"), Decimal("0.11"))
    assert _charged(ours, "prod-chat", "azure", service_tier="batch").input == Decimal("1.25")
    assert ours.facts("prod-chat").family == "gpt"


EXAMPLE = Path(__file__).parents[2] / "scripts" / "example_company" / "price_sheet.toml"


@given(
    at=st.integers(0, 2500),
    cut=st.integers(0, 12),
    put=st.one_of(
        st.binary(max_size=4),
        st.sampled_from([b"nan", b"-1", b"1e400", b"[[", b"]", b"{", b"2026-13-01", b'"', b"inf"]),
    ),
)
@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_damaged_sheet_is_read_or_refused_never_a_traceback(tmp_path, at, cut, put):
    data = EXAMPLE.read_bytes()
    damaged = tmp_path / "damaged.toml"
    damaged.write_bytes(data[:at] + put + data[at + cut :])
    card, named = None, "damaged.toml"
    try:
        card = load_rate_card(AS_OF, price_sheets=[damaged])
    except InputError as refused:
        named = refused.file
    assert named == "damaged.toml"
    for rates in card.rates if card else ():
        assert all(rate is None or 0 <= rate < 10**9 for rate in rates.standard.by_kind().values())
