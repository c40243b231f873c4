"""A prefix in a batch: uncached, cold, or primed by one request before it is submitted.

The items of a batch that nobody primed are sent before any of them has written the prefix. A
primer writes it in real time, once, for N requests. With b the batch multiple, w the write and r
the read multiple and h the hit share in the batch, the prefix costs, relative to uncached real
time,

    uncached  b        cold  b·(h·r + (1 − h)·w)        primed  w/N + b·(h·r + (1 − h)·w)

so a primer pays from N = w / (b·(1 − (h·r + (1 − h)·w))) requests.
"""

from __future__ import annotations

import math

from forecast.levers.caching import (
    COLD_BATCH_HIT_SHARE,
    PRIMED_BATCH_HIT_SHARE,
    TTLS,
    Ttl,
    break_even_hit_share,
    effective_multiple,
)
from forecast.records.cache_replay import BatchChoice


def batch_choices(
    n_requests: int,
    *,
    write_multiples: dict[Ttl, float],
    read_multiple: float,
    batch_multiple: float,
    primed_hit_share: float = PRIMED_BATCH_HIT_SHARE,
) -> tuple[BatchChoice, ...]:
    """Price the ways to send one prefix with `n_requests` requests of a batch, cheapest first.

    Examples
    --------
    The nightly job on Opus 5.5: cold, the five-minute cache costs a quarter more than none.

    >>> choices = batch_choices(1000, write_multiples={"5m": 1.25, "1h": 2.0}, read_multiple=0.05,
    ...     batch_multiple=0.5)
    >>> [(c.choice, c.ttl, round(c.prefix_cost_multiple, 3)) for c in choices]
    [('primed', '5m', 0.086), ('primed', '1h', 0.124), ('uncached', None, 0.5), \
('cold', '5m', 0.625), ('cold', '1h', 0.707)]
    >>> choices[1].pays_from_requests
    6
    """
    found = [
        BatchChoice(
            choice="uncached",
            ttl=None,
            hit_share=0.0,
            prefix_cost_multiple=batch_multiple,
            break_even_hit_share=None,
            pays_from_requests=None,
        )
    ]
    for ttl in TTLS:
        write = write_multiples[ttl]
        for choice, hits, primer in (
            ("cold", COLD_BATCH_HIT_SHARE[ttl], 0.0),
            ("primed", primed_hit_share, write),
        ):
            cost = effective_multiple(
                hits,
                write_multiple=write,
                read_multiple=read_multiple,
                batch_multiple=batch_multiple,
            )
            found.append(
                BatchChoice(
                    choice="cold" if choice == "cold" else "primed",
                    ttl=ttl,
                    hit_share=hits,
                    prefix_cost_multiple=cost + primer / max(n_requests, 1),
                    break_even_hit_share=break_even_hit_share(write, read_multiple),
                    pays_from_requests=_pays_from(primer, batch_multiple - cost),
                )
            )
    return tuple(sorted(found, key=lambda c: c.prefix_cost_multiple))


def _pays_from(primer: float, saved_by_request: float) -> int | None:
    """Requests whose saving exceeds what the primer costs; None when there is no saving."""
    if saved_by_request <= 0:
        return None
    return max(1, math.floor(primer / saved_by_request) + 1)
