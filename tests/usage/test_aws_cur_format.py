import csv
import io
import json
from datetime import datetime
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from export_samples.samples_a import CUR, CUR_HEADER, cur_csv, cur_line, marketplace_line
from mutation_harness import MUTANTS, survives
from usage_samples import write

from forecast.errors import UsageFormatError
from forecast.usage.formats import aws_cur_legacy
from forecast.usage.formats.bedrock_usage_types import tokens_of
from forecast.usage.formats.canonical import write_canonical
from forecast.usage.reading import read_exports, read_usage


def read_one(tmp_path, *lines, header=None):
    return read_exports([write(tmp_path, "cur.csv", cur_csv(*lines, header=header))])


def test_thousands_and_millions_of_tokens(tmp_path):
    exports = read_exports([write(tmp_path, "cur.csv", CUR)])
    rows = exports.rows.set_index("model")
    assert rows.loc["claude-sonnet-4-5", "input_tokens"] == 29_481
    assert rows.loc["claude-opus-4-8", "cache_write_5m_tokens"] == 1_629_500
    assert rows.loc["claude-haiku-4-5", "output_tokens"] == 1_200_000
    assert rows["geography"].tolist() == ["global", "global", "regional"]
    assert rows["service_tier"].tolist() == ["batch", "standard", "standard"]
    assert set(rows["platform"]) == {"bedrock"}
    assert set(rows["workspace"]) == {"444455556666"}
    assert rows["requests"].isna().all()


def test_costs_before_and_after_the_discount(tmp_path):
    exports = read_exports([write(tmp_path, "cur.csv", CUR)])
    costs = exports.costs.sort_values("row")
    assert costs["row"].tolist() == [1, 2, 3, 4]
    assert costs["charge"].tolist() == ["usage", "usage", "usage", "tax"]
    assert costs["list_usd"].tolist()[:3] == [
        Decimal("0.0972873"),
        Decimal("10.184375"),
        Decimal("3"),
    ]
    assert costs["billed_usd"].tolist() == [
        Decimal("0.08755857"),
        Decimal("9.164"),
        Decimal("2.7"),
        Decimal("0.95"),
    ]
    assert costs["contracted_usd"].tolist()[3] is None
    tax = costs.iloc[3]
    assert (tax["start"], tax["end"]) == (pd.Timestamp("2026-08-01"), pd.Timestamp("2026-09-01"))
    (source,) = exports.sources
    assert (source.first_day.day, source.last_day.day) == (5, 5)
    assert source.warnings == (
        "1 of 5 lines are of other services and left out (4.80 USD unblended)",
    )


@pytest.mark.parametrize(
    ("usage_type", "amount", "cost", "usd_per_million"),
    [
        ("USW2-Claude4.5Sonnet-cache-write-input-token-count", "433.893", "1.789808625", "4.125"),
        ("USW2-Claude4.6Sonnet-cache-read-input-token-count", "5372.659", "1.77297747", "0.33"),
        ("USW2-Claude4.5Sonnet-input-tokens", "29.481", "0.0972873", "3.30"),
        ("USW2-Claude4.5Sonnet-output-tokens", "31.102", "0.513183", "16.50"),
    ],
)
def test_lines_that_aws_publishes_reprice_to_the_cent(
    tmp_path, usage_type, amount, cost, usd_per_million
):
    line = cur_line(
        line_item_usage_type=usage_type,
        line_item_usage_amount=amount,
        line_item_unblended_cost=cost,
    )
    (found,) = read_one(tmp_path, line).costs.to_dict("records")
    assert found["quantity"] * Decimal(usd_per_million) / 1_000_000 == Decimal(cost)


