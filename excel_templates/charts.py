"""Native charts, drawn where the template names a place for them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from openpyxl.chart import AreaChart, BarChart, LineChart, Reference, ScatterChart, Series
from openpyxl.chart.axis import ChartLines
from openpyxl.chart.legend import LegendEntry
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.spreadsheet_drawing import AnchorMarker, TwoCellAnchor
from openpyxl.drawing.text import CharacterProperties, Paragraph, ParagraphProperties
from openpyxl.utils import get_column_letter

from excel_templates.book import Area, Book
from excel_templates.styles import BLUE, GREEN, GREY, INK, ORANGE, SKY, VERMILION

_MONEY_AXIS: Final = '"$"#,##0,"k"'
_SMALL_MONEY_AXIS: Final = '"$"#,##0'
THOUSANDS_FROM: Final = 20_000
"""From this largest value on, a money axis counts in thousands."""

_Chart = AreaChart | BarChart | LineChart | ScatterChart


def _text(size: int, *, bold: bool = False, color: str = "3E4C59") -> RichText:
    properties = CharacterProperties(sz=size * 100, b=bold, solidFill=color)
    return RichText(
        p=[Paragraph(pPr=ParagraphProperties(defRPr=properties), endParaRPr=properties)]
    )


def _frame(chart: _Chart, title: str, width: float, height: float) -> None:
    chart.title = title
    _write_title(chart.title, CharacterProperties(sz=1100, b=True, solidFill="1F2933"))
    # Centimetres may be fractions; the stubs say int.
    chart.width, chart.height = width, height  # type: ignore[assignment]
    chart.style = 2
    for axis in (chart.x_axis, chart.y_axis):
        axis.delete = False
        axis.txPr = _text(8)
        axis.title = None
        axis.graphicalProperties = GraphicalProperties(ln=LineProperties(solidFill="C9D1D9"))
    chart.y_axis.majorGridlines = ChartLines(
        GraphicalProperties(ln=LineProperties(solidFill="E4E7EB"))
    )
    if chart.legend is not None:
        chart.legend.position = "b"
        chart.legend.txPr = _text(8)


def _write_title(title: Any, properties: CharacterProperties) -> None:
    title.tx.rich.p[0].r[0].rPr = properties
    title.overlay = False


def _column(area: Area, offset: int, *, header: bool = True) -> Reference:
    column = area.min_col + offset
    first = area.min_row - 1 if header else area.min_row
    return Reference(area.ws, min_col=column, min_row=first, max_row=area.max_row)


def _place(book: Book, chart: _Chart, anchor: str) -> None:
    """Put a chart at a name: into the cells it covers, or with its own size at a single one.

    Programs disagree on how wide a column is; a chart that must not leave the paper covers cells.
    """
    at = book.area(anchor)
    if (at.min_col, at.min_row) == (at.max_col, at.max_row):
        at.ws.add_chart(chart, f"{get_column_letter(at.min_col)}{at.min_row}")
        return
    # Markers count from 0; the second one is the first cell beyond.
    chart.anchor = TwoCellAnchor(  # type: ignore[assignment]  # the stubs know cells only
        editAs="twoCell",
        _from=AnchorMarker(col=at.min_col - 1, row=at.min_row - 1),
        to=AnchorMarker(col=at.max_col, row=at.max_row),
    )
    at.ws.add_chart(chart)


def _money(largest: float) -> str:
    return _MONEY_AXIS if largest >= THOUSANDS_FROM else _SMALL_MONEY_AXIS


def _bar(series: Any, color: str | None) -> None:
    if color is None:
        series.graphicalProperties.noFill = True
    else:
        series.graphicalProperties.solidFill = color
    series.graphicalProperties.line.noFill = True


def waterfall(
    book: Book, rows: str, anchor: str, title: str, *, width: float, height: float
) -> None:
    """Draw steps as floating columns: stacked on an invisible base.

    The list's last five columns are level, hidden base, total, up and down.
    """
    area = book.area(rows)
    chart = BarChart()
    chart.type, chart.grouping, chart.overlap, chart.gapWidth = "col", "stacked", 100, 45
    for back, color in ((4, None), (3, BLUE), (2, ORANGE), (1, GREEN)):
        series = Series(_column(area, area.n_columns - back), title_from_data=True)
        _bar(series, color)
        chart.series.append(series)
    chart.set_categories(_column(area, 0, header=False))
    _frame(chart, title, width, height)
    chart.legend = None
    chart.y_axis.number_format = _money(_largest(area, 1))
    chart.y_axis.numFmt.sourceLinked = False
    _place(book, chart, anchor)


def _largest(area: Area, offset: int) -> float:
    cells = (
        area.ws.cell(row, area.min_col + offset).value
        for row in range(area.min_row, area.max_row + 1)
    )
    return max((abs(float(v)) for v in cells if isinstance(v, (int, float))), default=0.0)


def history(book: Book) -> None:
    """Draw observed list cost by month."""
    area = book.area("history_rows")
    chart = BarChart()
    chart.type, chart.gapWidth = "col", 40
    series = Series(_column(area, 1), title_from_data=True)
    _bar(series, SKY)
    chart.series.append(series)
    chart.set_categories(_column(area, 0, header=False))
    _frame(chart, "Observed list cost by month, USD", 34, 8.6)
    chart.legend = None
    chart.x_axis.number_format = "mmm yy"
    chart.y_axis.number_format = _money(_largest(area, 1))
    _place(book, chart, "chart_history")


def fan(
    book: Book,
    rows: str = "month_rows",
    anchor: str = "chart_forecast",
    title: str = "List cost by month: observed, and the fan of the optimised paths",
) -> None:
    """Draw history and the fan of the forecast: bands of P10 to P90 and of P25 to P75.

    Columns of the list: the month, what was observed (2), a dashed line (3), the P50 (7), and from
    11 on P10 and the widths of the three bands above it.
    """
    area = book.area(rows)
    bands = AreaChart()
    bands.grouping = "stacked"
    for offset, color in ((11, None), (12, "CFE3F2"), (13, "8FC1E3"), (14, "CFE3F2")):
        series = Series(_column(area, offset), title_from_data=True)
        _bar(series, color)
        bands.series.append(series)
    bands.set_categories(_column(area, 0, header=False))
    lines = LineChart()
    for offset, color, dash in ((2, INK, None), (7, BLUE, None), (3, VERMILION, "dash")):
        series = Series(_column(area, offset), title_from_data=True)
        _line(series, color, dash, "none")
        lines.series.append(series)
    _frame(bands, title, 19.5, 11)
    assert bands.legend is not None
    bands.legend.legendEntry = [LegendEntry(idx=0, delete=True)]
    bands.x_axis.number_format = "mmm yy"
    bands.x_axis.tickLblSkip = max(1, (area.max_row - area.min_row + 1) // 12)
    bands.y_axis.number_format = _money(_largest(area, 2))
    bands += lines
    _place(book, bands, anchor)


def backtest(book: Book, n_points: int) -> None:
    """Draw what came against the 80 % band by origin, for the first `n_points` of the list.

    Bands float as columns, on a hidden base at P10, so that a single origin shows as well.
    """
    whole = book.area("backtest_point_rows")
    area = replace(whole, max_row=whole.min_row + n_points - 1)
    bands = BarChart()
    bands.type, bands.grouping, bands.overlap, bands.gapWidth = "col", "stacked", 100, 60
    for offset, color, title in ((3, None, "base"), (14, "8FC1E3", "80 % band")):
        series = Series(_column(area, offset, header=False), title=title)
        _bar(series, color)
        bands.series.append(series)
    bands.set_categories(_column(area, 1, header=False))
    marks = LineChart()
    for offset, color, symbol, title in (
        (4, BLUE, "dash", "forecast, P50"),
        (2, VERMILION, "diamond", "what came"),
    ):
        series = Series(_column(area, offset, header=False), title=title)
        series.graphicalProperties.line.noFill = True
        series.marker.symbol, series.marker.size = symbol, 8
        series.marker.graphicalProperties = GraphicalProperties(solidFill=color)
        series.marker.graphicalProperties.line.solidFill = color
        marks.series.append(series)
    weeks = whole.ws.cell(whole.min_row, whole.min_col).value
    _frame(bands, f"List cost of the next {weeks} weeks, by the day it was forecast", 19, 10)
    assert bands.legend is not None
    bands.legend.legendEntry = [LegendEntry(idx=0, delete=True)]
    bands.x_axis.number_format = "d mmm yy"
    bands.x_axis.tickLblSkip = max(1, n_points // 8)
    bands.y_axis.number_format = _money(_largest(area, 5))
    bands += marks
    _place(book, bands, "chart_backtest")


def tornado(book: Book) -> None:
    """Draw what keeping today's number costs under each shock, the longest bar on top."""
    area = book.area("shock_rows")
    chart = BarChart()
    chart.type, chart.gapWidth = "bar", 40
    series = Series(_column(area, 4), title_from_data=True)
    _bar(series, VERMILION)
    chart.series.append(series)
    chart.set_categories(_column(area, 0, header=False))
    _frame(chart, "What today's number costs more than the best one, under each shock, USD", 25, 9)
    chart.legend = None
    chart.x_axis.scaling.orientation = "maxMin"
    chart.x_axis.tickLblSkip = 1
    chart.x_axis.txPr = _text(7)
    chart.y_axis.number_format = _money(_largest(area, 4))
    _place(book, chart, "chart_tornado")


