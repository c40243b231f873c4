import pytest
from usage_samples import CONSOLE, CONSOLE_HEADER, write

from forecast.errors import UsageFormatError
from forecast.usage.reading import read_usage


def read_one(tmp_path, text):
    return read_usage([write(tmp_path, "usage.csv", text)])


def rows_of(*lines, header=CONSOLE_HEADER):
    return "\n".join([header, *lines]) + "\n"


def test_the_export_becomes_rows(tmp_path):
    usage = read_one(tmp_path, CONSOLE)
    rows = usage.rows.set_index("model")
    assert rows.loc["claude-opus-5", "context_window"] == "0-200k"
    assert rows.loc["claude-opus-5", "cache_write_5m_tokens"] == 15969
    haiku = rows.loc["claude-haiku-4-5"]
    assert (haiku["input_tokens"], haiku["service_tier"]) == (1_046_981, "batch")
    assert (haiku["geography"], haiku["context_window"]) == ("us", "200k-1M")
    assert (haiku["cache_write_1h_tokens"], haiku["web_searches"]) == (700, 3)
    assert rows.loc["claude-haiku-5-5", "speed"] == "fast"
    assert usage.rows["requests"].isna().all()
    assert usage.sources[0].format_name == "anthropic_console_usage"
    assert usage.sources[0].warnings == (
        "inference_geo is not_available in 1 of 3 rows: taken as global",
    )


@pytest.mark.parametrize(
    "variant",
    [
        "\ufeff" + CONSOLE,
        CONSOLE.replace("\n", "\r\n"),
        CONSOLE.replace("≤ 200k", "≤\u00a0200k"),
        CONSOLE.replace(",", ";").replace('"1;046;981"', '"1,046,981"'),
        CONSOLE + ",,,,,,,,,,,,,\n\n",
    ],
    ids=["byte-order mark", "carriage returns", "no-break space", "semicolons", "blank rows"],
)
def test_what_spreadsheets_do_to_it_changes_nothing(tmp_path, variant):
    assert read_one(tmp_path, variant).rows.equals(read_one(tmp_path, CONSOLE).rows)


def test_hours_and_minutes_add_up_to_days_in_utc(tmp_path):
    line = "{},claude-opus-5,k,w,standard,≤ 200k,1,0,0,0,10,0,global,"
    times = ["2026-08-05 00:00", "2026-08-05T23:00:00Z", "2026-08-06 00:30:00+02:00"]
    rows = read_one(tmp_path, rows_of(*(line.format(t) for t in times))).rows
    assert rows["output_tokens"].tolist() == [30]


def test_the_generation_before_context_windows(tmp_path):
    header = (
        "usage_date_utc,model_version,api_key,workspace,usage_type,usage_input_tokens_no_cache,"
        "usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,"
        "usage_input_tokens_cache_read,usage_output_tokens,web_search_count"
    )
    line = "2025-06-12,claude-3-5-haiku-20241022,key,Claude Code,standard,8,1,2,3,4,5"
    usage = read_one(tmp_path, rows_of(line, header=header))
    row = usage.rows.iloc[0]
    assert row["geography"] == "global"
    assert row["context_window"] == ""
    assert row["web_searches"] == 5
    assert {"geography", "context_window", "speed"} <= set(usage.sources[0].cannot_tell)


def test_the_generation_with_context_windows_before_geographies(tmp_path):
    header = (
        "usage_date_utc,model_version,api_key,workspace,usage_type,context_window,"
        "usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,"
        "usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,"
        "usage_output_tokens,web_search_count"
    )
    line = "2025-10-12,claude-sonnet-4-5-20250929,key,w,standard,> 200k,8,1,2,3,4,5"
    usage = read_one(tmp_path, rows_of(line, header=header))
    row = usage.rows.iloc[0]
    assert (row["context_window"], row["geography"], row["speed"]) == (
        "200k-1M",
        "global",
        "standard",
    )
    assert {"geography", "speed"} <= set(usage.sources[0].cannot_tell)
    assert "context_window" not in usage.sources[0].cannot_tell


def test_the_generation_with_one_cache_write_column(tmp_path):
    header = (
        "usage_date_utc,model_version,usage_input_tokens_no_cache,"
        "usage_input_tokens_cache_write,usage_input_tokens_cache_read,usage_output_tokens"
    )
    usage = read_one(tmp_path, rows_of("2025-03-01,claude-3-opus,8,7,6,5", header=header))
    row = usage.rows.iloc[0]
    assert (row["cache_write_5m_tokens"], row["cache_write_1h_tokens"]) == (7, 0)
    warnings = " ".join(usage.sources[0].warnings)
    assert "taken as 5 minutes" in warnings
    assert "batch would be priced at twice its rate" in warnings


