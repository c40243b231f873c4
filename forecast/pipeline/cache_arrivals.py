"""Hit shares from the arrival histograms that `import --arrivals` keeps of request logs."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

import numpy as np
import pandas as pd

from forecast.errors import EvidenceError, UsageFormatError
from forecast.levers.cache_replay.evidence import nested, with_model_error
from forecast.levers.cache_replay.intervals import cluster_interval
from forecast.levers.caching import TTL_HOURS, TTLS, Ttl
from forecast.pipeline.cache_senders import ReplaySettings
from forecast.records.cache_replay import CacheReplayReport, PredictedHits
from forecast.records.caching import CacheEvidence, HitBand, HitBasis
from forecast.tables import ARRIVALS
from forecast.usage.request_logs.arrivals import GAP_SECONDS, hit_share

NORMAL_P90 = 1.2816
SENDER = ("workload", "api_key", "workspace", "tag", "model")


def replay_arrivals(
    arrivals: pd.DataFrame,
    settings: ReplaySettings,
    *,
    reusable_share: float = 1.0,
    only: Mapping[str, str] | None = None,
    rng: np.random.Generator,
) -> CacheReplayReport:
    """Give the hit shares of a stable prefix from the gaps between its requests.

    The first request of a prefix misses. The band is the error of the gap model, measured on
    sessions, and that of the sample: prefixes are redrawn, or, where there are too few, requests.

    Parameters
    ----------
    arrivals
        Rows of `tables.ARRIVALS`.
    reusable_share
        Share of the prefix that is the same text every time, R.
    only
        Shell wildcards by column of the sender; rows that match all of them count.

    Raises
    ------
    UsageFormatError
        A column that an arrivals table does not have.
    EvidenceError
        No gaps between requests among the rows that count.
    """
    rows = _chosen(arrivals, only or {})
    gaps = rows[rows["measure"] == GAP_SECONDS]
    n_requests = int(gaps["requests"].sum())
    if n_requests == 0:
        raise EvidenceError(
            "the histograms hold no gaps between requests of these senders; import a log with a "
            "prefix column, or loosen --only"
        )
    n_prefixes = int(gaps.loc[gaps["at_least"].isna(), "requests"].sum())
    bands = {ttl: _band(gaps, ttl, reusable_share, n_requests, rng) for ttl in TTLS}
    return CacheReplayReport(
        n_requests=n_requests,
        n_sessions=max(n_prefixes, 1),
        sessions_named=True,
        days=None,
        input_tokens=None,
        models=tuple(sorted({str(model) for model in gaps["model"].unique() if model})),
        priced_on=None,
        minimum_prefixes=(),
        placing="parts",
        lifetimes=(),
        best=None,
        best_by_session_multiple=None,
        best_by_session_shares=None,
        markings=(),
        predictions=tuple(_prediction(band) for band in bands.values()),
        batch=(),
        mean_prompt_tokens=None,
        mean_marked_tokens=None,
        evidence=CacheEvidence(
            bands=tuple(bands.values()),
            reusable_share=reusable_share,
            n_requests=n_requests,
            n_sessions=max(n_prefixes, 1),
            source=settings.source,
            measured_on=settings.day,
        ),
        notes=(
            f"the prefix is taken to be the same text in {100 * reusable_share:.0f} % of its "
            "tokens: --reusable-share says otherwise, a trace with block hashes measures it",
        ),
    )


def _chosen(arrivals: pd.DataFrame, only: Mapping[str, str]) -> pd.DataFrame:
    found = arrivals
    for column, pattern in only.items():
        if column not in SENDER:
            raise UsageFormatError(
                f"is no column of a sender; --only takes {', '.join(SENDER)}", column=column[:80]
            )
        fits = [fnmatchcase(str(value), pattern) for value in found[column]]
        found = found[np.array(fits, dtype=bool)]
    return found


def _band(
    gaps: pd.DataFrame, ttl: Ttl, reusable: float, n_requests: int, rng: np.random.Generator
) -> HitBand:
    seconds = round(3600 * TTL_HOURS[ttl])
    within = hit_share(gaps, seconds)
    key = [c.name for c in ARRIVALS.columns[:7]]
    cluster = gaps.groupby(key, sort=True, dropna=False).ngroup().to_numpy(dtype=np.int64)
    requests = gaps["requests"].to_numpy(dtype=np.float64)
    hits = np.where((gaps["below"] <= seconds).fillna(False).to_numpy(dtype=bool), requests, 0.0)
    interval = cluster_interval(hits, requests, cluster, rng=rng)
    sampling = NORMAL_P90 * float(np.sqrt(within * (1 - within) / n_requests))
    if interval is not None:
        sampling = max(sampling, within - interval[0], interval[1] - within)
    found = {HitBasis.GAP_HISTOGRAM: with_model_error(reusable * within, reusable * sampling)}
    return nested(ttl, found, None)[0]


def _prediction(band: HitBand) -> PredictedHits:
    return PredictedHits(
        ttl=band.ttl,
        basis=band.basis,
        hit_share=band.hit_share,
        lower_share=band.lower_share,
        upper_share=band.upper_share,
        replayed_share=None,
    )