@pytest.mark.parametrize(
    ("usage_type", "expected"),
    [
        (
            "USE1-Claude3Haiku-input-tokens",
            ("claude-3-haiku", "input", "standard", "regional", "standard", ""),
        ),
        (
            "USE1-Claude4Sonnet-output-tokens-long-context-cross-region-global",
            ("claude-sonnet-4", "output", "standard", "global", "standard", "200k-1M"),
        ),
        (
            "USE1-Claude4Sonnet-cache-write-input-token-count-1-hour",
            ("claude-sonnet-4", "cache_write_1h", "standard", "regional", "standard", ""),
        ),
        (
            "USE1-Claude4.6Opus-cache-write-1h-input-token-count-cross-region-global",
            ("claude-opus-4-6", "cache_write_1h", "standard", "global", "standard", ""),
        ),
        (
            "APS3-anthropic.claude-haiku-5-5-mantle-cache-read-tokens-global-flex",
            ("claude-haiku-5-5", "cache_read", "flex", "global", "standard", ""),
        ),
        (
            "USE1-Claude3-5Haiku-input-tokens-latency-optimized",
            ("claude-3-5-haiku", "input", "standard", "regional", "fast", ""),
        ),
        (
            "USE1-Nova2.0Lite-input-tokens-cross-region-global-batch",
            ("Nova2.0Lite", "input", "batch", "global", "standard", ""),
        ),
        (
            "EUC1-MP:EUC1_CacheWrite1hInputTokenCount-Units",
            ("", "cache_write_1h", "standard", "regional", "standard", ""),
        ),
        (
            "USE1-MP:USE1_MillionBatchInputTokens-Units",
            ("", "input", "batch", "regional", "standard", ""),
        ),
        (
            "USE1-MP:USE1_input_tokens_long_ctx_global_standard-Units",
            ("", "input", "standard", "global", "standard", "200k-1M"),
        ),
        ("USE1-MP:USE1_cache_write_tokens_30m_standard-Units", None),
        ("USE1-MP:USE1_Reserved_1Month_InputTPM_Geo-Units", None),
        ("USE1-NovaPro-input-image-token-count", None),
        ("USE1-Nova2.0Lite-output-tokens-custom-model", None),
        ("USE1-Claude4.5Sonnet-input-tokens-1h", None),
        ("USE1-BoxUsage:m7i.large", None),
    ],
)
def test_usage_types_in_all_three_spellings(usage_type, expected):
    assert tokens_of(usage_type) == expected


@pytest.mark.parametrize(
    ("unit", "description", "tokens"),
    [
        ("1K tokens", "", 2_500),
        ("1k Tokens", "", 2_500),
        ("1M tokens", "", 2_500_000),
        ("1,000,000 tokens", "", 2_500_000),
        ("Units", "AWS Marketplace software usage|us-east-1|Million Input Tokens", 2_500_000),
    ],
)
def test_the_unit_column_says_how_many_tokens(tmp_path, unit, description, tokens):
    line = cur_line(
        line_item_usage_amount="2.5",
        pricing_unit=unit,
        line_item_line_item_description=description,
    )
    assert read_one(tmp_path, line).rows["input_tokens"].tolist() == [tokens]


def test_noise_of_float64_is_not_a_fraction(tmp_path):
    line = cur_line(line_item_usage_amount="0.06899999999999999")
    assert read_one(tmp_path, line).rows["input_tokens"].tolist() == [69]


@pytest.mark.parametrize("unit", ["", "Units", "Hrs", "tokens per request"])
def test_a_unit_that_does_not_say_is_refused(tmp_path, unit):
    with pytest.raises(UsageFormatError, match="per how many tokens") as refused:
        read_one(tmp_path, cur_line(), cur_line(pricing_unit=unit))
    assert (refused.value.row, refused.value.column) == (2, "pricing_unit")


def test_without_net_costs_the_unblended_cost_is_billed(tmp_path):
    header = [c for c in CUR_HEADER if c != "line_item_net_unblended_cost"]
    discount = cur_line(line_item_line_item_type="EdpDiscount", line_item_unblended_cost="-0.01")
    costs = read_one(tmp_path, cur_line(), discount, header=header).costs.sort_values("row")
    assert costs["charge"].tolist() == ["usage", "credit"]
    assert costs["billed_usd"].tolist() == [Decimal("0.0972873"), Decimal("-0.01")]
    assert costs["contracted_usd"].isna().all()


