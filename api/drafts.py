"""First drafts of the files a buyer keeps: workloads.toml and terms.toml, with comments that teach.

Every value the record holds is written; what nobody has answered yet stands below it as a
comment that shows how the answer is written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from forecast.records.base import Record
from forecast.records.terms import Offer, Terms, Tier
from forecast.records.workloads import Archetype, Evidence, OwnerState, Portfolio, Workload

QUESTION = (
    "Does a human or a real-time system need this answer the moment it is produced,\n"
    "or is it consumed later?"
)

_PORTFOLIO_HEAD = """\
The inventory: one [[workloads]] table per workload, drafted from {source}.

Answer one question for each of them:

    Does a human or a real-time system need this answer the moment it is produced,
    or is it consumed later?

needed_at_once = true means that somebody waits; false, that it is consumed later. Leave it out
as long as nobody knows: the workload stays at its real-time price and is listed for review.

A saving counts only after the owner of the workload has said yes. owner_state is one of
{owner_states};
only accepted, scheduled, shipped and measured enter the recommendation.

Usage belongs to the first workload in this file that has a matching rule; * and ? are wildcards.
A key that several workloads share is divided by rules such as
{{ api_key = "team", share = 0.4, share_source = "measured", share_note = "tokens of May" }}.
What no rule catches is shown as "unassigned" and is never dropped."""

_LATENCY_TEACHES = """\
needed_at_once = false
evidence = "the results are read by the 07:00 report"
answered_by = "name of who answered"
answered_on = 2026-11-22
deadline_hours = 12                  # from submission to when the result must be there
expected_soon = true                 # users get it later but expect it soon: a hidden latency
downstream_deadline_hours = 6        # a tighter deadline of the system that reads the result
agent_loop = true                    # turns follow one another: rules batch out
zero_data_retention = true           # results may not be stored: rules batch out
results_kept_at_most_days = 30       # a rule; batch keeps results 29 days
data_residency = "EU only"           # a rule on places: rules batch out until confirmed
residency_holds_in_batch = false
uses_tools = false                   # batch on Bedrock takes no tools
uses_structured_output = false       # and gives no structured output
# turnaround = "batches.csv"         # your own batches: hours,outcome (done, running, expired)
# consumption = "reads.csv"          # when results were read: produced_at,read_at"""

_LEVERS_TEACH = """\
[workloads.batch]                    # half the price for what can wait up to 24 hours
share = 1.0                          # share of the traffic that moves; the rest stays
submissions_per_day = 1
build_usd = "0"                      # what queue, polling and fallback cost once
orchestration_usd_per_month = "0"    # and to run
evidence = "assumed"                 # {evidence}

[workloads.caching]                  # only the stable part of the prompt gets cheaper
stable_prefix_tokens = 4000
arrivals_per_hour = 120              # an assumption; or hit_share = 0.9 when it was measured, or
                                     # [workloads.caching.replay] from commitment replay-cache

[workloads.routing]                  # a lighter model for what it can answer
to_model = "claude-haiku-5-5"
share = 0.5
pass_share = 0.9                     # the rest is asked again on the model of today
evidence = "assumed"
# evaluation = "answers.csv"         # or measured: a CSV with case, model, pass (0 or 1)
# evaluated_on = 2026-11-20
# margin = {{ margin_share = 0.03, declared_by = "who", declared_on = 2026-11-01 }}
# router = {{ model = "claude-haiku-5-5", input_share = 1.0 }}   # a model that decides per task"""

_CAPACITY_TEACHES = """\
[capacity]                           # what engineering can do for migrations
weeks_per_month = 4                  # and after = ["other workload"] on one that has to wait
migrations_per_month = 1
blackouts = [{ first_month = 2026-12-01, last_month = 2026-12-01, reason = "peak season" }]"""

_RISK_TEACHES = """\
[risk]                               # two risks, never one knob; expected cost alone is the default
waste_weight = 0.2                   # a dollar of waste CVaR95 counts like 0.2 of expected cost
budget_weight = 0.0                  # the same for cost CVaR95; it argues for committing more
max_waste_p95_usd = "50000"          # or caps
max_budget_p80_usd = "1200000\""""

