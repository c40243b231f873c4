"""The bills that usage is held against, taken from what exports say of money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from forecast.pricing.reconciliation import Statement
from forecast.usage.formats.protocol import ANY_BOOKS
from forecast.usage.formats.registry import format_named
from forecast.usage.reading import Exports


def statements_of(exports: Sequence[Exports]) -> tuple[Statement, ...]:
    """Give one statement for each format that brings cost lines; a file counts once.

    Amounts that an observer multiplied out stay apart from those of the vendor's books: they are
    estimates. Two vendors' books that bill one platform, such as an API organisation and an
    enterprise plan, each hold a part of its usage and become one statement.

    Parameters
    ----------
    exports
        As `usage.reading` gives them: usage exports that hold amounts too, and bills.
    """
    seen: set[str] = set()
    found: dict[str, Statement] = {}
    for one in exports:
        fresh = [i for i, s in enumerate(one.sources) if s.sha256 not in seen and s.n_cost_lines]
        seen |= {s.sha256 for s in one.sources}
        for name in dict.fromkeys(one.sources[i].format_name for i in fresh):
            places = [i for i in fresh if one.sources[i].format_name == name]
            report = one.sources[places[0]]
            statement = Statement(
                report.description,
                tuple(one.sources[i].file for i in places),
                one.costs_of(places),
                report.estimated,
            )
            found[name] = found[name].joined(statement) if name in found else statement
    return _completed(found)


def _completed(found: Mapping[str, Statement]) -> tuple[Statement, ...]:
    """Join statements of different books that bill the same platform; views stay apart."""
    joined: list[tuple[set[str], set[str], Statement]] = []
    for name, statement in found.items():
        books = format_named(name).recorded_by
        platforms = set(statement.lines["platform"])
        own = {books} if books not in ("", ANY_BOOKS) and not statement.estimated else set()
        for i, (others, theirs, other) in enumerate(joined):
            if own and others and not own & others and platforms & theirs:
                whole = replace(other.joined(statement), name=f"{other.name} + {statement.name}")
                joined[i] = (others | own, theirs | platforms, whole)
                break
        else:
            joined.append((own, platforms, statement))
    return tuple(statement for _, _, statement in joined)
