import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.mix import (
    KEY_COLUMNS,
    TokenMix,
    demand_units,
    migrate_models,
    observed_mix,
    price_mix,
)
from forecast.records.rates import ModelFacts
from forecast.records.usage import TOKEN_COLUMNS, MixKey


def _facts(model: str) -> ModelFacts:
    return ModelFacts(model=model, family="f", tokens_per_text=1.3 if model == "new" else 1.0)


def _daily(rows: list[dict[str, object]]) -> pd.DataFrame:
    base = dict(zip(KEY_COLUMNS, MixKey("anthropic", "old"), strict=True))
    zero = dict.fromkeys((*TOKEN_COLUMNS, "web_searches"), 0)
    return pd.DataFrame([base | zero | row for row in rows])


def test_adopting_the_cache_is_not_falling_demand():
    before = _daily([{"input_tokens": 1000, "output_tokens": 10}])
    after = _daily([{"input_tokens": 100, "cache_read_tokens": 900, "output_tokens": 10}])
    assert demand_units(before, _facts).sum() == demand_units(after, _facts).sum()


def test_batch_and_a_price_cut_are_not_falling_demand():
    before = _daily([{"input_tokens": 1000}])
    after = _daily([{"input_tokens": 1000, "service_tier": "batch"}])
    assert demand_units(before, _facts).sum() == demand_units(after, _facts).sum()


@given(st.integers(1, 10**9), st.integers(0, 10**8))
def test_a_model_migration_is_not_growing_demand(n_input, n_output):
    old = _daily([{"input_tokens": n_input, "output_tokens": n_output}])
    mix = observed_mix(old, _facts)
    assert mix is not None
    moved = migrate_models(mix, {"old": "new"}, _facts)
    assert [key.model for key in moved.keys] == ["new"]
    assert moved.tokens == pytest.approx(mix.tokens * 1.3)
    as_rows = _daily([{"model": "new"}])
    as_rows[list(TOKEN_COLUMNS)] = moved.tokens[:, 0, :]
    assert demand_units(as_rows, _facts)[0] == pytest.approx(1.0)


def test_a_mix_prices_like_the_usage_it_came_from():
    rows = _daily(
        [
            {"input_tokens": 700, "output_tokens": 60},
            {"input_tokens": 300, "cache_read_tokens": 50, "service_tier": "batch"},
        ]
    )
    mix = observed_mix(rows, _facts)
    assert mix is not None

    def rates(key: MixKey) -> tuple[list[float], float]:
        half = 0.5 if key.service_tier == "batch" else 1.0
        return [half * r for r in (3, 3.75, 6, 0.3, 15)], 0.01

    units = demand_units(rows, _facts).sum()
    assert price_mix(mix, rates)[0] * units == pytest.approx(
        700 * 3 + 60 * 15 + 0.5 * (300 * 3 + 50 * 0.3)
    )


def test_a_kind_without_a_price_cannot_pass_unseen():
    mix = TokenMix.of([(MixKey("p", "m"), np.array([[1.0, 0, 0, 1.0, 0]]), np.zeros(1))])
    assert np.isnan(price_mix(mix, lambda _: ([1, 1, 1, float("nan"), 1], float("nan")))).all()
    unused = TokenMix.of([(MixKey("p", "m"), np.array([[1.0, 0, 0, 0, 0]]), np.zeros(1))])
    assert price_mix(unused, lambda _: ([1, 1, 1, float("nan"), 1], float("nan"))).tolist() == [1.0]


def test_no_demand_gives_no_mix():
    assert observed_mix(_daily([{}]), _facts) is None
