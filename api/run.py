"""One run from files and documents to a stored result: what the command line and the web share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from api.bills import read_bills
from api.documents import decode_text, load_portfolio, load_terms, read_bytes
from api.evidence_files import Attachment, with_evidence
from api.results import StoredResult, digest, write_outcome
from forecast.errors import InputError, TermsError, UnknownModelError, WorkloadError
from forecast.records.recommendation import InputDigest
from forecast.records.terms import Terms
from forecast.records.workloads import Portfolio

if TYPE_CHECKING:
    from forecast.pricing.reconciliation import Limits
    from forecast.pricing.sheets import NamedSheet
    from forecast.usage.reading import SourceReport

R = TypeVar("R", Portfolio, Terms)
Tell = Callable[[str, float], None]


@dataclass(frozen=True)
class Document(Generic[R]):
    """A record with the bytes it was read from.

    Attributes
    ----------
    data
        TOML; it becomes evidence and is digested as it is.
    name
        How messages and the provenance call it.
    attachments
        Files of evidence that the document names.
    """

    record: R
    data: bytes
    name: str
    attachments: tuple[Attachment, ...] = ()


def portfolio_file(path: Path) -> Document[Portfolio]:
    """Read an inventory with the evidence it names, and keep the bytes of all of it."""
    return portfolio_document(read_bytes(path), path.name, folder=path.parent)


def terms_file(path: Path) -> Document[Terms]:
    """Read terms and keep their bytes."""
    return terms_document(read_bytes(path), path.name)


def portfolio_document(
    data: bytes, name: str, *, folder: Path | None = None
) -> Document[Portfolio]:
    """Read the bytes of an inventory and keep them.

    Parameters
    ----------
    folder
        Where the files lie that it names; None refuses an inventory that names any.
    """
    stated = Document(load_portfolio(decode_text(data, file=name), file=name), data, name)
    with placed_workloads(stated):
        record, attachments = with_evidence(stated.record, folder)
    return Document(record, data, name, attachments)


def terms_document(data: bytes, name: str) -> Document[Terms]:
    """Read the bytes of terms and keep them."""
    return Document(load_terms(decode_text(data, file=name), file=name), data, name)


@dataclass(frozen=True)
class Settings:
    """What a run may be told besides its files.

    Attributes
    ----------
    n_scenarios
        Size of the decision set.
    limits
        How far usage and bills may be apart; None takes the shipped limits.
    """

    as_of: date | None = None
    seed: int = 0
    n_scenarios: int = 1000
    limits: Limits | None = None


def recommend_into(
    out_dir: Path,
    usage_files: Sequence[Path],
    portfolio: Document[Portfolio],
    terms: Document[Terms],
    settings: Settings,
    *,
    invoices: Sequence[Path] = (),
    format_name: str | None = None,
    price_sheets: Sequence[NamedSheet] = (),
    prefer: Sequence[str] = (),
    template: Path | None = None,
    track_record: Path | None = None,
    bar: Callable[[], Tell | None] = lambda: None,
) -> tuple[StoredResult, tuple[SourceReport, ...]]:
    """Read usage, recommend, and put the result into `out_dir`, all of it or nothing.

    Parameters
    ----------
    price_sheets
        The customer's own prices, kept as evidence.
    invoices
        Bills that the usage is held against, beside the amounts it holds itself.
    prefer
        Formats whose rows are kept where two exports show the same usage.
    track_record
        The last reforecast.json of an earlier contract: misses that go on widen the spread.
    bar
        Makes one progress callback for each long piece of work.

    Raises
    ------
    InputError
        Usage, inventory, terms or template that cannot be used; with the file.
    """
    from forecast.pipeline.recommend import recommend
    from forecast.usage.reading import read_usage

    usage = read_usage(usage_files, format_name=format_name, prefer=prefer, progress=bar())
    bills = read_bills(invoices, usage, prefer=prefer, progress=bar() if invoices else None)
    inputs = [InputDigest(name=s.file, sha256=s.sha256) for s in usage.sources]
    inputs += bills.inputs
    inputs += [InputDigest(name=d.name, sha256=digest(d.data)) for d in (portfolio, terms)]
    inputs += [InputDigest(name=a.name, sha256=digest(a.data)) for a in portfolio.attachments]
    inputs += [InputDigest(name=s.name, sha256=digest(s.data)) for s in price_sheets]
    record = None
    if track_record is not None:
        from api.reforecasts import read_answer

        last, named = read_answer(track_record)
        record = last.track_record
        inputs.append(named)
    placing = placed_prices(usage_files, settings.as_of, format_name, price_sheets)
    with placed_terms(terms), placed_workloads(portfolio), placing:
        outcome = recommend(
            usage.rows,
            portfolio.record,
            terms.record,
            as_of=settings.as_of,
            seed=settings.seed,
            n_scenarios=settings.n_scenarios,
            inputs=inputs,
            price_sheets=price_sheets,
            bills=bills.statements,
            limits=settings.limits,
            sources=usage.sources,
            record=record,
            progress=bar(),
        )
    tell = bar() or _silent
    tell("writing the result", 0.0)
    stored = write_outcome(
        outcome,
        out_dir,
        portfolio_toml=portfolio.data,
        terms_toml=terms.data,
        price_sheets=[sheet.data for sheet in price_sheets],
        attachments=[file.data for file in portfolio.attachments],
        template=template,
    )
    tell("result written", 1.0)
    return stored, (*usage.sources, *bills.sources)


def _silent(_what: str, _done: float) -> None:
    return None


@contextmanager
def placed_prices(
    usage_files: Sequence[Path],
    as_of: date | None = None,
    format_name: str | None = None,
    price_sheets: Sequence[NamedSheet] = (),
) -> Iterator[None]:
    """Name the file and the row in an error about usage without a price."""
    try:
        yield
    except UnknownModelError as error:
        from forecast.pipeline.price import place_unpriced

        found = place_unpriced(
            usage_files, as_of=as_of, format_name=format_name, price_sheets=price_sheets
        )
        if found is None:
            raise
        raise found from error


@contextmanager
def placed_terms(terms: Document[Terms]) -> Iterator[None]:
    """Name the file in an error that the domain raised about the terms."""
    try:
        yield
    except TermsError as error:
        raise _in_file(error, terms.name, error.column) from error


@contextmanager
def placed_workloads(portfolio: Document[Portfolio]) -> Iterator[None]:
    """Name the file in an error that the domain raised about an inventory."""
    try:
        yield
    except (WorkloadError, UnknownModelError) as error:
        if error.file is not None:
            raise
        column = _by_position(error.column, portfolio.record)
        raise _in_file(error, portfolio.name, column) from error


def _in_file(error: InputError, file: str, column: str | None) -> InputError:
    return type(error)(error.problem, file=error.file or file, row=error.row, column=column)


def _by_position(column: str | None, portfolio: Portfolio) -> str | None:
    """Write `workloads.NAME.key` as `workloads[i].key`, the path in the document.

    >>> from forecast.records.workloads import Workload
    >>> inventory = Portfolio(workloads=(Workload(name="a.b"),))
    >>> _by_position("workloads.a.b.routing.to_model", inventory)
    'workloads[0].routing.to_model'
    """
    for i, workload in enumerate(portfolio.workloads):
        prefix = f"workloads.{workload.name}."
        if column is not None and column.startswith(prefix):
            return f"workloads[{i}].{column.removeprefix(prefix)}"
    return column
