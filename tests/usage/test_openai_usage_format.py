import json

import pytest
from export_samples.samples_b import OPENAI_USAGE, OPENAI_USAGE_TABLE
from mutation_harness import MUTANTS, csv_totals, json_totals, survives
from reading_back import assert_survives_the_canonical_table, read_one

from forecast.errors import UsageFormatError
from forecast.usage.reading import read_usage

RESULT = {
    "object": "organization.usage.completions.result",
    "input_tokens": 1000,
    "output_tokens": 500,
    "input_cached_tokens": 800,
    "num_model_requests": 5,
    "project_id": "proj_abc",
    "user_id": None,
    "api_key_id": None,
    "model": "gpt-5.4",
    "batch": False,
    "service_tier": "default",
}


def page(*results, more=False, start=1793491200, end=1793577600):
    bucket = {"object": "bucket", "start_time": start, "end_time": end, "results": list(results)}
    return json.dumps({"object": "page", "data": [bucket], "has_more": more, "next_page": None})


def test_cached_input_and_cache_writes_are_taken_out_of_the_input(tmp_path):
    usage = read_one(tmp_path, OPENAI_USAGE)
    rows = usage.rows.set_index("model")
    plain = rows.loc["gpt-5.4-2026-03-05"]
    assert (plain["input_tokens"], plain["cache_read_tokens"], plain["requests"]) == (200, 800, 5)
    assert (plain["workspace"], plain["tag"], plain["api_key"]) == (
        "proj_abc",
        "user-abc",
        "key_abc",
    )
    batch = rows.loc["gpt-5.6-sol"]
    assert batch["service_tier"] == "batch"
    assert batch["input_tokens"] == 90000 - 60000 - 12000
    assert (batch["cache_write_5m_tokens"], batch["cache_write_1h_tokens"]) == (9000, 3000)
    assert set(rows["platform"]) == {"openai"}
    source = usage.sources[0]
    assert source.input_includes_cache
    assert (source.first_day.day, source.last_day.day) == (1, 2)
    assert source.warnings == ()
    assert source.cannot_tell == ("geography",)


def test_the_table_of_the_dashboard_says_the_same(tmp_path):
    for table in (
        OPENAI_USAGE_TABLE,
        OPENAI_USAGE_TABLE.replace(b",", b"\t"),
        b"\xef\xbb\xbf" + OPENAI_USAGE_TABLE,
    ):
        usage = read_one(tmp_path, table)
        assert usage.rows["model"].tolist() == ["gpt-4o-2024-08-06", "gpt-5.4-mini-2026-03-17"]
        assert usage.rows["service_tier"].tolist() == ["standard", "batch"]
        assert usage.rows["input_tokens"].tolist() == [59200 - 5760, 700]
        assert usage.rows["requests"].tolist() == [10, 3]
        assert usage.sources[0].last_day.day == 2


def test_embeddings_are_input_alone(tmp_path):
    embedding = {
        "object": "organization.usage.embeddings.result",
        "input_tokens": 16,
        "num_model_requests": 2,
        "model": "text-embedding-3-large",
        "project_id": None,
    }
    row = read_one(tmp_path, page(embedding)).rows.iloc[0]
    assert (row["model"], row["input_tokens"], row["output_tokens"]) == (
        "text-embedding-3-large",
        16,
        0,
    )


def test_what_the_report_was_not_grouped_by_is_said(tmp_path):
    usage = read_one(tmp_path, page(RESULT | {"model": None, "batch": None, "service_tier": None}))
    assert usage.rows["model"].tolist() == ["unknown"]
    assert usage.sources[0].cannot_tell == ("geography", "model", "service_tier")
    assert [w.split(" is null")[0] for w in usage.sources[0].warnings] == [
        "model",
        "batch",
        "service_tier",
    ]


def test_audio_tokens_are_counted_and_said(tmp_path):
    audio = RESULT | {"input_audio_tokens": 150, "output_audio_tokens": 50}
    source = read_one(tmp_path, page(audio)).sources[0]
    assert "200 audio and image tokens are counted at text rates" in source.warnings[0]


def test_tiers_in_our_words(tmp_path):
    tiers = ["default", "flex", "priority", "fast"]
    results = [RESULT | {"service_tier": tier, "user_id": tier} for tier in tiers]
    rows = read_one(tmp_path, page(*results)).rows.set_index("tag")
    assert rows.loc[tiers, "service_tier"].tolist() == ["standard", "flex", "priority", "priority"]


def test_missing_pages_are_said(tmp_path):
    source = read_one(tmp_path, page(RESULT, more=True)).sources[0]
    assert "more pages follow 2026-11-01" in source.warnings[0]


