"""A re-forecast as a page for the terminal, and as Markdown for a chat or a mail.

Both show the same sections, which hold what the records hold; nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from rich.console import Group

from api import short_lists
from api.terminal.layout import notes, page, percent, plain, table, usd
from api.terminal.sections import Section, as_markdown, remarks, shown
from api.terminal.shortened import smaller, whole_list
from forecast.records.reforecast import (
    Attribution,
    CertainDay,
    PeriodStanding,
    PlatformDrawdown,
    Reforecast,
)

if TYPE_CHECKING:
    from api.contracts import Signed
    from api.reforecasts import StoredReforecast

_WHERE = "reforecast.json"

BAR_CELLS = 24
LARGEST_WORKLOADS = 3
"""Named beside a step of the waterfall."""

SHOWN_LEVELS = (0.1, 0.5, 0.9)


def sections(result: Reforecast) -> list[Section]:
    """Give what there is to read, the decision first."""
    found = [
        remarks("Before the figures", _findings(result)),
        _headline(result),
        _waterfall(result.attribution),
        _periods(result.burn_down.periods),
        _platforms(result.burn_down.platforms),
        _certain(result.burn_down.certain),
        _remedies(result),
        _promises(result),
        _reclassifications(result),
        _balance(result),
        _workloads(result),
        remarks("Track record", _record(result)),
    ]
    return [section for section in found if section.rows]


def written(stored: StoredReforecast) -> Group:
    """Show a stored re-forecast, and where it lies."""
    said = [] if stored.is_new else [plain("Nothing changed: the same inputs were re-forecast.")]
    return page([*said, *map(shown, sections(stored.result)), plain(f"In {stored.directory}")])


def signed(stored: Signed) -> Group:
    """Show a signed contract beside the advice."""
    contract, deviation = stored.contract, stored.contract.deviation
    rows = [
        (
            "Advised",
            usd(deviation.advised_commitment_usd),
            usd(deviation.advised_expected_cost_usd),
        ),
        ("Signed", usd(contract.commitment_usd), usd(deviation.signed_expected_cost_usd)),
        (
            "Best under the executed terms",
            usd(deviation.best_commitment_usd),
            usd(deviation.best_expected_cost_usd),
        ),
    ]
    said = [
        f"Signed by {contract.signature.signatory} on {contract.signature.signed_on}",
        f"What was signed costs {_change(deviation.price_usd)} on average over the term: "
        f"{_change(deviation.terms_price_usd)} by its terms, {_change(deviation.amount_price_usd)} "
        f"by its amount; the P95 of unused moves by {_change(deviation.unused_p95_change_usd)}",
        f"It stands at the {percent(deviation.percentile)} point of our consumption",
    ]
    if contract.signature.reason:
        said.append(f"Reason: {contract.signature.reason}")
    state = "is" if stored.is_new else "was there already, unchanged:"
    return page(
        [
            table(contract.terms.name, ["", "commitment", "expected to pay"], rows),
            notes("Deviation", said),
            plain(f"The contract {state} {stored.path}"),
        ]
    )


def markdown(result: Reforecast) -> str:
    """Write a re-forecast as Markdown."""
    title = f"{result.contract.terms.name}: re-forecast of {result.provenance.as_of}"
    return as_markdown(title, sections(result))


def _findings(result: Reforecast) -> list[str]:
    found = short_lists.findings(result)
    lines = [_finding(f.note, f.usd) for f in found.shown]
    if found.rest:
        summed = _finding(
            f"{smaller(found)} about one workload each",
            found.rest_usd(lambda f: f.usd),
        )
        lines.append(f"{summed}; {whole_list(found, _WHERE)}")
    return lines


def _finding(note: str, amount: Decimal | None) -> str:
    return note if amount is None else f"{note} ({_change(amount)} at list)"


def _change(amount: Decimal) -> str:
    return usd(amount) if amount < 0 else f"+{usd(amount)}"


def _headline(result: Reforecast) -> Section:
    head = result.headline
    term = result.contract.terms
    return Section(
        f"Where the contract lands: {result.months_elapsed} of {term.term_months} months are over",
        ("what", "over the term"),
        (
            ("Signed for", usd(head.sign_for_usd)),
            ("Expect to pay", usd(head.expect_to_pay_usd)),
            ("Budget (P80)", usd(head.budget_p80_usd)),
            ("Worst-case unused (P95)", usd(head.worst_case_unused_usd)),
            ("P(shortfall in any period)", percent(result.shortfall_probability)),
            ("P(overage in any period)", percent(result.overage_probability)),
            ("Would sign now", usd(result.recommended.commitment_usd)),
        ),
    )


def _waterfall(found: Attribution) -> Section:
    largest = max((abs(s.cost_change_usd) for s in found.steps), default=Decimal(0))
    rows = [("last forecast", usd(found.before_cost_usd), usd(found.before_commitment_usd), "", "")]
    for step in found.steps:
        by_size = sorted(step.workloads, key=lambda w: -abs(w.cost_change_usd))
        who = "; ".join(
            f"{w.workload} {_change(w.cost_change_usd)}"
            for w in by_size[:LARGEST_WORKLOADS]
            if w.cost_change_usd
        )
        rows.append(
            (
                step.step,
                _change(step.cost_change_usd),
                _change(step.commitment_change_usd),
                _bar(step.cost_change_usd, largest),
                who,
            )
        )
    rows.append(
        ("this forecast", usd(found.after_cost_usd), usd(found.after_commitment_usd), "", "")
    )
    return Section(
        "What moved, in the order in which the inputs were replaced",
        ("step", "expected cost", "would sign", "change", ""),
        tuple(rows),
    )


def _bar(amount: Decimal, largest: Decimal) -> str:
    """Draw a change, at most half the width to either side.

    >>> _bar(Decimal(-5), Decimal(10)), _bar(Decimal(10), Decimal(10))
    ('······██████|············', '············|████████████')
    """
    half = BAR_CELLS // 2
    cells = round(half * abs(amount) / largest) if largest else 0
    left, right = ("█" * cells, "") if amount < 0 else ("", "█" * cells)
    return f"{left:·>{half}}|{right:·<{half}}"


def _periods(periods: Sequence[PeriodStanding]) -> Section:
    rows = []
    for p in periods:
        landing = {round(q.quantile_level, 2): q.usd for q in p.landing}
        rows.append(
            (
                f"{p.period_start:%Y-%m} to {p.period_end - timedelta(days=1):%Y-%m}",
                p.state,
                usd(p.commitment_usd),
                usd(p.drawn_usd),
                " / ".join(usd(landing[level]) for level in SHOWN_LEVELS),
                percent(p.shortfall_probability),
                usd(p.expected_unused_usd),
                usd(p.expected_overage_usd),
            )
        )
    return Section(
        "Burn-down by settlement period",
        ("period", "state", "committed", "drawn", "lands at P10 / P50 / P90", "P(shortfall)",
         "unused", "overage"),
        tuple(rows),
    )  # fmt: skip


def _platforms(platforms: Sequence[PlatformDrawdown]) -> Section:
    return Section(
        "Burn-down by platform",
        ("platform", "a dollar counts", "drawn", "expected to come"),
        tuple(
            (p.platform, percent(p.counted_share), usd(p.drawn_usd), usd(p.expected_usd))
            for p in platforms
        ),
    )


def _certain(days: Sequence[CertainDay]) -> Section:
    return Section(
        "When the running period is decided",
        ("in this share of scenarios", "exhausted by", "shortfall certain by"),
        tuple(
            (
                percent(d.probability),
                str(d.exhausted_on or "never"),
                str(d.shortfall_certain_on or "never"),
            )
            for d in days
        ),
    )


def _remedies(result: Reforecast) -> Section:
    return Section(
        "What can be done",
        ("worth", "unused", "last day to act", ""),
        tuple(
            (_change(r.value_usd), _change(r.unused_change_usd), str(r.last_day_to_act), r.what)
            for r in result.remedies
        ),
    )


def _promises(result: Reforecast) -> Section:
    found = short_lists.promises(result)
    rows = [
        (
            p.workload,
            usd(p.promised_usd),
            usd(p.measured_usd),
            "; ".join(
                f"{s.lever} {percent(s.measured)}"
                + (f", {percent(s.stated)}" if s.stated is not None else "")
                for s in p.shares
            ),
            p.verdict,
        )
        for p in found.shown
    ]
    if found.rest:
        promised = usd(found.rest_usd(lambda p: p.promised_usd))
        measured = usd(found.rest_usd(lambda p: p.measured_usd))
        rows.append(
            (
                smaller(found),
                promised,
                measured,
                "",
                whole_list(found, _WHERE),
            )
        )
    return Section(
        "Promised against measured since the last forecast, list cost",
        ("workload", "promised", "measured", "share moved, stated", ""),
        tuple(rows),
    )


def _reclassifications(result: Reforecast) -> Section:
    found = short_lists.reclassifications(result)
    rows = [(r.workload, r.stands_as.value, r.now, r.before, r.ask) for r in found.shown]
    if found.rest:
        rows.append((smaller(found), "", "", "", whole_list(found, _WHERE)))
    return Section(
        "To be asked again", ("workload", "stands as", "now", "before", "ask"), tuple(rows)
    )


def _balance(result: Reforecast) -> Section:
    return Section(
        "The vendor's balance",
        ("of", "vendor has drawn", "we have", "apart", ""),
        tuple(
            (
                str(b.line.as_of),
                usd(b.line.drawn_usd),
                usd(b.our_drawn_usd),
                percent(b.difference_share, 1),
                b.note,
            )
            for b in result.balance
        ),
    )


def _workloads(result: Reforecast) -> Section:
    found = short_lists.standings(result)
    rows = [(w.name, usd(w.recorded_usd), usd(w.expected_usd)) for w in found.shown]
    if found.rest:
        recorded = usd(found.rest_usd(lambda w: w.recorded_usd))
        expected = usd(found.rest_usd(lambda w: w.expected_usd))
        rows.append((f"{smaller(found)}; {whole_list(found, _WHERE)}", recorded, expected))
    return Section("Workloads at list", ("workload", "recorded", "expected to come"), tuple(rows))


def _record(result: Reforecast) -> list[str]:
    record = result.track_record
    lines = [record.note]
    if record.mean_bias_share is not None:
        lines.append(f"past forecasts were {_apart(record.mean_bias_share)} on average")
    for term in record.terms:
        capture = percent(term.savings_capture) if term.savings_capture is not None else "none"
        lines.append(
            f"term from {term.term_start}: signed {usd(term.signed_usd)}, paid "
            f"{usd(term.paid_usd)}; {usd(term.best_commitment_usd)} would have been best "
            f"({usd(term.best_cost_usd)}), no deal {usd(term.no_deal_cost_usd)}; "
            f"share of the possible saving caught: {capture}"
        )
    return lines


def _apart(bias: float) -> str:
    return f"{percent(abs(bias), 1)} {'above' if bias >= 0 else 'below'} what came"
