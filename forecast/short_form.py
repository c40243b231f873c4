"""Long lists in short form: the largest first, the rest summed, the same thing said once.

A company has eight workloads or four hundred. What a person reads (a terminal, a page, a cell)
takes its lists from here; JSON, Parquet, TOML and the sheets that are filtered hold every entry.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Generic, TypeVar

MOST_ROWS: Final = 15
"""Rows of a list in short form, the one that sums up the rest included: about half a screen. The
lists of eight workloads stay whole under it; of eighty alike it names the 14 largest."""

MOST_NAMES: Final = 3
"""Workloads that are named where the same is said of many."""

Entry = TypeVar("Entry")


@dataclass(frozen=True)
class ShortForm(Generic[Entry]):
    """A list with its largest entries shown.

    Attributes
    ----------
    shown
        In the order of the list.
    rest
        What is only counted and summed; empty where the whole list is shown.
    """

    shown: tuple[Entry, ...]
    rest: tuple[Entry, ...]

    def rest_usd(self, usd: Callable[[Entry], Decimal | None]) -> Decimal | None:
        """Sum an amount over the rest; None where no entry of it has one."""
        return total(map(usd, self.rest))

    def __len__(self) -> int:
        """Count the whole list."""
        return len(self.shown) + len(self.rest)


def total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """Add up the amounts that are known; None without any.

    >>> total([Decimal(3), None, Decimal(4)]), total([None])
    (Decimal('7'), None)
    """
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known else None


def short_form(
    entries: Iterable[Entry], usd: Callable[[Entry], Decimal | None], *, most: int = MOST_ROWS
) -> ShortForm[Entry]:
    """Choose what of a list is shown, by dollars.

    Parameters
    ----------
    usd
        Amount an entry is ranked by, whatever its sign; None counts as nothing.
    most
        Rows to fill, at least 2; the last one is left to the rest where there is one.

    Examples
    --------
    >>> found = short_form([3, 50, 20, 1], lambda usd: Decimal(usd), most=3)
    >>> found.shown, found.rest, found.rest_usd(lambda usd: Decimal(usd))
    ((50, 20), (3, 1), Decimal('4'))
    >>> short_form([3, 50, 20], lambda usd: Decimal(usd), most=3).rest
    ()
    """
    whole = tuple(entries)
    if len(whole) <= most:
        return ShortForm(whole, ())
    by_size = sorted(range(len(whole)), key=lambda i: -abs(usd(whole[i]) or Decimal(0)))
    kept = set(by_size[: most - 1])
    return ShortForm(
        tuple(entry for i, entry in enumerate(whole) if i in kept),
        tuple(entry for i, entry in enumerate(whole) if i not in kept),
    )


@dataclass(frozen=True)
class Told:
    """One remark and the workloads it is made about; none where it is about everything."""

    said: str
    workloads: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The remark with its workloads before it.

        >>> Told("no deadline is stated", ("Chat", "Tags")).line
        'Chat, Tags: no deadline is stated'
        >>> Told("no deadline is stated", ("Chat", "Tags", "Evals", "Mail")).line
        '4 workloads (Chat, Tags, Evals, …): no deadline is stated'
        """
        return f"{self.who}: {self.said}" if self.workloads else self.said

    @property
    def is_short(self) -> bool:
        """Whether some of its workloads are counted, not named."""
        return len(self.workloads) > MOST_NAMES

    @property
    def who(self) -> str:
        """Its workloads, many of them by their number and the first few."""
        if not self.is_short:
            return ", ".join(self.workloads)
        return f"{len(self.workloads)} workloads ({', '.join(self.workloads[:MOST_NAMES])}, …)"

    def usd(self, by_workload: Mapping[str, Decimal]) -> Decimal:
        """Sum an amount over its workloads; a remark about everything has the amount of all."""
        asked = self.workloads or tuple(by_workload)
        return sum((by_workload.get(name, Decimal(0)) for name in asked), Decimal(0))


def told_once(remarks: Iterable[tuple[str, str]]) -> tuple[Told, ...]:
    """Say once what is said of several workloads, in the order of the first to be named.

    Parameters
    ----------
    remarks
        Workload and what is said of it; "" where it is said of none in particular.

    Examples
    --------
    >>> told_once([("Chat", "1 h"), ("Tags", "5 m"), ("Mail", "1 h"), ("Chat", "1 h")])
    (Told(said='1 h', workloads=('Chat', 'Mail')), Told(said='5 m', workloads=('Tags',)))
    """
    about: dict[str, dict[str, None]] = {}
    for workload, said in remarks:
        about.setdefault(said, {})
        if workload:
            about[said][workload] = None
    return tuple(Told(said, tuple(names)) for said, names in about.items())


def subject(text: str, workloads: Container[str]) -> tuple[str, str]:
    """Split "workload: rest" where it begins with a workload's name.

    >>> subject("Chat: old: cache share", ["Chat", "Chat: old"])
    ('Chat: old', 'cache share')
    >>> subject("cache hits: 0.9", ["Chat"])
    ('', 'cache hits: 0.9')
    """
    parts = text.split(": ")
    for n in range(len(parts) - 1, 0, -1):
        name = ": ".join(parts[:n])
        if name in workloads:
            return name, ": ".join(parts[n:])
    return "", text
