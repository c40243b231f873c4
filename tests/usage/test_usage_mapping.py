import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from usage_samples import usage_rows

from forecast.errors import WorkloadError
from forecast.records.usage import TOKEN_COLUMNS
from forecast.records.workloads import Launch, Portfolio, Rule, Workload
from forecast.tables import DAILY_KEY, DAILY_USAGE, check
from forecast.usage.mapping import assign_workloads


def inventory(*workloads):
    return Portfolio(
        workloads=tuple(
            Workload(name=name, match=tuple(Rule(**rule) for rule in rules))
            for name, *rules in workloads
        )
    )


def workloads_of(rows, *workloads):
    return assign_workloads(rows, inventory(*workloads)).daily["workload"].tolist()


def test_the_first_workload_in_file_order_wins():
    rows = usage_rows({"api_key": "nightly-eu"})
    narrow, wide = ("EU", {"api_key": "nightly-eu"}), ("All", {"api_key": "*"})
    both = usage_rows({"api_key": "nightly-eu"}, {"api_key": "other"})
    assert workloads_of(both, narrow, wide) == ["All", "EU"]
    with pytest.raises(WorkloadError, match=r"'EU': everything .* earlier workload \(All\)"):
        workloads_of(rows, wide, narrow)


def test_every_field_of_a_rule_must_match_and_case_counts():
    rows = usage_rows(
        {"api_key": "k1", "workspace": "Prod", "tag": "a"},
        {"api_key": "k1", "workspace": "prod", "tag": "b"},
        {"api_key": "k2", "workspace": "Prod", "tag": "c", "model": "claude-haiku-5-5"},
    )
    rule = {"api_key": "k?", "workspace": "P*", "model": "*opus*"}
    assignment = assign_workloads(rows, inventory(("A", rule)))
    assert sorted(assignment.daily["workload"]) == ["A", "unassigned", "unassigned"]
    assert assignment.unassigned_share_of_tokens == pytest.approx(2 / 3)


def test_any_rule_of_a_workload_is_enough_and_hits_are_told():
    rows = usage_rows(
        {"api_key": "a"}, {"api_key": "b"}, {"tag": "t"}, {"tag": "t", "model": "other"}
    )
    assignment = assign_workloads(
        rows, inventory(("A", {"api_key": "a"}), ("B", {"tag": "t"}, {"api_key": "?"}))
    )
    hits = [(hit.workload, hit.n_rows, hit.n_assigned) for hit in assignment.rule_hits]
    assert hits == [("A", 1, 1), ("B", 2, 2), ("B", 2, 1)]
    assert assignment.unassigned_share_of_tokens == 0.0


def test_a_row_keeps_its_own_name_if_the_inventory_has_it_or_no_rule_catches_it():
    rows = usage_rows(
        {"workload": "Chat", "api_key": "k", "tag": "1"},
        {"workload": "Old", "api_key": "k", "tag": "2"},
        {"workload": "Lab", "api_key": "lab", "tag": "3"},
    )
    assignment = assign_workloads(rows, inventory(("Nightly", {"api_key": "k"}), ("Chat",)))
    assert assignment.daily["workload"].tolist() == ["Chat", "Lab", "Nightly"]
    assert assignment.not_in_inventory == ("Lab",)
    assert assignment.unassigned_share_of_tokens == 0.0


def test_usage_without_a_rule_is_unassigned_and_counted():
    rows = usage_rows({"api_key": "a", "input_tokens": 290}, {"input_tokens": 90})
    assignment = assign_workloads(rows, inventory(("A", {"api_key": "a"})))
    assert assignment.unassigned_share_of_tokens == pytest.approx(100 / 400)
    assert assignment.not_in_inventory == ()


def test_keys_of_one_workload_add_up_and_a_missing_request_count_stays_missing():
    rows = usage_rows(
        {"api_key": "a1", "requests": 2},
        {"api_key": "a2", "requests": 3},
        {"api_key": "a1", "requests": 4, "service_tier": "batch"},
        {"api_key": "a2", "requests": pd.NA, "service_tier": "batch"},
    )
    daily = assign_workloads(rows, inventory(("A", {"api_key": "a*"}))).daily
    daily = daily.set_index("service_tier")
    assert daily.loc["standard", "requests"] == 5
    assert daily.loc["batch", "requests"] is pd.NA
    assert daily["input_tokens"].tolist() == [200, 200]


def test_a_rule_that_matches_no_usage_is_named():
    rows = usage_rows({"api_key": "a"})
    with pytest.raises(WorkloadError, match=r"'A': the rule \{api_key = \"b\*\"\}") as refused:
        workloads_of(rows, ("A", {"api_key": "a"}, {"api_key": "b*"}))
    assert refused.value.column == "workloads[0].match[1]"
    with pytest.raises(WorkloadError, match="'B' has no match rule") as refused:
        workloads_of(rows, ("A", {"api_key": "a"}), ("B",))
    assert refused.value.column == "workloads[1].match"


def test_a_planned_launch_and_a_name_given_by_the_source_need_no_match():
    launch = Launch(
        month=pd.Timestamp("2027-03-01").date(),
        monthly_requests=1000,
        input_tokens_per_request=100,
        output_tokens_per_request=10,
        model="claude-opus-5-5",
    )
    rule = (Rule(api_key="not-yet"),)
    portfolio = Portfolio(
        workloads=(
            Workload(name="Planned", match=rule, launch=launch),
            Workload(name="Chat", match=rule),
        )
    )
    rows = usage_rows({"workload": "Chat"})
    assert assign_workloads(rows, portfolio).daily["workload"].tolist() == ["Chat"]


def test_wildcards_do_not_take_exponential_time():
    rows = usage_rows({"api_key": "a" * 400})
    with pytest.raises(WorkloadError):
        workloads_of(rows, ("A", {"api_key": "*a" * 30 + "b"}))


KEYS = st.sampled_from(["", "alpha", "beta", "beta-2", "[x]", "a*b"])


@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {
                "day": st.sampled_from([pd.Timestamp("2026-11-01"), pd.Timestamp("2026-11-02")]),
                "api_key": KEYS,
                "workspace": KEYS,
                "tag": KEYS,
                "workload": st.sampled_from(["", "A", "Lab"]),
                "input_tokens": st.integers(0, 10**12),
                "output_tokens": st.integers(0, 10**12),
            }
        ),
        min_size=1,
        max_size=12,
    ),
    rules=st.lists(st.sampled_from(["*", "alpha", "beta*", "?*"]), max_size=3),
)
@settings(max_examples=50, deadline=None)
def test_nothing_is_ever_dropped_or_made_up(rows, rules):
    frame = usage_rows(*rows)
    workloads = [(f"W{i}", {"api_key": rule}) for i, rule in enumerate(rules)]
    try:
        daily = assign_workloads(frame, inventory(*workloads)).daily
    except WorkloadError:
        return
    check(daily, DAILY_USAGE, key=DAILY_KEY)
    columns = [*TOKEN_COLUMNS, "web_searches"]
    assert daily[columns].sum().tolist() == frame[columns].sum().tolist()
    assert set(daily["day"]) == set(frame["day"])
    by_day = frame.groupby("day")["input_tokens"].sum()
    assert daily.groupby("day")["input_tokens"].sum().equals(by_day)
