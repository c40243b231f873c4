"""The renewal file: what a contract came to, what to sign next, and what to say at the table."""

from __future__ import annotations

from datetime import date
from typing import Literal

from forecast.records.base import NonNegativeUsd, Note, Record, Share, Usd
from forecast.records.dossier import EfficiencyDossier
from forecast.records.recommendation import InputDigest, ResultProvenance
from forecast.records.reforecast import TermOutcome
from forecast.records.sizing_result import Headline, IndifferenceBand, Interval
from forecast.records.terms.dates import KeyDate


class RenewalTerm(Record):
    """One term: what was signed, what was used, what should have been signed."""

    outcome: TermOutcome
    months_recorded: int
    """All of them once the term is over; the rest is expected."""
    unused_usd: Usd
    """Committed and not used; a mean while the term runs. 0 for terms before this contract, whose
    record does not tell it."""


class NextCommitment(Record):
    """What to sign next."""

    term_start: date
    term_months: int
    headline: Headline
    discount_share: Share
    percentile: Share
    interval: Interval | None
    indifference_band: IndifferenceBand
    no_deal_expected_cost_usd: Usd
    change_usd: Usd
    """Against what is signed now, both for twelve months."""
    ratchet_usd: NonNegativeUsd
    """The least that the running contract lets a renewal be, for the next term; 0 without one."""
    ratchet_costs_usd: Usd
    """What signing the ratchet costs more than the advice on average; 0 where it does not bind."""
    widening_factor: float
    """What the spread was multiplied by, for the misses of past forecasts."""


class LeverageFact(Record):
    """Something to rely on at the table."""

    fact: Note
    source: Note
    may_be_shown: bool
    """Whether telling it to the vendor gives nothing away about demand, limits or alternatives."""


class Renewal(Record):
    """The whole answer of `commitment renewal`."""

    status: Literal["renewal"] = "renewal"
    contract: str
    as_of: date
    months_left: int
    dates: tuple[KeyDate, ...]
    """Days still to come on which the running contract asks for something."""
    terms: tuple[RenewalTerm, ...]
    """The oldest first; the last one is the running contract."""
    next: NextCommitment
    leverage: tuple[LeverageFact, ...]
    dossier: EfficiencyDossier | None
    last: InputDigest
    """The re-forecast it was made from."""
    provenance: ResultProvenance
    """Of the advice for the next term, which stands beside it."""
