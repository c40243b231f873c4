"""The small buyer's signed contract and its quarters, over HTTP."""

from __future__ import annotations

import io
import json
import tomllib
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from contract_buyer import Q1, months
from example_buyer import LAST_DAY, PATHS, TERMS, WORKLOADS, usage_csv, usage_rows
from werkzeug.test import TestResponse

Ask = Callable[..., TestResponse]
"""`ask(method, path, **more)` of a client that may do everything, and waits for answers."""

SIGNATURE = {
    "signatory": "Ana Ruiz, CFO",
    "signed_on": "2026-12-18",
    "reason": "the next tier was within reach",
}
FIRST_QUARTER = (LAST_DAY + timedelta(days=1), Q1)


def plain(text: str) -> dict[str, Any]:
    """Give a TOML document as JSON has it."""
    found: dict[str, Any] = json.loads(json.dumps(tomllib.loads(text), default=str))
    return found


def executed(amount: str = "125000.00", **changes: Any) -> dict[str, Any]:
    return plain(TERMS) | {"commitment_usd": amount} | changes


class SignedBuyer:
    """A recommendation and a contract signed on it."""

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        body = {"usage": usage_rows(usage_csv()), "workloads": plain(WORKLOADS)}
        body |= {"terms": plain(TERMS), "paths": PATHS}
        made = ask("POST", "/v1/recommendations", json=body)
        assert made.status_code == 201, made.text
        self.recommendation = made.headers["Location"].rsplit("/", 1)[1]
        signed = self.sign()
        assert signed.status_code == 201, signed.text
        self.contract = signed.json["id"]

    def sign(self, terms: dict[str, Any] | None = None, **changes: Any) -> TestResponse:
        body = {
            "recommendation": self.recommendation,
            "executed": terms or executed(),
            "signature": SIGNATURE,
        }
        return self.ask("POST", "/v1/contracts", json=body | changes)

    def upload(self, text: str) -> str:
        """Keep an export; give its id."""
        data = {"usage": (io.BytesIO(text.encode()), "usage.csv")}
        made = self.ask("POST", "/v1/datasets", data=data)
        assert made.status_code == 201, made.text
        return str(made.json["id"])

    def export(self, first: date, last: date) -> str:
        return self.upload(months(first, last))

    def reforecast(self, dataset: str, as_of: date, **more: Any) -> TestResponse:
        headers = more.pop("headers", {})
        body = {"contract": self.contract, "datasets": [dataset], "as_of": str(as_of)} | more
        return self.ask("POST", "/v1/reforecasts", json=body, headers=headers)