def curve(book: Book, *, live: bool) -> None:
    """Draw the commitment curve: expected cost, and the risks."""
    service, now = book.area("curve_rows"), book.area("curve_live")
    cost = ScatterChart()
    _lines(cost, service, 0, 2, "Service's cost, as generated", GREY, "dash")
    if live:
        _lines(cost, now, 0, 2, "Expected cost at these inputs", BLUE, None)
        _lines(cost, now, 0, 3, "Expected unused at these inputs", ORANGE, None)
    _lines(
        cost, book.area("curve_no_deal"), 0, 1, "No deal: break-even where it is met", INK, "dot"
    )
    _point(cost, book.area("curve_best"), "Best now", VERMILION, "diamond")
    _point(cost, book.area("curve_typed"), "On the table", INK, "x")
    _scatter(
        cost,
        "Expected cost and expected unused of the term",
        _largest(service, 0),
        _largest(service, 2),
        width=21,
    )
    cost.y_axis.scaling.min = None
    _place(book, cost, "chart_curve_cost")
    risk = ScatterChart()
    source, shortfall, overage = (now, 4, 5) if live else (service, 5, 6)
    _lines(risk, source, 0, shortfall, "Chance of a shortfall", VERMILION, None)
    _lines(risk, source, 0, overage, "Chance of overage", GREEN, "dash")
    _scatter(risk, "Chance of a shortfall and of overage", _largest(service, 0), 0, width=22)
    risk.y_axis.number_format = "0%"
    risk.y_axis.scaling.min, risk.y_axis.scaling.max = 0, 1
    _place(book, risk, "chart_curve_risk")


