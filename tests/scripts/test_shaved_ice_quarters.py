"""Hourly demand as a company: nothing is lost, priced, or known too early."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts" / "benchmarks"))
from shaved_ice_quarters import HISTORY_ENDS, LAST_DAY, LIST_A_YEAR_USD, TOKENS_AN_HOUR, Region

from forecast.pricing.rate_cards import load_rate_card
from forecast.pricing.rating import rate_usage
from forecast.usage.mapping import assign_workloads


@pytest.fixture(scope="module")
def hourly() -> pd.DataFrame:
    """Three years of two types in two regions; type B begins in the last one."""
    hours = pd.date_range("2021-02-01", "2024-01-31 23:00", freq="h", tz="UTC")
    rng = np.random.default_rng(3)
    frames = []
    for region in (1, 2):
        for kind, begins in (("A", hours[0]), ("B", hours[-6000])):
            own = hours[hours >= begins]
            frames.append(
                pd.DataFrame(
                    {
                        "USAGE_HOUR": own,
                        "REGION_NUM": region,
                        "INSTANCE_TYPE": kind,
                        "NORM_USAGE": rng.gamma(4.0, 25.0, len(own)).round(3),
                    }
                )
            )
    return pd.concat(frames, ignore_index=True)


def test_every_hour_is_there_once_and_ends_with_the_last_term(hourly: pd.DataFrame) -> None:
    rows = Region(hourly, 2).usage(LAST_DAY)
    ours = hourly.loc[hourly["REGION_NUM"] == 2, "NORM_USAGE"].sum()
    assert rows["input_tokens"].sum() == pytest.approx(ours * TOKENS_AN_HOUR, rel=1e-6)
    assert rows["day"].max().date() == LAST_DAY


def test_history_comes_to_a_million_a_year(hourly: pd.DataFrame) -> None:
    region = Region(hourly, 1)
    known = assign_workloads(region.usage(HISTORY_ENDS), region.portfolio(HISTORY_ENDS)).daily
    card = load_rate_card(HISTORY_ENDS, price_sheets=[region.prices(HISTORY_ENDS)])
    usd = float(sum(rate_usage(known, card)["list_usd"]))
    assert usd / known["day"].nunique() * 365.25 == pytest.approx(LIST_A_YEAR_USD, rel=1e-4)


def test_a_type_is_no_workload_before_its_first_day(hourly: pd.DataFrame) -> None:
    region = Region(hourly, 1)
    names = [w.name for w in region.portfolio(date(2028, 1, 1)).workloads]
    assert names == ["type A"]
    assert [w.name for w in region.portfolio(LAST_DAY).workloads] == ["type A", "type B"]
