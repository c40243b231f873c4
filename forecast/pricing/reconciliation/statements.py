"""The two sides of a reconciliation: lines of a bill, and priced usage.

Both are brought to the words of the rate card, and usage is added up to what decides a price
before anything is priced.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecast.mix import KEY_COLUMNS
from forecast.pricing.model_ids import canonicalise_models
from forecast.pricing.rating import COUNT_COLUMNS, PRICED_KINDS, USD_COLUMNS, rate_usage
from forecast.records.costs import ChargeKind
from forecast.records.rates import RateCard
from forecast.records.reconciliation import SetAside
from forecast.tables import COST_LINES, check, empty

Objects = NDArray[np.object_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

OWNERS: Final = ("workspace", "api_key")
"""Names that both sides may give, and that tell which export is missing."""

CENT_HALF: Final = 0.005


@dataclass(frozen=True)
class Statement:
    """The lines of one set of books.

    Attributes
    ----------
    name
        How the reader knows it.
    files
        Where its lines come from.
    lines
        `tables.COST_LINES`.
    estimated
        Somebody multiplied the amounts out from a price list of their own: shown, never judged.
    """

    name: str
    files: tuple[str, ...]
    lines: pd.DataFrame
    estimated: bool = False

    def joined(self, other: Statement) -> Statement:
        """Give the same books with the lines of more files."""
        lines = pd.concat([self.lines, other.lines], ignore_index=True)
        return replace(self, files=(*self.files, *other.files), lines=lines)


@dataclass(frozen=True)
class UsageSide:
    """Usage added up to what decides a price, with its list cost.

    Attributes
    ----------
    frame
        One row per day, key and owner, with counts; n rows.
    usd
        [n, 6] exact list cost by `PRICED_KINDS`.
    last_day
        The last complete day; days after it are not judged.
    """

    frame: pd.DataFrame
    usd: Objects
    last_day: date

    @property
    def list_usd(self) -> Decimal:
        """List cost of all rows."""
        return sum(self.usd.ravel().tolist(), Decimal(0))


def usage_side(
    usage: pd.DataFrame, card: RateCard, *, owners: Sequence[str], last_day: date
) -> UsageSide:
    """Add usage up, then price it.

    Parameters
    ----------
    usage
        `tables.USAGE_ROWS`, with the model ids of the card.
    owners
        Columns of `OWNERS` to keep apart.
    """
    names = ["day", *KEY_COLUMNS, *owners]
    sums = usage.groupby(names, sort=False, observed=True)[list(COUNT_COLUMNS)].sum().reset_index()
    rated = rate_usage(sums, card)
    usd = rated[list(USD_COLUMNS)].to_numpy(dtype=object)
    return UsageSide(sums, usd.reshape(len(sums), len(PRICED_KINDS)), last_day)


def usage_lines(statement: Statement) -> pd.DataFrame:
    """Give the lines that usage is held against, in the words of the rate card.

    A token kind that is no priced one is taken as not said: the line then stands for what its
    model has no other line for. Beside the columns of `tables.COST_LINES` the frame has `cost`
    (contracted, else billed), and `half_unit`, half a unit of the last digit of the amount.
    """
    lines = check(statement.lines, COST_LINES)
    lines = canonicalise_models(lines[lines["charge"] == ChargeKind.USAGE.value])
    kind = lines["token_kind"].where(lines["token_kind"].isin(PRICED_KINDS), "")
    contracted, billed = lines["contracted_usd"].tolist(), lines["billed_usd"].tolist()
    cost = [b if c is None else c for c, b in zip(contracted, billed, strict=True)]
    shown = [
        c if listed is None else listed
        for listed, c in zip(lines["list_usd"].tolist(), cost, strict=True)
    ]
    return lines.assign(
        token_kind=kind.astype("str"),
        cost=pd.Series(cost, index=lines.index, dtype=object),
        half_unit=np.array([_half_unit(amount) for amount in shown], dtype=np.float64),
    ).reset_index(drop=True)


def set_aside(statements: Sequence[Statement]) -> tuple[SetAside, ...]:
    """List the charges that no usage goes with, kind by kind."""
    found = []
    for charge in ChargeKind:
        if charge is ChargeKind.USAGE:
            continue
        parts = [s.lines[s.lines["charge"] == charge.value] for s in statements]
        amounts = [a for part in parts for a in _cost(part)]
        if amounts:
            found.append(
                SetAside(charge=charge, n_lines=len(amounts), billed_usd=sum(amounts, Decimal(0)))
            )
    return tuple(found)


def other_charges(statements: Sequence[Statement]) -> pd.DataFrame:
    """Give month, charge and USD of the lines that no usage goes with."""
    lines = pd.concat([empty(COST_LINES), *(s.lines for s in statements)], ignore_index=True)
    lines = lines[lines["charge"] != ChargeKind.USAGE.value]
    return pd.DataFrame(
        {
            "month": lines["start"].dt.to_period("M").dt.to_timestamp(),
            "charge": lines["charge"],
            "usd": np.array([float(a) for a in _cost(lines)], dtype=np.float64),
        }
    )


def _cost(lines: pd.DataFrame) -> list[Decimal]:
    """Give what is asked for: billed, else contracted."""
    pairs = zip(lines["billed_usd"].tolist(), lines["contracted_usd"].tolist(), strict=True)
    return [c if b is None else b for b, c in pairs]


def _half_unit(amount: Decimal) -> float:
    """Give half a unit of the last digit, at most half a cent.

    >>> _half_unit(Decimal("0.19")), _half_unit(Decimal("12")), _half_unit(Decimal("1.2378"))
    (0.005, 0.005, 5e-05)
    """
    exponent = amount.as_tuple().exponent
    assert isinstance(exponent, int), amount
    return min(CENT_HALF, 0.5 * 10.0**exponent)
