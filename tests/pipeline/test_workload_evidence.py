"""What stands behind the levers, on the paths the decision was made on."""

from __future__ import annotations

from decimal import Decimal

import pytest

from api.short_lists import as_is_usd
from api.terminal.latency import lever_evidence
from api.terminal.layout import console
from forecast.records.guard import WorkloadEvidence
from forecast.records.recommendation import Recommendation
from forecast.records.workloads import Decision


@pytest.fixture(scope="module")
def answer(outcome) -> Recommendation:
    assert isinstance(outcome.result, Recommendation)
    return outcome.result


@pytest.fixture(scope="module")
def by_name(answer: Recommendation) -> dict[str, WorkloadEvidence]:
    return {e.workload: e for e in answer.workload_evidence}


def test_every_owned_workload_has_its_evidence(buyer, answer, by_name) -> None:
    owned = {w.name for w in buyer.portfolio.workloads}
    assert set(by_name) == owned & {w.name for w in answer.workloads}
    for result in answer.workloads:
        if result.name in by_name:
            assert by_name[result.name].decision is result.decision


def test_the_saving_at_stake_is_half_of_what_moves(answer, by_name) -> None:
    """Catalog enrichment runs in real time without a cache: batch alone halves its share."""
    found = by_name["Catalog enrichment"]
    as_is = next(w.as_is_usd for w in answer.workloads if w.name == found.workload)
    assert found.batch is not None
    share = found.guard.batch_saving_usd / as_is * 2
    assert share == pytest.approx(Decimal("0.95"), abs=Decimal("0.06"))
    months = len(answer.as_is.monthly)
    monthly = (found.guard.batch_saving_usd - found.guard.fallback_usd) / months
    assert found.batch.list_saving_usd_per_month == pytest.approx(monthly, abs=Decimal("0.02"))


def test_moved_requests_come_from_usage(buyer, by_name) -> None:
    found = by_name["Catalog enrichment"]
    rows = buyer.usage[buyer.usage["api_key"] == "key-catalog-enrichment"]
    assert found.batch is not None
    assert found.batch.moved_requests_per_day is not None
    assert 0 < found.batch.moved_requests_per_day <= rows.groupby("day")["requests"].sum().max()


def test_a_completed_task_is_written_where_there_is_a_lighter_model(buyer, by_name) -> None:
    for workload in buyer.portfolio.workloads:
        task = by_name[workload.name].completed_task
        assert (task is not None) == (workload.routing is not None)
        if task is not None:
            assert task.attempt_share == pytest.approx(
                task.price_ratio * task.token_ratio * task.attempts
            )


def test_it_reads_back_from_json(answer) -> None:
    again = Recommendation.model_validate_json(answer.model_dump_json())
    assert again.workload_evidence == answer.workload_evidence


def test_the_page_shows_both_errors(answer, by_name) -> None:
    screen = console()
    with screen.capture() as said:
        screen.print(lever_evidence(answer.workload_evidence, as_is_usd(answer)))
    page = said.get()
    assert "nobody waits" in page
    for found in by_name.values():
        if found.guard.batch_saving_usd > 0:
            assert found.workload in page
        if found.decision is Decision.NEEDS_REVIEW:
            assert f"{found.workload}: " in page
