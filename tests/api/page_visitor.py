"""Somebody who reads pages: follows links, fills forms in, and is signed in or not."""

from __future__ import annotations

import html
import io
import re
import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from example_buyer import TERMS, WORKLOADS
from flask.testing import FlaskClient
from running_service import store_of
from werkzeug.test import TestResponse

from api.store import organisations as orgs
from api.store.organisations import Scope

NOW = datetime.now(tz=UTC)
HTML = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


class Visitor:
    """A browser without scripts: one client with its own cookies."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client.application.test_client()

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(path, headers=HTML, **more)

    def post(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        """Send a form as the page of the session would."""
        token = token_of(self.get("/usage", follow_redirects=True))
        form = {"csrf_token": token} | (data or {})
        return self.client.post(path, data=form, headers=HTML, **more)

    def sign_in(self, secret: str) -> TestResponse:
        token = token_of(self.get("/sign-in"))
        return self.client.post("/sign-in", data={"csrf_token": token, "key": secret}, headers=HTML)


def token_of(page: TestResponse) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    return found[1] if found else ""


def text_of(page: TestResponse) -> str:
    """Give what a page says, without its tags."""
    read = re.sub(r"<script.*?</script>", " ", page.text, flags=re.S)
    plain = re.sub(r"<[^>]+>", " ", re.sub(r"</?(a|b|code|i|span)\b[^>]*>", "", read))
    return " ".join(html.unescape(plain).split())


def company(client: FlaskClient, name: str) -> dict[Scope, str]:
    """Add an organisation; give a key of every scope."""
    store = store_of(client)
    identifier = orgs.add_organisation(store, name, now=NOW)
    return {
        scope: orgs.add_key(store, identifier, name=scope, scope=scope, now=NOW)[1]
        for scope in Scope
    }


def as_file(text: str, name: str) -> tuple[io.BytesIO, str]:
    return io.BytesIO(text.encode()), name


def decided(visitor: Visitor, usage: str, *, terms: str = TERMS, name: str = "renewal") -> str:
    """Go the whole way to a recommendation; give its address."""
    page = visitor.post("/usage", {"usage": as_file(usage, "usage.csv"), "name": "exports"})
    assert page.status_code == 303, text_of(page)
    upload = page.headers["Location"]
    page = visitor.post(f"{upload}/portfolio", {"name": name})
    assert page.status_code == 303, text_of(page)
    files = {
        "workloads": as_file(WORKLOADS, "workloads.toml"),
        "terms": as_file(terms, "terms.toml"),
        "etag": etag_of(visitor.get(f"/portfolios/{name}")),
    }
    page = visitor.post(f"/portfolios/{name}/files", files)
    assert page.status_code == 303, text_of(page)
    dataset = upload.rpartition("/")[2]
    page = visitor.post(f"/portfolios/{name}/recommendations", {"dataset": dataset})
    assert page.status_code == 303, text_of(page)
    return page.headers["Location"]


def etag_of(page: TestResponse) -> str:
    found = re.search(r'name="etag" value="([^"]+)"', page.text)
    assert found, text_of(page)
    return found[1]


def settled(visitor: Visitor, address: str) -> str:
    """Wait until a job is done; give the address of its page."""
    headers = {"Accept": "application/json"}
    until = time.monotonic() + 120
    while time.monotonic() < until:
        status = visitor.client.get(f"{address}/events", headers=headers).json
        if status["state"] not in ("queued", "running"):
            assert status["state"] == "succeeded", status
            return address
        time.sleep(0.1)
    raise AssertionError("the job does not end")


def usd(amount: str) -> str:
    """Write an amount as pages do."""
    whole = int(Decimal(amount).quantize(Decimal(1)))
    return f"{'−' if whole < 0 else ''}{abs(whole):,} USD"
