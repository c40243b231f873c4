import json

import pandas as pd
import pytest
from usage_samples import day_bucket, page, report, result, time_bucket, write

from forecast.errors import UsageFormatError
from forecast.usage.reading import read_usage


def read_one(tmp_path, text, name="report.json"):
    return read_usage([write(tmp_path, name, text)])


def test_a_page_becomes_rows_without_counting_cache_tokens_twice(tmp_path):
    service = result(service_account_id="svac_01", account_id="user_01")
    usage = read_one(tmp_path, report(day_bucket(1, service)))
    row = usage.rows.iloc[0]
    assert row["day"] == pd.Timestamp("2025-08-01")
    assert row["input_tokens"] == 1500
    assert row["cache_write_5m_tokens"] == 500
    assert row["cache_write_1h_tokens"] == 1000
    assert row["cache_read_tokens"] == 200
    assert row["output_tokens"] == 500
    assert row["web_searches"] == 10
    assert row["requests"] is pd.NA
    assert (row["api_key"], row["tag"]) == ("apikey_01Rj2N8SVvo6BePZj99NhmiT", "svac_01")
    source = usage.sources[0]
    assert source.format_name == "anthropic_usage_report"
    assert source.input_includes_cache is False
    assert source.cannot_tell == ("requests",)
    assert source.warnings == ()
    assert (source.file, source.n_rows) == ("report.json", 1)


@pytest.mark.parametrize("layout", ["list", "lines", "files"])
def test_pages_may_stand_in_a_list_on_lines_or_in_files(tmp_path, layout):
    pages = [page(day_bucket(1, result()), more=True), page(day_bucket(2, result()))]
    if layout == "list":
        paths = [write(tmp_path, "a.json", json.dumps(pages))]
    elif layout == "lines":
        paths = [write(tmp_path, "a.jsonl", "\n".join(json.dumps(p) for p in pages) + "\n")]
    else:
        paths = [write(tmp_path, f"{i}.json", json.dumps(p)) for i, p in enumerate(pages)][::-1]
    usage = read_usage(paths)
    assert usage.rows["day"].dt.day.tolist() == [1, 2]
    assert all(source.warnings == () for source in usage.sources)


def test_hours_and_minutes_add_up_to_utc_days(tmp_path):
    buckets = [
        time_bucket("2025-08-01T22:00:00Z", "2025-08-01T23:00:00Z", result(output_tokens=1)),
        time_bucket("2025-08-01T23:00:00Z", "2025-08-02T00:00:00Z", result(output_tokens=2)),
        time_bucket("2025-08-02T02:00:00+02:00", "2025-08-02T02:01:00+02:00", result()),
    ]
    rows = read_one(tmp_path, report(*buckets)).rows
    assert rows["day"].dt.day.tolist() == [1, 2]
    assert rows["output_tokens"].tolist() == [3, 500]


def test_tiers_places_speed_and_window_in_our_words(tmp_path):
    results = [
        result(service_tier="priority_on_demand", model="a"),
        result(service_tier="flex_discount", model="b"),
        result(service_tier="batch", inference_geo="us", model="c"),
        result(speed="fast", context_window="200k-1M", inference_geo="not_available", model="d"),
    ]
    usage = read_one(tmp_path, report(day_bucket(1, *results)))
    assert usage.rows["service_tier"].tolist() == ["priority", "flex", "batch", "standard"]
    assert usage.rows["geography"].tolist() == ["global", "global", "us", "global"]
    assert usage.rows["speed"].tolist() == ["standard", "standard", "standard", "fast"]
    assert usage.rows["context_window"].iloc[3] == "200k-1M"
    assert "not_available in 1 of 4 rows" in usage.sources[0].warnings[0]


def test_what_the_report_was_not_grouped_by_is_kept_and_said(tmp_path):
    ungrouped = result(model=None, service_tier=None, inference_geo=None, api_key_id=None)
    usage = read_one(tmp_path, report(day_bucket(1, ungrouped)))
    row = usage.rows.iloc[0]
    assert (row["model"], row["service_tier"], row["api_key"]) == ("unknown", "standard", "")
    source = usage.sources[0]
    assert {"model", "service_tier", "inference_geo"} <= set(source.cannot_tell)
    assert len(source.warnings) == 3
    assert "twice its rate" in source.warnings[0]


def test_missing_pages_are_said_unless_another_file_continues(tmp_path):
    first = write(tmp_path, "1.json", report(day_bucket(1, result()), more=True))
    (source,) = read_usage([first]).sources
    assert "more pages follow 2025-08-01" in source.warnings[0]
    second = write(tmp_path, "2.json", report(day_bucket(2, result())))
    assert [s.warnings for s in read_usage([first, second]).sources] == [(), ()]


def test_days_without_usage_are_covered(tmp_path):
    source = read_one(tmp_path, report(day_bucket(1, result()), day_bucket(2))).sources[0]
    assert (source.first_day.day, source.last_day.day) == (1, 2)