_CLEANING_TEACHES = """\
[[cleaning]]                         # a decision on an entry of the cleaning ledger
id = "backfill-nightly-2026-03-04"   # as `commitment recommend` names it
apply = true                         # what is forecast from changes, usage itself never does
note = "the archive was loaded once"
decided_by = "name of who decided"
decided_on = 2026-11-22

[[cleaning]]                         # or an entry of your own
workload = "Nightly"
start = 2026-05-01
end = 2026-05-03
action = "leave_out"                 # scale_to_rhythm, fill, halve, retire
reason = "a fire drill\""""

_FIELD_NOTES = {
    "archetype": ", ".join(Archetype),
    "owner_state": ", ".join(OwnerState),
}


def portfolio_toml(portfolio: Portfolio, *, drafted_from: str | None = None) -> str:
    """Write an inventory as a workloads.toml that reads back as the same record.

    Parameters
    ----------
    drafted_from
        What a draft was made from; it then gets the comments that teach.
    """
    parts = []
    if drafted_from is not None:
        shown = "".join(c if c.isprintable() else "?" for c in drafted_from)
        head = _PORTFOLIO_HEAD.format(source=shown, owner_states=", ".join(OwnerState))
        parts.append(_comment(head))
    if portfolio.shared_key_note:
        parts.append(f"shared_key_note = {_value(portfolio.shared_key_note)}")
    if not portfolio.workloads:
        parts.append("workloads = []")
    if capacity := portfolio.capacity.model_dump(exclude_none=True, exclude_defaults=True):
        parts.append("\n".join(["[capacity]", *_pairs(capacity)]))
    elif drafted_from is not None:
        parts.append(_comment(_CAPACITY_TEACHES))
    if risk := portfolio.risk.model_dump(exclude_none=True, exclude_defaults=True):
        parts.append("\n".join(["[risk]", *_pairs(risk)]))
    elif drafted_from is not None:
        parts.append(_comment(_RISK_TEACHES))
    for i, workload in enumerate(portfolio.workloads):
        if drafted_from is None:
            parts.append(_workload_toml(workload))
        else:
            parts.append(_workload_draft(workload, teach=i == 0))
    for decision in portfolio.cleaning:
        fields = decision.model_dump(exclude_none=True, exclude_defaults=True)
        parts.append("\n".join(["[[cleaning]]", *_pairs({"apply": decision.apply} | fields)]))
    if drafted_from is not None:
        parts.append(_comment(_CLEANING_TEACHES))
    return "\n\n".join(parts) + "\n"


def _workload_toml(workload: Workload) -> str:
    fields, tables = _parts(workload)
    lines = ["[[workloads]]", *_pairs(fields)]
    for name, table in tables.items():
        lines += ["", f"[workloads.{name}]", *_pairs(table)]
    return "\n".join(lines)


def _parts(workload: Workload) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give what is stated of a workload: plain fields, and tables of their own."""
    fields = workload.model_dump(exclude_none=True, exclude_defaults=True)
    stated = {k: v for k, v in workload if isinstance(v, Record) and k != "latency"}
    tables = {k: v.model_dump(exclude_none=True) for k, v in stated.items()}
    if "latency" in fields:
        tables = {"latency": fields["latency"], **tables}
    return {k: v for k, v in fields.items() if k not in tables}, tables


def _workload_draft(workload: Workload, *, teach: bool) -> str:
    """Write a workload with the question above it and the open answers as comments."""
    fields, tables = _parts(workload)
    fields.setdefault("owner_state", workload.owner_state)
    lines = [_comment(QUESTION), "[[workloads]]"]
    for key, value in fields.items():
        note = f"  # {_FIELD_NOTES[key]}" if teach and key in _FIELD_NOTES else ""
        lines.append(f"{key} = {_value(value)}{note}")
    if "owner" not in fields:
        lines.append('# owner = ""')
    if "archetype" not in fields:
        lines.append(f'# archetype = ""  # {_FIELD_NOTES["archetype"]}')
    answered = tables.pop("latency", {})
    lines += ["", "[workloads.latency]", *_pairs(answered)]
    if teach:
        lines.append(_comment(_LATENCY_TEACHES))
    elif "needed_at_once" not in answered:
        lines.append("# needed_at_once = ")
    for name, table in tables.items():
        lines += ["", f"[workloads.{name}]", *_pairs(table)]
    if teach:
        lines += ["", _comment(_LEVERS_TEACH.format(evidence=", ".join(Evidence)))]
    return "\n".join(lines)


_TERMS_HEAD = """\
The contract as the order form states it.

