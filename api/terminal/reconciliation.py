"""Usage against bills as a page for people who pay them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.text import Text

from api.terminal.layout import notes, page, percent, plain, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecast.records.reconciliation import MeasuredDiscount, Reconciliation

_COLOUR = {"within_tolerance": "green", "warning": "yellow", "refused": "red"}
MAX_SHOWN = 12
"""Single differences on the page; all of them are in the JSON and in the workbook."""


def reconciliation(found: Reconciliation) -> Group:
    """Show a reconciliation: verdict, months, causes, largest differences, discount."""
    from forecast.pricing.reconciliation import heading_of

    return page(
        [
            Panel(
                plain(found.note),
                title=heading_of(found),
                title_align="left",
                border_style=_COLOUR.get(found.status, "none"),
            ),
            _months(found),
            _causes(found),
            _differences(found),
            _discount(found.discount) if found.discount else None,
            _rest(found),
        ]
    )


def first_lines(warnings: Sequence[str]) -> RenderableType | None:
    """Show what has to be read before any number; None without any."""
    if not warnings:
        return None
    lines = Group(*(plain(warning) for warning in warnings))
    return Panel(lines, title="Warning", title_align="left", border_style="yellow")


def _months(found: Reconciliation) -> Group | None:
    if not found.months:
        return None
    several = len({m.source for m in found.months}) > 1
    return table(
        "By month (repriced at the prices the bill is in)",
        [
            "month",
            *(["bill"] if several else []),
            "on the bill",
            "repriced",
            "difference",
            "share",
            "",
        ],
        [
            (
                f"{m.month:%Y-%m}",
                *([m.source] if several else []),
                _cents(m.billed_usd),
                _cents(m.repriced_usd),
                _cents(m.difference_usd),
                percent(m.difference_share, 1),
                m.said,
            )
            for m in found.months
        ],
        text_columns=2 if several else 1,
    )


def _causes(found: Reconciliation) -> Group | None:
    if not found.causes:
        return None
    return table(
        "What is apart, the largest first",
        ["cause", "USD", "cells", ""],
        [
            (
                c.cause.value.replace("_", " "),
                _cents(c.difference_usd),
                c.n_differences,
                f"{c.said}: {c.what_to_do}",
            )
            for c in found.causes
        ],
    )


def _differences(found: Reconciliation) -> Group | None:
    if not found.differences:
        return None
    shown = found.differences[:MAX_SHOWN]
    of = f"; {len(shown)} of {found.n_differences}" if found.n_differences > len(shown) else ""
    return table(
        f"Where (repriced less billed{of})",
        ["month", "model", "token kind", "on the bill", "repriced", "difference", "cause"],
        [
            (
                f"{d.month:%Y-%m}",
                d.model or "all models",
                d.token_kind.replace("_", " ") or "all kinds",
                _cents(d.billed_usd),
                _cents(d.repriced_usd),
                _cents(d.difference_usd),
                Text(d.cause.value.replace("_", " ")),
            )
            for d in shown
        ],
        text_columns=3,
    )


def _discount(found: MeasuredDiscount) -> Group:
    return Group(
        table(
            "The discount in the bill, measured",
            ["model family", "discount", "lowest", "highest", "list USD"],
            [
                (
                    f.family,
                    percent(f.discount_share, 1),
                    percent(f.lowest_share, 1),
                    percent(f.highest_share, 1),
                    _cents(f.list_usd),
                )
                for f in found.families
            ],
        ),
        plain(f"Overall {found.said}."),
    )


def _rest(found: Reconciliation) -> RenderableType | None:
    lines = [
        f"{a.charge.value}: {_cents(a.billed_usd)} USD, listed and not judged"
        for a in found.not_judged
    ]
    lines += [
        f"{s.name} ({', '.join(s.files)}), by {s.grain}: compared {_COMPARED[s.compared]}"
        for s in found.sources
    ]
    if found.status != "not_done":
        lines.append(
            f"{percent(found.covered_share, 1)} of the list cost of the usage stands on these bills"
        )
    return notes("What was compared", lines)


_COMPARED = {
    "list": "list with list",
    "contracted": "contracted cost with repriced usage",
    "billed": "billed cost with repriced usage",
    "estimated": "and never judged: estimates of whoever logged the requests",
}


def _cents(amount: Decimal) -> str:
    return f"{amount:,.2f}"
