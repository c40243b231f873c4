from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal

from example_buyer import TERMS, WORKLOADS
from hypothesis import given, settings
from hypothesis import strategies as st

from api.documents import load_portfolio, load_terms
from api.drafts import example_terms, portfolio_toml, terms_toml
from forecast.records.base import Provenance
from forecast.records.caching import CacheEvidence, HitBand, HitBasis
from forecast.records.cleaning import CleaningDecision, CleaningKind
from forecast.records.terms import Terms, Tier
from forecast.records.workloads import (
    Archetype,
    BatchLever,
    CachingLever,
    Evidence,
    Latency,
    Launch,
    OwnerState,
    Portfolio,
    RoutingLever,
    Rule,
    Workload,
)

names = (
    st.text(min_size=1, max_size=20).map(str.strip).filter(bool).filter(lambda n: n != "unassigned")
)
texts = st.text(max_size=40)
months = st.dates(date(2020, 1, 1), date(2035, 1, 1)).map(lambda d: d.replace(day=1))
shares = st.floats(0, 1)
rules = st.builds(Rule, api_key=names, workspace=st.none() | texts, model=st.none() | texts) | (
    st.builds(
        Rule,
        tag=names,
        share=st.floats(0.001, 1),
        share_source=st.sampled_from(Provenance),
        share_note=texts,
    )
)
decisions = st.builds(
    CleaningDecision,
    id=names,
    apply=st.booleans(),
    note=texts,
    decided_by=st.none() | names,
    decided_on=st.none() | st.dates(),
) | st.builds(
    CleaningDecision,
    workload=names,
    start=st.just(date(2026, 3, 1)),
    end=st.none() | st.dates(date(2026, 3, 1)),
    kind=st.sampled_from(CleaningKind),
    action=st.sampled_from(["leave_out", "scale_to_rhythm", "fill", "halve", "retire"]),
    reason=st.text(min_size=1, max_size=40),
)
replays = st.builds(
    CacheEvidence,
    bands=st.tuples(
        *(
            st.builds(
                HitBand,
                ttl=st.just(ttl),
                basis=st.sampled_from(HitBasis),
                hit_share=st.floats(0.4, 0.6),
                lower_share=st.floats(0, 0.4),
                upper_share=st.floats(0.6, 1),
            )
            for ttl in ("5m", "1h")
        )
    ),
    reusable_share=shares,
    n_requests=st.integers(1, 10**9),
    n_sessions=st.integers(1, 10**6),
    days=st.none() | st.floats(0, 1e4),
    source=texts,
    measured_on=st.none() | st.dates(),
)
workloads = st.builds(
    Workload,
    name=names,
    description=texts,
    owner=st.none() | texts,
    owner_state=st.sampled_from(OwnerState),
    accepted_on=st.none() | st.dates(),
    adoption_month=st.none() | months,
    effort_weeks=st.floats(0, 520),
    archetype=st.none() | st.sampled_from(Archetype),
    match=st.lists(rules, max_size=2).map(tuple),
    latency=st.builds(
        Latency,
        needed_at_once=st.none() | st.booleans(),
        evidence=texts,
        deadline_hours=st.none() | st.floats(0.1, 1e6),
        agent_loop=st.booleans(),
    ),
    batch=st.none() | st.builds(BatchLever, share=shares, evidence=st.sampled_from(Evidence)),
    caching=st.none()
    | st.builds(CachingLever, stable_prefix_tokens=st.integers(1, 10**7), hit_share=shares)
    | st.builds(CachingLever, stable_prefix_tokens=st.integers(1, 10**7), replay=replays),
    routing=st.none() | st.builds(RoutingLever, to_model=names, pass_share=shares),
    launch=st.none()
    | st.builds(
        Launch,
        month=months,
        monthly_requests=st.floats(1, 1e9),
        input_tokens_per_request=st.floats(1, 1e9),
        output_tokens_per_request=st.floats(1, 1e9),
        model=names,
    ),
    retires_month=st.none() | months,
)
portfolios = st.builds(
    Portfolio,
    workloads=st.lists(workloads, max_size=3, unique_by=lambda w: w.name).map(tuple),
    shared_key_note=texts,
    cleaning=st.lists(decisions, max_size=3, unique_by=lambda d: d.id or repr(d)).map(tuple),
)


@settings(max_examples=50)
@given(portfolio=portfolios, source=st.none() | texts)
def test_an_inventory_reads_back_as_it_was(portfolio: Portfolio, source: str | None) -> None:
    assert load_portfolio(portfolio_toml(portfolio, drafted_from=source)) == portfolio


@given(
    name=names,
    start=months,
    thresholds=st.lists(st.decimals(1, 10**12, places=2), min_size=1, max_size=6, unique=True),
    share=st.floats(0, 0.99),
    example=st.booleans(),
)
def test_terms_read_back_as_they_were(name, start, thresholds, share, example) -> None:
    tiers = [Tier(from_commitment_usd=Decimal(0), discount_share=0.0)]
    tiers += [Tier(from_commitment_usd=t, discount_share=share) for t in sorted(thresholds)]
    terms = Terms(
        name=name,
        term_start=start,
        term_months=12,
        settlement="quarterly",
        overage="discounted",
        overage_discount_share=share,
        rollover_share=share,
        usage_is_portable=False,
        tier_basis="term",
        tiers=tuple(tiers),
    )
    assert load_terms(terms_toml(terms, example=example)) == terms


