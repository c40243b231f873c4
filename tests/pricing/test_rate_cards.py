"""Layers of the card: published, overrides, partner platforms, price sheets."""

from datetime import date, timedelta
from decimal import Decimal
from importlib.metadata import version

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.errors import InputError, UnknownModelError
from forecast.pricing.model_ids import canonical_model
from forecast.pricing.published import VERSION, card_id, providers, published_rates
from forecast.pricing.published_windows import price_on
from forecast.pricing.rate_cards import load_rate_card
from forecast.pricing.windows import by_model
from forecast.records.rates import ModelRates, TokenRates
from forecast.records.usage import MixKey

AS_OF = date(2026, 11, 22)
DAY = date(2026, 11, 1)


def test_the_card_says_which_package_it_was_checked_against():
    assert version("genai-prices") == VERSION


def _first_party() -> list[ModelRates]:
    return [r for r in published_rates() if r.platform == "anthropic"]


def test_the_published_batch_price_is_kept_exactly():
    batch = [r for r in _first_party() if r.batch_multiple is not None]
    assert len(batch) > 10
    assert {r.batch_multiple for r in batch} == {Decimal("0.5")}


def test_every_published_first_party_model_is_on_the_card(card):
    models = {r.model for r in card.rates if r.platform == "anthropic"}
    listed = {r.model for r in _first_party()}
    assert listed < models
    assert models - listed == {"claude-mythos-5", "claude-mythos-5-1"}


def test_partner_platforms_sell_the_same_claude_models(card):
    models = {
        platform: {
            r.model for r in card.rates if r.platform == platform and r.model.startswith("claude-")
        }
        for platform in ("anthropic", "bedrock", "vertex")
    }
    assert models["anthropic"] == models["bedrock"] == models["vertex"]


def test_derived_prices_are_those_that_the_package_lists_for_partners(card):
    """Every rate that the package does give for Claude on AWS or Google is the derived one."""
    compared = 0
    for provider_id, platform in (("aws", "bedrock"), ("google", "vertex")):
        for model in providers()[provider_id].models:
            raw = card_id(model.id)
            raw = {"claude-4-opus": "claude-opus-4", "claude-4-sonnet": "claude-sonnet-4"}.get(
                raw, raw
            )
            name = canonical_model(platform, raw)
            if not name.startswith("claude-"):
                continue
            listed = price_on(model, AS_OF)
            where = "regional" if model.id.startswith("regional.") else "global"
            derived = card.in_force(platform, name, AS_OF).charged(
                MixKey(platform, name, geography=where)
            )
            for kind, rate in listed.rates.by_kind().items():
                if rate is not None:
                    assert rate == getattr(derived, kind), (model.id, kind)
                    compared += 1
    assert compared > 200


def test_bands_that_the_package_lists_for_partners_are_derived_or_have_ended(card):
    """The package keeps Sonnet 4.5's band on Vertex for ever; it ended on 2026-03-13."""
    differ, same = set(), set()
    for provider_id, platform in (("aws", "bedrock"), ("google", "vertex")):
        for model in providers()[provider_id].models:
            name = canonical_model(platform, card_id(model.id))
            listed = price_on(model, AS_OF)
            if not name.startswith("claude-") or listed.rates.long_context is None:
                continue
            where = "regional" if model.id.startswith("regional.") else "global"
            band = listed.rates.long_context
            key = MixKey(
                platform, name, geography=where, context_window=f"> {band.above_prompt_tokens}"
            )
            derived = card.in_force(platform, name, AS_OF).charged(key)
            (same if derived == band.rates else differ).add((platform, name))
    assert differ == {("vertex", "claude-sonnet-4-5")}
    assert same == {("bedrock", "claude-haiku-5-5"), ("vertex", "claude-haiku-5-5")}


def test_package_prices_alone_would_be_wrong(card):
    """The traps that the overrides mend are really there in the pinned package."""
    by_key = by_model(_first_party())
    raw = {model: rows for (_, model), rows in by_key.items()}
    assert raw["claude-opus-4-1"][-1].batch_multiple is None
    assert raw["claude-sonnet-4-5"][-1].long_context is not None
    assert raw["claude-sonnet-5-5"][0].standard.cache_read == Decimal("0.1")
    assert raw["claude-opus-5-5"][-1].us_multiple is None
    assert "claude-mythos-5" not in raw


