"""What is told of every request: one line in the log, and its place in the metrics."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Final

import structlog
from flask import Response, g, request

from api import logs, metrics
from api.store.columns import new_id

if TYPE_CHECKING:
    from flask import Flask

    from api.access import Caller

REQUEST_ID: Final = "X-Request-ID"
"""A proxy may send one; it is answered, and stands in every line that is logged meanwhile."""

_QUIET: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked every few seconds by machines: logged only when something is wrong."""

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)

_log = logs.get_logger("commitment.request")


def register(app: Flask) -> None:
    """Time every request of an application, and tell of it when it is answered."""
    app.before_request(_begin)
    app.after_request(_tell)
    app.teardown_request(_end)


def _begin() -> None:
    g.begun = time.perf_counter()
    given = request.headers.get(REQUEST_ID, "")
    g.request_id = given if _ID.fullmatch(given) else new_id()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _end(_error: BaseException | None) -> None:
    """Let the next request of this thread begin without what was said of this one."""
    structlog.contextvars.clear_contextvars()


def _tell(response: Response) -> Response:
    if "begun" not in g:  # refused before anything began: the host is not ours
        _begin()
    seconds = time.perf_counter() - g.begun
    response.headers[REQUEST_ID] = g.request_id
    try:
        metrics.count(response, seconds)
    except OSError as error:  # what was done is done: a full disk may not make a fault of it
        _log.warning("the request is not in the metrics", error=str(error))
    route = metrics.route_template()
    if route not in _QUIET or response.status_code >= 400:
        caller: Caller | None = g.get("caller")
        _log.info(
            "request",
            method=request.method,
            route=route,
            path=request.path,
            status=response.status_code,
            seconds=round(seconds, 4),
            organisation=caller.organisation if caller else None,
            actor=caller.actor if caller else None,
        )
    return response
