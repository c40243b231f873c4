from decimal import Decimal

import pytest
from export_samples.samples_a import CONSOLE_COST, CONSOLE_COST_HEADER, COST_REPORT
from mutation_harness import MUTANTS, csv_totals, survives
from usage_samples import write

from forecast.errors import UsageFormatError
from forecast.usage.reading import read_exports


def read_one(tmp_path, text):
    return read_exports([write(tmp_path, "cost.csv", text)])


def rows_of(*lines, header=CONSOLE_COST_HEADER):
    return "\n".join([header, *lines]) + "\n"


def test_dollars_by_model_and_token_kind(tmp_path):
    exports = read_one(tmp_path, CONSOLE_COST)
    costs = exports.costs.sort_values("row")
    shown = ["model", "service_tier", "token_kind", "charge", "list_usd", "contracted_usd"]
    assert costs[shown].values.tolist() == [
        ["claude-haiku-4-5", "standard", "input", "usage", Decimal("0.19"), Decimal("0.17")],
        [
            "claude-opus-5-5",
            "batch",
            "cache_write_1h",
            "usage",
            Decimal("1445.65"),
            Decimal("1230.40"),
        ],
        ["claude-opus-5-5", "standard", "output", "usage", Decimal("14.12"), Decimal("12.00")],
        ["", "", "web_search", "usage", Decimal("0.30"), Decimal("0.30")],
    ]
    assert costs["geography"].tolist() == ["global", "us", "global", ""]
    assert costs["speed"].tolist() == ["standard", "fast", "standard", "standard"]
    assert costs["api_key"].tolist() == ["demo-key", "nightly", "nightly", "nightly"]
    assert costs["billed_usd"].isna().all()
    assert exports.rows.empty
    (source,) = exports.sources
    assert (source.format_name, source.amounts.unit) == ("anthropic_console_cost", "USD")
    assert source.warnings == (
        "amounts are rounded to cents line by line: the total of 4 lines can be off by 0.02 USD",
    )


@pytest.mark.parametrize(
    "variant",
    [
        "\ufeff" + CONSOLE_COST,
        CONSOLE_COST.replace("\n", "\r\n"),
        CONSOLE_COST.replace("≤ 200k", "≤\u00a0200k"),
        CONSOLE_COST.replace(",", ";")
        .replace('"1;230.40"', '"1,230.40"')
        .replace('"1;445.65"', '"1,445.65"'),
        CONSOLE_COST.replace("0.17", "$0.17"),
        CONSOLE_COST + ",,,,,,,,,,,,,\n\n",
        CONSOLE_COST.replace("2026-08-15", "2026-08-15 13:00"),
    ],
    ids=[
        *("byte-order mark", "carriage returns", "no-break space", "semicolons", "dollar sign"),
        *("blank rows", "hours"),
    ],
)
def test_what_spreadsheets_do_to_it_changes_nothing(tmp_path, variant):
    assert read_one(tmp_path, variant).costs.equals(read_one(tmp_path, CONSOLE_COST).costs)


GENERATIONS = {
    "2024-12": (
        "usage_date_utc,model,workspace,api_key,usage_type,token_type,cost_usd",
        "2024-12-07,Claude 3.5 Sonnet 2024-10-22,,Ann,message,input_no_cache,3.50",
    ),
    "2025-12": (
        "usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,"
        "cost_type",
        "2024-12-07,Claude 3.5 Sonnet 2024-10-22,,Ann,message,≤ 200k,input_no_cache,3.50,token",
    ),
    "2026": (
        "usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,"
        "cost_type,inference_geo,speed",
        "2024-12-07,Claude 3.5 Sonnet 2024-10-22,,Ann,message,≤ 200k,input_no_cache,3.50,token,"
        "global,",
    ),
    "2026-03": (
        "usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,"
        "list_price_usd,cost_type,inference_geo,speed",
        "2024-12-07,Claude 3.5 Sonnet 2024-10-22,,Ann,message,≤ 200k,input_no_cache,3.50,4.00,"
        "token,global,",
    ),
}


@pytest.mark.parametrize("generation", GENERATIONS)
def test_every_generation_of_columns(tmp_path, generation):
    header, line = GENERATIONS[generation]
    exports = read_one(tmp_path, rows_of(line, header=header))
    (cost,) = exports.costs.to_dict("records")
    assert (cost["model"], cost["token_kind"]) == ("claude-3-5-sonnet-20241022", "input")
    assert cost["contracted_usd"] == Decimal("3.50")
    (source,) = exports.sources
    assert ("list_usd" in source.cannot_tell) == ("list_price_usd" not in header)
    assert ("geography" in source.cannot_tell) == ("inference_geo" not in header)
    assert cost["speed"] == ("standard" if "speed" in header else "")
    assert all("is not read" not in warning for warning in source.warnings)


