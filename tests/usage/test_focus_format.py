import csv
import io
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from export_samples.samples_a import (
    CUR,
    FOCUS,
    FOCUS_HEADER,
    focus_csv,
    focus_line,
)
from mutation_harness import MUTANTS, csv_totals, survives
from usage_samples import write

from forecast.errors import UsageFormatError
from forecast.usage.formats.canonical import write_canonical
from forecast.usage.reading import read_exports, read_usage


def read_one(tmp_path, *lines, header=None):
    return read_exports([write(tmp_path, "focus.csv", focus_csv(*lines, header=header))])


def only_cost(tmp_path, **changes):
    (cost,) = read_one(tmp_path, focus_line(**changes)).costs.to_dict("records")
    return cost


def test_tokens_and_three_prices(tmp_path):
    exports = read_exports([write(tmp_path, "focus.csv", FOCUS)])
    (row,) = exports.rows.to_dict("records")
    assert (row["platform"], row["model"]) == ("anthropic", "claude-opus-5-5")
    assert (row["input_tokens"], row["cache_write_1h_tokens"]) == (1_000_000, 125_000)
    assert (row["workspace"], row["day"]) == ("account-1", pd.Timestamp("2026-11-02"))
    costs = exports.costs.sort_values("row").to_dict("records")
    assert [
        (c["charge"], c["token_kind"], c["list_usd"], c["contracted_usd"], c["billed_usd"])
        for c in costs
    ] == [
        ("usage", "input", Decimal("4.00"), Decimal("3.40"), Decimal("3.40")),
        ("usage", "cache_write_1h", Decimal("1.00"), Decimal("0.85"), Decimal("0.85")),
        ("commitment", "", Decimal("900"), Decimal("900"), Decimal("900")),
        ("other", "", Decimal("4.80"), Decimal("4.80"), Decimal("4.80")),
    ]
    assert [c["platform"] for c in costs] == ["anthropic"] * 3 + ["aws"]
    assert (costs[2]["start"], costs[2]["end"]) == (
        pd.Timestamp("2026-11-01"),
        pd.Timestamp("2026-12-01"),
    )
    assert exports.sources[0].warnings == ()


def test_rows_survive_a_round_trip(tmp_path):
    rows = read_exports([write(tmp_path, "focus.csv", FOCUS)]).rows
    write_canonical(rows, tmp_path / "usage.parquet")
    assert read_usage([tmp_path / "usage.parquet"]).rows.equals(rows)


FOCUS_1_0 = [
    *(c for c in FOCUS_HEADER if c not in ("ServiceProviderName", "HostProviderName", "SkuMeter")),
    *("ProviderName", "PublisherName"),
]


def test_version_1_0_names_the_provider_otherwise(tmp_path):
    line = focus_line(ProviderName="Anthropic", PublisherName="Anthropic")
    exports = read_one(tmp_path, line, header=[c for c in FOCUS_1_0 if c != "SkuPriceDetails"])
    assert exports.rows["input_tokens"].tolist() == [1_000_000]
    assert exports.rows["platform"].tolist() == ["anthropic"]


def test_databases_write_columns_in_small_letters(tmp_path):
    header, _, lines = FOCUS.partition("\n")
    small = read_exports([write(tmp_path, "small.csv", f"{header.lower()}\n{lines}")])
    assert small.costs.equals(read_exports([write(tmp_path, "focus.csv", FOCUS)]).costs)


def test_aws_columns_tell_tokens_by_usage_type(tmp_path):
    aws = {
        "ServiceProviderName": "AWS",
        "ServiceName": "Amazon Bedrock",
        "ResourceId": "arn:aws:bedrock:us-west-2:111122223333:inference-profile/x",
        "ResourceType": "inference-profile",
        "ConsumedQuantity": "29.481",
        "ConsumedUnit": "1K tokens",
        "SkuMeter": "NULL",
        "SkuId": "ABC",
        "x_UsageType": "USW2-Claude4.5Sonnet-output-tokens",
        "x_ServiceCode": "AmazonBedrock",
    }
    sold = aws | {
        "ServiceName": "Claude Haiku 4.5 (Amazon Bedrock Edition)",
        "x_ServiceCode": "4xhkzexample",
        "x_UsageType": "USE1-MP:USE1_InputTokenCount_Global_Batch-Units",
        "ChargeDescription": "AWS Marketplace software usage|us-east-1|Million Input Tokens",
        "ConsumedQuantity": "2.5",
        "ConsumedUnit": "Units",
    }
    rows = read_one(tmp_path, focus_line(**aws), focus_line(**sold)).rows.set_index("model")
    assert set(rows["platform"]) == {"bedrock"}
    assert rows.loc["claude-sonnet-4-5", "output_tokens"] == 29_481
    assert rows.loc["claude-sonnet-4-5", "geography"] == "regional"
    haiku = rows.loc["claude-haiku-4-5"]
    assert (haiku["input_tokens"], haiku["service_tier"]) == (2_500_000, "batch")
    assert haiku["geography"] == "global"


