"""The fragment of workloads.toml that a replay makes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from forecast.errors import EvidenceError, InputError
from forecast.records.workloads import CachingLever

if TYPE_CHECKING:
    from forecast.records.cache_replay import CacheReplayReport


def caching_toml(
    report: CacheReplayReport, *, prefix_tokens: int | None, prompt_tokens: int | None
) -> str:
    """Write `[workloads.caching]` with its replay table, to stand below a `[[workloads]]`.

    Parameters
    ----------
    prefix_tokens, prompt_tokens
        Mean tokens a request; None takes them from the replay.

    Raises
    ------
    EvidenceError
        Too few sessions to say how sure the shares are.
    InputError
        Lengths that neither the trace nor the call gives, or a prefix longer than the prompt.
    """
    evidence = report.evidence
    if evidence is None:
        raise EvidenceError(
            f"{report.n_sessions} sessions cannot say how sure their hit share is, so no evidence "
            'is written; bring at least eight, or state hit_share with evidence = "assumed"'
        )
    marked = report.mean_marked_tokens if prefix_tokens is None else float(prefix_tokens)
    prompt = report.mean_prompt_tokens if prompt_tokens is None else float(prompt_tokens)
    if marked is None:
        raise InputError(
            "is needed beside an arrivals file, which holds no tokens: state the length of the "
            "stable prefix",
            column="--prefix-tokens",
        )
    stable, whole = round(marked), None if prompt is None else round(prompt)
    if stable <= 0:
        raise EvidenceError("no token of the trace is long enough to be cached: nothing is written")
    if whole is not None and stable > whole:
        raise InputError(
            f"{stable} tokens are longer than the mean prompt of {whole}", column="--prefix-tokens"
        )
    lever = CachingLever(stable_prefix_tokens=stable, prompt_tokens=whole, replay=evidence)
    lines = [
        "# Written by commitment replay-cache. Put it below the [[workloads]] it was measured on.",
        "[workloads.caching]",
        "# Mean tokens a request that are marked, and of the whole prompt.",
        f"stable_prefix_tokens = {lever.stable_prefix_tokens}",
        *([] if whole is None else [f"prompt_tokens = {whole}"]),
        "",
        "[workloads.caching.replay]",
        f"source = {json.dumps(evidence.source, ensure_ascii=False)}",
        f"n_requests = {evidence.n_requests}",
        f"n_sessions = {evidence.n_sessions}",
        *([] if evidence.days is None else [f"days = {evidence.days:.4f}"]),
        f"reusable_share = {evidence.reusable_share:.6f}",
        *([] if evidence.measured_on is None else [f"measured_on = {evidence.measured_on}"]),
        "# By lifetime the strongest basis first; its band holds 4 draws of 5.",
        "bands = [",
        *(
            f'  {{ ttl = "{band.ttl}", basis = "{band.basis.value}", '
            f"hit_share = {band.hit_share:.6f}, lower_share = {band.lower_share:.6f}, "
            f"upper_share = {band.upper_share:.6f} }},"
            for band in evidence.bands
        ),
        "]",
        "",
    ]
    return "\n".join(lines)
