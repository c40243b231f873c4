"""The web service: an application factory, and what holds for every request and answer."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, request
from werkzeug.exceptions import Forbidden

from api import access, faults, metrics, pages, problems, requests_told
from api.routes import (
    administration,
    contracts,
    datasets,
    events,
    health,
    portfolios,
    rate_cards,
    recommendations,
    reference,
    reforecasts,
    sizings,
)
from api.settings import Settings
from api.store.errors import StoreError
from api.store.opening import Store

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""On every answer: results are confidential, and no other site has business with them."""


PARTS = (
    administration,
    contracts,
    datasets,
    events,
    health,
    portfolios,
    rate_cards,
    recommendations,
    reference,
    reforecasts,
    sizings,
)


def create_app(settings: Settings | None = None) -> Flask:
    """Make the application.

    Parameters
    ----------
    settings
        None reads them from the environment.
    """
    found = settings or Settings.from_environment()
    app = Flask("commitment", static_folder=None)
    app.config.update(
        MAX_CONTENT_LENGTH=found.max_body_bytes,
        MAX_JSON_BYTES=min(found.max_json_bytes, found.max_body_bytes),
        TRUSTED_HOSTS=list(found.trusted_hosts),
    )
    app.extensions["settings"] = found
    app.extensions["store"] = open_store(found)
    for part in PARTS:
        app.register_blueprint(part.blueprint)
    metrics.register(app)
    requests_told.register(app)
    problems.register(app)
    faults.register(app)
    access.register(app, found)
    events.register(app)
    app.before_request(_refuse_other_sites)
    app.after_request(_harden)
    pages.register(app)
    app.after_request(_note)
    return app


def open_store(settings: Settings) -> Store:
    """Describe the store that settings name; nothing is opened yet."""
    return Store.at(
        settings.data_dir,
        database_url=settings.database_url,
        artifacts_url=settings.artifacts_url,
    )


def _note(response: Response) -> Response:
    """Write changes, and refusals of them, into the audit log."""
    if request.method not in ("GET", "HEAD", "OPTIONS") and request.endpoint is not None:
        try:
            access.note(request.endpoint, response.status_code)
        except StoreError as error:
            access.log.error(
                "%s %s is not in the audit log: %s", request.method, request.path, error
            )
    return response


def _refuse_other_sites() -> None:
    """Refuse what a page of another site sends through the user's browser."""
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise Forbidden("This service answers its own pages and programs, not other sites.")


def _harden(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response
