"""Bills from the command line: cost exports of any known format."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from forecast.errors import UsageFormatError
from forecast.records.recommendation import InputDigest

if TYPE_CHECKING:
    from forecast.pricing.reconciliation import Statement
    from forecast.usage.reading import Exports, SourceReport

Tell = Callable[[str, float], None]


@dataclass(frozen=True)
class Bills:
    """What usage is held against.

    Attributes
    ----------
    statements
        Those inside the usage exports too.
    inputs
        Digests of the bill files.
    sources
        Reports of the bill files, with what looked wrong in them.
    """

    statements: tuple[Statement, ...]
    inputs: tuple[InputDigest, ...]
    sources: tuple[SourceReport, ...] = ()


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

    read = [usage]
    inputs: list[InputDigest] = []
    sources: tuple[SourceReport, ...] = ()
    if files:
        found = read_exports(files, prefer=prefer, progress=progress)
        for source in found.sources:
            if not source.n_cost_lines:
                raise UsageFormatError(
                    f"is the {source.description}: it holds no amounts that usage could be held "
                    "against; give a cost report, a bill, or a CSV with the columns month,usd",
                    file=source.file,
                )
        read.append(found)
        sources = found.sources
        inputs += [InputDigest(name=s.file, sha256=s.sha256) for s in found.sources]
    return Bills(statements_of(read), tuple(inputs), sources)
