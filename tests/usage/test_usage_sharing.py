"""Keys that several workloads share, divided without losing or making up a token."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from usage_samples import usage_rows

from forecast.errors import WorkloadError
from forecast.records.base import Provenance
from forecast.records.usage import TOKEN_COLUMNS
from forecast.records.workloads import Portfolio, Rule, Workload
from forecast.usage.mapping import assign_workloads
from forecast.usage.sharing import BILLION, billionths, divide


def inventory(*workloads):
    return Portfolio(
        workloads=tuple(
            Workload(name=name, match=tuple(Rule(**rule) for rule in rules))
            for name, *rules in workloads
        )
    )


def daily_of(rows, *workloads):
    return assign_workloads(rows, inventory(*workloads)).daily.set_index("workload")


def test_two_teams_share_one_key_and_the_rest_stays_unassigned():
    rows = usage_rows({"api_key": "team", "input_tokens": 1001, "output_tokens": 11, "requests": 7})
    daily = daily_of(
        rows,
        ("Search", {"api_key": "team", "share": 0.5}),
        ("Chat", {"api_key": "team", "share": 0.3}),
    )
    assert daily["input_tokens"].to_dict() == {"Search": 501, "Chat": 300, "unassigned": 200}
    assert daily["output_tokens"].to_dict() == {"Search": 6, "Chat": 3, "unassigned": 2}
    assert daily["requests"].to_dict() == {"Search": 4, "Chat": 2, "unassigned": 1}


def test_a_workload_without_a_share_takes_what_is_left():
    rows = usage_rows({"api_key": "team", "input_tokens": 100})
    daily = daily_of(
        rows, ("Search", {"api_key": "team", "share": 0.4}), ("Rest", {"api_key": "t*"})
    )
    assert daily["input_tokens"].to_dict() == {"Search": 40, "Rest": 60}


def test_the_rest_keeps_the_name_that_its_source_gave_it():
    rows = usage_rows({"api_key": "team", "workload": "Lab", "input_tokens": 100})
    daily = daily_of(rows, ("Search", {"api_key": "team", "share": 0.4}))
    assert daily["input_tokens"].to_dict() == {"Search": 40, "Lab": 60}


def test_a_missing_request_count_stays_missing_in_every_part():
    rows = usage_rows({"api_key": "team", "requests": pd.NA})
    daily = daily_of(rows, ("Search", {"api_key": "team", "share": 0.4}))
    assert daily["requests"].isna().all()


def test_what_was_divided_is_told_apart():
    rows = usage_rows({"api_key": "team", "input_tokens": 100}, {"api_key": "own"})
    assignment = assign_workloads(
        rows,
        inventory(("Search", {"api_key": "team", "share": 0.4}), ("Own", {"api_key": "own"})),
    )
    assert assignment.divided["input_tokens"].sum() == 100
    assert set(assignment.divided["workload"]) == {"Search", "unassigned"}
    hits = [(hit.workload, hit.n_rows, hit.n_assigned) for hit in assignment.rule_hits]
    assert hits == [("Search", 1, 1), ("Own", 1, 1)]


def test_shares_beyond_one_are_refused_at_the_rule_that_breaks_them():
    rows = usage_rows({"api_key": "team"})
    with pytest.raises(
        WorkloadError, match=r"'Chat' takes 0.5 .* 'Search' 0.6 leave only 0.4"
    ) as e:
        daily_of(
            rows,
            ("Search", {"api_key": "team", "share": 0.6}),
            ("Chat", {"tag": "zz"}, {"api_key": "team", "share": 0.5}),
        )
    assert e.value.column == "workloads[1].match[1].share"


def test_ten_tenths_are_one():
    rows = usage_rows({"api_key": "team", "input_tokens": 1000})
    tenths = [(f"W{i}", {"api_key": "team", "share": 0.1}) for i in range(10)]
    assert set(daily_of(rows, *tenths)["input_tokens"]) == {100}


def test_a_share_behind_a_rule_that_takes_all_gets_nothing_and_is_refused():
    rows = usage_rows({"api_key": "team"})
    with pytest.raises(WorkloadError, match="already went to an earlier workload"):
        daily_of(rows, ("All", {"api_key": "*"}), ("Part", {"api_key": "team", "share": 0.5}))


def test_where_a_share_comes_from_needs_the_share():
    assert Rule(api_key="k", share=0.5).share_source is Provenance.USER
    for wrong in ({"share_source": "measured"}, {"share_note": "asked"}, {"share": 0.0}):
        with pytest.raises(ValidationError):
            Rule(api_key="k", **wrong)


shares = st.lists(st.integers(1, 999), min_size=1, max_size=6).map(
    lambda parts: [p / (sum(parts) + 1) for p in parts]
)


@given(counts=st.lists(st.integers(0, 10**15), min_size=1, max_size=5), shares=shares)
@settings(max_examples=200)
def test_parts_sum_to_the_count_and_are_within_one_of_their_quota(counts, shares):
    parts = billionths(shares)
    found = divide(np.array(counts, dtype=np.int64), parts)
    assert found.sum(axis=0).tolist() == counts
    for part, row in zip(parts, found.tolist(), strict=True):
        for count, n in zip(counts, row, strict=True):
            assert abs(n - Fraction(count * part, BILLION)) < 1


@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {
                "api_key": st.sampled_from(["team", "other", ""]),
                "model": st.sampled_from(["claude-opus-5-5", "claude-haiku-5-5"]),
                "input_tokens": st.integers(0, 10**12),
                "output_tokens": st.integers(0, 10**12),
                "cache_read_tokens": st.integers(0, 10**6),
                "requests": st.integers(0, 10**6),
                "web_searches": st.integers(0, 9),
            }
        ),
        min_size=1,
        max_size=8,
    ),
    first=st.floats(0.01, 0.6),
    second=st.floats(0.01, 0.39),
)
@settings(max_examples=50, deadline=None)
def test_dividing_a_key_conserves_every_count(rows, first, second):
    frame = usage_rows(*rows, {"api_key": "team"}, {"api_key": "other"})
    daily = assign_workloads(
        frame,
        inventory(
            ("A", {"api_key": "team", "share": first}),
            ("B", {"api_key": "team", "share": second}, {"api_key": "other"}),
        ),
    ).daily
    columns = [*TOKEN_COLUMNS, "web_searches", "requests"]
    assert daily[columns].sum().tolist() == frame[columns].sum().tolist()
    for keys in (["day", "model"], ["day", "model", "service_tier"]):
        ours = daily.groupby(keys)[columns].sum()
        theirs = frame.groupby(keys)[columns].sum()
        pd.testing.assert_frame_equal(ours, theirs)
