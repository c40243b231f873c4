"""The fan chart: what was, what is expected, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from forecast.errors import InputError
from forecast.units import add_months

if TYPE_CHECKING:
    from forecast.records.series_forecast import SeriesForecast
    from forecast.records.usage_forecast import UsageForecast

HISTORY, FORECAST = "#3B4252", "#0072B2"
"""Dark grey and the blue of Okabe and Ito's palette: told apart without colour vision."""

BANDS: Final = (
    (0.05, 0.95, "90 %", "#CFE3F1"),
    (0.10, 0.90, "80 %", "#9CC7E3"),
    (0.25, 0.75, "50 %", "#5FA6D3"),
)
"""Quantile levels of the bands, the widest first, with their names and fills."""

PNG_SCALE: Final = 2.0
FORMATS: Final = (".png", ".svg")


@dataclass(frozen=True)
class FanPoint:
    """One period of the forecast: its quantiles by level, and its mean."""

    start: date
    end: date
    mean: float
    quantiles: dict[float, float]


def fan_chart(
    history: Sequence[tuple[date, float]],
    points: Sequence[FanPoint],
    *,
    title: str,
    subtitle: str,
    unit: str,
) -> dict[str, Any]:
    """Give the Vega-Lite specification of a fan chart.

    Parameters
    ----------
    history
        First day of each observed period and its value.
    points
        The periods to come, in order.
    unit
        Title of the vertical axis.
    """
    import altair as alt
    import pandas as pd

    past = pd.DataFrame(
        {"start": [pd.Timestamp(d) for d, _ in history], "value": [v for _, v in history]}
    )
    ahead = pd.DataFrame(
        [
            {
                "start": pd.Timestamp(p.start),
                "mean": p.mean,
                "band": name,
                "low": p.quantiles[low],
                "high": p.quantiles[high],
            }
            for low, high, name, _ in BANDS
            for p in points
        ]
    )
    x = alt.X("start:T", title=None, axis=alt.Axis(format="%b %Y", labelOverlap=True))
    zero = alt.ExprRef("datum.value == 0 ? '0' : datum.label")
    money = alt.Axis(format="~s", title=unit, labelExpr=zero.expr)
    names, fills = [name for _, _, name, _ in BANDS], [fill for *_, fill in BANDS]
    bands = (
        alt.Chart(ahead)
        .mark_area(interpolate="monotone")
        .encode(
            x=x,
            y=alt.Y("low:Q", axis=money, scale=alt.Scale(zero=True)),
            y2="high:Q",
            color=alt.Color(
                "band:N",
                scale=alt.Scale(domain=names, range=fills),
                legend=alt.Legend(title="Prediction interval", orient="bottom"),
            ),
        )
    )
    middle = (
        alt.Chart(ahead[ahead["band"] == names[0]])
        .mark_line(color=FORECAST, strokeDash=[6, 3], strokeWidth=2, interpolate="monotone")
        .encode(x=x, y="mean:Q")
    )
    observed = (
        alt.Chart(past)
        .mark_line(color=HISTORY, strokeWidth=2, point=alt.OverlayMarkDef(color=HISTORY, size=25))
        .encode(x=x, y="value:Q")
    )
    chart = (
        alt.layer(bands, middle, observed)
        .properties(
            width=760,
            height=360,
            title=alt.TitleParams(title, subtitle=subtitle, anchor="start"),
        )
        .configure_view(stroke=None)
        .configure_axis(gridColor="#E5E9F0", labelFontSize=12, titleFontSize=12)
        .configure_title(fontSize=16, subtitleFontSize=12)
    )
    specification: dict[str, Any] = chart.to_dict()
    return specification


def forecast_fan(found: UsageForecast) -> dict[str, Any]:
    """Give the fan chart of a usage forecast, by month."""
    points = [
        FanPoint(
            start=m.month,
            end=add_months(m.month, 1),
            mean=float(m.mean_usd),
            quantiles={q.quantile_level: float(q.usd) for q in m.quantiles},
        )
        for m in found.monthly
    ]
    complete = [(h.month, float(h.list_usd)) for h in found.history if h.complete]
    total = {q.quantile_level: q.usd for q in found.total.quantiles}
    return fan_chart(
        complete,
        points,
        title="Consumption at list price, as it is done today",
        subtitle=(
            f"{len(points)} months from {points[0].start:%B %Y}: {found.total.mean_usd:,.0f} USD "
            f"expected, {total[0.1]:,.0f} to {total[0.9]:,.0f} with 80 %; "
            f"usage up to {found.as_of}"
        ),
        unit="USD a month",
    )


def series_fan(found: SeriesForecast) -> dict[str, Any]:
    """Give the fan chart of a series, by period."""
    from api.terminal.layout import quantity

    points = [
        FanPoint(
            start=p.start,
            end=p.end,
            mean=p.by_itself.mean,
            quantiles={q.quantile_level: q.value for q in p.by_itself.quantiles},
        )
        for p in found.periods
    ]
    total = {q.quantile_level: q.value for q in found.total.quantiles}
    return fan_chart(
        [(h.start, h.value) for h in found.history],
        points,
        title=found.name,
        subtitle=(
            f"{len(points)} {found.period}s from {points[0].start}: {quantity(found.total.mean)} "
            f"expected in all, {quantity(total[0.1])} to {quantity(total[0.9])} with 80 %"
        ),
        unit=f"{found.name} a {found.period}",
    )


def draw(specification: dict[str, Any], path: Path) -> bytes:
    """Draw a chart in the format that the name of a file asks for.

    Raises
    ------
    InputError
        A name that ends neither in .png nor in .svg.
    """
    ending = path.suffix.lower()
    if ending not in FORMATS:
        raise InputError(f"should end in {' or '.join(FORMATS)}", file=path.name)
    import vl_convert as vlc

    if ending == ".svg":
        return str(vlc.vegalite_to_svg(specification)).encode()
    return bytes(vlc.vegalite_to_png(specification, scale=PNG_SCALE))
