"""The command about prices: rates."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.options import Json, PriceSheets, day_option
from api.commands.output import print_json, print_page

if TYPE_CHECKING:
    from forecast.pricing.in_force import PriceInForce


def rates(
    on: Annotated[
        date | None,
        typer.Option(
            "--on",
            metavar="DAY",
            parser=day_option,
            help="The day whose prices are shown.  [default: today]",
            show_default=False,
        ),
    ] = None,
    platform: Annotated[
        list[str] | None,
        typer.Option(
            metavar="P",
            help="Only this platform: anthropic, bedrock, vertex, openai, azure or google. "
            "Repeatable.",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="M",
            help="Only this model, by its id or its family (opus, gpt, gemini, …). Repeatable.",
            show_default=False,
        ),
    ] = None,
    price_sheets: PriceSheets = None,
    json: Json = False,
) -> None:
    """Show the prices in force on a day, each with its source and the day it was checked.

    A model whose price depends on the length of the prompt has a line for each band; a tier that
    is not one multiple of the standard price has its own. What is not shown is not sold: using it
    is an error, never zero dollars.
    """
    from forecast.pricing.in_force import prices_in_force
    from forecast.pricing.rate_cards import load_rate_card

    day = on or datetime.now(tz=UTC).date()
    card = load_rate_card(day, price_sheets=price_sheets or ())
    found = prices_in_force(card, day, platforms=platform or (), models=model or ())
    if json:
        print_json({"on": day.isoformat(), "rates": [rate_document(price) for price in found]})
        return
    from api.terminal.rates import rate_card

    print_page(rate_card(found, day))


def rate_document(price: PriceInForce) -> dict[str, object]:
    """Give a price in JSON: exact decimals as strings, with the facts of its model."""
    row = price.rates.model_dump(mode="json")
    later = price.next_change
    return {
        **row,
        "unchanged_since": None if price.since is None else price.since.isoformat(),
        "next_change_on": None if later is None else later.effective_from.isoformat(),
        "family": price.facts.family,
        "retires_on": None
        if price.facts.retires_on is None
        else price.facts.retires_on.isoformat(),
        "successor": price.facts.successor,
    }
