"""The example portfolio: the same bytes every time, the promised shape, real model ids."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path

import example_portfolio as example
import numpy as np
import pandas as pd
import pytest
from example_company import traffic

from forecast.pricing.rate_cards import canonicalise_models, load_rate_card
from forecast.pricing.rating import rate_usage
from forecast.records.terms import Offer, Terms
from forecast.records.usage import TOKEN_COLUMNS, UNASSIGNED
from forecast.records.workloads import Archetype, Decision, OwnerState, Portfolio
from forecast.usage.mapping import assign_workloads
from forecast.usage.reading import read_usage

ROOT = Path(__file__).parents[2]
AS_OF = date(2026, 10, 31)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("example")
    example.write(directory, seed=example.DEFAULT_SEED)
    return directory


@pytest.fixture(scope="module")
def portfolio(out: Path) -> Portfolio:
    return Portfolio.model_validate(_toml(out / "workloads.toml"))


@pytest.fixture(scope="module")
def daily(out: Path, portfolio: Portfolio) -> pd.DataFrame:
    return assign_workloads(read_usage([out / "usage.csv"]).rows, portfolio).daily


@pytest.fixture(scope="module")
def rated(daily: pd.DataFrame) -> pd.DataFrame:
    rated = rate_usage(canonicalise_models(daily), load_rate_card(AS_OF))
    return rated.assign(usd=rated["list_usd"].astype(float))


def _toml(path: Path) -> dict[str, object]:
    return tomllib.loads(path.read_text(), parse_float=Decimal)


def _digests(directory: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(directory.iterdir())
    }


def test_another_process_writes_the_same_bytes(out: Path, tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, ROOT / "scripts" / "example_portfolio.py", "--out", tmp_path],
        check=True,
        capture_output=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7"},
    )
    assert _digests(out) == _digests(tmp_path)
    assert set(_digests(out)) == {"usage.csv", *example.DOCUMENTS}


def test_another_seed_writes_other_usage() -> None:
    one, other = (example.usage_rows(seed=seed)["requests"].sum() for seed in (1, 2))
    assert one != other


def test_it_covers_24_complete_months_of_every_day(daily: pd.DataFrame) -> None:
    days = daily["day"].drop_duplicates().sort_values()
    assert days.iloc[0] == pd.Timestamp(2024, 11, 1)
    assert days.iloc[-1] == pd.Timestamp(AS_OF)
    assert len(days) == 730


def test_eight_workloads_cover_the_archetypes(portfolio: Portfolio, daily: pd.DataFrame) -> None:
    assert {w.archetype for w in portfolio.workloads} == set(Archetype)
    assert len(portfolio.workloads) == 8
    assert set(daily["workload"]) == {w.name for w in portfolio.workloads} | {UNASSIGNED}
    chat = portfolio.by_name("Support chat")
    assert chat is not None
    assert chat.archetype == Archetype.INTERACTIVE
    assert chat.latency.needed_at_once is True


def test_owners_differ_and_one_question_is_open(portfolio: Portfolio) -> None:
    states = {w.owner_state for w in portfolio.workloads}
    assert states >= {
        OwnerState.PROPOSED,
        OwnerState.ACCEPTED,
        OwnerState.SCHEDULED,
        OwnerState.SHIPPED,
        OwnerState.DECLINED,
    }
    assert [w.name for w in portfolio.workloads if w.latency.needed_at_once is None] == [
        "Contract intake"
    ]


def test_the_open_question_needs_review(portfolio: Portfolio) -> None:
    from forecast.levers.classification import classify

    decisions = {w.name: classify(w).decision for w in portfolio.workloads}
    assert decisions["Contract intake"] == Decision.NEEDS_REVIEW
    assert decisions["Support chat"] == Decision.REAL_TIME
    assert decisions["Catalog enrichment"] == Decision.ASYNCHRONOUS
    assert decisions["Board reporting"] == Decision.ASYNCHRONOUS


def test_models_are_used_only_while_they_exist() -> None:
    rows = example.usage_rows(seed=example.DEFAULT_SEED)
    assert set(rows["model"]) == set(traffic.AVAILABLE)
    for model, span in rows.groupby("model")["day"].agg(["min", "max"]).iterrows():
        launched, retired = traffic.AVAILABLE[str(model)]
        assert span["min"].date() >= launched, model
        assert retired is None or span["max"].date() < retired, model


def test_a_model_about_to_retire_is_still_used() -> None:
    rows = example.usage_rows(seed=example.DEFAULT_SEED)
    last = rows[rows["day"] == pd.Timestamp(AS_OF)]
    users = last.loc[last["model"] == "claude-sonnet-4-5-20250929", "api_key"]
    assert users.tolist() == ["key-listing-drafts"]


def test_the_tokenizers_factor_stands_in_the_usage() -> None:
    rows = example.usage_rows(seed=example.DEFAULT_SEED)
    chat = rows[rows["api_key"] == "key-support-chat"]
    sums = chat.groupby("model")[[*TOKEN_COLUMNS, "requests"]].sum()
    output = sums["output_tokens"] / sums["requests"]
    ratio = output["claude-sonnet-5"] / output["claude-sonnet-4-5-20250929"]
    assert ratio == pytest.approx(1.3, rel=0.01)


def test_list_cost_is_large_enough_for_two_tiers(rated: pd.DataFrame) -> None:
    last_quarter = rated[rated["day"] >= pd.Timestamp(2026, 8, 1)]
    assert 1_100_000 < last_quarter["usd"].sum() * 4 < 1_500_000
    share = rated.groupby("workload")["usd"].sum() / rated["usd"].sum()
    assert 0.01 < share[UNASSIGNED] < 0.03
    assert share.max() < 0.45


def test_price_falls_by_succession_while_work_grows(rated: pd.DataFrame) -> None:
    job = rated[rated["workload"] == "Catalog enrichment"].set_index("day")
    before, after = job.loc["2025-10"], job.loc["2026-02"]
    assert after["usd"].sum() < before["usd"].sum() / 2
    assert after["requests"].sum() > before["requests"].sum() * 0.8


def test_the_backfill_is_two_spikes(daily: pd.DataFrame) -> None:
    by_day = daily[daily["workload"] == "Archive backfill"].groupby("day")["requests"].sum()
    spikes = by_day[by_day > 20 * by_day.median()]
    assert [(d.year, d.month) for d in spikes.index] == [(2025, 6)] * 4 + [(2026, 4)] * 5


def test_one_workload_is_launched_within_the_history(daily: pd.DataFrame) -> None:
    first = daily.groupby("workload")["day"].min()
    late = first[first > pd.Timestamp(2024, 11, 7)]
    assert late.index.tolist() == ["Regression evals"]
    assert late.iloc[0].date() == date(2025, 9, 15)


def test_weeks_and_month_ends_have_their_rhythm(daily: pd.DataFrame) -> None:
    by_day = daily.pivot_table(index="day", columns="workload", values="requests", aggfunc="sum")
    weekend = by_day.index.day_of_week >= 5
    chat = by_day["Support chat"].to_numpy(dtype=float)
    ratio = np.median(chat[weekend]) / np.median(chat[~weekend])
    assert ratio == pytest.approx(traffic.WEEKEND_PEOPLE, abs=0.05)
    reporting = by_day["Board reporting"][~weekend].astype(float)
    closing = reporting[reporting.index.day <= 2].median()
    assert closing > 2 * reporting[(reporting.index.day > 5) & (reporting.index.day < 25)].median()


def test_daily_noise_follows_the_published_range(daily: pd.DataFrame) -> None:
    by_day = daily.pivot_table(index="day", columns="workload", values="requests", aggfunc="sum")
    for name in ("Support chat", "Catalog enrichment", "Ticket tagging", "Listing drafts"):
        level = np.log(by_day[name].astype(float))
        residual = level - level.rolling(29, center=True).median()
        residual -= residual.groupby(residual.index.day_of_week).transform("median")
        assert 0.03 < residual.std() < 0.20, name
        assert 0.2 < residual.autocorr(1) < 0.8, name


def test_terms_and_offers_are_read(out: Path) -> None:
    terms = Terms.model_validate(_toml(out / "terms.toml"))
    assert terms.term_start == date(2027, 1, 1)
    assert [int(t.from_commitment_usd) for t in terms.tiers] == [
        0,
        250_000,
        500_000,
        10**6,
        5 * 10**6,
    ]
    for name in ("offer_a.toml", "offer_b.toml"):
        fields = _toml(out / name)
        commitment = fields.pop("commitment_usd")
        offer = Offer.model_validate({"terms": fields, "commitment_usd": commitment})
        assert offer.terms.tier_for(offer.total_usd).discount_share > 0