@pytest.mark.parametrize(
    ("meter", "column"),
    [
        ("Input Tokens", "input_tokens"),
        ("Uncached Input Tokens", "input_tokens"),
        ("Cached Input Tokens", "cache_read_tokens"),
        ("Cache Read Tokens", "cache_read_tokens"),
        ("Cache Write Tokens", "cache_write_5m_tokens"),
        ("cache_creation_1h_input_tokens", "cache_write_1h_tokens"),
        ("Completion tokens", "output_tokens"),
    ],
)
def test_meters_name_the_kind_of_token(tmp_path, meter, column):
    rows = read_one(tmp_path, focus_line(SkuMeter=meter)).rows
    assert rows[column].tolist() == [1_000_000]
    others = ["input_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens"]
    others += ["cache_read_tokens", "output_tokens"]
    assert rows[others].sum(axis=1).tolist() == [1_000_000]


@pytest.mark.parametrize(
    "changes",
    [
        {"SkuPriceDetails": '{"Model": "claude-haiku-4-5"}', "ResourceType": "API"},
        {"x_Model": "anthropic/claude-haiku-4-5", "ResourceType": "API"},
        {"ResourceType": "API", "SkuId": "claude-haiku-4-5-input-tokens"},
        {"ResourceType": "API", "SkuId": "1", "ResourceId": "2", "SkuMeter": "Input tokens"}
        | {"ChargeDescription": "Claude Haiku 4.5 Usage - Input Tokens"},
    ],
)
def test_the_model_stands_in_one_of_several_places(tmp_path, changes):
    assert only_cost(tmp_path, **changes)["model"] == "claude-haiku-4-5"


def test_what_tells_no_model_or_kind_has_a_cost_and_no_usage(tmp_path):
    azure = focus_line(
        ServiceProviderName="Microsoft",
        ServiceName="Foundry Models",
        SkuMeter="5.4 opt Gl",
        SkuId="1",
        ResourceId="/subscriptions/1/resourceGroups/2",
        ResourceType="account",
        ChargeDescription="5.4 opt Gl",
        ConsumedUnit="1M Tokens",
    )
    images = focus_line(SkuMeter="Input Image Tokens", ChargeDescription="Image tokens")
    exports = read_one(tmp_path, azure, images, focus_line())
    assert exports.rows["input_tokens"].tolist() == [1_000_000]
    assert exports.costs["charge"].tolist() == ["usage"] * 3
    assert exports.costs["billed_usd"].sum() == Decimal("10.20")
    assert exports.sources[0].warnings == (
        "2 lines of LLM usage do not tell model and token kind: they give costs and no usage",
    )


def test_a_charge_of_a_month_has_no_days(tmp_path):
    month = {"ChargePeriodStart": "2026-11-01T00:00:00Z", "ChargePeriodEnd": "2026-12-01T00:00:00Z"}
    exports = read_one(tmp_path, focus_line(**month))
    assert exports.rows.empty
    assert exports.costs["quantity"].tolist() == [1_000_000]
    assert "1 lines of LLM usage last longer than a day" in exports.sources[0].warnings[0]


def test_a_correction_lowers_costs_and_not_tokens(tmp_path):
    correction = focus_line(
        BilledCost="-1.70",
        ChargeClass="Correction",
        ConsumedQuantity="-500000",
        ContractedCost="-1.70",
        ListCost="-2.00",
    )
    exports = read_one(tmp_path, focus_line(), correction)
    assert exports.rows["input_tokens"].tolist() == [1_000_000]
    assert exports.costs["billed_usd"].sum() == Decimal("1.70")
    assert "correct usage downwards" in exports.sources[0].warnings[0]


