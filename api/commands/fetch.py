"""The command that fetches reports from Anthropic's Admin API."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from api.commands.options import ForceProgress, Json, day_option
from api.commands.output import print_json, print_page

if TYPE_CHECKING:
    from api.fetch.pull import Pulled

GROUPS = (
    "model, service_tier, context_window, inference_geo, speed, api_key_id, workspace_id, "
    "service_account_id, account_id"
)


def fetch_usage(
    first_day: Annotated[
        date,
        typer.Option("--from", metavar="DAY", parser=day_option, help="First UTC day."),
    ],
    out: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            file_okay=False,
            help="The folder for the pages. A run that was ended goes on there.",
        ),
    ],
    last_day: Annotated[
        date | None,
        typer.Option(
            "--to",
            metavar="DAY",
            parser=day_option,
            help="Last UTC day, included. [default: the last day that is over]",
            show_default=False,
        ),
    ] = None,
    report: Annotated[
        Literal["usage", "cost", "both"],
        typer.Option(help="Tokens, dollars, or both (for the reconciliation)."),
    ] = "both",
    group_by: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help=f"Group usage by this, once for each: {GROUPS}. [default: all but account_id, "
            "which names persons]",
            show_default=False,
        ),
    ] = None,
    bucket: Annotated[
        Literal["1d", "1h", "1m"], typer.Option(help="How long the buckets of usage are.")
    ] = "1d",
    limit: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Buckets a page, when pages become too large. [default: as many as the API gives]",
            show_default=False,
        ),
    ] = None,
    base_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Another address of the API, such as a proxy; https, except on this machine. "
            "[default: Anthropic's]",
            show_default=False,
        ),
    ] = None,
    json: Json = False,
    progress: ForceProgress = False,
) -> None:
    """Fetch the usage and cost reports of Anthropic's Admin API, page by page.

    The admin key (sk-ant-admin…) is read from the environment variable ANTHROPIC_ADMIN_KEY and
    written nowhere. Pages are kept as they come; a run that was ended is continued by the same
    command, and one with a later --to, or none, adds the days since. Days that are not over are
    left out.
    """
    from api.commands.progress import progress as progress_on
    from api.fetch.access import BASE_URL, admin_key, checked_base_url
    from api.fetch.client import AdminApi
    from api.fetch.folder import opened_folder
    from api.fetch.pull import last_final_day, pull
    from api.fetch.reports import Report

    now = datetime.now(UTC)
    last_day = last_day or max(first_day, last_final_day(now))
    url = checked_base_url(base_url or BASE_URL)
    questions = [
        _question(kind, first_day, last_day, bucket, group_by, limit)
        for kind in (Report.USAGE, Report.COST)
        if report in (kind, "both")
    ]
    key = admin_key()
    with (
        progress_on(progress) as bar,
        opened_folder(out) as folder,
        AdminApi(url, key, on_wait=_tell_wait) as api,
    ):
        pulled = [pull(api, url, q, folder, now=now, tell=bar()) for q in questions]
    if json:
        print_json({"out": str(out), "reports": [_document(p) for p in pulled]})
        return
    print_page(*(line for p in pulled for line in _lines(p)))


def _question(
    report: Any,
    first_day: date,
    last_day: date,
    bucket: str,
    group_by: list[str] | None,
    limit: int | None,
) -> Any:
    from pydantic import ValidationError

    from api.fetch.reports import DEFAULT_GROUPS, Bucket, Question, UsageGroup
    from forecast.errors import InputError

    try:
        groups = tuple(UsageGroup(name) for name in group_by) if group_by else DEFAULT_GROUPS
    except ValueError:
        unknown = next(name for name in group_by or () if name not in list(UsageGroup))
        raise typer.BadParameter(
            f"{unknown!r} is nothing to group by; there are {GROUPS}", param_hint="--group-by"
        ) from None
    try:
        return Question.about(
            report, first_day, last_day, bucket=Bucket(bucket), group_by=groups, limit=limit
        )
    except ValidationError as error:
        told = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise InputError(f"{told}; give --from and --to in order") from None


def _tell_wait(what: str, seconds: float) -> None:
    typer.echo(f"commitment: {what}; asking again in {seconds:.0f} s", err=True)


def _document(pulled: Pulled) -> dict[str, Any]:
    return {
        "report": pulled.question.report.value,
        "first_day": str(pulled.question.first_day),
        "last_day": str(pulled.last_day) if pulled.last_day else None,
        "pages": pulled.n_pages,
        "fetched_pages": pulled.n_fetched,
        "notes": list(pulled.notes),
    }


def _lines(pulled: Pulled) -> list[str]:
    name = pulled.question.report.value
    if pulled.last_day is None:
        held = f"{name} report: nothing yet"
    else:
        held = (
            f"{name} report: {pulled.question.first_day} to {pulled.last_day} in {pulled.n_pages} "
            f"pages, {pulled.n_fetched} of them fetched now"
        )
    return [f"{held}.", *(f"  {note}." for note in pulled.notes)]
