"""Sizing on somebody's own paths."""

from __future__ import annotations

from flask import Blueprint

from api.bodies import SizingBody
from api.operations import Answer, route
from api.store.organisations import Scope
from forecast.records.sizing_result import Sizing

blueprint = Blueprint("sizings", __name__)


@route(
    blueprint,
    "POST",
    "/v1/sizings",
    scope=Scope.SIZE,
    body=SizingBody,
    answers=[Answer(200, "The decision on these paths.", (Sizing,))],
    problems=[400, 413, 415, 422],
)
def create_sizing(body: SizingBody) -> Sizing:
    """Size a commitment on your own sample paths.

    The rows of `paths` are the decision set. Nothing is kept.
    """
    import numpy as np

    from forecast.sizing.decision import size

    body.check_shape()
    paths = np.array(body.paths, dtype=np.float64)
    return size(body.terms, paths, offers=body.stated_offers(), preference=body.preference)
