"""Documents that people and programs write, turned into records.

Terms, inventories and offers are TOML on disk and JSON in a request; both are parsed with exact
decimals and go through the same strict validation.
"""

from __future__ import annotations

import json
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from api.validation import DocumentError, Fault, Step, faults_of, validate
from forecast.errors import InputError
from forecast.records.base import NonNegativeUsd
from forecast.records.terms import Offer, Terms
from forecast.records.vendor_pack import CounterProposal
from forecast.records.workloads import Portfolio

MAX_DOCUMENT_BYTES = 8 * 2**20
"""An inventory of 2,000 workloads with every field filled takes about 3 MB."""

MAX_EXPONENT = 308
"""Beyond float64 nothing is money, a share or a count; a longer number is refused unread."""


class OfferDocument(Terms):
    """A terms file with the commitment filled in: a vendor's offer as one flat document."""

    commitment_usd: NonNegativeUsd | None = None
    """Term total, split equally by month."""
    schedule_usd: tuple[NonNegativeUsd, ...] | None = None
    """One amount per settlement period, instead of `commitment_usd`."""

    def to_offer(self, *, file: str | None = None, at: tuple[Step, ...] = ()) -> Offer:
        """Give the offer that the document states.

        Parameters
        ----------
        file, at
            Where the document stands, for the errors.

        Raises
        ------
        DocumentError
            No amount, two of them, or a schedule of other periods than the terms have.
        """
        clauses = {name: getattr(self, name) for name in Terms.model_fields}
        try:
            return Offer(
                terms=Terms(**clauses),
                commitment_usd=self.commitment_usd,
                schedule_usd=self.schedule_usd,
            )
        except ValidationError as error:
            faults = [Fault((*at, *f.path), f.problem) for f in faults_of(error, Offer)]
            raise DocumentError(faults, file=file) from None


def load_terms(source: Path | str, *, file: str | None = None) -> Terms:
    """Read a terms file, from its path or its text.

    Raises
    ------
    DocumentError
        With every fault of the document.

    Examples
    --------
    >>> load_terms('''
    ... term_start = 2027-01-01
    ... term_months = 12
    ... [[tiers]]
    ... from_commitment_usd = "0"
    ... discount_share = 0.0
    ... ''').n_periods
    1
    """
    return validate(Terms, *_toml(source, file))


def load_terms_or_offer(source: Path) -> tuple[Terms, Offer | None]:
    """Read a terms file, or an offer where it names an amount.

    Raises
    ------
    DocumentError
        With every fault of the document.
    """
    document, name = _toml(source, None)
    if not {"commitment_usd", "schedule_usd", "commitment", "schedule"} & set(document):
        return validate(Terms, document, name), None
    offer = validate(OfferDocument, document, name).to_offer(file=name)
    return offer.terms, offer


def load_portfolio(source: Path | str, *, file: str | None = None) -> Portfolio:
    """Read an inventory of workloads (workloads.toml), from its path or its text.

    Raises
    ------
    DocumentError
        With every fault of the document.
    """
    return validate(Portfolio, *_toml(source, file))


def load_offer(source: Path | str, *, file: str | None = None) -> Offer:
    """Read a vendor's offer: a terms file with `commitment_usd` or `schedule_usd`.

    Raises
    ------
    DocumentError
        With every fault of the document.
    """
    document, name = _toml(source, file)
    return validate(OfferDocument, document, name).to_offer(file=name)


def load_proposal(source: Path | str, *, file: str | None = None) -> CounterProposal:
    """Read what the buyer asks for (TOML), for the vendor's pack.

    Raises
    ------
    DocumentError
        With every fault of the document.
    """
    return validate(CounterProposal, *_toml(source, file))


def _toml(source: Path | str, file: str | None) -> tuple[dict[str, Any], str | None]:
    if isinstance(source, str):
        return parse_toml(source, file=file), file
    name = file or source.name
    return parse_toml(read_text(source, file=name), file=name), name


def read_text(path: Path, *, file: str | None = None) -> str:
    """Read a UTF-8 text of bounded size; a byte-order mark is dropped.

    Raises
    ------
    InputError
        No such file, too large, or not UTF-8.
    """
    return decode_text(read_bytes(path, file=file), file=file or path.name)


def read_bytes(path: Path, *, file: str | None = None) -> bytes:
    """Read a document of bounded size as it is; see `read_text`."""
    name = file or path.name
    try:
        with path.open("rb") as stream:
            return stream.read(MAX_DOCUMENT_BYTES + 1)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=name) from None


def decode_text(data: bytes, *, file: str | None = None) -> str:
    """Decode a document; see `read_text`."""
    if len(data) > MAX_DOCUMENT_BYTES:
        raise InputError(f"is larger than {MAX_DOCUMENT_BYTES // 2**20} MB", file=file)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"is not UTF-8 text (byte {error.start + 1}); save it as UTF-8", file=file
        ) from None


def parse_toml(text: str, *, file: str | None = None) -> dict[str, Any]:
    """Parse TOML with exact decimals.

    Raises
    ------
    InputError
        Not TOML, with the line and column of the parser.
    """
    try:
        return tomllib.loads(text, parse_float=_decimal)
    except (ValueError, RecursionError) as error:
        raise InputError(f"is not a TOML document: {error}", file=file) from None


def parse_json(text: str | bytes, *, file: str | None = None) -> Any:
    """Parse JSON with exact decimals; repeated keys, NaN and infinities are refused.

    Raises
    ------
    InputError
        Not JSON, or JSON that two readers could understand differently.

    Examples
    --------
    >>> parse_json('{"discount_share": 0.1}')
    {'discount_share': Decimal('0.1')}
    """
    try:
        return json.loads(
            text,
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_no_constant,
            object_pairs_hook=_unique_keys,
        )
    except (ValueError, RecursionError) as error:
        raise InputError(f"is not a JSON document: {error}", file=file) from None


def _decimal(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except ArithmeticError:
        raise ValueError(f"the number {text[:40]} is out of range") from None
    if value.is_finite() and not -400 < value.adjusted() <= MAX_EXPONENT:
        raise ValueError(f"the number {text[:40]} is out of range")
    return value


def _integer(text: str) -> int:
    if len(text) > MAX_EXPONENT:
        raise ValueError(f"the number {text[:40]}… is out of range")
    return int(text)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON value")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} stands twice in one object")
    return found
