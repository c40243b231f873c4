"""Charts of a running contract: where it lands, and why that moved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from api.charts.drawing import (
    OBSERVED,
    SERIES,
    THRESHOLD,
    Chart,
    chart_of,
    dollars,
    series_by_day,
    usd_axis,
    waterfall,
)
from forecast.records.recommendation import BridgeStep
from forecast.records.reforecast import MonthDrawdown, Reforecast
from forecast.units import add_months

LEVELS = (0.1, 0.9)
"""Of the band around what is to be drawn: 80 %."""


def burn_down(result: Reforecast) -> Chart:
    """Show what was drawn from the start of the term, what is to come, and the commitment."""
    found = result.burn_down
    begun = {"day": result.contract.terms.term_start.isoformat(), "usd": 0.0}
    drawn = [begun] + [
        {"day": _end(m), "usd": float(m.recorded_usd)}
        for m in found.months
        if m.recorded_usd is not None
    ]
    # The band begins where the record ends: that much is certain.
    known = {"day": drawn[-1]["day"], **dict.fromkeys(("low", "middle", "high"), drawn[-1]["usd"])}
    ahead = [known] + [
        {
            "day": _end(m),
            "low": _level(m, LEVELS[0]),
            "middle": _level(m, 0.5),
            "high": _level(m, LEVELS[1]),
        }
        for m in found.months
        if m.quantiles
    ]
    committed = result.contract.commitment_usd
    x = {
        "field": "day",
        "type": "temporal",
        "title": None,
        "axis": {"format": "%b %y", "tickCount": {"interval": "month", "step": 1}},
    }
    layers = [
        {
            "data": {"values": ahead},
            "mark": {"type": "area", "fill": "var(--band-80)"},
            "encoding": {
                "x": x,
                "y": usd_axis("low", "USD drawn since the first day"),
                "y2": {"field": "high"},
            },
        },
        {
            "data": {"values": ahead},
            "mark": {"type": "line", "stroke": SERIES, "strokeDash": [5, 4], "strokeWidth": 2},
            "encoding": {"x": x, "y": usd_axis("middle")},
        },
        {
            "data": {"values": drawn},
            "mark": {
                "type": "line",
                "stroke": OBSERVED,
                "strokeWidth": 2,
                "point": {"fill": OBSERVED, "size": 25},
            },
            "encoding": {"x": x, "y": usd_axis("usd")},
        },
        {
            "data": {"values": [{"usd": float(committed)}]},
            "mark": {"type": "rule", "stroke": THRESHOLD, "strokeWidth": 2},
            "encoding": {"y": usd_axis("usd")},
        },
    ]
    recorded = [m.recorded_usd for m in found.months if m.recorded_usd is not None]
    so_far = dollars(recorded[-1]) if recorded else "Nothing"
    lands = {round(q.quantile_level, 2): q.usd for q in found.term_landing}
    return Chart(
        "burn-down",
        chart_of(260, layers),
        f"{so_far} drawn in {result.months_elapsed} months; over the term it lands between "
        f"{dollars(lands[LEVELS[0]])} and {dollars(lands[LEVELS[1]])} with 80 % confidence, where "
        f"{dollars(committed)} are committed (the line across).",
    )


def attribution(result: Reforecast) -> Chart:
    """Show why the expected cost moved, step by step."""
    found = result.attribution
    steps = [
        BridgeStep(step="last forecast", usd=found.before_cost_usd),
        *(BridgeStep(step=s.step, usd=s.cost_change_usd) for s in found.steps),
        BridgeStep(step="this forecast", usd=found.after_cost_usd),
    ]
    return waterfall(
        "attribution",
        steps,
        f"The expected cost of the term moved from {dollars(found.before_cost_usd)} to "
        f"{dollars(found.after_cost_usd)}, in the order in which the inputs were replaced.",
    )


def landings(made: Sequence[tuple[date, Decimal]]) -> Chart | None:
    """Show what each quarter expected the term to cost; None for fewer than two."""
    return series_by_day("landings", made, "USD expected over the term", "expectations")


def _end(month: MonthDrawdown) -> str:
    """Give the day on which what was drawn by the end of a month is known."""
    return add_months(month.month, 1).isoformat()


def _level(month: MonthDrawdown, level: float) -> float:
    return next(float(q.usd) for q in month.quantiles if round(q.quantile_level, 2) == level)