@pytest.mark.parametrize(
    ("changes", "charge", "kind"),
    [
        ({"ChargeCategory": "Tax"}, "tax", ""),
        ({"ChargeCategory": "Credit", "BilledCost": "-5"}, "credit", ""),
        ({"ChargeCategory": "Adjustment", "BilledCost": "-0.01"}, "credit", ""),
        ({"ChargeCategory": "Adjustment", "BilledCost": "0.01"}, "fee", ""),
        ({"ChargeCategory": "Purchase"}, "commitment", ""),
        ({"CommitmentDiscountStatus": "Unused"}, "commitment", ""),
        (
            {"ChargeFrequency": "One-Time", "ChargeDescription": "Monthly unused fee"},
            "commitment",
            "",
        ),
        ({"SkuMeter": "Web Search Requests", "ConsumedUnit": "Requests"}, "usage", "web_search"),
        (
            {"SkuMeter": "Guardrails", "ConsumedUnit": "Units", "PricingUnit": "Units"}
            | {"ChargeDescription": "Guardrails"},
            "other",
            "",
        ),
    ],
)
def test_what_a_line_is_for(tmp_path, changes, charge, kind):
    cost = only_cost(tmp_path, **changes)
    assert (cost["charge"], cost["token_kind"]) == (charge, kind)


SPREADSHEET = """\ufeffBilledCost,BillingCurrency,BillingPeriodEnd,BillingPeriodStart,\
ChargeCategory,ChargeDescription,ChargeFrequency,ChargePeriodEnd,ChargePeriodStart,ContractedCost,ListCost,\
ProviderName,ServiceName
"$10,100.00 ",USD,5/1/25,4/1/25,Usage,Monthly usage charge,Usage-Based,5/1/25,4/1/25,\
"$10,100.00 ","$12,000.00 ",ACMECORP,ACMECORP Licenses
972,USD,5/1/26,4/1/26,Usage,End of contract unused fee,One-Time,4/1/26,4/1/25,972,972,ACMECORP,\
ACMECORP Licenses
"""


def test_what_a_spreadsheet_left_of_it(tmp_path):
    exports = read_exports([write(tmp_path, "agreement.csv", SPREADSHEET)])
    first, second = exports.costs.sort_values("row").to_dict("records")
    assert (first["start"], first["end"]) == (
        pd.Timestamp("2025-04-01"),
        pd.Timestamp("2025-05-01"),
    )
    assert first["billed_usd"] == Decimal("10100.00")
    assert (second["charge"], second["end"]) == ("commitment", pd.Timestamp("2026-04-01"))


@pytest.mark.parametrize("period", ["5/2/25,4/2/25", "1/1/25,1/1/25"])
def test_a_date_that_may_be_two_is_refused(tmp_path, period):
    text = SPREADSHEET.replace("USD,5/1/25,4/1/25", f"USD,{period}").replace(
        "USD,5/1/26,4/1/26", f"USD,{period}"
    )
    with pytest.raises(UsageFormatError, match="month or the day first"):
        read_exports([write(tmp_path, "agreement.csv", text)])


def test_the_day_may_stand_first(tmp_path):
    text = SPREADSHEET.replace("5/1/25", "1/5/25").replace("4/1/25", "1/4/25")
    text = text.replace("5/1/26", "1/5/26").replace("4/1/26", "1/4/26")
    costs = read_exports([write(tmp_path, "agreement.csv", text)]).costs
    assert costs["start"].dt.month.tolist() == [4, 4]


def test_times_without_a_zone_are_utc_and_hours_add_up(tmp_path):
    hours = [
        focus_line(
            ChargePeriodStart=f"2026-11-02 {hour}:00:00", ChargePeriodEnd=f"2026-11-02 {hour}:59:59"
        )
        for hour in ("00", "23")
    ]
    rows = read_one(tmp_path, *hours).rows
    assert rows["input_tokens"].tolist() == [2_000_000]


