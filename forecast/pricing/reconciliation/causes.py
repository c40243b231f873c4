"""The likely cause of every difference: the explanation that comes to the same dollars.

Each explanation predicts what repriced less billed would be if it were so. A cell is explained
when exactly one kind of explanation predicts its difference; where none does, or two do, it stays
unexplained.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from forecast.pricing.reconciliation.alternatives import alternatives
from forecast.pricing.reconciliation.days import by_days
from forecast.pricing.reconciliation.evidence import (
    Explanation,
    Sides,
    left_out,
    named_on_lines,
    one_sided,
    time_to_live,
)
from forecast.pricing.reconciliation.matching import Matched
from forecast.pricing.reconciliation.statements import Floats, Ints
from forecast.records.rates import RateCard
from forecast.records.reconciliation import Cause

FIT_SHARE: Final = 0.02
"""How far a prediction may be off, of the difference: late requests and day boundaries. Assumed."""
FIT_OF_BILLED: Final = 0.002
"""The same, of the amount: a premium of a tenth is then still met within a fiftieth of itself."""
STRICT_SHARE: Final = 0.0001
"""For totals, and for explanations that come one a workspace or a model: some hundred of them are
tried, and at this width fewer than one difference in twenty is met by chance."""

UNEXPLAINED: Final = Explanation(
    Cause.UNEXPLAINED,
    np.zeros(0),
    "no cause that was tested comes to this amount, or more than one does",
    "compare the month with the vendor's own page for it, model by model",
    rank=9,
)


def explanations(
    sides: Sides,
    matched: Matched,
    block_cell: Ints,
    off: Floats,
    card: RateCard,
    charges: pd.DataFrame,
) -> list[Explanation]:
    """Give everything that could explain a difference of these cells.

    Parameters
    ----------
    block_cell
        Cell of every block; −1 where it is not judged.
    off
        Factor that turns list cost of every usage row into the prices the bill is in, [n, 6].
    charges
        month, charge and USD of credits, taxes and fees on other bills.
    """
    return [
        *_cents(sides.cells),
        *by_days(sides, matched, block_cell),
        *one_sided(sides),
        *named_on_lines(sides, card),
        *time_to_live(sides, card),
        *_as_if(sides, off, card),
        *left_out(sides),
        *_other_charges(sides.cells, charges),
    ]


def _cents(cells: pd.DataFrame) -> Iterator[Explanation]:
    billed, repriced = cells["usd_billed"].to_numpy(), cells["usd_repriced"].to_numpy()

    def times(factor: float) -> Floats:
        near = np.abs(billed - factor * repriced) <= FIT_SHARE * np.abs(billed)
        return np.where(near, (1 - factor) * repriced, 0.0)

    yield Explanation(
        Cause.CENTS,
        times(100.0),
        "the bill is 100 times the usage: its amounts are cents that were read as dollars",
        "read the amounts of the bill as cents",
        rank=0,
    )
    yield Explanation(
        Cause.CENTS,
        times(0.01),
        "the bill is a hundredth of the usage: its amounts are dollars that were read as cents",
        "read the amounts of the bill as dollars",
        rank=0,
    )


def _as_if(sides: Sides, off: Floats, card: RateCard) -> Iterator[Explanation]:
    """Explain by usage that would be priced otherwise: all of it, or one model or workspace."""
    away = np.abs(sides.cells["difference"].to_numpy()) > sides.cells["rounding"].to_numpy()
    touched = ((sides.cell_of >= 0) & away[sides.cell_of]).any(axis=1)
    if not touched.any():
        return
    usage = sides.usage[touched].reset_index(drop=True)
    own, factor = sides.usd[touched], off[touched]
    part = replace(sides, usage=usage, usd=own, cell_of=sides.cell_of[touched])
    with np.errstate(divide="ignore", invalid="ignore"):
        listed = np.where(factor > 0, own / factor, 0.0)
    totals = bool((sides.cells["model"] == "").any())
    for other in alternatives(usage, listed, card):
        change = own - other.usd * factor
        yield Explanation(other.cause, part.by_cell(change), other.said, other.what_to_do, rank=1)
        moves = np.abs(change).sum(axis=1) > 0
        for column in ("model", "workspace") if totals else ("workspace",):
            values = sorted(set(usage.loc[moves, column])) if column in usage.columns else []
            for value in values if len(values) > 1 else []:
                rows = (usage[column] == value).to_numpy()
                yield Explanation(
                    other.cause,
                    part.by_cell(change, rows),
                    f"{other.said} (usage of the {column} {value!r})",
                    other.what_to_do,
                    rank=2,
                    strict=True,
                )


def _other_charges(cells: pd.DataFrame, charges: pd.DataFrame) -> Iterator[Explanation]:
    totals = ((cells["model"] == "") & (cells["token_kind"] == "")).to_numpy()
    kinds = sorted(set(charges["charge"]))
    for kind in [*kinds, *(["all of these"] if len(kinds) > 1 else [])]:
        here = charges if kind == "all of these" else charges[charges["charge"] == kind]
        usd = cells["month"].map(here.groupby("month")["usd"].sum()).fillna(0.0).to_numpy()
        said = "credits, taxes and fees together" if kind == "all of these" else f"{kind} lines"
        yield Explanation(
            Cause.OTHER_CHARGES,
            np.where(totals, -usd, 0.0),
            f"the amount holds the {said} of the other bill",
            "give the amount of the usage alone",
            rank=1,
            strict=True,
        )


def likely(cells: pd.DataFrame, found: Sequence[Explanation]) -> list[Explanation]:
    """Choose the explanation of every cell.

    The lowest rank that fits wins; within it the one that also fits the other cells of the
    platform and model best. Two of different causes that fit equally well explain nothing.
    """
    difference = cells["difference"].to_numpy()
    rounding = cells["rounding"].to_numpy()
    totals = (cells["model"] == "").to_numpy()
    size = np.abs(difference)
    strict = rounding + STRICT_SHARE * size
    loose = rounding + FIT_SHARE * size + FIT_OF_BILLED * np.abs(cells["usd_billed"].to_numpy())
    group = cells.groupby(["platform", "model"], sort=False).ngroup().to_numpy()
    away = size > rounding
    n_away = np.bincount(group, weights=away)
    fits, misses = [], []
    for explanation in found:
        predicted = explanation.difference
        width = np.where(totals | explanation.strict, strict, loose)
        miss = np.abs(difference - predicted)
        fit = away & (miss <= width) & (np.abs(predicted) > width)
        enough = np.bincount(group, weights=fit) * 2 >= n_away
        fits.append(fit & (enough[group] | ~totals))
        misses.append(np.bincount(group, weights=miss)[group])
    return [
        _of_cell(found, [h for h, fit in enumerate(fits) if fit[c]], misses, c)
        for c in range(len(cells))
    ]


def _of_cell(
    found: Sequence[Explanation], fitting: Sequence[int], misses: Sequence[Floats], c: int
) -> Explanation:
    if not fitting:
        return UNEXPLAINED
    rank = min(found[h].rank for h in fitting)
    best = sorted((h for h in fitting if found[h].rank == rank), key=lambda h: misses[h][c])
    first = best[0]
    for other in best[1:]:
        same = misses[other][c] <= misses[first][c] * (1 + 1e-6) + 1e-6
        if same and found[other].cause is not found[first].cause:
            return UNEXPLAINED
    return found[first]
