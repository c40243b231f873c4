"""Signed contracts on disk: executed terms in, contract.json out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from api.documents import OfferDocument, decode_text, parse_toml, read_bytes
from api.results import ANSWER, StoredResult, digest, read_result
from api.validation import DocumentError, Fault, faults_of, validate
from api.whole_files import write_file
from forecast.errors import InputError
from forecast.records.contract import Signature, SignedContract
from forecast.records.recommendation import InputDigest
from forecast.records.terms import Offer

SIGNATURE = "signature"


@dataclass(frozen=True)
class Executed:
    """An executed contract as it was read: terms, amounts, and who signed."""

    offer: Offer
    signature: Signature
    digest: InputDigest


@dataclass(frozen=True)
class Signed:
    """A contract on disk.

    Attributes
    ----------
    is_new
        False when the same contract stood there already.
    """

    contract: SignedContract
    path: Path
    is_new: bool


def read_executed(
    path: Path,
    *,
    signatory: str | None = None,
    signed_on: date | None = None,
    reason: str | None = None,
) -> Executed:
    """Read executed terms: an offer file, with a table of who signed.

        commitment_usd = "310000"
        …
        [signature]
        signatory = "Ana Ruiz, CFO"
        signed_on = 2026-12-18
        reason = "the tier of 300,000 holds for the second year too"

    Parameters
    ----------
    signatory, signed_on, reason
        What the command line says of the signature; it wins.

    Raises
    ------
    DocumentError
        With every fault of the document; a signature that neither file nor command line gives.
    """
    data = read_bytes(path)
    document = parse_toml(decode_text(data, file=path.name), file=path.name)
    stated = document.pop(SIGNATURE, {})
    offer = validate(OfferDocument, document, path.name).to_offer(file=path.name)
    if not isinstance(stated, dict):
        raise DocumentError([Fault((SIGNATURE,), "must be a table of keys")], file=path.name)
    given: dict[str, Any] = {"signatory": signatory, "signed_on": signed_on, "reason": reason}
    whole = stated | {name: value for name, value in given.items() if value is not None}
    signature = validate(Signature, whole, path.name, (SIGNATURE,))
    return Executed(offer, signature, InputDigest(name=path.name, sha256=digest(data)))


def sign_stored(recommendation: Path, executed: Executed, out: Path) -> Signed:
    """Sign on a stored recommendation and write the contract.

    The same contract again changes nothing; another one is not written over it.

    Raises
    ------
    InputError
        A refusal, changed evidence, a deviation without a reason, or another contract at `out`.
    """
    from forecast.pipeline.signing import sign

    stored = read_result(recommendation)
    with named_file(executed.digest.name):
        contract = sign(
            stored.recommendation(),
            stored.decisions(),
            executed.offer,
            executed.signature,
            advice_digest=_advice(stored),
            executed_digest=executed.digest,
        )
    data = contract_json(contract)
    if out.exists():
        if read_bytes(out) == data:
            return Signed(contract, out, is_new=False)
        raise InputError(
            "holds another contract, which is not written over; keep it, and give an amendment a "
            "file of its own",
            file=str(out),
        )
    write_file(out, data)
    return Signed(contract, out, is_new=True)


@contextmanager
def named_file(file: str) -> Iterator[None]:
    """Name the file in an error that the domain raised about what it says."""
    try:
        yield
    except InputError as error:
        if error.file is not None:
            raise
        raise type(error)(error.problem, file=file, row=error.row, column=error.column) from error


def _advice(stored: StoredResult) -> InputDigest:
    return InputDigest(name=ANSWER, sha256=digest((stored.directory / ANSWER).read_bytes()))


def contract_json(contract: SignedContract) -> bytes:
    """Write a contract as it stands in contract.json."""
    return (contract.model_dump_json(indent=2) + "\n").encode()


def read_contract(path: Path) -> tuple[SignedContract, InputDigest]:
    """Read what `commitment sign` wrote.

    Raises
    ------
    InputError
        Not a contract, with every fault.
    """
    data = read_bytes(path)
    try:
        contract = SignedContract.model_validate_json(data, strict=True)
    except ValidationError as error:
        raise DocumentError(faults_of(error, SignedContract), file=path.name) from None
    return contract, InputDigest(name=path.name, sha256=digest(data))
