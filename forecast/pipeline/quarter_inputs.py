"""The usage of a quarter laid beside the usage that the last forecast knew.

Exports may hold the whole history again, or the new months alone: days before the first new one
come from the history kept with the last forecast. What differs is named, in dollars.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from forecast.errors import InputError, UsageFormatError
from forecast.pricing.rate_cards import canonicalise_models
from forecast.pricing.rating import rate_usage
from forecast.records.rates import RateCard
from forecast.records.reforecast import Finding
from forecast.records.terms import Terms
from forecast.records.workloads import Portfolio
from forecast.review.renames import renamed_workloads
from forecast.tables import USAGE_ROWS, check, conform
from forecast.units import add_months, month_of, to_cents
from forecast.usage.cleaning.ledger import day_to_decide
from forecast.usage.mapping import assign_workloads

QUARTER_MONTHS = 3


@dataclass(frozen=True)
class QuarterInputs:
    """Usage up to the end of a month, by workload.

    Attributes
    ----------
    daily
        `tables.DAILY_USAGE` up to `as_of`.
    renamed
        Old workload name → new name.
    """

    as_of: date
    daily: pd.DataFrame
    renamed: dict[str, str]
    findings: tuple[Finding, ...]


def quarter_inputs(
    usage: pd.DataFrame,
    portfolio: Portfolio,
    terms: Terms,
    *,
    as_of: date | None,
    old_daily: pd.DataFrame,
    old_portfolio: Portfolio,
    old_as_of: date,
) -> QuarterInputs:
    """Join new usage to the history kept, up to the end of the last whole month.

    Parameters
    ----------
    usage
        `tables.USAGE_ROWS` of the exports given.
    as_of
        The end of the last month to read; None takes the last whole month of the usage.

    Raises
    ------
    InputError
        Usage that does not reach `as_of` or beyond the last forecast, or leaves days between out.
    """
    rows = canonicalise_models(check(usage, USAGE_ROWS))
    if rows.empty:
        raise UsageFormatError("holds no usage; give the exports since the last forecast")
    first, last = rows["day"].min().date(), rows["day"].max().date()
    whole, _ = day_to_decide(rows, None, portfolio.cleaning)
    day = _month_end(whole if as_of is None else as_of)
    _refuse_late(day, as_of, first, last, old_as_of)
    findings = list(_part_month(day, last, as_of))
    findings += _missing_quarters(terms, old_as_of, day)
    renamed = renamed_workloads(old_portfolio, portfolio, old_daily, old_daily.iloc[:0])
    if first > old_daily["day"].min().date():
        kept = old_daily[old_daily["day"] < pd.Timestamp(first)]
        rows = pd.concat([as_usage_rows(kept, renamed), rows], ignore_index=True)
        findings.append(
            Finding(
                kind="history_carried_over",
                note=f"the exports begin on {first}; the days before come from the last forecast",
            )
        )
    daily = assign_workloads(rows, portfolio).daily
    daily = daily[daily["day"] <= pd.Timestamp(day)].reset_index(drop=True)
    renamed |= renamed_workloads(old_portfolio, portfolio, old_daily, daily)
    findings += [
        Finding(kind="renamed_workload", note=f"{old!r} is now {new!r}")
        for old, new in sorted(renamed.items())
    ]
    findings += _silent_days(daily, old_as_of, day)
    return QuarterInputs(day, daily, renamed, tuple(findings))


def _month_end(day: date) -> date:
    """Give the last end of a month that lies at or before `day`.

    >>> str(_month_end(date(2027, 3, 31))), str(_month_end(date(2027, 4, 29)))
    ('2027-03-31', '2027-03-31')
    """
    return month_of(day + timedelta(days=1)) - timedelta(days=1)


def _refuse_late(day: date, as_of: date | None, first: date, last: date, old_as_of: date) -> None:
    if as_of is not None and last < day:
        raise InputError(
            f"the usage ends on {last}, {(day - last).days} days before {day}: an export is late; "
            "add it, or name an earlier month",
            column="as_of",
        )
    if day <= old_as_of:
        raise InputError(
            f"the usage from {first} to {last} ends no whole month after {old_as_of}, which the "
            "last forecast knew: an export is late; add it, or wait for the end of the month",
            column="as_of",
        )
    if first > old_as_of + timedelta(days=1):
        raise InputError(
            f"no usage from {old_as_of + timedelta(days=1)} to {first - timedelta(days=1)}, after "
            "what the last forecast knew: an export is missing; add it, or its days would count "
            "as unused",
        )


def _part_month(day: date, last: date, as_of: date | None) -> list[Finding]:
    if as_of is not None and as_of != day:
        note = f"{as_of} is not the end of a month; usage is read through {day}"
    elif as_of is None and last > day:
        note = f"usage from {day + timedelta(days=1)} to {last} is no whole month and is left out"
    else:
        return []
    return [Finding(kind="part_month_left_out", note=note)]


def _missing_quarters(terms: Terms, old_as_of: date, day: date) -> list[Finding]:
    """Name the ends of quarters of the term that passed without a re-forecast."""
    found = []
    for months in range(QUARTER_MONTHS, terms.term_months, QUARTER_MONTHS):
        end = add_months(terms.term_start, months) - timedelta(days=1)
        if old_as_of < end < day:
            note = f"there was no re-forecast at {end}; this one covers that quarter too"
            found.append(Finding(kind="missing_quarter", note=note))
    return found


def as_usage_rows(daily: pd.DataFrame, renamed: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Turn days by workload back into usage rows that name their workload."""
    names = renamed or {}
    named = daily["workload"].map(lambda name: names.get(name, name))
    return conform(daily.assign(workload=named, api_key="", workspace="", tag=""), USAGE_ROWS)


def _silent_days(daily: pd.DataFrame, old_as_of: date, day: date) -> list[Finding]:
    wanted = pd.date_range(old_as_of + timedelta(days=1), day)
    silent = wanted.difference(pd.DatetimeIndex(daily["day"].unique()))
    if not len(silent):
        return []
    note = f"{len(silent)} days since the last forecast have no usage at all, the first on "
    return [Finding(kind="days_without_usage", note=f"{note}{silent[0].date()}")]


def restated(
    old_daily: pd.DataFrame,
    new_rated: pd.DataFrame,
    renamed: dict[str, str],
    card: RateCard,
    old_as_of: date,
) -> list[Finding]:
    """Name the months whose recorded usage is told otherwise now, priced alike on both sides.

    Parameters
    ----------
    new_rated
        Recorded usage as told now, at the prices of `card`.
    """
    old = old_daily.assign(workload=old_daily["workload"].map(lambda n: renamed.get(n, n)))
    new = new_rated[new_rated["day"] <= pd.Timestamp(old_as_of)]
    change = _by_month(new).sub(_by_month(rate_usage(old, card)), fill_value=0.0)
    by_month = change.groupby(level=0).sum()
    touched = change.abs().groupby(level=0).sum()
    found = []
    for month, moved in touched.items():
        if moved >= 0.005:
            usd = to_cents(float(by_month[month]))
            note = f"usage of {pd.Timestamp(month):%Y-%m} was restated since the last forecast"
            found.append(Finding(kind="restated_usage", note=note, usd=usd))
    return found


def _by_month(rated: pd.DataFrame) -> pd.Series:
    month = rated["day"].dt.to_period("M").dt.to_timestamp()
    return rated["list_usd"].astype(np.float64).groupby([month, rated["workload"]]).sum()
