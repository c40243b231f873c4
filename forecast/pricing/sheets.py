"""Price sheets: TOML files of dated prices, ours (reviewed overrides) and the customer's.

    [[rates]]        a whole price of one model on one platform over [effective_from, effective_to)
    [[amendments]]   a change of known prices, for several models or whole families at once: rates
                     of some token kinds, or a discount off list
    [[models]]       facts about a model: family, tokens for the same text, retirement, successor

A later sheet wins for the days it covers. Every row says where its figure was read, and when.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import Field, ValidationError, model_validator

from forecast.errors import InputError
from forecast.pricing.windows import ALL, Amendment, Windows, amend, lay_over
from forecast.records.base import Name, Note, Record
from forecast.records.rates import ModelFacts, ModelRates, Rate

R = TypeVar("R", bound=Record)
CanonicalModel = Callable[[str, str], str]
"""(platform, raw id) → the id of the card."""
FamilyOfModel = Callable[[str], str]
"""The id of the card → its family."""


class PriceSheet(Record):
    """The content of one sheet."""

    rates: tuple[ModelRates, ...] = ()
    amendments: tuple[Amendment, ...] = ()
    models: tuple[ModelFacts, ...] = ()

    @model_validator(mode="after")
    def _windows_are_sound(self) -> Self:
        _refuse_backward_days("rates", self.rates)
        _refuse_backward_days("amendments", self.amendments)
        for i, row in enumerate(self.rates):
            for j, other in enumerate(self.rates[:i]):
                if (row.platform, row.model) == (other.platform, other.model) and (
                    row.effective_from < (other.effective_to or date.max)
                    and other.effective_from < (row.effective_to or date.max)
                ):
                    raise ValueError(
                        f"rates[{j}] and rates[{i}] both price {row.model!r} on "
                        f"{row.platform!r} on the same days; end the first one"
                    )
        return self


class TierHistory(Record):
    """A service tier that was sold before its price was published."""

    platforms: Annotated[tuple[Name, ...], Field(min_length=1)]
    tier: Literal["batch", "flex", "priority", "fast"]
    since: date
    source: Note
    checked_on: date


class TierHistories(Record):
    """The content of `overrides/tiers.toml`."""

    carried_back: tuple[TierHistory, ...] = ()


class Difference(Record):
    """Why another publisher's price is not the card's."""

    platforms: Annotated[tuple[Name, ...], Field(min_length=1)]
    ids: Annotated[tuple[Name, ...], Field(min_length=1)]
    """Regular expressions over whole ids."""
    kinds: tuple[Name, ...] = ()
    """Token kinds, or web_search; all of them unless given."""
    tiers: tuple[Name, ...] = ()
    above_band: bool | None = None
    """Only prices above (true) or below (false) a band of long prompts."""
    ratio: Rate | None = None
    """The card's price over the other; any, unless given."""
    because: Note
    """Who is right, and by which source."""
    checked_on: date


class Differences(Record):
    """The content of `overrides/other_publishers.toml`."""

    differences: tuple[Difference, ...] = ()


def _refuse_backward_days(table: str, rows: Sequence[ModelRates | Amendment]) -> None:
    for i, row in enumerate(rows):
        start, end = row.effective_from, row.effective_to
        if start is not None and end is not None and end <= start:
            raise ValueError(
                f"{table}[{i}]: effective_to {end} must be after effective_from {start}"
            )


MAX_SHEET_BYTES = 1_000_000
"""More than a hundred times the longest sheet that this package ships."""

_DECIMAL_PLACES = 15


def _exact(text: str) -> Decimal:
    """Read a figure; one with an absurd exponent is refused before anybody multiplies it."""
    value = Decimal(text)
    if value.is_finite() and not -_DECIMAL_PLACES <= int(value.as_tuple().exponent) <= 9:
        raise ValueError(f"{text[:40]} is no price, multiple or share")
    return value


