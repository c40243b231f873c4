"""Exact list cost of usage.

For a row of day t with tokens q_k of kind k and s web searches, under key κ (platform, model,
tier, geography, speed, window),

    list_usd_k          = q_k · rate_k(κ, t) / 1,000,000
    list_usd_web_search = s · web_search_usd_per_1000(t) / 1,000
    list_usd            = Σ_k list_usd_k + list_usd_web_search

rate_k is `ModelRates.charged`; a web search has one price, which neither batch nor geography
moves. The price is linear in tokens, so a day's sum costs what its requests cost. All of it is
Decimal and nothing is rounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Context, Decimal, localcontext
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecast.errors import UnknownModelError
from forecast.mix import KEY_COLUMNS
from forecast.pricing.model_ids import GOVCLOUD
from forecast.records.rates import ModelRates, RateCard
from forecast.records.recommendation import HistoryMonth
from forecast.records.usage import TOKEN_COLUMNS, TOKEN_KINDS, MixKey
from forecast.tables import DAILY_USAGE, Table, check
from forecast.units import add_months, month_of, months_between, to_cents

WEB_SEARCH: Final = "web_search"
PRICED_KINDS: Final = (*(kind.value for kind in TOKEN_KINDS), WEB_SEARCH)
"""What a bill has lines for, in the order of every output."""

COUNT_COLUMNS: Final = (*TOKEN_COLUMNS, "web_searches")
"""The count that each of `PRICED_KINDS` is charged by."""

USD_COLUMNS: Final = tuple(f"list_usd_{kind}" for kind in PRICED_KINDS)
"""The cost column of each of `PRICED_KINDS`."""

EXACT: Final = Context(prec=120)
"""Digits enough for any sum of products of counts and rates, so that none is rounded."""

_PRICED_USAGE: Final = Table(
    "usage to be priced",
    tuple(c for c in DAILY_USAGE.columns if c.name not in ("workload", "requests")),
)

Objects = NDArray[np.object_]


def rate_usage(daily: pd.DataFrame, card: RateCard, *, file: str | None = None) -> pd.DataFrame:
    """Price every row at the list price of its day.

    Parameters
    ----------
    daily
        Any usage table with the key, count and day columns of `tables.DAILY_USAGE`; model ids
        are those of the card (`canonicalise_models`).
    file
        Named in errors.

    Returns
    -------
    DataFrame
        The same rows and columns, with the exact Decimal columns of `USD_COLUMNS` and
        `list_usd`.

    Raises
    ------
    UnknownModelError
        No price in force for the model on the day, or none for the tier, speed, geography or
        token kind that was used; with the row. Nothing is ever priced at zero for want of one.
    UsageFormatError
        A column that is missing or of the wrong type.

    Examples
    --------
    >>> from forecast.pricing.rate_cards import load_rate_card
    >>> row = {c.name: [""] if c.kind == "text" else [0] for c in DAILY_USAGE.columns} | {
    ...     "day": pd.to_datetime(["2026-11-01"]), "platform": ["anthropic"],
    ...     "model": ["claude-opus-5-5"], "service_tier": ["batch"], "output_tokens": [1_000_000]}
    >>> rated = rate_usage(pd.DataFrame(row), load_rate_card(date(2026, 11, 22)))
    >>> to_cents(rated["list_usd"][0])
    Decimal('10.00')
    """
    check(daily, _PRICED_USAGE, file=file)
    with localcontext(EXACT):
        rates, regime = _rates_of_rows(daily, card, file)
        rated = daily.copy()
        total: Objects = np.full(len(daily), Decimal(0), dtype=object)
        for usd_per_unit, count, column in zip(rates, COUNT_COLUMNS, USD_COLUMNS, strict=True):
            counts = daily[count].to_numpy(dtype=np.int64)
            rate = usd_per_unit[regime]
            sold = np.array([r is not None for r in usd_per_unit], dtype=bool)[regime]
            unsold = np.flatnonzero(~sold & (counts > 0))
            if len(unsold):
                raise _not_sold(daily, int(unsold[0]), count, file)
            rate[~sold] = Decimal(0)
            cost = counts.astype(object) * rate
            rated[column] = pd.Series(cost, index=daily.index, dtype=object)
            total = total + cost
        rated["list_usd"] = pd.Series(total, index=daily.index, dtype=object)
    return rated


def list_cost_summary(rated: pd.DataFrame) -> pd.DataFrame:
    """Sum rated usage by month, model and token kind.

    Returns
    -------
    DataFrame
        month (first day), model, token_kind (`PRICED_KINDS`), tokens (web searches: their
        number), list_usd (exact Decimal); only what was used, in that order.
    """
    month = rated["day"].dt.to_period("M").dt.to_timestamp().rename("month")
    sums = rated.groupby([month, "model"], sort=True)[[*COUNT_COLUMNS, *USD_COLUMNS]]
    with localcontext(EXACT):
        wide = sums.sum().reset_index()
    parts = [
        pd.DataFrame(
            {
                "month": wide["month"],
                "model": wide["model"].astype("str"),
                "token_kind": pd.Series(kind, index=wide.index, dtype="str"),
                "tokens": wide[count].astype("int64"),
                "list_usd": wide[column].astype(object),
            }
        )
        for kind, count, column in zip(PRICED_KINDS, COUNT_COLUMNS, USD_COLUMNS, strict=True)
    ]
    long = pd.concat(parts)
    long = long[long["tokens"] > 0]
    return long.sort_values(["month", "model"], kind="stable").reset_index(drop=True)


def monthly_list_cost(rated: pd.DataFrame, as_of: date) -> tuple[HistoryMonth, ...]:
    """Give the list cost of every month up to `as_of`, in whole cents, without gaps.

    A month is complete when usage starts on or before its first day and `as_of` is its last
    day or later.
    """
    seen = rated[rated["day"] <= pd.Timestamp(as_of)]
    if seen.empty:
        return ()
    first = seen["day"].min().date()
    month = seen["day"].dt.to_period("M").dt.to_timestamp()
    with localcontext(EXACT):
        sums = {m.date(): usd for m, usd in seen["list_usd"].groupby(month).sum().items()}
    months = (
        add_months(month_of(first), i)
        for i in range(months_between(first, seen["day"].max().date()) + 1)
    )
    return tuple(
        HistoryMonth(
            month=m,
            list_usd=to_cents(sums.get(m, Decimal(0))),
            complete=first <= m and as_of >= _last_day(m),
        )
        for m in months
    )


def _last_day(month: date) -> date:
    return date.fromordinal(add_months(month, 1).toordinal() - 1)


def _rates_of_rows(
    daily: pd.DataFrame, card: RateCard, file: str | None
) -> tuple[tuple[Objects, ...], NDArray[np.int64]]:
    """USD per unit of each priced kind by regime, and the regime of every row.

    A regime is a key within days on which no price of its model changes.
    """
    keys = daily.groupby(KEY_COLUMNS, sort=False).ngroup().to_numpy(dtype=np.int64)
    days = daily["day"].to_numpy().astype("datetime64[D]")
    changes = np.unique(np.array(list(_change_days(daily, card)), dtype="datetime64[D]"))
    era = np.searchsorted(changes, days, side="right")
    _, first, regime = np.unique(
        keys * (len(changes) + 1) + era, return_index=True, return_inverse=True
    )
    priced: list[tuple[Decimal | None, ...]] = [()] * len(first)
    for r in np.argsort(first, kind="stable"):
        row = int(first[r])
        key = MixKey(*(str(daily[name].iloc[row]) for name in KEY_COLUMNS))
        priced[r] = _usd_per_unit(card, key, days[row].item(), row + 1, file)
    columns = tuple(_objects([p[k] for p in priced]) for k in range(len(PRICED_KINDS)))
    return columns, regime.reshape(-1)


def _objects(values: list[Decimal | None]) -> Objects:
    array: Objects = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _change_days(daily: pd.DataFrame, card: RateCard) -> Iterator[date]:
    used = daily[["platform", "model"]].drop_duplicates()
    for platform, model in used.itertuples(index=False, name=None):
        for rates in card.dated(platform, model):
            yield rates.effective_from
            if rates.effective_to is not None:
                yield rates.effective_to


def _usd_per_unit(
    card: RateCard, key: MixKey, day: date, row: int, file: str | None
) -> tuple[Decimal | None, ...]:
    try:
        rates: ModelRates = card.in_force(key.platform, key.model, day)
        charged = rates.charged(key)
    except UnknownModelError as fault:
        problem = f"{fault.problem}{_hint(key)}"
        raise UnknownModelError(problem, file=file, row=row, column="model") from None
    per_token = [getattr(charged, kind.value) for kind in TOKEN_KINDS]
    search = rates.web_search_usd_per_1000
    return (
        *(None if rate is None else rate.scaleb(-6) for rate in per_token),
        None if search is None else search.scaleb(-3),
    )


def _hint(key: MixKey) -> str:
    if GOVCLOUD in key.model:
        return "; GovCloud has prices of its own: give them in a price sheet under this id"
    if "anthropic." in key.model and key.platform != "bedrock":
        return "; the id is Amazon Bedrock's: set platform to bedrock"
    return ""


def _not_sold(daily: pd.DataFrame, row: int, count: str, file: str | None) -> UnknownModelError:
    at = daily.iloc[row]
    return UnknownModelError(
        f"{at['model']!r} on {at['platform']!r} has no price for {count} on "
        f"{at['day']:%Y-%m-%d}; add it to a price sheet or mend the usage row",
        file=file,
        row=row + 1,
        column=count,
    )