def test_a_price_sheet_wins_for_its_days_only(sheet):
    path = sheet("""
        [[rates]]
        platform = "anthropic"
        model = "claude-opus-5-5"
        effective_from = 2026-10-01
        effective_to = 2026-12-01
        standard = { input = 3.60, output = 18 }
        source = "order form 12"
        checked_on = 2026-09-30
    """)
    card = load_rate_card(AS_OF, price_sheets=[path])

    def price(day: date) -> tuple[Decimal, str]:
        rates = card.in_force("anthropic", "claude-opus-5-5", day)
        return rates.standard.input, rates.source.split(",")[0]

    assert price(date(2026, 9, 30)) == (Decimal(4), "genai-prices 0.2.3")
    assert price(date(2026, 10, 1)) == (Decimal("3.60"), "price sheet ours.toml: order form 12")
    assert price(date(2026, 11, 30)) == (
        Decimal("3.60"),
        "price sheet ours.toml: order form 12",
    )
    assert price(date(2026, 12, 1)) == (Decimal(4), "genai-prices 0.2.3")
    assert card.in_force("anthropic", "claude-opus-5-5", DAY).batch_multiple is None
    assert card.in_force("bedrock", "claude-opus-5-5", DAY).standard.input == 4


def test_the_later_of_two_sheets_wins(sheet):
    row = """
        [[amendments]]
        platforms = ["anthropic"]
        models = ["claude-opus-5-5"]
        standard = {{ input = {usd} }}
        source = "s"
        checked_on = 2026-11-01
    """
    first = sheet(row.format(usd=3), "first.toml")
    second = sheet(row.format(usd=2), "second.toml")
    card = load_rate_card(AS_OF, price_sheets=[first, second])
    assert card.in_force("anthropic", "claude-opus-5-5", DAY).standard.input == 2
    assert card.in_force("anthropic", "claude-opus-5-5", DAY).standard.output == 20


def test_a_sheet_may_spell_a_model_as_the_vendor_bills_it(sheet):
    path = sheet("""
        [[amendments]]
        platforms = ["bedrock"]
        models = ["anthropic.claude-sonnet-4-5-20250929-v1:0"]
        flex_multiple = 0.5
        source = "s"
        checked_on = 2026-11-01
    """)
    card = load_rate_card(AS_OF, price_sheets=[path])
    assert card.in_force("bedrock", "claude-sonnet-4-5", DAY).flex_multiple == Decimal("0.5")


def test_a_sheet_may_bring_another_vendor(sheet):
    path = sheet("""
        [[rates]]
        platform = "acme"
        model = "gpt-6-luna"
        effective_from = 2026-09-22
        standard = { input = 0.10, cache_read = 0.01, output = 0.50 }
        batch_multiple = 0.5
        flex_multiple = 0.5
        source = "price page"
        checked_on = 2026-11-01
        [[models]]
        model = "gpt-6-luna"
        family = "luna"
        source = "price page"
    """)
    card = load_rate_card(AS_OF, price_sheets=[path])
    flex = card.in_force("acme", "gpt-6-luna", DAY).charged(
        MixKey("acme", "gpt-6-luna", service_tier="flex")
    )
    assert flex.output == Decimal("0.25")
    assert card.facts("gpt-6-luna").family == "luna"
    with pytest.raises(UnknownModelError, match="gpt-6-luna"):
        card.in_force("acme", "gpt-6-luna", date(2026, 9, 21))


