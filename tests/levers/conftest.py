from datetime import date
from decimal import Decimal

import pytest

from forecast.pricing.rate_cards import load_rate_card
from forecast.records.rates import ModelFacts, ModelRates, RateCard, TokenRates

DAY = date(2026, 11, 22)


@pytest.fixture(scope="session")
def day() -> date:
    return DAY


@pytest.fixture(scope="session")
def list_card() -> RateCard:
    """The card the service ships."""
    return load_rate_card(DAY)


def _rates(model: str, usd_per_million: str, **more: object) -> ModelRates:
    x = Decimal(usd_per_million)
    standard = TokenRates(
        input=x,
        cache_write_5m=x * Decimal("1.25"),
        cache_write_1h=x * 2,
        cache_read=x * Decimal("0.1"),
        output=x * 5,
    )
    return ModelRates.model_validate(
        {
            "platform": "anthropic",
            "model": model,
            "effective_from": date(2026, 1, 1),
            "standard": standard,
            "fast": standard.times(Decimal(2)),
            "batch_multiple": "0.5",
            "us_multiple": "1.1",
            "web_search_usd_per_1000": "10",
            "source": "made up",
            "checked_on": DAY,
            **more,
        }
    )


@pytest.fixture(scope="session")
def card() -> RateCard:
    """Three models of round prices; `small` has a newer tokenizer, `odd` sells little."""
    return RateCard(
        as_of=DAY,
        rates=(
            _rates("big", "4"),
            _rates("small", "1"),
            _rates("odd", "1", batch_multiple=None, us_multiple=None, fast=None),
        ),
        models=(
            ModelFacts(model="big", family="x", min_cacheable_prefix_tokens=1024),
            ModelFacts(
                model="small", family="x", tokens_per_text=1.25, min_cacheable_prefix_tokens=512
            ),
            ModelFacts(model="odd", family="x"),
        ),
    )