@pytest.mark.parametrize(
    ("changes", "column", "words"),
    [
        ({"output_tokens": -5}, "output_tokens", "is negative: -5"),
        ({"output_tokens": 1.5}, "output_tokens", "has a fraction"),
        ({"output_tokens": "500"}, "output_tokens", "is not a number"),
        ({"output_tokens": True}, "output_tokens", "is not a number"),
        ({"output_tokens": None}, "output_tokens", "is not a number"),
        ({"output_tokens": float("nan")}, "output_tokens", "is not a finite number"),
        ({"output_tokens": float("inf")}, "output_tokens", "is not a finite number"),
        ({"output_tokens": 10**15 + 1}, "output_tokens", "larger than 10^15"),
        ({"service_tier": "turbo"}, "service_tier", "not a known service tier: 'turbo'"),
        ({"inference_geo": "eu"}, "inference_geo", "not a known inference geography"),
        ({"speed": "warp"}, "speed", "not a known speed"),
        ({"context_window": "large"}, "context_window", "not a context window"),
        ({"model": 7}, "model", "is not a text"),
        ({"model": "a\x00b"}, "model", "control character"),
        ({"cache_creation": None}, "cache_creation", "is not an object"),
        ({"cache_creation": {"ephemeral_5m_input_tokens": 1}}, "1h_input_tokens", "is missing"),
        ({"audio_input_tokens": 3}, "audio_input_tokens", "does not know"),
        ({"server_tool_use": {"web_search_requests": -1}}, "web_search_requests", "negative"),
    ],
)
def test_a_bad_value_is_named_by_row_and_path(tmp_path, changes, column, words):
    text = report(day_bucket(1, result()), day_bucket(2, result(), result(**changes)))
    with pytest.raises(UsageFormatError) as refused:
        read_one(tmp_path, text)
    assert (refused.value.file, refused.value.row) == ("report.json", 3)
    assert refused.value.column.endswith(column)
    assert words in refused.value.problem


@pytest.mark.parametrize("member", ["uncached_input_tokens", "cache_read_input_tokens"])
def test_a_missing_count_is_not_taken_as_zero(tmp_path, member):
    short = result()
    del short[member]
    with pytest.raises(UsageFormatError, match=f"column {member}: is missing"):
        read_one(tmp_path, report(day_bucket(1, short)))


@pytest.mark.parametrize("keep", [0.3, 0.7, 0.99])
def test_a_truncated_page_is_refused(tmp_path, keep):
    text = report(*(day_bucket(d, result()) for d in range(1, 9)))
    with pytest.raises(UsageFormatError, match="not complete JSON in its first page"):
        read_one(tmp_path, text[: int(len(text) * keep)])


def test_a_truncated_later_page_says_where(tmp_path):
    whole = report(day_bucket(1, result()))
    with pytest.raises(UsageFormatError, match="after 1 whole pages"):
        read_one(tmp_path, whole + "\n" + report(day_bucket(2, result()))[:-20])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"data": {"results": []}}', "no list `data`"),
        ('{"data": [{"results": {}}], "has_more": false}', "no list `results`"),
        (
            '{"data": [{"starting_at": "2025-08-01", "results": []}]}',
            "not an ISO date|no time zone",
        ),
        ('{"data": [], "results": 1}', "holds no time bucket"),
        ('{"data": [], "results": 1, "has_more": "yes"}', "neither true nor false"),
        ('[1, {"data": [], "results": []}]', "no list `data`"),
        ('{"data": ' + "[" * 200_000 + '"results":', "nests too deeply|not complete JSON"),
        ('{"results": [], "data": ' + "9" * 6000 + "}", "not complete JSON"),
        ('{"data": [], "data": [], "results": []}', "stands twice"),
    ],
)
def test_json_of_another_shape_is_refused(tmp_path, text, words):
    with pytest.raises(UsageFormatError, match=words):
        read_usage([write(tmp_path, "a.json", text)], format_name="anthropic_usage_report")


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ("2025-08-01T00:00:00", "2025-08-02T00:00:00Z", "has no time zone"),
        ("2025-08-01T00:00:00Z", "2025-08-03T00:00:00Z", "at most one UTC day"),
        ("2025-08-01T12:00:00Z", "2025-08-02T12:00:00Z", "at most one UTC day"),
        ("2025-08-02T00:00:00Z", "2025-08-01T00:00:00Z", "at most one UTC day"),
        ("2025-08-32T00:00:00Z", "2025-09-02T00:00:00Z", "day is out of range|must be in"),
        ("08/01/2025", "2025-08-02T00:00:00Z", "not an ISO date"),
    ],
)
def test_a_bucket_that_is_no_part_of_a_day_is_refused(tmp_path, start, end, words):
    with pytest.raises(UsageFormatError, match=words):
        read_one(tmp_path, report(time_bucket(start, end, result())))


def test_a_page_fetched_twice_in_one_file_is_refused(tmp_path):
    once = report(day_bucket(1, result()))
    with pytest.raises(UsageFormatError, match="a page stands twice") as refused:
        read_one(tmp_path, f"{once}\n{once}")
    assert refused.value.row == 2


def test_two_accounts_of_one_key_are_not_a_repeat(tmp_path):
    both = day_bucket(1, result(account_id="user_a"), result(account_id="user_b"))
    rows = read_one(tmp_path, report(both)).rows
    assert rows["tag"].tolist() == ["user_a", "user_b"]
