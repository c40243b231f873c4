"""Price windows: laying a new price over old ones, and mending what they leave out.

A window is a `ModelRates` over [effective_from, effective_to). Windows are split, never edited:
what an old row says outside the new row's days stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from forecast.records.base import Name, Note, Record
from forecast.records.rates import LongContext, ModelRates, Rate, TokenRates

Windows = dict[tuple[str, str], list[ModelRates]]
"""The windows of each (platform, model), in the order of their days."""

_FAR: Final = date.max

Withdrawable = Literal[
    "long_context",
    "fast",
    "batch_multiple",
    "flex_multiple",
    "us_multiple",
    "regional_multiple",
    "web_search_usd_per_1000",
]


class SomeTokenRates(Record):
    """The token kinds that an amendment sets; the others stay as they are."""

    input: Rate | None = None
    cache_write_5m: Rate | None = None
    cache_write_1h: Rate | None = None
    cache_read: Rate | None = None
    output: Rate | None = None


class Amendment(Record):
    """A reviewed correction of prices over [effective_from, effective_to)."""

    platforms: Annotated[tuple[Name, ...], Field(min_length=1)]
    models: Annotated[tuple[Name, ...], Field(min_length=1)]
    effective_from: date | None = None
    effective_to: date | None = None
    standard: SomeTokenRates | None = None
    long_context: LongContext | None = None
    fast: TokenRates | None = None
    batch_multiple: Rate | None = None
    flex_multiple: Rate | None = None
    us_multiple: Rate | None = None
    regional_multiple: Rate | None = None
    web_search_usd_per_1000: Rate | None = None
    withdraws: tuple[Withdrawable, ...] = ()
    """What is not sold in these days."""
    source: Note
    checked_on: date

    def changes(self, row: ModelRates) -> dict[str, Any]:
        """Give the fields of `row` that this amendment sets."""
        sets: dict[str, Any] = dict.fromkeys(self.withdraws)
        for name in _SETS:
            value = getattr(self, name)
            if value is not None:
                sets[name] = value
        if self.standard is not None:
            sets["standard"] = row.standard.model_copy(
                update=self.standard.model_dump(exclude_none=True)
            )
        return sets


_SETS: Final = (
    "long_context",
    "fast",
    "batch_multiple",
    "flex_multiple",
    "us_multiple",
    "regional_multiple",
    "web_search_usd_per_1000",
)


def by_model(rows: Iterable[ModelRates]) -> Windows:
    """Sort rows into windows; a later row wins for the days it covers."""
    windows: Windows = {}
    for row in rows:
        lay_over(windows, row)
    return windows


def lay_over(windows: Windows, row: ModelRates) -> None:
    """Let `row` win for the days it covers.

    >>> from decimal import Decimal
    >>> rates = TokenRates(input=Decimal(2), output=Decimal(10))
    >>> old = ModelRates(platform="p", model="m", effective_from=date(2026, 1, 1), standard=rates,
    ...     source="list", checked_on=date(2026, 1, 1))
    >>> new = old.model_copy(update={"effective_from": date(2026, 3, 1),
    ...     "effective_to": date(2026, 4, 1), "source": "offer"})
    >>> [(r.source, r.effective_from.month) for r in by_model([old, new])["p", "m"]]
    [('list', 1), ('offer', 3), ('list', 4)]
    """
    key = (row.platform, row.model)
    pieces = [
        piece
        for old in windows.get(key, [])
        for piece in _split(old, (row.effective_from, row.effective_to))
        if not _inside(piece, row.effective_from, row.effective_to)
    ]
    windows[key] = sorted([*pieces, row], key=lambda r: r.effective_from)


def amend(windows: Windows, amendment: Amendment) -> tuple[tuple[str, str], ...]:
    """Apply a correction; give the (platform, model) pairs that it does not meet."""
    start, end = amendment.effective_from or date.min, amendment.effective_to
    missed = []
    for key in ((p, m) for p in amendment.platforms for m in amendment.models):
        pieces = [p for row in windows.get(key, []) for p in _split(row, (start, end))]
        met = [_inside(piece, start, end) for piece in pieces]
        if not any(met):
            missed.append(key)
            continue
        windows[key] = [
            _amended(piece, amendment) if hit else piece
            for piece, hit in zip(pieces, met, strict=True)
        ]
    return tuple(missed)


def _amended(row: ModelRates, amendment: Amendment) -> ModelRates:
    return row.model_copy(
        update={
            **amendment.changes(row),
            "source": f"{row.source}; {amendment.source}",
            "checked_on": min(row.checked_on, amendment.checked_on),
        }
    )


def _split(row: ModelRates, days: Sequence[date | None]) -> Iterator[ModelRates]:
    """Cut a window at the days that lie inside it."""
    rest = row
    for day in sorted(d for d in days if d is not None):
        if rest.effective_from < day < (rest.effective_to or _FAR):
            yield rest.model_copy(update={"effective_to": day})
            rest = rest.model_copy(update={"effective_from": day})
    yield rest


def _inside(piece: ModelRates, start: date, end: date | None) -> bool:
    return start <= piece.effective_from and (piece.effective_to or _FAR) <= (end or _FAR)
