"""A small buyer: two workloads over 43 weeks, their inventory and a contract."""

from __future__ import annotations

import math
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from typer.testing import CliRunner, Result

from api.cli import app

FIRST_DAY = date(2026, 1, 4)
LAST_DAY = date(2026, 10, 31)
TWELVE_WEEKS = FIRST_DAY + timedelta(days=12 * 7 - 1)
"""Last day of a history that is one week too short."""
COLUMNS = (
    "day,platform,model,service_tier,workload,api_key,workspace,tag,"
    "input_tokens,cache_write_5m_tokens,cache_write_1h_tokens,cache_read_tokens,output_tokens,requests"
)
PATHS = 100

WORKLOADS = """\
[[workloads]]
name = "nightly tags"
owner = "Ana"
owner_state = "accepted"
archetype = "bulk_classification"
adoption_month = 2027-02-01
match = [{ api_key = "nightly-*" }]
[workloads.latency]
needed_at_once = false
evidence = "read by the morning report"
deadline_hours = 24
[workloads.batch]
share = 1.0
evidence = "piloted"

[[workloads]]
name = "chat"
match = [{ api_key = "chat-1" }]
[workloads.latency]
needed_at_once = true
evidence = "a person waits"
"""

TERMS = """\
name = "Draft of the vendor"
term_start = 2027-01-01
term_months = 12
[[tiers]]
from_commitment_usd = "0"
discount_share = 0.0
[[tiers]]
from_commitment_usd = "100000"
discount_share = 0.08
[[tiers]]
from_commitment_usd = "150000"
discount_share = 0.12
"""


def usage_csv(first: date = FIRST_DAY, last: date = LAST_DAY) -> str:
    """Write daily usage with a weekly rhythm and noise."""
    rng = np.random.default_rng(7)
    lines = [COLUMNS]
    for i in range((last - first).days + 1):
        day = first + timedelta(days=i)
        weekday = 1.0 if day.weekday() < 5 else 0.55
        for key, scale in (("nightly-1", 30e6), ("chat-1", 20e6)):
            tokens = scale * weekday * math.exp(0.0008 * i + 0.06 * rng.standard_normal())
            lines.append(
                f"{day},anthropic,claude-opus-5,standard,,{key},prod,,"
                f"{int(tokens)},0,0,0,{int(tokens / 12)},{int(tokens / 2000)}"
            )
    return "\n".join(lines) + "\n"


class Buyer:
    """A directory with the three files of a buyer, and the command line in it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.usage = directory / "usage.csv"
        self.workloads = directory / "workloads.toml"
        self.terms = directory / "terms.toml"
        self.out = directory / "result"
        self.page = ""

    def write(self, usage: str, workloads: str = WORKLOADS, terms: str = TERMS) -> Buyer:
        self.usage.write_text(usage, encoding="utf-8")
        self.workloads.write_text(workloads, encoding="utf-8")
        self.terms.write_text(terms, encoding="utf-8")
        return self

    def arguments(self) -> list[object]:
        return [
            "recommend", "--usage", self.usage, "--workloads", self.workloads,
            "--terms", self.terms, "--out", self.out, "--paths", PATHS,
        ]  # fmt: skip

    def recommend(self, *more: str) -> Result:
        return run(*self.arguments(), *more)

    def files(self) -> list[str]:
        """Everything below the directory, hidden or not."""
        return sorted(
            str(p.relative_to(self.directory)) for p in self.directory.rglob("*") if p.is_file()
        )


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def usage_rows(text: str) -> list[dict[str, object]]:
    """Give canonical rows as the JSON body has them."""
    header, *lines = text.splitlines()
    names = header.split(",")
    return [
        {n: int(v) if v.isdigit() else v for n, v in zip(names, line.split(","), strict=True)}
        for line in lines
    ]
