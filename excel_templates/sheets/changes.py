"""Changes: this recommendation beside an earlier one, what moved, and what moved with it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from openpyxl.workbook import Workbook

from excel_templates.book import KEEP, Book
from excel_templates.layout import Column, Page
from excel_templates.sheets.decision import step_words
from excel_templates.sheets.figures import FIGURES
from excel_templates.styles import SHARE, Role
from forecast.records.recommendation import Recommendation, WorkloadResult
from forecast.units import to_cents

TITLE: Final = "Changes"
_HEAD: Final = 6
NO_PREVIOUS: Final = (
    "no earlier recommendation was given; commitment workbook … --previous FILE compares with one"
)
_TOLD_WORKLOADS: Final = 60
"""Workloads told one by one, those that moved most; what a reader of one meeting takes in."""

Row = list[object]


def design(workbook: Workbook) -> None:
    """Lay out the sheet."""
    page = Page(
        workbook,
        TITLE,
        "What changed since the last recommendation",
        "Then and now of the headline, the bridge, the contract, the inputs and every workload "
        "that moved. Dollars over the term of each.",
        widths=(16, 44, 26, 26, 18, 13, 70),
        freeze=f"C{_HEAD + 1}",
    )
    page.stale_banner("A4")
    row = _HEAD + 1
    both = f"AND(ISNUMBER(C{row}),ISNUMBER(D{row}))"
    page.table(
        "change_rows",
        _HEAD,
        [
            Column("Part", Role.LABEL),
            Column("What", Role.SERVICE),
            Column("Then", Role.SERVICE, _AMOUNT),
            Column("Now", Role.SERVICE, _AMOUNT),
            Column("Change", Role.CALCULATION, _AMOUNT, f'=IF({both},D{row}-C{row},"")'),
            Column(
                "Relative",
                Role.CALCULATION,
                SHARE,
                f'=IF({both},IF(C{row}=0,"",D{row}/C{row}-1),"")',
            ),
            Column("Why, or what moved with it", Role.SERVICE),
        ],
    )
    page.close(row)
    page.repeat_down_to(_HEAD)
    page.ws.auto_filter.ref = f"A{_HEAD}:G{row}"
    page.ws.protection.autoFilter = False


_AMOUNT: Final = "#,##0.####;-#,##0.####;0;@"


def fill(book: Book, recommendation: Recommendation, previous: Recommendation | None) -> None:
    """Write what differs from an earlier recommendation; without one, say so."""
    if previous is None:
        book.rows("change_rows", [["none", NO_PREVIOUS, None, None, KEEP, KEEP, None]])
        return
    rows = [
        *_basis(previous, recommendation),
        *_headline(previous, recommendation),
        *_bridge(previous, recommendation),
        *_terms(previous, recommendation),
        *_assumptions(previous, recommendation),
        *_workloads(previous, recommendation),
    ]
    book.rows("change_rows", rows)


def _row(part: str, what: str, then: object, now: object, why: str = "") -> Row:
    return [part, what, then, now, KEEP, KEEP, why]


def _basis(before: Recommendation, now: Recommendation) -> Iterator[Row]:
    """What the two rest on."""
    old, new = before.provenance, now.provenance
    for what, a, b in (
        ("Usage up to", old.as_of, new.as_of),
        ("Prices in force on", old.rate_card_day, new.rate_card_day),
        ("Package version", old.package_version, new.package_version),
        ("Scenarios", old.n_scenarios, new.n_scenarios),
        ("Contract", before.terms.name, now.terms.name),
    ):
        if a != b or what == "Usage up to":
            yield _row("basis", what, _said(a), _said(b))


def _headline(before: Recommendation, now: Recommendation) -> Iterator[Row]:
    for figure in FIGURES:
        if figure.service is None:
            continue
        a, b = figure.service(before), figure.service(now)
        why = _why_number(before, now) if figure.key == "sign_for" else ""
        yield _row("headline", figure.label, a, b, why)


def _why_number(before: Recommendation, now: Recommendation) -> str:
    """Name the three steps of the bridge that moved most."""
    moved = {step: usd for step, _, usd in _steps(before, now) if usd}
    last = now.bridge[-1].step if now.bridge else ""
    ranked = sorted((s for s in moved if s != last), key=lambda s: -abs(moved[s]))[:3]
    return "; ".join(f"{step_words(step)} {moved[step]:+,.0f} USD" for step in ranked)


def _bridge(before: Recommendation, now: Recommendation) -> Iterator[Row]:
    """The steps of both bridges; the changes of all but the last sum to that of the last."""
    for step, (a, b), _ in _steps(before, now):
        yield _row("bridge", step_words(step), a, b)


def _steps(
    before: Recommendation, now: Recommendation
) -> Iterator[tuple[str, tuple[Decimal, Decimal], Decimal]]:
    old = {step.step: step.usd for step in before.bridge}
    new = {step.step: step.usd for step in now.bridge}
    last = now.bridge[-1].step if now.bridge else ""
    names = [*(name for name in {**new, **old} if name != last), *([last] if last else [])]
    for name in names:
        a, b = old.get(name, Decimal(0)), new.get(name, Decimal(0))
        yield name, (a, b), to_cents(b - a)


def _terms(before: Recommendation, now: Recommendation) -> Iterator[Row]:
    """Clauses that differ, and the tiers one by one."""
    old, new = before.terms, now.terms
    for field in type(new).model_fields:
        a, b = getattr(old, field), getattr(new, field)
        if field != "tiers" and field != "name" and a != b:
            yield _row("contract", field.replace("_", " "), _said(a), _said(b))
    for i in range(max(len(old.tiers), len(new.tiers))):
        a, b = (t.tiers[i] if i < len(t.tiers) else None for t in (old, new))
        if a != b:
            yield _row("contract", f"Tier {i + 1}", _tier(a), _tier(b))


def _tier(tier: Any) -> str:
    if tier is None:
        return "none"
    return f"from {tier.from_commitment_usd:,} USD: {100 * tier.discount_share:g} %"


def _assumptions(before: Recommendation, now: Recommendation) -> Iterator[Row]:
    old = {a.name: a for a in before.assumptions}
    new = {a.name: a for a in now.assumptions}
    for name in {**new, **old}:
        a, b = old.get(name), new.get(name)
        if a is None or b is None or a.value != b.value:
            source = b.source if b is not None else "no longer needed"
            yield _row("input", name, a.value if a else "none", b.value if b else "none", source)


def _workloads(before: Recommendation, now: Recommendation) -> Iterator[Row]:
    """Workloads whose optimised cost, decision or owner's answer moved, the largest first."""
    old = {w.name: w for w in before.workloads}
    new = {w.name: w for w in now.workloads}

    def usd(found: WorkloadResult | None) -> Decimal:
        return found.optimised_usd if found is not None else Decimal(0)

    moved = [
        name
        for name in {**new, **old}
        if usd(old.get(name)) != usd(new.get(name))
        or _state(old.get(name)) != _state(new.get(name))
    ]
    moved.sort(key=lambda name: (-abs(usd(new.get(name)) - usd(old.get(name))), name))
    for name in moved[:_TOLD_WORKLOADS]:
        a, b = old.get(name), new.get(name)
        yield _row("workload", name, usd(a), usd(b), _why_workload(a, b))
    if len(moved) > _TOLD_WORKLOADS:
        rest = moved[_TOLD_WORKLOADS:]
        then, later = (sum((usd(x.get(n)) for n in rest), Decimal(0)) for x in (old, new))
        yield _row("workload", f"{len(rest)} more workloads", then, later)


def _state(found: WorkloadResult | None) -> object:
    return None if found is None else (found.decision, found.owner_state)


def _why_workload(before: WorkloadResult | None, now: WorkloadResult | None) -> str:
    if before is None or now is None:
        return "new" if before is None else "gone"
    said = []
    if before.as_is_usd:
        demand = float(now.as_is_usd / before.as_is_usd - 1)
        said.append(f"as is {demand:+.1%}")
    if before.decision is not now.decision:
        said.append(f"decision: {_words(before.decision)} → {_words(now.decision)}")
    if before.owner_state is not now.owner_state:
        said.append(f"owner: {_words(before.owner_state)} → {_words(now.owner_state)}")
    if before.adoption_month != now.adoption_month:
        said.append(f"acts from: {_said(before.adoption_month)} → {_said(now.adoption_month)}")
    return "; ".join(said)


def _words(state: Any) -> str:
    return str(state.value).replace("_", " ")


def _said(value: object) -> object:
    """Give a value as a cell shows it: numbers stay numbers."""
    if value is None or value == ():
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float, Decimal)):
        return value
    if isinstance(value, tuple):
        return "; ".join(str(part) for part in value)
    return str(value)
