"""Re-forecast real cloud demand quarter by quarter: Shaved Ice regions 1 and 2.

    python scripts/benchmarks/shaved_ice_quarters.py --hourly hourly_regions_1_2.parquet

Each region is a company, each machine type a workload whose normalised hours are its tokens. Its
three years are laid so that they end with 2028; the first eleven months are history, and the two
years after it are signed for as advised and re-forecast after each of eight quarters, as the
simulated companies are. The price of an hour is such that the history comes to a million dollars a
year, so that the tiers of the simulated contracts lie around it. Nothing is announced: types that
begin are not told by any inventory before their first day. Two companies prove little, and the
constants of the forecast were learned on these series too: the figures are given without a bound.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))
from simulated_quarters import TermCost, quarters, term_cost

from forecast.pricing.sheets import NamedSheet, PriceSheet, read_record
from forecast.records.reforecast import ForecastScore
from forecast.records.workloads import Portfolio, Rule, Workload
from forecast.tables import USAGE_ROWS, check, conform

LAST_DAY = date(2028, 12, 31)
HISTORY_ENDS = date(2026, 11, 30)
N_YEARS = 2
TOKENS_AN_HOUR = 1_000
"""Enough that a thousandth of an hour is not lost."""
LIST_A_YEAR_USD = 1_000_000.0
PLATFORM, MODEL = "own-cloud", "machine"


class Region:
    """A region as a company: what is known of it on a day."""

    def __init__(self, hourly: pd.DataFrame, region: int) -> None:
        mine = hourly[hourly["REGION_NUM"] == region]
        day = mine["USAGE_HOUR"].dt.tz_convert(None).dt.floor("D")
        moved = pd.Timestamp(LAST_DAY) - day.max()
        sums = mine["NORM_USAGE"].groupby([mine["INSTANCE_TYPE"], day + moved]).sum()
        hours = sums.rename_axis(["api_key", "day"]).rename("hours").reset_index()
        hours = hours[hours["hours"] > 0]
        self._rows = self._usage(hours)
        before = hours.loc[hours["day"] <= pd.Timestamp(HISTORY_ENDS)]
        n_days = before["day"].nunique()
        self._usd_an_hour = LIST_A_YEAR_USD / (float(before["hours"].sum()) / n_days * 365.25)

    @staticmethod
    def _usage(hours: pd.DataFrame) -> pd.DataFrame:
        tokens = np.rint(hours["hours"].to_numpy() * TOKENS_AN_HOUR).astype(np.int64)
        text = {"service_tier": "standard", "geography": "global", "speed": "standard",
                "context_window": "", "workload": "", "workspace": "", "tag": ""}  # fmt: skip
        zero = dict.fromkeys(
            ("cache_write_5m_tokens", "cache_write_1h_tokens", "cache_read_tokens",
             "output_tokens", "web_searches"), 0,
        )  # fmt: skip
        rows = hours[["day", "api_key"]].assign(
            platform=PLATFORM, model=MODEL, input_tokens=tokens, requests=1, **text, **zero
        )
        rows = rows.sort_values(["day", "api_key"], kind="stable")
        return check(conform(rows, USAGE_ROWS), USAGE_ROWS)

    def usage(self, through: date, since: date = date.min) -> pd.DataFrame:
        """Canonical usage rows of [since, through]."""
        day = self._rows["day"].dt.date
        return self._rows[(day >= since) & (day <= through)].reset_index(drop=True)

    def prices(self, known_on: date) -> NamedSheet:
        """One price for every hour, the same on all days."""
        usd = 1e6 * self._usd_an_hour / TOKENS_AN_HOUR
        text = (
            f'[[rates]]\nplatform = "{PLATFORM}"\nmodel = "{MODEL}"\neffective_from = 2020-01-01\n'
            f"standard = {{ input = {usd:.6f}, output = {usd:.6f} }}\n"
            f'source = "scaled"\nchecked_on = 2020-01-01\n'
            f'[[models]]\nmodel = "{MODEL}"\nfamily = "machine"\n'
        )
        assert known_on >= date(2020, 1, 1)
        sheet = read_record(text, PriceSheet, file="prices.toml")
        return NamedSheet("prices.toml", text.encode(), sheet)

    def portfolio(self, known_on: date) -> Portfolio:
        """Every type that has run by then."""
        seen = self._rows.loc[self._rows["day"] <= pd.Timestamp(known_on), "api_key"]
        return Portfolio(
            workloads=tuple(
                Workload(name=f"type {key}", match=(Rule(api_key=key),))
                for key in sorted(seen.unique())
            )
        )


def walk(
    region: Region, *, seed: int, n_scenarios: int
) -> tuple[list[ForecastScore], list[TermCost]]:
    """Walk a region through its quarters; give its scores and what its years cost."""
    scores, costs = [], []
    for quarter in quarters(region, seed=seed, n_scenarios=n_scenarios, n_years=N_YEARS):
        if quarter.quarter == 4:
            scores = list(quarter.outcome.result.track_record.scores)
            costs.append(term_cost(region, quarter.contract))
    return scores, costs


def main() -> int:
    """Walk both regions and print what they come to."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--hourly", type=Path, required=True)
    parser.add_argument("--scenarios", type=int, default=200)
    arguments = parser.parse_args()
    hourly = pd.read_parquet(arguments.hourly)
    table = Table("region", "80 % until the next forecast", "of the rest of the term",
                  "over hindsight", "run rate over hindsight", "cost over list")  # fmt: skip
    for number in sorted(hourly["REGION_NUM"].unique()):
        region = Region(hourly, int(number))
        scores, costs = walk(region, seed=int(number), n_scenarios=arguments.scenarios)
        held = {
            which: [s.inside_80 for s in scores if (s.horizon == "rest of term") == which]
            for which in (False, True)
        }
        least = sum(c.hindsight_usd for c in costs)
        advised, run_rate = (
            sum(getattr(c, name) for c in costs) for name in ("advised_usd", "run_rate_usd")
        )
        table.add_row(
            str(number),
            *(f"{sum(held[which])} of {len(held[which])}" for which in (False, True)),
            f"{advised / least - 1:+.1%}",
            f"{run_rate / least - 1:+.1%}",
            f"{advised / sum(c.list_usd for c in costs):.3f}",
        )
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
