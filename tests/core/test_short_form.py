"""What is shown of a long list, and what is summed."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from forecast.short_form import MOST_ROWS, Told, short_form, subject, told_once

AMOUNTS = st.lists(st.integers(-(10**9), 10**9).map(Decimal), max_size=80)


@given(AMOUNTS)
def test_a_short_form_never_grows_and_loses_no_dollar(amounts: list[Decimal]) -> None:
    found = short_form(amounts, lambda usd: usd)

    assert len(found.shown) + bool(found.rest) <= MOST_ROWS
    assert len(found) == len(amounts)
    assert sum(found.shown) + (found.rest_usd(lambda usd: usd) or 0) == sum(amounts)
    assert len(found.rest) != 1, "a row that stands for one entry hides it for nothing"


@given(AMOUNTS)
def test_what_is_shown_is_not_smaller_than_what_is_not(amounts: list[Decimal]) -> None:
    found = short_form(amounts, lambda usd: usd)

    if found.rest:
        assert min(map(abs, found.shown)) >= max(map(abs, found.rest))


def test_the_order_of_the_list_is_kept() -> None:
    """A plan of migration stays in the order of its steps, whichever of them are shown."""
    steps = [(n, Decimal(10 * (n % 7))) for n in range(40)]

    found = short_form(steps, lambda step: step[1])

    assert list(found.shown) == sorted(found.shown)
    assert list(found.rest) == sorted(found.rest)


def test_an_entry_without_an_amount_counts_as_nothing() -> None:
    found = short_form([None, Decimal(5), None, Decimal(-7)], lambda usd: usd, most=3)

    assert found.shown == (Decimal(5), Decimal(-7))
    assert found.rest_usd(lambda usd: usd) is None


def test_fifty_workloads_with_the_same_assumption_are_told_once() -> None:
    names = [f"Chat {i:03}" for i in range(50)]

    (told,) = told_once((name, "cached input written again: 1") for name in names)

    assert told.workloads == tuple(names)
    assert told.line == (
        "50 workloads (Chat 000, Chat 001, Chat 002, …): cached input written again: 1"
    )


def test_what_is_said_of_everything_weighs_as_much_as_everything() -> None:
    amounts = {"Chat": Decimal(3), "Tags": Decimal(4)}

    assert Told("half price").usd(amounts) == 7
    assert Told("half price", ("Tags", "nobody knows this one")).usd(amounts) == 4


@given(st.sampled_from(["a", "a: b", "b", "nightly"]), st.sampled_from(["x", "b: x", "a: b: x"]))
def test_a_text_is_split_into_a_known_name_and_what_is_left(name: str, said: str) -> None:
    known = ["a", "a: b", "nightly"]

    found, rest = subject(f"{name}: {said}", known)

    assert found in ("", *known)
    assert (f"{found}: {rest}" if found else rest) == f"{name}: {said}"
