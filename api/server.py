"""The application under gunicorn, with its workers beside it.

    commitment serve
    ├── server processes        gunicorn starts, watches and replaces them
    └── worker processes        the same loop starts them again when they die

Whoever is killed is replaced. If the first process itself is killed, the others end by themselves,
and what they had accepted is there at the next start.
"""

from __future__ import annotations

import logging
import os
import socket
import struct
import subprocess
import sys
import time
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger

from api import logs, metrics
from api.app import create_app, open_store
from api.jobs.process import start_worker
from api.settings import Settings

THREADS = 16
"""Half of them may wait for recommendations (events.WAITERS), the others answer meanwhile."""

GRACE_SECONDS = 120
"""How long requests under way may take after SIGTERM; the longest waits a minute."""

SILENT_SECONDS = 20
"""After which a connection is closed that keeps a thread waiting for the rest of a request."""

PAUSE_SECONDS = 2.0
"""Before a worker that died is started again, so that one that cannot start does not spin."""


class _Workers:
    """The worker processes beside the server."""

    def __init__(self, settings: Settings, n: int) -> None:
        self.settings = settings
        self.running: list[subprocess.Popen[bytes] | None] = [None] * n
        self.started_at = [-PAUSE_SECONDS] * n

    def watch(self) -> None:
        """Start what is not running."""
        for i, process in enumerate(self.running):
            ended = process is None or process.poll() is not None
            if ended and time.monotonic() - self.started_at[i] >= PAUSE_SECONDS:
                self.running[i] = start_worker(self.settings)
                self.started_at[i] = time.monotonic()

    def stop(self) -> None:
        """Stop them, and wait until the jobs under way are put back."""
        alive = [p for p in self.running if p is not None and p.poll() is None]
        for process in alive:
            process.terminate()
        for process in alive:
            try:
                process.wait(timeout=GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


# gunicorn ships no types, so its classes are Any.
class _Loop(Arbiter):  # type: ignore[misc]
    """gunicorn's loop, which looks after the worker processes too."""

    def __init__(self, app: Server, workers: _Workers) -> None:
        super().__init__(app)
        self.beside = workers

    def manage_workers(self) -> None:
        super().manage_workers()
        self.beside.watch()

    def spawn_worker(self) -> int:
        """Fork a server process, which ends here.

        It would go on through the blocks around this loop, and close in each of them what belongs
        to the first process: the workers beside it and the files that all processes count into.
        """
        first = os.getpid()
        try:
            return int(super().spawn_worker())
        except SystemExit as end:
            if os.getpid() == first:
                raise
            logging.shutdown()
            os._exit(end.code if isinstance(end.code, int) else 0)


class PlainLogger(Logger):  # type: ignore[misc]
    """gunicorn's messages, by way of the root logger; requests are logged by the application."""

    def setup(self, cfg: Any) -> None:
        """Leave the handlers to the root logger."""
        super().setup(cfg)
        self.error_log.handlers[:] = []
        self.error_log.propagate = True


class Server(BaseApplication):  # type: ignore[misc]
    """One application in several server processes."""

    def __init__(self, settings: Settings, options: dict[str, Any]) -> None:
        self.settings = settings
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        """Take the options; neither files nor the command line are read."""
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Make the application, once in each server process."""
        return create_app(self.settings)

    def run(self) -> None:
        """Run until told to stop."""
        workers = _Workers(self.settings, self.settings.job_workers)
        try:
            _Loop(self, workers).run()
        except RuntimeError as error:
            sys.exit(f"commitment: {error}")
        finally:
            workers.stop()


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; requests under way are finished first.

    Raises
    ------
    OSError
        A port that is taken.
    StoreError
        A store that cannot be opened or written.
    """
    logs.configure(settings)
    store = open_store(settings)
    store.check()
    store.close()
    _check_port(settings.host, settings.port)
    with metrics.shared_by_processes():
        Server(
            settings,
            {
                "bind": f"{settings.host}:{settings.port}",
                "workers": settings.workers,
                "worker_class": "gthread",
                "threads": THREADS,
                "timeout": GRACE_SECONDS,
                "graceful_timeout": GRACE_SECONDS,
                "proc_name": "commitment",
                "control_socket_disable": True,
                "logger_class": PlainLogger,
                "when_ready": _close_the_silent,
                "post_worker_init": _tell_when_it_stops,
                "child_exit": lambda _server, worker: metrics.forget_process(worker.pid),
            },
        ).run()


def _close_the_silent(arbiter: Any) -> None:
    """Let a read give up, so that who never finishes a request does not hold a thread for ever.

    gunicorn waits for the first byte without a thread and for all others in one. Connections have
    this from the socket they are accepted on.
    """
    for listener in arbiter.LISTENERS:
        limit = struct.pack("ll", SILENT_SECONDS, 0)
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)


def _tell_when_it_stops(worker: Any) -> None:
    """Let the application know when its process was asked to end, so that streams end too."""
    worker.wsgi.extensions["stopping"] = lambda: not worker.alive


def _check_port(host: str, port: int) -> None:
    """Say at once that a port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise OSError(error.errno, error.strerror, f"{host}:{port}") from None
