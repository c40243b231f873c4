"""The API document as pages to read: what there is, how to call it, and how it changes.

Everything is rendered from the OpenAPI document, so that it cannot say anything else. The page is
complete in itself: one style sheet of our own, no script, nothing from anywhere else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from api.openapi import CHANGES

Schema = Mapping[str, Any]

_REF: Final = "#/components/schemas/"
_JSON: Final = "application/json"
_FORM: Final = "multipart/form-data"

_ORDER: Final = (
    "recommendations",
    "contracts",
    "reforecasts",
    "datasets",
    "portfolios",
    "sizings",
    "rate-cards",
    "keys",
    "audit-log",
    "health",
)
"""The order in which somebody meets them; a new collection comes before the last."""


@dataclass(frozen=True)
class Word:
    """A piece of what a value is; `schema` names the record it links to."""

    text: str
    schema: str | None = None


@dataclass(frozen=True)
class Member:
    """A parameter, or a member of a record."""

    name: str
    what: tuple[Word, ...]
    is_needed: bool
    says: str
    place: str = ""


@dataclass(frozen=True)
class Reply:
    """One way an operation answers."""

    status: str
    says: str
    what: tuple[Word, ...]
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Entry:
    """An operation."""

    anchor: str
    method: str
    path: str
    summary: str
    says: str
    scope: str | None
    members: tuple[Member, ...]
    body: tuple[Word, ...]
    form: tuple[Member, ...]
    replies: tuple[Reply, ...]
    curl: str


@dataclass(frozen=True)
class Described:
    """A record of the document."""

    name: str
    says: str
    members: tuple[Member, ...]
    what: tuple[Word, ...]


def page(document: Schema) -> dict[str, Any]:
    """Give what the template shows."""
    groups: dict[str, list[Entry]] = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            entry = _entry(path, method.upper(), operation)
            groups.setdefault(operation["tags"][0], []).append(entry)
    return {
        "title": document["info"]["title"],
        "version": document["info"]["version"],
        "says": document["info"]["description"].split("\n\n")[0],
        "changes": CHANGES,
        "groups": sorted(groups.items(), key=lambda group: _place(group[0])),
        "schemas": [_described(n, s) for n, s in sorted(document["components"]["schemas"].items())],
    }


def _place(tag: str) -> tuple[int, str]:
    return (_ORDER.index(tag) if tag in _ORDER else len(_ORDER) - 2, tag)


def _entry(path: str, method: str, operation: Schema) -> Entry:
    content = operation.get("requestBody", {}).get("content", {})
    body = words(content[_JSON]["schema"]) if _JSON in content else ()
    form = tuple(_members(content[_FORM]["schema"])) if _FORM in content else ()
    parameters = tuple(
        Member(
            p["name"],
            words(p["schema"]),
            p.get("required", False),
            p.get("description", ""),
            p["in"],
        )
        for p in operation.get("parameters", ())
    )
    return Entry(
        anchor=operation["operationId"],
        method=method,
        path=path,
        summary=operation["summary"],
        says=operation.get("description", ""),
        scope=operation.get("x-scope"),
        members=parameters,
        body=body,
        form=form,
        replies=tuple(_replies(operation["responses"])),
        curl=_curl(path, method, operation, body, form),
    )


def _replies(responses: Schema) -> Iterator[Reply]:
    for status, response in responses.items():
        media = next(iter(response.get("content", {}).items()), None)
        what: tuple[Word, ...] = ()
        if media is not None:
            kind, content = media
            schema = content["schema"]
            is_binary = schema.get("format") == "binary"
            what = (Word(kind),) if is_binary else words(schema)
        headers = tuple((n, h["description"]) for n, h in response.get("headers", {}).items())
        yield Reply(status, response["description"], what, headers)


def _described(name: str, schema: Schema) -> Described:
    members = tuple(_members(schema)) if schema.get("type") == "object" else ()
    what = () if members else words({k: v for k, v in schema.items() if k != "description"})
    return Described(name, schema.get("description", ""), members, what)


def _members(schema: Schema) -> Iterator[Member]:
    needed = schema.get("required", ())
    for name, member in schema.get("properties", {}).items():
        says = member.get("description", "")
        if "default" in member and member["default"] not in (None, [], ""):
            says = f"{says} Default: {json.dumps(member['default'])}.".strip()
        yield Member(name, words(member), name in needed, says)


def words(schema: Schema) -> tuple[Word, ...]:
    """Say what a value is.

    >>> [word.text for word in words({"type": "integer", "minimum": 1, "maximum": 9})]
    ['integer, 1 or more, at most 9']
    >>> [word.text for word in words({"anyOf": [{"$ref": "#/components/schemas/Terms"},
    ...                                         {"type": "null"}]})]
    ['Terms', ' or ', 'null']
    """
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_REF)
        return (Word(name, name),)
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return _joined(schema[key])
    if "const" in schema:
        return (Word(json.dumps(schema["const"])),)
    if "enum" in schema:
        return (Word(", ".join(json.dumps(value) for value in schema["enum"])),)
    if schema.get("type") == "array":
        return _list(schema)
    kind = schema.get("type", "any value")
    return (Word(", ".join([str(kind), *_limits(schema)])),)


def _list(schema: Schema) -> tuple[Word, ...]:
    if "prefixItems" in schema:
        return (Word("list of: "), *_joined(schema["prefixItems"], between=", "))
    return (Word("list of "), *words(schema.get("items", {})))


def _joined(schemas: Sequence[Schema], between: str = " or ") -> tuple[Word, ...]:
    found: list[Word] = []
    for schema in schemas:
        found += [Word(between)] if found else []
        found += words(schema)
    return tuple(found)


def _limits(schema: Schema) -> Iterator[str]:
    for key, text in (
        ("minimum", "{} or more"),
        ("exclusiveMinimum", "more than {}"),
        ("maximum", "at most {}"),
        ("exclusiveMaximum", "less than {}"),
        ("minLength", "{} characters or more"),
        ("maxLength", "at most {} characters"),
        ("format", "{}"),
        ("pattern", "matching {}"),
        ("contentMediaType", "a file ({})"),
    ):
        if key in schema:
            yield text.format(schema[key])


def _curl(
    path: str, method: str, operation: Schema, body: Sequence[Word], form: Sequence[Member]
) -> str:
    """Write a call with curl; $HOST and $KEY are the reader's."""
    parts = ["curl"]
    if method != "GET":
        parts.append(f"-X {method}")
    if "security" in operation:
        parts.append('-H "Authorization: Bearer $KEY"')
    if method == "POST" and "security" in operation:
        parts.append('-H "Idempotency-Key: $(uuidgen)"')
    if any(p["name"] == "If-Match" for p in operation.get("parameters", ())):
        parts.append("-H 'If-Match: \"ETAG\"'")
    if form:
        parts += [f"-F {member.name}=@{_example_file(member.name)}" for member in form
                  if "a file" in member.what[-1].text and member.is_needed]  # fmt: skip
    elif body:
        parts.append("-H 'Content-Type: application/json' -d @body.json")
    shown = path.replace("{identifier}", "ID").replace("{name}", "NAME")
    return " ".join([*parts, f"$HOST{shown}"])


def _example_file(role: str) -> str:
    return f"{role}.toml" if role in ("workloads", "terms") else f"{role}.csv"
