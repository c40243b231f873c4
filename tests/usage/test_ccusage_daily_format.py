import json
from decimal import Decimal

import pytest
from export_samples.samples_b import CCUSAGE_DAILY
from mutation_harness import MUTANTS, survives
from mutation_kinds import json_values
from reading_back import assert_survives_the_canonical_table, read_one

from forecast.errors import UsageFormatError
from forecast.usage.formats.ccusage_daily import read

COUNTS = {"inputTokens": 20, "outputTokens": 5, "cacheCreationTokens": 300, "cacheReadTokens": 900}
DAY = {
    "date": "2026-11-01",
    **COUNTS,
    "totalTokens": 1225,
    "totalCost": 0.5,
    "modelsUsed": ["claude-opus-5-5"],
    "modelBreakdowns": [{"modelName": "claude-opus-5-5", **COUNTS, "cost": 0.5}],
}


def parsed(*days):
    return read(json.dumps({"daily": list(days)}).encode(), "daily.json")


def test_models_of_a_day_become_rows(tmp_path):
    exports = read_one(tmp_path, CCUSAGE_DAILY)
    rows = exports.rows
    assert rows[["model", "input_tokens", "output_tokens"]].values.tolist() == [
        ["claude-haiku-5-5", 77, 1456],
        ["claude-opus-5-5", 200, 30000],
        ["claude-opus-5-5", 959, 39662],
    ]
    assert rows["cache_write_5m_tokens"].tolist() == [0, 512, 0]
    assert set(rows["platform"]) == {"anthropic"}
    assert sum(exports.costs["billed_usd"]) == Decimal("34.00")
    assert exports.sources[0].amounts == ("USD", "estimated")
    assert "--timezone UTC" in exports.sources[0].warnings[0]


def test_days_by_project_and_by_period():
    days = {
        "projects": {"closer": [DAY], "nightly": [DAY | {"period": "2026-11-02", "date": None}]}
    }
    rows = read(json.dumps(days).encode(), "daily.json").rows
    assert rows["workspace"].tolist() == ["closer", "nightly"]
    assert rows["day"].dt.day.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("used", "model"),
    [(["claude-opus-5-5"], "claude-opus-5-5"), (["a", "b"], "unknown"), ([], "unknown")],
)
def test_a_day_without_parts_counts_as_its_only_model(used, model):
    result = parsed(DAY | {"modelBreakdowns": None, "modelsUsed": used})
    assert result.rows["model"].tolist() == [model]
    assert result.costs["billed_usd"].tolist() == [Decimal("0.5")]


def test_a_model_that_used_nothing_is_no_row():
    nothing = {"modelName": "<synthetic>", "inputTokens": 0, "outputTokens": 0, "cost": 0}
    result = parsed(DAY | {"modelBreakdowns": [*DAY["modelBreakdowns"], nothing]})
    assert result.rows["model"].tolist() == ["claude-opus-5-5"]


@pytest.mark.parametrize("other", ["monthly", "weekly", "session", "sessions"])
def test_other_reports_are_refused_with_advice(tmp_path, other):
    report = json.dumps({other: [DAY | {"month": "2026-11"}], "totals": COUNTS | {"totalCost": 1}})
    with pytest.raises(UsageFormatError, match=f"column {other}: is another report of ccusage"):
        read_one(tmp_path, report)


def test_blocks_are_refused_with_advice(tmp_path):
    block = {"id": "b", "isGap": False, "tokenCounts": {"inputTokens": 5}, "costUSD": 1}
    with pytest.raises(UsageFormatError, match="a block does not say which model"):
        read_one(tmp_path, json.dumps({"blocks": [block]}))


@pytest.mark.parametrize(
    ("changes", "column", "words"),
    [
        ({"inputTokens": 21}, "daily[1].inputTokens", "is 21 where its models add up to 20"),
        ({"date": "2026-11"}, "daily[1].date", "not an ISO date"),
        ({"date": "2026-11-01"}, "daily[1].date", "stands in record 1 already"),
        ({"audioTokens": 1}, "daily[1].audioTokens", "does not know"),
        ({"outputTokens": -5}, "daily[1].outputTokens", "negative"),
        (
            {"modelBreakdowns": [DAY["modelBreakdowns"][0] | {"cost": float("inf")}]},
            "daily[1].modelBreakdowns[0].cost",
            "not a finite amount",
        ),
        ({"modelBreakdowns": {}}, "daily[1].modelBreakdowns", "is not a list"),
    ],
)
def test_a_bad_value_is_named_by_row_and_path(changes, column, words):
    with pytest.raises(UsageFormatError) as refused:
        parsed(DAY, DAY | {"date": "2026-11-02"} | changes)
    assert (refused.value.row, refused.value.column) == (2, column)
    assert words in refused.value.problem


def test_rows_survive_the_canonical_table(tmp_path):
    assert_survives_the_canonical_table(tmp_path, CCUSAGE_DAILY)


def of_days(data):
    """Add up the days, whose parts the reader adds up."""
    sums = {"input_tokens": Decimal(0), "output_tokens": Decimal(0)}
    try:
        for report in json_values(data):
            for day in report["daily"]:
                sums["input_tokens"] += Decimal(str(day["inputTokens"]))
                sums["output_tokens"] += Decimal(str(day["outputTokens"]))
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError):
        return None
    return sums


@pytest.mark.parametrize("n", MUTANTS)
def test_damaged_reports_are_refused_or_read_right(n):
    outcome = survives("ccusage_daily", CCUSAGE_DAILY, n=n, totals=of_days)
    assert outcome.rederived > 5
    assert outcome.refused
