"""Charts of a decision and of decisions over time, from numbers that are stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from api.charts import fan
from api.charts.drawing import (
    BAD,
    GOOD,
    MONEY,
    OBSERVED,
    SERIES,
    Chart,
    chart_of,
    dollars,
    series_by_day,
    usd_axis,
)
from forecast.records.outlook import Backtest
from forecast.records.recommendation import (
    Distribution,
    MonthlyDistribution,
    Recommendation,
    Scenario,
)
from forecast.records.sizing_result import CurvePoint

BANDS: Final = tuple((low, high, name) for low, high, name, _ in fan.BANDS)
"""Quantile levels of the confidence bands, the widest first, as the command line draws them."""

CHOSEN: Final = "chosen"
"""Name of the signal that moves the mark on the commitment curve."""


def forecast_fan(result: Recommendation) -> Chart:
    """Show what was used, and what is expected, month by month at list price."""
    observed = [
        {"month": h.month.isoformat(), "usd": float(h.list_usd)}
        for h in result.history
        if h.complete
    ]
    bands = [
        {
            "month": m.month.isoformat(),
            "band": name,
            "low": _level(m, low),
            "high": _level(m, high),
        }
        for low, high, name in BANDS
        for m in result.optimised.monthly
    ]
    means = [
        {"month": m.month.isoformat(), "usd": float(m.mean_usd), "state": state}
        for state, outlook in (("optimised", result.optimised), ("as is", result.as_is))
        for m in outlook.monthly
    ]
    x = {"field": "month", "type": "temporal", "title": None, "axis": {"format": "%b %y"}}
    fills = {"domain": [b[2] for b in BANDS], "range": [f"var(--band-{b[2][:2]})" for b in BANDS]}
    lines = {"domain": ["optimised", "as is"], "range": [[1, 0], [5, 4]]}
    total = result.optimised.term_list_cost
    return Chart(
        "fan",
        chart_of(
            280,
            [
                {
                    "data": {"values": bands},
                    "mark": {"type": "area", "interpolate": "monotone"},
                    "encoding": {
                        "x": x,
                        "y": usd_axis("low", "USD a month, list price"),
                        "y2": {"field": "high"},
                        "color": {
                            "field": "band",
                            "type": "nominal",
                            "scale": fills,
                            "sort": None,
                            "legend": {"title": "Confidence band", "orient": "bottom"},
                        },
                    },
                },
                {
                    "data": {"values": means},
                    "mark": {
                        "type": "line",
                        "stroke": SERIES,
                        "strokeWidth": 2,
                        "interpolate": "monotone",
                    },
                    "encoding": {
                        "x": x,
                        "y": usd_axis("usd"),
                        "strokeDash": {
                            "field": "state",
                            "type": "nominal",
                            "scale": lines,
                            "sort": None,
                            "legend": {
                                "title": "Expected",
                                "orient": "bottom",
                                "symbolStrokeColor": SERIES,
                            },
                        },
                    },
                },
                {
                    "data": {"values": observed},
                    "mark": {
                        "type": "line",
                        "stroke": OBSERVED,
                        "strokeWidth": 2,
                        "point": {"fill": OBSERVED, "size": 18},
                    },
                    "encoding": {"x": x, "y": usd_axis("usd")},
                },
            ],
        ),
        f"{len(observed)} months of use, then {len(result.optimised.monthly)} months to come: "
        f"{dollars(total.mean_usd)} expected over the term at list price with accepted levers, "
        f"{dollars(_of(total, 0.1))} to {dollars(_of(total, 0.9))} with 80 % confidence; "
        f"{dollars(result.as_is.term_list_cost.mean_usd)} expected as it is done today.",
    )


def curve(result: Recommendation) -> Chart:
    """Show what every commitment costs on average, and the indifference band."""
    found, band = result.commitment, result.commitment.indifference_band
    points = [
        {
            "commitment": float(p.commitment_usd),
            "cost": float(p.expected_cost_usd),
            "tier": _tier_of(p),
        }
        for p in result.curve
    ]
    costs = [float(p.expected_cost_usd) for p in result.curve]
    x = {
        "field": "commitment",
        "type": "quantitative",
        "title": "Commitment over the term, USD",
        "axis": MONEY | {"tickCount": 8},
        "scale": {"nice": False},
    }
    domain = {"domain": [0.98 * min(costs), 1.02 * max(costs)], "nice": False, "zero": False}
    y = usd_axis("cost", "Expected cost, USD") | {"scale": domain}
    ours = float(found.recommended_usd)
    shaded = {"low": float(band.lower_usd), "high": float(band.upper_usd)}
    specification = chart_of(
        280,
        [
            {
                "data": {"values": [shaded]},
                "mark": {"type": "rect", "fill": "var(--band-80)", "fillOpacity": 0.45},
                "encoding": {"x": x | {"field": "low"}, "x2": {"field": "high"}},
            },
            {
                "data": {"values": points},
                "mark": {"type": "line", "stroke": SERIES, "strokeWidth": 2},
                "encoding": {
                    "x": x,
                    "y": y,
                    "detail": {"field": "tier", "type": "nominal"},
                },
            },
            {
                "data": {"values": [{"commitment": ours, "cost": float(found.cost.expected_usd)}]},
                "mark": {"type": "point", "filled": True, "size": 90, "fill": GOOD, "opacity": 1},
                "encoding": {"x": x, "y": y},
            },
            {
                "data": {"values": [{}]},
                "mark": {"type": "rule", "stroke": BAD, "strokeWidth": 2, "strokeDash": [4, 3]},
                "transform": [{"calculate": CHOSEN, "as": "commitment"}],
                "encoding": {"x": x},
            },
        ],
    ) | {"params": [{"name": CHOSEN, "value": ours}]}
    return Chart(
        "curve",
        specification,
        f"Expected cost over every commitment from 0 to {dollars(result.curve[-1].commitment_usd)}"
        f": lowest, {dollars(found.cost.expected_usd)}, at {dollars(found.recommended_usd)}; "
        f"from {dollars(band.lower_usd)} to {dollars(band.upper_usd)} it is within "
        f"{100 * band.tolerance_share:g} % of that. It jumps at every tier.",
    )


def tornado(scenarios: Sequence[Scenario]) -> Chart | None:
    """Show what keeping today's number would cost in each scenario; None where none tells."""
    rows = [
        {"scenario": s.name, "usd": float(s.regret_usd), "breaks": "yes" if s.breaks else "no"}
        for s in scenarios
        if s.regret_usd is not None
    ]
    if not rows:
        return None
    worst = max(rows, key=lambda row: float(str(row["usd"])))
    colours = {"domain": ["yes", "no"], "range": [BAD, SERIES]}
    return Chart(
        "tornado",
        chart_of(
            24 * len(rows) + 20,
            [
                {
                    "data": {"values": rows},
                    "mark": {"type": "bar", "height": 14},
                    "encoding": {
                        "y": {
                            "field": "scenario",
                            "type": "nominal",
                            "sort": None,
                            "title": None,
                            "axis": {"labelLimit": 170},
                        },
                        "x": usd_axis("usd", "USD more than the best number would cost"),
                        "color": {
                            "field": "breaks",
                            "type": "nominal",
                            "scale": colours,
                            "legend": {"title": "Another number is better", "orient": "bottom"},
                        },
                    },
                }
            ],
        ),
        f"What today's number would cost too much in {len(rows)} scenarios; the most, "
        f"{float(str(worst['usd'])):,.0f} USD, if {worst['scenario']}.",
    )