def offers(book: Book) -> None:
    """Draw what every offer costs on average, and how much of it is unused."""
    area = book.area("offer_table")
    chart = BarChart()
    chart.type, chart.grouping, chart.overlap, chart.gapWidth = "bar", "stacked", 100, 45
    for offset, color in ((10, BLUE), (11, ORANGE)):
        series = Series(_column(area, offset), title_from_data=True)
        _bar(series, color)
        chart.series.append(series)
    chart.set_categories(_column(area, 0, header=False))
    _frame(chart, "Expected cost of the term, and what of it is unused, USD", 30, 11)
    chart.x_axis.scaling.orientation = "maxMin"
    chart.y_axis.number_format = _MONEY_AXIS
    _place(book, chart, "chart_offers")


_MOST_COLUMNS: Final = 4
"""Periods that are still drawn as columns, five to a period."""


def _line(series: Any, color: str, dash: str | None, symbol: str) -> None:
    series.graphicalProperties.line.solidFill = color
    series.graphicalProperties.line.width = 22_000
    series.graphicalProperties.line.dashStyle = dash
    series.smooth = False
    series.marker.symbol = symbol
    if symbol != "none":
        series.marker.graphicalProperties = GraphicalProperties(solidFill=color)
        series.marker.graphicalProperties.line.solidFill = color


