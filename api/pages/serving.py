"""How a page is served: who may see it, what a browser may do with it, and how errors look."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, current_app, g, redirect, request, url_for
from werkzeug.exceptions import NotFound

from api import access, problems
from api.access import Caller
from api.operations import JSON, check_path
from api.pages import assets, session
from api.pages.templating import render
from api.store.organisations import Scope

if TYPE_CHECKING:
    from flask import Flask

    from api.jobs.queue import Job
    from api.settings import Settings

blueprint = Blueprint("pages", __name__)

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""Nothing from elsewhere, nothing inline, nothing evaluated."""

HTML: Final = "text/html; charset=utf-8"
MAX_FORM_BYTES: Final = 4 * 2**20
"""Of a form without exports. The answers of an inventory of 2,000 workloads take about 2 MB."""

MENU: Final = (
    ("pages.home", "Decisions"),
    ("pages.list_uploads", "Usage"),
    ("pages.list_portfolios", "Portfolios"),
    ("pages.list_contracts", "Contracts"),
)

ADMINISTRATION: Final = ("pages.keys", "Keys")

View = Callable[..., Any]


def register(app: Flask) -> None:
    """Add the pages to an application."""
    app.register_blueprint(blueprint)
    app.after_request(_problem_as_page)


def page(
    path: str,
    *,
    methods: Sequence[str] = ("GET",),
    scope: Scope | None,
    max_bytes: int | None = MAX_FORM_BYTES,
) -> Callable[[View], View]:
    """Declare a view as a page.

    Parameters
    ----------
    scope
        What the key has to allow that was signed in with; None shows it to everybody.
    max_bytes
        Of a form; None is the limit of every request.
    """

    def declare(view: View) -> View:
        @functools.wraps(view)
        def answer(**values: str) -> Any:
            if scope is not None:
                found = session.who()
                if found is None:
                    return _to_sign_in()
                access.admit(found, scope)
            check_path(values)
            if request.method == "POST":
                if max_bytes is not None:
                    request.max_content_length = request.max_form_memory_size = max_bytes
                session.check_form()
            return view(**values)

        # The declaration travels on the view itself; functions have no typed attributes.
        answer.page_scope = scope  # type: ignore[attr-defined]
        blueprint.add_url_rule(path, view_func=answer, methods=list(methods))
        return answer

    return declare


def show(template: str, *, status: int = 200, **values: Any) -> Response:
    """Fill a page in and give it."""
    return Response(_page(template, values), status=status, content_type=HTML)


def show_job(job: Job, *, events_at: str, cancelled_at: str) -> Response:
    """Show how far a job is, or why it has no result.

    Parameters
    ----------
    events_at, cancelled_at
        Pages that tell of it as it goes on, and that end it.
    """
    pages = {
        "events": url_for(events_at, identifier=job.id),
        "cancel": url_for(cancelled_at, identifier=job.id),
    }
    return show("job.html", job=job, job_pages=pages)


def go_to(endpoint: str, **values: Any) -> Response:
    """Send the browser to another page after something was done."""
    found: Any = redirect(url_for(endpoint, **values), code=303)
    return found


@blueprint.get("/static/<version>/<name>")
def asset_file(version: str, name: str) -> Response:
    """Give a style sheet, script or picture.

    Its address changes with its content, so that it may be kept for good.
    """
    if version != assets.version_of(name):
        raise NotFound("No such file.")
    settings: Settings = current_app.extensions["settings"]
    found = assets.content(name, settings.data_dir)
    response = Response(found, content_type=assets.TYPES[Path(name).suffix])
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    if request.accept_encodings.quality("gzip") > 0:
        response.set_data(assets.compressed(found))
        response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    return response


def asset_address(name: str) -> str:
    """Give the address of a style sheet, script or picture."""
    return url_for("pages.asset_file", version=assets.version_of(name), name=name)


def _page(template: str, values: dict[str, Any]) -> str:
    caller: Caller | None = g.get("caller")
    role = None if caller is None else session.ROLES[caller.scope]
    menu = list(MENU)
    if caller is not None and caller.scope.allows(Scope.ADMIN) and not access.is_local():
        menu.append(ADMINISTRATION)
    common = {
        "asset": asset_address,
        "csrf_token": lambda: session.current().token,
        "endpoint": request.endpoint,
        "is_local": access.is_local(),
        "may_size": caller is not None and caller.scope.allows(Scope.SIZE),
        "may_admin": caller is not None and caller.scope.allows(Scope.ADMIN),
        "menu": [(url_for(name), label, name) for name, label in menu],
        "role": role,
        "url_for": url_for,
    }
    return render(f"web/{template}", common | values)


def _to_sign_in() -> Response:
    back = request.full_path.rstrip("?") if request.method == "GET" else "/"
    return go_to("pages.sign_in", next=back)


@blueprint.after_request
def _with_session(response: Response) -> Response:
    return session.keep(response)


def _problem_as_page(response: Response) -> Response:
    """Tell a problem in words where a person reads it, and guard every page."""
    is_ours = request.blueprint == blueprint.name
    if response.content_type == problems.MEDIA_TYPE and _wants_page():
        found = json.loads(response.get_data())
        response.set_data(_page("problem.html", {"problem": found}))
        response.content_type = HTML
        is_ours = True
    if is_ours and response.mimetype == "text/html":
        response.headers.setdefault("Content-Security-Policy", POLICY)
        # Browsers send no origin with a form of a page that asks for no referrer at all.
        response.headers.setdefault("Referrer-Policy", "same-origin")
    return response


def _wants_page() -> bool:
    accepted = request.accept_mimetypes
    if request.blueprint == blueprint.name:
        return accepted.best != JSON
    unrouted = request.blueprint is None and not request.path.startswith("/v1/")
    return unrouted and accepted.quality("text/html") > accepted.quality(JSON)
