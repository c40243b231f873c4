import json
from decimal import Decimal

import pytest
from export_samples.samples_b import LITELLM_DAILY_ACTIVITY
from mutation_harness import MUTANTS, survives
from mutation_kinds import json_values
from reading_back import assert_survives_the_canonical_table, read_one

from forecast.errors import UsageFormatError
from forecast.usage.formats.litellm_daily_activity import read
from forecast.usage.reading import read_exports

METRICS = {
    "spend": 0.5,
    "prompt_tokens": 1000,
    "completion_tokens": 50,
    "cache_read_input_tokens": 800,
    "successful_requests": 3,
    "api_requests": 3,
}


def day(number=1, metrics=METRICS, **models):
    breakdown = {"models": {name: {"metrics": m} for name, m in models.items()}}
    return {"date": f"2026-11-{number:02}", "metrics": metrics, "breakdown": breakdown}


def page(*days, number=1, pages=1):
    about = {"page": number, "total_pages": pages}
    return json.dumps({"results": list(days), "metadata": about}).encode()


def parsed(*days, **about):
    return read(page(*days, **about), "activity.json")


def test_keys_models_and_what_they_leave_become_rows(tmp_path):
    exports = read_one(tmp_path, LITELLM_DAILY_ACTIVITY)
    found = exports.rows.set_index(["day", "model", "api_key"])
    assert len(found) == 4
    first, second = sorted(exports.rows["day"].unique())
    closer = found.loc[(first, "claude-opus-5-5", "closer")]
    assert (closer["input_tokens"], closer["cache_read_tokens"], closer["requests"]) == (
        500,
        8000,
        4,
    )
    others = found.loc[(first, "claude-opus-5-5", "")]
    assert (others["input_tokens"], others["cache_write_5m_tokens"]) == (500, 500)
    rest = found.loc[(first, "unknown", "")]
    assert (rest["input_tokens"], rest["output_tokens"], rest["requests"]) == (1000, 40, 2)
    assert found.loc[(second, "gpt-5.4", ""), "platform"] == "openai"
    assert sum(exports.costs["billed_usd"]) == Decimal("1.75")
    assert exports.sources[0].amounts == ("USD", "estimated")


def test_a_day_may_go_on_in_the_next_page(tmp_path):
    one, two = tmp_path / "1.json", tmp_path / "2.json"
    one.write_bytes(page(day(1, **{"claude-opus-5-5": METRICS}), number=1, pages=2))
    more = METRICS | {"spend": 0.25}
    two.write_bytes(page(day(1, more, **{"claude-opus-5-5": more}), number=2, pages=2))
    exports = read_exports([one, two])
    assert exports.rows["input_tokens"].tolist() == [400]
    assert parsed(day(), number=1, pages=2).pages_missing
    assert not parsed(day(), number=2, pages=2).pages_missing


def test_provisioned_units_are_a_fee():
    costs = parsed(day(1, METRICS | {"flat_cost": 12.5, "spend": 0})).costs
    assert costs[["charge", "billed_usd"]].values.tolist() == [["fee", Decimal("12.5")]]


@pytest.mark.parametrize(
    ("broken", "column", "words"),
    [
        (day(2, METRICS, a=METRICS, b=METRICS), "prompt_tokens", "its parts add up to 2000"),
        (
            day(2, METRICS | {"cache_read_input_tokens": 1001}),
            "results[1].metrics.prompt_tokens",
            "less than the 1001 cached tokens",
        ),
        (day(2, METRICS | {"audio_tokens": 1}), "metrics.audio_tokens", "does not know"),
        (day(2, METRICS | {"completion_tokens": -1}), "metrics.completion_tokens", "negative"),
        (day(2, METRICS | {"spend": float("nan")}), "metrics.spend", "not a finite amount"),
        (day(2) | {"date": "yesterday"}, "results[1].date", "not an ISO date"),
        (day(1), "results[1].date", "stands in record 1 already"),
        (day(2) | {"metrics": None}, "results[1].metrics", "is not an object"),
    ],
)
def test_a_bad_value_is_named_by_row_and_path(broken, column, words):
    with pytest.raises(UsageFormatError) as refused:
        parsed(day(1), broken)
    assert refused.value.row == 2
    assert refused.value.column.endswith(column)
    assert words in refused.value.problem


def test_rows_survive_the_canonical_table(tmp_path):
    assert_survives_the_canonical_table(tmp_path, LITELLM_DAILY_ACTIVITY)


def of_days(data):
    """Add up the days, whose parts the reader takes apart."""
    sums = {"output_tokens": Decimal(0), "billed_usd": Decimal(0)}
    try:
        for answer in json_values(data):
            for one in answer["results"]:
                sums["output_tokens"] += Decimal(str(one["metrics"].get("completion_tokens") or 0))
                for member in ("spend", "flat_cost"):
                    sums["billed_usd"] += Decimal(str(one["metrics"].get(member) or 0))
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError):
        return None
    return sums


@pytest.mark.parametrize("n", MUTANTS)
def test_damaged_pages_are_refused_or_read_right(n):
    outcome = survives("litellm_daily_activity", LITELLM_DAILY_ACTIVITY, n=n, totals=of_days)
    assert outcome.rederived > 5
    assert outcome.refused
