"""Request traces or arrival histograms in, hit shares, costs and evidence out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from forecast.levers.cache_replay.breakpoints import (
    MAX_BREAKPOINTS,
    place_marks,
    replay_marks,
)
from forecast.levers.cache_replay.economics import (
    InputRates,
    best_by_session,
    input_cost_multiple,
)
from forecast.levers.cache_replay.evidence import nested, predictions, replayed_band
from forecast.levers.cache_replay.gap_model import Predicted
from forecast.levers.cache_replay.intervals import MIN_CLUSTERS
from forecast.levers.cache_replay.prefixes import PrefixTree, prefix_tree, roots
from forecast.levers.cache_replay.replay import (
    LIFETIMES,
    Lifetime,
    Replay,
    replay,
    touch_gaps,
)
from forecast.levers.caching import (
    TTLS,
    Ttl,
    break_even_hit_share,
)
from forecast.pipeline.cache_senders import (
    ReplaySettings,
    input_rates,
    minimum_by_request,
    minimum_prefixes,
    models_of,
    ways_through_batch,
)
from forecast.records.cache_replay import (
    CacheReplayReport,
    LifetimeOutcome,
    MarkingOutcome,
    Placing,
    PredictedHits,
)
from forecast.records.caching import CacheEvidence, HitBand, HitBasis
from forecast.records.rates import RateCard
from forecast.traces import Integers, RequestTrace

Tell = Callable[[str, float], None]

SHORT_TRACE_DAYS: Final = 7.0
"""A trace shorter than a week has seen no weekend; a note says so."""

MAX_COMPARED: Final = 20_000
"""Requests, the first ones, on which ways to mark are compared: a second for each 10,000."""

PLACINGS: Final[Mapping[Placing, tuple[bool, int]]] = {
    "every_block": (True, 0),
    "end": (True, 1),
    "end_and_parts": (True, MAX_BREAKPOINTS),
    "parts": (False, MAX_BREAKPOINTS),
}
"""Ways to mark: whether the end is marked, and breakpoints."""


def replay_trace(
    trace: RequestTrace,
    card: RateCard,
    settings: ReplaySettings,
    *,
    rng: np.random.Generator,
    progress: Tell | None = None,
) -> CacheReplayReport:
    """Replay a trace against the caches on sale and price the result.

    Raises
    ------
    UnknownModelError
        A model without a price in force on the day, with the file and row of its first request.
    """
    tell = progress or _silent
    tell("Finding shared prefixes", 0.1)
    models = models_of(trace, card, settings)
    minimum = minimum_by_request(trace, models, card, settings)
    tree = prefix_tree(trace)
    group = roots(trace, tree)
    tell("Replaying the cache", 0.35)
    gaps = touch_gaps(
        trace, tree, minimum, visible_after_ms=round(1000 * settings.visible_after_seconds)
    )
    rates = input_rates(trace, models, card, settings.day)
    run = _Run(trace, tree, group, gaps, minimum, rates)
    compared = run.first(MAX_COMPARED)
    ways: dict[Placing, Mapping[Lifetime, Replay]] = {}
    for i, placing in enumerate(PLACINGS):
        tell("Comparing breakpoints", 0.4 + 0.1 * i)
        ways[placing] = compared.marked(placing)
    tell("Replaying the marks", 0.8)
    whole = compared is run
    replays = ways[settings.placing] if whole else run.marked(settings.placing)
    tell("Redrawing sessions", 0.85)
    bands = {ttl: replayed_band(replays[ttl], ttl, group, rng=rng) for ttl in TTLS}
    reusable = replays["none"].hit_share
    weaker = predictions(trace, group, reusable)
    n_sessions = int(group.max()) + 1
    evidence = _evidence(trace, bands, weaker, reusable, n_sessions, settings)
    best = None if rates is None else _best(replays, rates)
    by_session = (
        None if rates is None else best_by_session({t: replays[t] for t in TTLS}, rates, group)
    )
    marked_tokens = replays["1h"].read_tokens + replays["1h"].written_tokens
    tell("Done", 1.0)
    return CacheReplayReport(
        n_requests=len(trace),
        n_sessions=n_sessions,
        sessions_named=trace.sessions_named,
        days=trace.days,
        input_tokens=int(trace.input_tokens.sum()),
        models=tuple(sorted({model for _, model in models if model})),
        priced_on=None if rates is None else settings.day,
        minimum_prefixes=minimum_prefixes(models, card, settings),
        placing=settings.placing,
        lifetimes=tuple(
            _outcome(replays[lifetime], bands.get(lifetime) if lifetime != "none" else None, rates)
            for lifetime in LIFETIMES
        ),
        best=best,
        best_by_session_multiple=None if by_session is None else by_session.input_cost_multiple,
        best_by_session_shares=None if by_session is None else by_session.shares,
        markings=_markings(ways, compared.rates),
        predictions=_predicted(bands, weaker, replays),
        batch=ways_through_batch(models, card, settings.day),
        mean_prompt_tokens=float(trace.input_tokens.mean()),
        mean_marked_tokens=float(marked_tokens.mean()),
        evidence=evidence,
        notes=(*trace.notes, *_notes(trace, models, ways, compared, n_sessions)),
    )


@dataclass(frozen=True)
class _Run:
    """What every way of marking replays."""

    trace: RequestTrace
    tree: PrefixTree
    group: Integers
    gaps: Integers
    minimum: Integers
    rates: InputRates | None

    def first(self, n: int) -> _Run:
        """Give the first `n` requests alone; which blocks earlier ones touched stays the same."""
        if n >= len(self.trace):
            return self
        end = int(self.trace.offsets[n])
        return _Run(
            self.trace.first(n),
            PrefixTree(self.tree.node[:end], self.tree.n_nodes),
            self.group[:n],
            self.gaps[:end],
            self.minimum[:n],
            None if self.rates is None else InputRates(self.rates.usd_per_token[:n]),
        )

    def marked(self, placing: Placing) -> dict[Lifetime, Replay]:
        """Replay every lifetime with prompts marked in one way."""
        if placing == "every_block":
            return {
                lifetime: replay(self.trace, self.gaps, self.minimum, lifetime)
                for lifetime in LIFETIMES
            }
        marks_end, n_breakpoints = PLACINGS[placing]
        marks = place_marks(
            self.trace,
            self.tree,
            self.gaps,
            self.group,
            n_breakpoints=n_breakpoints,
            marks_end=marks_end,
        )
        return {
            lifetime: replay_marks(self.trace, self.tree, marks, self.group, self.minimum, lifetime)
            for lifetime in LIFETIMES
        }


def _best(replays: Mapping[Lifetime, Replay], rates: InputRates) -> Lifetime:
    """Give the cheapest of no cache ("none") and both lifetimes."""
    costs = {ttl: input_cost_multiple(replays[ttl], rates) for ttl in TTLS}
    best = min(TTLS, key=lambda ttl: costs[ttl])
    return best if costs[best] < 1 else "none"


def _outcome(found: Replay, band: HitBand | None, rates: InputRates | None) -> LifetimeOutcome:
    paid = rates if found.lifetime != "none" else None
    read = int(found.read_tokens.sum())
    written = int(found.written_tokens.sum())
    write = None if paid is None else paid.write_multiple(found.lifetime)
    reading = None if paid is None else paid.read_multiple()
    return LifetimeOutcome(
        ttl=found.lifetime,
        hit_share_per_block=found.hit_share_per_block,
        hit_share_per_input_token=found.hit_share_per_input_token,
        hit_share_per_marked_token=found.hit_share,
        lower_share=None if band is None else band.lower_share,
        upper_share=None if band is None else band.upper_share,
        read_tokens=read,
        written_tokens=written,
        uncached_tokens=int(found.input_tokens.sum()) - read - written,
        write_multiple=write,
        read_multiple=reading,
        break_even_hit_share=None
        if write is None or reading is None
        else break_even_hit_share(write, reading),
        input_cost_multiple=None if paid is None else input_cost_multiple(found, paid),
    )


def _markings(
    ways: Mapping[Placing, Mapping[Lifetime, Replay]], rates: InputRates | None
) -> tuple[MarkingOutcome, ...]:
    return tuple(
        MarkingOutcome(
            placing=placing,
            n_breakpoints=PLACINGS[placing][1],
            ttl=ttl,
            hit_share_per_input_token=found[ttl].hit_share_per_input_token,
            written_share=found[ttl].marked_share - found[ttl].hit_share_per_input_token,
            input_cost_multiple=None if rates is None else input_cost_multiple(found[ttl], rates),
        )
        for placing, found in ways.items()
        for ttl in TTLS
    )


def _predicted(
    bands: Mapping[Ttl, HitBand | None],
    weaker: Mapping[tuple[Ttl, HitBasis], Predicted],
    replays: Mapping[Lifetime, Replay],
) -> tuple[PredictedHits, ...]:
    found = []
    for ttl in TTLS:
        of = {basis: share for (t, basis), share in weaker.items() if t == ttl}
        found += [
            PredictedHits(
                ttl=ttl,
                basis=band.basis,
                hit_share=band.hit_share,
                lower_share=band.lower_share,
                upper_share=band.upper_share,
                replayed_share=replays[ttl].hit_share,
            )
            for band in nested(ttl, of, bands[ttl])
            if band.basis is not HitBasis.REPLAY
        ]
    return tuple(found)


def _evidence(
    trace: RequestTrace,
    bands: Mapping[Ttl, HitBand | None],
    weaker: Mapping[tuple[Ttl, HitBasis], Predicted],
    reusable: float,
    n_sessions: int,
    settings: ReplaySettings,
) -> CacheEvidence | None:
    if any(band is None for band in bands.values()):
        return None
    found = tuple(
        band
        for ttl in TTLS
        for band in nested(
            ttl, {basis: share for (t, basis), share in weaker.items() if t == ttl}, bands[ttl]
        )
    )
    return CacheEvidence(
        bands=found,
        reusable_share=reusable,
        n_requests=len(trace),
        n_sessions=n_sessions,
        days=round(trace.days, 4),
        source=settings.source,
        measured_on=settings.day,
    )


def _notes(
    trace: RequestTrace,
    models: Sequence[tuple[str, str]],
    ways: Mapping[Placing, Mapping[Lifetime, Replay]],
    compared: _Run,
    n_sessions: int,
) -> list[str]:
    found = []
    if len(set(models)) == 1 and models[0][1]:
        found.append(
            "prime a batch with the 1 hour lifetime: a prefix of 5 minutes is gone where the batch "
            "starts later than that"
        )
    if any(not model for _, model in models):
        found.append(
            "the trace names no model: nothing is priced and any prefix is cached; --model says "
            "which one to take"
        )
    if n_sessions < MIN_CLUSTERS:
        found.append(
            f"{n_sessions} sessions cannot say how sure the shares are: {MIN_CLUSTERS} are the "
            "least, and no evidence is made"
        )
    if trace.days < SHORT_TRACE_DAYS:
        found.append(
            f"the trace spans {24 * trace.days:.1f} hours, less than a week: nights and weekends, "
            "when gaps are longer, may not be in it"
        )
    if len(compared.trace) < len(trace):
        found.append(
            f"ways to mark are compared on the first {len(compared.trace):,} requests; --marks "
            "replays all of them in one way"
        )
    if compared.rates is not None:
        found += _cheaper_marks(ways, compared.rates)
    return found


def _cheaper_marks(
    ways: Mapping[Placing, Mapping[Lifetime, Replay]], rates: InputRates
) -> list[str]:
    """Say when marking only what is shared beats writing every block."""
    whole = min(input_cost_multiple(ways["every_block"][ttl], rates) for ttl in TTLS)
    parts = min(input_cost_multiple(ways["parts"][ttl], rates) for ttl in TTLS)
    if parts >= whole - 0.005:
        return []
    return [
        f"marking only the parts that prompts share costs {parts:.3f} of uncached input against "
        f"{whole:.3f} with every block written: what is never read again is not paid for. The "
        "places are chosen with hindsight, so this is the least it can cost"
    ]


def _silent(_what: str, _done: float) -> None:
    return None
