"""A worker as a process: signals, the parent it goes with, and the hourly sweep."""

from __future__ import annotations

import importlib
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from api import logs
from api.jobs.worker import Worker, clock
from api.settings import Settings
from api.store.deletion import sweep
from api.store.opening import Store

log = logging.getLogger("commitment.worker")

SWEEP_SECONDS = 3600.0


def run_worker(settings: Settings, *, beside: int | None = None) -> None:
    """Work until SIGTERM or SIGINT; the job under way is put back.

    Parameters
    ----------
    beside
        Process id of the server that started this worker; the worker ends with it.
    """
    from api.app import open_store

    logs.configure(settings)
    store = open_store(settings)
    store.prepare()
    _load_the_heavy_part()
    worker = Worker(store, lease=timedelta(seconds=settings.lease_seconds))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop.set())
    housekeeping = _Housekeeping(store, settings.retention_days)

    def idle() -> None:
        if beside is not None and os.getppid() != beside:
            worker.stop.set()
        housekeeping.look()

    log.info("ready")
    worker.run(idle=idle)
    store.close()


def _load_the_heavy_part() -> None:
    """Load what every job needs before one waits for it."""
    importlib.import_module("forecast.pipeline.recommend")
    importlib.import_module("forecast.pipeline.reforecast")
    importlib.import_module("forecast.usage.reading")
    importlib.import_module("excel_templates.fill")


@dataclass
class _Housekeeping:
    """Sweeps when an hour has gone by since this process began, or swept last."""

    store: Store
    retention_days: int | None
    since: float = field(default_factory=time.monotonic)

    def look(self) -> None:
        if time.monotonic() - self.since < SWEEP_SECONDS:
            return
        self.since = time.monotonic()
        days = self.retention_days
        swept = sweep(
            self.store, now=clock(), retention=None if days is None else timedelta(days=days)
        )
        log.info("swept: %s", swept)


def start_worker(settings: Settings) -> subprocess.Popen[bytes]:
    """Start a worker process beside this one, with the same settings."""
    command = [sys.executable, "-m", "api.cli", "worker", "--beside", str(os.getpid())]
    return subprocess.Popen(command, env=_environment(settings))  # noqa: S603  every word of it is ours


def _environment(settings: Settings) -> Mapping[str, str]:
    given = {
        "COMMITMENT_DATA_DIR": str(settings.data_dir),
        "COMMITMENT_DATABASE_URL": settings.database_url,
        "COMMITMENT_ARTIFACTS_URL": settings.artifacts_url,
        "COMMITMENT_RETENTION_DAYS": settings.retention_days and str(settings.retention_days),
        "COMMITMENT_LEASE_SECONDS": str(settings.lease_seconds),
        "COMMITMENT_LOG_LEVEL": settings.log_level,
        "COMMITMENT_LOG_FORMAT": settings.log_format,
    }
    return {**os.environ, **{name: value for name, value in given.items() if value}}
