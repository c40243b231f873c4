"""The OpenAPI 3.1 document, made from the declared routes and the records themselves."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Flask
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from api.operations import (
    JSON,
    MULTIPART,
    PATH_PARAMETERS,
    Answer,
    Operation,
    Parameter,
    declared_operations,
)
from api.problems import MEDIA_TYPE
from forecast import __version__

_PARAMETER = re.compile(r"<(\w+)>")

Model = type[BaseModel]
Refs = Mapping[tuple[Any, JsonSchemaMode], dict[str, Any]]

NO_CONTENT = 204

IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    "Any text of your own. The same key with the same request is answered as before and done once; "
    "with another request it is refused (422), and so it is (410) once what it was about is "
    "deleted. It is remembered for 24 hours.",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[\x21-\x7e]+$"},
    place="header",
)

PROBLEM = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "instance": {"type": "string", "format": "uri-reference"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["detail"],
                "properties": {
                    "detail": {"type": "string"},
                    "pointer": {"type": "string", "description": "Into a JSON body (RFC 6901)."},
                    "file": {"type": "string"},
                    "row": {"type": "integer", "description": "Data rows count from 1."},
                    "column": {"type": "string"},
                },
            },
        },
    },
}


SAYS = (
    "Names the amount to commit to under an LLM token contract. Money is a string of exact decimal "
    "USD, a share is a number from 0 to 1, a day is an ISO date."
)

CHANGES = (
    "What /v1 answers only grows: a release may add resources, members of answers, and members of "
    "requests that may be left out; read what you know and pass over the rest. Nothing is removed, "
    "renamed or given another meaning within /v1. What is to go is marked deprecated here, and "
    "answered with a Deprecation header (RFC 9745), for at least twelve months beside its "
    "replacement under /v2. Figures may change with a release, since the methods do: every result "
    "names its package_version, and stored results never change."
)
"""How the API changes; part of the document, so that clients find it where they look."""


def document_of(app: Flask) -> dict[str, Any]:
    """Give the document of an application, which is made once."""
    found: dict[str, Any] | None = app.extensions.get("openapi")
    if found is None:
        found = app.extensions["openapi"] = openapi_document(app)
    return found


def openapi_document(app: Flask) -> dict[str, Any]:
    """Describe every declared route of an application."""
    operations = declared_operations(app)
    refs, schemas = _schemas([operation for *_, operation in operations])
    paths: dict[str, dict[str, Any]] = {}
    for rule, method, operation in operations:
        path = _PARAMETER.sub(r"{\1}", rule)
        item = paths.setdefault(path, {})
        item[method.lower()] = _operation(operation, rule, method, refs)
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "Commitment sizing",
            "version": __version__,
            "description": f"{SAYS}\n\n{CHANGES}",
        },
        "paths": paths,
        "components": {
            "schemas": {**schemas, "Problem": PROBLEM},
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A key of an organisation. Its scope is read, size or admin, "
                    "each of which allows what those before it allow. In the local mode no key is "
                    "needed.",
                }
            },
        },
    }
    return _with_short_names(document)


def _with_short_names(document: dict[str, Any]) -> dict[str, Any]:
    """Call records of one name after their modules: GuardFinding, not forecast__…__Finding."""
    long = r"\b(?:[a-z]+__)+([a-z_]+)__([A-Z]\w*)"

    def short(name: re.Match[str]) -> str:
        return name[1].title().replace("_", "") + name[2]

    found: dict[str, Any] = json.loads(re.sub(long, short, json.dumps(document)))
    return found


def _schemas(operations: Sequence[Operation]) -> tuple[Refs, dict[str, Any]]:
    wanted: dict[tuple[Model, JsonSchemaMode], None] = {}
    for operation in operations:
        if operation.body:
            wanted[operation.body, "validation"] = None
        for answer in operation.answers:
            for record in answer.records:
                wanted[record, "serialization"] = None
    refs, definitions = models_json_schema(
        list(wanted), ref_template="#/components/schemas/{model}"
    )
    return refs, definitions.get("$defs", {})


def _operation(operation: Operation, rule: str, method: str, refs: Refs) -> dict[str, Any]:
    name = re.sub(r"\W+", "_", rule.removeprefix("/")).strip("_").replace(".", "_")
    found: dict[str, Any] = {
        "tags": [_tag(rule)],
        "operationId": f"{method.lower()}_{name}",
        "summary": operation.summary,
        "responses": {str(a.status): _answer(a, refs) for a in operation.answers},
    }
    if operation.description:
        found["description"] = operation.description
    parameters = [
        {
            "name": parameter,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": PATH_PARAMETERS[parameter]},
        }
        for parameter in _PARAMETER.findall(rule)
    ]
    declared = list(operation.parameters)
    if operation.scope is not None:
        found["security"] = [{"key": []}]
        found["x-scope"] = operation.scope.value
        declared += [IDEMPOTENCY_KEY] if method == "POST" else []
    parameters += [
        {
            "name": parameter.name,
            "in": parameter.place,
            "description": parameter.description,
            "schema": {"type": "array", "items": parameter.schema}
            if parameter.repeats
            else parameter.schema,
        }
        for parameter in declared
    ]
    if parameters:
        found["parameters"] = parameters
    content: dict[str, Any] = {}
    if operation.body:
        content[JSON] = {"schema": refs[operation.body, "validation"]}
    if operation.form:
        content[MULTIPART] = {"schema": operation.form}
    if content:
        found["requestBody"] = {"required": True, "content": content}
    problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    expected = {*operation.problems, *({404} if _PARAMETER.search(rule) else ())}
    expected |= {410} if IDEMPOTENCY_KEY in declared else set()
    for status in sorted(expected):
        found["responses"][str(status)] = {"description": "A problem.", "content": problem}
    found["responses"]["default"] = {"description": "Any other problem.", "content": problem}
    return found


def _tag(rule: str) -> str:
    """Group operations by the collection they are about.

    >>> _tag("/v1/recommendations/<identifier>/offers"), _tag("/healthz")
    ('recommendations', 'health')
    """
    return rule.split("/")[2] if rule.startswith("/v1/") else "health"


def _answer(answer: Answer, refs: Refs) -> dict[str, Any]:
    options = [refs[record, "serialization"] for record in answer.records]
    schema: dict[str, Any] = {"type": "string", "format": "binary"}
    if options:
        schema = options[0] if len(options) == 1 else {"oneOf": options}
    found: dict[str, Any] = {"description": answer.description}
    if answer.status != NO_CONTENT:
        found["content"] = {answer.media_type: {"schema": schema}}
    if answer.headers:
        found["headers"] = {
            name: {"description": meaning, "schema": {"type": "string"}}
            for name, meaning in answer.headers
        }
    return found
