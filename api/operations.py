"""Routes that declare what they take and give; the OpenAPI document is read off them.

A view gets its body as a record that was parsed and validated strictly, and gives a record or a
response.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from flask import Blueprint, Flask, Response, current_app, request
from pydantic import BaseModel
from werkzeug.exceptions import NotFound, RequestEntityTooLarge, UnsupportedMediaType

from api import access, repeated_requests
from api.documents import parse_json
from api.problems import BodyError
from api.store.organisations import Scope
from api.validation import DocumentError, Fault, validate
from forecast.errors import InputError

JSON = "application/json"
MULTIPART = "multipart/form-data"


@dataclass(frozen=True)
class Answer:
    """One way a route answers.

    Attributes
    ----------
    records
        What the body may be; none for a body that is no JSON.
    """

    status: int
    description: str
    records: tuple[type[BaseModel], ...] = ()
    media_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()


PATH_PARAMETERS = {
    "identifier": r"^[0-9a-f]{32}$",
    "name": r"^[a-z0-9][a-z0-9-]{0,63}$",
}
"""What the variable parts of paths look like; anything else is not found."""


@dataclass(frozen=True)
class Parameter:
    """A query parameter or a request header."""

    name: str
    description: str
    schema: Mapping[str, Any]
    place: Literal["query", "header"] = "query"
    repeats: bool = False


@dataclass(frozen=True)
class Operation:
    """What a route declares.

    Attributes
    ----------
    scope
        What the caller's key has to allow; None where everybody is answered.
    body
        Record of the JSON body.
    form
        JSON schema of the multipart form that is taken, instead of a body or beside one.
    problems
        Statuses of the problem details that callers should expect.
    """

    summary: str
    description: str
    scope: Scope | None
    answers: tuple[Answer, ...]
    body: type[BaseModel] | None = None
    form: Mapping[str, Any] | None = None
    parameters: tuple[Parameter, ...] = ()
    problems: tuple[int, ...] = ()


def route(
    blueprint: Blueprint,
    method: str,
    path: str,
    *,
    scope: Scope | None,
    answers: Sequence[Answer],
    body: type[BaseModel] | None = None,
    form: Mapping[str, Any] | None = None,
    parameters: Sequence[Parameter] = (),
    problems: Sequence[int] = (),
    kept: Callable[[str], str] = str,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a view as a route of a blueprint; its docstring becomes the documentation.

    A view with a `body` gets it as the keyword `body`; where a form is taken instead of JSON,
    `body` is None. A POST is done once for each Idempotency-Key.

    Parameters
    ----------
    kept
        What is stored of the answer to a POST that has an Idempotency-Key.
    """

    def declare(view: Callable[..., Any]) -> Callable[..., Any]:
        summary, _, rest = (view.__doc__ or "").partition("\n\n")
        declared = Operation(
            summary.strip(),
            " ".join(rest.split()),
            scope,
            tuple(answers),
            body,
            form,
            tuple(parameters),
            (*problems, *(_SCOPED_PROBLEMS if scope else ())),
        )

        @functools.wraps(view)
        def answer(**values: str) -> Response:
            if scope is not None:
                access.require(scope)
            check_path(values)
            _check_query(declared)
            if body is not None or form is not None:
                _check_media(body, form)

            def do() -> Response:
                given = {"body": _body(body)} if body else {}
                found = view(**values, **given)
                return found if isinstance(found, Response) else json_response(found)

            return repeated_requests.once(do, kept) if method == "POST" and scope else do()

        # The declaration travels on the view itself; functions have no typed attributes.
        answer.operation = declared  # type: ignore[attr-defined]
        blueprint.add_url_rule(path, view_func=answer, methods=[method])
        return answer

    return declare


_SCOPED_PROBLEMS = (401, 403, 429, 503)


def declared_operations(app: Flask) -> list[tuple[str, str, Operation]]:
    """Give (path, method, operation) of every declared route, in the order of their paths."""
    found = []
    for rule in app.url_map.iter_rules():
        operation = getattr(app.view_functions[rule.endpoint], "operation", None)
        if isinstance(operation, Operation):
            methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
            found += [(rule.rule, method, operation) for method in sorted(methods)]
    return sorted(found, key=lambda item: item[:2])


def json_response(record: BaseModel | bytes, status: int = 200) -> Response:
    """Give a record, or one that is JSON already, as the body of a response."""
    body = record if isinstance(record, bytes) else record.model_dump_json(indent=2) + "\n"
    return Response(body, status=status, content_type=JSON)


def check_path(values: Mapping[str, str]) -> None:
    """Refuse variable parts of a path that no identifier looks like.

    Raises
    ------
    NotFound
    """
    for name, value in values.items():
        if not re.fullmatch(PATH_PARAMETERS[name].strip("^$"), value, re.ASCII):
            raise NotFound("Nothing of yours has this id or name.")


def _check_query(operation: Operation) -> None:
    """Refuse what would be ignored: a misspelt filter gives the wrong list, not an error."""
    known = {p.name: p for p in operation.parameters if p.place == "query"}
    faults = []
    for name, values in request.args.lists():
        if name not in known:
            faults.append(Fault((name,), "is not a query parameter of this resource"))
        elif len(values) > 1 and not known[name].repeats:
            faults.append(Fault((name,), "stands twice"))
    if faults:
        raise DocumentError(faults)


def _check_media(body: type[BaseModel] | None, form: Mapping[str, Any] | None) -> None:
    """Refuse a body of another kind or size before it is read."""
    if request.mimetype == MULTIPART and form is not None:
        return
    if body is None or request.mimetype != JSON:
        taken = [*([JSON] if body else []), *([MULTIPART] if form is not None else [])]
        raise UnsupportedMediaType(
            f"The body has to be {' or '.join(taken)}, said in Content-Type."
        )
    limit = current_app.config["MAX_JSON_BYTES"]
    request.max_content_length = limit
    if (request.content_length or 0) > limit:
        raise RequestEntityTooLarge(f"A JSON body has at most {limit} bytes.")


def _body(record_type: type[BaseModel]) -> BaseModel | None:
    if request.mimetype == MULTIPART:
        return None
    try:
        document = parse_json(request.get_data())
    except InputError as error:
        raise BodyError(f"The body {error.problem}") from None
    return validate(record_type, document)
