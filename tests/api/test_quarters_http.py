"""Signed contracts and their re-forecasts, over HTTP."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from contract_buyer import Q1, Q2, ContractBuyer, months
from example_buyer import TERMS, WORKLOADS, Buyer
from flask.testing import FlaskClient
from problem_details import problem_of
from quarter_http import FIRST_QUARTER, SIGNATURE, SignedBuyer, executed, plain
from running_service import served, store_of, working
from sqlalchemy import func, select

from api.app import create_app
from api.jobs import queue, reforecasting
from api.jobs.queue import LeaseLostError
from api.jobs.remaking import differing_files
from api.reforecasts import REFORECAST, SUMMARY
from api.settings import Settings
from api.store.backup import back_up, restore
from api.store.deletion import sweep
from api.store.organisations import LOCAL, organisation_named
from api.store.schema import files, reforecasts
from forecast.records.contract import SignedContract
from forecast.records.reforecast import Reforecast


def asking(client: FlaskClient):
    return lambda method, path, **more: client.open(path, method=method, **more)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    with served(Settings(data_dir=tmp_path_factory.mktemp("quarters"))) as found:
        yield found


@pytest.fixture(scope="module")
def buyer(client: FlaskClient) -> SignedBuyer:
    return SignedBuyer(asking(client))


@pytest.fixture(scope="module")
def first_export(buyer: SignedBuyer) -> str:
    return buyer.export(*FIRST_QUARTER)


@pytest.fixture(scope="module")
def first(buyer: SignedBuyer, first_export: str) -> str:
    """The id of the re-forecast of the first quarter."""
    made = buyer.reforecast(first_export, Q1)
    assert made.status_code == 201, made.text
    return made.headers["Location"].rsplit("/", 1)[1]


class TestContracts:
    def test_what_departing_from_the_advice_costs_is_what_the_command_says(
        self, client: FlaskClient, buyer: SignedBuyer, finished: Buyer, tmp_path: Path
    ) -> None:
        found = client.get(f"/v1/contracts/{buyer.contract}").json
        contract = SignedContract.model_validate_json(json.dumps(found["contract"]), strict=True)
        assert contract.commitment_usd == Decimal("125000.00")
        assert contract.signature.signatory == "Ana Ruiz, CFO"
        on_disk = ContractBuyer(tmp_path, finished)
        assert on_disk.sign().exit_code == 0
        kept = SignedContract.model_validate_json(on_disk.contract.read_bytes(), strict=True)
        assert contract.deviation == kept.deviation
        assert contract.schedule == kept.schedule

    def test_the_same_contract_again_is_kept_once(self, client: FlaskClient, buyer: SignedBuyer):
        again = buyer.sign()
        assert again.status_code == 200
        assert again.json["id"] == buyer.contract
        assert again.headers["Location"] == f"/v1/contracts/{buyer.contract}"
        listed = client.get("/v1/contracts").json["items"]
        assert [item["id"] for item in listed] == [buyer.contract]
        assert listed[0]["recommendation"] == buyer.recommendation

    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"recommendation": "0" * 32}, "/recommendation"),
            ({"executed": executed(term_start="2027-02-01")}, "/executed/term_start"),
            ({"executed": {k: v for k, v in executed().items() if k != "commitment_usd"}},
             "/executed"),
            ({"signature": SIGNATURE | {"reason": ""}}, "/signature/reason"),
            ({"signature": {"signatory": "Ana"}}, "/signature/signed_on"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_signed_is_pointed_at(
        self, buyer: SignedBuyer, changes: dict[str, Any], pointer: str
    ) -> None:
        found = problem_of(buyer.sign(**changes), 422)
        assert pointer in [error["pointer"] for error in found["errors"]]

    def test_nothing_is_signed_on_a_refusal(self, client: FlaskClient, buyer: SignedBuyer) -> None:
        short = buyer.upload(months(date(2026, 9, 1), date(2026, 10, 31)))
        body = {"dataset": short, "workloads": plain(WORKLOADS), "terms": plain(TERMS)}
        made = client.post("/v1/recommendations", json=body)
        assert made.json["status"] == "insufficient_evidence"
        refusal = made.headers["Location"].rsplit("/", 1)[1]
        found = problem_of(buyer.sign(recommendation=refusal), 422)
        assert found["errors"][0]["pointer"] == "/recommendation"


class TestReforecasts:
    def test_a_quarter_is_what_the_command_makes_of_it(
        self, client: FlaskClient, first: str, finished: Buyer, tmp_path: Path
    ) -> None:
        data = client.get(f"/v1/reforecasts/{first}").data
        found = Reforecast.model_validate_json(data, strict=True)
        on_disk = ContractBuyer(tmp_path, finished)
        assert on_disk.sign().exit_code == 0
        assert on_disk.reforecast(tmp_path / "Q1").exit_code == 0
        made = Reforecast.model_validate_json((tmp_path / "Q1" / REFORECAST).read_bytes())
        for part in ("headline", "cost", "waste", "attribution", "burn_down", "remedies"):
            assert getattr(found, part) == getattr(made, part), part
        summary = client.get(f"/v1/reforecasts/{first}/summary")
        assert summary.content_type == "text/markdown; charset=utf-8"
        assert summary.text == (tmp_path / "Q1" / SUMMARY).read_text()

    def test_the_same_inputs_again_are_not_made_again(
        self, client: FlaskClient, buyer: SignedBuyer, first_export: str, first: str
    ) -> None:
        again = buyer.reforecast(first_export, Q1)
        assert again.status_code == 200
        assert again.headers["Location"] == f"/v1/reforecasts/{first}"
        assert again.data == client.get(f"/v1/reforecasts/{first}").data

    def test_the_next_quarter_stands_on_the_last_one(
        self, client: FlaskClient, buyer: SignedBuyer, first: str
    ) -> None:
        before = client.get(f"/v1/reforecasts/{first}").json
        made = buyer.reforecast(buyer.export(date(2027, 4, 1), Q2), Q2)
        assert made.status_code == 201, made.text
        assert made.json["months_elapsed"] == 6
        assert (
            made.json["attribution"]["before_cost_usd"] == before["attribution"]["after_cost_usd"]
        )
        second = made.headers["Location"].rsplit("/", 1)[1]
        listed = client.get(f"/v1/reforecasts?contract={buyer.contract}").json["items"]
        assert [(i["id"], i["as_of"], i["previous"]) for i in listed] == [
            (second, str(Q2), first),
            (first, str(Q1), None),
        ]
        assert client.get(f"/v1/reforecasts?contract={'0' * 32}").json["items"] == []

    def test_a_balance_statement_is_reconciled(self, buyer: SignedBuyer, first_export: str) -> None:
        line = {
            "as_of": str(Q1), "period_start": "2027-01-01", "committed_usd": "125000.00",
            "drawn_usd": "61000.00", "remaining_usd": "64000.00",
        }  # fmt: skip
        made = buyer.reforecast(first_export, Q1, balance=[line])
        assert made.status_code == 201, made.text
        assert made.json["balance"][0]["line"]["drawn_usd"] == "61000.00"
        wrong = buyer.reforecast(first_export, Q1, balance=[line | {"remaining_usd": "1.00"}])
        error = problem_of(wrong, 422)["errors"][0]
        assert (error["file"], error["row"], error["column"]) == ("balance.csv", 1, "remaining_usd")

    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"contract": "0" * 32}, "/contract"),
            ({"datasets": ["0" * 32]}, "/datasets/0"),
            ({"datasets": []}, "/datasets"),
            ({"portfolio": "none"}, "/portfolio"),
            ({"portfolio": "none", "workloads": {"workloads": []}}, "/portfolio"),
            ({"earlier": "0" * 32}, "/earlier"),
        ],
    )
    def test_what_is_not_there_is_pointed_at(
        self, buyer: SignedBuyer, first_export: str, changes: dict[str, Any], pointer: str
    ) -> None:
        found = problem_of(buyer.reforecast(first_export, Q1, **changes), 422)
        assert pointer in [error["pointer"] for error in found["errors"]]

    def test_without_a_day_it_is_the_last_quarter_that_is_over(
        self, monkeypatch: pytest.MonkeyPatch, buyer: SignedBuyer, first_export: str, first: str
    ) -> None:
        body = {"contract": buyer.contract, "datasets": [first_export]}

        def asked_on(day: date):
            at = datetime(day.year, day.month, day.day, tzinfo=UTC)
            monkeypatch.setattr("api.routes.reforecasts.now", lambda: at)
            return buyer.ask("POST", "/v1/reforecasts", json=body)

        found = problem_of(asked_on(Q1), 422)
        assert found["errors"][0]["pointer"] == "/as_of"
        assert asked_on(Q1 + timedelta(days=1)).headers["Location"] == f"/v1/reforecasts/{first}"

    def test_a_late_export_is_named_where_the_answer_would_be(
        self, client: FlaskClient, buyer: SignedBuyer
    ) -> None:
        late = buyer.export(date(2026, 11, 1), date(2027, 2, 10))
        found = problem_of(buyer.reforecast(late, Q1), 422)
        assert found["instance"].startswith("/v1/reforecasts/")
        problem_of(client.get(found["instance"]), 422)

    def test_a_recommendation_is_no_reforecast_and_the_other_way_round(
        self, client: FlaskClient, buyer: SignedBuyer, first: str
    ) -> None:
        for tail in ("", "/events"):
            problem_of(client.get(f"/v1/reforecasts/{buyer.recommendation}{tail}"), 404)
            problem_of(client.get(f"/v1/recommendations/{first}{tail}"), 404)
        problem_of(client.delete(f"/v1/recommendations/{first}"), 404)
        assert client.get(f"/v1/reforecasts/{first}/events").json["state"] == "succeeded"


@pytest.fixture
def idle(
    tmp_path: Path, client: FlaskClient, buyer: SignedBuyer, first: str
) -> Iterator[FlaskClient]:
    """The same store once more, restored from a backup; nobody works on its queue."""
    back_up(store_of(client), tmp_path / "store.tar")
    app = create_app(Settings(data_dir=tmp_path / "data"))
    restore(app.extensions["store"], tmp_path / "store.tar")
    yield app.test_client()
    app.extensions["store"].close()


@pytest.fixture
def idle_buyer(idle: FlaskClient, buyer: SignedBuyer) -> SignedBuyer:
    found = copy.copy(buyer)
    found.ask = asking(idle)
    return found


class TestWithoutAWorker:
    """What happens between asking and answering."""

    def test_asking_twice_gives_the_same_job(
        self, idle_buyer: SignedBuyer, first_export: str
    ) -> None:
        january = date(2027, 1, 31)
        asked = [idle_buyer.reforecast(first_export, january) for _ in range(2)]
        assert [a.status_code for a in asked] == [202, 202]
        assert asked[0].headers["Location"] == asked[1].headers["Location"]
        assert asked[0].json["state"] == "queued"

    def test_a_quarter_whose_worker_died_is_made_again_and_published_once(
        self, idle: FlaskClient, idle_buyer: SignedBuyer, first_export: str, first: str
    ) -> None:
        store = store_of(idle)
        place = idle_buyer.reforecast(first_export, date(2027, 1, 31)).headers["Location"]
        begun = datetime.now(UTC)
        dead = queue.claim(store, now=begun, lease=timedelta(seconds=-1))
        assert dead is not None
        with working(store):
            while (answer := idle.get(place)).status_code == 202:
                time.sleep(0.05)
        assert answer.json["months_elapsed"] == 1
        with pytest.raises(LeaseLostError):
            reforecasting.work(store, dead, lambda *_: None, lambda: begun)
        listed = idle.get("/v1/reforecasts").json["items"]
        assert [f"/v1/reforecasts/{item['id']}" for item in listed].count(place) == 1
        mine = organisation_named(store, LOCAL)
        for made in (first, place.rsplit("/", 1)[1]):
            assert differing_files(store, mine, made) == ()

    def test_a_later_quarter_waits_for_the_earlier_one(
        self, idle: FlaskClient, idle_buyer: SignedBuyer, first_export: str
    ) -> None:
        place = idle_buyer.reforecast(first_export, date(2027, 1, 31)).headers["Location"]
        later = idle_buyer.reforecast(first_export, date(2027, 2, 28))
        assert "wait for it" in problem_of(later, 409)["detail"]
        assert idle.post(f"{place}/cancellation").status_code == 200
        problem_of(idle.get(place), 410)
        assert idle_buyer.reforecast(first_export, date(2027, 2, 28)).status_code == 202

    def test_one_that_was_cancelled_can_be_asked_for_again(
        self, idle: FlaskClient, idle_buyer: SignedBuyer, first_export: str
    ) -> None:
        january = date(2027, 1, 31)
        place = idle_buyer.reforecast(first_export, january).headers["Location"]
        idle.post(f"{place}/cancellation")
        again = idle_buyer.reforecast(first_export, january)
        assert again.status_code == 202
        assert again.headers["Location"] != place

    def test_an_idempotency_key_gives_the_same_answer(
        self, idle_buyer: SignedBuyer, first_export: str
    ) -> None:
        key = {"Idempotency-Key": "january"}
        ask = lambda: idle_buyer.reforecast(first_export, date(2027, 1, 31), headers=key)  # noqa: E731
        assert ask().data == ask().data

    def test_one_that_waits_is_not_deleted(
        self, idle: FlaskClient, idle_buyer: SignedBuyer, first_export: str
    ) -> None:
        place = idle_buyer.reforecast(first_export, date(2027, 1, 31)).headers["Location"]
        problem_of(idle.delete(place), 409)

    def test_a_deleted_contract_takes_its_quarters_along(
        self, idle: FlaskClient, idle_buyer: SignedBuyer, first_export: str, first: str
    ) -> None:
        place = idle_buyer.reforecast(first_export, date(2027, 1, 31)).headers["Location"]
        assert idle.delete(f"/v1/contracts/{idle_buyer.contract}").status_code == 204
        for path in (place, f"/v1/reforecasts/{first}", f"/v1/contracts/{idle_buyer.contract}"):
            problem_of(idle.get(path), 404)
        store = store_of(idle)
        with store.read() as connection:
            kinds = set(connection.scalars(select(files.c.owner_kind)))
            assert connection.scalar(select(func.count()).select_from(reforecasts)) == 0
        assert kinds == {"dataset", "job", "recommendation"}

    def test_retention_deletes_quarters_and_leaves_contracts(
        self, idle: FlaskClient, idle_buyer: SignedBuyer, first: str
    ) -> None:
        later = datetime.now(UTC) + timedelta(days=91)
        sweep(store_of(idle), now=later, retention=timedelta(days=90))
        problem_of(idle.get(f"/v1/reforecasts/{first}"), 404)
        assert idle.get(f"/v1/contracts/{idle_buyer.contract}").status_code == 200


def test_a_contract_outlives_the_recommendation_it_was_signed_on(
    idle: FlaskClient, idle_buyer: SignedBuyer, first_export: str, first: str
) -> None:
    assert idle.delete(f"/v1/recommendations/{idle_buyer.recommendation}").status_code == 204
    assert idle.delete(f"/v1/reforecasts/{first}").status_code == 204
    store = store_of(idle)
    sweep(store, now=datetime.now(UTC) + timedelta(hours=2), retention=None)
    with working(store):
        made = idle_buyer.reforecast(first_export, Q1, headers={"Prefer": "wait=60"})
    assert made.status_code == 201, made.text
