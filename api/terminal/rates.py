"""The rate card in the terminal: what every model costs on a day, and where that was read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from api.terminal.layout import notes, page, plain
from forecast.records.rates import TIERS_WITH_A_PRICE, BandedRates, ModelRates, TokenRates

if TYPE_CHECKING:
    from forecast.pricing.in_force import PriceInForce

KINDS = {
    "input": "input",
    "cache_write_5m": "write\n5m",
    "cache_write_1h": "write\n1h",
    "cache_read": "read",
    "output": "output",
}
MULTIPLES = {
    "batch_multiple": "batch",
    "flex_multiple": "flex",
    "priority_multiple": "prio",
    "fast": "fast",
    "us_multiple": "US",
    "regional_multiple": "reg.",
    "web_search_usd_per_1000": "search",
}
OWN = "own"
"""Stands for the multiple of a tier whose rates follow under the standard ones."""

DAYS_OF_A_YEAR = 366

Line = dict[str, str]


def rate_card(prices: Sequence[PriceInForce], on: date) -> RenderableType:
    """Show prices by platform, with the sources under them."""
    sources = _Footnotes()
    checked = sorted(prices, key=_group)
    tables = [
        _platform(platform, day, list(group), sources)
        for (platform, day), group in groupby(checked, key=_group)
    ]
    heading = Text(
        f"Prices in force on {on}: USD per million tokens, searches per thousand; tiers and places "
        "as multiples of every token rate"
    )
    return page(
        [heading, *tables, _announced(prices, on), _changed_lately(prices, on), sources.shown()]
    )


def _group(price: PriceInForce) -> tuple[str, date]:
    return price.rates.platform, price.rates.checked_on


def _platform(
    platform: str, checked_on: date, prices: Sequence[PriceInForce], sources: _Footnotes
) -> Group:
    """Show what was checked on one day; a column that would be empty is left out."""
    lines = [line for price in prices for line in _lines(price, sources)]
    shown = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=0)
    names = [
        name
        for name in (
            *("model", "for", *KINDS.values(), *MULTIPLES.values()),
            *("retires", "source"),
        )
        if any(line.get(name, "") not in ("", "–") for line in lines)
    ]
    for name in names:
        number = name in (*KINDS.values(), *MULTIPLES.values())
        shown.add_column(
            name, justify="right" if number else "left", overflow="fold", no_wrap=name != "model"
        )
    for line in lines:
        shown.add_row(*(plain(line.get(name, "")) for name in names))
    return Group(Text(f"{platform}, last checked on {checked_on}", style="bold"), shown)


def _lines(price: PriceInForce, sources: _Footnotes) -> Iterator[Line]:
    """Give the lines of one model: the standard price, then every other one that is no multiple."""
    rates, band = price.rates, price.rates.long_context
    for i, (what, figures) in enumerate(_priced(rates)):
        line = {KINDS[kind]: _number(rate) for kind, rate in figures.by_kind().items()}
        if i > 0:
            yield line | {"for": what}
            continue
        yield {
            **line,
            "model": rates.model,
            "for": f"≤ {_length(band.above_prompt_tokens)}" if band else "",
            **{name: _multiple(rates, field) for field, name in MULTIPLES.items()},
            "retires": str(price.facts.retires_on or ""),
            "source": sources.of(rates),
        }


def _multiple(rates: ModelRates, field: str) -> str:
    tier = field.removesuffix("_multiple")
    own = getattr(rates, tier, None) if tier in _TIERS else None
    if own is None:
        return _number(getattr(rates, field))
    listed = BandedRates(**rates.standard.by_kind(), long_context=rates.long_context)
    ratio = round(own.input / listed.input, 3) if listed.input else Decimal(0)
    return _number(ratio) if listed.times(ratio) == own else OWN


_TIERS = (*TIERS_WITH_A_PRICE, "fast")


def _priced(rates: ModelRates) -> Iterator[tuple[str, TokenRates]]:
    listed = BandedRates(**rates.standard.by_kind(), long_context=rates.long_context)
    yield from _bands("", listed)
    for tier in _TIERS:
        field = tier if tier == "fast" else f"{tier}_multiple"
        if _multiple(rates, field) == OWN:
            yield from _bands(tier, getattr(rates, tier))


def _bands(tier: str, rates: BandedRates) -> Iterator[tuple[str, TokenRates]]:
    yield tier, rates
    if rates.long_context is not None:
        above = f"> {_length(rates.long_context.above_prompt_tokens)}"
        yield f"{tier} {above}".strip(), rates.long_context.rates


def _announced(prices: Sequence[PriceInForce], on: date) -> RenderableType | None:
    """Say which prices change later, and which models go."""
    lines = []
    for price in prices:
        name, facts, row = (
            f"{price.rates.platform} {price.rates.model}",
            price.facts,
            price.next_change,
        )
        if row is not None:
            lines.append(f"{name} from {row.effective_from}: {_changed(price.rates, row)}")
        if facts.retires_on is not None and facts.retires_on > on:
            then = f", then {facts.successor}" if facts.successor else ""
            lines.append(f"{name} retires on {facts.retires_on}{then}")
    return notes("Announced", lines)


def _changed_lately(prices: Sequence[PriceInForce], on: date) -> RenderableType | None:
    lines = [
        f"{price.rates.platform} {price.rates.model}: these rates since {price.since}"
        for price in prices
        if price.since is not None and (on - price.since).days < DAYS_OF_A_YEAR
    ]
    return notes("Changed in the year before", lines)


def _changed(now: ModelRates, later: ModelRates) -> str:
    before, after = now.standard.by_kind(), later.standard.by_kind()
    moved = [
        f"{kind.replace('_', ' ')} {_number(before[kind])} → {_number(after[kind])}"
        for kind in before
        if before[kind] != after[kind]
    ]
    return ", ".join(moved) or "another tier, place or band"


_PUBLISHED = re.compile(r"^(genai-prices [\d.]+, [a-z]+)/.*$")


class _Footnotes:
    """Numbers for the parts of sources, in the order of their first use."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def of(self, rates: ModelRates) -> str:
        """Give the numbers of a price's sources."""
        parts = [_PUBLISHED.sub(r"\1, under the model's id", p) for p in rates.source.split("; ")]
        known = [self._numbers.setdefault(part, len(self._numbers) + 1) for part in parts]
        return ",".join(str(n) for n in dict.fromkeys(known))

    def shown(self) -> RenderableType | None:
        """List the sources under their numbers."""
        if not self._numbers:
            return None
        grid = Table.grid(padding=(0, 1))
        grid.add_column(justify="right")
        grid.add_column(overflow="fold")
        for part, number in self._numbers.items():
            grid.add_row(str(number), plain(part))
        return Group(Text("Sources", style="bold"), grid)


def _figures(rates: TokenRates) -> list[str]:
    return [_number(rate) for rate in rates.by_kind().values()]


def _number(value: Decimal | None) -> str:
    """Write an exact figure without needless zeros.

    >>> _number(Decimal("0.20")), _number(Decimal("10")), _number(Decimal("1E+1")), _number(None)
    ('0.2', '10', '10', '–')
    """
    return "–" if value is None else f"{value.normalize():f}"


def _length(tokens: int) -> str:
    return f"{tokens // 1000}K" if tokens % 1000 == 0 else f"{tokens:,}"
