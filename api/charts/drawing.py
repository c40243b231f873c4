"""What the charts of the pages are drawn with: plain Vega-Lite in the colours of the page.

Colours are names of the page's own style sheet (`var(--…)`), so that light, dark and print follow
the page. Each chart has a sentence that says what is to be seen, for those who do not see it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from forecast.records.recommendation import BridgeStep

Specification = dict[str, Any]

SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v6.json"

MONEY: Final = {
    "format": "~s",
    "labelExpr": "datum.value == 0 ? '0' : replace(datum.label, 'G', 'B')",
}
SERIES, OBSERVED, THRESHOLD = "var(--series)", "var(--observed)", "var(--bad)"
GOOD, BAD = "var(--good)", "var(--bad)"
_TEXT, _LINE = "var(--ink)", "var(--rule)"


@dataclass(frozen=True)
class Chart:
    """A chart, and what it shows in a sentence."""

    name: str
    specification: Specification
    says: str


def waterfall(name: str, steps: Sequence[BridgeStep], says: str) -> Chart:
    """Show how the first amount becomes the last one, step by step."""
    rows: list[dict[str, Any]] = []
    level = Decimal(0)
    for i, step in enumerate(steps):
        is_total = i in (0, len(steps) - 1)
        start = Decimal(0) if is_total else level
        level = step.usd if is_total else level + step.usd
        kind = "total" if is_total else "less" if step.usd < 0 else "more"
        rows.append(
            {"step": step.step, "from": float(start), "to": float(level), "kind": kind}
        )  # fmt: skip
    colours = {"domain": ["total", "less", "more"], "range": [SERIES, GOOD, BAD]}
    return Chart(
        name,
        chart_of(
            28 * len(rows) + 20,
            [
                {
                    "data": {"values": rows},
                    "mark": {"type": "bar", "height": 16},
                    "encoding": {
                        "y": {
                            "field": "step",
                            "type": "nominal",
                            "sort": None,
                            "title": None,
                            "axis": {"labelLimit": 150},
                        },
                        "x": usd_axis("from", "USD over the term"),
                        "x2": {"field": "to"},
                        "color": {
                            "field": "kind",
                            "type": "nominal",
                            "scale": colours,
                            "legend": None,
                        },
                    },
                }
            ],
        ),
        says,
    )


def series_by_day(
    name: str, made: Sequence[tuple[date, Decimal]], title: str, what: str
) -> Chart | None:
    """Show amounts by day, each holding until the next; None for fewer than two."""
    if len(made) < 2:
        return None
    rows = [{"day": day.isoformat(), "usd": float(usd)} for day, usd in made]
    return Chart(
        name,
        chart_of(
            160,
            [
                {
                    "data": {"values": rows},
                    "mark": {
                        "type": "line",
                        "stroke": SERIES,
                        "interpolate": "step-after",
                        "point": {"fill": SERIES, "size": 40},
                    },
                    "encoding": {
                        "x": {"field": "day", "type": "temporal", "title": None},
                        "y": usd_axis("usd", title),
                    },
                }
            ],
        ),
        f"{len(rows)} {what}, from {dollars(min(u for _, u in made))} to "
        f"{dollars(max(u for _, u in made))}.",
    )


def chart_of(height: int, layers: list[Specification]) -> Specification:
    """Lay layers over each other, as wide as their place, in the colours of the page."""
    axis = {
        "labelColor": _TEXT,
        "titleColor": _TEXT,
        "gridColor": _LINE,
        "domainColor": _LINE,
        "tickColor": _LINE,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelOverlap": True,
    }
    return {
        "$schema": SCHEMA,
        "width": "container",
        "height": height,
        "background": "transparent",
        "autosize": {"type": "fit", "contains": "padding"},
        "layer": layers,
        "config": {
            "aria": False,
            "font": "system-ui, sans-serif",
            "view": {"stroke": None},
            "axis": axis,
            "axisY": {"titleAnchor": "end"},
            "legend": {"labelColor": _TEXT, "titleColor": _TEXT, "titleFontWeight": "normal"},
        },
    }


def usd_axis(field: str, title: str | None = None) -> Specification:
    """Give the encoding of an amount."""
    return {
        "field": field,
        "type": "quantitative",
        "title": title,
        "axis": MONEY | {"tickCount": 6},
    }


def dollars(amount: Decimal) -> str:
    """Write an amount in a sentence.

    >>> dollars(Decimal("731723.03"))
    '731,723 USD'
    """
    return f"{amount:,.0f} USD"