def ramp(book: Book) -> None:
    """Draw consumption by settlement period, and the amounts that could be promised for it.

    Columns while they have room, then lines.
    """
    area = book.area("ramp_rows")
    as_lines = area.max_row - area.min_row >= _MOST_COLUMNS
    chart = LineChart() if as_lines else BarChart()
    for offset, color, dash, symbol, title in (
        (5, SKY, "dash", None, "consumption P10"),
        (6, BLUE, None, "circle", "consumption P50"),
        (7, GREY, "dash", None, "consumption P90"),
        (4, VERMILION, None, "square", "flat"),
        (10, GREEN, None, "diamond", "own amount"),
    ):
        series = Series(_column(area, offset, header=False), title=title)
        if as_lines:
            _line(series, color, dash, symbol or "none")
        else:
            _bar(series, color)
        chart.series.append(series)
    chart.set_categories(_column(area, 1, header=False))
    _frame(chart, "Contracted dollars by settlement period: consumption and commitment", 30, 11)
    chart.x_axis.number_format = "mmm yy"
    chart.y_axis.number_format = _MONEY_AXIS
    _place(book, chart, "chart_ramp")


def _lines(
    chart: ScatterChart, area: Area, x: int, y: int, title: str, color: str, dash: str | None
) -> None:
    series = Series(_column(area, y, header=False), _column(area, x, header=False), title=title)
    series.marker.symbol = "none"
    series.smooth = False
    series.graphicalProperties.line.solidFill = color
    series.graphicalProperties.line.width = 24_000
    series.graphicalProperties.line.dashStyle = dash
    chart.series.append(series)


def _point(chart: ScatterChart, area: Area, title: str, color: str, symbol: str) -> None:
    series = Series(_column(area, 1, header=False), _column(area, 0, header=False), title=title)
    series.marker.symbol = symbol
    series.marker.size = 10
    series.marker.graphicalProperties = GraphicalProperties(solidFill=color)
    series.marker.graphicalProperties.line.solidFill = color
    series.graphicalProperties.line.noFill = True
    chart.series.append(series)


def _scatter(
    chart: ScatterChart, title: str, largest_x: float, largest_y: float, *, width: float
) -> None:
    chart.scatterStyle = "lineMarker"
    _frame(chart, title, width, 11.5)
    chart.x_axis.title = "Commitment over the term"
    _write_title(chart.x_axis.title, CharacterProperties(sz=800, b=False, solidFill="52606D"))
    chart.x_axis.number_format = _money(largest_x)
    chart.x_axis.majorGridlines = None
    chart.x_axis.scaling.min = 0
    chart.y_axis.number_format = _money(largest_y)


def draw(book: Book, *, live: bool, n_backtest: int) -> None:
    """Draw every chart; that of the backtest for its first points, if there are any."""
    waterfall(
        book, "bridge_rows", "chart_bridge", "From last quarter's bill to the commitment",
        width=16.6, height=7.7,
    )  # fmt: skip
    waterfall(
        book, "waterfall_rows", "chart_waterfall", "List cost of the term, lever by lever, USD",
        width=23.5, height=9.5,
    )  # fmt: skip
    history(book)
    fan(book)
    if n_backtest:
        backtest(book, n_backtest)
    curve(book, live=live)
    tornado(book)
    offers(book)
    ramp(book)