def test_the_example_of_the_tests_reads_back_too() -> None:
    portfolio, terms = load_portfolio(WORKLOADS), load_terms(TERMS)
    assert load_portfolio(portfolio_toml(portfolio)) == portfolio
    assert load_terms(terms_toml(terms)) == terms


def test_a_draft_asks_the_one_question_of_every_workload() -> None:
    drafted = portfolio_toml(
        Portfolio(workloads=(Workload(name="a"), Workload(name="b"))), drafted_from="usage.csv"
    )
    assert drafted.count("# Does a human or a real-time system need this answer the moment") == 2


def test_what_a_draft_shows_as_a_comment_can_be_uncommented() -> None:
    drafted = portfolio_toml(Portfolio(workloads=(Workload(name="a"),)), drafted_from="usage.csv")
    start = drafted.index("[workloads.latency]")
    answered = drafted[:start] + drafted[start:].replace("\n# ", "\n").replace("\n#\n", "\n\n")
    workload = load_portfolio(answered).workloads[0]
    assert workload.latency.deadline_hours == 12
    assert workload.batch is not None
    assert workload.caching is not None
    assert workload.routing is not None
    decided, own = load_portfolio(answered).cleaning
    assert (decided.apply, own.action) == (True, "leave_out")


def test_drafted_tiers_say_that_they_are_examples() -> None:
    text = terms_toml(example_terms(date(2027, 1, 1)), example=True)
    assert text.startswith("# The contract")
    assert "EXAMPLE TIERS" in text


def test_what_a_migration_takes_reads_back(tmp_path):
    """Dependencies, gates, efforts by lever and blackouts are tables within tables."""
    nightly = Workload.model_validate(
        {
            "name": "nightly",
            "routing": {"to_model": "claude-haiku-5-5"},
            "batch": {},
            "lever_effort_weeks": {"routing": 4.0, "batch": 1.0},
            "gates": [
                {"lever": "routing", "needs": "900 pairs", "expected_month": date(2027, 3, 1)}
            ],
        }
    )
    blackout = {"first_month": date(2026, 12, 1), "last_month": date(2027, 1, 1), "reason": "peak"}
    portfolio = Portfolio.model_validate(
        {
            "shared_key_note": "a note",
            "workloads": [nightly, {"name": "reports", "after": ["nightly"]}],
            "capacity": {"weeks_per_month": 6.0, "blackouts": [blackout]},
            "risk": {"waste_weight": 0.2, "max_budget_p80_usd": "1200000.50"},
        }
    )
    path = tmp_path / "workloads.toml"
    path.write_text(portfolio_toml(portfolio))
    assert load_portfolio(path) == portfolio


def test_a_draft_teaches_the_capacity():
    draft = portfolio_toml(Portfolio(workloads=(Workload(name="a"),)), drafted_from="usage.csv")
    taught = [line.removeprefix("# ") for line in draft.splitlines()]
    first = next(i for i, line in enumerate(taught) if line.startswith("[capacity]"))
    stated = Portfolio.model_validate(
        tomllib.loads("\n".join(["workloads = []", *taught[first : first + 4]]))
    )
    assert stated.capacity.blackouts[0].reason == "peak season"


def test_a_draft_teaches_the_two_risks():
    draft = portfolio_toml(Portfolio(workloads=(Workload(name="a"),)), drafted_from="usage.csv")
    taught = [line.removeprefix("# ") for line in draft.splitlines()]
    first = taught.index(next(line for line in taught if line.startswith("[risk]")))
    stated = Portfolio.model_validate(
        tomllib.loads("\n".join(["workloads = []", *taught[first : first + 5]]))
    )
    assert stated.risk.waste_weight == 0.2
    assert stated.risk.max_budget_p80_usd == 1_200_000


def test_evidence_and_acceptance_are_written_back() -> None:
    text = """
[[workloads]]
name = "triage"
owner_state = "declined"
service_level = "by 7:00"
rollback_trigger = "two late mornings"
declined_reason = "the audit is not over"

[workloads.latency]
results_kept_at_most_days = 30.0
data_residency = "EU only"
uses_tools = false
turnaround = "batches.csv"
consumption = "reads.csv"

[workloads.batch]
share = 0.5
submissions_per_day = 4
build_usd = "12000"
orchestration_usd_per_month = "250.50"

[workloads.routing]
to_model = "small"
evaluation = "answers.csv"
evaluated_on = 2026-10-09
margin = { margin_share = 0.03, declared_by = "Ana", declared_on = 2026-10-01 }
router = { model = "tiny", input_share = 0.2 }
cache_rebuilt_share = 0.5
"""
    portfolio = load_portfolio(text)
    assert load_portfolio(portfolio_toml(portfolio)) == portfolio
