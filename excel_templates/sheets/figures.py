"""The figures of the decision: what the formulas say, beside what the service said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from excel_templates.styles import SHARE, USD_CENTS
from forecast.records.recommendation import Recommendation


@dataclass(frozen=True)
class Figure:
    """One figure, at the best and at the typed commitment.

    Attributes
    ----------
    key
        Its defined names are decision_{key} and service_{key}.
    best, typed
        Formulas, without `=`; None where the figure has no meaning.
    service
        The service's value; None where it gives none.
    """

    key: str
    label: str
    best: str | None
    typed: str | None
    number_format: str
    meaning: str
    service: Callable[[Recommendation], object] | None
    derived: str = '""'
    """Formula over the service's values that stands in where it gives none itself."""

    @property
    def of_service(self) -> str:
        """Formula of what the service says, without `=`."""
        return f"service_{self.key}" if self.service else self.derived


def _tail(values: str) -> str:
    """Mean of the values above the 95th percentile; the largest when there is none above."""
    q = f"SMALL({values},rank_95)"
    return (
        f"IF(rank_95>=n_scenarios,MAX({values}),"
        f"{q}+SUMPRODUCT(({values}>{q})*({values}-{q}))/(n_scenarios-rank_95))"
    )


HEADLINE: Final = (
    Figure(
        "sign_for", "Sign for", "best_commitment", "typed_commitment", USD_CENTS,
        "the commitment over the term: a promise, not a budget",
        lambda r: r.headline.sign_for_usd,
    ),
    Figure(
        "expect_to_pay", "Expect to pay", "best_expected_cost", "typed_expected_cost", USD_CENTS,
        "the mean of everything paid over the term",
        lambda r: r.headline.expect_to_pay_usd,
    ),
    Figure(
        "budget_p80", "Budget (P80)", "SMALL(best_cost,rank_80)", "SMALL(typed_cost,rank_80)",
        USD_CENTS, "four futures in five cost no more than this",
        lambda r: r.headline.budget_p80_usd,
    ),
    Figure(
        "worst_case_unused", "Worst-case unused (P95)", "SMALL(best_unused,rank_95)",
        "SMALL(typed_unused,rank_95)", USD_CENTS,
        "committed and not used: one future in twenty loses more",
        lambda r: r.headline.worst_case_unused_usd,
    ),
)  # fmt: skip

BEHIND: Final = (
    Figure(
        "tier_discount", "Discount of the tier", "best_discount", "typed_discount", SHARE,
        "off list, within the commitment", lambda r: r.commitment.tier_discount_share,
    ),
    Figure(
        "percentile", "Percentile of consumption", "best_percentile", "typed_percentile", SHARE,
        "share of futures that draw down no more than the commitment",
        lambda r: r.commitment.percentile,
    ),
    Figure(
        "shortfall_probability", "Chance of a shortfall", "best_shortfall_probability",
        "typed_shortfall_probability", SHARE, "some period is not used up",
        lambda r: r.commitment.shortfall_probability,
    ),
    Figure(
        "overage_probability", "Chance of overage", "best_overage_probability",
        "typed_overage_probability", SHARE, "some period goes beyond its commitment",
        lambda r: r.commitment.overage_probability,
    ),
    Figure(
        "expected_unused", "Unused, expected", "best_expected_unused", "typed_expected_unused",
        USD_CENTS, "the waste risk rises with the commitment",
        lambda r: r.commitment.waste.expected_usd,
    ),
    Figure(
        "unused_p80", "Unused, P80", "SMALL(best_unused,rank_80)", "SMALL(typed_unused,rank_80)",
        USD_CENTS, "", lambda r: r.commitment.waste.p80_usd,
    ),
    Figure(
        "unused_cvar95", "Unused, mean beyond P95", _tail("best_unused"), _tail("typed_unused"),
        USD_CENTS, "", lambda r: r.commitment.waste.cvar95_usd,
    ),
    Figure(
        "cost_p50", "Total cost, P50", "SMALL(best_cost,rank_50)", "SMALL(typed_cost,rank_50)",
        USD_CENTS, "the budget risk falls with the commitment",
        lambda r: r.commitment.cost.p50_usd,
    ),
    Figure(
        "cost_p95", "Total cost, P95", "SMALL(best_cost,rank_95)", "SMALL(typed_cost,rank_95)",
        USD_CENTS, "", lambda r: r.commitment.cost.p95_usd,
    ),
    Figure(
        "cost_cvar95", "Total cost, mean beyond P95", _tail("best_cost"), _tail("typed_cost"),
        USD_CENTS, "", lambda r: r.commitment.cost.cvar95_usd,
    ),
    Figure(
        "no_deal_cost", "Expected cost without a deal", "no_deal_expected_cost",
        "no_deal_expected_cost", USD_CENTS, "on demand, or elsewhere if that is cheaper",
        lambda r: r.commitment.no_deal_expected_cost_usd,
    ),
    Figure(
        "saving", "Saving against no deal",
        "ROUND(no_deal_expected_cost,2)-ROUND(best_expected_cost,2)",
        "ROUND(no_deal_expected_cost,2)-ROUND(typed_expected_cost,2)", USD_CENTS,
        "on average", None,
        "service_no_deal_cost-service_expect_to_pay",
    ),
    Figure(
        "extra_cost", "Costs more than the best", None, "typed_expected_cost-best_expected_cost",
        USD_CENTS, "on average: what a concession on the number is worth", None,
    ),
    Figure(
        "as_is_commitment", "Sized on the unoptimised bill", "as_is_best", None, USD_CENTS,
        "the commitment before batch, caching and routing",
        lambda r: r.as_is.commitment_usd,
    ),
    Figure(
        "avoided_cost", "Signing that would cost", "as_is_expected_cost-best_expected_cost", None,
        USD_CENTS, "more, on the optimised paths",
        lambda r: r.avoided_over_commitment.cost_usd,
    ),
)  # fmt: skip

FIGURES: Final = HEADLINE + BEHIND

LEVELS: Final = (
    ("interval_lower", "The number moves with other evidence: from", "80 % of resampled evidence"),
    ("interval_upper", "to", ""),
    ("band_lower", "Practically as good: from", "expected cost within the tolerance of the best"),
    ("band_upper", "to", ""),
)
"""Figures that only the service can work out."""


def names() -> tuple[str, ...]:
    """Give the defined names of the figures."""
    shown = [f"decision_{f.key}" for f in FIGURES if f.best]
    typed = [f"typed_decision_{f.key}" for f in FIGURES if f.typed]
    service = [f"service_{f.key}" for f in FIGURES if f.service]
    return (*shown, *typed, *service, *(f"service_{key}" for key, _, _ in LEVELS))


def live(formula: str, otherwise: str) -> str:
    """Give a formula that stands back where formulas cannot carry the contract."""
    return f"=IF(live=1,{formula},{otherwise})"
