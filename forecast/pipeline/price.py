"""Usage rows in, list cost out: what `commitment price` answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from forecast.errors import UnknownModelError, UsageFormatError
from forecast.pricing.rate_cards import canonicalise_models, load_rate_card
from forecast.pricing.rating import list_cost_summary, monthly_list_cost, rate_usage
from forecast.pricing.reconciliation import Limits, Statement, reconcile
from forecast.pricing.sheets import NamedSheet
from forecast.records.rates import RateCard
from forecast.records.recommendation import HistoryMonth
from forecast.records.reconciliation import Reconciliation
from forecast.records.workloads import Portfolio
from forecast.tables import USAGE_ROWS, check
from forecast.usage.mapping import assign_workloads, last_complete_day
from forecast.usage.reading import sources_of


@dataclass(frozen=True)
class PricedUsage:
    """Usage at list.

    Attributes
    ----------
    as_of
        The day the rate card was read as of.
    rated
        One row a day and everything that decides a rate, with exact Decimal USD.
    summary
        month, model, token_kind, tokens, list_usd.
    history
        List cost of every month, and whether usage covers the month.
    rows
        The usage itself, `tables.USAGE_ROWS` with the model ids of the card.
    card
        The rate card it was priced with.
    last_day
        The last complete day.
    at_list
        Whether the card holds list prices alone, none of the customer's own.
    """

    as_of: date
    rated: pd.DataFrame
    summary: pd.DataFrame
    history: tuple[HistoryMonth, ...]
    rows: pd.DataFrame
    card: RateCard
    last_day: date
    at_list: bool

    def against(
        self, statements: Sequence[Statement], *, limits: Limits | None = None
    ) -> Reconciliation:
        """Hold bills against this usage."""
        return reconcile(
            self.rows,
            statements,
            self.card,
            last_day=self.last_day,
            limits=limits,
            card_is_list=self.at_list,
        )


def price_usage(
    usage: pd.DataFrame,
    *,
    as_of: date | None = None,
    price_sheets: Sequence[Path | NamedSheet] = (),
) -> PricedUsage:
    """Price usage at list, every day at the rates in force on it.

    Parameters
    ----------
    usage
        The canonical usage table (`tables.USAGE_ROWS`).
    as_of
        Usage after this day is not read and prices are those known on it; the default reads
        everything.
    price_sheets
        The customer's own prices; a sheet wins over the list, a later one over an earlier one.

    Raises
    ------
    UnknownModelError
        A model without a price on a day it was used.
    UsageFormatError
        No usage up to `as_of`.
    """
    rows = canonicalise_models(check(usage, USAGE_ROWS))
    complete = last_complete_day(rows)
    if as_of is not None:
        rows = rows[rows["day"] <= pd.Timestamp(as_of)]
        if rows.empty:
            raise UsageFormatError(f"no usage up to {as_of}; give a later day", column="day")
    day = as_of or rows["day"].max().date()
    daily = assign_workloads(rows, Portfolio(workloads=())).daily
    card = load_rate_card(day, price_sheets=price_sheets)
    rated = rate_usage(daily, card)
    last = min(day, complete)
    history = monthly_list_cost(rated, last)
    summary = list_cost_summary(rated)
    return PricedUsage(day, rated, summary, history, rows, card, last, not price_sheets)


def place_unpriced(
    paths: Sequence[Path],
    *,
    as_of: date | None = None,
    format_name: str | None = None,
    price_sheets: Sequence[Path | NamedSheet] = (),
) -> UnknownModelError | None:
    """Find the first record of some exports that has no price.

    Usage is priced by day, so that an error about it names no row of a file; this reads the
    files again and looks.

    Returns
    -------
    UnknownModelError or None
        With the file, the row and the column; None when every record has a price.
    """
    for _, entry, source in sources_of(paths, format_name=format_name):
        rows = canonicalise_models(source()[2].rows)
        if as_of is not None:
            rows = rows[rows["day"] <= pd.Timestamp(as_of)].reset_index(drop=True)
        if rows.empty:
            continue
        try:
            day = as_of or rows["day"].max().date()
            rate_usage(rows, load_rate_card(day, price_sheets=price_sheets))
        except UnknownModelError as found:
            row = None if found.row is None else int(rows["row"].iloc[found.row - 1])
            return UnknownModelError(found.problem, file=entry.name, row=row, column=found.column)
    return None
