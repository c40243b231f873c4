"""What days say about a difference: days on one side only, and days that begin at another hour."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from forecast.pricing.reconciliation.evidence import Explanation, Sides
from forecast.pricing.reconciliation.matching import Matched, float_sums
from forecast.pricing.reconciliation.statements import Floats, Ints
from forecast.records.reconciliation import Cause

MIN_SHIFT_DAYS: Final = 5
"""Judged days below which neighbours cannot show a shift: one parameter needs a few of them."""
SHIFT_LEFT_SHARE: Final = 0.1
"""What a shift may leave of the differences by day and still be called one. Assumed."""
NOTICED_SHARE: Final = 0.001
"""Differences by day below this share of the bill are not looked into."""
_GAP_RANGE: Final = (0.5, 2.0)
"""How a month's difference may compare with the mean of the days that usage lacks: days differ."""


def by_days(sides: Sides, matched: Matched, block_cell: Ints) -> Iterator[Explanation]:
    """Explain by days that one side lacks, and by a shift between neighbouring days."""
    blocks = matched.blocks.assign(cell=block_cell)[block_cell >= 0]
    blocks = blocks.join(matched.buckets[["group", "start", "end"]], on="bucket")
    daily = blocks[(blocks["end"] - blocks["start"]) == pd.Timedelta(days=1)]
    n_cells = len(sides.cells)
    if len(daily):
        yield from _one_sided(daily, n_cells)
        yield from _shift(daily, n_cells)
    longer = blocks[(blocks["end"] - blocks["start"]) > pd.Timedelta(days=1)]
    if len(longer):
        yield from _gaps(longer, sides)


def _one_sided(daily: pd.DataFrame, n_cells: int) -> Iterator[Explanation]:
    totals = daily.groupby("bucket")[["usd_repriced", "usd_billed"]].sum()
    for empty, other, lacks, todo in (
        ("usd_repriced", "usd_billed", "the usage", "add the missing pages or days of the usage"),
        ("usd_billed", "usd_repriced", "the bill", "add the missing pages or days of the bill"),
    ):
        one = totals.index[(totals[empty] == 0) & (totals[other] != 0)]
        if not len(one):
            continue
        here = daily[daily["bucket"].isin(one)]
        difference = float_sums(
            (here["usd_repriced"] - here["usd_billed"]).to_numpy(), here["cell"].to_numpy(), n_cells
        )
        said = f"{lacks} has nothing on {_listed([d.date() for d in here['start'].unique()])}"
        cause = Cause.MISSING_DAYS
        yield Explanation(cause, difference, said, todo, rank=0)


def _listed(found: list[date]) -> str:
    """Write days as spans.

    >>> _listed([date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 9)])
    '2026-03-01 to 2026-03-02, 2026-03-09'
    """
    spans: list[list[date]] = []
    for day in sorted(found):
        if spans and (day - spans[-1][1]).days == 1:
            spans[-1][1] = day
        else:
            spans.append([day, day])
    words = [f"{a}" if a == b else f"{a} to {b}" for a, b in spans]
    more = f" and {len(words) - 4} more spans" if len(words) > 4 else ""
    return ", ".join(words[:4]) + more


def _shift(daily: pd.DataFrame, n_cells: int) -> Iterator[Explanation]:
    """Find the share f of every day that the bill books on the day after or before.

    billed_t = (1 − f)·repriced_t + f·repriced_{t±1}, the same f on every day; what it leaves on the
    inner days has to be small.
    """
    label = ["group", "platform", "model", "token_kind"]
    tables = {
        column: daily.pivot_table(
            index="start", columns=label, values=column, aggfunc="sum", fill_value=0.0
        ).sort_index()
        for column in ("usd_repriced", "usd_billed")
    }
    ours, theirs = (t.to_numpy() for t in tables.values())
    if len(ours) < MIN_SHIFT_DAYS:
        return
    apart = np.abs(theirs - ours)[1:-1].sum()
    if apart <= NOTICED_SHARE * np.abs(theirs).sum():
        return
    found: list[tuple[float, float, int]] = []
    for step in (1, -1):
        moved = np.roll(ours, step, axis=0)[1:-1] - ours[1:-1]
        wanted = theirs[1:-1] - ours[1:-1]
        weight = float((moved**2).sum())
        f = float((moved * wanted).sum()) / weight if weight else 0.0
        left = float(np.abs(wanted - f * moved).sum())
        if 0 < f <= 1.05 and left <= SHIFT_LEFT_SHARE * apart:
            found.append((left, f, step))
    if not found:
        return
    _, f, step = min(found)
    difference = float_sums(
        (daily["usd_repriced"] - daily["usd_billed"]).to_numpy(), daily["cell"].to_numpy(), n_cells
    )
    when = "the day after" if step == 1 else "the day before"
    yield Explanation(
        Cause.DAY_SHIFT,
        difference,
        f"the bill books {100 * min(f, 1.0):.0f} % of every day on {when}: its days begin at "
        "another hour",
        "export both sides in UTC; months differ at their edges only",
        rank=3,
    )


def _gaps(longer: pd.DataFrame, sides: Sides) -> Iterator[Explanation]:
    """Explain by days inside a month on which the usage of the platform is empty."""
    cells = sides.cells
    difference = cells["difference"].to_numpy()
    predicted: Floats = np.zeros(len(cells))
    lacking: list[date] = []
    for (group, start, end), part in longer.groupby(["group", "start", "end"]):
        used = sides.days_used
        seen = set(used.loc[used["platform"] == group, "day"] if group else used["day"])
        inside = pd.date_range(start, end, inclusive="left", unit="s")
        gap = [day for day in inside if day not in seen]
        if not gap or len(gap) == len(inside):
            continue
        lacking += [day.date() for day in gap]
        at = part["cell"].unique()
        mean = cells["usd_repriced"].to_numpy()[at] / (len(inside) - len(gap))
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = difference[at] / (-mean * len(gap))
        likely = (ratio >= _GAP_RANGE[0]) & (ratio <= _GAP_RANGE[1])
        predicted[at[likely]] = difference[at[likely]]
    if predicted.any():
        yield Explanation(
            Cause.MISSING_DAYS,
            predicted,
            f"the usage has nothing on {_listed(lacking)}, about as much as is missing",
            "add the missing pages or days of the usage",
            rank=3,
        )
