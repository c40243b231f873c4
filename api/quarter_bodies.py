"""What callers send and get about signed contracts and their quarters, as records."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from api.bodies import Identifier, PortfolioName
from api.documents import OfferDocument
from api.validation import DocumentError, Fault
from forecast.records.base import Record, Usd
from forecast.records.contract import Signature, SignedContract
from forecast.records.reforecast import BalanceLine
from forecast.records.terms import Offer
from forecast.records.workloads import Portfolio


class ContractBody(Record):
    """A contract that was signed on a recommendation."""

    recommendation: Identifier
    """The advice: what was signed is settled on its scenarios beside what was advised."""
    executed: OfferDocument
    """The terms as signed, with `commitment_usd` or `schedule_usd`."""
    signature: Signature
    """`reason` is needed where the signed contract is not the advised one."""

    def offer(self) -> Offer:
        """Give the executed terms with their amounts."""
        return self.executed.to_offer(at=("executed",))


class ContractSummary(Record):
    """A signed contract in a list."""

    id: str
    created_at: datetime
    name: str
    recommendation: str
    """The advice it was signed on; it may have been deleted since."""
    term_start: date
    term_months: int
    commitment_usd: Usd
    """Over the term."""


class ContractList(Record):
    """A page of contracts."""

    items: tuple[ContractSummary, ...]
    next_cursor: str | None


class ContractRecord(Record):
    """A signed contract, and what departing from the advice costs."""

    id: str
    created_at: datetime
    recommendation: str
    contract: SignedContract


class ReforecastBody(Record):
    """What a quarter of a signed contract is re-forecast from."""

    contract: Identifier
    datasets: Annotated[tuple[Identifier, ...], Field(min_length=1, max_length=50)]
    """Usage exports: the whole history again, or what came since. Bills in them are not read."""
    as_of: date | None = None
    """The end of a month; the default is the end of the last quarter of the term that is over."""
    balance: Annotated[tuple[BalanceLine, ...], Field(max_length=1000)] = ()
    """The vendor's balance statement, held against our own drawdown."""
    workloads: Portfolio | None = None
    """The inventory as it is now; the default is that of the last forecast."""
    portfolio: PortfolioName | None = None
    """Name of a portfolio whose inventory is taken, instead of `workloads`."""
    earlier: Identifier | None = None
    """The last re-forecast of the contract before this one: its track record goes on."""

    def check_sources(self) -> None:
        """Refuse a document that gives the inventory twice.

        Raises
        ------
        DocumentError
        """
        if self.workloads is not None and self.portfolio is not None:
            problem = "stands beside workloads; give one of them"
            raise DocumentError([Fault(("portfolio",), problem)])


class ReforecastSummary(Record):
    """A re-forecast in a list."""

    id: str
    created_at: datetime
    contract: str
    as_of: date
    previous: str | None
    """The re-forecast it is held against; null is the advice that was signed on."""
    expect_to_pay_usd: Usd
    """Of the signed contract, over the term."""
    package_version: str


class ReforecastList(Record):
    """A page of re-forecasts."""

    items: tuple[ReforecastSummary, ...]
    next_cursor: str | None
