"""What every page in the terminal is made of.

Text that came from files or people is shown without control characters and without markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

WHOLE_FROM = 1000.0
SUFFIXES = ((1e6, "M"), (1e9, "G"), (1e12, "T"))
"""Below the first one a value is written whole, from WHOLE_FROM on."""

PLAIN_WIDTH = 110
"""Columns when the output is a file or a pipe."""


def console(*, stderr: bool = False) -> Console:
    """Give a console; into a file or a pipe it writes lines of a fixed width."""
    found = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if found.is_terminal:
        return found
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, width=PLAIN_WIDTH)


def plain(text: object) -> Text:
    r"""Show foreign text as it is: no markup, no control characters.

    >>> plain("a[red]b\x1b[2J").plain
    'a[red]b�[2J'
    """
    return Text("".join(c if c.isprintable() or c == " " else "�" for c in str(text)))


def usd(amount: Decimal | None) -> str:
    """Write an amount in whole dollars.

    >>> usd(Decimal("1234567.50")), usd(Decimal("-3.2")), usd(Decimal("-0.2"))
    ('$1,234,568', '-$3', '$0')
    """
    if amount is None:
        return "–"
    whole = int(amount.quantize(Decimal(1)))
    return f"{'-' if whole < 0 else ''}${abs(whole):,}"


def quantity(value: float) -> str:
    """Write a value of any unit in at most eight characters or so.

    >>> [quantity(x) for x in (0.0, 0.123456, 12345.6, 11_373_050.0, 2.5e17)]
    ['0', '0.1235', '12,346', '11.37M', '2.5e+17']
    """
    if abs(value) < WHOLE_FROM or abs(value) >= SUFFIXES[-1][0] * 1000:
        return f"{value:.4g}"
    for unit, suffix in reversed(SUFFIXES):
        if abs(value) >= unit:
            return f"{value / unit:.2f}{suffix}"
    return f"{value:,.0f}"


def percent(share: float | None, digits: int = 0) -> str:
    """Write a share in per cent.

    >>> percent(0.155), percent(0.155, 1)
    ('16 %', '15.5 %')
    >>> percent(-1e-7, 1)
    '0.0 %'
    """
    return "–" if share is None else f"{round(100 * share, digits) + 0.0:.{digits}f} %"


def table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, text_columns: int = 1
) -> Group:
    """Lay out rows under a title.

    The first `text_columns` columns stand to the left, the others to the right. A last
    column called `""` takes free text and the width that is left.
    """
    found = Table(show_edge=False)
    for i, name in enumerate(columns):
        left = i < text_columns or name == ""
        found.add_column(
            name,
            justify="left" if left else "right",
            overflow="fold",
            no_wrap=not left,
            ratio=1 if name == "" else None,
        )
    for row in rows:
        found.add_row(*(cell if isinstance(cell, Text) else plain(cell) for cell in row))
    return Group(Text(title, style="bold"), found)


def page(parts: Iterable[RenderableType | None]) -> Group:
    """Put parts under one another with a blank line between; None is left out."""
    return Group(*(Padding(part, (0, 0, 1, 0)) for part in parts if part is not None))


def notes(title: str, lines: Sequence[str]) -> RenderableType | None:
    """Show a list of remarks; None without any."""
    if not lines:
        return None
    grid = Table.grid(padding=(0, 1))
    grid.add_column()
    grid.add_column(overflow="fold")
    for note in lines:
        grid.add_row(Text("•"), plain(note))
    return Group(Text(title, style="bold"), grid)
