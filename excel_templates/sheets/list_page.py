"""What a sheet is that holds one list of the service's values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from excel_templates.layout import Column
from excel_templates.styles import Role
from forecast.records.recommendation import Recommendation


@dataclass(frozen=True)
class ListSheet:
    """One sheet with one list."""

    title: str
    name: str
    heading: str
    purpose: str
    widths: tuple[float, ...]
    columns: tuple[Column, ...]
    rows: Callable[[Recommendation], Sequence[Sequence[object]]]
    empty: str
    """What stands in the list when there is nothing to list."""
    note: tuple[str, Callable[[Recommendation], str]] | None = None
    """A defined name above the list, and what stands there."""
    chart: str | None = None
    """A defined name for a chart above the list."""


def served(label: str, number_format: str = "General") -> Column:
    """Give a column of values of the service."""
    return Column(label, Role.SERVICE, number_format)
