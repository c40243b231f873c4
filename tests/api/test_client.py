"""The Python client against the real application, and against one that misbehaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import httpx2
import pytest
from contract_buyer import Q1, executed, months
from example_buyer import PATHS, Buyer
from openpyxl import load_workbook
from quarter_http import FIRST_QUARTER
from running_service import working

from api.app import create_app
from api.client import Client, NotMadeYetError, RefusedError, UnansweredError
from api.documents import load_offer
from api.fetch.retrying import Patience
from api.quarter_bodies import ReforecastBody
from api.results import ANSWER
from api.settings import Access, Settings
from api.store import organisations as orgs
from api.store.organisations import Scope
from forecast.records.contract import Signature
from forecast.records.recommendation import Recommendation

ADDRESS = "http://127.0.0.1:8000"


@pytest.fixture
def app(data_dir: Path):
    found = create_app(Settings(data_dir=data_dir))
    with working(found.extensions["store"]):
        yield found
    found.extensions["store"].close()


@pytest.fixture
def client(app) -> Iterator[Client]:
    with Client(ADDRESS, transport=httpx2.WSGITransport(app=app), patience=quick()) as found:
        yield found


def quick() -> Patience:
    return Patience(attempts=4, first_wait_seconds=0.01, longest_wait_seconds=0.05)


def offer(tmp_path: Path, amount: str = "125000.00"):
    path = tmp_path / "offer.toml"
    path.write_text(executed(amount, signature=""))
    return load_offer(path)


def test_from_exports_to_a_quarter(
    client: Client, buyer: Buyer, finished: Buyer, tmp_path: Path
) -> None:
    made = client.recommend(
        [buyer.usage], workloads=buyer.workloads, terms=buyer.terms, paths=PATHS
    )
    expected = Recommendation.model_validate_json((finished.out / ANSWER).read_bytes())
    assert made.result == expected == client.recommendation(made.id)
    assert [item.id for item in client.recommendations()] == [made.id]
    client.download_workbook(made.id, tmp_path / "negotiation.xlsx")
    load_workbook(tmp_path / "negotiation.xlsx", read_only=True).close()
    (score,) = client.score_offers(made.id, [offer(tmp_path)])
    assert score.commitment_usd == Decimal("125000.00")
    signature = Signature(
        signatory="Ana Ruiz", signed_on=date(2026, 12, 18), reason="the next tier was near"
    )
    signed = client.sign(made.id, offer(tmp_path), signature)
    assert signed.contract.commitment_usd == Decimal("125000.00")
    assert client.sign(made.id, offer(tmp_path), signature) == signed
    export = tmp_path / "quarter.csv"
    export.write_text(months(*FIRST_QUARTER))
    dataset = client.upload([export], name="first quarter")
    assert dataset.name == "first quarter"
    quarter = ReforecastBody(contract=signed.id, datasets=(dataset.id,), as_of=Q1)
    found = client.reforecast(quarter)
    assert found.result.months_elapsed == 3
    assert client.reforecast(quarter) == found
    (listed,) = client.reforecasts(contract=signed.id)
    assert (listed.id, listed.as_of) == (found.id, Q1)
    assert client.reforecast_summary(found.id).startswith("# Draft of the vendor")


def test_a_portfolio_is_replaced_by_who_read_it(client: Client, buyer: Buyer) -> None:
    from api.documents import load_portfolio, load_terms

    workloads, terms = load_portfolio(buyer.workloads), load_terms(buyer.terms)
    first = client.put_portfolio("all", workloads, terms)
    found, etag = client.portfolio("all")
    assert (found.workloads, found.terms, etag) == (workloads, terms, first)
    renamed = terms.model_copy(update={"name": "second draft"})
    second = client.put_portfolio("all", workloads, renamed, etag=etag)
    assert second != first
    with pytest.raises(RefusedError) as caught:
        client.put_portfolio("all", workloads, terms, etag=first)
    assert caught.value.status == 412


def test_what_is_wrong_comes_with_its_place(client: Client, buyer: Buyer) -> None:
    buyer.terms.write_text(buyer.terms.read_text().replace("0.12", "12"))
    with pytest.raises(RefusedError, match=r"tiers\[2\]\.discount_share") as caught:
        client.recommend([buyer.usage], workloads=buyer.workloads, terms=buyer.terms)
    assert caught.value.status == 422
    assert caught.value.places[0]["file"] == "terms.toml"


def test_a_key_is_presented(data_dir: Path) -> None:
    app = create_app(Settings(data_dir=data_dir, access=Access.KEYS))
    store = app.extensions["store"]
    from api.access import now

    acme = orgs.add_organisation(store, "acme", now=now())
    _, secret = orgs.add_key(store, acme, name="k", scope=Scope.READ, now=now())
    transport = httpx2.WSGITransport(app=app)
    with Client(ADDRESS, secret, transport=transport) as client:
        assert list(client.recommendations()) == []
        with pytest.raises(RefusedError, match="needs a key that may size"):
            client.cancel("0" * 32)
    with Client(ADDRESS, transport=transport) as client, pytest.raises(RefusedError) as caught:
        list(client.recommendations())
    assert caught.value.status == 401
    store.close()


Answer = Callable[[httpx2.Request], httpx2.Response]


def answering(*answers: Answer | int) -> tuple[httpx2.MockTransport, list[httpx2.Request]]:
    """Answer one request after another; a number is the status of an empty answer."""
    asked: list[httpx2.Request] = []
    left = iter(answers)

    def answer(request: httpx2.Request) -> httpx2.Response:
        request.read()
        asked.append(request)
        found = next(left)
        return httpx2.Response(found) if isinstance(found, int) else found(request)

    return httpx2.MockTransport(answer), asked


def lost(request: httpx2.Request) -> httpx2.Response:
    raise httpx2.ReadError("the connection broke off", request=request)


def kept(_request: httpx2.Request) -> httpx2.Response:
    record = {"id": "d" * 32, "name": "exports", "created_at": "2026-11-24T00:00:00Z", "files": []}
    return httpx2.Response(201, json=record)


class TestRepeating:
    def test_a_lost_answer_is_asked_for_again_under_the_same_key(self, tmp_path: Path) -> None:
        export = tmp_path / "usage.csv"
        export.write_text("day,model\n")
        transport, asked = answering(lost, 409, 503, kept)
        with Client(ADDRESS, transport=transport, patience=quick()) as client:
            assert client.upload([export]).id == "d" * 32
        assert len(asked) == 4
        assert len({request.headers["idempotency-key"] for request in asked}) == 1
        for request in asked:  # the file is sent from its beginning each time
            assert b"day,model\n" in request.content

    def test_two_requests_have_two_keys(self, tmp_path: Path) -> None:
        export = tmp_path / "usage.csv"
        export.write_text("day,model\n")
        transport, asked = answering(kept, kept)
        with Client(ADDRESS, transport=transport) as client:
            client.upload([export])
            client.upload([export])
        assert asked[0].headers["idempotency-key"] != asked[1].headers["idempotency-key"]

    def test_a_conflict_of_a_first_request_is_no_reason_to_repeat(self) -> None:
        transport, asked = answering(409)
        with Client(ADDRESS, transport=transport) as client, pytest.raises(RefusedError):
            client.cancel("0" * 32)
        assert len(asked) == 1

    def test_what_the_service_asks_for_is_waited(self) -> None:
        waited: list[float] = []
        busy = httpx2.Response(429, headers={"retry-after": "7"})
        transport, _ = answering(lambda _: busy, lambda _: httpx2.Response(404, json={}))
        patience = Patience(first_wait_seconds=1.0, sleep=waited.append, chance=lambda: 1.0)
        with (
            Client(ADDRESS, transport=transport, patience=patience) as client,
            pytest.raises(RefusedError),
        ):
            client.reforecast_summary("0" * 32)
        assert waited == [8.0]

    def test_patience_ends(self) -> None:
        transport, asked = answering(*[503] * 9)
        with (
            Client(ADDRESS, transport=transport, patience=quick()) as client,
            pytest.raises(UnansweredError, match="4 times; it answers 503"),
        ):
            list(client.recommendations())
        assert len(asked) == 4

    def test_a_failure_is_named_by_its_request(self) -> None:
        broken = httpx2.Response(500, headers={"x-request-id": "r-1"}, json={"detail": "Failed."})
        transport, _ = answering(lambda _: broken)
        with (
            Client(ADDRESS, transport=transport) as client,
            pytest.raises(UnansweredError, match=r"Failed\. \(request r-1\)"),
        ):
            list(client.recommendations())


def test_a_result_that_takes_too_long_can_be_asked_for_later() -> None:
    transport, asked = answering(*[202] * 9)
    client = Client(ADDRESS, transport=transport, patience=quick(), job_seconds=0.05)
    with client, pytest.raises(NotMadeYetError) as caught:
        client.recommendation("a" * 32)
    assert caught.value.id == "a" * 32
    assert len(asked) > 1


def test_a_list_is_read_to_its_end() -> None:
    def page(items: int, cursor: str | None) -> Answer:
        item = {
            "id": "a" * 32, "created_at": "2026-11-24T00:00:00Z", "status": "recommended",
            "amount_usd": "1.00", "package_version": "1",
        }  # fmt: skip
        body = {"items": [item] * items, "next_cursor": cursor}
        return lambda _: httpx2.Response(200, json=body)

    transport, asked = answering(page(100, "next"), page(1, None))
    with Client(ADDRESS, transport=transport) as client:
        assert len(list(client.recommendations())) == 101
    assert [request.url.params.get("cursor") for request in asked] == [None, "next"]