EXAMPLE TIERS: vendors do not publish their discounts. The amounts and shares below are examples,
not anybody's offer (bands at 250K, 1M and 5M and about a quarter off at 5M are what one interested
source says; the two shares between are filled in). Put the vendor's own numbers here."""

_TERMS_NOTES = {
    "settlement": "monthly, quarterly, annual or term: each period settles alone",
    "kind": "build_up pays as usage comes, burn_down pays ahead",
    "drawdown_basis": "a commitment in dollars paid (contracted) or of list usage (list)",
    "overage": "list, committed_rate, or discounted (with overage_discount_share = 0.05)",
    "rollover_share": "of the unused, carried into the next period of the term",
    "unused_value_share": "what an unused dollar is worth to us at the end of the term",
    "outside_discount_share": "what the same tokens cost elsewhere, off list",
}


def example_terms(first_month: date) -> Terms:
    """Give a year's contract from `first_month` with example tiers, to be edited.

    >>> example_terms(date(2027, 1, 1)).tiers[-1].discount_share
    0.25
    """
    bands = (("0", 0.0), ("250000", 0.08), ("1000000", 0.15), ("5000000", 0.25))
    return Terms(
        name="Example contract",
        term_start=first_month,
        term_months=12,
        tiers=tuple(
            Tier(from_commitment_usd=Decimal(amount), discount_share=share)
            for amount, share in bands
        ),
    )


def terms_toml(terms: Terms, *, example: bool = False) -> str:
    """Write terms as a terms.toml that reads back as the same record.

    Parameters
    ----------
    example
        Say at the top that the tiers are examples.
    """
    fields = terms.model_dump(exclude={"tiers"})
    plain = Terms.model_fields
    lines = [_comment(_TERMS_HEAD), ""] if example else []
    for key, value in fields.items():
        if key in _TERMS_NOTES:
            lines.append(f"{key} = {_value(value)}  # {_TERMS_NOTES[key]}")
        elif plain[key].is_required() or value != plain[key].default:
            lines.append(f"{key} = {_value(value)}")
    for i, tier in enumerate(terms.tiers):
        lines += ["", "[[tiers]]" + ("  # the first tier is what on-demand pays" if not i else "")]
        lines += _pairs(tier.model_dump(exclude_defaults=True))
    return "\n".join(lines) + "\n"


def offer_toml(offer: Offer) -> str:
    """Write an offer as a terms file with its amounts, which reads back as the same record."""
    if offer.schedule_usd is None:
        amount = f"commitment_usd = {_value(offer.total_usd)}"
    else:
        amount = f"schedule_usd = {_value(offer.schedule_usd)}"
    return f"{amount}\n{terms_toml(offer.terms)}"


def _pairs(table: Mapping[str, Any]) -> Iterator[str]:
    return (f"{key} = {_value(value)}" for key, value in table.items())


def _comment(text: str) -> str:
    return "\n".join(f"# {line}".rstrip() for line in text.splitlines())


def _value(value: Any) -> str:
    r"""Write one TOML value.

    >>> _value("a\nb"), _value(date(2027, 1, 1)), _value([{"tag": "x"}])
    ('"a\\nb"', '2027-01-01', '[{ tag = "x" }]')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Enum):
        return _value(value.value)
    if isinstance(value, Decimal):
        return _value(format(value, "f"))
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        inside = ", ".join(_pairs({k: v for k, v in value.items() if v is not None}))
        return f"{{ {inside} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(item) for item in value)}]"
    assert isinstance(value, int | float | date), type(value)
    assert not isinstance(value, datetime)
    return str(value)
