"""What each clause is worth: one step of one clause, re-optimised on the same paths.

The value is the difference of two expected costs, each at its own best commitment. Both are
settled on the same scenarios, so its standard error is that of the paired differences,
sd(cost − cost') / sqrt(M), not of two separate samples. It does not know model error.

Steps are conventions, chosen to be what a negotiation moves at a time; the value of a step is
not the value of half of it twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from forecast.paths import Floats
from forecast.records.sizing_result import ClauseValue
from forecast.records.terms import PERIOD_MONTHS, FamilyDiscount, Terms, Tier
from forecast.sizing.assessment import assess
from forecast.sizing.clause_steps import Step, agrees, changed_terms, further_steps
from forecast.sizing.consumption import Consumed, for_settlement
from forecast.sizing.renewal import ratchet_value
from forecast.sizing.search import cheapest_commitment
from forecast.sizing.tariff import overage_discount
from forecast.sizing.wording import share_text
from forecast.units import to_cents

DISCOUNT_STEP = 0.01
OVERAGE_STEP = 0.05
ROLLOVER_STEPS = (0.25, 0.5, 1.0)
UNUSED_VALUE_STEP = 0.25
THRESHOLD_STEP = Decimal("0.9")
Repriced = tuple[str, str, Consumed]
"""A clause, the change in words, and [M, T] list cost by month with it on the same paths."""

SETTLEMENT_ORDER = ("monthly", "quarterly", "annual", "term")


def clause_values(terms: Terms, list_usd_monthly: Consumed) -> tuple[ClauseValue, ...]:
    """Price every step that makes sense for these terms, the most valuable first.

    Parameters
    ----------
    list_usd_monthly
        [M, T] list cost by month, or `Consumption`: a step may change the settlement period.
    """
    return tuple(value for value, _ in valued_steps(terms, list_usd_monthly))


def valued_steps(
    terms: Terms, list_usd_monthly: Consumed, repriced: Sequence[Repriced] = ()
) -> tuple[tuple[ClauseValue, Floats], ...]:
    """Price every step, with its saving on every path, [M]; see `clause_values`.

    Parameters
    ----------
    repriced
        Clauses that change what usage costs at list, with the paths they lead to.
    """
    ours, cost = _optimum(terms, list_usd_monthly)
    values = []
    steps = [(*step, list_usd_monthly) for step in clause_steps(terms)]
    steps += [(clause, change, terms, paths) for clause, change, paths in repriced]
    for clause, change, changed, paths in steps:
        theirs, other = _optimum(changed, paths)
        saved = cost - other
        error = float(saved.std(ddof=1)) / len(saved) ** 0.5 if len(saved) > 1 else 0.0
        value = ClauseValue(
            clause=clause,
            change=change,
            value_usd=to_cents(float(saved.mean())),
            standard_error_usd=to_cents(error),
            commitment_change_usd=theirs - ours,
        )
        values.append((value, saved))
    ratchet = ratchet_value(terms, ours, list_usd_monthly)
    values += [ratchet] if ratchet else []
    return tuple(sorted(values, key=lambda pair: -pair[0].value_usd))


def _optimum(terms: Terms, list_usd_monthly: Consumed) -> tuple[Decimal, Floats]:
    list_usd = for_settlement(terms, list_usd_monthly)
    best = cheapest_commitment(terms, list_usd)
    return best, assess(terms, best, list_usd).cost


def clause_steps(terms: Terms) -> Iterator[Step]:
    """Give the steps that change something under these terms and contradict nothing.

    >>> from datetime import date
    >>> terms = Terms(term_start=date(2027, 1, 1), term_months=12, overage="committed_rate",
    ...     tiers=(Tier(from_commitment_usd=Decimal(0), discount_share=0),
    ...            Tier(from_commitment_usd=Decimal(100), discount_share=0.1)))
    >>> [clause for clause, _, _ in clause_steps(terms)]
    ['discount', 'unused value', 'thresholds']
    """
    yield from _discount(terms)
    yield from _overage(terms)
    yield from _unused(terms)
    yield from _thresholds(terms)
    yield from _settlement(terms)
    yield from _list_basis(terms)
    yield from _portability(terms)
    yield from further_steps(terms)


def _discount(terms: Terms) -> Iterator[Step]:
    """Raise every discount that a commitment earns; the first tier is what on-demand pays."""
    raised = tuple(
        Tier(
            from_commitment_usd=tier.from_commitment_usd,
            discount_share=round(tier.discount_share + DISCOUNT_STEP, 9),
            families=tuple(
                FamilyDiscount(
                    family=each.family,
                    discount_share=round(min(each.discount_share + DISCOUNT_STEP, 0.99), 9),
                )
                for each in tier.families
            ),
        )
        for tier in terms.tiers[1:]
        if tier.discount_share + DISCOUNT_STEP < 1
    )
    if raised and len(raised) == len(terms.tiers) - 1:
        yield (
            "discount",
            "one point more in every tier",
            changed_terms(terms, tiers=(terms.tiers[0], *raised)),
        )


def _overage(terms: Terms) -> Iterator[Step]:
    best = max(tier.discount_share for tier in terms.tiers)
    now = overage_discount(terms, best)
    if now >= best or terms.on_exhaustion == "early_renewal":
        return
    stepped = round(terms.overage_discount_share + OVERAGE_STEP, 9)
    if now < stepped < best:
        yield (
            "overage",
            f"from {_overage_words(terms)} to {share_text(stepped)} off list",
            changed_terms(terms, overage="discounted", overage_discount_share=stepped),
        )
    yield (
        "overage",
        f"from {_overage_words(terms)} to the committed rate",
        changed_terms(terms, overage="committed_rate", overage_discount_share=0.0),
    )


def _overage_words(terms: Terms) -> str:
    return "list" if terms.overage == "list" else f"{share_text(terms.overage_discount_share)} off"


def _unused(terms: Terms) -> Iterator[Step]:
    now = share_text(terms.rollover_share)
    if terms.n_periods > 1 and not terms.monthly_minimum_share:
        for share in ROLLOVER_STEPS:
            if share > terms.rollover_share:
                yield (
                    "rollover",
                    f"from {now} to {share_text(share)} of the unused",
                    changed_terms(terms, rollover_share=share),
                )
    if terms.rollover_share > 0 and terms.rollover_periods < terms.n_periods - 1:
        yield (
            "rollover periods",
            f"from {terms.rollover_periods} to {terms.rollover_periods + 1}",
            changed_terms(terms, rollover_periods=terms.rollover_periods + 1),
        )
    stepped = round(terms.unused_value_share + UNUSED_VALUE_STEP, 9)
    if stepped < 1:
        yield (
            "unused value",
            f"from {share_text(terms.unused_value_share)} to {share_text(stepped)} credited at "
            "the end of the term",
            changed_terms(terms, unused_value_share=stepped),
        )


def _thresholds(terms: Terms) -> Iterator[Step]:
    if len(terms.tiers) > 1:
        lowered = tuple(
            Tier(
                from_commitment_usd=tier.from_commitment_usd * THRESHOLD_STEP,
                discount_share=tier.discount_share,
                families=tier.families,
            )
            for tier in terms.tiers
        )
        yield "thresholds", "every threshold 10 % lower", changed_terms(terms, tiers=lowered)


def _settlement(terms: Terms) -> Iterator[Step]:
    """Settle the next longer period that divides the term."""
    later = SETTLEMENT_ORDER[SETTLEMENT_ORDER.index(terms.settlement) + 1 :]
    for settlement in later:
        months = PERIOD_MONTHS.get(settlement, terms.term_months)
        longer = months > terms.period_months and terms.term_months % months == 0
        if longer and agrees(terms, settlement=settlement):
            yield (
                "settlement",
                f"from {terms.settlement} to {settlement}",
                changed_terms(terms, settlement=settlement),
            )
            return


def _list_basis(terms: Terms) -> Iterator[Step]:
    if terms.drawdown_basis == "list" and terms.shortfall_price == "face":
        yield (
            "shortfall price",
            "from face to the discounted price",
            changed_terms(terms, shortfall_price="discounted"),
        )


def _portability(terms: Terms) -> Iterator[Step]:
    if not terms.usage_is_portable and terms.outside_discount_share > 0:
        yield (
            "portability",
            f"usage beyond the commitment may go elsewhere, at "
            f"{share_text(terms.outside_discount_share)} off list",
            changed_terms(terms, usage_is_portable=True),
        )
