"""Asking the Admin API for pages.

The key goes into one header of requests to one address. Redirects are not followed: the library
takes only `Authorization` off a request to another host, not `x-api-key`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Final, Self, TypeVar
from urllib.parse import urlsplit

import httpx2
from pydantic import SecretStr

from api.fetch.access import is_loopback
from api.fetch.pages import UnusablePageError
from api.fetch.reports import API_VERSION, Question
from api.fetch.retrying import TRANSIENT, Patience, asked_wait_seconds
from forecast import __version__
from forecast.errors import InputError

MAX_PAGE_BYTES: Final = 64 * 2**20
"""What the reader of reports takes as one file."""

T = TypeVar("T")

_JSON: Final = ("application/json", "text/json")


class FetchError(OSError):
    """The API cannot be reached or does not answer; what was fetched so far is kept."""


@dataclass(frozen=True)
class Timeouts:
    """Seconds; a report grouped by everything takes the API several of them."""

    connect: float = 15.0
    read: float = 90.0
    whole_answer: float = 600.0
    """A server that sends a byte now and then would otherwise hold the run for ever."""


@dataclass(frozen=True)
class Answer:
    """The body of a page, and what the server's clock said."""

    body: bytes
    at: datetime | None


class _PassingError(Exception):
    """An attempt that failed and may be made again; never seen outside.

    Parameters
    ----------
    asked_seconds
        How long the server asks to wait.
    """

    def __init__(self, what: str, asked_seconds: float | None = None) -> None:
        self.what = what
        self.asked_seconds = asked_seconds
        super().__init__(what)


