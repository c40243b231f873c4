"""What the sheets of a re-forecast have in common: a list is laid out and filled in one go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from excel_templates.layout import Column, Page

Rows = Mapping[str, Sequence[Sequence[object]]]
"""Rows of every list, by the name of the list."""

Filled = dict[str, Sequence[Sequence[object]]]
"""The same while a sheet is laid out."""


def listed(
    page: Page,
    filled: Filled,
    name: str,
    head: int,
    columns: Sequence[Column],
    rows: Sequence[Sequence[object]],
    *,
    title: str,
    otherwise: str = "none",
) -> int:
    """Lay out a titled list, note what fills it, and give the row where the next one may begin.

    Parameters
    ----------
    filled
        Takes the rows under the name.
    head
        Row of the title; the header and the list stand below.
    otherwise
        Stands alone in the first column of a list that is empty.
    """
    page.section(head, title)
    page.table(name, head + 1, columns)
    found = rows or [(otherwise,)]
    filled[name] = found
    return head + 3 + len(found)
