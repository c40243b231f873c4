"""Single columns of a request log as Ibis expressions, refused where they are not what they claim.

Every engine evaluates the same expression. A value that is refused becomes NULL, which no later
step takes for zero: the aggregation counts such records, and `faults` names the first of them
with the reason that the `why` of its field gives.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from forecast.errors import UsageFormatError
from forecast.usage.formats import cells

if TYPE_CHECKING:
    import ibis.expr.types as ir

FIRST_MS: Final = 946_684_800_000
END_MS: Final = 4_102_444_800_000
"""Milliseconds of 2000-01-01 and 2100-01-01, UTC: seconds taken for milliseconds lie outside."""

_COUNT_SHAPE: Final = "^ *0*[0-9]{1,16}([.]0*)? *$"
_GROUPED_OR_WHOLE: Final = "^ *[1-9][0-9]{0,2}[.]000 *$"
"""A thousand or one: `cells.count` refuses it too."""
_SECONDS_SHAPE: Final = "^[0-9]{9,10}([.][0-9]{1,9})?$"
_CLOCK: Final = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?"
_DATE: Final = "20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_NAIVE_SHAPE: Final = f"^{_DATE}[T ]{_CLOCK}$"
_ZONED_SHAPE: Final = f"^{_DATE}[T ]{_CLOCK}(Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)$"


@dataclass(frozen=True)
class Field:
    """One canonical column of a request.

    Attributes
    ----------
    source
        Where it stands in the log, a column name or a dotted path.
    raw
        What stands there.
    value
        The reading of it; NULL when a count or a time is refused.
    why
        Raises ValueError with the reason for a raw value that is refused.
    """

    source: str
    raw: ir.Value
    value: ir.Value
    why: Callable[[Any], object]


@dataclass(frozen=True)
class Record:
    """The columns of a source table, and what engines call by names of their own.

    Attributes
    ----------
    millis
        Milliseconds since 1970 of an instant.
    json_text
        The text at a path (`$.a.b`) of a JSON text; NULL where there is none.
    is_json
        Whether a text is JSON.
    zoneless
        Columns of timestamps that have no zone.
    view
        Names a table, so that what is derived from its columns does not repeat their
        expressions.
    unseen
        Columns that nobody expects to hold anything: JSON members that the first records lack.
    """

    table: ir.Table
    millis: Callable[[ir.Value], ir.Value]
    json_text: Callable[[ir.Value, str], ir.Value]
    is_json: Callable[[ir.Value], ir.Value]
    zoneless: frozenset[str]
    view: Callable[[ir.Table], ir.Table]
    unseen: frozenset[str] = frozenset()

    def derive(self, **columns: ir.Value) -> Record:
        """Add columns that later expressions name instead of repeating them."""
        return replace(self, table=self.view(self.table.mutate(**columns)))

    def find(self, path: str) -> ir.Value | None:
        """Give the column at a dotted path; None where the source has none, or it is unseen."""
        return None if path.split(".")[0] in self.unseen else self._at(path)

    def _at(self, path: str) -> ir.Value | None:
        name, *members = path.split(".")
        if name not in self.table.columns:
            return None
        value: Any = self.table[name]
        for member in members:
            kind = value.type()
            if not kind.is_struct() or member not in kind.names:
                return None
            value = value[member]
        return value

    def need(self, path: str) -> ir.Value:
        """Give the column at a dotted path.

        Raises
        ------
        UsageFormatError
            The source has none.
        """
        found = self._at(path)
        if found is None:
            raise UsageFormatError("is missing", column=path)
        return found


def name_field(source: str, raw: ir.Value, *, why: Callable[[Any], object] = str) -> Field:
    """Read a name: its text, empty where nothing stands.

    Names are checked once per distinct value, after the aggregation.

    Raises
    ------
    UsageFormatError
        The column holds neither texts nor whole numbers.
    """
    import ibis

    kind = raw.type()
    if kind.is_null():
        return Field(source, raw, ibis.literal(""), why)
    if not (kind.is_string() or kind.is_integer()):
        raise _wrong_type(source, kind, "text")
    text = raw if kind.is_string() else raw.cast("string")
    return Field(source, raw, text.fill_null(""), why)


def count_field(source: str, raw: ir.Value, *, required: bool) -> Field:
    """Read a count: whole, at least 0, at most `cells.MAX_COUNT`.

    Where `required` is false, nothing (NULL, an empty cell) is 0.

    Raises
    ------
    UsageFormatError
        The column holds neither numbers nor texts.
    """
    import ibis

    kind = raw.type()
    nothing = raw.isnull()
    none = ibis.null("int64")
    if kind.is_null():
        value: Any = none
    elif kind.is_string():
        value = _whole_number(raw)
        nothing = nothing | (raw == "")
    elif kind.is_integer():
        fits = (raw >= 0) & (raw <= cells.MAX_COUNT)
        value = fits.ifelse(raw, ibis.null(kind)).cast("int64")
    elif kind.is_floating() or kind.is_decimal():
        fits = (raw >= 0) & (raw <= cells.MAX_COUNT)
        bounded = fits.ifelse(raw, ibis.null(kind))
        whole = bounded.try_cast("int64")
        value = (bounded == whole).ifelse(whole, none)
    else:
        raise _wrong_type(source, kind, "whole numbers")
    if not required:
        value = nothing.ifelse(ibis.literal(0, "int64"), value)
    return Field(source, raw, value, lambda found: _why_no_count(found, required=required))


def _whole_number(text: ir.Value) -> ir.Value:
    """Read the text of a count.

    Plain digits are told by writing the number out again, which takes half the time of a
    pattern; only other texts (blanks around, leading zeros, `12.0`) are held against one.
    """
    import ibis

    plain = text.try_cast("int64")
    is_plain = (plain.cast("string") == text) & plain.between(0, cells.MAX_COUNT)
    is_count = text.re_search(_COUNT_SHAPE) & ~text.re_search(_GROUPED_OR_WHOLE)
    wide = is_count.ifelse(text, ibis.null("string")).try_cast("float64")
    shaped = (wide <= cells.MAX_COUNT).ifelse(wide, ibis.null("float64")).try_cast("int64")
    return is_plain.ifelse(plain, shaped)


def less(total: Field, *parts: Field) -> Field:
    """Give what is left of a count that includes others; refused when they are more than it."""
    import ibis

    left: Any = total.value
    for part in parts:
        left = left - part.value

    def why(found: Any) -> None:
        total.why(found)
        named = " and ".join(part.source for part in parts)
        raise ValueError(f"is less than {named}, which it should include: {cells.quoted(found)}")

    value = (left >= 0).ifelse(left, ibis.null("int64"))
    return Field(total.source, total.raw, value, why)


def instant_field(record: Record, source: str, *, naive_is_utc: bool) -> Field:
    """Read an instant as milliseconds since 1970.

    Parameters
    ----------
    source
        A column on the top level.
    naive_is_utc
        The layout itself says UTC, so a time without a zone is UTC; elsewhere it is refused.

    Raises
    ------
    UsageFormatError
        The column is missing, holds no instants, or instants without a zone.
    """
    import ibis

    raw = record.need(source)
    kind = raw.type()
    if kind.is_timestamp():
        if source in record.zoneless and not naive_is_utc:
            raise UsageFormatError(
                "has no time zone; write timestamps with a zone (UTC), or epoch milliseconds "
                "as time_ms",
                column=source,
            )
        moment = raw.cast("timestamp('UTC')")
    elif kind.is_string():
        shaped = raw.re_search(_ZONED_SHAPE)
        if naive_is_utc:
            shaped = shaped | raw.re_search(_NAIVE_SHAPE)
        moment = shaped.ifelse(raw, ibis.null("string")).try_cast("timestamp('UTC')")
    elif kind.is_null():
        moment = ibis.null("timestamp('UTC')")
    else:
        raise _wrong_type(source, kind, "instants")
    return Field(
        source,
        raw,
        _within(record.millis(moment).cast("int64")),
        lambda found: _why_no_instant(found, naive_is_utc=naive_is_utc),
    )


def epoch_field(source: str, raw: ir.Value, *, per_second: int) -> Field:
    """Read an instant counted since 1970 in units of which `per_second` make a second."""
    import ibis

    kind = raw.type()
    factor = 1000 // per_second
    if kind.is_string():
        shape = _SECONDS_SHAPE if factor > 1 else _COUNT_SHAPE
        number = raw.re_search(shape).ifelse(raw, ibis.null("string")).try_cast("decimal(22, 9)")
    elif kind.is_numeric() and not kind.is_boolean():
        number = raw
    elif kind.is_null():
        number = ibis.null("int64")
    else:
        raise _wrong_type(source, kind, "numbers")
    if number.type().is_integer():
        value = _within(number.cast("int64"), scale=factor) * factor
    else:
        bounded = (number >= FIRST_MS // factor) & (number < END_MS // factor)
        known = bounded.ifelse(number, ibis.null(number.type()))
        value = (known * factor).floor().cast("int64")
    return Field(source, raw, value, lambda found: _why_no_epoch(found, factor))


def _within(ms: ir.Value, scale: int = 1) -> ir.Value:
    import ibis

    inside = ms.between(FIRST_MS // scale, END_MS // scale - 1)
    return inside.ifelse(ms, ibis.null("int64"))


def _wrong_type(source: str, kind: object, wanted: str) -> UsageFormatError:
    return UsageFormatError(f"is of type {kind}; it should hold {wanted}", column=source)


def _why_no_count(found: Any, *, required: bool) -> None:
    if found is None:
        if required:
            raise ValueError("is missing; write 0 where nothing was used")
        return
    if isinstance(found, str):
        if found or required:
            cells.count(found)
    elif isinstance(found, Decimal):
        cells.number(float(found))
    else:
        cells.number(found)


def _why_no_instant(found: str | None, *, naive_is_utc: bool) -> None:
    """Say why the text of an instant is refused; engines give typed instants as text, too."""
    if found is None:
        raise ValueError("is missing")
    if re.search(_ZONED_SHAPE, found) or (naive_is_utc and re.search(_NAIVE_SHAPE, found)):
        raise ValueError(f"is no day of the calendar: {cells.quoted(found)}")
    if re.search(_NAIVE_SHAPE, found):
        raise ValueError(f"has no time zone: {cells.quoted(found)}; write it with Z or an offset")
    raise ValueError(
        f"is not an instant of 2000 to 2099: {cells.quoted(found)}; write 2026-11-22T10:00:00Z"
    )


def _why_no_epoch(found: Any, factor: int) -> None:
    unit = "milliseconds" if factor == 1 else "seconds"
    if found is None or (isinstance(found, float) and math.isnan(found)):
        raise ValueError("is missing")
    raise ValueError(
        f"is not a time from 2000 to 2099 in {unit} since 1970: {cells.quoted(found)}; check "
        "the unit (time_s holds seconds, time_ms milliseconds)"
    )
