"""Bills from the command line: cost exports of any known format, and totals by month."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from api.documents import read_bytes
from api.invoice import read_invoice
from api.results import digest
from forecast.errors import UsageFormatError
from forecast.records.costs import ChargeKind
from forecast.records.recommendation import InputDigest
from forecast.units import add_months

if TYPE_CHECKING:
    from forecast.pricing.reconciliation import Statement
    from forecast.usage.reading import Exports

Tell = Callable[[str, float], None]

_TOTALS_HEADER = re.compile(rb"(?:\xef\xbb\xbf)?\s*\"?month\"?\s*,\s*\"?usd\"?\s*[\r\n]", re.I)


@dataclass(frozen=True)
class Bills:
    """What usage is held against.

    Attributes
    ----------
    statements
        Those inside the usage exports too.
    inputs
        Digests of the bill files.
    """

    statements: tuple[Statement, ...]
    inputs: tuple[InputDigest, ...]


def read_bills(
    files: Sequence[Path],
    usage: Exports,
    *,
    prefer: Sequence[str] = (),
    progress: Tell | None = None,
) -> Bills:
    """Read bills, and take the amounts that the usage exports hold themselves.

    Raises
    ------
    InputError
        A file that is no bill; with the file.
    """
    from forecast.pipeline.statements import statements_of
    from forecast.usage.reading import read_exports

    totals = [path for path in files if path.is_file() and _is_totals(path)]
    others = [path for path in files if path not in totals]
    read = [usage]
    inputs = [InputDigest(name=p.name, sha256=digest(read_bytes(p))) for p in totals]
    if others:
        found = read_exports(others, prefer=prefer, progress=progress)
        for source in found.sources:
            if not source.n_cost_lines:
                raise UsageFormatError(
                    f"is the {source.description}: it holds no amounts that usage could be held "
                    "against; give a cost report, a bill, or a CSV with the columns month,usd",
                    file=source.file,
                )
        read.append(found)
        inputs += [InputDigest(name=s.file, sha256=s.sha256) for s in found.sources]
    return Bills((*statements_of(read), *_statement_of_totals(totals)), tuple(inputs))


def _is_totals(path: Path) -> bool:
    with path.open("rb") as file:
        return _TOTALS_HEADER.match(file.read(64)) is not None


def _statement_of_totals(files: Sequence[Path]) -> list[Statement]:
    from forecast.pricing.reconciliation import Statement
    from forecast.usage.formats.protocol import cost_frame

    billed: dict[date, Decimal] = {}
    for path in files:
        for month, usd in read_invoice(path).items():
            if month in billed:
                raise UsageFormatError(
                    f"holds {month:%Y-%m}, and so does another bill; give every month once",
                    file=path.name,
                )
            billed[month] = usd
    if not billed:
        return []
    lines = cost_frame(
        {
            "start": list(billed),
            "end": [add_months(month, 1) for month in billed],
            "charge": [ChargeKind.USAGE.value] * len(billed),
            "billed_usd": list(billed.values()),
            "row": list(range(1, len(billed) + 1)),
        }
    )
    return [Statement("invoice totals by month", tuple(p.name for p in files), lines)]
