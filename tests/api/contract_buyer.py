"""The small buyer with a signed contract, and what it exports in its first quarters."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from click.testing import Result
from example_buyer import LAST_DAY, TERMS, Buyer, run, usage_csv

Q1, Q2 = date(2027, 3, 31), date(2027, 6, 30)

SIGNATURE = """\
[signature]
signatory = "Ana Ruiz, CFO"
signed_on = 2026-12-18
reason = "the next tier was within reach"
"""


def executed(amount: str = "125000.00", signature: str = SIGNATURE) -> str:
    return f'commitment_usd = "{amount}"\n{TERMS}\n{signature}'


def months(first: date, last: date) -> str:
    """The rows of some days of one and the same history."""
    header, *lines = usage_csv(last=last).splitlines()
    return "\n".join([header, *(x for x in lines if x[:10] >= str(first))]) + "\n"


class ContractBuyer:
    """A directory with an advice, an executed contract and the exports since."""

    def __init__(self, directory: Path, finished: Buyer) -> None:
        self.directory = directory
        self.advice = finished.out / "recommendation.json"
        self.terms = directory / "executed.toml"
        self.contract = directory / "contract.json"
        self.terms.write_text(executed(), encoding="utf-8")
        self.usage = directory / "usage_q1.csv"
        self.usage.write_text(months(LAST_DAY + timedelta(days=1), Q1), encoding="utf-8")
        self.later = directory / "usage_q2.csv"
        self.later.write_text(months(date(2027, 4, 1), Q2), encoding="utf-8")

    def sign(self, *more: str) -> Result:
        return run(
            "sign", "--recommendation", self.advice, "--terms", self.terms,
            "--out", self.contract, *more,
        )  # fmt: skip

    def reforecast(self, out: Path, *more: object, previous: Path | None = None) -> Result:
        return run(
            "reforecast", "--contract", self.contract, "--previous", previous or self.advice,
            "--usage", self.usage, "--out", out, *more,
        )  # fmt: skip
