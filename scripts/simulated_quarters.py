"""A simulated company through its contracts: advised, signed, re-forecast each quarter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Protocol

import numpy as np
import pandas as pd
from simulated_company import FIRST_TERM, N_YEARS, SIGNED_AFTER, terms_of

from forecast.paths import DecisionSet
from forecast.pipeline.last_forecast import Previous
from forecast.pipeline.recommend import Outcome, recommend
from forecast.pipeline.reforecast import ReforecastOutcome, reforecast
from forecast.pipeline.signing import sign
from forecast.pipeline.standing import Standing
from forecast.pricing.rate_cards import load_rate_card
from forecast.pricing.rating import rate_usage
from forecast.pricing.sheets import NamedSheet
from forecast.records.contract import Signature, SignedContract
from forecast.records.recommendation import InputDigest, Recommendation
from forecast.records.reforecast import Reforecast, TrackRecord
from forecast.records.terms import Offer, Terms
from forecast.records.workloads import Portfolio
from forecast.units import add_months, month_range, to_cents

QUARTERS = 4


class Walked(Protocol):
    """What a company is asked for on its way through its contracts."""

    def usage(self, through: date, since: date = ...) -> pd.DataFrame:
        """Canonical usage rows of [since, through]."""
        ...

    def prices(self, known_on: date) -> NamedSheet:
        """The price sheet as it is known on a day."""
        ...

    def portfolio(self, known_on: date) -> Portfolio:
        """The inventory as its owners keep it on a day."""
        ...


@dataclass(frozen=True)
class Quarter:
    """One quarter of a contract, as it was re-forecast."""

    year: int
    quarter: int
    contract: SignedContract
    previous: Previous
    outcome: ReforecastOutcome


@dataclass(frozen=True)
class TermCost:
    """What a year cost under three ways of naming its commitment, all on what came."""

    year: int
    list_usd: float
    advised_usd: float
    run_rate_usd: float
    hindsight_usd: float


def quarters(
    company: Walked, *, seed: int = 0, n_scenarios: int = 200, n_years: int = N_YEARS
) -> Iterator[Quarter]:
    """Walk a company through its quarters; exports hold the new months alone."""
    record: TrackRecord | None = None
    for year in range(FIRST_TERM.year, FIRST_TERM.year + n_years):
        advice, contract, sized_on = advised(company, year, seed=seed, n_scenarios=n_scenarios)
        assert advice.decisions is not None
        assert isinstance(advice.result, Recommendation)
        previous = Previous(
            result=advice.result,
            decisions=advice.decisions,
            daily=advice.daily,
            portfolio=company.portfolio(sized_on),
            card=advice.card,
            digest=InputDigest(name="recommendation.json", sha256=""),
        )
        for quarter in range(1, QUARTERS + 1):
            day = add_months(date(year, 1, 1), 3 * quarter) - timedelta(days=1)
            outcome = reforecast(
                company.usage(day, previous.result.provenance.as_of + timedelta(days=1)),
                contract,
                previous,
                company.portfolio(day),
                price_sheets=[company.prices(day)],
                earlier_terms=record if quarter == 1 else None,
            )
            yield Quarter(year, quarter, contract, previous, outcome)
            previous = following(outcome, company, day)
        record = previous.result.track_record if isinstance(previous.result, Reforecast) else None


def following(outcome: ReforecastOutcome, company: Walked, day: date) -> Previous:
    """Give what the next quarter starts from."""
    return Previous(
        result=outcome.result,
        decisions=outcome.decisions,
        daily=outcome.daily,
        portfolio=company.portfolio(day),
        card=outcome.card,
        digest=InputDigest(name="reforecast.json", sha256=""),
        projection=outcome.projection,
    )


def advised(
    company: Walked, year: int, *, seed: int, n_scenarios: int
) -> tuple[Outcome, SignedContract, date]:
    """Recommend for a year and sign what is advised."""
    terms = terms_of(year)
    day = terms.term_start - timedelta(days=SIGNED_AFTER + 1)
    outcome = recommend(
        company.usage(day),
        company.portfolio(day),
        terms,
        as_of=day,
        seed=seed,
        n_scenarios=n_scenarios,
        price_sheets=[company.prices(day)],
    )
    assert isinstance(outcome.result, Recommendation)
    assert isinstance(outcome.decisions, DecisionSet)
    contract = sign(
        outcome.result,
        outcome.decisions,
        Offer(terms=terms, commitment_usd=outcome.result.commitment.recommended_usd),
        Signature(signatory="the CFO", signed_on=terms.term_start - timedelta(days=14)),
        advice_digest=InputDigest(name="recommendation.json", sha256=""),
        executed_digest=InputDigest(name="executed.toml", sha256=""),
    )
    return outcome, contract, day


def term_cost(company: Walked, contract: SignedContract) -> TermCost:
    """Price a year of the company under the advice, the run rate and hindsight."""
    terms = contract.terms
    months = month_range(terms.term_start, terms.term_months)
    last_day = add_months(months[-1], 1) - timedelta(days=1)
    card = load_rate_card(last_day, price_sheets=[company.prices(last_day)])
    rated = rate_usage(company.usage(last_day), card)
    usd = rated["list_usd"].astype(float)
    came = usd.groupby(rated["day"].dt.to_period("M")).sum()
    monthly = np.array([[float(came[f"{month:%Y-%m}"]) for month in months]])
    signed_on = terms.term_start - timedelta(days=SIGNED_AFTER)
    day = rated["day"].dt.date
    last_year = float(usd[(day >= add_months(signed_on, -12)) & (day < signed_on)].sum())
    run_rate = Standing(terms, (run_rate_commitment(last_year, terms),))
    standing = Standing.of(contract)
    return TermCost(
        year=terms.term_start.year,
        list_usd=float(monthly.sum()),
        advised_usd=standing.settled(monthly).expected_cost_usd,
        run_rate_usd=run_rate.settled(monthly).expected_cost_usd,
        hindsight_usd=standing.best(monthly).expected_cost_usd,
    )


def run_rate_commitment(last_year_usd: float, terms: Terms) -> Decimal:
    """Commit to the twelve months before signing, at the best tier that such a pool earns.

    >>> from simulated_company import terms_of
    >>> run_rate_commitment(550_000.0, terms_of(2027)), run_rate_commitment(100.0, terms_of(2027))
    (Decimal('506000.00'), Decimal('0'))
    """
    amount = Decimal(0)
    for tier in terms.tiers[1:]:
        pool = to_cents(last_year_usd * (1 - tier.discount_share))
        if pool >= terms.threshold_usd(tier):
            amount = pool
    return amount
