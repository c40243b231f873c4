"""A simulated company through its contracts: advised, signed, re-forecast each quarter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
from simulated_company import FIRST_TERM, N_YEARS, SIGNED_AFTER, Company, terms_of

from forecast.paths import DecisionSet
from forecast.pipeline.last_forecast import Previous
from forecast.pipeline.recommend import Outcome, recommend
from forecast.pipeline.reforecast import ReforecastOutcome, reforecast
from forecast.pipeline.signing import sign
from forecast.pipeline.standing import Standing
from forecast.pricing.rating import rate_usage
from forecast.records.contract import Signature, SignedContract
from forecast.records.recommendation import InputDigest, Recommendation
from forecast.records.reforecast import Reforecast, TrackRecord
from forecast.records.terms import Offer, Terms
from forecast.units import add_months

QUARTERS = 4


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
    company: Company, *, seed: int = 0, n_scenarios: int = 200, n_years: int = N_YEARS
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


def following(outcome: ReforecastOutcome, company: Company, day: date) -> Previous:
    """Give what the next quarter starts from."""
    return Previous(
        result=outcome.result,
        decisions=outcome.decisions,
        daily=outcome.daily,
        portfolio=company.portfolio(day),
        card=outcome.card,
        digest=InputDigest(name="reforecast.json", sha256=""),
    )


def advised(
    company: Company, year: int, *, seed: int, n_scenarios: int
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


def term_cost(quarter: Quarter) -> TermCost:
    """Price a finished year under the advice, last year's run rate and hindsight."""
    rated_year = quarter.outcome.decisions.optimised_usd.sum(axis=2)[:1]
    terms = quarter.contract.terms
    standing = Standing.of(quarter.contract)
    best = standing.best(rated_year)
    run_rate = Standing(terms, (run_rate_commitment(quarter, terms),))
    return TermCost(
        year=quarter.year,
        list_usd=float(rated_year.sum()),
        advised_usd=standing.settled(rated_year).expected_cost_usd,
        run_rate_usd=run_rate.settled(rated_year).expected_cost_usd,
        hindsight_usd=best.expected_cost_usd,
    )


def run_rate_commitment(quarter: Quarter, terms: Terms) -> Decimal:
    """Commit to the twelve months before signing, at the best tier that such a pool earns."""
    history = quarter.outcome.daily
    end = terms.term_start - timedelta(days=SIGNED_AFTER)
    start = add_months(end, -12)
    day = history["day"].dt.date
    rows = history[(day >= start) & (day < end)]
    list_usd = float(np.sum(rate_usage(rows, quarter.outcome.card)["list_usd"].astype(float)))
    amount = Decimal(0)
    for tier in terms.tiers:
        pool = Decimal(f"{list_usd * (1 - tier.discount_share):.2f}")
        if pool >= terms.threshold_usd(tier):
            amount = pool
    return amount
