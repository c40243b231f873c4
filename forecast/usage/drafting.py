"""A first inventory, drafted from the usage itself: names and match rules, no answers.

Every workload of the draft still needs the one question answered; the draft never does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pandas as pd

from forecast.errors import UsageFormatError
from forecast.records.archetypes import ArchetypeProposal
from forecast.records.usage import TOKEN_COLUMNS, UNASSIGNED, ServiceTier
from forecast.records.workloads import Portfolio, Rule, Workload
from forecast.usage.archetypes import guess_archetype as guess_archetype
from forecast.usage.archetypes import propose_archetype
from forecast.usage.work_shape import work_shape

MAX_DRAFTED: Final = 60
"""Workloads that a person can still review; beyond it a coarser attribution is taken."""

HINT_SHARE: Final = 0.15
HINT_RATIO: Final = 5.0
"""Two models or tiers of one key, each with 15 % of its tokens, whose shares of output differ five
times, look like two workloads. Assumed."""

_NAME_LENGTH: Final = 120
_OWNERS: Final = ("api_key", "workspace", "tag")
_OWNER_WORDS: Final = {"api_key": "API key", "workspace": "workspace", "tag": "tag"}
_TOLD_BY: Final = ["workload", *_OWNERS, "model"]

_SHARED_KEYS: Final = (("claude_code_key_*", "Claude Code"),)
"""Keys that the Console makes one a developer: claude_code_key_<person>_<suffix>."""

_OPAQUE_ID: Final = re.compile(r"(?:apikey|wrkspc|user|svac|org|key)_[A-Za-z0-9]{8,}")
_FAMILIES: Final = (
    "fable",
    "mythos",
    "opus",
    "sonnet",
    "haiku",
    "gpt",
    "gemini",
    "llama",
    "mistral",
)


@dataclass(frozen=True)
class _Draft:
    """One workload to be: its name, its rule, and which combinations of `_TOLD_BY` it has."""

    name: str
    rule: Rule | None
    told: pd.DataFrame


def draft_portfolio(
    rows: pd.DataFrame,
    arrivals: pd.DataFrame | None = None,
    *,
    utc_offset_hours: int = 0,
) -> Portfolio:
    """Draft the inventory that the usage tells of.

    Usage that its source already gives to a workload keeps that name. The rest is divided by API
    key, else by workspace, else by tag, else by model family: the first of them that is told and
    has at most `MAX_DRAFTED` values. The rules do not overlap, so their order does not matter.

    Parameters
    ----------
    rows
        `tables.USAGE_ROWS`.
    arrivals
        `tables.ARRIVALS` of the same requests: when they came tells the kind of work.
    utc_offset_hours
        Local time less UTC, to tell night from day.

    Returns
    -------
    Portfolio
        Largest workload first, by tokens. `assign_workloads` leaves nothing unassigned, unless
        every attribution has more than `MAX_DRAFTED` values.

    Raises
    ------
    UsageFormatError
        No rows.
    """
    if rows.empty:
        raise UsageFormatError("there is no usage to draft an inventory from")
    tokens = rows[list(TOKEN_COLUMNS)].sum(axis=1).astype("float64")
    told = (
        rows.assign(
            tokens=tokens,
            batch_tokens=tokens.where(rows["service_tier"] == ServiceTier.BATCH.value, 0.0),
            output_tokens=rows["output_tokens"].astype("float64"),
        )
        .groupby([*_TOLD_BY, "service_tier"], sort=True)[
            ["tokens", "batch_tokens", "output_tokens"]
        ]
        .sum()
        .reset_index()
    )
    total = float(tokens.sum())
    n_days = rows["day"].nunique()
    clock = _Clock(_by_day(rows), arrivals, utc_offset_hours)
    drafts = sorted(_drafts(told), key=lambda d: (-d.told["tokens"].sum(), d.name))
    names = {UNASSIGNED, *(draft.name for draft in drafts if draft.rule is None)}
    workloads = []
    for draft in drafts:
        name = draft.name if draft.rule is None else _unused(draft.name, names)
        names.add(name)
        proposal = clock.proposal(name, draft.told)
        workloads.append(
            Workload(
                name=name,
                description=_describe(draft, total, n_days, proposal),
                archetype=proposal.archetype,
                match=() if draft.rule is None else (draft.rule,),
            )
        )
    return Portfolio(
        workloads=tuple(workloads),
        shared_key_note=_passed_over(told)
        + (
            "One line per key, workspace or tag. Where several workloads share one, give each its "
            "own key or tag and draft again; or let the match rules of each take a share of it "
            "(share = 0.4), with share_source and share_note saying where the share comes from."
        ),
    )


@dataclass(frozen=True)
class _Clock:
    """Usage by day and arrivals of everything, to look one workload up in.

    Attributes
    ----------
    by_day
        Usage by `_TOLD_BY` and day, as `work_shape` takes it.
    """

    by_day: pd.DataFrame
    arrivals: pd.DataFrame | None
    utc_offset_hours: int

    def proposal(self, name: str, told: pd.DataFrame) -> ArchetypeProposal:
        """Propose the kind of the workload that has these combinations of `_TOLD_BY`."""
        ours = told[_TOLD_BY].drop_duplicates()
        n_days = (self.by_day["day"].max() - self.by_day["day"].min()).days + 1
        shape = work_shape(
            self.by_day.merge(ours, on=_TOLD_BY),
            n_days,
            None if self.arrivals is None else self.arrivals.merge(ours, on=_TOLD_BY),
            utc_offset_hours=self.utc_offset_hours,
        )
        return propose_archetype(name, shape)


def _by_day(rows: pd.DataFrame) -> pd.DataFrame:
    prompt = [column for column in TOKEN_COLUMNS if column != "output_tokens"]
    counted = rows.assign(
        prompt_tokens=rows[prompt].sum(axis=1).astype("float64"),
        output_tokens=rows["output_tokens"].astype("float64"),
        unknown=rows["requests"].isna(),
    )
    sums = counted.groupby([*_TOLD_BY, "day"], sort=True).agg(
        prompt_tokens=("prompt_tokens", "sum"),
        output_tokens=("output_tokens", "sum"),
        requests=("requests", "sum"),
        unknown=("unknown", "any"),
    )
    found = sums.reset_index()
    found["requests"] = found["requests"].astype("Int64").mask(found["unknown"])
    return found.drop(columns="unknown")


def _drafts(told: pd.DataFrame) -> Iterator[_Draft]:
    by_source = ~told["workload"].isin(["", UNASSIGNED])
    for name, part in told[by_source].groupby("workload"):
        yield _Draft(str(name), None, part)
    rest = told[~by_source]
    empty: dict[str, str] = {}
    remaining = list(_OWNERS)
    while len(rest) and remaining:
        field = _attribution(rest, remaining)
        if field is None:
            break
        remaining.remove(field)
        has = rest[field] != ""
        yield from _by_owner(rest[has], field, empty)
        rest = rest[~has]
        empty[field] = ""
    for family, part in rest.groupby(rest["model"].map(_family)):
        rule = Rule(**{"api_key": "", **empty}, model=_family_pattern(str(family)))
        yield _Draft(f"{family} without a key", rule, part)


def _attribution(rest: pd.DataFrame, fields: list[str]) -> str | None:
    """Choose the first field that tells owners apart and stays readable, else the coarsest."""
    sizes = {f: rest.loc[rest[f] != "", f].map(_pattern).nunique() for f in fields}
    told = [f for f in fields if sizes[f]]
    fine = [f for f in told if sizes[f] <= MAX_DRAFTED]
    return fine[0] if fine else min(told, key=lambda f: sizes[f], default=None)


def _passed_over(told: pd.DataFrame) -> str:
    """Say which attributions would have given more workloads than a person can review."""
    unnamed = told[told["workload"].isin(["", UNASSIGNED])]
    counts = {f: unnamed.loc[unnamed[f] != "", f].map(_pattern).nunique() for f in _OWNERS}
    return "".join(
        f"There are {n} values of {_OWNER_WORDS[field]}, more than the {MAX_DRAFTED} that a draft "
        "lists: it is divided more coarsely, or lists the largest. Add a block for each of the "
        "others that is a workload of its own. "
        for field, n in counts.items()
        if n > MAX_DRAFTED
    )


def _by_owner(part: pd.DataFrame, field: str, empty: dict[str, str]) -> Iterator[_Draft]:
    groups = list(part.groupby(part[field].map(_pattern)))
    groups.sort(key=lambda group: (-group[1]["tokens"].sum(), group[0]))
    for pattern, members in groups[:MAX_DRAFTED]:
        rule = Rule(**{**empty, field: str(pattern)})
        yield _Draft(_readable(members[field].iloc[0], field), rule, members)


def _pattern(value: str) -> str:
    """Give the shell pattern that matches a value, or the family of keys it is one of."""
    for pattern, _ in _SHARED_KEYS:
        if value.startswith(pattern.removesuffix("*")):
            return pattern
    return re.sub(r"([*?\[])", r"[\1]", value)


def _readable(value: str, field: str) -> str:
    """Name a workload after its owner; an opaque id keeps only its last characters.

    >>> _readable("apikey_01Rj2N8SVvo6BePZj99NhmiT", "api_key"), _readable("Closer App", "api_key")
    ('API key …99NhmiT', 'Closer App')
    """
    for pattern, shared in _SHARED_KEYS:
        if value.startswith(pattern.removesuffix("*")):
            return shared
    if _OPAQUE_ID.fullmatch(value):
        return f"{_OWNER_WORDS[field]} …{value[-7:]}"
    return value[:_NAME_LENGTH].strip()


def _family(model: str) -> str:
    return next((f for f in _FAMILIES if f in model.lower()), model)


def _family_pattern(family: str) -> str:
    return f"*{family}*" if family in _FAMILIES else _pattern(family)


def _unused(name: str, names: set[str]) -> str:
    candidate, number = name, 1
    while candidate in names:
        number += 1
        suffix = f" ({number})"
        candidate = name[: _NAME_LENGTH - len(suffix)].strip() + suffix
    return candidate


def _describe(draft: _Draft, total: float, n_days: int, proposal: ArchetypeProposal) -> str:
    tokens = float(draft.told["tokens"].sum())
    share = tokens / total if total else 0.0
    by_model = draft.told.groupby("model")["tokens"].sum()
    batch = float(draft.told["batch_tokens"].sum()) / tokens if tokens else 0.0
    text = (
        f"Drafted from {n_days} days of usage: {share:.1%} of all tokens, mostly "
        f"{by_model.idxmax()}, {batch:.0%} of them in batch."
    )
    text += _shared_hint(draft)
    return text + _proposed(proposal)


def _proposed(proposal: ArchetypeProposal) -> str:
    """Say what a proposed archetype rests on, for the person who has to confirm it."""
    if proposal.archetype is None:
        return ""
    text = f" Archetype proposed, please confirm: {'; '.join(proposal.reasons)}."
    if proposal.runner_up is not None:
        text += f" It could be {proposal.runner_up.value.replace('_', ' ')} too."
    return text


def _shared_hint(draft: _Draft) -> str:
    """Say so when one key carries two kinds of traffic that hardly are one workload."""
    parts = draft.told.groupby(["model", "service_tier"])[["tokens", "output_tokens"]].sum()
    parts = parts[parts["tokens"] >= HINT_SHARE * parts["tokens"].sum()]
    output = (parts["output_tokens"] / parts["tokens"].where(parts["tokens"] > 0)).dropna()
    if len(output) < 2 or output.max() < HINT_RATIO * output.min():
        return ""
    high, low = output.idxmax(), output.idxmin()
    return (
        f" It may be several workloads: {output.max():.0%} of the tokens of {high[0]} ({high[1]}) "
        f"are output, {output.min():.0%} of those of {low[0]} ({low[1]}); if so, divide it by "
        "share in the match rules."
    )
