import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from usage_samples import usage_rows

from forecast.errors import UsageFormatError
from forecast.records.workloads import Archetype, OwnerState
from forecast.tables import USAGE_ROWS, empty
from forecast.usage.drafting import MAX_DRAFTED, guess_archetype
from forecast.usage.mapping import assign_workloads, draft_portfolio


def test_one_workload_per_key_largest_first_and_unanswered():
    rows = usage_rows(
        {"api_key": "support-chat", "input_tokens": 10},
        {"api_key": "nightly-enrichment", "input_tokens": 900, "service_tier": "batch"},
        {"api_key": "apikey_01Rj2N8SVvo6BePZj99NhmiT", "input_tokens": 300},
    )
    workloads = draft_portfolio(rows).workloads
    names = [workload.name for workload in workloads]
    assert names == ["nightly-enrichment", "API key …99NhmiT", "support-chat"]
    assert [w.match[0].api_key for w in workloads][1] == "apikey_01Rj2N8SVvo6BePZj99NhmiT"
    assert [w.archetype for w in workloads] == [
        Archetype.OVERNIGHT_ENRICHMENT,
        None,
        Archetype.INTERACTIVE,
    ]
    assert "please confirm: the word 'nightly' in its name" in workloads[0].description
    assert "100% of them in batch" in workloads[0].description
    assert "please confirm" not in workloads[1].description
    for workload in workloads:
        assert workload.latency.needed_at_once is None
        assert workload.owner_state is OwnerState.PROPOSED
        assert (workload.batch, workload.caching, workload.routing) == (None, None, None)


def test_usage_without_a_key_falls_back_to_workspace_tag_and_model_family():
    rows = usage_rows(
        {"api_key": "k", "workspace": "Default"},
        {"workspace": "Default"},
        {"tag": "svac_01Hk3R9TWxq7CfQak00OiVw4"},
        {"model": "claude-sonnet-4-5"},
        {"model": "in-house"},
    )
    portfolio = draft_portfolio(rows)
    assert {w.name for w in portfolio.workloads} == {
        "k",
        "Default",
        "tag …00OiVw4",
        "sonnet without a key",
        "in-house without a key",
    }
    daily = assign_workloads(rows, portfolio).daily
    assert daily["workload"].nunique() == 5


def test_the_keys_of_claude_code_are_one_workload():
    rows = usage_rows(*({"api_key": f"claude_code_key_person{i}_abcd"} for i in range(100)))
    (workload,) = draft_portfolio(rows).workloads
    assert (workload.name, workload.match[0].api_key) == ("Claude Code", "claude_code_key_*")


def test_too_many_keys_fall_back_to_workspaces():
    rows = usage_rows(
        *({"api_key": f"key-{i}", "workspace": f"team {i % 3}"} for i in range(MAX_DRAFTED + 1))
    )
    portfolio = draft_portfolio(rows)
    assert {w.name for w in portfolio.workloads} == {"team 0", "team 1", "team 2"}
    said = (
        f"There are {MAX_DRAFTED + 1} values of API key, more than the {MAX_DRAFTED} that a draft"
    )
    assert said in portfolio.shared_key_note


def test_too_many_of_everything_keeps_the_largest():
    rows = usage_rows(*({"api_key": f"key-{i}", "input_tokens": i} for i in range(MAX_DRAFTED + 5)))
    portfolio = draft_portfolio(rows)
    assert len(portfolio.workloads) == MAX_DRAFTED
    assert portfolio.workloads[0].name == f"key-{MAX_DRAFTED + 4}"
    assert assign_workloads(rows, portfolio).unassigned_share_of_tokens > 0


def test_names_of_the_source_are_kept_without_rules():
    rows = usage_rows({"workload": "Chat", "api_key": "a"}, {"api_key": "Chat"})
    portfolio = draft_portfolio(rows)
    assert sorted(w.name for w in portfolio.workloads) == ["Chat", "Chat (2)"]
    assert assign_workloads(rows, portfolio).unassigned_share_of_tokens == 0


def test_an_unclear_word_is_no_guess():
    assert guess_archetype("latest-protesting-attestation") == (None, "")
    assert guess_archetype("chat-evals") == (None, "")
    assert guess_archetype("WeeklyReports")[0] is Archetype.SCHEDULED_REPORTING


def test_no_usage_drafts_nothing():
    with pytest.raises(UsageFormatError, match="no usage"):
        draft_portfolio(empty(USAGE_ROWS))


NAMES = st.sampled_from(
    ["", "alpha", "Alpha", "a*", "[b]", "b", "unassigned", "x" * 130, "x" * 131]
)


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "api_key": NAMES,
                "workspace": NAMES,
                "tag": NAMES,
                "workload": st.sampled_from(["", "alpha", "unassigned"]),
                "model": st.sampled_from(["claude-opus-5-5", "in-house", "a*"]),
                "input_tokens": st.integers(0, 1000),
            }
        ),
        min_size=1,
        max_size=12,
    )
)
@settings(max_examples=40, deadline=None)
def test_the_draft_assigns_everything_and_its_order_does_not_matter(rows):
    frame = usage_rows(*rows)
    portfolio = draft_portfolio(frame)
    assignment = assign_workloads(frame, portfolio)
    assert "unassigned" not in set(assignment.daily["workload"])
    backwards = portfolio.model_copy(update={"workloads": portfolio.workloads[::-1]})
    pd.testing.assert_frame_equal(assign_workloads(frame, backwards).daily, assignment.daily)


def test_one_key_with_two_kinds_of_traffic_is_hinted_at():
    reads = {"api_key": "team", "input_tokens": 10_000, "output_tokens": 100}
    writes = {"api_key": "team", "input_tokens": 2_000, "output_tokens": 2_000,
              "model": "claude-haiku-5-5"}  # fmt: skip
    alike = {"api_key": "one", "input_tokens": 9_000, "output_tokens": 140, "service_tier": "batch"}
    other = alike | {"service_tier": "standard", "output_tokens": 300}
    portfolio = draft_portfolio(usage_rows(reads, writes, alike, other))
    team, one = (portfolio.by_name(name).description for name in ("team", "one"))
    assert "50% of the tokens of claude-haiku-5-5 (standard) are output" in team
    assert "1% of those of claude-opus-5-5 (standard)" in team
    assert "several workloads" not in one
