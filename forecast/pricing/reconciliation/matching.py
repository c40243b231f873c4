"""Which usage stands behind which line of a bill, at the finest grain that both sides give.

Time. The spans of a bill's lines, [start, end), are merged where they overlap; what is left are
its *buckets*: days in a cost report, a month on an invoice. A bucket is judged when usage is on
file for every day of it.

What was used. A line names a platform, a model and a token kind, or leaves some of them open.
Within a bucket, usage goes to the line that names most of it; a line that leaves something open
stands for the rest. A bill of twelve months' totals therefore compares months, and a web search
line without a model all web searches, beside lines of one model and kind each. Lines and usage
of one such label are a *block*: what is compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from typing import Final

import numpy as np
import pandas as pd

from forecast.pricing.rating import PRICED_KINDS
from forecast.pricing.reconciliation.statements import Floats, Ints, Objects, UsageSide

_ONE_DAY: Final = pd.Timedelta(days=1)
_MOST_NAMED_FIRST: Final = sorted(
    product((1, 0), repeat=3), key=lambda named: (-sum(named), -named[1], -named[2])
)
"""(platform, model, token kind) named or open; among equals the model comes before the kind."""


@dataclass(frozen=True)
class Matched:
    """A bill and the usage behind it.

    Attributes
    ----------
    buckets
        group (platform, or empty for all), start, end, month, judged, why not.
    blocks
        bucket, platform, model, token_kind, repriced (at list), listed, cost, on_list (every line
        gives list), n_lines, rounding (USD that rounding of the lines may move it).
    block_of
        [n, 6] block of every usage row and token kind; −1 where it stands on no bill.
    block_of_line
        Block of every line.
    """

    buckets: pd.DataFrame
    blocks: pd.DataFrame
    block_of: Ints
    block_of_line: Ints


def match(lines: pd.DataFrame, usage: UsageSide) -> Matched:
    """Bring the usage lines of a bill and usage together.

    Parameters
    ----------
    lines
        As `statements.usage_lines` gives them; at least one.
    """
    by_platform = not (lines["platform"] == "").any()
    buckets = _judged(_spans(lines, by_platform=by_platform), usage)
    line_bucket = _bucket_of(buckets, lines["platform"], lines["start"], by_platform=by_platform)
    frame = usage.frame
    usage_bucket = _bucket_of(buckets, frame["platform"], frame["day"], by_platform=by_platform)
    codes = [
        pd.Index(sorted({"", *lines[name], *other}))
        for name, other in (
            ("platform", frame["platform"].unique()),
            ("model", frame["model"].unique()),
            ("token_kind", PRICED_KINDS),
        )
    ]
    line_key = _key(
        codes,
        line_bucket,
        *(c.get_indexer(lines[n]) for c, n in zip(codes, _LABEL, strict=True)),
    )
    on_bill = np.unique(line_key)
    known = [c.get_indexer(frame[n]) for c, n in zip(codes[:2], _LABEL[:2], strict=True)]
    kinds = codes[2].get_indexer(pd.Index(PRICED_KINDS))
    parts = (
        usage_bucket[:, None],
        known[0][:, None],
        known[1][:, None],
        kinds[None, :],
    )
    usage_key = _claims(codes, on_bill, lines, parts)
    keys = np.union1d(on_bill, usage_key[usage_key >= 0])
    block_of = np.where(usage_key >= 0, np.searchsorted(keys, usage_key), -1)
    block_of_line = np.searchsorted(keys, line_key)
    blocks = _blocks(codes, keys, block_of_line, lines, block_of, usage)
    return Matched(buckets, blocks, block_of, block_of_line)


_LABEL: Final = ("platform", "model", "token_kind")


def _spans(lines: pd.DataFrame, *, by_platform: bool) -> pd.DataFrame:
    """Merge the overlapping spans of each platform; days between daily buckets are buckets too."""
    group = lines["platform"] if by_platform else pd.Series("", index=lines.index, dtype="str")
    spans = lines[["start", "end"]].assign(group=group).drop_duplicates()
    spans = spans.sort_values(["group", "start", "end"], ignore_index=True)
    latest = spans.groupby("group")["end"].cummax().shift()
    fresh = (spans["group"] != spans["group"].shift()) | (spans["start"] >= latest)
    merged = spans.assign(bucket=fresh.cumsum()).groupby("bucket", as_index=False)
    found = merged.agg(group=("group", "first"), start=("start", "first"), end=("end", "max"))
    parts = []
    for name, part in found.groupby("group", sort=True):
        if ((part["end"] - part["start"]) == _ONE_DAY).all():
            days = pd.date_range(part["start"].min(), part["start"].max(), freq="D", unit="s")
            part = pd.DataFrame({"group": name, "start": days, "end": days + _ONE_DAY})
        parts.append(part[["group", "start", "end"]])
    return pd.concat(parts, ignore_index=True)


def _judged(buckets: pd.DataFrame, usage: UsageSide) -> pd.DataFrame:
    """Tell which buckets usage covers, and why the others are not judged."""
    days = usage.frame.groupby("platform")["day"].agg(["min", "max"])
    whole = (days["min"].min(), days["max"].max())
    end = pd.Timestamp(usage.last_day) + _ONE_DAY
    why = []
    for group, start, stop in buckets[["group", "start", "end"]].itertuples(index=False):
        if group and group not in days.index:
            why.append(f"no usage of {group} on file")
            continue
        first, last = days.loc[group] if group else whole
        covered_to = min(end, last + _ONE_DAY)
        if stop <= first or start >= covered_to:
            why.append("no usage on file")
        elif start < first or stop > covered_to:
            why.append("usage covers a part of it")
        else:
            why.append("")
    month = buckets["start"].dt.to_period("M").dt.to_timestamp()
    reasons = pd.Series(why, index=buckets.index, dtype="str")
    return buckets.assign(month=month, judged=reasons == "", why=reasons)


def _bucket_of(
    buckets: pd.DataFrame, platform: pd.Series, day: pd.Series, *, by_platform: bool
) -> Ints:
    """Number of the bucket that a day of a platform lies in; −1 for none."""
    found = np.full(len(day), -1, dtype=np.int64)
    days = day.to_numpy()
    for group, part in buckets.groupby("group", sort=False):
        here = (platform == group).to_numpy() if by_platform else np.ones(len(day), dtype=bool)
        at = np.searchsorted(part["start"].to_numpy(), days[here], side="right") - 1
        inside = (at >= 0) & (days[here] < part["end"].to_numpy()[at])
        found[here] = np.where(inside, part.index.to_numpy()[at], -1)
    return found


def _key(codes: list[pd.Index], bucket: Ints, *label: Ints) -> Ints:
    """Write bucket and label as one number; 0 stands for what is left open."""
    key = bucket
    for values, code in zip(codes, label, strict=True):
        key = key * len(values) + code
    return np.where(bucket >= 0, key, -1)


def _claims(
    codes: list[pd.Index], on_bill: Ints, lines: pd.DataFrame, parts: tuple[Ints, ...]
) -> Ints:
    """Give every usage row and kind the key of the line that names most of it.

    What no line of its bucket stands for keeps as much of its names as the bill ever gives.
    """
    bucket, *label = parts
    named = pd.DataFrame({n: lines[n] != "" for n in _LABEL}).drop_duplicates()
    patterns = {tuple(int(v) for v in row) for row in named.itertuples(index=False)}
    finest = tuple(int(v) for v in named.any(axis=0))
    shape = np.broadcast_shapes(*(p.shape for p in parts))
    claimed = np.full(shape, -1, dtype=np.int64)
    for pattern in _MOST_NAMED_FIRST:
        if pattern not in patterns:
            continue
        key = _key(codes, bucket, *(p * keep for p, keep in zip(label, pattern, strict=True)))
        at = np.minimum(np.searchsorted(on_bill, key), len(on_bill) - 1)
        claimed = np.where((claimed < 0) & (key >= 0) & (on_bill[at] == key), key, claimed)
    rest = _key(codes, bucket, *(p * keep for p, keep in zip(label, finest, strict=True)))
    return np.where((claimed < 0) & (rest >= 0), rest, claimed)


def _blocks(
    codes: list[pd.Index],
    keys: Ints,
    block_of_line: Ints,
    lines: pd.DataFrame,
    block_of: Ints,
    usage: UsageSide,
) -> pd.DataFrame:
    n = len(keys)
    rest, columns = keys, {}
    for name, values in reversed(list(zip(_LABEL, codes, strict=True))):
        rest, code = np.divmod(rest, len(values))
        columns[name] = values.to_numpy()[code]
    listed, cost = lines["list_usd"].to_numpy(), lines["cost"].to_numpy()
    no_list = np.array([amount is None for amount in listed], dtype=bool)
    has_list = listed[~no_list]
    here = block_of >= 0
    frame = pd.DataFrame({"bucket": rest, **{name: columns[name] for name in _LABEL}})
    n_lines = np.bincount(block_of_line, minlength=n)
    return frame.astype(dict.fromkeys(_LABEL, "str")).assign(
        repriced=sums(usage.usd[here], block_of[here], n),
        on_list=np.where(
            n_lines > 0, np.bincount(block_of_line[no_list], minlength=n) == 0, not no_list.any()
        ),
        listed=sums(has_list, block_of_line[~no_list], n),
        cost=sums(cost, block_of_line, n),
        n_lines=n_lines,
        half_squares=np.bincount(block_of_line, weights=lines["half_unit"] ** 2, minlength=n),
    )


def sums(values: Objects, at: Ints, n: int) -> Objects:
    """Add exact values up by position."""
    total: Objects = np.full(n, Decimal(0), dtype=object)
    np.add.at(total, at, values)
    return total


def float_sums(values: Floats, at: Ints, n: int) -> Floats:
    """Add float values up by position; negative positions are left out."""
    kept = at >= 0
    return np.bincount(at[kept], weights=values[kept], minlength=n).astype(np.float64)
