"""All bills against usage: one status, its months, and what is apart in the order of dollars."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal, localcontext
from typing import Final

import numpy as np
import pandas as pd

from forecast.errors import ReconciliationError
from forecast.pricing.rating import EXACT
from forecast.pricing.reconciliation.examination import Examined, examine
from forecast.pricing.reconciliation.months import (
    VERDICTS,
    Limits,
    months_of,
    paid_elsewhere,
    totals_of,
)
from forecast.pricing.reconciliation.statements import (
    OWNERS,
    Statement,
    UsageSide,
    other_charges,
    set_aside,
    usage_side,
)
from forecast.pricing.reconciliation.wording import (
    bill_of,
    causes_of,
    covered_share,
    differences_of,
    grain_of,
    sentence,
    unbilled,
)
from forecast.records.rates import RateCard
from forecast.records.reconciliation import (
    ReconciledMonth,
    Reconciliation,
    Verdict,
)
from forecast.units import to_cents

MAX_DIFFERENCES: Final = 200
"""Differences that are written down, the largest; their number and causes count all of them."""

MOSTLY_COVERED_SHARE: Final = 0.9
"""Below it the note says how much of the usage the bills speak of. Assumed."""

NOT_DONE: Final = Reconciliation(
    status="not_done", note="no invoice or cost report was given; prices are list prices"
)


def reconcile(
    usage: pd.DataFrame,
    statements: Sequence[Statement],
    card: RateCard,
    *,
    last_day: date,
    limits: Limits | None = None,
    agreed_discount_share: float | None = None,
    card_is_list: bool = True,
) -> Reconciliation:
    """Hold bills against usage.

    Each bill is held against usage on its own. Where two speak of the same month and platform, the
    one that tells more apart decides, and the other can only warn. Estimates are shown and never
    decide.

    Parameters
    ----------
    usage
        `tables.USAGE_ROWS`, with the model ids of the card (`canonicalise_models`).
    statements
        One for each set of books.
    last_day
        The last complete day of usage; later days are not judged.
    limits
        Where warning and refusal begin.
    agreed_discount_share
        The discount of the contract that the bills were written under; a bill of totals that
        shows another constant one is a warning.
    card_is_list
        False when the card holds the customer's own prices: amounts at list on the lines then
        only tell the discount, and cost is compared.

    Raises
    ------
    UnknownModelError
        Usage without a price.
    UsageFormatError
        Lines that break `tables.COST_LINES`.

    Examples
    --------
    >>> from forecast.pricing.rate_cards import load_rate_card
    >>> from forecast.tables import COST_LINES, USAGE_ROWS, conform
    >>> day = pd.to_datetime(["2026-03-01"])
    >>> def frame(table, **known):
    ...     blank = {"text": "", "money": None, "maybe_money": None, "count": 0}
    ...     return conform(pd.DataFrame({c.name: [blank.get(c.kind)] for c in table.columns}
    ...         | {"requests": pd.NA, "quantity": pd.NA} | known), table)
    >>> used = frame(USAGE_ROWS, day=day, platform="anthropic", model="claude-opus-4-6",
    ...     service_tier="standard", geography="global", speed="standard",
    ...     output_tokens=4_000_000)
    >>> bill = frame(COST_LINES, start=day, end=day + pd.Timedelta(days=1), platform="anthropic",
    ...     model="claude-opus-4-6", token_kind="output", charge="usage",
    ...     billed_usd=[Decimal("100.00")])
    >>> found = reconcile(used, [Statement("cost report", ("march.json",), bill)],
    ...     load_rate_card(date(2026, 11, 22)), last_day=date(2026, 3, 1))
    >>> found.status, found.repriced_usd, found.difference_share
    ('within_tolerance', Decimal('100.00'), 0.0)
    """
    limits = limits or Limits()
    agreed = None if agreed_discount_share is None else Decimal(str(agreed_discount_share))
    if not statements:
        return NOT_DONE
    with localcontext(EXACT):
        side = usage_side(
            usage,
            card,
            owners=[o for o in OWNERS if o == "workspace" or _names(statements, o)],
            last_day=last_day,
        )
        found = []
        for statement in statements:
            others = [s for s in statements if s is not statement]
            examined = examine(statement, side, card, other_charges(others), agreed, card_is_list)
            if examined is not None:
                found.append(examined)
        found.sort(key=_detail, reverse=True)
        return _summed(found, statements, side, limits)


def refuse_unreconciled(found: Reconciliation) -> None:
    """Stop when history does not reprice to the bills.

    Raises
    ------
    ReconciliationError
        With the amounts and the largest causes.
    """
    if found.status == "refused":
        raise ReconciliationError(f"{found.note} {_to_mend(found)}".strip())


def warning_of(found: Reconciliation) -> str | None:
    """Give the sentence that stands above a recommendation; None where nothing is to warn of.

    A bill that could not be compared at all is a warning too; estimates are no bill.
    """
    if found.status == "not_done" and any(s.compared != "estimated" for s in found.sources):
        return f"The bill could not be compared with the usage: {found.note}."
    if found.status != "warning":
        return None
    return f"{heading_of(found)}: {found.note} {_to_mend(found)}".strip()


def heading_of(found: Reconciliation) -> str:
    """Give the verdict in one line, the same for terminal, workbook and JSON.

    >>> heading_of(NOT_DONE)
    'Not reconciled'
    """
    apart = any(month.verdict in ("warning", "refused") for month in found.months)
    if found.status == "warning" and not apart:
        return "The usage reprices to the bill only with an unconfirmed discount"
    return _HEADINGS[found.status]


_HEADINGS: Final = {
    "not_done": "Not reconciled",
    "within_tolerance": "The usage reprices to the bill",
    "warning": "The usage does not quite reprice to the bill",
    "refused": "The usage does not reprice to the bill",
}


def _to_mend(found: Reconciliation) -> str:
    shown = [f"{abs(c.difference_usd):,} USD: {c.said}; {c.what_to_do}" for c in found.causes[:2]]
    return f"Look at {'. '.join(shown)}." if shown else ""


def _names(statements: Sequence[Statement], owner: str) -> bool:
    return any((s.lines[owner] != "").any() for s in statements)


def _detail(found: Examined) -> tuple[bool, int, float, str]:
    """Order bills by how much they tell apart; estimates come last."""
    lines = found.lines
    named = int((lines["model"] != "").any()) + int((lines["token_kind"] != "").any())
    length = float((lines["end"] - lines["start"]).dt.days.mean())
    return (not found.statement.estimated, named, -length, found.statement.name)


def _summed(
    found: Sequence[Examined],
    statements: Sequence[Statement],
    usage: UsageSide,
    limits: Limits,
) -> Reconciliation:
    judged = [f for f in found if not f.statement.estimated]
    months = [m for f in found for m in months_of(f, limits)]
    status: Verdict = "within_tolerance"
    billed = repriced = elsewhere = Decimal(0)
    n_lines, said = 0, []
    claimed: set[tuple[pd.Timestamp, str]] = set()
    for one in judged:
        cells = one.cells
        mine = ~_is_claimed(cells, claimed)
        claimed |= set(cells[["month", "platform"]].itertuples(index=False, name=None))
        worst = _worst(one, months_of(one, limits), mine, limits)
        if mine.any():
            billed += sum(cells.loc[mine, "billed"], Decimal(0))
            outside = paid_elsewhere(one, mine)
            elsewhere += outside
            repriced += sum(cells.loc[mine, "expected"], Decimal(0)) - outside
        n_lines += one.n_judged_lines
        status = max(status, worst, key=VERDICTS.index)
    if not n_lines:
        return _nothing_judged(found, statements, months, limits)
    differences = sorted(
        (d for f in judged for d in differences_of(f)), key=lambda d: -abs(d.difference_usd)
    )
    first = judged[0]
    discounts = [f.discount.record for f in judged if f.discount.record is not None]
    said.append(
        sentence(status, billed, repriced, months, limits, compared=bill_of(first).compared)
    )
    if elsewhere:
        said.append(
            f"{to_cents(elsewhere):,} USD of the priority tier are in neither: the bill leaves "
            "that tier out, as the vendor's cost report does."
        )
    if discounts:
        said.append(f"The bill shows {discounts[0].said}.")
    if any(f.discount.of_totals for f in judged):
        status = max(status, "warning", key=VERDICTS.index)
        said.append(
            "Totals cannot tell a discount from a missing key: confirm it by putting it into the "
            "first tier of the terms, or give lines."
        )
    covered = covered_share(judged, usage)
    if covered < MOSTLY_COVERED_SHARE:
        said.append(f"{100 * covered:.0f} % of the usage at list stands on a judged bill.")
    loose = unbilled(judged, usage)
    said += [loose] if loose else []
    return Reconciliation(
        status=status,
        billed_usd=to_cents(billed),
        repriced_usd=to_cents(repriced),
        difference_share=float((repriced - billed) / billed) if billed else None,
        note=" ".join(said)[:2000],
        grain=grain_of(first),
        n_judged_lines=n_lines,
        covered_share=covered,
        tolerance_share=limits.tolerance_share,
        refusal_share=limits.refusal_share,
        months=tuple(months),
        causes=causes_of(judged),
        differences=tuple(differences[:MAX_DIFFERENCES]),
        n_differences=len(differences),
        discount=max(discounts, key=lambda d: d.list_usd) if discounts else None,
        not_judged=set_aside(statements),
        sources=tuple(bill_of(f) for f in found),
    )


def _nothing_judged(
    found: Sequence[Examined],
    statements: Sequence[Statement],
    months: Sequence[ReconciledMonth],
    limits: Limits,
) -> Reconciliation:
    if found and all(f.statement.estimated for f in found):
        note = "the amounts are estimates by whoever logged the requests: shown, never judged"
    elif found:
        note = "no complete month or day of usage stands on a bill"
    else:
        note = "the bills hold no line that usage goes with"
    return Reconciliation(
        status="not_done",
        note=note,
        tolerance_share=limits.tolerance_share,
        refusal_share=limits.refusal_share,
        months=tuple(months),
        not_judged=set_aside(statements),
        sources=tuple(bill_of(f) for f in found),
    )


def _is_claimed(cells: pd.DataFrame, claimed: set[tuple[pd.Timestamp, str]]) -> np.ndarray:
    """Tell the cells whose month and platform an earlier bill has judged."""
    months = {month for month, _ in claimed}
    for_all = {month for month, platform in claimed if not platform}
    return np.array(
        [
            (month, platform) in claimed or month in for_all or (not platform and month in months)
            for month, platform in cells[["month", "platform"]].itertuples(index=False)
        ],
        dtype=bool,
    )


def _worst(
    one: Examined, months: Sequence[ReconciledMonth], mine: np.ndarray, limits: Limits
) -> Verdict:
    """Give the worst verdict of a bill; months that another bill decides can only warn."""
    own = {month.date() for month in one.cells.loc[mine, "month"].unique()}
    worst: Verdict = "within_tolerance"
    for row in months:
        if row.verdict == "not_judged":
            continue
        verdict = row.verdict
        if verdict == "refused" and row.month not in own:
            verdict = "warning"
        worst = max(worst, verdict, key=VERDICTS.index)
    if mine.any():
        gap, _, room = totals_of(one, mine)
        total = float(sum(one.cells.loc[mine, "billed"], Decimal(0)))
        worst = max(worst, limits.verdict(abs(gap), total, room), key=VERDICTS.index)
    return worst
