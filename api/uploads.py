"""What callers send, checked and kept as files that the command line's readers take too."""

from __future__ import annotations

import csv
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.bodies import RecommendationBody, UsageRow
from api.drafts import portfolio_toml, terms_toml
from api.limits import MAX_PATHS, MIN_PATHS
from api.run import Document, Settings, portfolio_document, terms_document
from api.store.artifacts import put_bytes
from api.store.datasets import read_dataset
from api.store.errors import UnknownObjectError
from api.store.files import NamedFile
from api.store.opening import Store
from api.store.portfolios import portfolio_documents, read_portfolio
from api.validation import DocumentError, Fault, Step
from forecast.errors import InputError

if TYPE_CHECKING:
    from werkzeug.datastructures import FileStorage, MultiDict

    from forecast.records.terms import Terms
    from forecast.records.workloads import Portfolio

USAGE, WORKLOADS, TERMS = "usage.csv", "workloads.toml", "terms.toml"
"""Names of what a JSON body becomes."""

_PLACES: dict[str | None, str] = {USAGE: "usage", WORKLOADS: "workloads", TERMS: "terms"}
_SETTINGS = {
    "as_of": (r"\d{4}-\d{2}-\d{2}", "a day such as 2026-10-31"),
    "seed": (r"\d{1,18}", "a whole number"),
    "paths": (r"\d{1,9}", f"a number from {MIN_PATHS} to {MAX_PATHS}"),
}
_NEEDED_FILES = ("usage", "workloads", "terms")
_FILES = (*_NEEDED_FILES, "invoice")
_EXPORTS = ("usage", "invoice")

Upload = tuple[str, "FileStorage"]
"""A role, and the file that has it."""

FORM: dict[str, Any] = {
    "type": "object",
    "required": list(_NEEDED_FILES),
    "additionalProperties": False,
    "properties": {
        "usage": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "string", "contentMediaType": "application/octet-stream"},
            "description": "Usage exports, recognised by content.",
        },
        "invoice": {
            "type": "array",
            "items": {"type": "string", "contentMediaType": "application/octet-stream"},
            "description": "Cost reports, bills, or a CSV with the columns month,usd: what the "
            "usage is held against.",
        },
        "workloads": {
            "type": "string",
            "contentMediaType": "application/toml",
            "description": "The inventory, workloads.toml.",
        },
        "terms": {
            "type": "string",
            "contentMediaType": "application/toml",
            "description": "The contract, terms.toml.",
        },
        "as_of": {"type": "string", "format": "date"},
        "seed": {"type": "integer", "minimum": 0, "default": 0},
        "paths": {
            "type": "integer",
            "minimum": MIN_PATHS,
            "maximum": MAX_PATHS,
            "default": 1000,
        },
    },
}
"""JSON schema of the multipart form."""

DATASET_FORM: dict[str, Any] = {
    "type": "object",
    "required": ["usage"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 120, "default": "exports"},
        "usage": FORM["properties"]["usage"],
        "invoice": FORM["properties"]["invoice"],
    },
}
"""The same for a dataset."""


def form_settings(form: MultiDict[str, str]) -> Settings:
    """Read the plain fields of a form.

    Raises
    ------
    DocumentError
        A field that is unknown, stands twice or is not of its kind.
    """
    faults = []
    for name, values in form.lists():
        if name not in _SETTINGS:
            what = "must be a file" if name in _FILES else "is not a field of this form"
            faults.append(Fault((name,), what))
        elif len(values) > 1:
            faults.append(Fault((name,), "stands twice"))
        elif not re.fullmatch(_SETTINGS[name][0], values[0], re.ASCII):
            faults.append(Fault((name,), f"must be {_SETTINGS[name][1]}"))
    if faults:
        raise DocumentError(faults)
    n_scenarios = int(form.get("paths", "1000"))
    if not MIN_PATHS <= n_scenarios <= MAX_PATHS:
        raise DocumentError([Fault(("paths",), f"must be {_SETTINGS['paths'][1]}")])
    try:
        day = date.fromisoformat(form["as_of"]) if "as_of" in form else None
    except ValueError:
        raise DocumentError([Fault(("as_of",), "is no day of the calendar")]) from None
    return Settings(as_of=day, seed=int(form.get("seed", "0")), n_scenarios=n_scenarios)


def form_documents(
    files: MultiDict[str, FileStorage],
) -> tuple[list[FileStorage], Document[Portfolio], Document[Terms]]:
    """Read the file fields of a form.

    Raises
    ------
    InputError
        A field that is absent, unknown or stands twice, or a document that cannot be used.
    """
    faults = [
        Fault((name,), "is not a file field of this form") for name in files if name not in _FILES
    ]
    faults += [Fault((name,), "is missing") for name in _NEEDED_FILES if name not in files]
    faults += [
        Fault((name,), "stands twice")
        for name in ("workloads", "terms")
        if len(files.getlist(name)) > 1
    ]
    if faults:
        raise DocumentError(faults)
    inventory, contract = files["workloads"], files["terms"]
    return (
        files.getlist("usage"),
        portfolio_document(inventory.read(), file_name(inventory, WORKLOADS)),
        terms_document(contract.read(), file_name(contract, TERMS)),
    )


def file_name(upload: FileStorage, default: str) -> str:
    r"""Give the name of an uploaded file, without any folder it claims to come from.

    >>> from werkzeug.datastructures import FileStorage
    >>> file_name(FileStorage(filename="..\\..\\march.csv"), "usage"), file_name(
    ...     FileStorage(filename=".."), "usage")
    ('march.csv', 'usage')
    """
    last = re.split(r"[/\\]", upload.filename or "")[-1]
    shown = "".join(c for c in last if c.isprintable()).strip()
    return default if shown in ("", ".", "..") else shown[-60:]


