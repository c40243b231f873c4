"""Long lists in the terminal: the largest first, then one line that says what is left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from rich.console import RenderableType

from api.terminal.layout import notes
from forecast.records.recommendation import Recommendation
from forecast.short_form import ShortForm, short_form, told_once

Amounts = Mapping[str, Decimal]
"""USD by workload, which says what matters first."""


def as_is_usd(result: Recommendation) -> Amounts:
    """Give the list cost of every workload over the term, as is; the largest first."""
    ordered = sorted(result.workloads, key=lambda w: (-w.as_is_usd, w.name))
    return {w.name: w.as_is_usd for w in ordered}


def by_size(remarks: Iterable[tuple[str, str]], usd: Amounts) -> list[tuple[str, str]]:
    """Order remarks by the amount of their workload; what is said of none comes first."""
    nothing = Decimal(0)
    return sorted(remarks, key=lambda r: (r[0] != "", -usd.get(r[0], nothing)))


def told(
    title: str, remarks: Iterable[tuple[str, str]], usd: Amounts, *, where: str
) -> RenderableType | None:
    """Show what is said of workloads, the same once, the most dollars first; None without any.

    Parameters
    ----------
    remarks
        Workload and what is said of it.
    where
        Where all of it stands, for whoever needs the rest.
    """
    return notes(title, told_lines(remarks, usd, where=where))


def told_lines(remarks: Iterable[tuple[str, str]], usd: Amounts, *, where: str) -> list[str]:
    """Give the lines of `told`."""
    found = short_form(told_once(by_size(remarks, usd)), lambda t: t.usd(usd))
    lines = [t.line for t in found.shown]
    if found.rest:
        lines.append(f"{len(found.rest)} more remarks; {whole_list(found, where)}")
    return lines


def whole_list(found: ShortForm[Any], where: str) -> str:
    """Say where the whole list stands.

    >>> whole_list(ShortForm(("a", "b"), ("c", "d")), "sheet Workloads")
    'all 4: sheet Workloads'
    """
    return f"all {len(found)}: {where}"