def test_net_costs_hold_the_discount_already(tmp_path):
    discount = cur_line(
        identity_line_item_id="d1",
        line_item_line_item_type="EdpDiscount",
        line_item_unblended_cost="-0.00972873",
        line_item_net_unblended_cost="",
    )
    credit = cur_line(
        identity_line_item_id="c1",
        line_item_line_item_type="Credit",
        line_item_unblended_cost="-0.05",
        line_item_net_unblended_cost="",
    )
    costs = read_one(tmp_path, cur_line(), discount, credit).costs
    assert costs["billed_usd"].sum() == Decimal("0.08755857") - Decimal("0.05")


@pytest.mark.parametrize(
    ("line_type", "usage_type", "charge"),
    [
        ("DiscountedUsage", "USW2-Claude4.5Sonnet-input-tokens", "usage"),
        ("Refund", "USW2-Claude4.5Sonnet-input-tokens", "credit"),
        ("Fee", "USW2-Claude4.5Sonnet-input-tokens", "fee"),
        ("SavingsPlanRecurringFee", "ComputeSP:1yrNoUpfront", "commitment"),
        ("Usage", "USE1-Guardrail-ContentPolicyUnitsConsumed", "other"),
        ("Usage", "USE1-MP:USE1_Reserved_1Month_InputTPM_Geo-Units", "fee"),
        ("Usage", "USE1-NovaPro-input-image-token-count", "usage"),
    ],
)
def test_what_a_line_charges(tmp_path, line_type, usage_type, charge):
    line = cur_line(line_item_line_item_type=line_type, line_item_usage_type=usage_type)
    assert read_one(tmp_path, line).costs["charge"].tolist() == [charge]


def test_tokens_nobody_knows_cost_money_and_say_so(tmp_path):
    image = cur_line(line_item_usage_type="USE1-NovaPro-input-image-token-count")
    exports = read_one(tmp_path, cur_line(), image)
    assert exports.rows["input_tokens"].tolist() == [29_481]
    assert len(exports.costs) == 2
    assert exports.sources[0].warnings == (
        "1 lines count tokens that this version does not know "
        "(USE1-NovaPro-input-image-token-count): they give costs and no usage (0.09 USD)",
    )


def test_a_report_by_month_gives_costs_and_no_usage(tmp_path):
    month = cur_line(
        line_item_usage_start_date="2026-08-01T00:00:00.000Z",
        line_item_usage_end_date="2026-09-01T00:00:00.000Z",
    )
    exports = read_one(tmp_path, month)
    assert exports.rows.empty
    assert exports.costs["quantity"].tolist() == [29_481]
    assert "export the report by hour or day" in exports.sources[0].warnings[0]


def test_claude_platform_on_aws_bills_dollars_as_units(tmp_path):
    line = cur_line(
        line_item_product_code="5abcexample",
        line_item_usage_type="USE1-MP:USE1_ccu-Units",
        line_item_line_item_description="AWS Marketplace usage|Claude Consumption Units",
        line_item_usage_amount="120000",
        line_item_unblended_cost="1200",
        line_item_net_unblended_cost="1200",
        pricing_unit="Units",
        product='{"product_name":"Claude Platform on AWS"}',
    )
    exports = read_one(tmp_path, line)
    (cost,) = exports.costs.to_dict("records")
    assert (cost["platform"], cost["charge"], cost["model"]) == ("anthropic", "usage", "")
    assert cost["billed_usd"] == Decimal("1200")
    assert exports.rows.empty


def test_hours_of_several_principals_add_up_to_a_day(tmp_path):
    header = [*CUR_HEADER, "line_item_iam_principal"]
    lines = [
        cur_line(
            identity_line_item_id=f"{hour}{who}",
            line_item_usage_start_date=f"2026-08-05 {hour}:00:00.000",
            line_item_usage_end_date=f"2026-08-05 {hour}:59:59.000",
            line_item_iam_principal=f"arn:aws:iam::444455556666:user/{who}",
        )
        for hour in ("10", "23")
        for who in ("alice", "bob")
    ]
    rows = read_one(tmp_path, *lines, header=header).rows
    assert rows["api_key"].str.endswith(("alice", "bob")).all()
    assert rows["input_tokens"].tolist() == [58_962, 58_962]


