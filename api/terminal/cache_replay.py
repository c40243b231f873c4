"""A replayed cache as a readable page."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType

from api.terminal.layout import notes, page, percent, plain, quantity, table

if TYPE_CHECKING:
    from forecast.records.cache_replay import CacheReplayReport, LifetimeOutcome

LIFETIMES = {"none": "no expiry", "5m": "5 minutes", "1h": "1 hour"}
PLACINGS = {
    "every_block": "every whole block",
    "end": "end of the prompt",
    "end_and_parts": "end and three shared parts",
    "parts": "four shared parts",
}
BASES = {
    "gap_histogram": "gaps between requests",
    "hourly_arrivals": "requests an hour (assumption)",
}


def cache_replay(report: CacheReplayReport) -> Group:
    """Show hits and costs by lifetime, what is cheapest, and how weaker evidence compares."""
    return page(
        [
            _heading(report),
            _lifetimes(report) if report.lifetimes else None,
            _verdict(report),
            _markings(report) if report.markings else None,
            _predictions(report),
            _batch(report) if report.batch else None,
            _minimum(report) if report.minimum_prefixes else None,
            notes("Notes", report.notes),
        ]
    )


def _heading(report: CacheReplayReport) -> RenderableType:
    parts = [f"{report.n_requests:,} requests"]
    sessions = "sessions" if report.sessions_named else "groups of prompts that begin the same"
    if not report.lifetimes:
        sessions = "prefixes"
    parts.append(f"{report.n_sessions:,} {sessions}")
    if report.input_tokens is not None:
        parts.append(f"{quantity(report.input_tokens)} input tokens")
    if report.days is not None:
        parts.append(duration(report.days))
    if report.models:
        parts.append(", ".join(report.models))
    return plain("; ".join(parts))


def duration(days: float) -> str:
    """Say a length of time in the unit it is read best in.

    >>> duration(0.0409), duration(0.6476), duration(31.2)
    ('59 minutes', '15.5 hours', '31.2 days')
    """
    if days < 1 / 12:
        return f"{1440 * days:.0f} minutes"
    return f"{24 * days:.1f} hours" if days < 2 else f"{days:.1f} days"


def _lifetimes(report: CacheReplayReport) -> RenderableType:
    priced = report.priced_on is not None
    columns = ["lifetime", "read,\nby block", "by input\ntoken", "of marked\ntokens", "80 % band"]
    columns += ["tokens\nread", "written", *(["pays\nabove", "input\ncost"] if priced else [])]
    title = f"Marking {PLACINGS[report.placing]}"
    if priced:
        title += f", at the prices of {report.priced_on}; 1 is the input sent uncached"
    return table(title, columns, [list(_lifetime(found, priced)) for found in report.lifetimes])


def _lifetime(found: LifetimeOutcome, priced: bool) -> Iterator[str]:
    yield LIFETIMES[found.ttl]
    yield percent(found.hit_share_per_block, 2)
    yield percent(found.hit_share_per_input_token, 2)
    yield percent(found.hit_share_per_marked_token, 2)
    yield _band(found.lower_share, found.upper_share)
    yield quantity(found.read_tokens)
    yield quantity(found.written_tokens)
    if priced:
        yield percent(found.break_even_hit_share, 1)
        yield _multiple(found.input_cost_multiple)


def _verdict(report: CacheReplayReport) -> RenderableType | None:
    if report.best is None:
        return None
    costs = {found.ttl: found.input_cost_multiple for found in report.lifetimes}
    if report.best == "none":
        text = "Cheapest: no cache. Both lifetimes cost more than they save."
    else:
        text = (
            f"Cheapest: the lifetime of {LIFETIMES[report.best]}, "
            f"{_multiple(costs[report.best])} of the input cost without a cache."
        )
    by_session = report.best_by_session_shares
    if by_session is not None and report.n_sessions > 1:
        shares = ", ".join(
            f"{'no cache' if name == 'none' else LIFETIMES[name]} for {percent(share)}"
            for name, share in by_session.items()
        )
        text += (
            f" Chosen session by session with hindsight: "
            f"{_multiple(report.best_by_session_multiple)} ({shares})."
        )
    return plain(text)


def _markings(report: CacheReplayReport) -> RenderableType:
    priced = report.priced_on is not None
    columns = ["marked", "breakpoints"]
    for ttl in ("5 min", "1 h"):
        columns += [f"read,\n{ttl}", "written", *(["input\ncost"] if priced else [])]
    rows = []
    for (placing, n), found in groupby(report.markings, key=lambda m: (m.placing, m.n_breakpoints)):
        row = [PLACINGS[placing], str(n) if n else "–"]
        for outcome in found:
            row += [
                percent(outcome.hit_share_per_input_token, 1),
                percent(outcome.written_share, 1),
            ]
            row += [_multiple(outcome.input_cost_multiple)] if priced else []
        rows.append(row)
    return table("Where prompts are marked, by input token", columns, rows)


def _predictions(report: CacheReplayReport) -> RenderableType:
    columns = ["lifetime", "known", "read", "80 % band", "replayed", "apart"]
    rows = []
    for found in report.predictions:
        apart = "–"
        if found.replayed_share is not None:
            apart = f"{100 * (found.hit_share - found.replayed_share):+.1f}"
        rows.append(
            [
                LIFETIMES[found.ttl],
                BASES[found.basis.value],
                percent(found.hit_share, 1),
                _band(found.lower_share, found.upper_share),
                percent(found.replayed_share, 1),
                apart,
            ]
        )
    title = "What the times of requests alone say, of marked tokens"
    return table(title, columns, rows, text_columns=2)


def _batch(report: CacheReplayReport) -> RenderableType:
    columns = ["a prefix in a batch of 1,000", "lifetime", "read", "cost", "pays above", "from"]
    words = {
        "uncached": "not marked",
        "cold": "marked, submitted cold",
        "primed": "primed by one request first",
    }
    rows = [
        [
            words[found.choice],
            "–" if found.ttl is None else LIFETIMES[found.ttl],
            percent(found.hit_share),
            _multiple(found.prefix_cost_multiple),
            percent(found.break_even_hit_share, 1),
            _from(found.pays_from_requests, found.choice),
        ]
        for found in report.batch
    ]
    return table(
        "Batch, against uncached real time (hits in a batch are assumed: 30 to 98 % by the vendor)",
        columns,
        rows,
        text_columns=2,
    )


def _from(n: int | None, choice: str) -> str:
    if choice == "uncached":
        return "–"
    return "never" if n is None else f"{n:,} requests"


def _minimum(report: CacheReplayReport) -> RenderableType:
    rows = [
        [found.model, f"{found.tokens:,}" + ("" if found.known else " (not on file, taken high)")]
        for found in report.minimum_prefixes
    ]
    return table("Shortest prefix that is cached", ["model", "tokens"], rows)


def _band(lower: float | None, upper: float | None) -> str:
    if lower is None or upper is None:
        return "–"
    return f"{100 * lower:.1f} to {100 * upper:.1f} %"


def _multiple(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
