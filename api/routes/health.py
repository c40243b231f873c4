"""Is the service alive, is it ready, and what does it offer."""

from __future__ import annotations

import json

from flask import Blueprint, Response, current_app

from api import openapi
from api.bodies import Health
from api.operations import JSON, Answer, route
from api.problems import problem
from api.store import Store
from forecast import __version__

blueprint = Blueprint("health", __name__)


@route(blueprint, "GET", "/healthz", answers=[Answer(200, "Alive.", (Health,))])
def alive() -> Health:
    """Tell that the process answers."""
    return Health(status="ok", version=__version__)


@route(blueprint, "GET", "/readyz", answers=[Answer(200, "Ready.", (Health,))], problems=[503])
def ready() -> Health | Response:
    """Tell whether results can be kept."""
    store: Store = current_app.extensions["store"]
    try:
        store.check()
    except OSError as error:
        current_app.logger.error("the data directory is not writable: %s", error)
        return problem(503, "The data directory cannot be written.")
    return Health(status="ready", version=__version__)


@blueprint.get("/openapi.json")
def description() -> Response:
    """Give the OpenAPI document."""
    # Flask types the proxy, not the object behind it.
    document = openapi.openapi_document(current_app._get_current_object())  # type: ignore[attr-defined]
    return Response(json.dumps(document), content_type=JSON)
