"""Contracts that are sent over HTTP: signed on a stored recommendation, and kept beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from api.contracts import contract_json
from api.quarter_bodies import ContractBody
from api.results import ANSWER, WORKBOOK, digest
from api.store import contracts
from api.store.artifacts import put_bytes
from api.store.errors import UnknownObjectError
from api.store.files import NamedFile
from api.store.opening import Store
from api.store.recommendations import laid_out, published_files
from api.validation import DocumentError, Fault
from forecast.errors import InputError
from forecast.records.contract import SignedContract
from forecast.records.recommendation import InputDigest

EXECUTED = "executed.json"
"""How the executed terms are called in the provenance."""


def sign_and_keep(
    store: Store, organisation: str, identifier: str, body: ContractBody, *, now: datetime
) -> tuple[str, bool]:
    """Sign on a stored recommendation; give the id of the contract, and whether it is new.

    Raises
    ------
    DocumentError
        No such recommendation, a refusal, terms of another term, or a deviation without a reason.
    """
    executed = (body.model_dump_json(include={"executed", "signature"}, indent=2) + "\n").encode()
    with _pointing_into_body():
        advice = published_files(store, organisation, body.recommendation)
        contract = _signed(store, organisation, body, executed)
    named = [
        NamedFile(role, name, put_bytes(store.artifacts, organisation, data))
        for role, name, data in (
            (contracts.CONTRACT, "contract.json", contract_json(contract)),
            (contracts.EXECUTED, EXECUTED, executed),
        )
    ]
    named += [
        NamedFile(contracts.ADVICE, file.name, file.kept)
        for file in advice
        if file.name != WORKBOOK
    ]
    kept, is_new = contracts.add_contract(
        store, organisation, identifier, body.recommendation, contract, named, now=now
    )
    return kept.id, is_new


def _signed(store: Store, organisation: str, body: ContractBody, executed: bytes) -> SignedContract:
    from forecast.pipeline.signing import sign

    with laid_out(store, organisation, body.recommendation) as stored:
        return sign(
            stored.recommendation(),
            stored.decisions(),
            body.offer(),
            body.signature,
            advice_digest=InputDigest(
                name=ANSWER, sha256=digest((stored.directory / ANSWER).read_bytes())
            ),
            executed_digest=InputDigest(name=EXECUTED, sha256=digest(executed)),
        )


@contextmanager
def _pointing_into_body() -> Iterator[None]:
    """Turn what is wrong into places of the document that was sent."""
    try:
        yield
    except UnknownObjectError:
        problem = "no recommendation of yours has this id"
        raise DocumentError([Fault(("recommendation",), problem)]) from None
    except DocumentError:
        raise
    except InputError as error:
        if error.file == ANSWER:
            path: tuple[str, ...] = ("recommendation",)
        elif (error.column or "").startswith("signature."):
            path = tuple(str(error.column).split("."))
        else:
            path = ("executed", *([error.column] if error.column else []))
        raise DocumentError([Fault(path, error.problem)]) from error
