"""What the words of a bill say about a difference: tiers, premiums and owners it names.

A line that names a tier (or geography, speed, window) v says how many of its dollars are at v.
Usage of the same cell says how many it holds at v. Where the bill has X dollars at v and the usage
U, and ρ is the price at v over the standard price, that alone makes the usage come to
(X − U)(1/ρ − 1) more than the bill.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from forecast.errors import UnknownModelError
from forecast.pricing.reconciliation.matching import float_sums
from forecast.pricing.reconciliation.statements import Floats, Ints
from forecast.records.rates import RateCard
from forecast.records.reconciliation import Cause
from forecast.records.usage import Geography, MixKey, ServiceTier, Speed, TokenKind

REFERENCE: Final = {
    "service_tier": (ServiceTier.STANDARD.value, Cause.SERVICE_TIER, "service tier"),
    "geography": (Geography.GLOBAL.value, Cause.GEOGRAPHY, "inference geography"),
    "speed": (Speed.STANDARD.value, Cause.FAST_MODE, "speed"),
    "context_window": ("", Cause.LONG_CONTEXT, "context window"),
}


@dataclass(frozen=True)
class Explanation:
    """A cause with what it would make of every cell.

    Attributes
    ----------
    difference
        [C] repriced less billed, USD, if this were so.
    strict
        Fits only to rounding: there are many of its sort, and one fits by chance.
    rank
        Of two that fit, the lower one is believed.
    """

    cause: Cause
    difference: Floats
    said: str
    what_to_do: str
    rank: int
    strict: bool = False


@dataclass(frozen=True)
class Sides:
    """Lines and usage by cell.

    Attributes
    ----------
    cells
        month, platform, model, token_kind, usd_billed, usd_repriced, rounding, difference (USD).
    lines
        Judged lines, with `amount` (float USD, as compared) and `cell`.
    usage
        n rows of usage; days between which no price changes may be added up.
    usd
        [n, 6] float USD at the prices the bill is in.
    cell_of
        [n, 6] cell of every row and kind; −1 where it is not judged.
    days_used
        platform and day of all usage.
    """

    cells: pd.DataFrame
    lines: pd.DataFrame
    usage: pd.DataFrame
    usd: Floats
    cell_of: Ints
    days_used: pd.DataFrame

    def by_cell(self, usd: Floats, rows: np.ndarray | None = None) -> Floats:
        """Add up USD [n, 6] by cell, of some rows only if told so."""
        at = self.cell_of if rows is None else np.where(rows[:, None], self.cell_of, -1)
        return float_sums(usd.ravel(), at.ravel(), len(self.cells))


def at_reference_prices(sides: Sides, card: RateCard, column: str) -> tuple[Floats, Floats] | None:
    """Give what bill and usage would come to more if all of it were at the standard price.

    Only where every line of a cell names its tier (or geography, speed, window); None where
    nothing has a price of its own.
    """
    reference = REFERENCE[column][0]
    n_cells = len(sides.cells)
    named = sides.lines[(sides.lines["model"] != "") & (sides.lines["token_kind"] != "")]
    ratios: dict[tuple[object, ...], float | None] = {}
    more_billed, more_used = np.zeros(n_cells), np.zeros(n_cells)
    for value in sorted((set(named[column]) | set(sides.usage[column])) - {"", reference}):
        on_bill = named[named[column] == value]
        billed = float_sums(on_bill["amount"].to_numpy(), on_bill["cell"].to_numpy(), n_cells)
        used = sides.by_cell(sides.usd, (sides.usage[column] == value).to_numpy())
        for c in np.flatnonzero((billed != 0) | (used != 0)):
            ratio = _ratio(sides.cells.iloc[c], column, value, card, ratios)
            if ratio is not None:
                more_billed[c] += billed[c] * (1 / ratio - 1)
                more_used[c] += used[c] * (1 / ratio - 1)
    if reference:
        silent = named.loc[named[column] == "", "cell"].unique()
        more_billed[silent] = more_used[silent] = 0.0
    unnamed = np.setdiff1d(np.arange(n_cells), named["cell"].unique())
    more_billed[unnamed] = more_used[unnamed] = 0.0
    return (more_billed, more_used) if more_billed.any() or more_used.any() else None


def named_on_lines(sides: Sides, card: RateCard) -> Iterator[Explanation]:
    """Explain by the tiers, geographies, speeds and windows that lines name."""
    for column, (_, cause, words) in REFERENCE.items():
        found = at_reference_prices(sides, card, column)
        if found is None:
            continue
        more_billed, more_used = found
        yield Explanation(
            cause,
            more_billed - more_used,
            f"bill and usage differ in {words}: the lines name another one than the usage",
            f"export usage grouped by {words}",
            rank=1,
        )


def _ratio(
    cell: pd.Series,
    column: str,
    value: str,
    card: RateCard,
    known: dict[tuple[object, ...], float | None],
) -> float | None:
    """Price at a value over the standard price; None where it is not sold or costs the same."""
    at = (cell["platform"], cell["model"], cell["token_kind"], cell["month"], column, value)
    if at not in known:
        known[at] = None
        if cell["token_kind"] in set(TokenKind):
            plain = MixKey(cell["platform"], cell["model"])
            try:
                rates = card.in_force(plain.platform, plain.model, cell["month"].date())
                ours = getattr(rates.charged(plain), cell["token_kind"])
                theirs = getattr(
                    rates.charged(plain._replace(**{column: value})), cell["token_kind"]
                )
            except UnknownModelError:
                ours = theirs = None
            if ours and theirs and ours != theirs:
                known[at] = float(theirs / ours)
    return known[at]


def time_to_live(sides: Sides, card: RateCard) -> Iterator[Explanation]:
    """Explain by cache writes that the two sides keep for another time.

    As many tokens as one kind lacks the other has: the differences are as the two prices.
    """
    cells = sides.cells
    at = {row: c for c, row in enumerate(cells[_CELL].itertuples(index=False, name=None))}
    difference = cells["difference"].to_numpy()
    predicted = np.zeros(len(cells))
    for (month, platform, model, kind), short in at.items():
        long = at.get((month, platform, model, TokenKind.CACHE_WRITE_1H.value))
        if kind != TokenKind.CACHE_WRITE_5M or long is None or not difference[short]:
            continue
        try:
            rates = card.in_force(platform, model, month.date()).standard
        except UnknownModelError:
            continue
        if rates.cache_write_5m and rates.cache_write_1h:
            moved = -difference[short] * float(rates.cache_write_1h / rates.cache_write_5m)
            predicted[long] = moved
            if abs(moved - difference[long]) <= _SAME_TOKENS_SHARE * abs(difference[long]):
                predicted[short] = difference[short]
    if predicted.any():
        yield Explanation(
            Cause.CACHE_WRITE_TTL,
            predicted,
            "cache writes that one side keeps for five minutes (1.25x input) the other keeps for "
            "an hour (2x)",
            "take the usage from an export that splits cache writes by their time to live",
            rank=1,
        )


_CELL: Final = ["month", "platform", "model", "token_kind"]
_SAME_TOKENS_SHARE: Final = 0.02
"""How far the two differences may be from the ratio of their prices. Assumed."""


def one_sided(sides: Sides) -> Iterator[Explanation]:
    """Explain by models, workspaces and keys that one side never names."""
    cells, lines = sides.cells, sides.lines
    billed, repriced = cells["usd_billed"].to_numpy(), cells["usd_repriced"].to_numpy()
    names_model = (cells["model"] != "").to_numpy()
    on_bill, in_usage = set(lines["model"]), set(sides.usage["model"])
    for model in sorted((set(cells["model"]) - {""}) - (on_bill & in_usage)):
        here = (cells["model"] == model).to_numpy()
        if model in on_bill:
            yield Explanation(
                Cause.MISSING_USAGE,
                np.where(here, -billed, 0.0),
                f"no usage of {model} is on file, and it is billed",
                "add the export that holds it, or mend the model's name in the usage",
                rank=0,
            )
        else:
            yield Explanation(
                Cause.MISSING_BILL,
                np.where(here, repriced, 0.0),
                f"the bill has no line of {model}",
                "add the bill that holds it, or mend the model's name in the usage",
                rank=0,
            )
    yield Explanation(
        Cause.MISSING_USAGE,
        np.where((repriced == 0) & names_model, -billed, 0.0),
        "billed, and no usage of the kind is on file in the month",
        "add the usage export that holds it",
        rank=2,
    )
    yield Explanation(
        Cause.MISSING_BILL,
        np.where((billed == 0) & names_model, repriced, 0.0),
        "used, and the bill has no line of it in the month",
        "add the bill that holds it, or ask the vendor",
        rank=2,
    )
    yield from _owners(sides)


def _owners(sides: Sides) -> Iterator[Explanation]:
    for column, words in (("workspace", "workspace"), ("api_key", "API key")):
        if column not in sides.usage.columns:
            continue
        on_bill = set(sides.lines[column]) - {""}
        in_usage = set(sides.usage[column]) - {""}
        if not on_bill & in_usage:
            continue
        for owner in sorted(on_bill - in_usage):
            here = sides.lines[sides.lines[column] == owner]
            amount = float_sums(
                here["amount"].to_numpy(), here["cell"].to_numpy(), len(sides.cells)
            )
            yield Explanation(
                Cause.MISSING_USAGE,
                -amount,
                f"no usage of the {words} {owner!r} is on file, and it is billed",
                f"add the usage export of the {words} {owner!r}",
                rank=0,
            )
        for owner in sorted(in_usage - on_bill):
            rows = (sides.usage[column] == owner).to_numpy()
            yield Explanation(
                Cause.MISSING_BILL,
                sides.by_cell(sides.usd, rows),
                f"the {words} {owner!r} stands on no line of the bill",
                f"add the bill of the {words} {owner!r}",
                rank=0,
            )


_PARTS: Final = (
    ("platform", "the platform"),
    ("model", "the model"),
    ("workspace", "the workspace"),
)


def left_out(sides: Sides) -> Iterator[Explanation]:
    """Explain by one platform, model or workspace, or the priority tier, that is not billed."""
    rows = (sides.usage["service_tier"] == ServiceTier.PRIORITY.value).to_numpy()
    if rows.any():
        yield Explanation(
            Cause.PRIORITY_TIER,
            sides.by_cell(sides.usd, rows),
            "the bill leaves the priority tier out, as the vendor's cost report does",
            "nothing: it is paid under its own commitment; give that bill if it should be checked",
            rank=1,
        )
    for column, words in _PARTS:
        if column not in sides.usage.columns:
            continue
        values = sorted(set(sides.usage[column]))
        for value in values if len(values) > 1 else []:
            rows = (sides.usage[column] == value).to_numpy()
            named = f"{words} {value!r}" if value else f"the default {column} (rows that name none)"
            yield Explanation(
                Cause.MISSING_BILL,
                sides.by_cell(sides.usd, rows),
                f"the difference is the usage of {named}: it is not on this bill",
                f"add the bill that holds {named}",
                rank=2,
                strict=True,
            )
