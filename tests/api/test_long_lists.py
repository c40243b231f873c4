"""What a person reads does not grow with the number of workloads, and no dollar is lost."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from example_buyer import Buyer
from many_workloads import of_many
from rich.console import Console

from api.results import read_result
from api.terminal.decision import decision
from api.terminal.layout import usd
from forecast.records.recommendation import Recommendation
from forecast.short_form import MOST_ROWS


@pytest.fixture(scope="module")
def answer(finished: Buyer) -> Recommendation:
    return read_result(finished.out).recommendation()


def lines_of(result: Recommendation) -> list[str]:
    written = io.StringIO()
    Console(file=written, width=400).print(decision(result))
    return written.getvalue().splitlines()


def test_the_page_of_four_hundred_workloads_is_no_longer_than_that_of_forty(
    answer: Recommendation,
) -> None:
    forty, four_hundred = (lines_of(of_many(answer, n)) for n in (20, 200))

    assert len(four_hundred) == len(forty)
    assert len(forty) < len(lines_of(answer)) + 6 * MOST_ROWS


def test_what_is_not_listed_is_counted_and_summed(answer: Recommendation) -> None:
    result = of_many(answer, 100)
    n_listed = MOST_ROWS - 1
    by_size = sorted((w.as_is_usd for w in result.workloads), reverse=True)
    rest = sum(by_size[n_listed:], Decimal(0))

    page = "\n".join(lines_of(result))

    (row,) = [line for line in page.splitlines() if usd(rest) in line]
    assert f"{len(result.workloads) - n_listed} smaller ones" in row
    assert f"all {len(result.workloads)}: sheet Workloads" in row


def test_the_largest_workloads_are_the_ones_listed(answer: Recommendation) -> None:
    result = of_many(answer, 100)
    largest = max(result.workloads, key=lambda w: w.as_is_usd).name
    smallest = min(result.workloads, key=lambda w: w.as_is_usd).name

    page = "\n".join(lines_of(result))

    assert f" {largest} " in page
    assert f" {smallest} " not in page


def test_the_same_of_many_workloads_is_told_once(answer: Recommendation) -> None:
    page = lines_of(of_many(answer, 60))

    (told,) = [line for line in page if "the term has no room" in line]
    assert told.lstrip("• ").startswith("60 workloads (chat 059, chat 058, chat 057, …): ")
