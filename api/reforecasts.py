"""Re-forecasts on disk: the answer, a summary to read, and the evidence the next one needs.

    DIR/reforecast.json         the answer
    DIR/reforecast.md           the same as a page of Markdown
    DIR/reforecast.xlsx         the same as a workbook
    DIR/evidence/               scenarios.parquet daily.parquet rate_card.json workloads.toml
                                price_sheet_1.toml … attachment_1.csv …

Everything is written to a hidden place first and moved in at the end, the answer last: a
directory without reforecast.json holds no re-forecast, whatever else lies there.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from api.balance_file import read_balance
from api.contracts import read_contract
from api.documents import parse_json
from api.results import (
    ANSWER,
    DAILY,
    EVIDENCE,
    PRICE_SHEET,
    RATE_CARD,
    SCENARIOS,
    WORKLOADS,
    card_json,
    check_evidence,
    digest,
    parquet,
    read_result,
)
from api.run import Document, Tell, placed_prices, placed_workloads, portfolio_document
from api.validation import DocumentError, faults_of
from api.whole_files import replace_files
from forecast.errors import InputError
from forecast.records.rates import RateCard
from forecast.records.recommendation import InputDigest, Recommendation
from forecast.records.reforecast import BalanceLine, Reforecast, TrackRecord
from forecast.records.workloads import Portfolio

if TYPE_CHECKING:
    from forecast.pipeline.last_forecast import Previous
    from forecast.pipeline.reforecast import ReforecastOutcome
    from forecast.pricing.sheets import NamedSheet
    from forecast.usage.reading import SourceReport

REFORECAST = "reforecast.json"
SUMMARY = "reforecast.md"
QUARTER_WORKBOOK = "reforecast.xlsx"
ATTACHMENT = re.compile(rf"{EVIDENCE}/attachment_\d+\.csv")
INVENTORY = "workloads.toml"
"""How the inventory of the last forecast is called where none is given."""


@dataclass(frozen=True)
class StoredReforecast:
    """A re-forecast and where it lies.

    Attributes
    ----------
    is_new
        False when the same inputs had been re-forecast there already: nothing was written.
    """

    result: Reforecast
    directory: Path
    is_new: bool


@dataclass(frozen=True)
class QuarterFiles:
    """What a re-forecast is made from.

    Attributes
    ----------
    previous
        A recommendation.json or reforecast.json with its evidence beside it.
    workloads, price_sheets
        None takes those of the last forecast.
    earlier
        The last re-forecast of an earlier contract, whose track record is continued.
    """

    contract: Path
    previous: Path
    usage: Sequence[Path]
    balance: Path | None = None
    workloads: Document[Portfolio] | None = None
    price_sheets: Sequence[NamedSheet] | None = None
    earlier: Path | None = None
    as_of: date | None = None
    format_name: str | None = None
    prefer: Sequence[str] = ()


def reforecast_into(
    out_dir: Path, files: QuarterFiles, *, bar: Callable[[], Tell | None] = lambda: None
) -> tuple[StoredReforecast, tuple[SourceReport, ...]]:
    """Read a quarter, re-forecast it, and put the result into `out_dir`, all of it or nothing.

    The same inputs again change nothing.

    Raises
    ------
    InputError
        Files that cannot be used, with file, row and column; evidence that was changed.
    """
    from forecast.pipeline.reforecast import reforecast
    from forecast.usage.reading import read_usage

    contract, contract_digest = read_contract(files.contract)
    previous, workloads, sheets = read_previous(files.previous)
    workloads = files.workloads or workloads
    sheets = tuple(sheets if files.price_sheets is None else files.price_sheets)
    usage = read_usage(
        files.usage, format_name=files.format_name, prefer=files.prefer, progress=bar()
    )
    inputs = [contract_digest, previous.digest]
    inputs += [InputDigest(name=s.file, sha256=s.sha256) for s in usage.sources]
    inputs.append(InputDigest(name=workloads.name, sha256=digest(workloads.data)))
    inputs += [InputDigest(name=a.name, sha256=digest(a.data)) for a in workloads.attachments]
    inputs += [InputDigest(name=s.name, sha256=digest(s.data)) for s in sheets]
    lines: tuple[BalanceLine, ...] = ()
    earlier: TrackRecord | None = None
    if files.balance is not None:
        lines, balance_digest = read_balance(files.balance)
        inputs.append(balance_digest)
    if files.earlier is not None:
        stored, earlier_digest = read_answer(files.earlier)
        earlier = stored.track_record
        inputs.append(earlier_digest)
    known = _same_already(out_dir, inputs, files.as_of)
    if known is not None:
        return StoredReforecast(known, out_dir, is_new=False), usage.sources
    placing = placed_prices(files.usage, files.as_of, files.format_name, sheets)
    with placed_workloads(workloads), placing:
        outcome = reforecast(
            usage.rows,
            contract,
            previous,
            workloads.record,
            as_of=files.as_of,
            balance=lines,
            balance_file=files.balance.name if files.balance else None,
            price_sheets=sheets,
            earlier_terms=earlier,
            inputs=inputs,
            progress=bar(),
        )
    result = write_reforecast(outcome, out_dir, workloads=workloads, price_sheets=sheets)
    return StoredReforecast(result, out_dir, is_new=True), usage.sources


def write_reforecast(
    outcome: ReforecastOutcome,
    out_dir: Path,
    *,
    workloads: Document[Portfolio],
    price_sheets: Sequence[NamedSheet] = (),
) -> Reforecast:
    """Write a re-forecast into `out_dir`, all of it or nothing; give it with its evidence named."""
    from api.scenarios_file import scenarios_bytes
    from api.terminal.reforecast import markdown
    from excel_templates.quarter.workbook import quarter_workbook

    files = {
        SCENARIOS: scenarios_bytes(outcome.decisions),
        DAILY: parquet(outcome.daily),
        RATE_CARD: card_json(outcome.card),
        WORKLOADS: workloads.data,
    }
    for i, sheet in enumerate(price_sheets, start=1):
        files[f"{EVIDENCE}/price_sheet_{i}.toml"] = sheet.data
    for i, file in enumerate(workloads.attachments, start=1):
        files[f"{EVIDENCE}/attachment_{i}.csv"] = file.data
    evidence = tuple(InputDigest(name=n, sha256=digest(data)) for n, data in files.items())
    provenance = outcome.result.provenance
    named = provenance.model_copy(update={"inputs": (*provenance.inputs, *evidence)})
    result = outcome.result.model_copy(update={"provenance": named})
    files[SUMMARY] = markdown(result).encode()
    files[QUARTER_WORKBOOK] = quarter_workbook(result).content
    files[REFORECAST] = (result.model_dump_json(indent=2) + "\n").encode()
    replace_files(out_dir, files, stale=(EVIDENCE,))
    return result


def _same_already(
    out_dir: Path, inputs: Sequence[InputDigest], as_of: date | None
) -> Reforecast | None:
    """Give what stands in `out_dir` when it was made from these very inputs by this version."""
    from forecast import __version__

    path = out_dir / REFORECAST
    if not path.exists():
        return None
    try:
        known, _ = read_answer(path)
    except InputError:
        return None
    provenance = known.provenance
    given = [i for i in provenance.inputs if not i.name.startswith(f"{EVIDENCE}/")]
    same_day = as_of is None or as_of == provenance.as_of
    is_same = given == list(inputs) and same_day and provenance.package_version == __version__
    return known if is_same else None


def read_previous(
    path: Path,
) -> tuple[Previous, Document[Portfolio], tuple[NamedSheet, ...]]:
    """Read the last forecast with its decision set, usage, inventory and prices.

    Parameters
    ----------
    path
        A recommendation.json or reforecast.json, or the directory that holds one of them.

    Raises
    ------
    InputError
        Not a forecast, a refusal, or evidence that is absent or was changed.
    """
    import pandas as pd

    from api.scenarios_file import read_scenarios
    from forecast.pipeline.last_forecast import Previous
    from forecast.pricing.sheets import read_sheet
    from forecast.tables import DAILY_USAGE, conform

    file = _answer_in(path)
    result: Recommendation | Reforecast
    if _status_of(file) == "reforecast":
        result, named = read_answer(file)
    else:
        result = read_result(file).recommendation()
        named = InputDigest(name=file.name, sha256=digest(file.read_bytes()))
    directory = file.parent
    names = [i.name for i in result.provenance.inputs if i.name.startswith(f"{EVIDENCE}/")]
    for needed in (SCENARIOS, DAILY, WORKLOADS):
        if needed not in names:
            raise InputError(f"does not name {needed} in its provenance", file=file.name)
    card = None
    if RATE_CARD in names:
        card = RateCard.model_validate_json((directory / RATE_CARD).read_bytes())
    inventory = _stored_inventory(directory, result)
    sheets = tuple(read_sheet(directory / n) for n in names if PRICE_SHEET.fullmatch(n))
    decisions = read_scenarios(directory / SCENARIOS)
    previous = Previous(
        result=result,
        decisions=decisions,
        daily=conform(pd.read_parquet(directory / DAILY), DAILY_USAGE),
        portfolio=inventory.record,
        card=card,
        digest=named,
    )
    return previous, inventory, sheets


def _stored_inventory(directory: Path, result: Recommendation | Reforecast) -> Document[Portfolio]:
    """Read the inventory kept as evidence, with the files it names under their own names.

    They are kept by number; which is which is told by their digests.
    """
    data = (directory / WORKLOADS).read_bytes()
    kept = {i.sha256: i.name for i in result.provenance.inputs if ATTACHMENT.fullmatch(i.name)}
    with tempfile.TemporaryDirectory(prefix="commitment-") as folder:
        for item in result.provenance.inputs:
            place = (Path(folder) / item.name).resolve()
            is_named = item.sha256 in kept and not item.name.startswith(f"{EVIDENCE}/")
            if is_named and place.is_relative_to(Path(folder).resolve()):
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(directory / kept[item.sha256], place)
        return portfolio_document(data, INVENTORY, folder=Path(folder))


def _answer_in(path: Path) -> Path:
    if not path.is_dir():
        return path
    return path / REFORECAST if (path / REFORECAST).exists() else path / ANSWER


def _status_of(file: Path) -> object:
    try:
        document = parse_json(file.read_bytes(), file=file.name)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=file.name) from None
    return document.get("status") if isinstance(document, dict) else None


def read_answer(path: Path) -> tuple[Reforecast, InputDigest]:
    """Read a reforecast.json and check the evidence beside it; give it with its digest.

    Raises
    ------
    InputError
        Not a re-forecast, or evidence that is absent or was changed afterwards.
    """
    file = _answer_in(path)
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=file.name) from None
    try:
        result = Reforecast.model_validate_json(data, strict=True)
    except ValidationError as error:
        raise DocumentError(faults_of(error, Reforecast), file=file.name) from None
    for item in result.provenance.inputs:
        if item.name.startswith(f"{EVIDENCE}/"):
            check_evidence(file.parent, item)
    return result, InputDigest(name=file.name, sha256=digest(data))