def test_new_columns_without_tokens_are_named_and_not_read(tmp_path):
    header = CONSOLE_HEADER + ",api_key_id,department"
    line = "2026-08-05,claude-opus-5,k,w,standard,≤ 200k,1,0,0,0,10,0,global,,apikey_x,sales"
    source = read_one(tmp_path, rows_of(line, header=header)).sources[0]
    assert source.warnings == ("column 'department' is not read",)


GOOD = "2026-08-05,claude-opus-5,k,w,standard,≤ 200k,1,2,3,4,5,6,global,"


@pytest.mark.parametrize(
    ("before", "after", "column", "words"),
    [
        (",5,6,", ",-5,6,", "usage_output_tokens", "is negative"),
        (",5,6,", ",5.5,6,", "usage_output_tokens", "has a fraction"),
        (",5,6,", ",,6,", "usage_output_tokens", "is empty"),
        (",5,6,", ",nan,6,", "usage_output_tokens", "not a finite number"),
        (",5,6,", ",4.7E+04,6,", "usage_output_tokens", "is not a count"),
        (",5,6,", ',"1,23",6,', "usage_output_tokens", "is not a count"),
        (",5,6,", ",9999999999999999,6,", "usage_output_tokens", r"larger than 10\^15"),
        (",5,6,", ",٣,6,", "usage_output_tokens", "is not a count"),
        ("standard", "turbo", "usage_type", "not a known service tier"),
        ("standard", "", "usage_type", "not a known service tier"),
        ("global", "mars", "inference_geo", "not a known inference geography"),
        ("≤ 200k", "? 200k", "context_window", "not a context window"),
        ("claude-opus-5", "", "model_version", "is empty"),
        ("2026-08-05", "8/5/2026", "usage_date_utc", "not an ISO date"),
        ("2026-08-05", "2026-02-30", "usage_date_utc", "out of range|must be in range"),
    ],
)
def test_a_bad_cell_is_named_by_row_and_column(tmp_path, before, after, column, words):
    with pytest.raises(UsageFormatError, match=words) as refused:
        read_one(tmp_path, rows_of(GOOD, GOOD.replace(before, after)))
    where = (refused.value.file, refused.value.row, refused.value.column)
    assert where == ("usage.csv", 2, column)


@pytest.mark.parametrize(
    "column",
    [
        "model_version",
        "usage_input_tokens_no_cache",
        "usage_input_tokens_cache_write_1h",
        "usage_input_tokens_cache_read",
        "usage_output_tokens",
    ],
)
def test_a_missing_column_is_not_taken_as_zero(tmp_path, column):
    with pytest.raises(UsageFormatError, match="is missing") as refused:
        read_one(tmp_path, CONSOLE.replace(column, "other", 1))
    assert refused.value.column == column


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (CONSOLE.replace("web_search_count", "usage_audio_tokens"), "does not know"),
        (CONSOLE.replace("web_search_count", "usage_input_tokens_cache_write"), "count twice"),
        (CONSOLE.replace("inference_geo", "speed"), "stands twice in the header"),
        (CONSOLE.replace("inference_geo", "", 1), "names no column in place 13"),
        (CONSOLE_HEADER + "\n", "a header and no usage"),
        (rows_of(GOOD + ",surplus"), "has 15 cells where the header has 14"),
        (rows_of(GOOD.replace("k,w", '"k,w')), "not a delimited text"),
        (rows_of(GOOD.replace(",k,", f",{'k' * 200_000},")), "field larger than field limit"),
    ],
)
def test_a_table_of_another_shape_is_refused(tmp_path, text, words):
    with pytest.raises(UsageFormatError, match=words):
        read_one(tmp_path, text)


def test_other_encodings_are_refused(tmp_path):
    with pytest.raises(UsageFormatError, match="UTF-16"):
        read_one(tmp_path, CONSOLE.encode("utf-16"))
    latin = CONSOLE.replace("Closer App", "Café").replace("≤", "<").encode("latin-1")
    with pytest.raises(UsageFormatError, match="is not UTF-8") as refused:
        read_one(tmp_path, latin)
    assert refused.value.row == 1
