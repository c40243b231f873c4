import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.errors import WorkloadError
from forecast.levers.classification import classify
from forecast.levers.turnaround import (
    DONE_WITHIN,
    MISS_LIMIT,
    deadline_of,
    late_share,
    miss_probability,
)
from forecast.records.workloads import Archetype, Decision, Latency, Workload


def decided(archetype: Archetype | None = None, **latency: object) -> Workload:
    return Workload(name="w", archetype=archetype, latency=Latency.model_validate(latency))


def test_unassigned_usage_needs_review() -> None:
    found = classify(None)
    assert found.decision == Decision.NEEDS_REVIEW
    assert not found.allows_batch


def test_an_unanswered_question_needs_review() -> None:
    assert classify(decided()).decision == Decision.NEEDS_REVIEW


def test_needed_at_once_is_real_time_with_its_evidence() -> None:
    found = classify(decided(needed_at_once=True, evidence="a user watches", answered_by="Ana"))
    assert found.decision == Decision.REAL_TIME
    assert found.reasons == ("needed the moment it is produced: a user watches",)
    assert not found.allows_batch


def test_real_time_money_for_asynchronous_work_is_doubted() -> None:
    found = classify(decided(Archetype.SCHEDULED_REPORTING, needed_at_once=True))
    assert found.decision == Decision.REAL_TIME
    assert any(
        "scheduled reporting" in reason and "ask again" in reason for reason in found.reasons
    )


def test_consumed_later_is_asynchronous() -> None:
    found = classify(decided(needed_at_once=False, evidence="read at 9:00", answered_by="Ana"))
    assert found.decision == Decision.ASYNCHRONOUS
    assert found.allows_batch
    assert "consumed later: read at 9:00" in found.reasons


def test_an_unsigned_answer_is_said() -> None:
    assert "nobody has signed the answer" in classify(decided(needed_at_once=False)).reasons


@pytest.mark.parametrize(
    ("archetype", "latency", "said"),
    [
        (Archetype.INTERACTIVE, {}, "described as interactive"),
        (None, {"expected_soon": True}, "expect it soon"),
        (None, {"downstream_deadline_hours": 2}, "the downstream deadline of 2 h"),
        (None, {"deadline_hours": 0.5}, "the deadline of 0.5 h"),
    ],
)
def test_hidden_latency_downgrades(
    archetype: Archetype | None, latency: dict[str, object], said: str
) -> None:
    found = classify(decided(archetype, needed_at_once=False, **latency))
    assert found.decision == Decision.NEEDS_REVIEW
    assert said in found.reasons[0]
    assert not found.allows_batch


@pytest.mark.parametrize("veto", ["agent_loop", "zero_data_retention"])
def test_hard_vetoes_leave_the_decision_and_forbid_batch(veto: str) -> None:
    found = classify(decided(needed_at_once=False, **{veto: True}))
    assert found.decision == Decision.ASYNCHRONOUS
    assert len(found.batch_vetoes) == 1
    assert found.batch_vetoes[0] in found.reasons
    assert not found.allows_batch


def test_the_reason_carries_the_probability_of_a_miss() -> None:
    kept = classify(decided(needed_at_once=False, deadline_hours=12))
    assert kept.decision == Decision.ASYNCHRONOUS
    assert f"{100 * miss_probability(12):.1f} %" in " ".join(kept.reasons)


@given(st.floats(0.01, 1000), st.booleans(), st.booleans(), st.booleans())
def test_batch_is_never_allowed_above_the_limit(
    deadline: float, soon: bool, loop: bool, retention: bool
) -> None:
    found = classify(
        decided(
            needed_at_once=False,
            deadline_hours=deadline,
            expected_soon=soon,
            agent_loop=loop,
            zero_data_retention=retention,
        )
    )
    allowed = miss_probability(deadline) <= MISS_LIMIT and not (soon or loop or retention)
    assert found.allows_batch == allowed


@pytest.mark.parametrize(("hours", "done"), DONE_WITHIN)
def test_turnaround_goes_through_the_published_points(hours: float, done: float) -> None:
    assert miss_probability(hours) == pytest.approx(1 - done, abs=1e-12)


def test_a_second_day_is_a_second_submission() -> None:
    assert miss_probability(48) == pytest.approx(miss_probability(24) ** 2)
    assert miss_probability(28) == pytest.approx(miss_probability(24) * miss_probability(4))


@given(st.floats(0.001, 2000), st.floats(0.001, 500))
def test_a_later_deadline_is_never_likelier_to_be_missed(hours: float, more: float) -> None:
    assert miss_probability(hours + more) <= miss_probability(hours) + 1e-15
    assert 0 <= miss_probability(hours) <= 1


@pytest.mark.parametrize("hours", [0.0, -1.0, float("nan")])
def test_no_deadline_of_zero(hours: float) -> None:
    with pytest.raises(WorkloadError, match="above zero"):
        miss_probability(hours)


def test_the_tighter_deadline_counts() -> None:
    latency = Latency(deadline_hours=4, downstream_deadline_hours=20)
    assert deadline_of(latency) == 4
    assert late_share(latency) == pytest.approx(0.1)
    assert late_share(Latency()) == 0.0
