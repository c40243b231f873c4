"""One bill held against usage: cells that agree, cells that do not, and why.

A *cell* is the sum of the judged blocks of one month, platform, model and token kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

import numpy as np
import pandas as pd

from forecast.mix import KEY_COLUMNS
from forecast.pricing.rating import COUNT_COLUMNS
from forecast.pricing.reconciliation.causes import explanations, likely
from forecast.pricing.reconciliation.discount import (
    Discount,
    Family,
    from_constant_ratio,
    from_list_and_cost,
)
from forecast.pricing.reconciliation.evidence import (
    REFERENCE,
    Explanation,
    Sides,
    at_reference_prices,
)
from forecast.pricing.reconciliation.matching import Matched, match, sums
from forecast.pricing.reconciliation.statements import (
    OWNERS,
    Floats,
    Ints,
    Objects,
    Statement,
    UsageSide,
    usage_lines,
)
from forecast.records.rates import RateCard
from forecast.records.reconciliation import Cause

LABEL: Final = ["month", "platform", "model", "token_kind"]

ROUNDING_WIDTH: Final = 1.75
"""Half units of the last digit, in root mean square, that rounded lines stay within: three times
the spread 1/√3 of one that is rounded to the nearest."""

NANO_USD: Final = 1e-9
"""Below any amount that is billed, above what a discount with endless digits leaves."""

MOVED_SHARE: Final = 1e-6
"""Below it both sides hold the same share at another price, and are left exact."""

EXACT_SHARE: Final = 0.0001
"""What a cause may leave of a cell that it takes out of the measurement of a discount."""


@dataclass(frozen=True)
class Examined:
    """What one bill comes to.

    Attributes
    ----------
    lines
        Its usage lines, `statements.usage_lines`.
    matched
        With `judged`, `billed` and `expected` (exact USD) on every block.
    cells
        LABEL; billed, expected (exact); usd_billed, usd_repriced, difference, rounding (floats).
    causes
        The likely cause of every cell.
    """

    statement: Statement
    usage: UsageSide
    lines: pd.DataFrame
    matched: Matched
    cells: pd.DataFrame
    causes: Sequence[Explanation]
    discount: Discount

    @property
    def n_judged_lines(self) -> int:
        """Lines in judged blocks."""
        return int(self.matched.blocks.loc[self.matched.blocks["judged"], "n_lines"].sum())


def examine(
    statement: Statement,
    usage: UsageSide,
    card: RateCard,
    charges: pd.DataFrame,
    agreed: Decimal | None = None,
    card_is_list: bool = True,
) -> Examined | None:
    """Hold one bill against usage; None when it has no line that usage goes with.

    Parameters
    ----------
    charges
        Credits, taxes and fees of the other bills.
    agreed
        The discount that the contract gave.
    card_is_list
        Whether usage is priced at list.
    """
    lines = usage_lines(statement)
    if lines.empty:
        return None
    matched = match(lines, usage)
    families = {m: card.facts(m).family if m else "" for m in matched.blocks["model"].unique()}

    def family(model: str) -> str:
        return families.get(model) or (card.facts(model).family if model else "")

    blocks = matched.blocks
    on_list = blocks["on_list"].to_numpy() & card_is_list
    blocks = blocks.assign(
        judged=matched.buckets["judged"].to_numpy()[blocks["bucket"].to_numpy()],
        month=matched.buckets["month"].to_numpy()[blocks["bucket"].to_numpy()],
        on_list=on_list,
        family=[families[m] for m in blocks["model"]],
        billed=np.where(on_list, blocks["listed"], blocks["cost"]),
    )
    discount = from_list_and_cost(lines, family)
    if not card_is_list:
        discount = replace(discount, overall=Decimal(0), by_family={})
    view = _View(lines, matched, blocks, usage, card, charges)
    if discount.record is None and not on_list.all():
        discount = view.constant_ratio(family, agreed)
    blocks = view.priced(discount)
    cells, cell_of_block = _cells(blocks)
    found = view.explained(cells, cell_of_block, discount)
    return Examined(
        statement,
        usage,
        lines,
        replace(matched, blocks=blocks),
        cells,
        likely(cells, found),
        discount,
    )


@dataclass(frozen=True)
class _View:
    """A matched bill before anything is concluded from it."""

    lines: pd.DataFrame
    matched: Matched
    blocks: pd.DataFrame
    usage: UsageSide
    card: RateCard
    charges: pd.DataFrame

    def priced(self, discount: Discount) -> pd.DataFrame:
        """Put repriced usage at the prices the bill is in."""
        factor = self._factor(discount)
        expected: Objects = self.blocks["repriced"].to_numpy(dtype=object) * factor
        return self.blocks.assign(
            expected=expected,
            usd_repriced=expected.astype(np.float64),
            usd_billed=self.blocks["billed"].to_numpy().astype(np.float64),
        )

    def _factor(self, discount: Discount) -> Objects:
        pairs = zip(self.blocks["on_list"], self.blocks["family"], strict=True)
        factors = [Decimal(1) if listed else 1 - discount.off(name) for listed, name in pairs]
        return np.array(factors, dtype=object)

    def constant_ratio(self, family: Family, agreed: Decimal | None) -> Discount:
        """Look for a discount in what no fault comes to exactly at list.

        Days that stand on one side only say nothing about a ratio.
        """
        blocks = self.priced(Discount())
        sides = blocks.groupby("bucket")[["usd_repriced", "usd_billed"]].transform("sum")
        whole = ~blocks["on_list"] & (sides != 0).all(axis=1)
        cells, cell_of_block = _cells(blocks[whole], blocks)
        found = [
            e
            for e in self.explained(cells, cell_of_block, Discount())
            if e.rank <= 1 and not e.strict and e.cause is not Cause.MISSING_DAYS
        ]
        size = np.abs(cells["difference"].to_numpy())
        width = cells["rounding"].to_numpy() + EXACT_SHARE * np.abs(cells["usd_billed"].to_numpy())
        known = np.zeros(len(cells), dtype=bool)
        for explanation in found:
            miss = np.abs(cells["difference"].to_numpy() - explanation.difference)
            known |= (size > width) & (miss <= width)
        cell_of_block = np.where(np.append(known, True)[cell_of_block], -1, cell_of_block)
        owner = self._shared_owner()
        if owner is None:
            left = self._at_reference_prices(cells, cell_of_block)[~known].assign(owner="")
            left = left.rename(columns={"expected": "repriced"})
        else:
            left = self._by_owner(cells, cell_of_block, owner)
        return from_constant_ratio(left, family, agreed=agreed)

    def _shared_owner(self) -> str | None:
        """Give the column of workspaces or keys that both sides name alike; None without one."""
        for column in OWNERS:
            if column in self.usage.frame.columns:
                names = set(self.lines[column])
                if len(names) > 1 and names == set(self.usage.frame[column]):
                    return column
        return None

    def _by_owner(self, cells: pd.DataFrame, cell_of_block: Ints, owner: str) -> pd.DataFrame:
        """Divide cells by workspace or key: a fault of one then moves no ratio of another."""
        names = pd.Index(sorted(set(self.lines[owner])))
        cell_of_line = cell_of_block[self.matched.block_of_line]
        cell_of = np.append(cell_of_block, -1)[self.matched.block_of]
        line_key = cell_of_line * len(names) + names.get_indexer(self.lines[owner])
        key = cell_of * len(names) + names.get_indexer(self.usage.frame[owner])[:, None]
        on_bill, used = cell_of_line >= 0, cell_of >= 0
        keys = np.union1d(line_key[on_bill], key[used])
        cost = self.lines["cost"].to_numpy()[on_bill]
        at = np.searchsorted(keys, line_key[on_bill])
        squares = self.lines["half_unit"].to_numpy()[on_bill] ** 2
        spread = np.bincount(at, weights=squares, minlength=len(keys))
        return (
            cells[LABEL]
            .iloc[keys // len(names)]
            .reset_index(drop=True)
            .assign(
                owner=names.to_numpy()[keys % len(names)],
                billed=sums(cost, at, len(keys)),
                repriced=sums(self.usage.usd[used], np.searchsorted(keys, key[used]), len(keys)),
                rounding=ROUNDING_WIDTH * np.sqrt(spread) + NANO_USD,
            )
        )

    def _at_reference_prices(self, cells: pd.DataFrame, cell_of_block: Ints) -> pd.DataFrame:
        """Put both sides at the standard price where bill and usage name other tiers.

        What one side has at batch and the other at standard then shows one ratio all the same.
        """
        if not (np.abs(cells["difference"]) > cells["rounding"]).any():
            return cells
        sides, _ = self._sides(cells, cell_of_block, Discount())
        for column in REFERENCE:
            found = at_reference_prices(sides, self.card, column)
            if found is None:
                continue
            more_billed, more_used = found
            billed, used = cells["usd_billed"].to_numpy(), cells["usd_repriced"].to_numpy()
            with np.errstate(divide="ignore", invalid="ignore"):
                moved = np.abs(more_billed / billed - more_used / used) > MOVED_SHARE
            cells = cells.assign(
                billed=[
                    b + Decimal(more) if at else b
                    for b, more, at in zip(cells["billed"], more_billed, moved, strict=True)
                ],
                expected=[
                    e + Decimal(more) if at else e
                    for e, more, at in zip(cells["expected"], more_used, moved, strict=True)
                ],
            )
        return cells

    def explained(
        self, cells: pd.DataFrame, cell_of_block: Ints, discount: Discount
    ) -> list[Explanation]:
        """Give everything that could explain a difference; nothing where there is none."""
        if not (np.abs(cells["difference"]) > cells["rounding"]).any():
            return []
        sides, off = self._sides(cells, cell_of_block, discount)
        matched = replace(self.matched, blocks=self.priced(discount))
        return explanations(sides, matched, cell_of_block, off, self.card, self.charges)

    def _sides(
        self, cells: pd.DataFrame, cell_of_block: Ints, discount: Discount
    ) -> tuple[Sides, Floats]:
        block_of = self.matched.block_of
        with_none = np.append(cell_of_block, -1)
        factor = np.append(self._factor(discount).astype(np.float64), 0.0)
        usage, usd, cell_of, off = _by_era(
            self.usage, with_none[block_of], factor[block_of], self.card
        )
        lines = self.lines.assign(
            cell=cell_of_block[self.matched.block_of_line],
            amount=[
                float(listed if on_list else cost)
                for listed, cost, on_list in zip(
                    self.lines["list_usd"],
                    self.lines["cost"],
                    self.blocks["on_list"].to_numpy()[self.matched.block_of_line],
                    strict=True,
                )
            ],
        )
        days_used = self.usage.frame[["platform", "day"]].drop_duplicates()
        return (
            Sides(cells, lines[lines["cell"] >= 0], usage, usd * off, cell_of, days_used),
            off,
        )


def _by_era(
    usage: UsageSide, cell_of: Ints, off: Floats, card: RateCard
) -> tuple[pd.DataFrame, Floats, Ints, Floats]:
    """Add judged usage up over days between which no price changes, within its cells."""
    judged = (cell_of >= 0).any(axis=1)
    frame, cells, factor = usage.frame[judged], cell_of[judged], off[judged]
    usd = usage.usd[judged].astype(np.float64)
    used = set(frame[["platform", "model"]].drop_duplicates().itertuples(index=False, name=None))
    changes = sorted(
        {
            day
            for r in card.rates
            if (r.platform, r.model) in used
            for day in (r.effective_from, r.effective_to)
            if day is not None
        }
    )
    era = np.searchsorted(
        np.array(changes, dtype="datetime64[D]"),
        frame["day"].to_numpy().astype("datetime64[D]"),
        side="right",
    )
    owners = [c for c in frame.columns if c not in ("day", *COUNT_COLUMNS)]
    keys = frame[owners].assign(era=era)
    for k in range(cells.shape[1]):
        keys[f"cell_{k}"] = cells[:, k]
    group = keys.groupby(list(keys.columns), sort=False).ngroup().to_numpy()
    n = int(group.max()) + 1 if len(group) else 0
    first = np.unique(group, return_index=True)[1] if n else np.zeros(0, dtype=np.int64)
    counts = frame[list(COUNT_COLUMNS)].groupby(group, sort=True).sum()
    summed = frame.iloc[first].reset_index(drop=True)
    summed[list(COUNT_COLUMNS)] = counts.to_numpy()
    total = np.zeros((n, usd.shape[1]))
    np.add.at(total, group, usd)
    assert set(KEY_COLUMNS) <= set(owners)
    return summed, total, cells[first], factor[first]


def _cells(blocks: pd.DataFrame, every: pd.DataFrame | None = None) -> tuple[pd.DataFrame, Ints]:
    """Add judged blocks up to cells, and give the cell of every block; −1 for the others.

    `every` is the frame that `blocks` are some rows of.
    """
    whole = blocks if every is None else every
    judged = blocks[blocks["judged"]]
    code = judged.groupby(LABEL, sort=True).ngroup().to_numpy()
    n = int(code.max()) + 1 if len(code) else 0
    cells = judged[LABEL].drop_duplicates().sort_values(LABEL).reset_index(drop=True)
    billed = sums(judged["billed"].to_numpy(), code, n)
    expected = sums(judged["expected"].to_numpy(), code, n)
    squares = np.bincount(code, weights=judged["half_squares"], minlength=n)
    difference: Objects = expected - billed
    cell_of_block = np.full(len(whole), -1, dtype=np.int64)
    cell_of_block[whole.index.get_indexer(judged.index)] = code
    return (
        cells.assign(
            billed=billed,
            expected=expected,
            difference=difference.astype(np.float64),
            rounding=ROUNDING_WIDTH * np.sqrt(squares) + NANO_USD,
            usd_billed=billed.astype(np.float64),
            usd_repriced=expected.astype(np.float64),
        ),
        cell_of_block,
    )
