from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.pipeline.bridge import BridgeFigures, bridge, waterfall

usd = st.floats(0, 1e9, allow_nan=False)


@given(st.lists(usd, min_size=7, max_size=7), st.lists(usd, max_size=3), st.integers(0, 10**11))
def test_steps_sum_to_the_commitment_to_the_cent(levels, savings, cents):
    a, b, c, now, d, e, f = levels
    commitment = Decimal(cents) / 100
    levers = dict(zip(("routing", "batch", "caching"), savings, strict=False))
    figures = BridgeFigures(a, b, c, now, d, e, levers, e, f, commitment)
    *steps, last = bridge(figures, 12)
    if any(savings) or d == e:
        assert sum(step.usd for step in steps) == last.usd == commitment


@given(usd, usd, st.lists(st.tuples(st.sampled_from("abc"), usd), min_size=1, max_size=3))
def test_a_waterfall_ends_where_it_says(as_is, optimised, savings):
    *steps, last = waterfall(as_is, savings, optimised)
    assert sum(step.usd for step in steps) == last.usd


@pytest.mark.parametrize(
    ("months", "name"), [(12, "x 4"), (36, "x 12"), (18, "x 6"), (7, "x 2.33")]
)
def test_the_first_step_says_how_often_the_quarter_goes_into_the_term(months, name):
    figures = BridgeFigures(10.0, 10.0, 10.0, 10.0, 10.0, 10.0, {}, 10.0, 10.0, Decimal(10))
    assert bridge(figures, months)[0].step == f"last quarter {name}"


def test_an_expected_change_of_the_list_is_a_step_of_its_own():
    figures = BridgeFigures(10.0, 10.0, 10.0, 10.0, 10.0, 10.0, {}, 10.5, 8.4, Decimal(8))
    changes = {step.step: step.usd for step in bridge(figures, 12)}
    assert changes["expected list changes"] == Decimal("0.50")
    assert changes["discount"] == Decimal("-2.10")
    assert changes["margin"] == Decimal("-0.40")
