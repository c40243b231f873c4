import tomllib
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from forecast.levers.batch import move_to_batch
from forecast.levers.caching import cache_prefix, effective_multiple
from forecast.levers.classification import classify
from forecast.levers.prices import DayPrices
from forecast.levers.routing import route, token_ratio
from forecast.levers.stack import choose, configuration_text
from forecast.mix import TokenMix, request_mix
from forecast.records.rates import RateCard
from forecast.records.usage import MixKey
from forecast.records.workloads import (
    BatchLever,
    CachingLever,
    Latency,
    RoutingLever,
    Workload,
)
from forecast.units import to_cents

CASE = tomllib.loads((Path(__file__).parents[1] / "cases" / "nightly_job.toml").read_text())
JOB = CASE["job"]
ROWS = {row["name"]: row for row in CASE["row"]}
PROMPT = JOB["shared_input_tokens"] + JOB["own_input_tokens"]


@dataclass(frozen=True)
class Nightly:
    """The job as a mix and a month of demand, on the shipped rate card."""

    card: RateCard
    mix: TokenMix
    units_a_month: float

    @property
    def prices(self) -> DayPrices:
        return DayPrices(self.card, JOB["day"])

    def usd(self, unit_cost: float) -> Decimal:
        return to_cents(unit_cost * self.units_a_month)


@pytest.fixture(scope="module")
def nightly(list_card: RateCard) -> Nightly:
    facts = list_card.facts(JOB["model"])
    mix = request_mix(
        MixKey("anthropic", JOB["model"]),
        input_tokens=PROMPT,
        output_tokens=JOB["output_tokens"],
        facts=facts,
    )
    units_a_request = (PROMPT + 5 * JOB["output_tokens"]) / facts.tokens_per_text
    return Nightly(list_card, mix, JOB["requests_a_month"] * units_a_request)


def test_the_case_has_all_eight_rows() -> None:
    assert len(ROWS) == 8


@pytest.mark.parametrize("name", ROWS)
def test_row_to_the_cent(nightly: Nightly, name: str) -> None:
    row = ROWS[name]
    mix = nightly.mix
    if "route_to" in row:
        lever = RoutingLever(to_model=row["route_to"], token_ratio=row.get("token_ratio"))
        mix = route(mix, lever.to_model, 1.0, 1.0, 0.0, token_ratio(nightly.card, lever))
    if row.get("batch"):
        mix = move_to_batch(mix, 1.0)
    if "ttl" in row:
        phi = JOB["shared_input_tokens"] / PROMPT
        mix = cache_prefix(mix, phi, None, row["hit_share"], ttl=row["ttl"])
    assert nightly.usd(nightly.prices.unit_cost(mix)[0]) == Decimal(row["usd_a_month"])


def job_with(hit_share: float, ttl: str, routing: RoutingLever | None = None) -> Workload:
    """The job as a line of the inventory, every figure measured."""
    return Workload(
        name="nightly",
        latency=Latency(needed_at_once=False, evidence="loaded next morning", answered_by="data"),
        batch=BatchLever(evidence="measured"),
        caching=CachingLever.model_validate(
            {
                "stable_prefix_tokens": JOB["shared_input_tokens"],
                "prompt_tokens": PROMPT,
                "batch_hit_share": hit_share,
                "primed": True,
                "ttl": ttl,
                "evidence": "measured",
            }
        ),
        routing=routing,
    )


@pytest.mark.parametrize(
    ("row", "routing"),
    [
        ("batch + 5m cache, every request hits", None),
        ("batch + 1h cache, 98 % hits", None),
        (
            "routed to Haiku 5.5, batch + 1h cache, 98 % hits",
            RoutingLever(to_model="claude-haiku-5-5", evidence="measured"),
        ),
        (
            "the same with 30 % more tokens on Haiku 5.5",
            RoutingLever(to_model="claude-haiku-5-5", token_ratio=1.3, evidence="measured"),
        ),
    ],
)
def test_the_inventory_reaches_the_row(
    nightly: Nightly, row: str, routing: RoutingLever | None
) -> None:
    case = ROWS[row]
    workload = job_with(case["hit_share"], case["ttl"], routing)
    choice = choose(nightly.mix, workload, classify(workload), nightly.card, JOB["day"])
    assert choice.active == {"batch", "caching"} | ({"routing"} if routing else set())
    assert nightly.usd(choice.unit_cost_before) == Decimal("20000.00")
    assert nightly.usd(choice.unit_cost_after) == Decimal(case["usd_a_month"])


@pytest.mark.parametrize(
    "row", ["batch + 1h cache, 30 % hits", "batch + 5m cache, cold (0 % hits)"]
)
def test_a_cache_that_costs_more_is_left_out_and_said(nightly: Nightly, row: str) -> None:
    case = ROWS[row]
    workload = job_with(case["hit_share"], case["ttl"])
    choice = choose(nightly.mix, workload, classify(workload), nightly.card, JOB["day"])
    assert choice.active == {"batch"}
    assert nightly.usd(choice.unit_cost_after) == Decimal("10000.00")
    dearer = float(case["usd_a_month"]) / nightly.units_a_month * 1e6
    best = 10_000 / nightly.units_a_month * 1e6
    (note,) = [n for n in choice.notes if "costs more" in n]
    assert f"{dearer:.4g} against {best:.4g} USD per million units" in note


def test_a_cold_batch_is_told_to_prime(nightly: Nightly) -> None:
    told = job_with(0.5, "5m")
    assert told.caching is not None
    cold = {"batch_hit_share": None, "primed": False, "hit_share": 0.0, "ttl": "best"}
    workload = told.model_copy(update={"caching": told.caching.model_copy(update=cold)})
    choice = choose(nightly.mix, workload, classify(workload), nightly.card, JOB["day"])
    assert choice.active == {"batch"}
    assert any(n.startswith("caching a cold batch costs more") for n in choice.notes)
    assert any(n.startswith("prime the batch first: 0.8736 instead of 2.6") for n in choice.notes)


def test_configuration_of_the_whole_stack(nightly: Nightly) -> None:
    routing = RoutingLever(to_model="claude-haiku-5-5", evidence="measured")
    workload = job_with(0.98, "1h", routing)
    choice = choose(nightly.mix, workload, classify(workload), nightly.card, JOB["day"])
    said = [
        configuration_text(workload, choice, lever) for lever in ("routing", "batch", "caching")
    ]
    assert said == ["Haiku 5.5 for 100 %", "batch 100 %", "1h TTL, 98 % hits in batch"]


def test_effective_multiple_agrees_with_the_table(nightly: Nightly) -> None:
    """2,712 = own input and output in batch, 2,000, and the prefix at its multiple of 16,000."""
    prefix = 16_000 * effective_multiple(
        0.98, write_multiple=2, read_multiple=0.05, batch_multiple=0.5
    )
    assert to_cents(2_000 + prefix) == Decimal("2712.00")
