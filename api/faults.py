"""What the store and the queue raise, as problem details."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, current_app, request

from api import problems
from api.jobs.queue import MAX_WAITING, QueueFullError
from api.jobs.reforecasting import EarlierUnderWayError
from api.problems import problem
from api.store.database import disk_fault
from api.store.errors import StoreError, StoreFullError, StoreUnavailableError, UnknownObjectError
from api.store.portfolios import ConditionNeededError, EditConflictError

if TYPE_CHECKING:
    from flask import Flask

AGAIN_SECONDS = "10"


def register(app: Flask) -> None:
    """Answer what the store and the queue raise."""
    app.register_error_handler(UnknownObjectError, _unknown)
    app.register_error_handler(EditConflictError, _conflict)
    app.register_error_handler(ConditionNeededError, _unconditional)
    app.register_error_handler(QueueFullError, _crowded)
    app.register_error_handler(EarlierUnderWayError, _too_early)
    app.register_error_handler(StoreError, _store)
    app.register_error_handler(OSError, _disk)


def _unknown(_error: UnknownObjectError) -> Response:
    return problem(404, "Nothing of yours has this id or name.")


def _conflict(error: EditConflictError) -> Response:
    return problem(412, f"Nothing was changed: {error}. Read it again and decide anew.")


def _unconditional(_error: ConditionNeededError) -> Response:
    return problem(428, "It exists: send If-Match with the ETag of the state that you mean.")


def _crowded(_error: QueueFullError) -> Response:
    detail = f"{MAX_WAITING} jobs of yours wait already; try again when some are done."
    return problem(429, detail, headers=[("Retry-After", AGAIN_SECONDS)])


def _too_early(_error: EarlierUnderWayError) -> Response:
    detail = "A re-forecast of an earlier day is being made, which this one stands on; wait for it."
    return problem(409, detail, headers=[("Retry-After", AGAIN_SECONDS)])


def _store(error: StoreError) -> Response:
    current_app.logger.error("the store failed at %s: %s", request.path, error, exc_info=error)
    again = [("Retry-After", AGAIN_SECONDS)]
    if isinstance(error, StoreFullError):
        detail = "The service has no space left; nothing of this request was kept."
        return problem(507, detail, headers=again)
    if isinstance(error, StoreUnavailableError):
        detail = "The service cannot reach or write its store; nothing of this request was kept."
        return problem(503, detail, headers=again)
    return problems.respond(problems.unexpected_document(request.path))


def _disk(error: OSError) -> Response:
    """Take a full or read-only place for uploads like a store in that state."""
    found = disk_fault(error)
    if isinstance(found, StoreFullError) or isinstance(error, PermissionError):
        return _store(found)
    return _store(StoreError(str(error)))