def backtest(found: Backtest) -> Chart | None:
    """Show past intervals beside what came, for the longest horizon with points; None without."""
    if not found.points:
        return None
    horizon = max(found.points, key=lambda p: p.horizon_weeks).horizon_weeks
    points = [p for p in found.points if p.horizon_weeks == horizon]
    rows = [
        {
            "origin": p.origin.isoformat(),
            "low": float(p.p10_usd),
            "middle": float(p.p50_usd),
            "high": float(p.p90_usd),
            "came": float(p.realised_usd),
        }
        for p in points
    ]
    x = {"field": "origin", "type": "temporal", "title": None, "axis": {"format": "%b %y"}}
    n_inside = sum(p.inside_80 for p in points)
    return Chart(
        "backtest",
        chart_of(
            220,
            [
                {
                    "mark": {"type": "rule", "stroke": "var(--band-50)", "strokeWidth": 7},
                    "encoding": {
                        "x": x,
                        "y": usd_axis("low", f"USD in {horizon} weeks"),
                        "y2": {"field": "high"},
                    },
                },
                {
                    "mark": {"type": "tick", "stroke": SERIES, "thickness": 2, "width": 12},
                    "encoding": {"x": x, "y": usd_axis("middle")},
                },
                {
                    "mark": {"type": "point", "filled": True, "fill": OBSERVED, "opacity": 1},
                    "encoding": {"x": x, "y": usd_axis("came")},
                },
            ],
        )
        | {"data": {"values": rows}},
        f"At {len(points)} past days the 80 % interval of the next {horizon} weeks (bars) held "
        f"what came (dots) {n_inside} times.",
    )


def history(made: Sequence[tuple[date, Decimal]]) -> Chart | None:
    """Show what was recommended over time; None for fewer than two."""
    return series_by_day("history", made, "USD to sign for", "amounts to sign for")


def _level(month: MonthlyDistribution, level: float) -> float:
    return next(float(q.usd) for q in month.quantiles if q.quantile_level == level)


def _of(distribution: Distribution, level: float) -> Decimal:
    return next(q.usd for q in distribution.quantiles if q.quantile_level == level)


def _tier_of(point: CurvePoint) -> str:
    return f"{point.discount_share:.6f}"
