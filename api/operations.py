"""Routes that declare what they take and give; the OpenAPI document is read off them.

A view gets its body as a record that was parsed and validated strictly, and gives a record or a
response.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, Response, current_app, request
from pydantic import BaseModel
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from api.documents import parse_json
from api.problems import BodyError
from api.validation import validate
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


@dataclass(frozen=True)
class Operation:
    """What a route declares.

    Attributes
    ----------
    body
        Record of the JSON body.
    form
        JSON schema of the multipart form that is taken instead.
    problems
        Statuses of the problem details that callers should expect.
    """

    summary: str
    description: str
    answers: tuple[Answer, ...]
    body: type[BaseModel] | None = None
    form: dict[str, Any] | None = None
    problems: tuple[int, ...] = ()


def route(
    blueprint: Blueprint,
    method: str,
    path: str,
    *,
    answers: Sequence[Answer],
    body: type[BaseModel] | None = None,
    form: dict[str, Any] | None = None,
    problems: Sequence[int] = (),
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a view as a route of a blueprint; its docstring becomes the documentation.

    A view with a `body` gets it as the keyword `body`; where a form is taken instead of JSON,
    `body` is None.
    """

    def declare(view: Callable[..., Any]) -> Callable[..., Any]:
        summary, _, rest = (view.__doc__ or "").partition("\n\n")
        declared = Operation(
            summary.strip(),
            " ".join(rest.split()),
            tuple(answers),
            body,
            form,
            tuple(problems),
        )

        @functools.wraps(view)
        def answer(**values: str) -> Response:
            given = {"body": _body(body, form)} if body else {}
            found = view(**values, **given)
            return found if isinstance(found, Response) else json_response(found)

        # The declaration travels on the view itself; functions have no typed attributes.
        answer.operation = declared  # type: ignore[attr-defined]
        blueprint.add_url_rule(path, view_func=answer, methods=[method])
        return answer

    return declare


def declared_operations(app: Flask) -> list[tuple[str, str, Operation]]:
    """Give (path, method, operation) of every declared route, in the order of their paths."""
    found = []
    for rule in app.url_map.iter_rules():
        operation = getattr(app.view_functions[rule.endpoint], "operation", None)
        if isinstance(operation, Operation):
            methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
            found += [(rule.rule, method, operation) for method in sorted(methods)]
    return sorted(found, key=lambda item: item[:2])


def json_response(record: BaseModel | str, status: int = 200) -> Response:
    """Give a record, or the text of one, as the JSON body of a response."""
    text = record if isinstance(record, str) else record.model_dump_json(indent=2) + "\n"
    return Response(text, status=status, content_type=JSON)


def _body(record_type: type[BaseModel], form: dict[str, Any] | None) -> BaseModel | None:
    if request.mimetype == MULTIPART and form is not None:
        return None
    if request.mimetype != JSON:
        taken = f"{JSON} or {MULTIPART}" if form is not None else JSON
        raise UnsupportedMediaType(f"The body has to be {taken}, said in Content-Type.")
    limit = current_app.config["MAX_JSON_BYTES"]
    request.max_content_length = limit
    if (request.content_length or 0) > limit:
        raise RequestEntityTooLarge(f"A JSON body has at most {limit} bytes.")
    try:
        document = parse_json(request.get_data(cache=False))
    except InputError as error:
        raise BodyError(f"The body {error.problem}") from None
    return validate(record_type, document)