BAD_SHEETS = {
    "not TOML": ("[[rates]\n", None, "is not TOML"),
    "unknown table": ("[[price]]\nx = 1\n", "price", "Extra inputs"),
    "negative": (
        '[[amendments]]\nplatforms = ["anthropic"]\nmodels = ["claude-opus-5"]\n'
        'batch_multiple = -0.5\nsource = "s"\nchecked_on = 2026-11-01\n',
        "amendments[0].batch_multiple",
        "greater than or equal to 0",
    ),
    "infinite": (
        '[[amendments]]\nplatforms = ["anthropic"]\nmodels = ["claude-opus-5"]\n'
        'us_multiple = inf\nsource = "s"\nchecked_on = 2026-11-01\n',
        "amendments[0].us_multiple",
        "finite",
    ),
    "absurdly large": (
        '[[amendments]]\nplatforms = ["anthropic"]\nmodels = ["claude-opus-5"]\n'
        'standard = { input = 1e999999 }\nsource = "s"\nchecked_on = 2026-11-01\n',
        None,
        "1e999999 is no price",
    ),
    "absurdly small": (
        '[[amendments]]\nplatforms = ["anthropic"]\nmodels = ["claude-opus-5"]\n'
        'standard = { input = 1e-999999 }\nsource = "s"\nchecked_on = 2026-11-01\n',
        None,
        "1e-999999 is no price",
    ),
    "larger than any price": (
        '[[amendments]]\nplatforms = ["anthropic"]\nmodels = ["claude-opus-5"]\n'
        'standard = { input = 99999999999 }\nsource = "s"\nchecked_on = 2026-11-01\n',
        "amendments[0].standard.input",
        "less than or equal to 1000000000",
    ),
    "nested without end": ("x = " + 20_000 * "[", None, "nested too deeply"),
    "far too long": ("# " + 1_000_000 * "x", None, "longer than 1,000,000 bytes"),
    "no source": (
        '[[amendments]]\nplatforms = ["anthropic"]\nmodels = ["claude-opus-5"]\n'
        "batch_multiple = 0.5\nchecked_on = 2026-11-01\n",
        "amendments[0].source",
        "Field required",
    ),
    "backward days": (
        '[[rates]]\nplatform = "p"\nmodel = "m"\neffective_from = 2026-02-01\n'
        "effective_to = 2026-01-01\nstandard = { input = 1, output = 5 }\n"
        'source = "s"\nchecked_on = 2026-11-01\n',
        None,
        "must be after",
    ),
    "nothing to amend": (
        '[[amendments]]\nplatforms = ["anthropic"]\nmodels = ["claude-opus-99"]\n'
        'batch_multiple = 0.5\nsource = "s"\nchecked_on = 2026-11-01\n',
        "amendments[0].models",
        "no price of 'claude-opus-99'",
    ),
    "two prices on one day": (
        2
        * (
            '[[rates]]\nplatform = "p"\nmodel = "m"\neffective_from = 2026-01-01\n'
            'standard = { input = 1, output = 5 }\nsource = "s"\nchecked_on = 2026-11-01\n'
        ),
        None,
        "both price 'm'",
    ),
}


@pytest.mark.parametrize("case", BAD_SHEETS)
def test_a_bad_sheet_is_refused_with_its_place(sheet, case):
    text, column, says = BAD_SHEETS[case]
    with pytest.raises(InputError, match=says) as caught:
        load_rate_card(AS_OF, price_sheets=[sheet(text)])
    assert caught.value.file == "ours.toml"
    assert caught.value.column == column


def test_a_missing_or_binary_sheet_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        load_rate_card(AS_OF, price_sheets=[tmp_path / "absent.toml"])
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="cannot be read"):
        load_rate_card(AS_OF, price_sheets=[binary])


days = st.dates(date(2026, 1, 1), date(2026, 3, 1))
windows = st.lists(
    st.tuples(days, st.one_of(st.none(), st.integers(1, 40))), min_size=1, max_size=8
)


@given(windows=windows)
@settings(max_examples=60)
def test_on_every_day_the_latest_row_that_covers_it_is_in_force(windows):
    rows = [
        ModelRates(
            platform="p",
            model="m",
            effective_from=start,
            effective_to=None if length is None else start + timedelta(days=length),
            standard=TokenRates(input=Decimal(i), output=Decimal(5)),
            source=str(i),
            checked_on=start,
        )
        for i, (start, length) in enumerate(windows)
    ]
    laid = by_model(rows)["p", "m"]
    for offset in range(110):
        day = date(2025, 12, 25) + timedelta(days=offset)
        expected = [r.source for r in rows if r.in_force(day)][-1:]
        assert [r.source for r in laid if r.in_force(day)] == expected


def test_the_same_card_every_time():
    assert load_rate_card(AS_OF) == load_rate_card(AS_OF)
