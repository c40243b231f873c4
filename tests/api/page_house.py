"""A service with keys, and what a company has on its pages: usage, a decision and a refusal."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from example_buyer import TWELVE_WEEKS, usage_csv
from flask.testing import FlaskClient
from page_visitor import Visitor, company, decided, settled
from running_service import served, store_of

from api.settings import Access, Settings
from api.store.organisations import Scope

NOTHING = "0" * 32
"""An identifier of nothing."""


@dataclass
class House:
    """A service with keys, two organisations, and what one of them has decided."""

    client: FlaskClient
    keys: dict[Scope, str]
    other_keys: dict[Scope, str]
    decision: str
    refusal: str
    upload: str

    def visitor(self, scope: Scope = Scope.SIZE) -> Visitor:
        found = Visitor(self.client)
        assert found.sign_in(self.keys[scope]).status_code == 303
        return found

    def stranger(self) -> Visitor:
        found = Visitor(self.client)
        assert found.sign_in(self.other_keys[Scope.ADMIN]).status_code == 303
        return found


@contextmanager
def furnished(data_dir: Path, usage_text: str) -> Iterator[House]:
    """Make everything once; afterwards no worker runs, and tests that only read share it."""
    with served(Settings(data_dir=data_dir, access=Access.KEYS)) as client:
        keys, other_keys = company(client, "acme"), company(client, "other")
        visitor = Visitor(client)
        visitor.sign_in(keys[Scope.SIZE])
        decision = settled(visitor, decided(visitor, usage_text))
        short = usage_csv(last=TWELVE_WEEKS)
        refusal = settled(visitor, decided(visitor, short, name="too-short"))
        uploads = re.findall(r'href="(/usage/[0-9a-f]{32})"', visitor.get("/usage").text)
    yield House(client, keys, other_keys, decision, refusal, uploads[-1])
    store_of(client).close()


def answer_of(house: House) -> dict[str, Any]:
    return json.loads(house.visitor().get(f"{house.decision}/recommendation.json").data)
