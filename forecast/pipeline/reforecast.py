"""A running contract re-forecast: where it lands, why that moved, what to do, how it was before.

new usage ─► joined to the history kept ─► projection ─► burn-down, remedies, track record
old inputs ─► projection again (method) ─────┴─► replacement, input by input ─► attribution
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from forecast import __version__
from forecast.errors import InputError
from forecast.paths import DecisionSet, Floats
from forecast.pipeline.findings import findings
from forecast.pipeline.kept_rates import kept_card
from forecast.pipeline.last_forecast import Previous
from forecast.pipeline.platform_drawdown import platform_drawdowns
from forecast.pipeline.projection import Projection, project
from forecast.pipeline.promises import promises
from forecast.pipeline.quarter_inputs import QuarterInputs, quarter_inputs
from forecast.pipeline.reclassification import reclassifications
from forecast.pipeline.remedies import remedies
from forecast.pipeline.replacement import Aligned, align, stored_columns, targets
from forecast.pipeline.standing import Standing, check_balance, term_outcome
from forecast.pricing.rate_cards import load_rate_card
from forecast.pricing.sheets import NamedSheet
from forecast.records.contract import SignedContract
from forecast.records.rates import RateCard
from forecast.records.recommendation import InputDigest, ResultProvenance
from forecast.records.reforecast import (
    Attribution,
    AttributionStep,
    BalanceCheck,
    BalanceLine,
    BestCommitment,
    KeptForecast,
    Reforecast,
    TrackRecord,
    WorkloadStanding,
)
from forecast.records.workloads import Portfolio
from forecast.review.attribution import attribute, merged
from forecast.review.burn_down import burn_down, quantiles_of
from forecast.review.track_record import score, track_record, widened
from forecast.units import to_cents

Tell = Callable[[str, float], None]


@dataclass(frozen=True)
class ReforecastOutcome:
    """A re-forecast, and what the next one needs of it.

    Attributes
    ----------
    projection
        Spares a next one of this very process and version to draw it again.
    """

    result: Reforecast
    decisions: DecisionSet
    daily: pd.DataFrame
    card: RateCard
    projection: Projection


def reforecast(
    usage: pd.DataFrame,
    contract: SignedContract,
    previous: Previous,
    portfolio: Portfolio,
    *,
    as_of: date | None = None,
    balance: Sequence[BalanceLine] = (),
    balance_file: str | None = None,
    price_sheets: Sequence[Path | NamedSheet] = (),
    earlier_terms: TrackRecord | None = None,
    inputs: Sequence[InputDigest] = (),
    progress: Tell | None = None,
) -> ReforecastOutcome:
    """Re-forecast the term of a signed contract.

    Seed and size of the decision set are those of the last forecast, so that both sides of every
    comparison draw the same random numbers.

    Parameters
    ----------
    usage
        `tables.USAGE_ROWS`: the whole history again, or what came since.
    as_of
        The end of a month; None takes the last whole month of the usage.
    balance, balance_file
        The vendor's statement, and what errors call it.
    earlier_terms
        The track record of an earlier contract, where `previous` is the advice for this one.

    Raises
    ------
    InputError
        A contract or forecast of another term, usage that is late, or a statement that is neither
        this contract's nor of a day that the usage covers.
    ShortHistoryError
        Fewer than 13 complete weeks.
    """
    tell = progress or (lambda _stage, _done: None)
    _refuse_other_term(contract, previous)
    tell("reading usage", 0.0)
    was = previous.result.provenance
    given = quarter_inputs(
        usage,
        portfolio,
        contract.terms,
        as_of=as_of,
        old_daily=previous.daily,
        old_portfolio=previous.portfolio,
        old_as_of=was.as_of,
    )
    card = load_rate_card(given.as_of, price_sheets=price_sheets)
    tell("the last forecast again", 0.1)
    old_card = previous.card or load_rate_card(was.rate_card_day, price_sheets=price_sheets)
    old = _drawn_again(previous, old_card)
    tell("forecasting the rest of the term", 0.4)
    new = project(
        given.daily,
        portfolio,
        contract.terms,
        card,
        as_of=given.as_of,
        seed=was.seed,
        n_scenarios=was.n_scenarios,
        order=[given.renamed.get(n, n) for n in old.names],
    )
    tell("what moved", 0.7)
    pair = align(old, new, given.renamed)
    record = _track_record(previous, new, Standing.of(contract), earlier_terms)
    decisions = _widened(new, record.widening_factor)
    attribution = _attribution(pair, previous, decisions, Standing.of(contract))
    tell("where the contract lands", 0.9)
    checked = check_balance(
        balance, Standing.of(contract), new.rated, given.as_of, file=balance_file
    )
    result = _result(
        contract, previous, given, pair, decisions, record, attribution, checked, inputs
    )
    tell("done", 1.0)
    return ReforecastOutcome(
        result, decisions, given.daily, kept_card(card, given.daily, portfolio), new
    )


def _drawn_again(previous: Previous, card: RateCard) -> Projection:
    """Put the inputs of the last forecast through this version."""
    if previous.projection is not None:
        return replace(previous.projection, card=card)
    was = previous.result.provenance
    return project(
        previous.daily,
        previous.portfolio,
        previous.standing.terms,
        card,
        as_of=was.as_of,
        seed=was.seed,
        n_scenarios=was.n_scenarios,
        order=previous.decisions.workloads,
    )


def _refuse_other_term(contract: SignedContract, previous: Previous) -> None:
    was, now = previous.standing.terms, contract.terms
    if (was.term_start, was.term_months) != (now.term_start, now.term_months):
        raise InputError(
            f"the last forecast is of {was.term_months} months from {was.term_start}, the contract "
            f"of {now.term_months} months from {now.term_start}; give the advice that this "
            "contract was signed on, or a re-forecast of it",
            file=previous.digest.name,
        )
    if previous.n_elapsed >= now.term_months:
        raise InputError(
            "is the last re-forecast of a term that is over; recommend the next commitment",
            file=previous.digest.name,
        )


def _total(list_usd: Floats) -> Floats:
    return np.asarray(list_usd.sum(axis=2))


def _widened(new: Projection, factor: float) -> DecisionSet:
    """Spread the months to come, all states of the levers alike."""
    found, now = new.decisions, new.n_elapsed
    ahead = found.optimised_usd[:, now:]
    if factor == 1.0 or not ahead.size:
        return found
    wide, total = widened(ahead, factor).sum(axis=(1, 2)), ahead.sum(axis=(1, 2))
    change = np.divide(wide, total, out=np.ones_like(total), where=total > 0)[:, None, None]
    states = []
    for values in (found.as_is_usd, found.optimised_usd, found.potential_usd):
        moved = values.copy()
        moved[:, now:] *= change
        states.append(moved)
    return DecisionSet(found.months, found.workloads, *states)


def _attribution(
    pair: Aligned, previous: Previous, decisions: DecisionSet, signed: Standing
) -> Attribution:
    """Walk from the last forecast as stored to this one as it will be stored."""
    was = previous.standing
    stored = stored_columns(previous.decisions.optimised_usd, previous.decisions.workloads, pair)
    final = stored_columns(decisions.optimised_usd, decisions.workloads, pair)
    (again,) = attribute(stored, [("method change", pair.before)], pair.names, was.value)
    replaced = attribute(pair.before, targets(pair), pair.names, was.value)
    (bands,) = attribute(pair.after, [("method change", final)], pair.names, was.value)
    before, under_old, after = (
        was.value(_total(stored)),
        was.value(_total(final)),
        signed.value(_total(final)),
    )
    amended = AttributionStep(
        step="contract change",
        cost_change_usd=after.cost_usd - under_old.cost_usd,
        commitment_change_usd=after.commitment_usd - under_old.commitment_usd,
    )
    return Attribution(
        before_cost_usd=before.cost_usd,
        after_cost_usd=after.cost_usd,
        before_commitment_usd=before.commitment_usd,
        after_commitment_usd=after.commitment_usd,
        steps=(*replaced, merged(again, bands), amended),
    )


def _track_record(
    previous: Previous, new: Projection, signed: Standing, earlier: TrackRecord | None
) -> TrackRecord:
    """Score the last forecast, and every one of the term once it is over."""
    known = earlier or TrackRecord()
    if isinstance(previous.result, Reforecast):
        known = previous.result.track_record
    was, now = previous.n_elapsed, new.n_elapsed
    actual = _total(new.decisions.optimised_usd)[0]
    forecast = _total(previous.decisions.optimised_usd)
    forecasts = [*known.forecasts, _kept(previous, forecast, was, len(actual))]
    scores = list(known.scores)
    if now > was:
        since = _kept(previous, forecast, was, now)
        scores.append(score(since, float(actual[was:now].sum()), is_rest_of_term=False))
    terms = list(known.terms)
    if now == len(actual):
        for kept in forecasts:
            first = new.decisions.months.index(kept.first_month)
            scores.append(score(kept, float(actual[first:].sum()), is_rest_of_term=True))
        forecasts = []
        terms.append(term_outcome(signed, actual[None, :]))
    return track_record(forecasts, scores, terms)


def _kept(previous: Previous, forecast: Floats, first: int, end: int) -> KeptForecast:
    total = forecast[:, first:end].sum(axis=1)
    return KeptForecast(
        as_of=previous.result.provenance.as_of,
        first_month=previous.decisions.months[first],
        n_months=end - first,
        mean_usd=to_cents(float(total.mean())),
        quantiles=quantiles_of(total),
        widening_factor=previous.widening_factor,
    )


def _result(
    contract: SignedContract,
    previous: Previous,
    given: QuarterInputs,
    pair: Aligned,
    decisions: DecisionSet,
    record: TrackRecord,
    attribution: Attribution,
    balance: tuple[BalanceCheck, ...],
    inputs: Sequence[InputDigest],
) -> Reforecast:
    new, signed = pair.new, Standing.of(contract)
    monthly = _total(decisions.optimised_usd)
    found, best = signed.settled(monthly), signed.best(monthly)
    was = previous.result.provenance
    platforms = platform_drawdowns(signed, new, decisions.optimised_usd)
    landing = burn_down(signed.pools(), monthly, new.n_elapsed).model_copy(
        update={"platforms": platforms}
    )
    return Reforecast(
        findings=(*given.findings, *findings(contract, previous, given, pair, record)),
        contract=contract,
        months_elapsed=new.n_elapsed,
        headline=found.headline,
        headline_before=previous.result.headline,
        cost=found.cost_risk,
        waste=found.waste_risk,
        shortfall_probability=found.shortfall_probability,
        overage_probability=found.overage_probability,
        recommended=BestCommitment(
            commitment_usd=best.commitment_usd,
            discount_share=best.tier.discount_share,
            expected_cost_usd=to_cents(best.expected_cost_usd),
        ),
        attribution=attribution,
        burn_down=landing,
        remedies=remedies(contract, new, decisions.optimised_usd, landing.certain),
        promises=promises(pair),
        balance=balance,
        track_record=record,
        workloads=_workloads(decisions, new.n_elapsed),
        reclassifications=reclassifications(pair),
        previous=previous.digest,
        provenance=ResultProvenance(
            package_version=__version__,
            seed=was.seed,
            as_of=given.as_of,
            rate_card_day=new.card.as_of,
            n_scenarios=was.n_scenarios,
            sampling_error_usd=to_cents(found.sampling_error_usd),
            inputs=tuple(inputs),
        ),
    )


def _workloads(decisions: DecisionSet, now: int) -> tuple[WorkloadStanding, ...]:
    recorded = decisions.optimised_usd[0, :now].sum(axis=0)
    expected = decisions.optimised_usd[:, now:].sum(axis=1).mean(axis=0)
    return tuple(
        WorkloadStanding(
            name=name,
            recorded_usd=to_cents(float(recorded[w])),
            expected_usd=to_cents(float(expected[w])),
        )
        for w, name in enumerate(decisions.workloads)
    )
