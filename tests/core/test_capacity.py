"""What the inventory says about migrations, and the pairs of entries that contradict each other."""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from api.validation import DocumentError, validate
from forecast.records.capacity import Capacity, circle
from forecast.records.migration import MigrationPlan, MigrationQuestion
from forecast.records.workloads import Portfolio

INVENTORY = """
[capacity]
weeks_per_month = 6
migrations_per_month = 2
blackouts = [{ first_month = 2026-12-01, last_month = 2027-01-01, reason = "peak season" }]

[[workloads]]
name = "Nightly"
owner_state = "accepted"
batch = { share = 1.0 }
routing = { to_model = "small" }
lever_effort_weeks = { batch = 1, routing = 4 }
gates = [{ lever = "routing", needs = "900 paired answers", expected_month = 2027-03-01 }]

[[workloads]]
name = "Reports"
owner_state = "accepted"
batch = { share = 1.0 }
after = ["Nightly"]
"""


def read(text: str) -> Portfolio:
    return validate(Portfolio, tomllib.loads(text, parse_float=Decimal), "workloads.toml")


def test_an_inventory_says_what_a_migration_takes() -> None:
    portfolio = read(INVENTORY)
    assert portfolio.capacity.blackouts[0].described == (
        "the blackout of 2026-12 to 2027-01 (peak season)"
    )
    nightly, reports = portfolio.workloads
    assert nightly.lever_effort_weeks is not None
    assert nightly.lever_effort_weeks.of(["batch", "routing"]) == 5
    assert reports.after == ("Nightly",)


def test_one_engineer_is_taken_where_nothing_is_stated() -> None:
    assert read("[[workloads]]\nname = 'a'").capacity == Capacity()
    assert Capacity().weeks_per_month == pytest.approx(365.25 / 7 / 12, abs=0.005)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('after = ["Nightly"]', 'after = ["Nihgtly"]'), ["'Reports'", "'Nihgtly'"]),
        (
            ('owner_state = "accepted"\nbatch = { share = 1.0 }\nrouting', "after = ['Reports']\n"
             "batch = { share = 1.0 }\nrouting"),
            ["'Nightly' is after 'Reports'", "'Reports' is after 'Nightly'", "circle"],
        ),
        (('after = ["Nightly"]', 'after = ["Reports"]'), ["'Reports' is after 'Reports'"]),
        (
            ('after = ["Nightly"]', "adoption_month = 2027-01-01"),
            ["'Reports' has the adoption_month 2027-01-01", "the blackout of 2026-12 to 2027-01"],
        ),
        (
            ("lever_effort_weeks", "adoption_month = 2027-05-01\nlever_effort_weeks"),
            [],
        ),
        (
            ('last_month = 2027-01-01, reason = "peak season" }',
             "last_month = 2027-01-01 }, { first_month = 2027-01-01, last_month = 2027-02-01 }"),
            ["the blackout of 2026-12 to 2027-01", "the blackout of 2027-01 to 2027-02"],
        ),
        (("last_month = 2027-01-01", "last_month = 2026-11-01"), ["2026-11-01", "2026-12-01"]),
        (("first_month = 2026-12-01", "first_month = 2026-12-02"), ["first_month", "2026-12-02"]),
        (('lever = "routing"', 'lever = "caching"'), ["caching", "no caching lever"]),
        (("{ batch = 1, routing = 4 }", "{ batch = 1 }"), ["lever_effort_weeks", "routing"]),
        (("{ batch = 1, routing", "{ batch = 1, caching = 1, routing"), ["caching"]),
        (("expected_month = 2027-03-01", "expected_month = 2027-03-05"), ["expected_month"]),
        (("weeks_per_month = 6", "weeks_per_month = 0"), ["weeks_per_month"]),
    ],
)  # fmt: skip
def test_contradictions_name_both_entries(change: tuple[str, str], told: list[str]) -> None:
    text = INVENTORY.replace(*change, 1)
    assert text != INVENTORY
    if not told:
        assert read(text)
        return
    with pytest.raises(DocumentError) as raised:
        read(text)
    for words in told:
        assert words in str(raised.value)


