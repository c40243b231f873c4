"""What can be taken away from a decision: workbook, answer, and the pages to print."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

from flask import Response
from werkzeug.exceptions import NotFound

from api.access import organisation, the_store
from api.operations import json_response
from api.pages.decided import decided
from api.pages.memo import approval_memo
from api.pages.printed import dossier_page, memo_page, workload_page
from api.pages.serving import HTML, page
from api.routes import recommendations as api_routes
from api.store import recommendations
from api.store.errors import UnknownObjectError
from api.store.organisations import Scope

PPTX: Final = "application/vnd.openxmlformats-officedocument.presentationml.presentation"


@page("/recommendations/<identifier>/workbook", scope=Scope.READ)
def workbook(identifier: str) -> Response:
    """Download the negotiation workbook."""
    return api_routes.workbook_response(identifier)


@page("/recommendations/<identifier>/recommendation.json", scope=Scope.READ)
def answer_json(identifier: str) -> Response:
    """Download the answer as it was made."""
    found = recommendations.published_answer(the_store(), organisation(), identifier)
    if found is None:
        raise UnknownObjectError(identifier)
    response = json_response(found)
    response.headers["Content-Disposition"] = 'attachment; filename="recommendation.json"'
    return response


@page("/recommendations/<identifier>/memo", scope=Scope.READ)
def memo(identifier: str) -> Response:
    """Show the approval memo, one page to print and sign."""
    return _printed(memo_page(approval_memo(decided(identifier)[0])))


@page("/recommendations/<identifier>/memo.pptx", scope=Scope.READ)
def memo_deck(identifier: str) -> Response:
    """Download the approval memo as one editable slide."""
    from api.pages.memo_slide import memo_slide

    response = Response(memo_slide(approval_memo(decided(identifier)[0])), content_type=PPTX)
    response.headers["Content-Disposition"] = 'attachment; filename="memo.pptx"'
    return response


@page("/recommendations/<identifier>/dossier", scope=Scope.READ)
def dossier(identifier: str) -> Response:
    """Show the efficiency dossier, the page that the vendor may see."""
    return _printed(dossier_page(decided(identifier)[0]))


@page("/recommendations/<identifier>/owners/<name>", scope=Scope.READ)
def owner(identifier: str, name: str) -> Response:
    """Show what the owner of a workload accepts or declines, one page to print and sign."""
    found = workload_page(decided(identifier)[0], name)
    if found is None:
        raise NotFound("No workload of this decision has this page.")
    return _printed(found)


def _printed(text: str) -> Response:
    """Give a page that is kept as one file: its own style stands in it, and nothing in it runs."""
    style = text[text.index("<style>") + len("<style>") : text.index("</style>")]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    response = Response(text, content_type=HTML)
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'"
    )
    return response
