from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from forecast.pipeline.bridge import BridgeFigures, bridge, waterfall

usd = st.floats(0, 1e9, allow_nan=False)


@given(st.lists(usd, min_size=7, max_size=7), st.lists(usd, max_size=3), st.integers(0, 10**11))
def test_steps_sum_to_the_commitment_to_the_cent(levels, savings, cents):
    a, b, c, now, d, e, f = levels
    commitment = Decimal(cents) / 100
    levers = dict(zip(("routing", "batch", "caching"), savings, strict=False))
    figures = BridgeFigures(a, b, c, now, d, e, levers, f, commitment)
    *steps, last = bridge(figures)
    if any(savings) or d == e:
        assert sum(step.usd for step in steps) == last.usd == commitment


@given(usd, usd, st.lists(st.tuples(st.sampled_from("abc"), usd), min_size=1, max_size=3))
def test_a_waterfall_ends_where_it_says(as_is, optimised, savings):
    *steps, last = waterfall(as_is, savings, optimised)
    assert sum(step.usd for step in steps) == last.usd
