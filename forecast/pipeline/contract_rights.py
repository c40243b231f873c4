"""What clauses of a running contract still allow, each valued by settling with and without it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from forecast.paths import Floats
from forecast.pipeline.standing import Standing
from forecast.records.reforecast import Remedy
from forecast.records.terms import Terms, UsageShare
from forecast.review.burn_down import draw
from forecast.sizing.assessment import Assessment
from forecast.units import add_months, to_cents

SMALLEST_USD = Decimal(1)
"""A right that is worth less is not worth a line."""


def rights(
    standing: Standing, monthly_usd: Floats, n_elapsed: int, as_of: date
) -> Iterator[Remedy]:
    """Give what the contract allows between tomorrow and its end.

    Parameters
    ----------
    monthly_usd
        [M, T] list cost by month of the term.
    n_elapsed
        Recorded months.
    """
    kept = standing.settled(monthly_usd)
    yield from _true_downs(standing, monthly_usd, as_of, kept)
    yield from _rollover(standing, monthly_usd, n_elapsed, kept)
    yield from _platforms(standing, monthly_usd, n_elapsed, kept)


def _true_downs(
    standing: Standing, monthly_usd: Floats, as_of: date, kept: Assessment
) -> Iterator[Remedy]:
    """Give what each right to lower is worth: what letting its day pass would cost."""
    terms = standing.terms
    for right in terms.true_downs:
        start = add_months(terms.term_start, right.after_months)
        last_day = start - timedelta(days=right.notice_days)
        if last_day <= as_of:
            continue
        others = tuple(r for r in terms.true_downs if r != right)
        without = _with(standing, terms.model_copy(update={"true_downs": others})).settled(
            monthly_usd
        )
        lowered = _lowered(standing, kept, right.after_months)
        yield from _remedy(
            "lower_commitment",
            f"lower what is committed from {start} on, by {lowered:,} USD on average and at most "
            f"{right.reduction_share:.0%}: the figures count on it",
            without,
            kept,
            last_day,
        )


def _lowered(standing: Standing, kept: Assessment, after_months: int) -> Decimal:
    """Mean of what the commitment of the periods after a day is lowered by."""
    first = after_months // standing.terms.period_months
    signed = sum(float(a) for a in standing.amounts_usd[first:])
    return to_cents(signed - float(kept.settlement.committed[:, first:].sum(axis=1).mean()))


def _rollover(
    standing: Standing, monthly_usd: Floats, n_elapsed: int, kept: Assessment
) -> Iterator[Remedy]:
    """Give what carrying the unused of the running period is worth, and when it lapses."""
    terms = standing.terms
    p = n_elapsed // terms.period_months
    if not terms.rollover_share or p + 1 >= terms.n_periods:
        return
    pools = standing.pools()
    carried = float(draw(pools, monthly_usd).unused[:, p].mean()) * terms.rollover_share
    without = _with(standing, terms.model_copy(update={"rollover_share": 0.0}))
    settled = pools.starts(p + 1)
    lapses = pools.starts(min(p + 1 + terms.rollover_periods, terms.n_periods))
    yield from _remedy(
        "let_unused_roll_over",
        f"let the unused of the running period ({to_cents(carried):,} USD on average) roll over "
        f"on {settled} rather than fill it; what of it is not drawn before {lapses} is lost. The "
        "figures count on it",
        without.settled(monthly_usd),
        kept,
        settled - timedelta(days=1),
    )


def _platforms(
    standing: Standing, monthly_usd: Floats, n_elapsed: int, kept: Assessment
) -> Iterator[Remedy]:
    """Give what moving the months to come to a platform that counts in full is worth."""
    terms = standing.terms
    target = next(
        (s.platform for s in terms.usage_shares if terms.platform(s.platform).counts_share == 1.0),
        None,
    )
    total = float(monthly_usd.sum())
    if target is None or not total or kept.waste_risk.expected_usd < SMALLEST_USD:
        return
    ahead = float(monthly_usd[:, n_elapsed:].sum()) / total
    for platform in terms.platforms:
        here = sum(s.share for s in terms.usage_shares if s.platform == platform.name)
        if platform.counts_share == 1.0 or not here or not ahead:
            continue
        shares = _moved(terms, platform.name, target, ahead)
        other = _with(standing, terms.model_copy(update={"usage_shares": shares}))
        usd = to_cents(here * ahead * total / len(monthly_usd))
        last = add_months(terms.term_start, terms.term_months - 1) - timedelta(days=1)
        yield from _remedy(
            "move_platform_spend",
            f"run on {target} what would run on {platform.name} ({usd:,} USD at list to come), "
            f"where a dollar counts {platform.counts_share:.0%}; at the same list price",
            kept,
            other.settled(monthly_usd),
            last,
        )


def _moved(terms: Terms, name: str, target: str, ahead: float) -> tuple[UsageShare, ...]:
    """Move the share of the term that lies ahead from one platform to another."""
    found: dict[tuple[str, str], float] = {}
    for s in terms.usage_shares:
        moved = s.share * ahead if s.platform == name else 0.0
        for platform, share in ((s.platform, s.share - moved), (target, moved)):
            if share:
                key = (platform, s.family)
                found[key] = found.get(key, 0.0) + share
    return tuple(UsageShare(platform=p, family=f, share=x) for (p, f), x in found.items())


def _with(standing: Standing, terms: Terms) -> Standing:
    return Standing(terms, standing.amounts_usd)


def _remedy(
    kind: str, what: str, without: Assessment, acted: Assessment, last_day: date
) -> Iterator[Remedy]:
    value = to_cents(without.expected_cost_usd - acted.expected_cost_usd)
    if abs(value) < SMALLEST_USD:
        return
    change = acted.waste_risk.expected_usd - without.waste_risk.expected_usd
    yield Remedy.model_validate(
        {
            "remedy": kind,
            "what": what,
            "value_usd": value,
            "unused_change_usd": change,
            "last_day_to_act": last_day,
        }
    )
