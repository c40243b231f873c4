"""The cleaning ledger and the evidence meter at the command line."""

from __future__ import annotations

import json
from datetime import date, timedelta

from example_buyer import LAST_DAY, WORKLOADS, Buyer

from api.results import ANSWER

TEST_DAYS = {LAST_DAY - timedelta(days=k) for k in range(20, 23)}
ENTRY = f"burst-chat-{LAST_DAY - timedelta(days=22)}"


def with_a_test(usage: str) -> str:
    """Usage with three days on which chat ran six times as much."""
    lines = []
    for line in usage.splitlines():
        cells = line.split(",")
        if cells[5] == "chat-1" and date.fromisoformat(cells[0]) in TEST_DAYS:
            cells[8:] = [str(6 * int(count)) for count in cells[8:]]
        lines.append(",".join(cells))
    return "\n".join(lines) + "\n"


def flat(text: str) -> str:
    """A page without its line breaks and frames."""
    return " ".join(text.replace("│", " ").replace("┃", " ").split())


def test_what_waits_for_a_decision_is_named_and_a_decision_is_obeyed(
    buyer: Buyer, usage_text: str
) -> None:
    buyer.write(with_a_test(usage_text))
    asked = buyer.recommend()
    assert asked.exit_code == 0, asked.output
    page = flat(asked.stdout)
    assert f"wait for a decision, a year's list cost if switched on: {ENTRY} -$" in page
    assert "→ bring these days down to the same weekdays around them" in page
    before = json.loads((buyer.out / ANSWER).read_text())

    decision = f'[[cleaning]]\nid = "{ENTRY}"\ndecided_by = "Ana"\nnote = "load test"\n'
    buyer.write(with_a_test(usage_text), f"{WORKLOADS}\n{decision}")
    decided = buyer.recommend()
    assert decided.exit_code == 0, decided.output
    assert "switched on by Ana: load test" in flat(decided.stdout)
    assert "wait for a decision" not in flat(decided.stdout)
    after = json.loads((buyer.out / ANSWER).read_text())
    means = [float(a["as_is"]["term_list_cost"]["mean_usd"]) for a in (before, after)]
    assert means[1] < 0.95 * means[0]
    assert after["history"] == before["history"]


def test_a_decision_on_no_entry_names_its_file_and_path(buyer: Buyer, usage_text: str) -> None:
    wrong = f'[[cleaning]]\nid = "{ENTRY.replace("chat", "chap")}"\n'
    buyer.write(with_a_test(usage_text), f"{WORKLOADS}\n{wrong}")
    answer = buyer.recommend()
    assert answer.exit_code == 2
    said = flat(answer.stderr)
    assert "workloads.toml, column cleaning[0].id" in said
    assert f"near are {ENTRY}" in said


def test_the_page_says_what_is_not_known_and_what_rests_on_it(finished: Buyer) -> None:
    page = flat(finished.page)
    assert "100.0 % of the recorded list cost of $" in page
    assert "arrival of batch results" in page
    assert "rests on it: nightly tags: batch" in page
