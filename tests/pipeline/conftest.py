from __future__ import annotations

import tomllib
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd
import pytest
from example_portfolio import DEFAULT_SEED, write

from forecast.pipeline.recommend import Outcome, recommend
from forecast.records.terms import Terms
from forecast.records.workloads import Portfolio
from forecast.usage.reading import read_usage

WEEKS = 60
KEYS = {"key-support-chat", "key-catalog-enrichment", "key-listing-drafts", "key-sandbox"}
TIERS = (("0", 0.0), ("150000", 0.10), ("250000", 0.14), ("600000", 0.18))
"""Fewer workloads and weeks than the example has, and tiers to match: each run takes seconds."""


@dataclass(frozen=True)
class Buyer:
    """The example portfolio, read."""

    usage: pd.DataFrame
    portfolio: Portfolio
    terms: Terms

    def run(self, **options: object) -> Outcome:
        arguments = {"seed": 7, "n_scenarios": 200} | options
        usage = arguments.pop("usage", self.usage)
        portfolio = arguments.pop("portfolio", self.portfolio)
        terms = arguments.pop("terms", self.terms)
        return recommend(usage, portfolio, terms, **arguments)


@pytest.fixture(scope="session")
def buyer(tmp_path_factory: pytest.TempPathFactory) -> Buyer:
    folder = tmp_path_factory.mktemp("example")
    write(folder, seed=DEFAULT_SEED)

    def toml(name: str) -> dict[str, object]:
        return tomllib.loads((folder / name).read_text(), parse_float=Decimal)

    rows = read_usage([folder / "usage.csv"]).rows
    recent = rows["day"] > rows["day"].max() - pd.Timedelta(weeks=WEEKS)
    kept = rows["api_key"].isin(KEYS)
    portfolio = Portfolio.model_validate(toml("workloads.toml"))
    few = tuple(w for w in portfolio.workloads if {rule.api_key for rule in w.match} & KEYS)
    return Buyer(
        rows[recent & kept].reset_index(drop=True),
        portfolio.model_copy(update={"workloads": few}),
        Terms.model_validate(
            toml("terms.toml")
            | {"tiers": [{"from_commitment_usd": t, "discount_share": d} for t, d in TIERS]}
        ),
    )


@pytest.fixture(scope="session")
def outcome(buyer: Buyer) -> Outcome:
    return buyer.run()
