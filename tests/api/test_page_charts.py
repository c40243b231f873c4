"""Charts of the pages: the stored numbers, in the shape that Vega-Lite asks for."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import altair
import pytest
from example_buyer import Buyer

from api.charts import drawing, page_charts
from api.charts.drawing import Chart
from api.results import read_result
from forecast.records.recommendation import BridgeStep, Recommendation
from forecast.units import month_of


@pytest.fixture(scope="module")
def result(finished: Buyer) -> Recommendation:
    return read_result(finished.out).recommendation()


@pytest.fixture(scope="module")
def charts(result: Recommendation) -> dict[str, Chart]:
    day = result.provenance.as_of
    found = [
        page_charts.forecast_fan(result),
        page_charts.curve(result),
        drawing.waterfall("bridge", result.bridge, "A bridge of the example's amounts."),
        page_charts.tornado(result.scenarios),
        page_charts.backtest(result.backtest),
        page_charts.history([(month_of(day), Decimal(5)), (day, Decimal(7))]),
    ]
    return {chart.name: chart for chart in found if chart is not None}


def values(chart: Chart, layer: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = chart.specification["layer"][layer]["data"]["values"]
    return found


def texts(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key != "values":
                yield from texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from texts(value)
    elif isinstance(node, str):
        yield node


def test_each_is_what_vega_lite_takes(charts: dict[str, Chart]) -> None:
    assert set(charts) == {"fan", "curve", "bridge", "tornado", "backtest", "history"}
    for chart in charts.values():
        altair.LayerChart.from_dict(chart.specification)


def test_every_colour_is_one_of_the_pages(charts: dict[str, Chart]) -> None:
    for chart in charts.values():
        told = list(texts(chart.specification))
        assert not [text for text in told if text.startswith("#")]
        assert any(text.startswith("var(--") for text in told)


def test_the_curve_holds_every_stored_point(
    result: Recommendation, charts: dict[str, Chart]
) -> None:
    drawn = {(p["commitment"], p["cost"]) for p in values(charts["curve"], 1)}
    stored = {(float(p.commitment_usd), float(p.expected_cost_usd)) for p in result.curve}
    assert drawn == stored
    (ours,) = values(charts["curve"], 2)
    assert ours["commitment"] == float(result.commitment.recommended_usd)
    assert ours["cost"] == min(cost for _, cost in drawn)


def test_lines_of_the_curve_do_not_bridge_a_jump(
    result: Recommendation, charts: dict[str, Chart]
) -> None:
    by_tier = {p["tier"] for p in values(charts["curve"], 1)}
    assert len(by_tier) == len({p.discount_share for p in result.curve}) > 1


def test_the_fan_holds_history_bands_and_both_means(
    result: Recommendation, charts: dict[str, Chart]
) -> None:
    bands, means, past = (values(charts["fan"], i) for i in range(3))
    assert len(bands) == 3 * result.terms.term_months
    first = result.optimised.monthly[0]
    stored = {round(q.quantile_level, 2): float(q.usd) for q in first.quantiles}
    (eighty,) = [b for b in bands if b["band"] == "80 %" and b["month"] == str(first.month)]
    assert (eighty["low"], eighty["high"]) == (stored[0.1], stored[0.9])
    assert {m["state"] for m in means} == {"optimised", "as is"}
    assert [p["usd"] for p in past] == [float(h.list_usd) for h in result.history if h.complete]


def test_each_bar_of_a_waterfall_begins_where_the_one_before_ended() -> None:
    steps = [("start", "100"), ("growth", "30"), ("batch", "-50"), ("end", "80")]
    chart = drawing.waterfall(
        "x", [BridgeStep(step=name, usd=Decimal(usd)) for name, usd in steps], "From 100 to 80."
    )
    bars = [(b["from"], b["to"], b["kind"]) for b in values(chart, 0)]
    assert bars == [
        (0, 100, "total"),
        (100, 130, "more"),
        (130, 80, "less"),
        (0, 80, "total"),
    ]


def test_the_backtest_counts_what_was_held(
    result: Recommendation, charts: dict[str, Chart]
) -> None:
    longest = max(p.horizon_weeks for p in result.backtest.points)
    points = [p for p in result.backtest.points if p.horizon_weeks == longest]
    rows = charts["backtest"].specification["data"]["values"]
    held = sum(row["low"] <= row["came"] <= row["high"] for row in rows)
    assert (len(rows), held) == (len(points), sum(p.inside_80 for p in points))
    assert f"held what came (dots) {held} times" in charts["backtest"].says


def test_nothing_is_drawn_of_nothing(result: Recommendation) -> None:
    assert page_charts.tornado(()) is None
    assert page_charts.history([(result.provenance.as_of, Decimal(1))]) is None
    none = result.backtest.model_copy(update={"points": ()})
    assert page_charts.backtest(none) is None
