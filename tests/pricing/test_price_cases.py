"""The price table and what moves a price, as a buyer would check them."""

import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

from forecast.errors import UnknownModelError
from forecast.pricing.rating import rate_usage
from forecast.records.usage import MixKey

CASES = tomllib.loads(
    (Path(__file__).parents[1] / "cases" / "prices.toml").read_text(encoding="utf-8")
)
PRICES = [(model, case) for case in CASES["price"] for model in case["models"]]


@pytest.mark.parametrize(("model", "case"), PRICES, ids=[f"{m} {c['day']}" for m, c in PRICES])
@pytest.mark.parametrize("platform", ["anthropic", "bedrock", "vertex"])
def test_the_price_table(card, platform, model, case):
    rates = card.in_force(platform, model, case["day"]).charged(MixKey(platform, model))
    assert rates.model_dump() == {kind: Decimal(usd) for kind, usd in case["rates"].items()}


@pytest.mark.parametrize("case", CASES["charge"], ids=lambda case: case["name"])
def test_a_charge(card, usage, case):
    rated = rate_usage(usage([{"day": case["day"], **case["key"], **case["usage"]}]), card)
    assert rated["list_usd"][0] == Decimal(case["usd"])


@pytest.mark.parametrize("case", CASES["refused"], ids=lambda case: case["name"])
def test_what_is_not_sold_is_refused(card, usage, case):
    rows = usage([{"day": case["day"], **case["key"], **case["usage"]}])
    with pytest.raises(UnknownModelError, match=case["says"]) as caught:
        rate_usage(rows, card)
    assert caught.value.row == 1


@pytest.mark.parametrize("case", CASES["charge"], ids=lambda case: case["name"])
def test_forward_prices_are_the_same_prices(card, case):
    key = MixKey(**({"platform": "anthropic"} | case["key"]))
    per_token, per_search = card.usd_per_token(key, case["day"])
    kinds = [
        "input_tokens",
        "cache_write_5m_tokens",
        "cache_write_1h_tokens",
        "cache_read_tokens",
        "output_tokens",
    ]
    total = sum(
        case["usage"][kind] * rate
        for kind, rate in zip(kinds, per_token, strict=True)
        if kind in case["usage"]
    )
    searches = case["usage"].get("web_searches", 0)
    total += searches * per_search if searches else 0
    assert total == pytest.approx(float(case["usd"]), rel=1e-12)
