"""Which usage belongs to which workload: the rules of the inventory, applied in file order."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecast.errors import WorkloadError
from forecast.records.usage import TOKEN_COLUMNS, UNASSIGNED
from forecast.records.workloads import Portfolio, Rule
from forecast.tables import DAILY_KEY, DAILY_USAGE, check
from forecast.usage.aggregate import sum_by_key
from forecast.usage.cleaning.last_day import last_complete_day
from forecast.usage.drafting import draft_portfolio
from forecast.usage.sharing import BILLION, billionths, divide

__all__ = ["Assignment", "RuleHit", "assign_workloads", "draft_portfolio", "last_complete_day"]

_TOLD_BY: Final = ["workload", "api_key", "workspace", "tag", "model"]
_COUNTS: Final = [*TOKEN_COLUMNS, "web_searches"]
_FIELDS: Final = ("api_key", "workspace", "tag", "model")

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class RuleHit:
    """What one rule caught.

    Attributes
    ----------
    n_rows
        Usage rows that the rule matches.
    n_assigned
        Those of them that went to the workload; an earlier workload or the source's own name may
        have taken the others.
    """

    workload: str
    rule: Rule
    n_rows: int
    n_assigned: int


@dataclass(frozen=True)
class Assignment:
    """Usage by workload.

    Attributes
    ----------
    daily
        `tables.DAILY_USAGE`, unique by `DAILY_KEY` and sorted by it.
    divided
        The part of it that a stated share divided among workloads.
    unassigned_share_of_tokens
        Tokens that no rule and no name caught, over all tokens; 0 without any tokens.
    not_in_inventory
        Workloads that the source names and the inventory does not know; they are kept.
    """

    daily: pd.DataFrame
    divided: pd.DataFrame
    unassigned_share_of_tokens: float
    rule_hits: tuple[RuleHit, ...]
    not_in_inventory: tuple[str, ...]


def assign_workloads(rows: pd.DataFrame, portfolio: Portfolio) -> Assignment:
    """Give every usage row to a workload and add the rows up.

    A row that names a workload of the inventory keeps it. Otherwise the workloads are asked in
    file order: one whose rule matches takes the row, or its `share` of it and leaves the rest to
    those after it. What nobody takes keeps the name it came with, else is `unassigned`. Nothing
    is dropped, and a divided count keeps its sum (`sharing`).

    Parameters
    ----------
    rows
        `tables.USAGE_ROWS`.

    Raises
    ------
    WorkloadError
        A workload without usage that is no planned launch, or a rule that matches no row, unless
        the source itself names the workload; shares of one key beyond 1 in sum. `column` is the
        path of the rule.

    Examples
    --------
    >>> from forecast.records.workloads import Workload
    >>> from forecast.tables import USAGE_ROWS, conform
    >>> row = {c: [""] for c in USAGE_ROWS.names} | {c: [10] for c in TOKEN_COLUMNS} | {
    ...     "day": ["2026-11-01"], "api_key": ["nightly-7"], "requests": [2], "web_searches": [0]}
    >>> nightly = Workload(name="Nightly", match=(Rule(api_key="nightly*", share=0.6),))
    >>> usage = conform(pd.DataFrame(row), USAGE_ROWS)
    >>> assign_workloads(usage, Portfolio(workloads=(nightly,))).daily.output_tokens.tolist()
    [6, 4]
    """
    groups = rows.groupby(_TOLD_BY, sort=False, dropna=False)
    codes = groups.ngroup().to_numpy()
    told = rows[_TOLD_BY].drop_duplicates().astype("object").reset_index(drop=True)
    n_rows = np.bincount(codes, minlength=len(told))

    named = told["workload"].isin([w.name for w in portfolio.workloads]).to_numpy()
    matches = [[_matches(rule, told) for rule in w.match] for w in portfolio.workloads]
    is_shared = ~named & _any_of(
        (
            mask
            for w, masks in zip(portfolio.workloads, matches, strict=True)
            for rule, mask in zip(w.match, masks, strict=True)
            if rule.share is not None
        ),
        len(told),
    )
    shared = {int(i): _owners(int(i), told, portfolio, matches) for i in np.flatnonzero(is_shared)}
    owner = told["workload"].where(told["workload"] != "", UNASSIGNED)
    owner = owner.to_numpy(dtype=object, copy=True)
    free = ~named & ~is_shared
    takes: list[Mask] = []
    for workload, masks in zip(portfolio.workloads, matches, strict=True):
        taken = free & _any_of(masks, len(told))
        owner[taken] = workload.name
        free &= ~taken
        for i, owners in shared.items():
            taken[i] = workload.name in {name for name, _ in owners}
        takes.append(taken)
    _refuse_idle(portfolio, matches, takes, set(told.loc[named, "workload"]))

    hits = tuple(
        RuleHit(w.name, rule, int(n_rows[mask].sum()), int(n_rows[mask & taken].sum()))
        for w, masks, taken in zip(portfolio.workloads, matches, takes, strict=True)
        for rule, mask in zip(w.match, masks, strict=True)
    )
    divided = [_divided(rows[codes == i], owners) for i, owners in shared.items()]
    alone = rows.assign(workload=owner[codes])[~is_shared[codes]]
    daily = sum_by_key(pd.concat([alone, *divided], ignore_index=True), DAILY_USAGE)
    check(daily, DAILY_USAGE, key=DAILY_KEY)
    tokens = daily[list(TOKEN_COLUMNS)].sum(axis=1).to_numpy(dtype=np.float64)
    total = float(tokens.sum())
    loose = float(tokens[(daily["workload"] == UNASSIGNED).to_numpy()].sum())
    known = {w.name for w in portfolio.workloads} | {UNASSIGNED}
    return Assignment(
        daily=daily,
        divided=sum_by_key(pd.concat([rows.iloc[:0], *divided], ignore_index=True), DAILY_USAGE),
        unassigned_share_of_tokens=loose / total if total else 0.0,
        rule_hits=hits,
        not_in_inventory=tuple(sorted(set(daily["workload"]) - known)),
    )


def _any_of(masks: Iterable[Mask], n: int) -> Mask:
    return np.logical_or.reduce([np.zeros(n, dtype=bool), *masks])


def _owners(
    i: int,
    told: pd.DataFrame,
    portfolio: Portfolio,
    matches: Sequence[Sequence[Mask]],
) -> list[tuple[str, int]]:
    """Give who gets combination `i` and how much of it, in billionths."""
    own = str(told["workload"].iloc[i]) or UNASSIGNED
    owners: list[tuple[str, int]] = []
    left = BILLION
    for w, workload in enumerate(portfolio.workloads):
        number = next((r for r, mask in enumerate(matches[w]) if mask[i]), None)
        if number is None or left == 0:
            continue
        share = workload.match[number].share
        part = left if share is None else billionths([share])[0]
        if part > left:
            others = ", ".join(f"{name!r} {taken / BILLION:g}" for name, taken in owners)
            raise WorkloadError(
                f"workload {workload.name!r} takes {share:g} of what the rule "
                f"{_shown(workload.match[number])} matches, but {others} leave only "
                f"{left / BILLION:g} of it; shares of one key sum to 1 at most",
                column=f"workloads[{w}].match[{number}].share",
            )
        owners.append((workload.name, part))
        left -= part
    return [*owners, (own, left)] if left else owners


def _divided(rows: pd.DataFrame, owners: Sequence[tuple[str, int]]) -> pd.DataFrame:
    """Divide rows among several workloads; a request count that is missing stays missing."""
    counts = rows[_COUNTS].to_numpy(dtype=np.int64)
    counted = rows["requests"].notna().to_numpy()
    requests = rows["requests"].fillna(0).to_numpy(dtype=np.int64)
    parts = [part for _, part in owners]
    return pd.concat(
        [
            rows.assign(
                workload=name,
                requests=pd.array(some, dtype="Int64"),
                **dict(zip(_COUNTS, mine.T, strict=True)),
            ).assign(requests=lambda f: f["requests"].where(counted))
            for (name, _), mine, some in zip(
                owners, divide(counts, parts), divide(requests, parts), strict=True
            )
        ],
        ignore_index=True,
    )


def _matches(rule: Rule, told: pd.DataFrame) -> Mask:
    """Tell which combinations have every field of the rule (shell wildcards, case matters)."""
    mask = np.ones(len(told), dtype=bool)
    for field in _FIELDS:
        pattern = getattr(rule, field)
        if pattern is not None:
            match = re.compile(fnmatch.translate(pattern)).match
            mask &= np.array([match(value) is not None for value in told[field]], dtype=bool)
    return mask


def _refuse_idle(
    portfolio: Portfolio,
    matches: Sequence[Sequence[Mask]],
    takes: Sequence[Mask],
    by_source: set[str],
) -> None:
    for index, workload in enumerate(portfolio.workloads):
        if workload.launch is not None or workload.name in by_source:
            continue
        path = f"workloads[{index}]"
        if not workload.match:
            raise WorkloadError(
                f"workload {workload.name!r} has no match rule and no usage names it; add a rule, "
                "or a launch if it is planned",
                column=f"{path}.match",
            )
        for number, (rule, mask) in enumerate(zip(workload.match, matches[index], strict=True)):
            if not mask.any():
                raise WorkloadError(
                    f"workload {workload.name!r}: the rule {_shown(rule)} matches no usage; mend "
                    "it or remove it, or add a launch if the workload is planned",
                    column=f"{path}.match[{number}]",
                )
        if not takes[index].any():
            earlier = [w.name for w, t in zip(portfolio.workloads, takes, strict=True) if t.any()]
            raise WorkloadError(
                f"workload {workload.name!r}: everything its rules match already went to an "
                f"earlier workload ({', '.join(earlier[:5])}) or has a name of its own; the first "
                "rule wins, put the narrower workload first",
                column=f"{path}.match",
            )


def _shown(rule: Rule) -> str:
    fields = rule.model_dump(exclude_none=True, include=set(_FIELDS))
    return "{" + ", ".join(f'{name} = "{value}"' for name, value in fields.items()) + "}"
