"""The web service: an application factory, and what holds for every request and answer."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, request
from werkzeug.exceptions import Forbidden, NotFound

from api import problems
from api.routes import health, recommendations, sizings
from api.settings import Settings
from api.store import Store, UnknownResultError

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""On every answer: results are confidential, and no other site has business with them."""


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
    app.extensions["store"] = Store(found.data_dir)
    for blueprint in (health.blueprint, recommendations.blueprint, sizings.blueprint):
        app.register_blueprint(blueprint)
    problems.register(app)
    app.register_error_handler(UnknownResultError, _unknown)
    app.before_request(_refuse_other_sites)
    app.after_request(_harden)
    return app


def _unknown(_error: UnknownResultError) -> Response:
    detail = "No result has this id; it was never given or its data directory is another."
    return problems.problem(NotFound.code, detail)


def _refuse_other_sites() -> None:
    """Refuse what a page of another site sends through the user's browser."""
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise Forbidden("This service answers its own pages and programs, not other sites.")


def _harden(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response
