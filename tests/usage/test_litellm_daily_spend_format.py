from decimal import Decimal

import pytest
from export_samples.samples_b import LITELLM_DAILY_TEAMS, LITELLM_DAILY_USERS
from mutation_harness import MUTANTS, csv_totals, survives
from reading_back import assert_survives_the_canonical_table, read_one

from forecast.errors import UsageFormatError
from forecast.usage.formats.litellm_daily_spend import USERS
from forecast.usage.reading import read_exports

HEADER, FIRST, _ = LITELLM_DAILY_USERS.decode().split("\n", 2)


def with_cell(column, value):
    cells = FIRST.split(",")
    cells[HEADER.split(",").index(column)] = value
    cells[0] = "b1"
    return "\n".join((HEADER, FIRST, ",".join(cells)))


def test_cache_tokens_are_taken_out_of_the_prompt(tmp_path):
    exports = read_one(tmp_path, LITELLM_DAILY_USERS)
    rows = exports.rows.set_index("model")
    opus = rows.loc["claude-opus-5-5"]
    assert (opus["input_tokens"], opus["cache_read_tokens"]) == (1000, 9000)
    assert (opus["cache_write_5m_tokens"], opus["output_tokens"], opus["requests"]) == (
        2000,
        100,
        6,
    )
    assert (opus["api_key"], opus["tag"]) == ("k1", "alice")
    assert rows.loc["gemini-3-pro", "platform"] == "vertex"
    assert exports.costs["billed_usd"].tolist() == [Decimal("0.0193500000001"), Decimal("0.002")]
    source = exports.sources[0]
    assert source.format_name == "litellm_daily_users"
    assert [w[:12] for w in source.warnings] == ["requests tha", "1 rows do no"]


def test_teams_are_workspaces_and_a_view_of_the_same_requests(tmp_path):
    exports = read_one(tmp_path, LITELLM_DAILY_TEAMS, "teams.csv")
    assert exports.rows["workspace"].tolist() == ["alice", "bob"]
    assert "holds only requests with a team_id" in exports.sources[0].warnings[-1]
    users = tmp_path / "users.csv"
    users.write_bytes(LITELLM_DAILY_USERS)
    with pytest.raises(UsageFormatError, match="two views of the same usage"):
        read_exports([tmp_path / "teams.csv", users])


def test_the_tags_table_is_refused(tmp_path):
    with pytest.raises(UsageFormatError, match="once for each of its tags"):
        read_one(tmp_path, LITELLM_DAILY_USERS.replace(b"user_id", b"tag"))


def test_a_row_without_tokens_is_no_usage_and_provisioned_units_are_a_fee():
    table = LITELLM_DAILY_USERS.replace(b",failed_requests", b",ptu_flat_cost").replace(
        b"12000,100,9000,2000,0,0.0193500000001,7,6,1", b"0,0,0,0,0,0,7,0,12.5"
    )
    parsed = USERS.read(table, "daily.csv")
    assert parsed.rows["model"].tolist() == ["gemini-3-pro"]
    assert parsed.costs[["charge", "billed_usd"]].values.tolist() == [
        ["fee", Decimal("12.5")],
        ["usage", Decimal("0.002")],
    ]
    assert parsed.first.day == 1


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("cache_read_input_tokens", "12001", "column prompt_tokens: is 12000, less than the 14001"),
        ("prompt_tokens", "1.5", "column prompt_tokens: has a fraction"),
        ("prompt_tokens", "NaN", "column prompt_tokens: is not a finite number"),
        ("completion_tokens", "", "column completion_tokens: is empty"),
        ("spend", "$3", "column spend: is not an amount"),
        ("date", "2026-11-01T10:00:00Z", "column date: is not a day"),
        ("date", "01/11/2026", "column date: is not an ISO date"),
    ],
)
def test_a_bad_value_is_named_by_row_and_column(column, value, words):
    with pytest.raises(UsageFormatError, match=f"^daily.csv, row 2, {words}"):
        USERS.read(with_cell(column, value).encode(), "daily.csv")


def test_unknown_token_columns_and_repeated_ids_are_refused():
    with pytest.raises(UsageFormatError, match="column audio_tokens: is a token column"):
        USERS.read(LITELLM_DAILY_USERS.replace(b"endpoint", b"audio_tokens"), "daily.csv")
    with pytest.raises(UsageFormatError, match="stands in record 1 already"):
        USERS.read("\n".join((HEADER, FIRST, FIRST)).encode(), "daily.csv")


def test_rows_survive_the_canonical_table(tmp_path):
    assert_survives_the_canonical_table(tmp_path, LITELLM_DAILY_USERS)


@pytest.mark.parametrize("n", MUTANTS)
def test_damaged_tables_are_refused_or_read_right(n):
    outcome = survives(
        USERS,
        LITELLM_DAILY_USERS,
        n=n,
        totals=csv_totals(
            {
                "output_tokens": {"completion_tokens": 1},
                "cache_read_tokens": {"cache_read_input_tokens": 1},
                "cache_write_5m_tokens": {"cache_creation_input_tokens": 1},
                "input_tokens": {
                    "prompt_tokens": 1,
                    "cache_read_input_tokens": -1,
                    "cache_creation_input_tokens": -1,
                },
                "billed_usd": {"spend": 1},
            }
        ),
    )
    assert outcome.read
    assert outcome.refused
