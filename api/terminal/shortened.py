"""Long lists in the terminal: the largest first, then one line that says what is left out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import RenderableType

from api import short_lists
from api.short_lists import Amounts
from api.terminal.layout import notes
from forecast.short_form import ShortForm


def told(
    title: str, remarks: Iterable[tuple[str, str]], usd_of: Amounts, *, where: str
) -> RenderableType | None:
    """Show what is said of workloads, the same once, the most dollars first; None without any.

    Parameters
    ----------
    remarks
        Workload and what is said of it.
    where
        Where all of it stands, for whoever needs the rest.
    """
    return notes(title, told_lines(remarks, usd_of, where=where))


def told_lines(remarks: Iterable[tuple[str, str]], usd_of: Amounts, *, where: str) -> list[str]:
    """Give the lines of `told`."""
    found = short_lists.told(remarks, usd_of)
    lines = [remark.line for remark in found.shown]
    if found.rest:
        lines.append(f"{len(found.rest)} more remarks; {whole_list(found, where)}")
    return lines


def smaller(found: ShortForm[Any]) -> str:
    """Call the rest of a list.

    >>> smaller(ShortForm(("a", "b"), ("c", "d")))
    '2 smaller ones'
    """
    return f"{len(found.rest)} smaller ones"


def whole_list(found: ShortForm[Any], where: str) -> str:
    """Say where the whole list stands.

    >>> whole_list(ShortForm(("a", "b"), ("c", "d")), "sheet Workloads")
    'all 4: sheet Workloads'
    """
    return f"all {len(found)}: {where}"