def test_parquet_says_the_same(tmp_path):
    lines = list(csv.DictReader(io.StringIO(FOCUS)))
    table = {name: [None if r[name] == "NULL" else r[name] for r in lines] for name in lines[0]}
    for name in ("ChargePeriodStart", "ChargePeriodEnd"):
        table[name] = [pd.Timestamp(text).tz_localize(None) for text in table[name]]
    for name in ("BilledCost", "ListCost", "ContractedCost"):
        table[name] = [Decimal(text) for text in table[name]]
    table["Tags"] = pa.array([[("env", "prod")]] * len(lines), pa.map_(pa.string(), pa.string()))
    pq.write_table(pa.table(table), tmp_path / "focus.parquet")
    from_text = read_exports([write(tmp_path, "focus.csv", FOCUS)])
    from_parquet = read_exports([tmp_path / "focus.parquet"])
    assert from_parquet.rows.equals(from_text.rows)
    shown = ["charge", "token_kind", "billed_usd", "platform"]
    assert from_parquet.costs[shown].equals(from_text.costs[shown])


def test_it_may_copy_the_books_of_another_export(tmp_path):
    bedrock = focus_line(
        ServiceProviderName="AWS",
        ServiceName="Amazon Bedrock",
        ChargePeriodStart="2026-08-05T00:00:00Z",
        ChargePeriodEnd="2026-08-06T00:00:00Z",
    )
    paths = [write(tmp_path, "focus.csv", focus_csv(bedrock)), write(tmp_path, "cur.csv", CUR)]
    with pytest.raises(UsageFormatError, match="two views of the same usage"):
        read_exports(paths)
    paths[0] = write(tmp_path, "other.csv", FOCUS)
    assert len(read_exports(paths).rows) == 4


@pytest.mark.parametrize(
    ("changes", "column", "words"),
    [
        ({"BilledCost": "NULL"}, "BilledCost", "is not an amount"),
        ({"BilledCost": "1.2.3"}, "BilledCost", "is not an amount"),
        ({"ListCost": "inf"}, "ListCost", "is not an amount"),
        ({"BillingCurrency": "EUR"}, "BillingCurrency", "is 'EUR', not USD"),
        ({"BillingCurrency": "NULL"}, "BillingCurrency", "is '', not USD"),
        ({"ChargeCategory": "Rebate"}, "ChargeCategory", "not a known charge category"),
        ({"ChargePeriodStart": "yesterday"}, "ChargePeriodStart", "not an ISO date"),
        ({"ChargePeriodEnd": "2026-11-02T30:00:00Z"}, "ChargePeriodEnd", "T30:00:00Z' (hour must"),
        ({"ChargePeriodEnd": "2026-11-01T00:00:00Z"}, "ChargePeriodEnd", "before the start"),
        ({"ConsumedQuantity": "0.5"}, "ConsumedQuantity", "not a whole number"),
        ({"ConsumedQuantity": "many"}, "ConsumedQuantity", "is not an amount"),
        ({"SkuPriceDetails": "model=x"}, "SkuPriceDetails", "not a JSON object"),
        ({"SkuPriceDetails": "[1]"}, "SkuPriceDetails", "not a JSON object"),
    ],
)
def test_a_bad_cell_is_named_by_row_and_column(tmp_path, changes, column, words):
    with pytest.raises(UsageFormatError) as refused:
        read_one(tmp_path, focus_line(), focus_line(**changes))
    where = (refused.value.file, refused.value.row, refused.value.column)
    assert where == ("focus.csv", 2, column)
    assert words in refused.value.problem


def test_a_column_in_two_spellings_is_refused(tmp_path):
    header = [*FOCUS_HEADER, "billedcost"]
    with pytest.raises(UsageFormatError, match="stands twice in the header") as refused:
        read_one(tmp_path, focus_line(billedcost="1"), header=header)
    where = (refused.value.file, refused.value.row, refused.value.column)
    assert where == ("focus.csv", None, "billedcost")


TOTALS = csv_totals(
    {
        "billed_usd": {"BilledCost": 1},
        "list_usd": {"ListCost": 1},
        "contracted_usd": {"ContractedCost": 1},
    }
)


@pytest.mark.parametrize("n", MUTANTS)
def test_damaged_exports_are_refused_or_read_right(n):
    survived = survives("focus", FOCUS, n=n, totals=TOTALS)
    assert survived.read > n / 10
    assert survived.refused > n / 20