def dataset_parts(
    form: MultiDict[str, str], files: MultiDict[str, FileStorage]
) -> tuple[str, list[Upload]]:
    """Read the form of a dataset: its name, and its files with their roles.

    Raises
    ------
    DocumentError
        A field that is absent, unknown, stands twice or is not of its kind.
    """
    faults = [Fault((n,), "is not a field of this form") for n in form if n != "name"]
    faults += [Fault((n,), "is not a file field of this form") for n in files if n not in _EXPORTS]
    if "usage" not in files:
        faults.append(Fault(("usage",), "is missing"))
    name = form.get("name", "exports").strip()
    if len(form.getlist("name")) > 1 or not 1 <= len(name) <= 120 or not name.isprintable():
        faults.append(Fault(("name",), "has to be one line of 1 to 120 characters"))
    if faults:
        raise DocumentError(faults)
    return name, [(role, upload) for role in _EXPORTS for upload in files.getlist(role)]


def kept(store: Store, organisation: str, parts: Sequence[Upload]) -> list[NamedFile]:
    """Keep uploaded files, each under the name it was sent with."""
    return [
        NamedFile(
            role,
            file_name(upload, f"{role}-{i}"),
            store.artifacts.put(organisation, upload.stream),
        )
        for i, (role, upload) in enumerate(parts, start=1)
    ]


def form_inputs(
    store: Store,
    organisation: str,
    form: MultiDict[str, str],
    files: MultiDict[str, FileStorage],
) -> tuple[Settings, list[NamedFile]]:
    """Check the form of a recommendation and keep its files.

    Raises
    ------
    InputError
        Nothing is kept then.
    """
    settings = form_settings(form)
    exports, portfolio, terms = form_documents(files)
    parts = [("usage", upload) for upload in exports]
    parts += [("invoice", upload) for upload in files.getlist("invoice")]
    named = kept(store, organisation, parts)
    return settings, [*named, *_documents(store, organisation, portfolio, terms)]


def body_inputs(
    store: Store, organisation: str, body: RecommendationBody
) -> tuple[Settings, list[NamedFile]]:
    """Check the JSON document of a recommendation and keep what it brings.

    Raises
    ------
    DocumentError
        A part is missing or stands twice, or names what is not there.
    """
    body.check_sources()
    settings = Settings(as_of=body.as_of, seed=body.seed, n_scenarios=body.paths)
    portfolio, terms = _body_documents(store, organisation, body)
    if body.dataset is None:
        with rows_laid_down(body.usage or ()) as path, path.open("rb") as stream:
            named = [NamedFile("usage", USAGE, store.artifacts.put(organisation, stream))]
    else:
        with pointed_at("dataset", "no dataset of yours has this id"):
            named = list(read_dataset(store, organisation, body.dataset).files)
    return settings, [*named, *_documents(store, organisation, portfolio, terms)]


def _body_documents(
    store: Store, organisation: str, body: RecommendationBody
) -> tuple[Document[Portfolio], Document[Terms]]:
    """Write the inventory and the terms as TOML, the form they are kept in."""
    inventory = contract = b""
    if body.portfolio is not None:
        with pointed_at("portfolio", "no portfolio of yours has this name"):
            found = read_portfolio(store, organisation, body.portfolio)
        inventory, contract = portfolio_documents(store, organisation, found)
    if body.workloads is not None:
        inventory = portfolio_toml(body.workloads).encode()
    if body.terms is not None:
        contract = terms_toml(body.terms).encode()
    return portfolio_document(inventory, WORKLOADS), terms_document(contract, TERMS)


def _documents(
    store: Store, organisation: str, portfolio: Document[Portfolio], terms: Document[Terms]
) -> list[NamedFile]:
    return [
        NamedFile(role, name, put_bytes(store.artifacts, organisation, data))
        for role, name, data in (
            ("workloads", portfolio.name, portfolio.data),
            ("terms", terms.name, terms.data),
        )
    ]


@contextmanager
def pointed_at(key: str, problem: str) -> Iterator[None]:
    """Turn what is not there into a place of the document that named it."""
    try:
        yield
    except UnknownObjectError:
        raise DocumentError([Fault((key,), problem)]) from None


@contextmanager
def rows_laid_down(rows: Sequence[UsageRow]) -> Iterator[Path]:
    """Lay usage rows down as a canonical table, until the block ends."""
    columns = list(UsageRow.model_fields)
    with tempfile.TemporaryDirectory(prefix="commitment-") as place:
        path = Path(place) / USAGE
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(columns)
            for row in rows:
                writer.writerow(
                    "" if (value := getattr(row, name)) is None else value for name in columns
                )
        yield path


@contextmanager
def pointing_into_body() -> Iterator[None]:
    """Turn the place of an error in a laid-down file into a pointer into the JSON body."""
    try:
        yield
    except DocumentError:
        raise
    except InputError as error:
        if error.file not in _PLACES:
            raise
        path: list[Step] = [_PLACES[error.file]]
        if error.row is not None:
            path.append(error.row - 1)
        path += _steps(error.column or "")
        raise DocumentError([Fault(tuple(path), error.problem)]) from error


def _steps(dotted: str) -> list[Step]:
    """Split a dotted path.

    >>> _steps("workloads[0].match")
    ['workloads', 0, 'match']
    """
    return [int(s) if s.isdecimal() else s for s in re.findall(r"[^.\[\]]+", dotted)]
