"""What uploaded exports were read as, told as soon as they are there."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from api.store.artifacts import Artifacts, copy_verified

if TYPE_CHECKING:
    from api.store.datasets import Dataset
    from api.store.opening import Store
    from forecast.records.workloads import Portfolio
    from forecast.usage.reading import Exports, SourceReport

MAX_BYTES: Final = 64 * 2**20
"""Larger uploads are read by the job of the recommendation, not while a browser waits: reading
64 MB of CSV takes some ten seconds of a server thread."""


@dataclass(frozen=True)
class ModelUse:
    """How much a model was used."""

    model: str
    platform: str
    n_tokens: int
    first_day: date
    last_day: date


@dataclass(frozen=True)
class Reading:
    """What files together say.

    Attributes
    ----------
    sources
        One report a file, those of bills last.
    n_rows
        Usage rows by day and key, once added up.
    drafted
        The inventory that the usage itself suggests; nobody has answered for it.
    """

    sources: tuple[SourceReport, ...]
    n_rows: int
    first_day: date
    last_day: date
    last_complete_day: date
    models: tuple[ModelUse, ...]
    drafted: Portfolio

    @property
    def n_days(self) -> int:
        """Days from the first to the last one with usage."""
        return (self.last_day - self.first_day).days + 1


def read_files(usage: Sequence[Path], bills: Sequence[Path]) -> Reading:
    """Read exports, and check that bills are bills.

    Raises
    ------
    InputError
        With file, row and column.
    """
    from api.bills import read_bills
    from forecast.usage.mapping import draft_portfolio, last_complete_day
    from forecast.usage.reading import read_usage

    exports = read_usage(usage)
    held_against = read_bills(bills, exports)
    days = exports.rows["day"]
    return Reading(
        sources=(*exports.sources, *held_against.sources),
        n_rows=len(exports.rows),
        first_day=days.min().date(),
        last_day=days.max().date(),
        last_complete_day=last_complete_day(exports.rows),
        models=_models(exports),
        drafted=draft_portfolio(exports.rows),
    )


def read_dataset_files(store: Store, organisation: str, dataset: Dataset) -> Reading | None:
    """Read a stored dataset; None where it is too large to be read while somebody waits.

    Raises
    ------
    InputError
        See `read_files`.
    """
    if sum(file.kept.n_bytes for file in dataset.files) > MAX_BYTES:
        return None
    named = tuple((file.role, file.name, file.kept.sha256) for file in dataset.files)
    return _remembered(store.artifacts, organisation, named)


@lru_cache(maxsize=32)  # files never change under their digests; a reading is some kilobytes
def _remembered(
    artifacts: Artifacts, organisation: str, named: tuple[tuple[str, str, str], ...]
) -> Reading:
    with tempfile.TemporaryDirectory(prefix="commitment-") as place:
        paths: dict[str, list[Path]] = {"usage": [], "invoice": []}
        for i, (role, name, sha256) in enumerate(named):
            path = Path(place) / str(i) / name
            copy_verified(artifacts, organisation, sha256, path)
            paths[role].append(path)
        return read_files(paths["usage"], paths["invoice"])


def _models(exports: Exports) -> tuple[ModelUse, ...]:
    """Give the models that were used, the most used first."""
    from forecast.records.usage import TOKEN_COLUMNS

    told = exports.rows.assign(tokens=exports.rows[list(TOKEN_COLUMNS)].sum(axis=1))
    used = (
        told.groupby(["model", "platform"], observed=True, sort=True)
        .agg(tokens=("tokens", "sum"), first=("day", "min"), last=("day", "max"))
        .reset_index()
        .sort_values(["tokens", "model", "platform"], ascending=[False, True, True])
    )
    return tuple(
        ModelUse(row.model, row.platform, int(row.tokens), row.first.date(), row.last.date())
        for row in used.itertuples(index=False)
    )
