"""Datasets: exports that were uploaded once and are recommended from often."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for

from api import uploads
from api.access import now, organisation, the_store
from api.bodies import DatasetList, DatasetRecord, StoredFile
from api.operations import Answer, json_response, route
from api.queries import PAGE, wanted_page
from api.repeated_requests import made_id
from api.store import datasets
from api.store.datasets import Dataset
from api.store.organisations import Scope

blueprint = Blueprint("datasets", __name__)


@route(
    blueprint,
    "POST",
    "/v1/datasets",
    scope=Scope.SIZE,
    form=uploads.DATASET_FORM,
    answers=[
        Answer(
            201,
            "The dataset, kept under Location.",
            (DatasetRecord,),
            headers=(("Location", "Where the dataset is kept."),),
        )
    ],
    problems=[400, 409, 413, 415, 422, 507],
)
def create_dataset() -> Response:
    """Upload exports.

    Nothing is read yet: formats are recognised, and faults found, when a recommendation is made.
    """
    store, mine = the_store(), organisation()
    name, files = uploads.dataset_parts(request.form, request.files)
    named = uploads.kept(store, mine, files)
    made = datasets.add_dataset(store, mine, made_id(), name, named, now=now())
    response = json_response(_record(made), 201)
    response.headers["Location"] = url_for(".read_dataset", identifier=made.id)
    return response


@route(
    blueprint,
    "GET",
    "/v1/datasets",
    scope=Scope.READ,
    parameters=PAGE,
    answers=[Answer(200, "A page, newest first.", (DatasetList,))],
    problems=[422],
)
def list_datasets() -> DatasetList:
    """List datasets."""
    page = datasets.list_datasets(the_store(), organisation(), wanted_page())
    return DatasetList(items=tuple(map(_record, page.items)), next_cursor=page.next_cursor)


@route(
    blueprint,
    "GET",
    "/v1/datasets/<identifier>",
    scope=Scope.READ,
    answers=[Answer(200, "The dataset.", (DatasetRecord,))],
)
def read_dataset(identifier: str) -> DatasetRecord:
    """Read what a dataset holds."""
    return _record(datasets.read_dataset(the_store(), organisation(), identifier))


@route(
    blueprint,
    "DELETE",
    "/v1/datasets/<identifier>",
    scope=Scope.SIZE,
    answers=[Answer(204, "Deleted.")],
)
def delete_dataset(identifier: str) -> Response:
    """Delete a dataset.

    Recommendations that were made from it keep what they were made from.
    """
    datasets.delete_dataset(the_store(), organisation(), identifier)
    return Response(status=204)


def _record(found: Dataset) -> DatasetRecord:
    return DatasetRecord(
        id=found.id,
        name=found.name,
        created_at=found.created_at,
        files=tuple(
            StoredFile(role=f.role, name=f.name, sha256=f.kept.sha256, n_bytes=f.kept.n_bytes)
            for f in found.files
        ),
    )
