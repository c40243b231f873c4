"""Cash and expense of a commitment by calendar month, on all paths.

The cost of a path is linear in what a dollar of each payment day is worth. Settling with a worth
of 1 for the payments of one month and 0 for all others gives the cash of that month. Expense is
the cash of the same contract when usage is paid in the month it is used and nothing is paid
ahead: a month's usage, fees and lapsed minimum, and the true-up with the last month of its period.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np

from forecast.paths import Floats, quantile
from forecast.records.negotiation import CashMonth
from forecast.records.terms import Terms
from forecast.sizing.calendar import due_day, instalments
from forecast.sizing.clause_needs import clause_needs
from forecast.sizing.consumption import Consumed, split_by_group
from forecast.sizing.needs import PeriodNeed
from forecast.sizing.schedule import schedule_of
from forecast.sizing.settlement import flows, plain, tiers_in_force
from forecast.units import add_months, month_of, to_cents


def cash_months(
    terms: Terms, commitment_usd: Decimal, list_usd_monthly: Consumed
) -> tuple[CashMonth, ...]:
    """Give what is paid and what is expensed in every month in which there is any.

    The worth of what is left at the end is a credit to come, and no cash.

    Parameters
    ----------
    commitment_usd
        Term total, split as the terms say.
    list_usd_monthly
        [M, T] list cost by month, or `Consumption`.

    Examples
    --------
    A year paid ahead, of which a quarter stays unused:

    >>> from forecast.records.terms import Tier
    >>> terms = Terms(term_start=date(2027, 1, 1), term_months=12, kind="burn_down",
    ...     tiers=(Tier(from_commitment_usd=Decimal(0), discount_share=0.25),))
    >>> months = cash_months(terms, Decimal(1200), np.full((1, 12), 100.0))
    >>> for row in months[:2] + months[-1:]:
    ...     print(row.month, row.cash_usd, row.expense_usd)
    2027-01-01 1200.00 75.00
    2027-02-01 0.00 75.00
    2027-12-01 0.00 375.00
    """
    nominal = terms.model_copy(update={"unused_value_share": 0.0, "time_discount_rate": 0.0})
    as_used = nominal.model_copy(
        update={"kind": "build_up", "payment_months": None, "payment_days": 0}
    )
    cash = _by_month(nominal, commitment_usd, list_usd_monthly, _due_months(nominal))
    ends = [add_months(as_used.term_start, t) for t in range(as_used.term_months)]
    expense = _by_month(as_used, commitment_usd, list_usd_monthly, ends)
    nothing = np.zeros(len(next(iter(expense.values()))))
    rows = (
        CashMonth(
            month=month,
            cash_usd=to_cents(float(cash.get(month, nothing).mean())),
            cash_p95_usd=to_cents(quantile(cash.get(month, nothing), 0.95)),
            expense_usd=to_cents(float(expense.get(month, nothing).mean())),
            tax_usd=to_cents(terms.tax_share * float(cash.get(month, nothing).mean())),
        )
        for month in sorted({*cash, *expense})
    )
    return tuple(row for row in rows if row.cash_usd or row.cash_p95_usd or row.expense_usd)


def _due_months(terms: Terms) -> list[date]:
    """The calendar month in which each month of the term is paid for."""
    return [month_of(due_day(terms, t + 1)) for t in range(terms.term_months)]


def _by_month(
    terms: Terms, commitment_usd: Decimal, list_usd: Consumed, paid_in: Sequence[date]
) -> dict[date, Floats]:
    """Settle once for each calendar month, with all other months' dollars worth nothing."""
    schedule = schedule_of(terms, commitment_usd)
    usage = split_by_group(terms, list_usd)
    needs = clause_needs(terms, tiers_in_force(terms, schedule), usage, by_month=True)
    committed = [np.full(usage.n_paths, amount) for amount in schedule]
    ahead = [_instalment_months(terms, p) for p in range(terms.n_periods)]
    found = {}
    for month in sorted({*paid_in, *(m for each in ahead for m in each)}):
        only = [
            _only(need, month, paid_in[p * terms.period_months :], ahead[p])
            for p, need in enumerate(needs)
        ]
        found[month] = flows(terms, only, committed, least=np.minimum, known=plain).cost
    return found


def _instalment_months(terms: Terms, period: int) -> list[date]:
    if terms.kind == "build_up":
        return []
    return [month_of(due_day(terms, month)) for month in instalments(terms, period)]


def _only(
    need: PeriodNeed, month: date, paid_in: Sequence[date], ahead: Sequence[date]
) -> PeriodNeed:
    """Keep the worth of what is paid in one month."""
    steps = tuple(
        replace(step, paid_factor=float(due == month))
        for step, due in zip(need.steps, paid_in, strict=False)
    )
    last = paid_in[len(need.steps) - 1]
    share = ahead.count(month) / len(ahead) if ahead else 0.0
    return replace(need, steps=steps, ahead_factor=share, settled_factor=float(last == month))