def test_a_cache_write_without_lifetime(tmp_path):
    line = "2024-12-07,Claude 3.5 Sonnet 2024-10-22,,Ann,message,input_cache_write,3.501"
    exports = read_one(tmp_path, rows_of(line, header=GENERATIONS["2024-12"][0]))
    assert exports.costs["token_kind"].tolist() == ["cache_write_5m"]
    assert exports.sources[0].warnings == (
        "cache writes of 1 lines do not tell their lifetime: taken as 5 minutes",
    )


def test_what_is_neither_tokens_nor_searches_is_shown_apart(tmp_path):
    line = "2026-08-15,,Default,k,code_execution,,,7.00,7.00,code_execution,,,x,active"
    exports = read_one(tmp_path, rows_of(line))
    (cost,) = exports.costs.to_dict("records")
    assert (cost["charge"], cost["token_kind"], cost["service_tier"]) == ("other", "", "")
    assert "1 of 1 lines are neither tokens nor web searches" in exports.sources[0].warnings[0]


def test_new_columns_are_named_and_not_read(tmp_path):
    text = CONSOLE_COST.replace("api_key_status", "department")
    assert "column 'department' is not read" in read_one(tmp_path, text).sources[0].warnings


def test_the_same_books_twice_are_refused(tmp_path):
    report = COST_REPORT.replace("2025-08-01", "2026-08-15").replace("2025-08-02", "2026-08-16")
    report = report.replace("2025-08-03", "2026-08-17")
    paths = [write(tmp_path, "a.csv", CONSOLE_COST), write(tmp_path, "b.json", report)]
    with pytest.raises(UsageFormatError, match="two views of the same costs"):
        read_exports(paths)


GOOD = "2026-08-15,Claude Opus 5,w,k,message,≤ 200k,output,1.25,1.50,token,global,,x,active"


@pytest.mark.parametrize(
    ("before", "after", "column", "words"),
    [
        ("1.25", "", "cost_usd", "is not an amount"),
        ("1.25", "nan", "cost_usd", "is not an amount"),
        ("1.25", '"1,25"', "cost_usd", "is not an amount"),
        ("1.25", "€1.25", "cost_usd", "is not an amount"),
        ("1.50", "inf", "list_price_usd", "is not an amount"),
        (",output,", ",thoughts,", "token_type", "not a known token type"),
        (",output,", ",,", "token_type", "not a known token type"),
        (",token,", ",support,", "token_type", "stands beside the cost type 'support'"),
        ("message", "turbo", "usage_type", "not a known service tier"),
        ("global", "mars", "inference_geo", "not a known inference geography"),
        (",global,,", ",global,warp,", "speed", "not a known speed"),
        ("≤ 200k", "? 200k", "context_window", "not a context window"),
        ("2026-08-15", "8/15/26", "usage_date_utc", "not an ISO date"),
        ("Claude Opus 5", "a\x01b", "model", "control character"),
    ],
)
def test_a_bad_cell_is_named_by_row_and_column(tmp_path, before, after, column, words):
    with pytest.raises(UsageFormatError, match=words) as refused:
        read_one(tmp_path, rows_of(GOOD, GOOD.replace(before, after)))
    where = (refused.value.file, refused.value.row, refused.value.column)
    assert where == ("cost.csv", 2, column)


@pytest.mark.parametrize("column", ["model", "token_type"])
def test_a_missing_column_is_named(tmp_path, column):
    with pytest.raises(UsageFormatError, match="is missing") as refused:
        read_one(tmp_path, CONSOLE_COST.replace(column, "other", 1))
    assert refused.value.column == column


def test_a_header_without_rows(tmp_path):
    with pytest.raises(UsageFormatError, match="a header and no rows"):
        read_one(tmp_path, CONSOLE_COST_HEADER + "\n")


@pytest.mark.parametrize("n", MUTANTS)
def test_damaged_exports_are_refused_or_read_right(n):
    totals = csv_totals({"contracted_usd": {"cost_usd": 1}, "list_usd": {"list_price_usd": 1}})
    survived = survives("anthropic_console_cost", CONSOLE_COST, n=n, totals=totals)
    assert survived.read > n / 20
    assert survived.refused > n / 10
