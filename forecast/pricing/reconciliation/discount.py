"""The negotiated discount that bills show, measured and never guessed.

Where lines give both amounts, d = 1 − Σ cost / Σ list, over the lines of output tokens if there
are any: neither cache nor context moves the price of an output token, so that an error in those
cannot pass for a discount.

Where lines give cost only, d = 1 − r if one ratio r = billed / repriced holds over models and
token kinds, and over workspaces or keys where both sides name them; a ratio that does not hold is
a difference, not a discount. A bill of totals needs the same ratio in every month.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecast.pricing.reconciliation.statements import Floats, Objects
from forecast.records.reconciliation import FamilyDiscount, MeasuredDiscount
from forecast.records.usage import TokenKind
from forecast.units import to_cents

CONSTANT_SHARE: Final = 0.005
"""A ratio is one ratio when it is met within half a point: less than any step between discounts
that are offered, more than what rounding to cents or a few late requests move it by. Assumed."""

STRICT_SHARE: Final = 0.001
"""The same where less can disagree: the months of a bill of totals, where a missing key would move
with its own traffic by more; and a family alone, where a premium on a part of its usage moves every
token kind nearly alike. Assumed."""

AGREEING_SHARE: Final = 0.6
"""Billed dollars that must agree on one ratio; the rest is then a difference at that discount.
Above one half, so that no second ratio can have as many."""

MIN_RATIOS: Final = 3
"""Fewer ratios agree by chance: one model's input and output move together."""

MAX_DISCOUNT_SHARE: Final = Decimal("0.45")
"""From one half on, batch priced as standard looks the same, so that it is never taken for a
discount; "about a quarter off" is the most that is told of."""

MIN_DISCOUNT_SHARE: Final = Decimal("0.005")
"""A discount is larger than what a ratio may be off and still be one: noise of one per cent on
every line was taken for discounts of a few thousandths before."""

Family = Callable[[str], str]


@dataclass(frozen=True)
class Discount:
    """What to take off list before a bill is held against usage.

    Attributes
    ----------
    overall
        For what has no family of its own here.
    by_family
        Where a family has its own.
    of_totals
        It rests on months' totals alone, and no contract says so.
    """

    overall: Decimal = Decimal(0)
    by_family: Mapping[str, Decimal] = field(default_factory=dict)
    record: MeasuredDiscount | None = None
    of_totals: bool = False

    def off(self, family: str) -> Decimal:
        """Give the discount of a family."""
        return self.by_family.get(family, self.overall)


def from_list_and_cost(lines: pd.DataFrame, family: Family) -> Discount:
    """Measure the discount on lines that give list and cost.

    Parameters
    ----------
    lines
        `statements.usage_lines`.
    """
    both = lines[[a is not None and a > 0 for a in lines["list_usd"]]]
    both = both[[c is not None for c in both["cost"]]]
    if both.empty:
        return Discount()
    cells = pd.DataFrame(
        {
            "model": both["model"],
            "token_kind": both["token_kind"],
            "repriced": both["list_usd"],
            "billed": both["cost"],
        }
    )
    cells = cells.groupby(["model", "token_kind"], as_index=False).sum()
    cells["family"] = [family(m) for m in cells["model"]]
    low, high = _range(cells)
    same = (
        f"constant over {cells['model'].nunique()} models × {cells['token_kind'].nunique()} kinds"
    )
    return _measured(cells, "list_and_cost", same if high - low <= 2 * CONSTANT_SHARE else None)


def from_constant_ratio(
    cells: pd.DataFrame, family: Family, *, agreed: Decimal | None = None
) -> Discount:
    """Recognise a discount on a bill that gives cost only.

    One ratio over all models and kinds is looked for first, then one in each family. Families that
    have the same one give it to the rest.

    Parameters
    ----------
    cells
        model, token_kind, owner (empty where the bill names none), month, billed, repriced,
        rounding: what is compared, less what is already explained.
    agreed
        The discount of the contract: a bill of totals that shows just that needs no three months.
    """
    cells = cells[(cells["billed"] > 0) & (cells["repriced"] > 0)]
    if cells.empty:
        return Discount()
    sums = ["billed", "repriced", "rounding"]
    if not ((cells["model"] != "") | (cells["token_kind"] != "")).any():
        months = cells.groupby("month", as_index=False)[sums].sum()
        months = months.assign(model="", token_kind="", family="")
        return _of_totals(months, agreed)
    parts = cells.groupby(["model", "token_kind", "owner"], as_index=False)[sums].sum()
    parts["family"] = [family(m) for m in parts["model"]]
    agreeing = _agreeing(parts, CONSTANT_SHARE)
    found = parts.iloc[:0] if agreeing is None else parts[agreeing]
    others = [
        own[same]
        for name, own in parts.drop(found.index).groupby("family")
        if name not in set(found["family"]) and (same := _agreeing(own, STRICT_SHARE)) is not None
    ]
    found = pd.concat([found, *others])
    if found.empty:
        return Discount()
    low, high = _range(found)
    one = high - low <= 2 * CONSTANT_SHARE
    n_models = found.loc[found["model"] != "", "model"].nunique()
    n_kinds = found.loc[found["token_kind"] != "", "token_kind"].nunique()
    over = f"constant over {n_models} models × {n_kinds} kinds"
    measured = _measured(found, "constant_ratio", over if one else None)
    if one and (agreeing is not None or len(set(found["family"])) > 1):
        return replace(measured, by_family={})
    return replace(measured, overall=measured.overall if agreeing is not None else Decimal(0))


