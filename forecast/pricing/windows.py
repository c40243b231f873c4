"""Price windows: laying a new price over old ones, and mending what they leave out.

A window is a `ModelRates` over [effective_from, effective_to). Windows are split, never edited:
what an old row says outside the new row's days stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, Self, TypeVar

from pydantic import Field, model_validator

from forecast.records.base import Name, Note, Record
from forecast.records.rates import (
    TIERS_WITH_A_PRICE,
    BandedRates,
    LongContext,
    ModelRates,
    Rate,
    TokenRates,
)
from forecast.records.usage import TOKEN_KINDS

R = TypeVar("R", bound=TokenRates)

Windows = dict[tuple[str, str], list[ModelRates]]
"""The windows of each (platform, model), in the order of their days."""

_FAR: Final = date.max

Withdrawable = Literal[
    "long_context",
    "fast",
    "batch",
    "flex",
    "priority",
    "us_multiple",
    "regional_multiple",
    "web_search_usd_per_1000",
]

ALL: Final = "*"
"""In place of a model: every model with a price on the platform."""

DiscountShare = Annotated[Decimal, Field(ge=0, le=1, allow_inf_nan=False)]


class SomeTokenRates(Record):
    """The token kinds that an amendment sets; the others stay as they are."""

    input: Rate | None = None
    cache_write_5m: Rate | None = None
    cache_write_1h: Rate | None = None
    cache_read: Rate | None = None
    output: Rate | None = None


class KindDiscounts(Record):
    """What is taken off the list price of each token kind; the others stay as they are."""

    input: DiscountShare | None = None
    cache_write_5m: DiscountShare | None = None
    cache_write_1h: DiscountShare | None = None
    cache_read: DiscountShare | None = None
    output: DiscountShare | None = None


class Amendment(Record):
    """A change of known prices over [effective_from, effective_to).

    A rate in `standard` also moves the same kind of a service tier that has rates of its own, in
    proportion, as a multiple does; the band of long prompts and the fast mode only move when they
    are given. A `discount_share` is off the list price, whatever other sheets say, and holds in
    both bands, every tier and the fast mode.
    """

    platforms: Annotated[tuple[Name, ...], Field(min_length=1)]
    models: tuple[Name, ...] = ()
    """Ids as the vendor bills them; "*" for every model of the platform."""
    families: tuple[Name, ...] = ()
    """Families (opus, sonnet, gpt, gemini, …): every model of theirs with a price in these days."""
    except_models: tuple[Name, ...] = ()
    """What "*" and the families leave out."""
    effective_from: date | None = None
    effective_to: date | None = None
    standard: SomeTokenRates | None = None
    discount_share: DiscountShare | KindDiscounts | None = None
    long_context: LongContext | None = None
    fast: BandedRates | None = None
    batch_multiple: Rate | None = None
    batch: BandedRates | None = None
    flex_multiple: Rate | None = None
    flex: BandedRates | None = None
    priority_multiple: Rate | None = None
    priority: BandedRates | None = None
    us_multiple: Rate | None = None
    regional_multiple: Rate | None = None
    web_search_usd_per_1000: Rate | None = None
    withdraws: tuple[Withdrawable, ...] = ()
    """What is not sold in these days."""
    source: Note
    checked_on: date

    @model_validator(mode="after")
    def _is_one_change_of_something(self) -> Self:
        if not self.models and not self.families:
            raise ValueError('name models or families; models = ["*"] for all of a platform')
        if self.standard is not None and self.discount_share is not None:
            raise ValueError("give rates or a discount_share, not both; use two amendments")
        for tier in TIERS_WITH_A_PRICE:
            if getattr(self, tier) is not None and getattr(self, f"{tier}_multiple") is not None:
                raise ValueError(f"give {tier} or {tier}_multiple, not both")
        return self

    def discounts(self) -> dict[str, Decimal]:
        """Give the share taken off each token kind that is discounted."""
        if self.discount_share is None:
            return {}
        if isinstance(self.discount_share, KindDiscounts):
            return self.discount_share.model_dump(exclude_none=True)
        return {kind.value: self.discount_share for kind in TOKEN_KINDS}

    def changes(self, row: ModelRates) -> dict[str, Any]:
        """Give the fields of `row` that this amendment sets, its discounts aside."""
        sets = withdrawal(self.withdraws)
        for name in _SETS:
            value = getattr(self, name)
            if value is not None:
                sets[name] = value
        for tier in TIERS_WITH_A_PRICE:
            own, multiple = getattr(self, tier), getattr(self, f"{tier}_multiple")
            if own is not None or multiple is not None:
                sets |= {tier: own, f"{tier}_multiple": multiple}
        if self.standard is not None:
            rates = self.standard.model_dump(exclude_none=True)
            sets["standard"] = row.standard.model_copy(update=rates)
            for tier in TIERS_WITH_A_PRICE:
                own = getattr(row, tier)
                if own is not None and tier not in sets:
                    sets[tier] = _moved(own, row.standard, rates)
        return sets


_SETS: Final = (
    "long_context",
    "fast",
    "us_multiple",
    "regional_multiple",
    "web_search_usd_per_1000",
)


def withdrawal(names: Iterable[Withdrawable]) -> dict[str, Any]:
    """Give the fields that say that something is not sold.

    >>> withdrawal(["batch", "fast"])
    {'batch': None, 'fast': None, 'batch_multiple': None}
    """
    given = list(names)
    tiers = [f"{name}_multiple" for name in given if name in TIERS_WITH_A_PRICE]
    return dict.fromkeys([*given, *tiers])


def _moved(own: BandedRates, old: TokenRates, new: Mapping[str, Decimal]) -> BandedRates:
    """Move a tier's own rates of the first band with the standard rates of the same kinds."""
    moved = {
        kind: rate * new[kind] / before
        for kind, rate in own.by_kind().items()
        if kind in new and rate is not None and (before := getattr(old, kind))
    }
    return own.model_copy(update=moved)


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


