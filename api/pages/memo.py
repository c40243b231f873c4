"""The approval memo: one page that those who sign can read, as a value that two doors render."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from forecast.records.base import Provenance
from forecast.records.recommendation import BridgeStep, Recommendation
from forecast.records.sizing_result import OfferScore
from forecast.short_form import MOST_NAMES, subject, told_once

APPROVERS: Final = (("Procurement", ""), ("Engineering", ""), ("Finance", ""))
"""Who signs unless somebody says otherwise."""
MAX_OFFERS: Final = 4
MAX_HOLDERS: Final = 5
MAX_RISKS: Final = 7
MAX_APPROVERS: Final = 6
"""What one page holds, printed and looked at with all of it full;
what does not fit is counted, never dropped in silence."""
_SAID_LENGTH: Final = 150
_RISK_LENGTH: Final = 280
_GENERAL: Final = "The whole forecast"
_TO_BE_NAMED: Final = "to be named"


@dataclass(frozen=True)
class Figure:
    """One of the four numbers."""

    label: str
    usd: Decimal
    meaning: str


@dataclass(frozen=True)
class Held:
    """What rests on somebody's word, and whose."""

    what: str
    said: str
    owner: str


@dataclass(frozen=True)
class Memo:
    """Everything on the page.

    Attributes
    ----------
    left_out
        What did not fit, in words.
    """

    contract: str
    term: str
    as_of: date
    decision: str
    figures: tuple[Figure, ...]
    bridge: tuple[BridgeStep, ...]
    offers: tuple[OfferScore, ...]
    risks: tuple[str, ...]
    holders: tuple[Held, ...]
    left_out: tuple[str, ...]
    approvers: tuple[tuple[str, str], ...]
    made_from: str


def approval_memo(
    result: Recommendation,
    *,
    offers: Sequence[OfferScore] = (),
    approvers: Sequence[tuple[str, str]] = APPROVERS,
) -> Memo:
    """Put the memo together.

    Parameters
    ----------
    offers
        Scored on the recommendation's own scenarios, beside those it holds.
    approvers
        Role and name of those who sign; an empty name leaves a line.
    """
    head, terms, made = result.headline, result.terms, result.provenance
    scored = sorted((*result.offers, *offers), key=lambda o: (o.regret_usd, o.name))
    risks = tuple(_short(_sentence(risk), _RISK_LENGTH) for risk in _risks(result))
    holders = tuple(_holders(result))
    left_out = (
        _counted(len(scored) - MAX_OFFERS, "more offers"),
        _counted(len(risks) - MAX_RISKS, "more risks"),
        _counted(len(holders) - MAX_HOLDERS, "more lines of assumptions"),
    )
    return Memo(
        contract=terms.name,
        term=f"{terms.term_months} months from {terms.term_start}",
        as_of=made.as_of,
        decision=_decision(result),
        figures=(
            Figure("Sign for", head.sign_for_usd, "the commitment; not a budget"),
            Figure("Expect to pay", head.expect_to_pay_usd, "mean of everything paid"),
            Figure("Budget (P80)", head.budget_p80_usd, "four futures in five pay less"),
            Figure("Worst-case unused (P95)", head.worst_case_unused_usd,
                   "committed and not used"),
        ),
        bridge=result.bridge,
        offers=tuple(scored[:MAX_OFFERS]),
        risks=risks[:MAX_RISKS],
        holders=holders[:MAX_HOLDERS],
        left_out=tuple(filter(None, left_out)),
        approvers=tuple(approvers),
        made_from=(
            f"usage until {made.as_of}, prices of {made.rate_card_day}, {made.n_scenarios:,} "
            f"scenarios, seed {made.seed}, version {made.package_version}"
        ),
    )  # fmt: skip


def _counted(n: int, what: str) -> str:
    return f"{n} {what}" if n > 0 else ""


def _decision(result: Recommendation) -> str:
    terms, found = result.terms, result.commitment
    if found.recommended_usd == 0:
        return "Sign no commitment: every one of them costs more than paying as we go."
    against = found.no_deal_expected_cost_usd - found.cost.expected_usd
    saves = f"saves {_usd(against)}" if against >= 0 else f"costs {_usd(-against)} more"
    return (
        f"Commit to {_usd(found.recommended_usd)} over {terms.term_months} months, at "
        f"{_percent(found.tier_discount_share)} off list. It {saves} against no deal, in "
        f"expectation. {_percent(found.percentile)} of our futures would not use it up."
    )


def _risks(result: Recommendation) -> Iterator[str]:
    """Say what can go wrong, the measured before the assumed."""
    found = result.commitment
    yield from result.warnings
    yield (
        f"Shortfall: in {_percent(found.shortfall_probability)} of the futures a period is trued "
        f"up; unused {_usd(found.waste.expected_usd)} expected, {_usd(found.waste.p95_usd)} at P95."
    )
    yield (
        f"Overage: in {_percent(found.overage_probability)} of them usage exceeds the commitment; "
        f"total paid {_usd(found.cost.p95_usd)} at P95."
    )
    avoided = result.avoided_over_commitment
    if avoided.commitment_usd > 0:
        yield (
            f"Sized on the unoptimised bill it would be {_usd(avoided.commitment_usd)} more, and "
            f"cost {_usd(avoided.cost_usd)}: the levers have to ship."
        )
    breaks = [scenario.name for scenario in result.scenarios if scenario.breaks]
    if breaks:
        yield f"Would make another number better: {', '.join(breaks)}."
    if result.reconciliation.status != "within_tolerance":
        yield f"Bills: {result.reconciliation.note}."
    held = result.backtest.interval_coverage_80
    if held is not None:
        yield (
            f"Track record: past 80 % intervals held {_percent(held)} of what came, at "
            f"{result.backtest.origins} past days."
        )


def _holders(result: Recommendation) -> Iterator[Held]:
    """Give what rests on somebody's word, the largest saving first, then what is about all.

    The same word about several workloads is one line.
    """
    owners = {e.workload: e.acceptance.owner for e in result.workload_evidence}
    claimed = (Provenance.USER, Provenance.CLAIM)
    stated = [a for a in result.assumptions if a.provenance in claimed]
    by_saving = sorted(result.workloads, key=lambda w: (w.optimised_usd - w.as_is_usd, w.name))
    counted = [w for w in by_saving if w.owner_state.counts]
    names = {w.name for w in by_saving}
    mine: dict[str, list[str]] = {}
    general: list[str] = []
    for assumption in stated:
        name, said = subject(assumption.name, names)
        text = f"{said} {assumption.value}" if name else f"{said}: {assumption.value}"
        (mine.setdefault(name, []) if name else general).append(text)
    for told in told_once((w.name, "; ".join(mine[w.name])) for w in counted if w.name in mine):
        theirs = {owners.get(name) or _TO_BE_NAMED: None for name in told.workloads}
        named = ", ".join(theirs) if len(theirs) <= MOST_NAMES else f"{len(theirs)} owners"
        yield Held(told.who, _short(told.said), named)
    for text in dict.fromkeys(general):
        yield Held(_GENERAL, _short(text), _TO_BE_NAMED)


def _short(text: str, most: int = _SAID_LENGTH) -> str:
    """Cut a text that would not fit.

    >>> _short("a long text", 6)
    'a lon…'
    """
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _usd(amount: Decimal) -> str:
    return f"{amount:,.0f} USD"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
