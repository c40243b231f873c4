"""Which usage belongs to which workload: the rules of the inventory, applied in file order."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
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
from forecast.usage.cleaning import last_complete_day
from forecast.usage.drafting import draft_portfolio

__all__ = ["Assignment", "RuleHit", "assign_workloads", "draft_portfolio", "last_complete_day"]

_TOLD_BY: Final = ["workload", "api_key", "workspace", "tag", "model"]
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
    unassigned_share_of_tokens
        Tokens that no rule and no name caught, over all tokens; 0 without any tokens.
    not_in_inventory
        Workloads that the source names and the inventory does not know; they are kept.
    """

    daily: pd.DataFrame
    unassigned_share_of_tokens: float
    rule_hits: tuple[RuleHit, ...]
    not_in_inventory: tuple[str, ...]


def assign_workloads(rows: pd.DataFrame, portfolio: Portfolio) -> Assignment:
    """Give every usage row to a workload and add the rows up.

    A row that names a workload of the inventory keeps it. Otherwise the first workload, in file
    order, with a rule that matches takes the row; else the name it came with; else it is
    `unassigned`. Nothing is dropped.

    Parameters
    ----------
    rows
        `tables.USAGE_ROWS`.

    Raises
    ------
    WorkloadError
        A workload without usage that is no planned launch, or a rule that matches no row, unless
        the source itself names the workload; `column` is the path of the rule.

    Examples
    --------
    >>> from forecast.records.workloads import Workload
    >>> from forecast.tables import USAGE_ROWS, conform
    >>> row = {c: [""] for c in USAGE_ROWS.names} | {c: [10] for c in TOKEN_COLUMNS} | {
    ...     "day": ["2026-11-01"], "api_key": ["nightly-7"], "requests": [2], "web_searches": [0]}
    >>> nightly = Workload(name="Nightly", match=(Rule(api_key="nightly*"),))
    >>> usage = conform(pd.DataFrame(row), USAGE_ROWS)
    >>> assign_workloads(usage, Portfolio(workloads=(nightly,))).daily.workload.tolist()
    ['Nightly']
    """
    groups = rows.groupby(_TOLD_BY, sort=False, dropna=False)
    codes = groups.ngroup().to_numpy()
    told = rows[_TOLD_BY].drop_duplicates().astype("object").reset_index(drop=True)
    n_rows = np.bincount(codes, minlength=len(told))

    named = told["workload"].isin([w.name for w in portfolio.workloads]).to_numpy()
    owner = (
        told["workload"].where(told["workload"] != "", UNASSIGNED).to_numpy(dtype=object, copy=True)
    )
    free = ~named
    matches: list[list[Mask]] = []
    takes: list[Mask] = []
    for workload in portfolio.workloads:
        masks = [_matches(rule, told) for rule in workload.match]
        matches.append(masks)
        taken = free & np.logical_or.reduce(masks) if masks else np.zeros(len(told), dtype=bool)
        owner[taken] = workload.name
        free &= ~taken
        takes.append(taken)
    by_source = set(told.loc[named, "workload"])
    _refuse_idle(portfolio, matches, takes, by_source)

    hits = tuple(
        RuleHit(w.name, rule, int(n_rows[mask].sum()), int(n_rows[mask & taken].sum()))
        for w, masks, taken in zip(portfolio.workloads, matches, takes, strict=True)
        for rule, mask in zip(w.match, masks, strict=True)
    )
    assigned = rows.assign(workload=owner[codes])
    daily = check(sum_by_key(assigned, DAILY_USAGE), DAILY_USAGE, key=DAILY_KEY)
    tokens = daily[list(TOKEN_COLUMNS)].sum(axis=1).to_numpy(dtype=np.float64)
    total = float(tokens.sum())
    loose = float(tokens[(daily["workload"] == UNASSIGNED).to_numpy()].sum())
    known = {w.name for w in portfolio.workloads} | {UNASSIGNED}
    return Assignment(
        daily=daily,
        unassigned_share_of_tokens=loose / total if total else 0.0,
        rule_hits=hits,
        not_in_inventory=tuple(sorted(set(owner.tolist()) - known)),
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
    fields = rule.model_dump(exclude_none=True)
    return "{" + ", ".join(f'{name} = "{value}"' for name, value in fields.items()) + "}"