def test_parts_of_one_report_go_together(tmp_path):
    bobs = {"identity_line_item_id": "a9", "line_item_usage_amount": "0.008"}
    bobs["line_item_net_unblended_cost"] = "0.00002376"
    parts = [
        write(tmp_path, "part-1.csv", cur_csv(cur_line())),
        write(tmp_path, "part-2.csv", cur_csv(cur_line(**bobs))),
    ]
    assert read_exports(parts).rows["input_tokens"].tolist() == [29_489]


def test_a_report_delivered_twice_is_refused(tmp_path):
    parts = [
        write(tmp_path, "part-1.csv", cur_csv(cur_line())),
        write(tmp_path, "again.csv", cur_csv(cur_line(), marketplace_line())),
    ]
    with pytest.raises(UsageFormatError, match="once more"):
        read_exports(parts)


def test_rows_survive_a_round_trip(tmp_path):
    rows = read_exports([write(tmp_path, "cur.csv", CUR)]).rows
    write_canonical(rows, tmp_path / "usage.parquet")
    assert read_usage([tmp_path / "usage.parquet"]).rows.equals(rows)


def test_parquet_says_the_same(tmp_path):
    records = list(csv.DictReader(io.StringIO(CUR)))
    for record in records:
        for column in ("line_item_usage_start_date", "line_item_usage_end_date"):
            record[column] = datetime.fromisoformat(record[column]).replace(tzinfo=None)
        for column in ("line_item_usage_amount", "line_item_unblended_cost"):
            record[column] = float(record[column])
        record["product"] = list(json.loads(record["product"]).items())
    text = {name: pa.string() for name in CUR_HEADER}
    schema = pa.schema(
        text
        | {
            "line_item_usage_start_date": pa.timestamp("ms"),
            "line_item_usage_end_date": pa.timestamp("ms"),
            "line_item_usage_amount": pa.float64(),
            "line_item_unblended_cost": pa.float64(),
            "product": pa.map_(pa.string(), pa.string()),
        }
    )
    pq.write_table(pa.Table.from_pylist(records, schema=schema), tmp_path / "cur.parquet")
    from_parquet = read_exports([tmp_path / "cur.parquet"])
    from_text = read_exports([write(tmp_path, "cur.csv", CUR)])
    assert from_parquet.rows.equals(from_text.rows)
    assert from_parquet.costs["billed_usd"].tolist() == from_text.costs["billed_usd"].tolist()


def test_a_bill_without_bedrock_says_so(tmp_path):
    other = cur_line(line_item_product_code="AmazonEC2")
    with pytest.raises(UsageFormatError, match="none of them of Amazon Bedrock"):
        read_one(tmp_path, other)


@pytest.mark.parametrize(
    ("changes", "column", "words"),
    [
        ({"line_item_line_item_type": "Rebate"}, "line_item_line_item_type", "not a known line"),
        ({"line_item_usage_amount": "-5"}, "line_item_usage_amount", "is negative"),
        ({"line_item_usage_amount": "0.0005"}, "line_item_usage_amount", "not a whole number"),
        ({"line_item_usage_amount": "NaN"}, "line_item_usage_amount", "is not an amount"),
        ({"line_item_usage_amount": "9999999999999"}, "line_item_usage_amount", "larger than"),
        ({"line_item_unblended_cost": "1,000"}, "line_item_unblended_cost", "is not an amount"),
        ({"line_item_unblended_cost": ""}, "line_item_unblended_cost", "is not an amount"),
        ({"line_item_currency_code": "EUR"}, "line_item_currency_code", "is 'EUR', not USD"),
        ({"line_item_usage_start_date": "8/5/26"}, "line_item_usage_start_date", "not an ISO"),
        (
            {"line_item_usage_end_date": "2026-08-01T00:00:00Z"},
            "line_item_usage_end_date",
            "lies before the start",
        ),
        ({"product": "name=Claude"}, "product", "is not a JSON object"),
        ({"line_item_usage_type": "x" * 600}, "line_item_usage_type", "longer than 500"),
    ],
)
def test_a_bad_cell_is_named_by_row_and_column(tmp_path, changes, column, words):
    ec2 = cur_line(line_item_product_code="AmazonEC2")
    with pytest.raises(UsageFormatError) as refused:
        read_one(tmp_path, cur_line(), ec2, cur_line(**changes))
    where = (refused.value.file, refused.value.row, refused.value.column)
    assert where == ("cur.csv", 3, column)
    assert words in refused.value.problem