def _of_totals(months: pd.DataFrame, agreed: Decimal | None) -> Discount:
    """Recognise one ratio in every month of totals."""
    near = _near(months, STRICT_SHARE)
    known = agreed is not None and abs(_off(months) - agreed) <= Decimal(str(CONSTANT_SHARE))
    enough = known or len(months) >= MIN_RATIOS
    if not (enough and near.all() and _is_discount(_off(months))):
        return Discount()
    over = f"constant over {len(months)} months; the bill names neither models nor kinds"
    return replace(_measured(months, "constant_ratio", over), of_totals=not known)


def _agreeing(cells: pd.DataFrame, within: float) -> NDArray[np.bool_] | None:
    """Tell which cells share the ratio of most dollars; None where there is no such discount."""
    near = _near(cells, within)
    billed = cells["billed"].to_numpy(dtype=np.float64)
    if near.sum() < MIN_RATIOS or billed[near].sum() < AGREEING_SHARE * billed.sum():
        return None
    return near if _is_discount(_off(_output_first(cells[near]))) else None


def _near(cells: pd.DataFrame, within: float) -> NDArray[np.bool_]:
    """Tell the cells whose ratio is the median one of output cells, by dollars."""
    billed = cells["billed"].to_numpy(dtype=np.float64)
    repriced = cells["repriced"].to_numpy(dtype=np.float64)
    first = cells.index.isin(_output_first(cells).index)
    ratio = _weighted_median(billed[first] / repriced[first], repriced[first])
    room = cells["rounding"].to_numpy(dtype=np.float64)
    return np.abs(billed - ratio * repriced) <= within * billed + room


def _is_discount(off: Decimal) -> bool:
    return MIN_DISCOUNT_SHARE <= off <= MAX_DISCOUNT_SHARE


def _output_first(cells: pd.DataFrame) -> pd.DataFrame:
    output = cells[cells["token_kind"] == TokenKind.OUTPUT.value]
    return output if len(output) else cells


def _weighted_median(values: Floats, weights: Floats) -> float:
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(reached, reached[-1] / 2)])


def _measured(
    cells: pd.DataFrame, basis: Literal["list_and_cost", "constant_ratio"], over: str | None
) -> Discount:
    """Put the discount of cells into words; `over` says over what it is constant."""
    families, by_family = [], {}
    for name, part in cells.groupby("family", sort=True):
        by_family[str(name)] = _off(_output_first(part))
        low, high = _range(part)
        families.append(
            FamilyDiscount(
                family=str(name) or "all models",
                discount_share=_share(by_family[str(name)]),
                lowest_share=low,
                highest_share=high,
                list_usd=to_cents(sum(part["repriced"], Decimal(0))),
            )
        )
    on = _output_first(cells)
    overall = _off(on)
    low, high = _range(cells)
    has_output = bool((on["token_kind"] == TokenKind.OUTPUT.value).all())
    source = "list against cost" if basis == "list_and_cost" else "cost against repriced usage"
    spread = over or f"{100 * low:.1f} % to {100 * high:.1f} % over models and kinds"
    record = MeasuredDiscount(
        discount_share=_share(overall),
        lowest_share=low,
        highest_share=high,
        basis=basis,
        measured_on="output" if has_output else "all",
        list_usd=to_cents(sum(on["repriced"], Decimal(0))),
        n_models=cells.loc[cells["model"] != "", "model"].nunique(),
        n_token_kinds=cells.loc[cells["token_kind"] != "", "token_kind"].nunique(),
        families=tuple(families),
        said=f"a discount of {100 * overall:.1f} % ({spread}), measured from {source}"
        + (", output tokens first" if has_output else ""),
    )
    return Discount(overall, by_family, record)


def _off(cells: pd.DataFrame) -> Decimal:
    return 1 - sum(cells["billed"], Decimal(0)) / sum(cells["repriced"], Decimal(0))


def _range(cells: pd.DataFrame) -> tuple[float, float]:
    """Lowest and highest discount of cells that hold a thousandth of the dollars or more."""
    repriced = cells["repriced"].to_numpy(dtype=np.float64)
    shares = 1 - cells["billed"].to_numpy(dtype=np.float64) / repriced
    heavy: Objects = shares[repriced >= 0.001 * repriced.sum()]
    return float(heavy.min()), float(heavy.max())


def _share(value: Decimal) -> float:
    return min(1.0, max(0.0, float(value)))