def amend(windows: Windows, key: tuple[str, str], amendment: Amendment, listed: Windows) -> bool:
    """Apply a change to one model on one platform; tell whether it met a price.

    Parameters
    ----------
    listed
        The windows that discounts are off.

    Raises
    ------
    LookupError
        A discount off a price that has no list.
    """
    start, end = amendment.effective_from or date.min, amendment.effective_to
    discounts = amendment.discounts()
    off = listed.get(key, [])
    cuts = (start, end, *((row.effective_from for row in off) if discounts else ()))
    pieces = [p for row in windows.get(key, []) for p in _split(row, cuts)]
    met = [_inside(piece, start, end) for piece in pieces]
    if not any(met):
        return False
    windows[key] = [
        _amended(piece, amendment, _in_force(off, piece) if discounts else None) if hit else piece
        for piece, hit in zip(pieces, met, strict=True)
    ]
    return True


def _in_force(listed: Sequence[ModelRates], piece: ModelRates) -> ModelRates:
    for row in listed:
        if row.in_force(piece.effective_from):
            return row
    raise LookupError(f"no list price of {piece.model!r} on {piece.effective_from}")


def _amended(row: ModelRates, amendment: Amendment, listed: ModelRates | None) -> ModelRates:
    changed = row.model_copy(update=amendment.changes(row))
    source = row.source
    if listed is not None:
        changed = changed.model_copy(update=_discounted(changed, listed, amendment.discounts()))
        source = listed.source
    return changed.model_copy(
        update={
            "source": f"{source}; {amendment.source}",
            "checked_on": min(row.checked_on, amendment.checked_on),
        }
    )


def _discounted(
    row: ModelRates, listed: ModelRates, discounts: Mapping[str, Decimal]
) -> dict[str, Any]:
    """Give the token rates of `row` with some kinds at list less their discount."""
    kept = {kind: 1 - share for kind, share in discounts.items()}

    def off(rates: R | None, list_rates: TokenRates | None) -> R | None:
        if rates is None or list_rates is None:
            return rates
        below = {
            kind: rate * kept[kind]
            for kind, rate in list_rates.by_kind().items()
            if kind in kept and rate is not None
        }
        update: dict[str, Any] = dict(below)
        if isinstance(rates, BandedRates) and isinstance(list_rates, BandedRates):
            update["long_context"] = band(rates.long_context, list_rates.long_context)
        return rates.model_copy(update=update)

    def band(own: LongContext | None, list_band: LongContext | None) -> LongContext | None:
        if own is None or list_band is None:
            return own
        return own.model_copy(update={"rates": off(own.rates, list_band.rates)})

    return {
        "standard": off(row.standard, listed.standard),
        "long_context": band(row.long_context, listed.long_context),
        **{
            name: off(getattr(row, name), getattr(listed, name))
            for name in ("fast", *TIERS_WITH_A_PRICE)
        },
    }


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