def test_a_missing_column_is_named(tmp_path):
    header = [c for c in CUR_HEADER if c != "line_item_usage_amount"]
    with pytest.raises(UsageFormatError, match="is missing") as refused:
        read_one(tmp_path, cur_line(), header=header)
    assert refused.value.column == "line_item_usage_amount"


def in_first_version(*lines):
    """Spell lines as the first version of the report does in CSV."""
    old = {new: name for name, new in aws_cur_legacy.NAMES.items()}
    spelt = [
        {old[c]: cell for c, cell in line.items() if c in old}
        | {"product/ProductName": json.loads(line["product"])["product_name"]}
        for line in lines
    ]
    text = io.StringIO(newline="")
    names = ["bill/PayerAccountId", *spelt[0], "resourceTags/user:team"]
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(spelt)
    return text.getvalue()


def test_the_first_version_of_the_report_reads_as_the_second(tmp_path):
    lines = [cur_line(), marketplace_line()]
    exports = read_exports([write(tmp_path, "cur-1.csv", in_first_version(*lines))])
    same = read_one(tmp_path, *lines)
    assert exports.sources[0].format_name == "aws_cur"
    assert len(exports.rows) == 2
    apart = ["source", "file"]
    for ours, theirs in ((exports.rows, same.rows), (exports.costs, same.costs)):
        assert ours.drop(columns=apart, errors="ignore").equals(
            theirs.drop(columns=apart, errors="ignore")
        )


def test_a_column_by_both_names_is_refused(tmp_path):
    header = [*CUR_HEADER, "lineItem/UsageAmount"]
    with pytest.raises(UsageFormatError, match="names of both versions") as refused:
        read_one(tmp_path, cur_line(), header=header)
    assert refused.value.column == "lineItem/UsageAmount"


TOLD_BY = ("line_item_product_code", "line_item_line_item_type", "line_item_usage_type", "product")
KNOWN = {tuple(line[c] for c in TOLD_BY) for line in csv.DictReader(io.StringIO(CUR))}


def _derived(data):
    """Give tokens and dollars of the lines of Bedrock by another road."""
    try:
        lines = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
        billed, tokens = Decimal(0), Decimal(0)
        for line in lines:
            told = tuple(line[column] for column in TOLD_BY)
            if told not in KNOWN:
                return None
            if "EC2" in told[0]:
                continue
            billed += Decimal(
                line["line_item_net_unblended_cost"] or line["line_item_unblended_cost"]
            )
            if told[1] == "Usage":
                factor = 1_000 if line["pricing_unit"] == "1K tokens" else 1_000_000
                tokens += round(Decimal(line["line_item_usage_amount"]) * factor)
    except (ValueError, ArithmeticError, KeyError, TypeError, csv.Error, AttributeError):
        return None
    return {"billed_usd": billed, "quantity": tokens}


@pytest.mark.parametrize("n", MUTANTS)
def test_damaged_reports_are_refused_or_read_right(n):
    survived = survives("aws_cur", CUR, n=n, totals=_derived)
    assert survived.read > n / 20
    assert survived.rederived > n / 100
    assert survived.refused > n / 10
