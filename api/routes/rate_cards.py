"""The dated list prices that usage is rated with."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, request

from api.access import now
from api.bodies import PriceRecord, RateCardRecord
from api.operations import Answer, Parameter, route
from api.queries import day_asked
from api.store.organisations import Scope

blueprint = Blueprint("rate_cards", __name__)

_WORD = {"type": "string", "minLength": 1, "maxLength": 200}


@route(
    blueprint,
    "GET",
    "/v1/rate-cards",
    scope=Scope.READ,
    parameters=[
        Parameter("on", "The day; the default is today.", {"type": "string", "format": "date"}),
        Parameter("platform", "Only this platform.", _WORD, repeats=True),
        Parameter("model", "Only this model, by its id or family.", _WORD, repeats=True),
    ],
    answers=[Answer(200, "Every price in force on the day.", (RateCardRecord,))],
    problems=[422],
)
def read_rate_card() -> RateCardRecord:
    """Read the prices in force on a day, each with its source and the day it was checked."""
    from forecast.pricing.in_force import prices_in_force
    from forecast.pricing.rate_cards import load_rate_card

    on: date = day_asked("on", now().date())
    found = prices_in_force(
        load_rate_card(on),
        on,
        platforms=request.args.getlist("platform"),
        models=request.args.getlist("model"),
    )
    return RateCardRecord(
        on=on,
        rates=tuple(
            PriceRecord(
                rates=price.rates,
                unchanged_since=price.since,
                next_change_on=price.next_change and price.next_change.effective_from,
                family=price.facts.family,
                retires_on=price.facts.retires_on,
                successor=price.facts.successor,
            )
            for price in found
        ),
    )
