"""The bills that usage is held against, taken from what exports say of money."""

from __future__ import annotations

from collections.abc import Sequence

from forecast.pricing.reconciliation import Statement
from forecast.usage.reading import Exports


def statements_of(exports: Sequence[Exports]) -> tuple[Statement, ...]:
    """Give one statement for each format that brings cost lines; a file counts once.

    Amounts that an observer multiplied out stay apart from those of the vendor's books: they are
    estimates.

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
            estimated = report.amounts is not None and report.amounts.meaning == "estimated"
            statement = Statement(
                report.description,
                tuple(one.sources[i].file for i in places),
                one.costs_of(places),
                estimated,
            )
            found[name] = found[name].joined(statement) if name in found else statement
    return tuple(found.values())
