"""The migration plan at the command line: its page, its names in JSON, and refusals."""

from __future__ import annotations

import json

import pytest
from example_buyer import WORKLOADS, Buyer

from api.results import ANSWER

FREE = WORKLOADS.replace("adoption_month = 2027-02-01\n", "")
PLANNED = "[capacity]\nweeks_per_month = 2\n" + FREE
CHAT = 'name = "chat"'


def flat(text: str) -> str:
    """A page without its line breaks and frames."""
    return " ".join(text.replace("│", " ").replace("┃", " ").split())


def test_the_page_shows_the_plan_beside_the_pass_by_volume(buyer: Buyer, usage_text: str) -> None:
    buyer.write(usage_text, workloads=PLANNED)
    answer = buyer.recommend()
    assert answer.exit_code == 0, answer.output
    page = flat(answer.stdout)
    assert "saving settled weeks measured" in page
    assert "Planned for 2 engineering weeks and 1 start a month" in page
    assert "as much as the largest volume first; no order under these constraints saves" in page
    assert "engineering capacity" not in page


def test_a_capacity_that_nobody_stated_is_an_assumption(buyer: Buyer, usage_text: str) -> None:
    page = flat(buyer.write(usage_text, workloads=FREE).recommend().stdout)
    assert "engineering capacity for migrations: 4.35 weeks and 1 start a month" in page


def test_the_names_of_a_step_stay_and_others_stand_beside_them(
    buyer: Buyer, usage_text: str
) -> None:
    buyer.write(usage_text, workloads=PLANNED).recommend()
    document = json.loads((buyer.out / ANSWER).read_text())
    (step,) = document["migration"]
    assert {"workload", "levers", "start_month", "saving_usd", "effort_weeks", "gate"} <= set(step)
    assert (step["workload"], step["levers"]) == ("nightly tags", ["batch"])
    assert step["measured_saving_usd"] is None
    assert float(step["settled_saving_usd"]) <= float(step["saving_usd"])
    plan = document["migration_plan"]
    assert plan["saving_usd"] == plan["volume_first_saving_usd"] == step["saving_usd"]
    assert plan["volume_first"] == [
        {"workload": "nightly tags", "levers": ["batch"], "start_month": step["start_month"]}
    ]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["afterwards = 1"], ["afterwards"]),
        (['after = ["nightly"]'], ["'chat'", "'nightly'"]),
        (['after = ["nightly tags"]'], []),
        (["adoption_month = 2027-03-01", 'after = ["nightly tags"]'], []),
        (
            ["adoption_month = 2027-02-01", 'after = ["nightly tags"]'],
            ["'chat' is after 'nightly tags'", "2027-02-01"],
        ),
    ],
)
def test_entries_that_contradict_each_other_are_refused_with_both(
    buyer: Buyer, usage_text: str, more: list[str], told: list[str]
) -> None:
    buyer.write(usage_text, workloads=WORKLOADS.replace(CHAT, "\n".join([CHAT, *more])))
    answer = buyer.recommend()
    assert answer.exit_code == (2 if told else 0), answer.output
    for words in told:
        assert words in flat(answer.output)
