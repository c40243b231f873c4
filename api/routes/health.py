"""Is the service alive, is it ready, and what does it offer."""

from __future__ import annotations

import json

from flask import Blueprint, Response, current_app

from api import openapi
from api.access import the_store
from api.bodies import Health
from api.operations import JSON, Answer, route
from forecast import __version__

blueprint = Blueprint("health", __name__)


@route(blueprint, "GET", "/healthz", scope=None, answers=[Answer(200, "Alive.", (Health,))])
def alive() -> Health:
    """Tell that the process answers."""
    return Health(status="ok", version=__version__)


@route(
    blueprint,
    "GET",
    "/readyz",
    scope=None,
    answers=[Answer(200, "Ready.", (Health,))],
    problems=[503, 507],
)
def ready() -> Health:
    """Tell whether requests can be answered and results kept."""
    the_store().check()
    return Health(status="ready", version=__version__)


@blueprint.get("/openapi.json")
def description() -> Response:
    """Give the OpenAPI document."""
    # Flask types the proxy, not the object behind it.
    document = openapi.openapi_document(current_app._get_current_object())  # type: ignore[attr-defined]
    return Response(json.dumps(document), content_type=JSON)
