"""Structured logs: one event a line, as JSON, or as text where a person looks on.

    {"event": "request", "request_id": "…", "organisation": "…", "method": "GET",
     "route": "/v1/recommendations/<identifier>", "status": 200, "seconds": 0.004, …}

Everything that logs through Python's own logging, gunicorn and SQLAlchemy included, comes out the
same way. Keys, passwords in URLs and Authorization headers are blotted out of every line, wherever
they stand: nobody means to log them, and a traceback may.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, Final

import structlog

from api.settings import Settings
from api.store.organisations import PREFIX

BLOTTED: Final = "[secret]"

_SECRETS = re.compile(
    rf"{PREFIX}[\w-]{{20,}}"  # a key of an organisation
    r"|(?<=://)[^\s/@:]*:[^\s/@]+(?=@)"  # user and password in a URL
    r"|(?<=Bearer )[^\s\"',}]+|(?<=Basic )[^\s\"',}]+",
    re.ASCII | re.IGNORECASE,
)

Event = MutableMapping[str, Any]


def configure(settings: Settings) -> None:
    """Send everything this process logs to standard error, in the form that is asked for."""
    text = settings.log_format == "text" or (settings.log_format == "auto" and sys.stderr.isatty())
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(text=text))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())


def _shared() -> list[structlog.typing.Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _formatter(*, text: bool) -> logging.Formatter:
    last: list[structlog.typing.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        blot_secrets,
    ]
    last.append(
        structlog.dev.ConsoleRenderer(colors=False)
        if text
        else structlog.processors.JSONRenderer(default=str)
    )
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=_shared(), processors=last)


def blot_secrets(_logger: object, _method: str, event: Event) -> Event:
    """Blot secrets out of every text of an event.

    >>> blot_secrets(None, "", {"event": "GET with Bearer abc", "n": 3})
    {'event': 'GET with Bearer [secret]', 'n': 3}
    """
    for name, value in event.items():
        if not isinstance(value, bool | int | float | None):
            event[name] = _SECRETS.sub(BLOTTED, str(value))
    return event


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Give a logger that takes an event and its fields; it is one of Python's own beneath."""
    found: structlog.stdlib.BoundLogger = structlog.wrap_logger(
        logging.getLogger(name),
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    return found


@contextmanager
def about(**fields: str) -> Iterator[None]:
    """Add fields to whatever this thread logs until the block ends."""
    with structlog.contextvars.bound_contextvars(**fields):
        yield
