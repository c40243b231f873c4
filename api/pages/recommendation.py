"""The page of a recommendation: in the making, failed, refused, or decided."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from flask import Response, request

from api import short_lists
from api.access import now, organisation, the_store
from api.assessments import AssessedCommitment, assessed
from api.charts import drawing, page_charts
from api.jobs import queue
from api.operations import json_response
from api.pages.decided import decided, result_of
from api.pages.long_lists import shortened, values_of
from api.pages.memo import approval_memo
from api.pages.serving import go_to, page, show, show_job
from api.pages.templating import percent
from api.pages.typed_offers import MAX_OFFERS, OfferRow, offers_of, rows_of
from api.problems import error_document
from api.routes import events
from api.store import deletion, recommendations
from api.store.offer_paths import offer_paths
from api.store.organisations import Scope
from api.validation import DocumentError, Fault
from forecast.errors import InputError
from forecast.records.recommendation import Recommendation, Refusal
from forecast.records.sizing_result import OfferScore
from forecast.records.terms import Terms
from forecast.units import CENT

SECTIONS: Final = (
    ("curve", "Another amount"),
    ("offers", "The vendor's offer"),
    ("tiers", "Tiers"),
    ("clauses", "Clauses"),
    ("forecast", "Forecast"),
    ("bridge", "Bridge and levers"),
    ("workloads", "Workloads"),
    ("migration", "Migration plan"),
    ("cash", "When it is paid"),
    ("backtest", "Had you used this"),
    ("evidence", "Does the history add up"),
    ("scenarios", "Scenarios"),
    ("assumptions", "Assumptions"),
)

POLICIES: Final = {
    "recommendation": "This method",
    "run_rate": "Run rate",
    "last_month": "Last month",
    "none": "Nothing",
    "hindsight": "Hindsight",
}

CURVE_STEPS: Final = 400
"""Positions of the slider; one is narrower than a pixel of most screens."""


@page("/recommendations/<identifier>", scope=Scope.READ)
def recommendation(identifier: str) -> Response:
    """Show where a recommendation is, or what it says."""
    result, made_at = result_of(identifier)
    if result is None:
        return show_job(
            queue.read_job(the_store(), organisation(), identifier, kind=recommendations.KIND),
            events_at="pages.job_events",
            cancelled_at="pages.cancel",
        )
    if isinstance(result, Refusal):
        return show("refusal.html", id=identifier, result=result, made_at=made_at)
    return _decision(identifier, result, made_at, at=_asked_commitment(identifier))


@page("/recommendations/<identifier>/offers", methods=["POST"], scope=Scope.SIZE)
def offers(identifier: str) -> Response:
    """Settle the offers that were typed in; nothing of them is kept."""
    result, made_at = decided(identifier)
    rows = rows_of(request.form)
    try:
        asked = offers_of(rows, result.terms)
        scores = offer_paths(the_store(), organisation(), identifier).score(asked)
    except InputError as error:
        problem = error_document(error, request.path)
        return _decision(identifier, result, made_at, rows=rows, offer_problem=problem, status=422)
    scores = tuple(sorted(scores, key=lambda score: score.expected_cost_usd))
    return _decision(identifier, result, made_at, rows=rows, scores=scores)


@page("/recommendations/<identifier>/commitment", scope=Scope.READ)
def commitment(identifier: str) -> Response:
    """Give what follows from one commitment, for the slider."""
    return json_response(_assess(identifier, request.args.get("commitment_usd", "")))


@page("/recommendations/<identifier>/events", scope=Scope.READ)
def job_events(identifier: str) -> Response:
    """Follow a recommendation while it is made."""
    return events.followed(identifier)


@page("/recommendations/<identifier>/cancellation", methods=["POST"], scope=Scope.SIZE)
def cancel(identifier: str) -> Response:
    """Cancel a recommendation that is not made yet."""
    queue.cancel(the_store(), organisation(), identifier, now=now(), kind=recommendations.KIND)
    return go_to("pages.recommendation", identifier=identifier)


@page("/recommendations/<identifier>/deletion", methods=["POST"], scope=Scope.ADMIN)
def delete_recommendation(identifier: str) -> Response:
    """Delete a recommendation with what it was made from."""
    decided(identifier)
    deletion.delete_result(the_store(), organisation(), identifier)
    return go_to("pages.home")


def _assess(identifier: str, text: str) -> AssessedCommitment:
    try:
        asked = Decimal(text)
    except InvalidOperation:
        raise DocumentError([Fault(("commitment_usd",), "must be an amount in USD")]) from None
    if not asked.is_finite():
        raise DocumentError([Fault(("commitment_usd",), "must be an amount in USD")])
    result, _ = decided(identifier)
    paths = offer_paths(the_store(), organisation(), identifier)
    return assessed(result, paths.optimised_usd, asked)


def _asked_commitment(identifier: str) -> AssessedCommitment | None:
    text = request.args.get("commitment_usd")
    return None if text is None else _assess(identifier, text)


def _ours(result: Recommendation) -> AssessedCommitment:
    """Give the recommended commitment as it is stored; nothing is settled for it."""
    found = result.commitment
    return AssessedCommitment(
        commitment_usd=found.recommended_usd,
        discount_share=found.tier_discount_share,
        percentile=found.percentile,
        expected_cost_usd=found.cost.expected_usd,
        extra_expected_cost_usd=Decimal(0),
        budget_p80_usd=found.cost.p80_usd,
        waste_expected_usd=found.waste.expected_usd,
        worst_case_unused_usd=found.waste.p95_usd,
        shortfall_probability=found.shortfall_probability,
        overage_probability=found.overage_probability,
    )


def _decision(
    identifier: str,
    result: Recommendation,
    made_at: datetime | None,
    *,
    at: AssessedCommitment | None = None,
    rows: tuple[OfferRow, ...] = (),
    scores: tuple[OfferScore, ...] = (),
    offer_problem: dict[str, Any] | None = None,
    status: int = 200,
) -> Response:
    end = result.curve[-1].commitment_usd
    empty = () if len(rows) >= MAX_OFFERS else (OfferRow(overage=result.terms.overage),)
    return show(
        "decision.html",
        status=status,
        memo=approval_memo(result),
        overages=_overages(result.terms),
        at=at or _ours(result),
        curve_end=end,
        curve_step=max((end / CURVE_STEPS).quantize(CENT), CENT),
        charts=_charts(result),
        sections=SECTIONS,
        scores=scores,
        offer_rows=(*rows, *empty),
        offer_problem=offer_problem,
        points={(e.clause, e.change): e.discount_points for e in result.exchange},
        short=shortened(result),
        left_out=short_lists.left_out(result),
        policies=tuple(POLICIES.values()),
        backtest_rows=_backtest_rows(result),
        **values_of(identifier, result, made_at),
    )


def _charts(result: Recommendation) -> dict[str, drawing.Chart | None]:
    return {
        "fan": page_charts.forecast_fan(result),
        "curve": page_charts.curve(result),
        "bridge": drawing.waterfall(
            "bridge",
            result.bridge,
            "How the bill of the last quarter, carried over the term, becomes the commitment.",
        ),
        "waterfall": drawing.waterfall(
            "waterfall",
            result.waterfall,
            "List cost over the term as is, less each lever in turn.",
        ),
        "tornado": page_charts.tornado(result.scenarios),
        "backtest": page_charts.backtest(result.backtest),
    }


def _overages(terms: Terms) -> list[tuple[str, str]]:
    """Give the prices of overage that can be chosen for an offer; our own is among them."""
    plain = {"list": "list price", "committed_rate": "the committed rate"}
    own = {"discounted": f"{percent(terms.overage_discount_share)} off list, as ours"}
    return list((plain | (own if terms.overage == "discounted" else {})).items())


def _backtest_rows(result: Recommendation) -> list[dict[str, object]]:
    """Lay the policies of each horizon side by side."""
    rows: list[dict[str, object]] = []
    for weeks in result.backtest.horizons_weeks:
        own = {p.policy: p for p in result.backtest.policies if p.horizon_weeks == weeks}
        if own:
            shares = [own[name].cost_share if name in own else None for name in POLICIES]
            n_points = sum(p.horizon_weeks == weeks for p in result.backtest.points)
            rows.append({"weeks": weeks, "n_points": n_points, "shares": shares})
    return rows
