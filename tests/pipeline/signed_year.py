"""A year of one simulated company, signed and ready to be re-forecast."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from simulated_company import Company, Story
from simulated_quarters import advised, following

from forecast.pipeline.last_forecast import Previous
from forecast.pipeline.reforecast import ReforecastOutcome, reforecast
from forecast.records.recommendation import InputDigest
from forecast.records.reforecast import Reforecast

QUIET = Story(
    growth=(0.1,) * 5,
    cut=None,
    retires_on=None,
    to_batch=None,
    batch_planned=date(2020, 1, 1),  # long given up
    caching_planned=None,
    lost_on=None,
    new_on=None,
    renamed_on=None,
)
Q1, Q2 = date(2027, 3, 31), date(2027, 6, 30)


class Contract:
    """A year of one company: advised, signed, and ready to be re-forecast."""

    def __init__(self, **happens: object) -> None:
        self.company = Company(5, story_of=replace(QUIET, **happens))
        advice, self.signed, self.sized_on = advised(self.company, 2027, seed=5, n_scenarios=100)
        self.advice = Previous(
            result=advice.result,
            decisions=advice.decisions,
            daily=advice.daily,
            portfolio=self.company.portfolio(self.sized_on),
            card=advice.card,
            digest=InputDigest(name="recommendation.json", sha256=""),
        )

    def at(self, day: date, previous: Previous | None = None, **given: object) -> ReforecastOutcome:
        previous = previous or self.advice
        options = {
            "usage": self.company.usage(day, previous.result.provenance.as_of + timedelta(days=1)),
            "portfolio": self.company.portfolio(day),
            "contract": self.signed,
        } | given
        return reforecast(
            options.pop("usage"),
            options.pop("contract"),
            previous,
            options.pop("portfolio"),
            price_sheets=[self.company.prices(day)],
            **options,
        )

    def after(self, day: date) -> Previous:
        return following(self.at(day), self.company, day)


def moved(result: Reforecast) -> dict[str, Decimal]:
    return {s.step: s.cost_change_usd for s in result.attribution.steps if s.cost_change_usd}


def kinds(result: Reforecast) -> set[str]:
    return {finding.kind for finding in result.findings}
