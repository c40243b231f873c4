from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.units import add_months, month_of, quantile_rank, to_cents, utc_day


def test_a_naive_instant_is_refused():
    with pytest.raises(ValueError, match="no time zone"):
        utc_day(datetime(2026, 1, 1, 12))  # noqa: DTZ001 - the naive instant is the subject


@given(st.decimals(-(10**12), 10**12, places=2))
def test_cents_survive_rounding_through_a_float(amount):
    assert to_cents(float(amount)) == amount == to_cents(Decimal(amount))


@given(st.dates(), st.integers(-120, 120))
def test_months_there_and_back(day, n):
    month = month_of(day)
    if 2 < month.year + n / 12 < 9990:
        assert add_months(add_months(month, n), -n) == month


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_a_rank_is_always_a_rank(n, level):
    assert 1 <= quantile_rank(level, n) <= n
