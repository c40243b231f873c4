"""Uploading what was used, and seeing at once what it was read as."""

from __future__ import annotations

import re

from flask import Response, request

from api import uploads
from api.access import now, organisation, the_store
from api.drafts import example_terms, portfolio_toml, terms_toml
from api.operations import PATH_PARAMETERS
from api.pages.serving import go_to, page, show
from api.pages.session import FORM_FIELD
from api.problems import error_document
from api.queries import wanted_page
from api.readings import MAX_BYTES, Reading, read_dataset_files
from api.store import datasets, portfolios
from api.store.columns import new_id
from api.store.datasets import Dataset
from api.store.organisations import Scope
from api.store.portfolios import Condition, EditConflictError
from api.validation import DocumentError, Fault
from forecast.errors import InputError
from forecast.units import add_months, month_of


@page("/usage", scope=Scope.READ)
def list_uploads() -> Response:
    """Show what was uploaded, and take more."""
    return _list()


@page("/usage", methods=["POST"], scope=Scope.SIZE, max_bytes=None)
def upload() -> Response:
    """Keep exports that can be read; of others, say what is wrong and where."""
    store, mine = the_store(), organisation()
    form = request.form.copy()
    form.poplist(FORM_FIELD)
    # A browser sends a file field that was left empty as a file without a name.
    files = request.files.copy()
    for role in list(files):
        files.setlist(role, [f for f in files.getlist(role) if f.filename])
        if not files.getlist(role):
            files.poplist(role)
    try:
        name, parts = uploads.dataset_parts(form, files)
        named = uploads.kept(store, mine, parts)
        made = datasets.add_dataset(store, mine, new_id(), name, named, now=now())
    except InputError as error:
        return _list(problem=error_document(error, request.path), status=422)
    try:
        read_dataset_files(store, mine, made)
    except InputError as error:
        datasets.delete_dataset(store, mine, made.id)
        return _list(problem=error_document(error, request.path), status=422)
    return go_to("pages.one_upload", identifier=made.id)


@page("/usage/<identifier>", scope=Scope.READ)
def one_upload(identifier: str) -> Response:
    """Show what an upload was read as, and what to do next."""
    found = datasets.read_dataset(the_store(), organisation(), identifier)
    return _one(found)


@page("/usage/<identifier>/portfolio", methods=["POST"], scope=Scope.SIZE)
def draft(identifier: str) -> Response:
    """Draft a portfolio from what was used: one workload a key, and example terms."""
    store, mine = the_store(), organisation()
    found = datasets.read_dataset(store, mine, identifier)
    reading = read_dataset_files(store, mine, found)
    name = request.form.get("name", "").strip()
    try:
        if not _is_name(name):
            raise DocumentError(
                [Fault(("name",), "has small letters, digits and hyphens, at most 64 of them")]
            )
        if reading is None:
            raise InputError(
                "is too large to draft from here; use commitment init", file=found.name
            )
        _put(name, reading, found)
    except EditConflictError:
        fault = Fault(("name",), f"there is a portfolio {name!r} already; choose another name")
        problem = error_document(DocumentError([fault]), request.path)
        return _one(found, problem=problem, status=409)
    except InputError as error:
        return _one(found, problem=error_document(error, request.path), status=422)
    return go_to("pages.portfolio", name=name, dataset=identifier)


@page("/usage/<identifier>/deletion", methods=["POST"], scope=Scope.SIZE)
def delete_upload(identifier: str) -> Response:
    """Delete an upload; recommendations made from it keep what they were made from."""
    datasets.delete_dataset(the_store(), organisation(), identifier)
    return go_to("pages.list_uploads")


def _put(name: str, reading: Reading, found: Dataset) -> None:
    first_month = add_months(month_of(reading.last_complete_day), 1)
    portfolios.put_portfolio(
        the_store(),
        organisation(),
        name,
        workloads_toml=portfolio_toml(reading.drafted, drafted_from=found.name).encode(),
        terms_toml=terms_toml(example_terms(first_month), example=True).encode(),
        condition=Condition(is_absent=True),
        now=now(),
    )


def _is_name(text: str) -> bool:
    return re.fullmatch(PATH_PARAMETERS["name"].strip("^$"), text, re.ASCII) is not None


def _list(*, problem: dict[str, object] | None = None, status: int = 200) -> Response:
    listed = datasets.list_datasets(the_store(), organisation(), wanted_page())
    return show(
        "uploads.html",
        status=status,
        items=listed.items,
        next_cursor=listed.next_cursor,
        problem=problem,
    )


def _one(
    found: Dataset, *, problem: dict[str, object] | None = None, status: int = 200
) -> Response:
    reading = read_dataset_files(the_store(), organisation(), found)
    return show(
        "upload.html",
        status=status,
        dataset=found,
        reading=reading,
        max_bytes=MAX_BYTES,
        problem=problem,
    )
