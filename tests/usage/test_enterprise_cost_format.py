import json
from decimal import Decimal

import pytest
from export_samples.samples_a import (
    ENTERPRISE_COST,
    ENTERPRISE_USAGE,
    enterprise_cost_result,
    enterprise_page,
    october,
)
from mutation_harness import MUTANTS, json_totals, survives
from usage_samples import write

from forecast.errors import UsageFormatError
from forecast.usage.reading import read_exports


def read_one(tmp_path, *buckets, **changes):
    text = json.dumps(enterprise_page(*buckets, **changes))
    return read_exports([write(tmp_path, "cost.json", text)])


def test_list_and_contracted_dollars_tell_the_discount(tmp_path):
    exports = read_exports([write(tmp_path, "cost.json", ENTERPRISE_COST)])
    lines = exports.costs.to_dict("records")
    assert [
        (line["model"], line["token_kind"], line["charge"], line["list_usd"]) for line in lines
    ] == [
        ("claude-opus-5-5", "cache_write_1h", "usage", Decimal("100")),
        ("claude-opus-5-5", "output", "usage", Decimal("0.5")),
        ("", "web_search", "usage", Decimal("100")),
    ]
    assert [line["contracted_usd"] / line["list_usd"] for line in lines] == [Decimal("0.85")] * 3
    assert {line["description"] for line in lines} == {"claude_code"}
    assert exports.sources[0].warnings == ()


def test_fractions_of_a_cent_are_kept(tmp_path):
    fraction = enterprise_cost_result(amount="41280.000001", list_amount="41280.000001")
    costs = read_one(tmp_path, october(1, fraction)).costs
    assert costs["contracted_usd"].tolist() == [Decimal("412.80000001")]


def test_usage_and_costs_of_one_organisation_go_together(tmp_path):
    exports = read_exports(
        [
            write(tmp_path, "cost.json", ENTERPRISE_COST),
            write(tmp_path, "usage.json", ENTERPRISE_USAGE),
        ]
    )
    assert (len(exports.rows), len(exports.costs)) == (3, 3)


def test_a_total_compares_by_day(tmp_path):
    total = enterprise_cost_result(model=None, cost_type=None, token_type=None)
    (source,) = read_one(tmp_path, october(1, total)).sources
    assert "group the report by model, cost_type and token_type" in source.warnings[0]


def test_groups_of_users_overlap_and_are_refused(tmp_path):
    with pytest.raises(UsageFormatError, match="groups overlap") as refused:
        read_one(tmp_path, october(1, enterprise_cost_result(rbac_group_id="rbac_group_01")))
    assert (refused.value.row, refused.value.column) == (1, "rbac_group_id")


def test_a_full_bucket_may_lack_groups(tmp_path):
    many = [enterprise_cost_result(slack_channel_id=f"C{i}") for i in range(100)]
    (source,) = read_one(tmp_path, october(1, *many)).sources
    assert "leaves the smaller ones out without a remainder" in source.warnings[0]


@pytest.mark.parametrize(
    ("changes", "column", "words"),
    [
        ({"amount": ""}, "amount", "is not an amount"),
        ({"list_amount": "NaN"}, "list_amount", "is not an amount"),
        ({"list_amount": None}, "list_amount", "is missing"),
        ({"currency": "JPY"}, "currency", "is 'JPY', not USD"),
        ({"token_type": "audio"}, "token_type", "not a known token type"),
        ({"speed": "warp"}, "speed", "not a known speed"),
    ],
)
def test_a_bad_value_is_named_by_row_and_member(tmp_path, changes, column, words):
    with pytest.raises(UsageFormatError) as refused:
        read_one(
            tmp_path,
            october(1, enterprise_cost_result()),
            october(2, enterprise_cost_result(**changes)),
        )
    assert (refused.value.file, refused.value.row) == ("cost.json", 2)
    assert refused.value.column == column
    assert words in refused.value.problem


@pytest.mark.parametrize("n", MUTANTS)
def test_damaged_reports_are_refused_or_read_right(n):
    cent = Decimal("0.01")
    totals = json_totals(
        {
            "contracted_usd": {"data[].results[].amount": cent},
            "list_usd": {"data[].results[].list_amount": cent},
        }
    )
    survived = survives("anthropic_enterprise_cost", ENTERPRISE_COST, n=n, totals=totals)
    assert survived.read > n / 10
    assert survived.refused > n / 10
