"""Every reason why work that looks asynchronous may not wait."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.levers.classification import classify
from forecast.levers.effects import mean_effects
from forecast.levers.guard import latency_checks
from forecast.levers.stack import apply_levers, choose
from forecast.levers.turnaround import (
    CLAIM_WEIGHT,
    MISS_LIMIT,
    late_share,
    late_share_upper,
    later_than,
    miss_probability,
    turnaround_quantile,
    unread_in_time,
)
from forecast.mix import TokenMix
from forecast.records.guard import Finding
from forecast.records.latency import (
    Latency,
    MeasuredConsumption,
    MeasuredTurnaround,
    TurnaroundStep,
)
from forecast.records.rates import RateCard
from forecast.records.usage import MixKey
from forecast.records.workloads import Archetype, BatchLever, Decision, Workload


def measured(*steps: tuple[float, int, int]) -> MeasuredTurnaround:
    """Batches as (hours, done, unfinished)."""
    return MeasuredTurnaround(
        file="batches.csv",
        sha256="",
        steps=tuple(TurnaroundStep(hours=h, n_done=d, n_unfinished=u) for h, d, u in steps),
    )


def read_after(*hours: float, read_share: float = 1.0) -> MeasuredConsumption:
    return MeasuredConsumption(
        file="reads.csv",
        sha256="",
        n_results=1000,
        read_share=read_share,
        delays_hours=tuple(sorted(hours)),
    )


def later(archetype: Archetype | None = None, **fields: object) -> Workload:
    latency = Latency.model_validate(
        {k: v for k, v in fields.items() if not k.startswith("measured_")}
        | {"needed_at_once": False, "answered_by": "Ana"}
    ).model_copy(update={k: v for k, v in fields.items() if k.startswith("measured_")})
    return Workload(name="w", archetype=archetype, latency=latency, batch=BatchLever())


def findings(workload: Workload, *platforms: str) -> dict[str, Finding]:
    return {c.name: c.finding for c in latency_checks(workload, platforms)}


def test_every_check_is_there_even_when_nobody_was_asked() -> None:
    found = findings(Workload(name="w"))
    assert list(found) == [
        "hidden_latency_expectation",
        "expected_soon",
        "downstream_deadline",
        "own_deadline",
        "agent_loop",
        "zero_data_retention",
        "results_kept",
        "data_residency",
        "platform_limits",
    ]
    assert set(found.values()) == {Finding.UNASKED, Finding.CLEAR}
    assert found["platform_limits"] is Finding.CLEAR


@pytest.mark.parametrize(
    ("fields", "check", "finding"),
    [
        ({"agent_loop": True}, "agent_loop", Finding.VETO),
        ({"agent_loop": False}, "agent_loop", Finding.CLEAR),
        ({"zero_data_retention": True}, "zero_data_retention", Finding.VETO),
        ({"results_kept_at_most_days": 28}, "results_kept", Finding.VETO),
        ({"results_kept_at_most_days": 29}, "results_kept", Finding.CLEAR),
        ({"data_residency": "EU only"}, "data_residency", Finding.VETO),
        (
            {"data_residency": "EU only", "residency_holds_in_batch": True},
            "data_residency",
            Finding.CLEAR,
        ),
        ({"expected_soon": True}, "expected_soon", Finding.DOUBT),
        ({"expected_soon": False}, "expected_soon", Finding.CLEAR),
        ({"downstream_deadline_hours": 2}, "downstream_deadline", Finding.DOUBT),
        ({"deadline_hours": 12}, "own_deadline", Finding.CLEAR),
    ],
)
def test_each_check_answers(fields: dict[str, object], check: str, finding: Finding) -> None:
    workload = later(**fields)
    assert findings(workload)[check] is finding
    found = classify(workload)
    assert found.allows_batch == (finding is Finding.CLEAR)
    assert (finding is Finding.DOUBT) == (found.decision is Decision.NEEDS_REVIEW)


def test_bedrock_batch_takes_no_tools() -> None:
    tools = later(uses_tools=True)
    assert findings(tools, "bedrock")["platform_limits"] is Finding.VETO
    assert findings(tools, "anthropic")["platform_limits"] is Finding.CLEAR
    assert findings(tools, "anthropic", "bedrock")["platform_limits"] is Finding.CLEAR
    assert findings(later(), "bedrock")["platform_limits"] is Finding.UNASKED
    neither = later(uses_tools=False, uses_structured_output=False)
    assert findings(neither, "bedrock")["platform_limits"] is Finding.CLEAR
    assert not classify(tools, ["bedrock"]).allows_batch


def test_results_that_are_read_at_once_betray_a_hidden_expectation() -> None:
    """Half of the results are read within minutes: whoever reads them waits for them."""
    soon = later(measured_consumption=read_after(0.05, 0.1, 30.0, 48.0))
    assert findings(soon)["hidden_latency_expectation"] is Finding.DOUBT
    assert classify(soon).decision is Decision.NEEDS_REVIEW
    assert "were read before a batch would have brought them" in classify(soon).reasons[0]
    tomorrow = later(measured_consumption=read_after(20.0, 22.0, 30.0, 48.0))
    assert findings(tomorrow)["hidden_latency_expectation"] is Finding.CLEAR
    assert classify(tomorrow).allows_batch


def test_a_result_that_nobody_reads_is_never_late() -> None:
    half = later(measured_consumption=read_after(1.0, read_share=0.5)).latency
    assert unread_in_time(half) == pytest.approx(0.5 * miss_probability(1.0))
    none = later(measured_consumption=read_after(read_share=0.0)).latency
    assert unread_in_time(none) == 0.0


def test_the_later_of_deadline_and_readers_counts() -> None:
    both = later(deadline_hours=12, measured_consumption=read_after(8.0)).latency
    assert late_share(both) == pytest.approx(miss_probability(8.0))
    strict = later(deadline_hours=4, measured_consumption=read_after(20.0)).latency
    assert late_share(strict) == pytest.approx(miss_probability(4.0))


def test_measured_batches_replace_the_claim_as_they_grow() -> None:
    """The claim says 10 % take longer than four hours; these take half an hour, all of them."""
    assert later_than(4.0) == pytest.approx(0.10)
    for n in (10, 100, 1000):
        assert later_than(4.0, measured((0.5, n, 0))) == pytest.approx(
            CLAIM_WEIGHT * 0.10 / (CLAIM_WEIGHT + n)
        )


def test_unfinished_batches_took_longer() -> None:
    """Ten of twenty were still running after two hours: they are no evidence of being done."""
    running = measured((1.0, 10, 0), (2.0, 0, 10))
    cut_short = measured((1.0, 10, 0))
    assert later_than(3.0, running) > later_than(3.0, cut_short)
    ignored_outcome = measured((1.0, 10, 0), (2.0, 10, 0))
    assert later_than(3.0, running) > later_than(3.0, ignored_outcome)


def test_expired_batches_are_later_than_a_day() -> None:
    seen = measured((1.0, 95, 0), (24.0, 0, 5))
    assert later_than(24.0, seen) == pytest.approx(
        (CLAIM_WEIGHT * later_than(24.0) + 5) / (CLAIM_WEIGHT + 100), rel=1e-9
    )


def test_without_a_claim_it_would_be_kaplan_meier() -> None:
    """Done at 1, running at 2, done at 3, done at 4, a thousand of each: S(3.5) = 3/4 · 1/2."""
    n = 10**6
    seen = measured((1.0, n, 0), (2.0, 0, n), (3.0, n, 0), (4.0, n, 0))
    assert later_than(3.5, seen) == pytest.approx(3 / 4 * 1 / 2, abs=1e-4)


steps = st.lists(
    st.tuples(st.floats(0.01, 24), st.integers(0, 20), st.integers(0, 5)),
    min_size=1,
    max_size=8,
    unique_by=lambda step: step[0],
).map(sorted)


@given(steps, st.floats(0.01, 80), st.floats(0, 40))
def test_measured_turnaround_never_rises_with_the_deadline(
    found: list[tuple[float, int, int]], hours: float, more: float
) -> None:
    seen = measured(*found)
    assert 0 <= miss_probability(hours + more, seen) <= miss_probability(hours, seen) + 1e-12


@given(st.floats(0.5, 40), st.integers(0, 400))
def test_more_batches_of_the_same_kind_narrow_what_may_be_late(deadline: float, n: int) -> None:
    """What was seen agrees with the claim: the estimate stays, its upper limit falls."""
    done = round(n * (1 - miss_probability(min(deadline, 24.0))))
    seen = measured((0.25, done, 0), (24.0, 0, n - done)) if n else None
    latency = Latency(deadline_hours=deadline).model_copy(update={"measured_turnaround": seen})
    assert late_share(latency) <= late_share_upper(latency) or late_share(latency) == 0
    if seen is not None and n >= 100:
        alone = Latency(deadline_hours=deadline)
        assert late_share_upper(latency) - late_share(latency) <= (
            late_share_upper(alone) - late_share(alone) + 0.02
        )


@given(st.floats(0.05, 0.99))
def test_the_quantile_is_the_inverse(level: float) -> None:
    assert miss_probability(turnaround_quantile(level)) == pytest.approx(1 - level, abs=1e-6)


def test_measured_batches_can_rescue_a_tight_deadline() -> None:
    """Three hours miss the limit on the published turnaround, and keep it on 200 fast batches."""
    doubtful = later(deadline_hours=3)
    assert miss_probability(3) > MISS_LIMIT
    assert classify(doubtful).decision is Decision.NEEDS_REVIEW
    proven = later(deadline_hours=3, measured_turnaround=measured((0.5, 198, 0), (5.0, 2, 0)))
    assert classify(proven).decision is Decision.ASYNCHRONOUS


def test_what_is_measured_is_never_written_by_hand() -> None:
    with pytest.raises(ValueError, match="name it in turnaround"):
        Latency.model_validate({"measured_turnaround": measured((1.0, 1, 0)).model_dump()})


@given(
    st.sampled_from([None, False]),
    st.booleans(),
    st.sampled_from([None, 0.5, 3.0]),
    st.sampled_from([None, Archetype.INTERACTIVE]),
)
def test_needs_review_never_moves_to_batch(
    card: RateCard,
    day: date,
    answer: bool | None,
    soon: bool,
    deadline: float | None,
    archetype: Archetype | None,
) -> None:
    latency = Latency(needed_at_once=answer, expected_soon=soon, deadline_hours=deadline)
    workload = Workload(
        name="w",
        archetype=archetype,
        latency=latency,
        batch=BatchLever(evidence="measured"),
        owner_state="accepted",
    )
    found = classify(workload)
    mix = TokenMix.of([(MixKey("anthropic", "big"), np.array([[9.0, 0, 0, 0, 1]]), np.zeros(1))])
    choice = choose(mix, workload, found, card, day)
    assert (found.decision is Decision.NEEDS_REVIEW) == ("batch" not in choice.active)


def test_what_bedrock_cannot_do_stays_in_real_time(list_card: RateCard, day: date) -> None:
    """Half on each platform; tools keep the Bedrock half where it is."""
    keys = [MixKey(platform, "claude-sonnet-5") for platform in ("anthropic", "bedrock")]
    mix = TokenMix.of([(key, np.array([[9.0, 0, 0, 0, 1]]), np.zeros(1)) for key in keys])
    workload = later(uses_tools=True)
    found = classify(workload, ["anthropic", "bedrock"])
    choice = choose(mix, workload, found, list_card, day)
    assert choice.active == {"batch"}
    then = apply_levers(
        mix, workload, choice.active, mean_effects(workload), list_card, day, ttl="5m"
    )
    in_batch = {key.platform for key in then.keys if key.service_tier == "batch"}
    assert in_batch == {"anthropic"}
    assert any("that part stays in real time" in note for note in choice.notes)