@pytest.mark.parametrize(
    ("changes", "column", "words"),
    [
        ({"input_cached_tokens": 1001}, "input_tokens", "less than the 1001 cached tokens inside"),
        ({"input_uncached_tokens": 150}, "input_uncached_tokens", "is 150 where"),
        (
            {"input_cache_write_tokens": 9, "input_cache_write_12h_tokens": 5},
            "write_tokens",
            "is 9",
        ),
        ({"input_video_tokens": 3}, "input_video_tokens", "does not know"),
        ({"service_tier": "scale"}, "service_tier", "units bought ahead"),
        ({"service_tier": "ultrafast"}, "service_tier", "not a service tier with a price"),
        ({"batch": "yes"}, "batch", "neither true nor false"),
        ({"output_tokens": float("nan")}, "output_tokens", "not a finite number"),
        ({"output_tokens": -1}, "output_tokens", "negative"),
        ({"output_tokens": "5"}, "output_tokens", "not a number"),
        ({"object": "organization.usage.images.result"}, "object", "only completions"),
    ],
)
def test_a_bad_value_is_named_by_row_and_path(tmp_path, changes, column, words):
    with pytest.raises(UsageFormatError) as refused:
        read_one(tmp_path, page(RESULT, RESULT | {"user_id": "u"} | changes), "page.json")
    assert (refused.value.file, refused.value.row) == ("page.json", 2)
    assert refused.value.column.endswith(column)
    assert words in refused.value.problem


def test_milliseconds_are_not_seconds(tmp_path):
    with pytest.raises(UsageFormatError, match=r"data\[0\].start_time: is not an instant of this"):
        read_one(tmp_path, page(RESULT, start=1793491200000, end=1793577600000))


def test_a_bucket_of_a_week_is_refused(tmp_path):
    with pytest.raises(UsageFormatError, match="at most a UTC day"):
        read_one(tmp_path, page(RESULT, end=1793491200 + 7 * 86400))


def test_a_page_or_a_table_that_stands_twice_is_refused(tmp_path):
    with pytest.raises(UsageFormatError, match="stands in record 1 already"):
        read_one(tmp_path, page(RESULT) + "\n" + page(RESULT))
    header, body = OPENAI_USAGE_TABLE.split(b"\n", 1)
    with pytest.raises(UsageFormatError, match="every row at least twice"):
        read_one(tmp_path, header + b"\n" + body + body)


def test_an_unknown_token_column_of_the_table_is_refused(tmp_path):
    table = OPENAI_USAGE_TABLE.replace(b"output_image_tokens", b"output_video_tokens")
    with pytest.raises(UsageFormatError, match="column output_video_tokens: is a token column"):
        read_one(tmp_path, table)


def test_two_files_of_one_day_are_found(tmp_path):
    one, two = tmp_path / "1.json", tmp_path / "2.json"
    one.write_text(page(RESULT))
    two.write_text(page(RESULT | {"output_tokens": 3}))
    with pytest.raises(UsageFormatError, match=r"2\.json, row 1: holds .* once more"):
        read_usage([one, two])


def test_rows_survive_the_canonical_table(tmp_path):
    assert_survives_the_canonical_table(tmp_path, OPENAI_USAGE)


@pytest.mark.parametrize("n", MUTANTS)
def test_damaged_pages_are_refused_or_read_right(n):
    result = "data[].results[]."
    outcome = survives(
        "openai_usage",
        page(RESULT, RESULT | {"user_id": "u", "input_cached_tokens": 0, "batch": True}),
        n=n,
        totals=json_totals(
            {
                "output_tokens": {f"{result}output_tokens": 1},
                "requests": {f"{result}num_model_requests": 1},
                "cache_read_tokens": {f"{result}input_cached_tokens": 1},
                "input_tokens": {
                    f"{result}input_tokens": 1,
                    f"{result}input_cached_tokens": -1,
                },
            }
        ),
    )
    assert outcome.read
    assert outcome.refused


@pytest.mark.parametrize("n", MUTANTS)
def test_damaged_pages_with_cache_writes_are_refused_or_read(n):
    assert survives("openai_usage", OPENAI_USAGE, n=n).read


@pytest.mark.parametrize("n", MUTANTS)
def test_damaged_tables_are_refused_or_read_right(n):
    outcome = survives(
        "openai_usage",
        OPENAI_USAGE_TABLE,
        n=n,
        totals=csv_totals(
            {
                "output_tokens": {"output_tokens": 1},
                "requests": {"num_model_requests": 1},
                "input_tokens": {"input_tokens": 1, "input_cached_tokens": -1},
            }
        ),
    )
    assert outcome.read
    assert outcome.refused