class AdminApi:
    """A connection to the API; a context manager.

    Parameters
    ----------
    base_url
        As `access.checked_base_url` gives it.
    on_wait
        Told what failed and for how many seconds is waited.
    """

    def __init__(
        self,
        base_url: str,
        key: SecretStr,
        *,
        patience: Patience | None = None,
        timeouts: Timeouts | None = None,
        on_wait: Callable[[str, float], None] | None = None,
    ) -> None:
        self._base_url = base_url
        self._key = key
        self._patience = patience or Patience()
        self._timeouts = timeouts or Timeouts()
        self._on_wait = on_wait or (lambda _what, _seconds: None)
        host = urlsplit(base_url).hostname or ""
        self._client = httpx2.Client(
            follow_redirects=False,
            # a proxy for plain HTTP would read the key; through https it sees the host alone
            trust_env=not is_loopback(host),
            timeout=httpx2.Timeout(self._timeouts.read, connect=self._timeouts.connect),
            headers={
                "anthropic-version": API_VERSION,
                "accept": "application/json",
                "user-agent": f"commitment-sizing/{__version__}",
            },
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def ask(
        self,
        question: Question,
        parameters: list[tuple[str, str]],
        check: Callable[[Answer], T],
    ) -> T:
        """Fetch one page and check it; failures that pass are waited out.

        Parameters
        ----------
        check
            Reads the answer; what it refuses with `UnusablePageError` is asked for again.

        Raises
        ------
        InputError
            The key, its rights, the address or the question is wrong.
        FetchError
            No usable answer after all attempts, or a longer wait is asked for than is waited.
        """
        headers = {"x-api-key": self._key.get_secret_value()}
        if question.beta:
            headers["anthropic-beta"] = question.beta
        url = f"{self._base_url}{question.report.path}"
        for attempt in range(1, self._patience.attempts + 1):
            try:
                return check(self._attempt(url, parameters, headers))
            except UnusablePageError as unusable:
                failure = _PassingError(f"the answer {unusable}")
            except _PassingError as failed:
                failure = failed
            if attempt < self._patience.attempts:
                self._wait(failure, attempt)
        raise FetchError(
            f"{self._base_url}: {failure.what}, {self._patience.attempts} times; run the command "
            "again to go on from here"
        )

    def _wait(self, failure: _PassingError, attempt: int) -> None:
        asked = failure.asked_seconds
        if asked is not None and asked > self._patience.longest_asked_wait_seconds:
            raise FetchError(
                f"{self._base_url}: {failure.what}, and asks to wait for {asked:.0f} seconds; run "
                "the command again then, it goes on from here"
            )
        seconds = self._patience.wait_seconds(attempt, asked)
        self._on_wait(failure.what, seconds)
        self._patience.sleep(seconds)

    def _attempt(
        self, url: str, parameters: list[tuple[str, str]], headers: dict[str, str]
    ) -> Answer:
        try:
            with self._client.stream(
                "GET", url, params=tuple(parameters), headers=headers
            ) as response:
                body = self._body(response)
        except httpx2.InvalidURL as error:
            raise InputError(f"is not an address: {error}", file=self._base_url) from None
        except httpx2.RequestError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise FetchError(
                    f"{self._base_url}: its certificate is not trusted on this machine; set "
                    "SSL_CERT_FILE to the certificates of your proxy"
                ) from None
            raise _PassingError(
                f"no whole answer ({self._shown(str(error) or type(error).__name__)})"
            ) from None
        if response.status_code != httpx2.codes.OK:
            self._refuse(response, body)
        kind = response.headers.get("content-type", "").split(";")[0].strip().lower()
        if kind not in _JSON:
            raise _PassingError(f"the answer is {self._shown(kind) or 'of no kind'}, not JSON")
        if self._key.get_secret_value().encode() in body:
            raise FetchError(f"{self._base_url}: the answer repeats the key; it is not kept")
        return Answer(body, _date(response.headers.get("date")))

    def _body(self, response: httpx2.Response) -> bytes:
        deadline = time.monotonic() + self._timeouts.whole_answer
        body = bytearray()
        for block in response.iter_bytes():
            body += block
            if len(body) > MAX_PAGE_BYTES:
                raise InputError(
                    f"a page is larger than {MAX_PAGE_BYTES // 2**20} MiB; ask for fewer buckets a "
                    "page with --limit"
                )
            if time.monotonic() > deadline:
                raise _PassingError(f"no whole answer in {self._timeouts.whole_answer:.0f} seconds")
        return bytes(body)

    def _refuse(self, response: httpx2.Response, body: bytes) -> None:
        status = response.status_code
        said = self._said(body)
        if status in TRANSIENT:
            retry_after = response.headers.get("retry-after")
            asked = asked_wait_seconds(retry_after, datetime.now(UTC))
            raise _PassingError(f"status {status}{said}", asked)
        if response.is_redirect:
            host = urlsplit(response.headers.get("location", "")).hostname or "another address"
            raise InputError(
                f"sends on to {self._shown(host)}, where the key does not belong; name the right "
                "address with --base-url",
                file=self._base_url,
            )
        advice = {
            401: "the key is not accepted; reports need an admin key (sk-ant-admin…) that is not "
            "revoked, not an ordinary API key",
            403: "the key may not read reports; it must be an admin key of an organization, "
            "individual accounts have none",
            404: "there is no such report here; check --base-url, and that the organization uses "
            "the Claude API itself (on a cloud platform the reports are the cloud's)",
            400: "the question is not taken; an organization without fast mode or service "
            "accounts leaves speed or service_account_id out with --group-by",
        }.get(status, "is not an answer of this API; check --base-url")
        raise InputError(f"status {status}: {advice}{said}", file=self._base_url)

    def _said(self, body: bytes) -> str:
        """Give what the API says about an error, in its own words and in one line."""
        try:
            message = json.loads(body)["error"]["message"]
        except (ValueError, RecursionError, KeyError, TypeError):
            return ""
        return f" ({self._shown(message)})" if isinstance(message, str) else ""

    def _shown(self, text: str) -> str:
        secret = self._key.get_secret_value()
        hidden = text.replace(secret, "…")
        return "".join(c if c.isprintable() else " " for c in hidden)[:200]


def _date(header: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(header or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
