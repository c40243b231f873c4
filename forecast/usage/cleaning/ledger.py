"""The ledger: everything found, what acts, and why.

An entry acts only when it is switched on. By itself the ledger switches on

* what the counts prove (a repeated day, a doubled day): no honest usage could look like that,
* what would read as falling demand although nothing is known of these days: a last day that is
  not over, days on which no workload at all has a token.

Everything that could be demand waits for a decision in workloads.toml. An applied entry changes
what is forecast from, never what is priced, reconciled or shown as history.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Container, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import pandas as pd

from forecast.errors import WorkloadError
from forecast.records.cleaning import (
    WHOLE_PORTFOLIO,
    CleaningAction,
    CleaningDecision,
    CleaningKind,
)
from forecast.usage.cleaning.bursts import bursts
from forecast.usage.cleaning.copies import doubled_days, repeated_days
from forecast.usage.cleaning.counters import counter_resets
from forecast.usage.cleaning.finding import Finding, days_text, identified
from forecast.usage.cleaning.last_day import partial_last_day
from forecast.usage.cleaning.lifetimes import launch_spikes, retired_workloads
from forecast.usage.cleaning.replacement import replaced
from forecast.usage.cleaning.rhythm import rhythms
from forecast.usage.cleaning.silences import silent_days

PROVEN: Final = "on by rule: the counts prove it"
UNKNOWN_DAYS: Final = (
    "on by rule: nothing is known of these days, and silence reads as falling demand"
)
WAITS: Final = "off by rule: it could be demand, so it waits for a decision in workloads.toml"

_ORDER: Final = (
    CleaningAction.CUT,
    CleaningAction.TAKE_DIFFERENCES,
    CleaningAction.HALVE,
    CleaningAction.LEAVE_OUT,
    CleaningAction.FILL,
    CleaningAction.SCALE_TO_RHYTHM,
    CleaningAction.RETIRE,
)
"""Faults of recording first, so that a rhythm is read from mended days; ends of life last."""

_ENDS_WITH_HISTORY: Final = (CleaningKind.PARTIAL_LAST_DAY, CleaningKind.RETIRED_WORKLOAD)
"""What further usage settles by itself."""

_ENDS_IN_DAY: Final = re.compile(r".+-(\d{4}-\d\d-\d\d)(?:-\w{6})?")


@dataclass(frozen=True)
class Line:
    """One entry of the ledger, ruled or decided.

    Attributes
    ----------
    is_on
        Whether it acts.
    why
        The rule or the decision.
    is_decided
        Whether a person decided, rather than the rule.
    """

    finding: Finding
    is_on: bool
    why: str
    is_decided: bool = False

    def switched(self) -> Line:
        """Give the same entry with its switch the other way."""
        return Line(self.finding, not self.is_on, self.why, self.is_decided)


@dataclass(frozen=True)
class Ledger:
    """Everything found in a daily table.

    Attributes
    ----------
    lines
        In the order of days.
    lapsed
        Decisions on entries that the usage no longer holds.
    """

    lines: tuple[Line, ...]
    lapsed: tuple[CleaningDecision, ...] = ()


def find(
    daily: pd.DataFrame,
    *,
    as_of: date,
    retiring: Container[str] = frozenset(),
    backfilling: Container[str] = frozenset(),
) -> tuple[Finding, ...]:
    """Find everything that looks wrong in the usage up to `as_of`; nothing is changed.

    Parameters
    ----------
    daily
        `tables.DAILY_USAGE`.
    retiring
        Workloads whose end the inventory states already.
    backfilling
        Workloads that the inventory calls backfills.

    Returns
    -------
    tuple of Finding
        With ids, in the order of days. A day that stands in the usage twice is no burst, and a
        counter is nothing else.
    """
    rows = daily[daily["day"] <= pd.Timestamp(as_of)]
    known = rhythms(rows, as_of)
    twice = [*repeated_days(rows), *doubled_days(rows, known)]
    counters = list(counter_resets(known))
    counting = {f.workload for f in counters}
    steady = [r for r in known if r.workload not in counting]
    odd = [
        f
        for f in (*bursts(rows, steady, backfilling=backfilling), *launch_spikes(steady))
        if not any(_same_days(f, other) for other in twice)
    ]
    found = [
        *twice,
        *counters,
        *_without_overlap(odd),
        *silent_days(known),
        *retired_workloads(known, retiring=retiring),
    ]
    return identified(found, {r.workload for r in known})


def _same_days(finding: Finding, other: Finding) -> bool:
    about = other.concerns_all or finding.concerns_all or other.workload == finding.workload
    return about and finding.start <= other.end and other.start <= finding.end


def _without_overlap(found: Sequence[Finding]) -> Iterator[Finding]:
    """A burst inside the first weeks of a launch spike is part of it."""
    spikes = [f for f in found if f.kind is CleaningKind.LAUNCH_SPIKE]
    for finding in found:
        if finding in spikes or not any(_same_days(finding, spike) for spike in spikes):
            yield finding


def rule(
    findings: Sequence[Finding],
    decisions: Sequence[CleaningDecision],
    *,
    workloads: Sequence[str],
    first_day: date,
    as_of: date,
    last_day: Line | None = None,
) -> Ledger:
    """Decide which entries act: by decision where there is one, else by the rule above.

    Parameters
    ----------
    workloads
        Names of the daily table: what an entry of the buyer's own may be about.
    first_day, as_of
        The days that the usage covers.
    last_day
        The entry of a partial last day, decided on by `day_to_decide`.

    Raises
    ------
    WorkloadError
        A decision on an id that the ledger does not have although the usage holds its day, or an
        own entry about an unknown workload or days outside the usage; `column` is its path.
    """
    decided = {d.id: d for d in decisions if d.id is not None}
    own = _own_entries(decisions, workloads, first_day, as_of)
    lines = [] if last_day is None else [last_day]
    for finding in findings:
        decision = decided.get(finding.id)
        if decision is None:
            is_on, why = _default(finding)
            lines.append(Line(finding, is_on, why))
        else:
            lines.append(Line(finding, decision.apply, decision_text(decision), True))
    taken = {line.finding.id for line in lines}
    for finding, decision in own:
        if finding.id in taken:
            raise WorkloadError(
                f"the ledger has this entry already; decide on id = {finding.id!r} instead",
                column=_path(decisions, decision),
            )
        lines.append(Line(finding, decision.apply, decision_text(decision), True))
    lapsed = []
    for decision in decided.values():
        if decision.id not in taken:
            _refuse_unknown(decision, taken, decisions, first_day, as_of)
            lapsed.append(decision)
    lines.sort(key=lambda line: (line.finding.start, line.finding.id))
    return Ledger(tuple(lines), tuple(lapsed))


def _default(finding: Finding) -> tuple[bool, str]:
    if finding.proven:
        return True, PROVEN
    unknown = finding.kind is CleaningKind.MISSING_DAYS and finding.concerns_all
    if unknown or finding.kind is CleaningKind.PARTIAL_LAST_DAY:
        return True, UNKNOWN_DAYS
    return False, WAITS


def decision_text(decision: CleaningDecision) -> str:
    """Say who decided what, when and why.

    >>> decision_text(CleaningDecision(id="x", apply=False, decided_by="Ada", note="comes back"))
    'switched off by Ada: comes back'
    """
    by = f" by {decision.decided_by}" if decision.decided_by else " in workloads.toml"
    on = f" on {decision.decided_on}" if decision.decided_on else ""
    note = f": {decision.note}" if decision.note else ""
    return f"switched {'on' if decision.apply else 'off'}{by}{on}{note}"


def _own_entries(
    decisions: Sequence[CleaningDecision],
    workloads: Sequence[str],
    first_day: date,
    as_of: date,
) -> list[tuple[Finding, CleaningDecision]]:
    stated: list[Finding] = []
    sources = []
    for decision in decisions:
        if decision.id is not None:
            continue
        assert decision.workload is not None
        assert decision.start is not None
        assert decision.action is not None
        path = _path(decisions, decision)
        if decision.workload not in (*workloads, WHOLE_PORTFOLIO):
            raise WorkloadError(
                f"no usage belongs to {decision.workload!r}{_near(decision.workload, workloads)}",
                column=f"{path}.workload",
            )
        end = decision.end or decision.start
        if decision.action != "retire" and not first_day <= decision.start <= end <= as_of:
            raise WorkloadError(
                f"{decision.start} to {end} is not inside the usage, which is from {first_day} to "
                f"{as_of}",
                column=f"{path}.start",
            )
        sources.append(decision)
        stated.append(
            Finding(
                kind=decision.kind,
                workload=decision.workload,
                start=decision.start,
                end=end,
                action=CleaningAction(decision.action),
                seen=f"stated in the inventory for {days_text((end - decision.start).days + 1)}",
                reason=decision.reason,
                proposal=decision.action.replace("_", " "),
            )
        )
    found: list[tuple[Finding, CleaningDecision]] = []
    for decision, finding in zip(sources, stated, strict=True):
        (known,) = identified([finding], workloads)
        if any(known.id == other.id for other, _ in found):
            raise WorkloadError(
                f"states {known.id} a second time; put both reasons into one entry",
                column=_path(decisions, decision),
            )
        found.append((known, decision))
    return found


def _path(decisions: Sequence[CleaningDecision], decision: CleaningDecision) -> str:
    return f"cleaning[{next(i for i, d in enumerate(decisions) if d is decision)}]"


def _near(word: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(word, known, n=3, cutoff=0.5)
    return f"; near are {', '.join(near)}" if near else ""


def _refuse_unknown(
    decision: CleaningDecision,
    known: Collection[str],
    decisions: Sequence[CleaningDecision],
    first_day: date,
    as_of: date,
) -> None:
    """Let a decision lapse when the usage has left its day behind, else refuse it."""
    assert decision.id is not None
    ends = tuple(f"{kind.value.replace('_', '-')}-" for kind in _ENDS_WITH_HISTORY)
    day = _day_of(decision.id)
    if day is not None and (not first_day <= day <= as_of or decision.id.startswith(ends)):
        return
    hint = _near(decision.id, sorted(known))
    raise WorkloadError(
        f"the ledger has no entry {decision.id!r}{hint}; to keep acting on days it no longer "
        "finds odd, state an entry of your own with workload, start, end, action and reason",
        column=f"{_path(decisions, decision)}.id",
    )


def _day_of(entry_id: str) -> date | None:
    """Read the day an id ends in; None when it ends in none.

    >>> _day_of("burst-chat-2026-03-04"), _day_of("burst-chat-2026-13-04")
    (datetime.date(2026, 3, 4), None)
    """
    told = _ENDS_IN_DAY.fullmatch(entry_id)
    try:
        return date.fromisoformat(told[1]) if told else None
    except ValueError:
        return None


def cleaned(daily: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Give the daily usage to forecast from: every entry that is on has acted, nothing else.

    Parameters
    ----------
    daily
        `tables.DAILY_USAGE`; it is not changed.
    """
    acting = [line.finding for line in ledger.lines if line.is_on]
    for finding in sorted(acting, key=lambda f: (_ORDER.index(f.action), f.start, f.id)):
        daily = replaced(daily, finding)
    return daily


def day_to_decide(
    rows: pd.DataFrame, as_of: date | None, decisions: Sequence[CleaningDecision]
) -> tuple[date, Line | None]:
    """Give the last day to read, and the entry of a last day that looks partial.

    Parameters
    ----------
    as_of
        A day somebody named; it is read even if it looks partial, unless the entry is switched
        on. Without one the last complete day is taken, unless the entry is switched off.
    """
    last = rows["day"].max().date()
    found = partial_last_day(rows)
    if found is None or (as_of is not None and as_of < last):
        return as_of or last, None
    (found,) = identified([found], ())
    decision = next((d for d in decisions if d.id == found.id), None)
    is_on, why = _default(found)
    if decision is not None:
        is_on, why = decision.apply, decision_text(decision)
    elif as_of is not None:
        is_on, why = False, f"off: {as_of} was named as the last day to read"
    line = Line(found, is_on, why, decision is not None)
    before = date.fromordinal(last.toordinal() - 1)
    return (before if is_on else last), line