def read_record(text: str, record: type[R], *, file: str) -> R:
    """Read TOML text as `record`, with exact decimals.

    Raises
    ------
    InputError
        Not TOML, or not the record: with the file and the dotted path of the first fault.
    """
    try:
        return record.model_validate(tomllib.loads(text, parse_float=_exact))
    except tomllib.TOMLDecodeError as fault:
        raise InputError(f"is not TOML: {fault}", file=file) from None
    except RecursionError:
        raise InputError("is nested too deeply to be a price sheet", file=file) from None
    except ValidationError as fault:
        first, *others = fault.errors()
        more = f" (and {len(others)} more: {_path(others[0]['loc'])}, …)" if others else ""
        raise InputError(
            f"{first['msg'].removeprefix('Value error, ')}{more}",
            file=file,
            column=_path(first["loc"]) or None,
        ) from None
    except ValueError as fault:
        raise InputError(str(fault), file=file) from None


@dataclass(frozen=True)
class NamedSheet:
    """A price sheet with the bytes it was read from, for the digest and the evidence."""

    name: str
    data: bytes
    sheet: PriceSheet


def read_sheet(path: Path) -> NamedSheet:
    """Read a customer's price sheet.

    Raises
    ------
    InputError
        A file that cannot be read, is not TOML, or breaks the shape of a sheet.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_SHEET_BYTES + 1)
        if len(data) > MAX_SHEET_BYTES:
            raise InputError(f"is longer than {MAX_SHEET_BYTES:,} bytes", file=path.name)
        text = data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as fault:
        raise InputError(f"cannot be read: {fault}", file=path.name) from None
    return NamedSheet(path.name, data, read_record(text, PriceSheet, file=path.name))


def read_override(name: str, record: type[R]) -> R:
    """Read a reviewed override of this package.

    >>> read_override("prices.toml", PriceSheet).amendments[0].batch_multiple
    Decimal('0.5')
    """
    text = files("forecast.pricing").joinpath("overrides", name).read_text(encoding="utf-8")
    return read_record(text, record, file=f"overrides/{name}")


def apply_sheet(
    windows: Windows,
    sheet: PriceSheet,
    *,
    file: str,
    canonical: CanonicalModel,
    family: FamilyOfModel,
    listed: Windows | None = None,
    label: str = "",
) -> None:
    """Let the prices of a sheet win for the days they cover.

    Parameters
    ----------
    label
        Put before the source of every price that the sheet gives or changes.
    listed
        The list prices that discounts are off; the windows themselves unless given.

    Raises
    ------
    InputError
        An amendment of a price that nobody gave, or a discount off none.
    """
    for row in sheet.rates:
        model = canonical(row.platform, row.model)
        source = f"{label}{row.source}"
        lay_over(windows, row.model_copy(update={"model": model, "source": source}))
    off = dict(windows) if listed is None else listed
    for i, given in enumerate(sheet.amendments):
        amendment = given.model_copy(update={"source": f"{label}{given.source}"})
        where = f"amendments[{i}]"
        for platform in amendment.platforms:
            named = tuple(canonical(platform, m) for m in amendment.models if m != ALL)
            for model in named:
                if not _amend(windows, (platform, model), amendment, off, file, where):
                    known = sorted(m for p, m in windows if p == platform)
                    raise InputError(
                        f"there is no price of {model!r} on {platform!r} to amend in these days; "
                        f"give it in [[rates]] first (known: {', '.join(known[-8:]) or 'none'})",
                        file=file,
                        column=f"{where}.models",
                    )
            apart = {*named, *(canonical(platform, m) for m in amendment.except_models)}
            chosen = sorted(m for p, m in windows if p == platform and m not in apart)
            if ALL not in amendment.models:
                chosen = [m for m in chosen if family(m) in amendment.families]
            met = [_amend(windows, (platform, m), amendment, off, file, where) for m in chosen]
            if not named and not any(met):
                known = sorted({family(m) for p, m in windows if p == platform})
                raise InputError(
                    f"no model of {', '.join(amendment.families) or 'any family'} has a price on "
                    f"{platform!r} in these days (families there: {', '.join(known) or 'none'})",
                    file=file,
                    column=f"{where}.families",
                )


def _amend(
    windows: Windows,
    key: tuple[str, str],
    amendment: Amendment,
    listed: Windows,
    file: str,
    where: str,
) -> bool:
    try:
        return amend(windows, key, amendment, listed)
    except LookupError as fault:
        raise InputError(
            f"{fault.args[0]}, so no discount can be taken off it; give rates",
            file=file,
            column=f"{where}.discount_share",
        ) from None


def _path(location: tuple[Any, ...]) -> str:
    """Write ('rates', 2, 'standard', 'input') as rates[2].standard.input."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text
