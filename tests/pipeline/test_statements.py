"""Which bills are one, which are views of one another, and which are estimates."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pandas as pd

from forecast.pipeline.statements import statements_of
from forecast.records.costs import Amounts
from forecast.tables import USAGE_ROWS, empty
from forecast.usage.formats.protocol import cost_frame
from forecast.usage.reading import Exports, SourceReport

BILLED, ESTIMATED = Amounts("USD", "billed"), Amounts("USD", "estimated")


def lines(platform: str, *usd: str) -> pd.DataFrame:
    n = len(usd)
    return cost_frame(
        {
            "start": [date(2026, 4, 1)] * n,
            "end": [date(2026, 4, 2)] * n,
            "platform": [platform] * n,
            "charge": ["usage"] * n,
            "billed_usd": [Decimal(amount) for amount in usd],
            "row": list(range(1, n + 1)),
        }
    )


def exports(*sources: tuple[str, str, Amounts, pd.DataFrame]) -> Exports:
    """Files of (name, format, amounts, lines)."""
    reports = [
        SourceReport(
            file=file, format_name=kind, description=kind, n_rows=0, n_cost_lines=len(costs),
            first_day=date(2026, 4, 1), last_day=date(2026, 4, 1), sha256=f"digest of {file}",
            seen_by="vendor", input_includes_cache=False, amounts=amounts, cannot_tell=(),
            warnings=(),
        )
        for file, kind, amounts, costs in sources
    ]  # fmt: skip
    return Exports(
        rows=empty(USAGE_ROWS),
        costs=pd.concat([costs for *_, costs in sources], ignore_index=True),
        sources=tuple(reports),
        cost_source=tuple(i for i, (*_, costs) in enumerate(sources) for _ in range(len(costs))),
    )


COSTS = ("march.json", "anthropic_cost_report", BILLED, lines("anthropic", "1", "2"))


def test_files_of_one_format_are_one_statement() -> None:
    more = ("april.json", "anthropic_cost_report", BILLED, lines("anthropic", "4"))
    (found,) = statements_of([exports(COSTS), exports(more)])
    assert found.files == ("march.json", "april.json")
    assert sum(found.lines["billed_usd"]) == 7


def test_a_file_given_as_usage_and_as_a_bill_counts_once() -> None:
    (found,) = statements_of([exports(COSTS), exports(COSTS)])
    assert sum(found.lines["billed_usd"]) == 3


def test_the_books_of_two_organisations_make_one_bill() -> None:
    other = ("plan.json", "anthropic_enterprise_cost", BILLED, lines("anthropic", "5"))
    (found,) = statements_of([exports(COSTS, other)])
    assert found.files == ("march.json", "plan.json")
    assert sum(found.lines["billed_usd"]) == 8


def test_two_views_of_the_same_books_stay_apart() -> None:
    other = ("console.csv", "anthropic_console_cost", BILLED, lines("anthropic", "3"))
    invoice = ("totals.csv", "monthly_invoice", BILLED, lines("", "3"))
    assert len(statements_of([exports(COSTS, other, invoice)])) == 3


def test_other_platforms_and_estimates_stay_apart() -> None:
    aws = ("cur.csv", "aws_cur", BILLED, lines("bedrock", "9"))
    guess = ("log.csv", "litellm_spend_logs", ESTIMATED, lines("anthropic", "2"))
    found = statements_of([exports(COSTS, aws, guess)])
    assert [(s.files, s.estimated) for s in found] == [
        (("march.json",), False), (("cur.csv",), False), (("log.csv",), True),
    ]  # fmt: skip
