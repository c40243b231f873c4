"""What usage would cost if a bill meant it otherwise: each likely fault, priced.

A fault is tested by making it: the usage is priced once more as if it were batch, or carried the
premium, or had its cache tokens inside its input too. When the bill is that price, the fault is the
likely cause.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from forecast.errors import UnknownModelError
from forecast.mix import KEY_COLUMNS
from forecast.pricing.rating import COUNT_COLUMNS, USD_COLUMNS, rate_usage
from forecast.pricing.reconciliation.statements import Floats
from forecast.records.rates import RateCard
from forecast.records.reconciliation import Cause
from forecast.records.usage import Geography, MixKey, ServiceTier, Speed

_LONGEST: Final = "> 1000m"
"""A prompt above every band."""

Rows = np.ndarray


@dataclass(frozen=True)
class Alternative:
    """Usage priced as if it were otherwise.

    Attributes
    ----------
    usd
        [n, 6] list cost then; equal to the usage's own where it does not apply.
    """

    cause: Cause
    usd: Floats
    said: str
    what_to_do: str


@dataclass(frozen=True)
class _Fault:
    cause: Cause
    applies: Callable[[pd.DataFrame], Rows]
    make: Callable[[pd.DataFrame], pd.DataFrame]
    said: str
    what_to_do: str


def alternatives(usage: pd.DataFrame, usd: Floats, card: RateCard) -> Iterator[Alternative]:
    """Price usage under every fault that could apply to it.

    Parameters
    ----------
    usage
        n rows of day, key and counts, as `statements.UsageSide.frame`.
    usd
        [n, 6] its own list cost.
    """
    sold = _Sold(card)
    for fault in _FAULTS:
        rows = np.flatnonzero(fault.applies(usage))
        changed = fault.make(usage.iloc[rows].reset_index(drop=True))
        kept = sold.rows(changed)
        rows, changed = rows[kept], changed[kept].reset_index(drop=True)
        if not len(rows):
            continue
        other = usd.copy()
        other[rows] = _priced(changed, card, usd[rows])
        if not np.array_equal(other, usd):
            yield Alternative(fault.cause, other, fault.said, fault.what_to_do)


class _Sold:
    """Remembers which keys a card sells."""

    def __init__(self, card: RateCard) -> None:
        self._card = card
        self._known: dict[tuple[MixKey, pd.Timestamp], bool] = {}

    def rows(self, frame: pd.DataFrame) -> Rows:
        """Tell the rows whose key has a price in their month."""
        month = frame["day"].dt.to_period("M").dt.to_timestamp()
        keyed = frame[KEY_COLUMNS].assign(month=month)
        groups = keyed.groupby([*KEY_COLUMNS, "month"], sort=False).ngroup().to_numpy()
        first = keyed.drop_duplicates()
        sold = np.array(
            [
                self._is_sold(MixKey(*row[:-1]), row[-1])
                for row in first.itertuples(index=False, name=None)
            ],
            dtype=bool,
        )
        return sold[groups] if len(groups) else np.zeros(0, dtype=bool)

    def _is_sold(self, key: MixKey, month: pd.Timestamp) -> bool:
        at = (key, month)
        if at not in self._known:
            try:
                self._card.in_force(key.platform, key.model, month.date()).charged(key)
                self._known[at] = True
            except UnknownModelError:
                self._known[at] = False
        return self._known[at]


def _priced(changed: pd.DataFrame, card: RateCard, own: Floats) -> Floats:
    """Price rows; a key that turns out to be unsold on a day keeps its own cost on all."""
    found = own.copy()
    left = np.arange(len(changed))
    while len(left):
        try:
            rated = rate_usage(changed.iloc[left].reset_index(drop=True), card)
        except UnknownModelError as unsold:
            bad = changed.iloc[left[(unsold.row or 1) - 1]]
            same = (changed.iloc[left][KEY_COLUMNS] == bad[KEY_COLUMNS]).all(axis=1).to_numpy()
            left = left[~same]
            continue
        found[left] = rated[list(USD_COLUMNS)].to_numpy(dtype=np.float64)
        break
    return found


def _is(column: str, *values: str) -> Callable[[pd.DataFrame], Rows]:
    return lambda frame: frame[column].isin(values).to_numpy()


def _put(column: str, value: str) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda frame: frame.assign(**{column: pd.Series(value, index=frame.index, dtype="str")})


def _moved(source: str, target: str) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda frame: frame.assign(
        **{target: frame[target] + frame[source], source: np.int64(0)}
    )


_CACHE: Final = [c for c in COUNT_COLUMNS if c.startswith("cache_")]


def _input_could_hold(columns: list[str]) -> Callable[[pd.DataFrame], Rows]:
    """Tell rows with as many input tokens as cache tokens: fewer cannot hold them once more."""

    def applies(frame: pd.DataFrame) -> Rows:
        cached = frame[columns].sum(axis=1)
        return ((cached > 0) & (frame["input_tokens"] >= cached)).to_numpy()

    return applies


def _with_input(sign: int, columns: list[str]) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def make(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(input_tokens=frame["input_tokens"] + sign * frame[columns].sum(axis=1))

    return make


def _has(*columns: str) -> Callable[[pd.DataFrame], Rows]:
    return lambda frame: (frame[list(columns)].sum(axis=1) > 0).to_numpy()


_TIER_LOST = (
    "the bill is at the {0} price and the usage says standard",
    "export usage grouped by service tier; without it {0} work is priced in full and would be "
    "moved to {0} once more",
)

_FAULTS: Final = (
    _Fault(
        Cause.SERVICE_TIER,
        _is("service_tier", ServiceTier.STANDARD, ""),
        _put("service_tier", ServiceTier.BATCH.value),
        *(text.format("batch") for text in _TIER_LOST),
    ),
    _Fault(
        Cause.SERVICE_TIER,
        _is("service_tier", ServiceTier.STANDARD, ""),
        _put("service_tier", ServiceTier.FLEX.value),
        *(text.format("flex") for text in _TIER_LOST),
    ),
    _Fault(
        Cause.SERVICE_TIER,
        _is("service_tier", ServiceTier.BATCH, ServiceTier.FLEX),
        _put("service_tier", ServiceTier.STANDARD.value),
        "the usage says batch or flex and the bill is at the standard price",
        "ask the vendor why batch is billed in full, or mend the service tier of the usage",
    ),
    _Fault(
        Cause.GEOGRAPHY,
        _is("geography", Geography.GLOBAL, ""),
        _put("geography", Geography.US.value),
        "the bill carries the premium of US-only inference and the usage says global",
        "export usage grouped by inference geography",
    ),
    _Fault(
        Cause.GEOGRAPHY,
        _is("geography", Geography.GLOBAL, ""),
        _put("geography", Geography.REGIONAL.value),
        "the bill carries the premium of a regional endpoint and the usage says global",
        "keep the region prefix of the model ids in the usage, or its geography",
    ),
    _Fault(
        Cause.GEOGRAPHY,
        _is("geography", Geography.US, Geography.REGIONAL),
        _put("geography", Geography.GLOBAL.value),
        "the usage says US-only or regional and the bill carries no premium",
        "mend the geography of the usage, or ask the vendor",
    ),
    _Fault(
        Cause.LONG_CONTEXT,
        lambda frame: np.ones(len(frame), dtype=bool),
        _put("context_window", _LONGEST),
        "the bill is at the price of long prompts and the usage is priced below the band",
        "export usage grouped by context window",
    ),
    _Fault(
        Cause.LONG_CONTEXT,
        lambda frame: (frame["context_window"] != "").to_numpy(),
        _put("context_window", ""),
        "the usage is priced at the band of long prompts and the bill is not",
        "check the context window of the usage against the model's band",
    ),
    _Fault(
        Cause.FAST_MODE,
        _is("speed", Speed.STANDARD, ""),
        _put("speed", Speed.FAST.value),
        "the bill is at the price of the fast mode and the usage says standard speed",
        "export usage grouped by speed",
    ),
    _Fault(
        Cause.FAST_MODE,
        _is("speed", Speed.FAST),
        _put("speed", Speed.STANDARD.value),
        "the usage says fast mode and the bill is at the standard price",
        "mend the speed of the usage, or ask the vendor",
    ),
    _Fault(
        Cause.CACHE_WRITE_TTL,
        _has("cache_write_5m_tokens"),
        _moved("cache_write_5m_tokens", "cache_write_1h_tokens"),
        "the bill has cache writes of one hour (2x input) that the usage counts as five minutes "
        "(1.25x)",
        "take the usage from an export that splits cache writes by their time to live",
    ),
    _Fault(
        Cause.CACHE_WRITE_TTL,
        _has("cache_write_1h_tokens"),
        _moved("cache_write_1h_tokens", "cache_write_5m_tokens"),
        "the bill has cache writes of five minutes (1.25x input) that the usage counts as one "
        "hour (2x)",
        "take the usage from an export that splits cache writes by their time to live",
    ),
    *(
        _Fault(
            Cause.CACHE_COUNTED_TWICE,
            _input_could_hold(columns),
            _with_input(-1, columns),
            f"input tokens of the usage hold the {what} once more",
            "read the export as one whose input includes cache tokens, or subtract them",
        )
        for columns, what in (
            (_CACHE, "cache tokens"),
            (["cache_read_tokens"], "tokens read from the cache"),
        )
    ),
    *(
        _Fault(
            Cause.CACHE_COUNTED_TWICE,
            _has(*columns),
            _with_input(1, columns),
            f"the bill charges the {what} as plain input too",
            "ask the vendor: cached tokens have a price of their own",
        )
        for columns, what in (
            (_CACHE, "cache tokens"),
            (["cache_read_tokens"], "tokens read from the cache"),
        )
    ),
)
