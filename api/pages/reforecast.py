"""The page of a re-forecast: where the contract lands, what moved, and what can be done."""

from __future__ import annotations

from flask import Response

from api import short_lists
from api.access import now, organisation, the_store
from api.charts import quarter_charts
from api.jobs import queue
from api.operations import json_response
from api.pages.serving import go_to, page, show, show_job
from api.reforecasts import REFORECAST
from api.routes import events
from api.routes import reforecasts as api_routes
from api.store import published, reforecasts
from api.store.errors import UnknownObjectError
from api.store.organisations import Scope
from forecast.records.reforecast import Reforecast


@page("/reforecasts/<identifier>", scope=Scope.READ)
def reforecast(identifier: str) -> Response:
    """Show where a re-forecast is, or what it says."""
    store, mine = the_store(), organisation()
    found = published.answer(store, mine, reforecasts.KIND, identifier, REFORECAST)
    job = queue.read_job(store, mine, identifier, kind=reforecasts.KIND)
    if found is None:
        return show_job(
            job, events_at="pages.reforecast_events", cancelled_at="pages.cancel_reforecast"
        )
    result = Reforecast.model_validate_json(found, strict=True)
    files = reforecasts.published_files(store, mine, identifier)
    return show(
        "reforecast.html",
        id=identifier,
        result=result,
        made_at=job.finished_at,
        contract_id=job.settings["contract"],
        has_workbook=any(file.name.endswith(".xlsx") for file in files),
        burn_down=quarter_charts.burn_down(result),
        attribution=quarter_charts.attribution(result),
        short={
            "findings": short_lists.findings(result),
            "promises": short_lists.promises(result),
            "reclassifications": short_lists.reclassifications(result),
            "standings": short_lists.standings(result),
        },
    )


@page("/reforecasts/<identifier>/events", scope=Scope.READ)
def reforecast_events(identifier: str) -> Response:
    """Follow a re-forecast while it is made."""
    return events.followed(identifier, kind=reforecasts.KIND)


@page("/reforecasts/<identifier>/cancellation", methods=["POST"], scope=Scope.SIZE)
def cancel_reforecast(identifier: str) -> Response:
    """Cancel a re-forecast that is not made yet."""
    queue.cancel(the_store(), organisation(), identifier, now=now(), kind=reforecasts.KIND)
    return go_to("pages.reforecast", identifier=identifier)


@page("/reforecasts/<identifier>/workbook", scope=Scope.READ)
def reforecast_workbook(identifier: str) -> Response:
    """Download the workbook of a re-forecast."""
    return api_routes.workbook_response(identifier)


@page("/reforecasts/<identifier>/reforecast.json", scope=Scope.READ)
def reforecast_json(identifier: str) -> Response:
    """Download the re-forecast as it was made."""
    found = published.answer(the_store(), organisation(), reforecasts.KIND, identifier, REFORECAST)
    if found is None:
        raise UnknownObjectError(identifier)
    response = json_response(found)
    response.headers["Content-Disposition"] = f'attachment; filename="{REFORECAST}"'
    return response