def pair(first: dict[str, object], then: dict[str, object]) -> Portfolio:
    return Portfolio.model_validate(
        {"workloads": [{"name": "first", **first}, {"name": "then", "after": ["first"], **then}]}
    )


def test_stated_months_keep_the_order() -> None:
    with pytest.raises(ValidationError, match="adoption_month 2027-02-01 is not after"):
        pair({"adoption_month": "2027-02-01"}, {"adoption_month": "2027-02-01"})
    assert pair({"adoption_month": "2027-02-01"}, {"adoption_month": "2027-03-01"})
    shipped = {"adoption_month": "2027-02-01", "owner_state": "shipped"}
    assert pair(shipped, {"adoption_month": "2027-01-01"})


def test_what_has_shipped_waited_for_nothing() -> None:
    with pytest.raises(ValidationError, match="'then' is shipped, but is after 'first'"):
        pair({"owner_state": "accepted"}, {"owner_state": "shipped"})


def test_what_has_shipped_may_have_done_so_in_a_blackout() -> None:
    blackout = {"first_month": "2026-12-01", "last_month": "2026-12-01"}
    nightly = {"name": "w", "adoption_month": "2026-12-01", "owner_state": "measured"}
    inventory = {"workloads": [nightly], "capacity": {"blackouts": [blackout]}}
    assert Portfolio.model_validate(inventory)


names = st.sampled_from("abcdefg")


@given(st.dictionaries(names, st.lists(names, max_size=3)))
def test_a_circle_is_found_exactly_where_there_is_one(after: dict[str, list[str]]) -> None:
    left = {name: {n for n in waits if n in after} for name, waits in after.items()}
    while free := {name for name, waits in left.items() if not waits}:
        left = {name: waits - free for name, waits in left.items() if name not in free}
    ring = circle(after)
    assert bool(ring) == bool(left)
    for name, waits_for in pairwise((*ring, *ring[:1])):
        assert waits_for in after[name]


def question(**more: object) -> dict[str, object]:
    batch = {"levers": ("batch",), "saving_usd": (2.0, 1.0)}
    months = (date(2027, 1, 1), date(2027, 2, 1))
    candidate = {"name": "a", "configurations": (batch,)}
    whole = {"months": months, "hours": (0, 0), "starts": (1, 1), "candidates": (candidate,)}
    return whole | more


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"hours": (0,)}, "one number for each of 2 months"),
        ({"candidates": ({"name": "a"}, {"name": "a"})}, "a name stands twice"),
        ({"candidates": ({"name": "a", "after": ("b",)},)}, "a: is after 'b'"),
        ({"candidates": ({"name": "a", "fixed_month": 2},)}, "a: fixed_month 2 is past"),
        (
            {
                "candidates": (
                    {"name": "a", "configurations": ({"levers": (), "saving_usd": (1.0,)},)},
                )
            },
            "a: saving_usd needs one number",
        ),
    ],
)
def test_a_question_fits_together(wrong: dict[str, object], told: str) -> None:
    assert MigrationQuestion.model_validate(question())
    with pytest.raises(ValidationError, match=told):
        MigrationQuestion.model_validate(question(**wrong))


def test_a_plan_says_how_far_it_can_be_trusted() -> None:
    fields = {
        "weeks_per_month": 1,
        "migrations_per_month": 2,
        "saving_usd": "1200",
        "volume_first_saving_usd": "1000",
        "gain_usd": "200",
        "settled_gain_usd": "150",
        "gap_share": 0.01,
        "volume_first": (),
    }
    assert MigrationPlan.model_validate(fields).described == (
        "Planned for 1 engineering week and 2 starts a month: what is accepted and has not shipped "
        "saves $1,200 at list over the term, $200 more than the largest volume first ($150 after "
        "settlement); no order saves more than 1 % above it."
    )
