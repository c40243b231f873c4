"""Metrics in Prometheus' text format, at /metrics.

    commitment_requests_total{method, route, status}      requests answered
    commitment_request_seconds{method, route}             until the answer begins (histogram)
    commitment_jobs{state}                                jobs in the table
    commitment_queue_seconds                              how long the oldest waiting job waits
    commitment_leases_expired                             running jobs whose worker is silent
    commitment_store_bytes{part}                          the database, and what it names of files
    commitment_store_up                                   0 where the store cannot be asked
    commitment_release{version}                           1

A route is its template, so that no identifier becomes a label; nothing tells one organisation from
another. The processes of one `commitment serve` count into shared files, so that whichever answers
tells of all of them. What is in the store is asked when somebody reads the metrics, and is the same
from every machine.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from flask import Flask, Response, current_app, request

from api.access import now
from api.store import measuring
from api.store.errors import StoreError
from api.store.opening import Store
from forecast import __version__

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Histogram
    from prometheus_client.metrics_core import Metric

SHARED: Final = "PROMETHEUS_MULTIPROC_DIR"

BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0)
"""Seconds: a stored answer takes milliseconds, `Prefer: wait` up to a minute."""

UNKNOWN_ROUTE: Final = "unknown"

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})


@dataclass(frozen=True)
class Metrics:
    """What one application counts."""

    registry: CollectorRegistry
    requests: Counter
    seconds: Histogram


@contextmanager
def shared_by_processes() -> Iterator[None]:
    """Let the processes that are started in this block count together.

    The library decides when it is first imported, so nothing here imports it before an application
    is made.
    """
    with tempfile.TemporaryDirectory(prefix="commitment-metrics-") as place:
        os.environ[SHARED] = place
        try:
            yield
        finally:
            del os.environ[SHARED]


def forget_process(pid: int) -> None:
    """Let go of what only a process that ended could tell; its counts stay."""
    from prometheus_client import multiprocess

    # prometheus-client ships no types for it.
    multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]


def register(app: Flask) -> None:
    """Count the requests of an application."""
    from prometheus_client import CollectorRegistry, Counter, Histogram

    registry = CollectorRegistry()
    app.extensions["metrics"] = Metrics(
        registry,
        Counter(
            "commitment_requests",
            "Requests answered.",
            ["method", "route", "status"],
            registry=registry,
        ),
        Histogram(
            "commitment_request_seconds",
            "Until the answer begins.",
            ["method", "route"],
            buckets=BUCKETS,
            registry=registry,
        ),
    )


def count(response: Response, seconds: float) -> None:
    """Count the request that is answered."""
    found: Metrics = current_app.extensions["metrics"]
    method = request.method if request.method in _METHODS else "other"
    route = route_template()
    found.requests.labels(method, route, str(response.status_code)).inc()
    found.seconds.labels(method, route).observe(seconds)


def route_template() -> str:
    """Give the template of the route that the request found."""
    return request.url_rule.rule if request.url_rule is not None else UNKNOWN_ROUTE


def text(store: Store) -> tuple[bytes, str]:
    """Give the metrics, and the media type they are in."""
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    found: Metrics = current_app.extensions["metrics"]
    requests = found.registry
    if os.environ.get(SHARED):
        requests = CollectorRegistry()
        # prometheus-client ships no types for it.
        MultiProcessCollector(requests)  # type: ignore[no-untyped-call]
    stored = CollectorRegistry()
    stored.register(_Stored(store, now()))
    return generate_latest(requests) + generate_latest(stored), CONTENT_TYPE_LATEST


@dataclass(frozen=True)
class _Stored:
    """What the store tells when it is asked."""

    store: Store
    at: datetime

    def collect(self) -> Iterator[Metric]:
        from prometheus_client.core import GaugeMetricFamily

        release = GaugeMetricFamily("commitment_release", "What answers.", labels=["version"])
        release.add_metric([__version__], 1)
        yield release
        try:
            found = measuring.measure(self.store, now=self.at)
        except StoreError:
            yield GaugeMetricFamily("commitment_store_up", "Whether it can be asked.", value=0)
            return
        yield GaugeMetricFamily("commitment_store_up", "Whether it can be asked.", value=1)
        jobs = GaugeMetricFamily("commitment_jobs", "Jobs in the table.", labels=["state"])
        for state, n in found.jobs.items():
            jobs.add_metric([state], n)
        yield jobs
        yield GaugeMetricFamily(
            "commitment_queue_seconds", "How long the oldest job waits.", value=found.queue_seconds
        )
        yield GaugeMetricFamily(
            "commitment_leases_expired",
            "Running jobs whose worker is silent.",
            value=found.leases_expired,
        )
        size = GaugeMetricFamily("commitment_store_bytes", "Bytes that are kept.", labels=["part"])
        size.add_metric(["database"], found.database_bytes)
        size.add_metric(["artifacts"], found.artifact_bytes)
        yield size
