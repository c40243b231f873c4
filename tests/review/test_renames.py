"""A workload that goes by another name is the same by its rules, or by its recorded tokens."""

from __future__ import annotations

import pandas as pd

from forecast.records.usage import TOKEN_COLUMNS
from forecast.records.workloads import Portfolio, Rule, Workload
from forecast.review.renames import renamed_workloads
from forecast.tables import DAILY_USAGE, conform


def daily(**by_name: list[int]) -> pd.DataFrame:
    frames = []
    for name, tokens in by_name.items():
        columns = {c.name: "" for c in DAILY_USAGE.columns if c.kind == "text"}
        columns |= dict.fromkeys((*TOKEN_COLUMNS, "requests", "web_searches"), 0)
        days = pd.date_range("2027-01-01", periods=len(tokens))
        frames.append(
            pd.DataFrame(columns | {"day": days, "workload": name, "input_tokens": tokens})
        )
    return conform(pd.concat(frames, ignore_index=True), DAILY_USAGE)


def inventory(**keys: str) -> Portfolio:
    return Portfolio(
        workloads=tuple(Workload(name=n, match=(Rule(api_key=k),)) for n, k in keys.items())
    )


def test_the_same_rules_are_the_same_workload() -> None:
    found = renamed_workloads(
        inventory(chat="c-*", nightly="n-*"),
        inventory(support="c-*", nightly="n-*"),
        daily(chat=[5, 5]),
        daily(support=[900, 1]),
    )
    assert found == {"chat": "support"}


def test_the_same_tokens_are_the_same_workload_when_the_rules_moved() -> None:
    found = renamed_workloads(
        inventory(chat="c-*"),
        inventory(support="team-7"),
        daily(chat=[100, 120, 90]),
        daily(support=[100, 120, 90, 70]),
    )
    assert found == {"chat": "support"}


def test_other_tokens_are_another_workload() -> None:
    found = renamed_workloads(
        inventory(chat="c-*"),
        inventory(support="team-7"),
        daily(chat=[100, 120, 90]),
        daily(support=[50, 60, 45]),
    )
    assert found == {}


def test_one_new_name_takes_one_old_one() -> None:
    found = renamed_workloads(
        inventory(a="x", b="x"), inventory(c="x"), daily(a=[1], b=[1]), daily(c=[1])
    )
    assert found == {"a": "c"}
