"""The service from a Python program: typed calls, records as answers.

    from api.client import Client

    with Client("https://commitment.example", key) as service:
        made = service.recommend([Path("usage.csv")], workloads=Path("workloads.toml"),
                                 terms=Path("terms.toml"))
        service.download_workbook(made.id, Path("negotiation.xlsx"))
        print(made.result.status)

Every POST bears an Idempotency-Key, so that a request whose answer was lost is sent again and done
once. Jobs are waited for. What goes wrong is one of

    RuntimeError
    └── ServiceError
        ├── RefusedError        the request cannot be used as it is: status, detail, places
        ├── UnansweredError     the service is away, busy or broken, and stayed so
        └── NotMadeYetError     the result is not there yet; ask again under its id
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar

import httpx2
from pydantic import BaseModel, TypeAdapter

from api.bodies import (
    DatasetRecord,
    JobStatus,
    OfferScores,
    PortfolioRecord,
    RecommendationList,
    RecommendationSummary,
)
from api.fetch.retrying import Patience, asked_wait_seconds
from api.quarter_bodies import ContractRecord, ReforecastBody, ReforecastList, ReforecastSummary
from api.whole_files import write_file
from forecast import __version__
from forecast.records.contract import Signature
from forecast.records.recommendation import Recommendation, Refusal
from forecast.records.reforecast import Reforecast
from forecast.records.sizing_result import OfferScore
from forecast.records.terms import Offer, Terms
from forecast.records.workloads import Portfolio

R = TypeVar("R")
Page = TypeVar("Page", RecommendationList, ReforecastList)

PASSING: Final = frozenset({429, 502, 503, 504, 507})
"""Statuses that pass; what was sent was not kept."""

UNDER_WAY: Final = 409
"""Of a request that is sent again: the first one is not answered yet."""

WAIT_SECONDS: Final = 30
"""How long one request waits for a job; then it is asked again."""

_READ_SECONDS: Final = 90.0
_ANSWER: Final[TypeAdapter[Recommendation | Refusal]] = TypeAdapter(Recommendation | Refusal)


class ServiceError(RuntimeError):
    """Something that was asked of the service has no answer."""


class RefusedError(ServiceError):
    """The request cannot be used as it is.

    Attributes
    ----------
    status, detail
        Of the problem document.
    places
        Each with `detail`, and `pointer` or `file`, `row` and `column`.
    """

    def __init__(self, status: int, detail: str, places: Sequence[Mapping[str, Any]] = ()) -> None:
        self.status = status
        self.detail = detail
        self.places = tuple(places)
        where = "".join(f"\n  {_place(place)}: {place['detail']}" for place in self.places)
        super().__init__(f"{status}: {detail}{where}")


class UnansweredError(ServiceError):
    """The service is away, busy or broken, and stayed so."""


class NotMadeYetError(ServiceError):
    """The result is not there yet.

    Attributes
    ----------
    id
        Under which it will be.
    """

    def __init__(self, identifier: str, seconds: float) -> None:
        self.id = identifier
        super().__init__(f"{identifier} is not made after {seconds:.0f} s; ask again")


@dataclass(frozen=True)
class Made(Generic[R]):
    """A result and the id it is kept under."""

    id: str
    result: R


class Client:
    """A connection to the service; a context manager.

    Parameters
    ----------
    base_url
        Such as https://commitment.example.
    key
        A key of the organisation; None where the service needs none.
    patience
        How often a request is sent that was not answered.
    job_seconds
        How long a result is waited for.
    transport
        Instead of the network, for tests.
    """

    def __init__(
        self,
        base_url: str,
        key: str | None = None,
        *,
        patience: Patience | None = None,
        job_seconds: float = 3600.0,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self._patience = patience or Patience()
        self._job_seconds = job_seconds
        headers = {"accept": "application/json", "user-agent": f"commitment-client/{__version__}"}
        if key is not None:
            headers["authorization"] = f"Bearer {key}"
        self._http = httpx2.Client(
            base_url=base_url,
            headers=headers,
            timeout=httpx2.Timeout(_READ_SECONDS, connect=15.0),
            follow_redirects=False,
            transport=transport,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def recommend(
        self,
        usage: Sequence[Path],
        *,
        workloads: Path,
        terms: Path,
        invoices: Sequence[Path] = (),
        as_of: date | None = None,
        seed: int = 0,
        paths: int = 1000,
    ) -> Made[Recommendation | Refusal]:
        """Have a commitment recommended from exports, inventory and contract, and wait for it.

        Raises
        ------
        RefusedError, UnansweredError, NotMadeYetError
        """
        fields = {"seed": str(seed), "paths": str(paths)}
        if as_of is not None:
            fields["as_of"] = as_of.isoformat()
        files = [("usage", path) for path in usage] + [("invoice", path) for path in invoices]
        files += [("workloads", workloads), ("terms", terms)]
        asked = self._post("/v1/recommendations", fields=fields, files=files)
        return self._made(asked, _ANSWER.validate_json)

    def recommendation(self, identifier: str) -> Recommendation | Refusal:
        """Read a recommendation or a refusal, waiting until it is made."""
        asked = self._get(f"/v1/recommendations/{identifier}")
        return self._made(asked, _ANSWER.validate_json, identifier).result

    def recommendations(self) -> Iterator[RecommendationSummary]:
        """List every recommendation and refusal, the newest first."""
        for page in self._pages("/v1/recommendations", RecommendationList):
            yield from page.items

    def download_workbook(self, identifier: str, target: Path) -> None:
        """Write the negotiation workbook of a recommendation, whole or not at all."""
        write_file(target, self._get(f"/v1/recommendations/{identifier}/workbook").content)

    def score_offers(self, identifier: str, offers: Sequence[Offer]) -> tuple[OfferScore, ...]:
        """Settle offers on the scenarios of a recommendation."""
        body = {"offers": [_flat(offer) for offer in offers]}
        answer = self._post(f"/v1/recommendations/{identifier}/offers", body)
        return OfferScores.model_validate_json(answer.content).offers

    def cancel(self, identifier: str, *, kind: str = "recommendations") -> JobStatus:
        """Ask that a recommendation, or another kind of job, end without a result."""
        answer = self._post(f"/v1/{kind}/{identifier}/cancellation")
        return JobStatus.model_validate_json(answer.content)

    def upload(
        self, usage: Sequence[Path], *, invoices: Sequence[Path] = (), name: str = "exports"
    ) -> DatasetRecord:
        """Keep exports as a dataset; they are streamed, whatever their size."""
        files = [("usage", path) for path in usage] + [("invoice", path) for path in invoices]
        answer = self._post("/v1/datasets", fields={"name": name}, files=files)
        return DatasetRecord.model_validate_json(answer.content)

    def portfolio(self, name: str) -> tuple[PortfolioRecord, str]:
        """Read a portfolio, and the ETag that replacing it needs."""
        answer = self._get(f"/v1/portfolios/{name}")
        return PortfolioRecord.model_validate_json(answer.content), answer.headers["etag"]

    def put_portfolio(
        self, name: str, workloads: Portfolio, terms: Terms, *, etag: str | None = None
    ) -> str:
        """Make a portfolio, or replace the state that an ETag names; give the new ETag."""
        condition = {"if-none-match": "*"} if etag is None else {"if-match": etag}
        body = {
            "workloads": workloads.model_dump(mode="json", exclude_defaults=True),
            "terms": terms.model_dump(mode="json", exclude_defaults=True),
        }
        answer = self._send("PUT", f"/v1/portfolios/{name}", headers=condition, body=body)
        etag_now: str = answer.headers["etag"]
        return etag_now

    def sign(self, recommendation: str, executed: Offer, signature: Signature) -> ContractRecord:
        """Keep a contract that was signed on a recommendation; the same one again is kept once."""
        body = {
            "recommendation": recommendation,
            "executed": _flat(executed),
            "signature": signature.model_dump(mode="json"),
        }
        return ContractRecord.model_validate_json(self._post("/v1/contracts", body).content)

    def reforecast(self, quarter: ReforecastBody) -> Made[Reforecast]:
        """Have a quarter of a signed contract re-forecast, and wait for it."""
        body = quarter.model_dump(mode="json", exclude_defaults=True)
        return self._made(self._post("/v1/reforecasts", body), Reforecast.model_validate_json)

    def reforecasts(self, *, contract: str | None = None) -> Iterator[ReforecastSummary]:
        """List the re-forecasts of a contract, or of every one, the newest first."""
        only = {} if contract is None else {"contract": contract}
        for page in self._pages("/v1/reforecasts", ReforecastList, only):
            yield from page.items

    def reforecast_summary(self, identifier: str) -> str:
        """Read a re-forecast as Markdown."""
        return self._get(f"/v1/reforecasts/{identifier}/summary").text

    def _made(
        self,
        asked: httpx2.Response,
        read: Callable[[bytes], R],
        identifier: str | None = None,
    ) -> Made[R]:
        """Wait until the answer to a request about a job is the result."""
        place = asked.headers.get("location") or asked.request.url.path
        found = identifier or place.rsplit("/", 1)[1]
        until = time.monotonic() + self._job_seconds
        pause = self._patience.first_wait_seconds
        while asked.status_code == httpx2.codes.ACCEPTED:
            if time.monotonic() >= until:
                raise NotMadeYetError(found, self._job_seconds)
            self._patience.sleep(pause)
            pause = min(2 * pause, self._patience.longest_wait_seconds, 15.0)
            asked = self._get(place)
        return Made(found, read(asked.content))

    def _pages(
        self, path: str, record: type[Page], only: Mapping[str, str] | None = None
    ) -> Iterator[Page]:
        query = dict(only or {}) | {"limit": "100"}
        while True:
            page = record.model_validate_json(self._get(path, query).content)
            yield page
            if page.next_cursor is None:
                return
            query["cursor"] = page.next_cursor

    def _get(self, path: str, query: Mapping[str, str] | None = None) -> httpx2.Response:
        return self._send("GET", path, query=query)

    def _post(
        self,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        fields: Mapping[str, str] | None = None,
        files: Sequence[tuple[str, Path]] = (),
    ) -> httpx2.Response:
        headers = {"idempotency-key": uuid.uuid4().hex, "prefer": f"wait={WAIT_SECONDS}"}
        return self._send("POST", path, headers=headers, body=body, fields=fields, files=files)

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        fields: Mapping[str, str] | None = None,
        files: Sequence[tuple[str, Path]] = (),
    ) -> httpx2.Response:
        """Send a request until it is answered.

        Raises
        ------
        RefusedError, UnansweredError
        """
        attempt = 1
        while True:
            wait: float | None = None
            try:
                with ExitStack() as opened:
                    # Each attempt reads the files from their beginning.
                    parts = [
                        (role, (file.name, opened.enter_context(file.open("rb"))))
                        for role, file in files
                    ]
                    answer = self._http.request(
                        method,
                        path,
                        params=query,
                        headers=headers,
                        json=body,
                        data=fields,
                        files=parts or None,
                    )
            except httpx2.TransportError as error:
                why = f"{type(error).__name__}: {error}"
            else:
                again = PASSING | ({UNDER_WAY} if attempt > 1 else set())
                if answer.status_code not in again:
                    return _checked(answer)
                why = f"it answers {answer.status_code}"
                wait = asked_wait_seconds(answer.headers.get("retry-after"), datetime.now(UTC))
            if attempt >= self._patience.attempts:
                raise UnansweredError(f"{method} {path} was sent {attempt} times; {why}")
            self._patience.sleep(self._patience.wait_seconds(attempt, wait))
            attempt += 1


def _checked(answer: httpx2.Response) -> httpx2.Response:
    if answer.status_code < httpx2.codes.BAD_REQUEST:
        return answer
    try:
        problem = answer.json()
        detail, places = problem["detail"], problem.get("errors", ())
    except (ValueError, KeyError, TypeError):
        detail, places = answer.reason_phrase, ()
    if answer.status_code >= httpx2.codes.INTERNAL_SERVER_ERROR:
        request_id = answer.headers.get("x-request-id", "unknown")
        raise UnansweredError(f"{answer.status_code}: {detail} (request {request_id})")
    raise RefusedError(answer.status_code, detail, places)


def _place(place: Mapping[str, Any]) -> str:
    if "pointer" in place:
        return str(place["pointer"])
    return ", ".join(f"{k} {place[k]}" for k in ("file", "row", "column") if k in place)


def _flat(offer: Offer) -> dict[str, Any]:
    """Write an offer as one document: its terms, and the amounts beside them."""
    amounts: BaseModel = offer
    return {
        **offer.terms.model_dump(mode="json", exclude_defaults=True),
        **amounts.model_dump(mode="json", exclude={"terms"}, exclude_none=True),
    }
