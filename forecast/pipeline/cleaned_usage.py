"""Usage as it was recorded, and as it is forecast from once the ledger has acted.

Pricing, reconciliation, history and evidence read what was recorded; the forecast and the mix
that is carried forward read what was cleaned.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

from forecast.demand.history import Kept
from forecast.records.workloads import Archetype, Portfolio
from forecast.usage.cleaning.ledger import Ledger, Line, cleaned, find, rule
from forecast.usage.cleaning.replacement import replaced


@dataclass(frozen=True)
class CleanedUsage:
    """One daily table in two states; both are `tables.DAILY_USAGE` up to `as_of`.

    Attributes
    ----------
    recorded
        What the exports say.
    cleaned
        With every entry that is on; the same object when none is.
    """

    as_of: date
    recorded: pd.DataFrame
    cleaned: pd.DataFrame
    ledger: Ledger

    @property
    def kept(self) -> tuple[Kept, ...]:
        """Stretches that a person decided to leave as they are: nothing mends them either."""
        return tuple(
            Kept(line.finding.workload, line.finding.start, line.finding.end or self.as_of)
            for line in self.ledger.lines
            if line.is_decided and not line.is_on
        )

    def with_switched(self, line: Line) -> pd.DataFrame:
        """Give the usage to forecast from with one entry switched the other way."""
        if not line.is_on:
            return replaced(self.cleaned, line.finding)
        lines = tuple(
            one.switched() if one.finding.id == line.finding.id else one
            for one in self.ledger.lines
        )
        return cleaned(self.recorded, Ledger(lines))


def clean_usage(
    daily: pd.DataFrame, portfolio: Portfolio, as_of: date, last_day: Line | None
) -> CleanedUsage:
    """Open the ledger on recorded usage, decide on its entries, and let those that are on act.

    Parameters
    ----------
    daily
        `tables.DAILY_USAGE`, of which days after `as_of` are left out.
    last_day
        The entry of a partial last day (`ledger.day_to_decide`).

    Raises
    ------
    WorkloadError
        A `[[cleaning]]` table that names nothing in the ledger or cannot act.
    """
    recorded = daily[daily["day"] <= pd.Timestamp(as_of)].reset_index(drop=True)
    ledger = rule(
        find(
            recorded,
            as_of=as_of,
            retiring={w.name for w in portfolio.workloads if w.retires_month is not None},
            backfilling={
                w.name for w in portfolio.workloads if w.archetype is Archetype.HISTORICAL_BACKFILL
            },
        ),
        portfolio.cleaning,
        workloads=sorted(set(recorded["workload"])),
        first_day=recorded["day"].min().date(),
        as_of=last_day.finding.end if last_day is not None else as_of,
        last_day=last_day,
    )
    return CleanedUsage(as_of, recorded, cleaned(recorded, ledger), ledger)
