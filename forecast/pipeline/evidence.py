"""The evidence meter: what the inputs do not tell, in dollars, and which levers rest on it.

Usage is added up before it is priced, so that a row no longer says which export it came from.
What a row itself shows (a missing request count, no workload) is counted exactly. What only the
export knows (it had no column for the tier) is counted on the days it covers: exactly where every
export of the day lacks it, "at most" where another export of the same day can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecast.levers.caching import TTLS
from forecast.levers.turnaround import TURNAROUND, deadline_of
from forecast.pipeline.workload_plans import WorkloadPlan
from forecast.records.base import Provenance
from forecast.records.caching import HitBasis
from forecast.records.recommendation import EvidenceItem, EvidenceMeter
from forecast.records.usage import TOKEN_COLUMNS, UNASSIGNED
from forecast.records.workloads import Evidence, OwnerState, RoutingLever, Workload
from forecast.units import to_cents
from forecast.usage.reading import SourceReport

Mask = NDArray[np.bool_]
LeverUsd = Mapping[tuple[str, str], Decimal]

_WEAK: Final = (Evidence.ASSUMED, Evidence.PILOTED)


def _swap_evidence(lever: RoutingLever) -> Evidence:
    return lever.evidence if lever.evaluated is None else lever.evaluated.state


@dataclass(frozen=True)
class _Meaning:
    """What follows when an export lacks a column.

    Attributes
    ----------
    assumed
        What is taken instead.
    rests
        Which lever of a workload rests on it; None when none does.
    cost
        The cost column that it concerns; all of the list cost by default.
    """

    item: str
    assumed: str
    improve: str
    rests: Callable[[Workload], str | None] = lambda _: None
    cost: str = "list_usd"


def _prompt_is_stated(workload: Workload) -> str | None:
    stated = workload.caching is not None and workload.caching.prompt_tokens is not None
    return "caching" if stated else None


def _caching(workload: Workload) -> str | None:
    return "caching" if workload.caching is not None else None


def _batch(workload: Workload) -> str | None:
    return "batch" if workload.batch is not None else None


_MEANINGS: Final = {
    "requests": _Meaning(
        "request counts",
        "prompt lengths stated in the inventory stand in for measured ones",
        "add an export with request counts: a request log, a gateway's table, or traces",
        _prompt_is_stated,
    ),
    "cache_write_1h_tokens": _Meaning(
        "lifetime of cache writes",
        "all of them are priced as 5-minute writes; an hour costs 1.6 times as much",
        "use the vendor's usage report, which splits them",
        _caching,
        "list_usd_cache_write_5m",
    ),
    "service_tier": _Meaning(
        "service tier",
        "all of it is priced as standard, and nothing counts as batch already",
        "use an export by service tier",
        _batch,
    ),
    "geography": _Meaning(
        "place of inference",
        "all of it is priced as global; where the region carries a premium it is 10 %",
        "group the usage report by inference geography",
    ),
    "speed": _Meaning(
        "speed",
        "all of it is priced at standard speed",
        "use an export by speed",
    ),
    "web_searches": _Meaning(
        "web searches",
        "none are priced",
        "use the vendor's usage report",
    ),
    "api_key": _Meaning(
        "API key",
        "it is attributed by workspace or tag, or stays unassigned",
        "group the export by API key",
    ),
    "workspace": _Meaning(
        "workspace",
        "it is attributed by key or tag, or stays unassigned",
        "group the export by workspace",
    ),
    "tag": _Meaning(
        "tag",
        "it is attributed by key or workspace, or stays unassigned",
        "group the export by tag",
    ),
    "context_window": _Meaning(
        "price band of the prompt",
        "models with bands are priced as the assumption on their prompts says",
        "use an export by context window",
    ),
    "cache_read_tokens": _Meaning(
        "cache reads",
        "they count as uncached input, which costs more",
        "use an export that tells cache reads apart",
        _caching,
    ),
    "cache_write_5m_tokens": _Meaning(
        "cache writes",
        "they count as uncached input, which costs less",
        "use an export that tells cache writes apart",
        _caching,
    ),
    "prefix": _Meaning(
        "shared prefix of requests",
        "cache hits come from the inventory",
        "log a prefix id with every request",
        _caching,
    ),
}
"""By the column that an export cannot fill. Columns that are not here are named as they are."""


@dataclass(frozen=True)
class InputEvidence:
    """What the meter reads: recorded usage with its list cost, and what its exports could tell.

    Attributes
    ----------
    rated
        Rated daily usage as recorded.
    divided
        The rated part of it that stated shares divided among workloads.
    """

    rated: pd.DataFrame
    divided: pd.DataFrame
    sources: tuple[SourceReport, ...]

    def meter(
        self, plans: Sequence[WorkloadPlan], saving_usd: LeverUsd | None = None
    ) -> EvidenceMeter:
        """Say how much of the spend is understood, the largest gap first.

        Parameters
        ----------
        saving_usd
            Mean list saving over the term by workload and lever, once it is known.
        """
        total = self._usd(np.ones(len(self.rated), dtype=bool))
        workloads = [p.workload for p in plans if p.workload is not None]
        gaps = [
            *self._attribution(),
            *self._division(workloads),
            *self._columns(workloads),
            *self._tokenless(),
            *self._levers(plans),
        ]
        gaps = [_with_saving(gap, saving_usd) for gap in gaps if gap.list_usd]
        gaps.sort(key=lambda gap: (-(gap.list_usd or Decimal(0)), gap.item))
        loose = self._usd((self.rated["workload"] == UNASSIGNED).to_numpy())
        return EvidenceMeter(
            attributed_share=float(1 - loose / total) if total else 0.0,
            items=tuple(
                gap.model_copy(
                    update={"share": min(1.0, float((gap.list_usd or Decimal(0)) / total))}
                )
                for gap in gaps
            ),
            list_usd=to_cents(total),
        )

    def _usd(self, rows: Mask, cost: str = "list_usd") -> Decimal:
        return sum(self.rated.loc[rows, cost], Decimal(0))

    def _attribution(self) -> Iterator[EvidenceItem]:
        loose = (self.rated["workload"] == UNASSIGNED).to_numpy()
        yield EvidenceItem(
            item="workload",
            list_usd=to_cents(self._usd(loose)),
            note="it is the workload 'unassigned': forecast, never optimised",
            improve="give its keys a match rule in the inventory, or a key or tag of their own",
        )

    def _division(self, workloads: Sequence[Workload]) -> Iterator[EvidenceItem]:
        stated = [
            (workload, rule)
            for workload in workloads
            for rule in workload.match
            if rule.share is not None
        ]
        measured = all(rule.share_source is Provenance.MEASURED for _, rule in stated)
        yield EvidenceItem(
            item="split of shared keys",
            list_usd=to_cents(sum(self.divided["list_usd"], Decimal(0))),
            note="; ".join(
                f"{workload.name} {rule.share:.0%} of {rule.described} ({rule.share_source.value})"
                for workload, rule in stated
            )[:2000],
            rests_on_it=tuple(
                f"{workload.name}: {lever}"
                for workload, rule in stated
                if rule.share_source is not Provenance.MEASURED
                for lever in _levers_of(workload)
            ),
            improve="" if measured else "give each workload a key of its own, or count its tokens",
        )

    def _columns(self, workloads: Sequence[Workload]) -> Iterator[EvidenceItem]:
        """What the exports have no column for; a missing request count shows on the row."""
        counted = self.rated["requests"].notna().to_numpy()
        lacking: dict[str, list[SourceReport]] = {}
        for source in self.sources:
            if source.n_rows:
                for column in source.cannot_tell:
                    lacking.setdefault(column, []).append(source)
        if not counted.all():
            lacking.setdefault("requests", [])
        for column, sources in lacking.items():
            meaning = _MEANINGS.get(
                column,
                _Meaning(column.replace("_", " "), "its default is taken", ""),
            )
            if column == "requests":
                rows, mixed = ~counted, np.zeros(len(counted), dtype=bool)
            else:
                rows, mixed = self._covered(sources, column)
            here = set(self.rated.loc[rows, "workload"])
            yield EvidenceItem(
                item=meaning.item,
                list_usd=to_cents(self._usd(rows, meaning.cost)),
                is_at_most=bool(mixed.any()),
                note=meaning.assumed,
                sources=tuple(dict.fromkeys(source.file for source in sources)),
                rests_on_it=tuple(
                    f"{w.name}: {lever}"
                    for w in workloads
                    if w.name in here and (lever := meaning.rests(w)) is not None
                ),
                improve=meaning.improve,
            )

    def _covered(self, sources: Sequence[SourceReport], column: str) -> tuple[Mask, Mask]:
        """Rows of days that an export without the column covers, and those another one tells."""
        able = [s for s in self.sources if s.n_rows and column not in s.cannot_tell]
        rows = self._days_of(sources)
        return rows, rows & self._days_of(able)

    def _days_of(self, sources: Sequence[SourceReport]) -> Mask:
        inside = np.zeros(len(self.rated), dtype=bool)
        for source in sources:
            first, last = pd.Timestamp(source.first_day), pd.Timestamp(source.last_day)
            inside |= self.rated["day"].between(first, last).to_numpy()
        return inside

    def _tokenless(self) -> Iterator[EvidenceItem]:
        tokenless = (self.rated[list(TOKEN_COLUMNS)].sum(axis=1) == 0).to_numpy()
        yield EvidenceItem(
            item="tokens behind web searches",
            list_usd=to_cents(self._usd(tokenless)),
            note="web searches that no tokens go with are not forecast",
            improve="add them by hand",
        )

    def _levers(self, plans: Sequence[WorkloadPlan]) -> Iterator[EvidenceItem]:
        """What no export by day can tell, where a lever that saves rests on it."""
        workloads = [p.workload for p in plans if p.workload is not None and p.choice.active]
        active = {p.name: p.choice.active for p in plans}
        for item, lever, note, improve, assumed in (
            (
                "arrivals within the day",
                "caching",
                "cache hits follow from stated arrivals or a stated share, not from measured gaps",
                "replay a request log: commitment replay-cache --out writes the evidence",
                hits_are_assumed,
            ),
            (
                "arrival of batch results",
                "batch",
                f"the {TURNAROUND.name} is assumed: {TURNAROUND.value}",
                "run a pilot and name its CSV of batch hours in latency.turnaround",
                lambda w: (
                    w.batch is not None
                    and w.latency.measured_turnaround is None
                    and (w.batch.evidence in _WEAK or deadline_of(w.latency) is not None)
                ),
            ),
            (
                "paired evaluation of the lighter model",
                "routing",
                "the share of answers that pass is an opinion or a pilot",
                "evaluate pairs: 872 prove a margin of 3 points (10 % discordance, 80 % power)",
                lambda w: w.routing is not None and _swap_evidence(w.routing) in _WEAK,
            ),
        ):
            names = [
                w.name
                for w in workloads
                if lever in active[w.name]
                and w.owner_state is not OwnerState.DECLINED
                and assumed(w)
            ]
            yield EvidenceItem(
                item=item,
                list_usd=to_cents(self._usd(self.rated["workload"].isin(names).to_numpy())),
                note=note,
                rests_on_it=tuple(f"{name}: {lever}" for name in names),
                improve=improve,
            )


def hits_are_assumed(workload: Workload) -> bool:
    """Tell whether the cache hits of a workload rest on an assumption, in real time or in batch."""
    lever = workload.caching
    if lever is None:
        return False
    in_batch = workload.batch is not None and lever.batch_hit_share is None
    if lever.replay is not None:
        bases = {lever.replay.of(ttl)[0].basis for ttl in TTLS}
        return in_batch or HitBasis.HOURLY_ARRIVALS in bases
    return lever.hit_share is None or in_batch or lever.evidence in _WEAK


def _levers_of(workload: Workload) -> list[str]:
    return [
        lever for lever in ("routing", "batch", "caching") if getattr(workload, lever) is not None
    ]


def _with_saving(gap: EvidenceItem, saving_usd: LeverUsd | None) -> EvidenceItem:
    if saving_usd is None or not gap.rests_on_it:
        return gap
    at_stake = [
        usd for (name, lever), usd in saving_usd.items() if f"{name}: {lever}" in gap.rests_on_it
    ]
    return gap.model_copy(update={"saving_usd": sum(at_stake, Decimal(0))})
