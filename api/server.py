"""The application under gunicorn."""

from __future__ import annotations

import socket
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from api.app import create_app
from api.settings import Settings
from api.store import Store

THREADS = 4
"""A recommendation takes seconds to half a minute; health checks are answered meanwhile."""

GRACE_SECONDS = 120
"""How long requests under way may take after SIGTERM; a recommendation is done well within."""


# gunicorn ships no types, so its base class is Any.
class Server(BaseApplication):  # type: ignore[misc]
    """One application in several worker processes."""

    def __init__(self, settings: Settings, options: dict[str, Any]) -> None:
        self.settings = settings
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        """Take the options; neither files nor the command line are read."""
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Make the application, once in each worker."""
        return create_app(self.settings)


def run(settings: Settings, *, host: str, port: int, workers: int) -> None:
    """Serve until SIGTERM or SIGINT; requests under way are finished first.

    Raises
    ------
    OSError
        A port that is taken, or a data directory that cannot be written.
    """
    Store(settings.data_dir).check()
    _check_port(host, port)
    Server(
        settings,
        {
            "bind": f"{host}:{port}",
            "workers": workers,
            "worker_class": "gthread",
            "threads": THREADS,
            "timeout": GRACE_SECONDS,
            "graceful_timeout": GRACE_SECONDS,
            "proc_name": "commitment",
            "control_socket_disable": True,
        },
    ).run()


def _check_port(host: str, port: int) -> None:
    """Say at once that a port is taken."""
    with socket.socket(socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise OSError(error.errno, error.strerror, f"{host}:{port}") from None
