"""Re-forecasts of signed contracts: made by a job, kept, and read."""

from __future__ import annotations

from flask import Blueprint, Response, request

from api.access import now, organisation, the_store
from api.bodies import JobStatus
from api.job_answers import (
    ACCEPTED,
    CANCELLATION,
    LOCATION,
    PREFER,
    answer_about,
    cancelled,
    seconds_preferred,
)
from api.jobs import queue, reforecasting
from api.operations import Answer, Parameter, json_response, route
from api.problems import problem
from api.quarter_bodies import ReforecastBody, ReforecastList, ReforecastSummary
from api.quarter_inputs import quarter_asked
from api.queries import PAGE, wanted_page
from api.reforecasts import REFORECAST, SUMMARY
from api.repeated_requests import made_id
from api.routes.events import wait_for
from api.routes.recommendations import XLSX
from api.store import deletion, published, reforecasts
from api.store.artifacts import read_verified
from api.store.columns import is_id
from api.store.organisations import Scope
from api.validation import DocumentError, Fault
from forecast.records.reforecast import Reforecast

MARKDOWN = "text/markdown; charset=utf-8"

CONTRACT = Parameter(
    "contract",
    "Only re-forecasts of this contract.",
    {"type": "string", "pattern": "^[0-9a-f]{32}$"},
)

blueprint = Blueprint("reforecasts", __name__)


@route(
    blueprint,
    "POST",
    "/v1/reforecasts",
    scope=Scope.SIZE,
    body=ReforecastBody,
    parameters=[PREFER],
    answers=[
        Answer(
            201,
            "The re-forecast, when it was made within the seconds of `Prefer: wait=N`.",
            (Reforecast,),
            headers=(LOCATION,),
        ),
        Answer(
            200,
            "The re-forecast that was made before from the very same inputs.",
            (Reforecast,),
            headers=(LOCATION,),
        ),
        ACCEPTED,
    ],
    problems=[400, 404, 409, 413, 415, 422, 507],
)
def create_reforecast(body: ReforecastBody) -> Response:
    """Re-forecast a signed contract.

    It is held against the last re-forecast of an earlier day, or else against the advice that was
    signed on, and says where the contract lands, what moved since and why, to the cent, and what
    can be done about it. Asked for again with the same inputs, it is not made again. A quarter of
    which an earlier one is still being made has to wait for it (409).
    """
    store, mine = the_store(), organisation()
    quarter = quarter_asked(store, mine, body, today=now().date())
    job, is_new = reforecasting.ask(store, mine, made_id(), quarter, now=now())
    job = wait_for(store, job, seconds_preferred())
    return answer_about(job, lambda: _published(job.id), status=201 if is_new else 200)


@route(
    blueprint,
    "GET",
    "/v1/reforecasts",
    scope=Scope.READ,
    parameters=[*PAGE, CONTRACT],
    answers=[Answer(200, "A page, newest first.", (ReforecastList,))],
    problems=[422],
)
def list_reforecasts() -> ReforecastList:
    """List the re-forecasts that were made."""
    page = reforecasts.list_reforecasts(
        the_store(), organisation(), wanted_page(), contract=_contract_asked()
    )
    items = tuple(
        ReforecastSummary(
            id=r.id,
            created_at=r.created_at,
            contract=r.contract,
            as_of=r.as_of,
            previous=r.previous,
            expect_to_pay_usd=r.expect_to_pay_usd,
            package_version=r.package_version,
        )
        for r in page.items
    )
    return ReforecastList(items=items, next_cursor=page.next_cursor)


def _contract_asked() -> str | None:
    text = request.args.get("contract")
    if text is not None and not is_id(text):
        raise DocumentError([Fault(("contract",), "has to be 32 hexadecimal digits")])
    return text


@route(
    blueprint,
    "GET",
    "/v1/reforecasts/<identifier>",
    scope=Scope.READ,
    answers=[
        Answer(200, "The re-forecast as it was made.", (Reforecast,)),
        Answer(202, "It is not made yet.", (JobStatus,)),
    ],
    problems=[410, 422, 500],
)
def read_reforecast(identifier: str) -> Response:
    """Read a re-forecast.

    Where none could be made, the problem that was found is the answer; a cancelled one is gone
    (410).
    """
    found = _published(identifier)
    if found is not None:
        return json_response(found)
    job = queue.read_job(the_store(), organisation(), identifier, kind=reforecasts.KIND)
    return answer_about(job, lambda: _published(identifier))


def _published(identifier: str) -> bytes | None:
    return published.answer(the_store(), organisation(), reforecasts.KIND, identifier, REFORECAST)


@route(
    blueprint,
    "GET",
    "/v1/reforecasts/<identifier>/summary",
    scope=Scope.READ,
    answers=[Answer(200, "The re-forecast as a page of Markdown.", media_type=MARKDOWN)],
)
def read_summary(identifier: str) -> Response:
    """Read a re-forecast as Markdown, for a chat or a mail."""
    found = published.result_file(
        the_store(), organisation(), reforecasts.KIND, identifier, SUMMARY
    )
    return Response(found, content_type=MARKDOWN)


@route(
    blueprint,
    "GET",
    "/v1/reforecasts/<identifier>/workbook",
    scope=Scope.READ,
    answers=[Answer(200, "The workbook.", media_type=XLSX)],
)
def read_workbook(identifier: str) -> Response:
    """Download the workbook of a re-forecast, where it has one (404 where it has none)."""
    return workbook_response(identifier)


def workbook_response(identifier: str) -> Response:
    """Give the caller's workbook of a re-forecast as a file to keep.

    Raises
    ------
    UnknownObjectError
        The caller has no re-forecast of this id.
    """
    store, mine = the_store(), organisation()
    for file in reforecasts.published_files(store, mine, identifier):
        if file.name.endswith(".xlsx"):
            data = read_verified(store.artifacts, mine, file.kept.sha256)
            response = Response(data, content_type=XLSX)
            name = f"reforecast-{identifier[:8]}.xlsx"
            response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
            return response
    return problem(404, "This re-forecast has no workbook.")


@route(
    blueprint,
    "POST",
    "/v1/reforecasts/<identifier>/cancellation",
    scope=Scope.SIZE,
    answers=CANCELLATION,
    problems=[409],
)
def cancel_reforecast(identifier: str) -> Response:
    """Cancel a re-forecast that is not made yet."""
    kind = reforecasts.KIND
    return cancelled(queue.cancel(the_store(), organisation(), identifier, now=now(), kind=kind))


@route(
    blueprint,
    "DELETE",
    "/v1/reforecasts/<identifier>",
    scope=Scope.ADMIN,
    answers=[Answer(204, "Deleted, with what it was made from.")],
    problems=[409],
)
def delete_reforecast(identifier: str) -> Response:
    """Delete a re-forecast with what it was made from.

    Later ones that were held against it stay as they are. One that is not made yet has to be
    cancelled first (409).
    """
    store, mine, kind = the_store(), organisation(), reforecasts.KIND
    if not queue.read_job(store, mine, identifier, kind=kind).state.is_final:
        return problem(409, "It is not made yet; cancel it first.")
    deletion.delete_result(store, mine, identifier)
    return Response(status=204)
