import json

import pytest
from export_samples.samples_a import (
    ENTERPRISE_USAGE,
    enterprise_page,
    enterprise_usage_result,
    october,
)
from mutation_harness import MUTANTS, json_totals, survives
from usage_samples import write

from forecast.errors import UsageFormatError
from forecast.usage.formats.canonical import write_canonical
from forecast.usage.reading import read_usage


def read_one(tmp_path, *buckets, **changes):
    text = json.dumps(enterprise_page(*buckets, **changes))
    return read_usage([write(tmp_path, "usage.json", text)])


def test_tokens_requests_and_products(tmp_path):
    usage = read_usage([write(tmp_path, "usage.json", ENTERPRISE_USAGE)])
    rows = usage.rows.set_index(["tag", "geography"])
    code = rows.loc[("claude_code", "global")]
    assert (code["input_tokens"], code["cache_read_tokens"]) == (1500, 5000)
    assert (code["cache_write_5m_tokens"], code["cache_write_1h_tokens"]) == (70, 90)
    assert (code["output_tokens"], code["web_searches"], code["requests"]) == (800, 3, 12)
    assert rows.loc[("chat", "global"), "speed"] == "fast"
    assert rows.loc[("claude_code", "us"), "context_window"] == "200k-1M"
    assert set(usage.rows["service_tier"]) == {"standard"}
    (source,) = usage.sources
    assert source.format_name == "anthropic_enterprise_usage"
    assert source.cannot_tell == ("service_tier", "api_key", "workspace")
    assert source.warnings == ()


def test_rows_survive_a_round_trip(tmp_path):
    rows = read_usage([write(tmp_path, "usage.json", ENTERPRISE_USAGE)]).rows
    write_canonical(rows, tmp_path / "usage.parquet")
    assert read_usage([tmp_path / "usage.parquet"]).rows.equals(rows)


def test_a_long_page_is_told_before_its_end(tmp_path):
    many = [enterprise_usage_result(slack_channel_id=f"C{i:010}") for i in range(99)]
    days = [october(day, *many) for day in range(1, 4)]
    (source,) = read_one(tmp_path, *days).sources
    assert source.n_rows == 297
    assert source.warnings == ()


def test_a_full_bucket_may_lack_groups(tmp_path):
    many = [enterprise_usage_result(slack_channel_id=f"C{i:010}") for i in range(100)]
    (source,) = read_one(tmp_path, october(1, *many), october(2, many[0])).sources
    assert "1 of 2 buckets hold 100 groups or more" in source.warnings[0]


def test_groups_of_users_overlap_and_are_refused(tmp_path):
    with pytest.raises(UsageFormatError, match="groups overlap") as refused:
        read_one(tmp_path, october(1, enterprise_usage_result(rbac_group_id="rbac_group_01")))
    assert (refused.value.row, refused.value.column) == (1, "rbac_group_id")


def test_buckets_after_the_refresh_are_not_complete(tmp_path):
    days = october(1, enterprise_usage_result()), october(2, enterprise_usage_result())
    (source,) = read_one(tmp_path, *days, data_refreshed_at="2026-10-02T08:00:00Z").sources
    assert source.warnings == (
        "was refreshed at 2026-10-02 08:00:00 UTC; its buckets after that are not complete",
    )


def test_what_was_not_grouped_by_is_kept_and_said(tmp_path):
    ungrouped = enterprise_usage_result(model=None, inference_geo=None, speed=None, product=None)
    usage = read_one(tmp_path, october(1, ungrouped))
    row = usage.rows.iloc[0]
    assert (row["model"], row["geography"], row["speed"]) == ("unknown", "global", "standard")
    assert [w.split()[0] for w in usage.sources[0].warnings] == ["inference_geo", "speed", "model"]


def test_code_execution_has_no_tokens_to_price(tmp_path):
    runs = enterprise_usage_result(
        model=None,
        product=None,
        requests=7,
        uncached_input_tokens=0,
        cache_read_input_tokens=0,
        output_tokens=0,
        cache_creation={"ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": 0},
        server_tool_use={"web_search_requests": 0},
    )
    usage = read_one(tmp_path, october(1, enterprise_usage_result(), runs))
    assert usage.rows["model"].tolist() == ["claude-opus-5-5"]
    assert "1 of 2 results have no model, no tokens" in usage.sources[0].warnings[0]


def test_a_page_without_results_covers_its_days(tmp_path):
    with pytest.raises(UsageFormatError, match="holds no usage in any of its days"):
        read_one(tmp_path, october(1))


@pytest.mark.parametrize(
    ("changes", "column", "words"),
    [
        ({"output_tokens": -5}, "output_tokens", "is negative"),
        ({"requests": 1.5}, "requests", "has a fraction"),
        ({"requests": "12"}, "requests", "is not a number"),
        ({"thinking_tokens": 4}, "thinking_tokens", "does not know"),
        ({"speed": "warp"}, "speed", "not a known speed"),
        ({"inference_geo": "eu"}, "inference_geo", "not a known inference geography"),
        ({"product": 3}, "product", "is not a text"),
        ({"server_tool_use": {"web_search_requests": -1}}, "web_search_requests", "negative"),
    ],
)
def test_a_bad_value_is_named_by_row_and_path(tmp_path, changes, column, words):
    with pytest.raises(UsageFormatError) as refused:
        read_one(
            tmp_path,
            october(1, enterprise_usage_result()),
            october(2, enterprise_usage_result(**changes)),
        )
    assert (refused.value.file, refused.value.row) == ("usage.json", 2)
    assert refused.value.column.endswith(column)
    assert words in refused.value.problem


@pytest.mark.parametrize("n", MUTANTS)
def test_damaged_reports_are_refused_or_read_right(n):
    totals = json_totals(
        {
            "input_tokens": {"data[].results[].uncached_input_tokens": 1},
            "cache_read_tokens": {"data[].results[].cache_read_input_tokens": 1},
            "cache_write_5m_tokens": {
                "data[].results[].cache_creation.ephemeral_5m_input_tokens": 1
            },
            "cache_write_1h_tokens": {
                "data[].results[].cache_creation.ephemeral_1h_input_tokens": 1
            },
            "output_tokens": {"data[].results[].output_tokens": 1},
            "web_searches": {"data[].results[].server_tool_use.web_search_requests": 1},
        }
    )
    survived = survives("anthropic_enterprise_usage", ENTERPRISE_USAGE, n=n, totals=totals)
    assert survived.read > n / 10
    assert survived.refused > n / 10
