"""Contracts and their quarters on the pages: signing, asking, and reading where it lands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from contract_buyer import Q1, executed, months
from flask.testing import FlaskClient
from page_visitor import Visitor, as_file, company, decided, settled, text_of, usd
from quarter_http import FIRST_QUARTER, SIGNATURE
from running_service import served

from api.settings import Access, Settings
from api.store.organisations import Scope

AMOUNT = "125000.00"


@dataclass
class Signed:
    """A company with a decision, a contract signed on it, and its first quarter."""

    client: FlaskClient
    visitor: Visitor
    keys: dict[Scope, str]
    stranger: Visitor
    decision: str
    contract: str
    quarter: str

    def stored(self, path: str) -> dict[str, Any]:
        key = {"Authorization": f"Bearer {self.keys[Scope.READ]}"}
        found: dict[str, Any] = self.client.get(f"/v1{path}", headers=key).json
        return found


def form(**more: object) -> dict[str, object]:
    return {"commitment_usd": AMOUNT} | SIGNATURE | more


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory, usage_text: str) -> Iterator[Signed]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("quarters"), access=Access.KEYS)
    with served(settings) as client:
        keys, others = company(client, "acme"), company(client, "other")
        visitor, stranger = Visitor(client), Visitor(client)
        visitor.sign_in(keys[Scope.SIZE])
        stranger.sign_in(others[Scope.ADMIN])
        decision = settled(visitor, decided(visitor, usage_text))
        page = visitor.post(f"{decision}/contract", form())
        assert page.status_code == 303, text_of(page)
        contract = page.headers["Location"]
        export = {"usage": as_file(months(*FIRST_QUARTER), "q1.csv"), "name": "first quarter"}
        upload = visitor.post("/usage", export).headers["Location"]
        asked = {"dataset": upload.rpartition("/")[2], "as_of": str(Q1)}
        page = visitor.post(f"{contract}/reforecasts", asked)
        assert page.status_code == 303, text_of(page)
        quarter = settled(visitor, page.headers["Location"])
        yield Signed(client, visitor, keys, stranger, decision, contract, quarter)


class TestSigning:
    def test_what_was_signed_stands_beside_what_was_advised(self, signed: Signed) -> None:
        said = text_of(signed.visitor.get(signed.contract))
        deviation = signed.stored(signed.contract)["contract"]["deviation"]
        assert f"signed for {usd(AMOUNT)}" in said
        assert f"Signed {usd(AMOUNT)} {usd(deviation['signed_expected_cost_usd'])}" in said
        assert f"Advised {usd(deviation['advised_commitment_usd'])}" in said
        assert f"Departing from the advice costs {usd(deviation['price_usd'])} on average" in said
        assert SIGNATURE["signatory"] in said
        assert SIGNATURE["reason"] in said

    def test_the_form_begins_with_the_advice(self, signed: Signed) -> None:
        advised = signed.stored(signed.decision)["commitment"]["recommended_usd"]
        page = signed.visitor.get(f"{signed.decision}/contract")
        assert f'name="commitment_usd" inputmode="decimal" value="{advised}"' in page.text

    def test_executed_terms_come_as_a_file_too(self, signed: Signed) -> None:
        file = as_file(executed("110000.00"), "executed.toml")
        page = signed.visitor.post(f"{signed.decision}/contract", form(executed=file))
        assert page.status_code == 303, text_of(page)
        kept = signed.stored(page.headers["Location"])["contract"]
        assert [p["commitment_usd"] for p in kept["schedule"]] == ["110000.00"]

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"commitment_usd": "a lot"}, "commitment: has to be a number"),
            ({"signatory": " "}, "signature › signatory"),
            ({"signed_on": "soon"}, "signature › signed_on: must be a day"),
            ({"reason": ""}, "signature › reason"),
        ],
    )
    def test_what_cannot_be_kept_is_told_with_what_was_typed(
        self, signed: Signed, typed: dict[str, str], said: str
    ) -> None:
        page = signed.visitor.post(f"{signed.decision}/contract", form(**typed))
        assert page.status_code == 422
        assert said in text_of(page)
        kept = form(**typed)["signed_on"]
        assert f'name="signed_on" value="{kept}"' in page.text

    def test_the_list_leads_to_it(self, signed: Signed) -> None:
        page = signed.visitor.get("/contracts")
        assert f'href="{signed.contract}"' in page.text
        assert usd(AMOUNT) in text_of(page)


class TestQuarter:
    def test_it_shows_what_is_stored(self, signed: Signed) -> None:
        said = text_of(signed.visitor.get(signed.quarter))
        stored = signed.stored(signed.quarter)
        head = stored["headline"]
        assert f"Signed for {usd(head['sign_for_usd'])}" in said
        assert f"Expect to pay {usd(head['expect_to_pay_usd'])}" in said
        assert f"Budget (P80) {usd(head['budget_p80_usd'])}" in said
        assert f"Worst-case unused (P95) {usd(head['worst_case_unused_usd'])}" in said
        for step in stored["attribution"]["steps"]:
            amount = usd(step["cost_change_usd"]).replace("-", "−")
            assert f"{step['step'].capitalize()} {amount}" in said
        assert stored["remedies"]
        for remedy in stored["remedies"]:
            assert remedy["what"][1:] in said
            assert remedy["last_day_to_act"] in said
        for period in stored["burn_down"]["periods"]:
            assert f"{usd(period['commitment_usd'])} {usd(period['drawn_usd'])}" in said

    def test_its_charts_say_what_they_show(self, signed: Signed) -> None:
        page = signed.visitor.get(signed.quarter)
        for name in ("burn-down", "attribution"):
            written = re.search(f'id="chart-{name}-specification">(.*?)</script>', page.text, re.S)
            assert written
            assert json.loads(written[1])["layer"]
        assert "with 80 % confidence" in text_of(page)

    def test_the_contract_lists_its_quarters(self, signed: Signed) -> None:
        page = signed.visitor.get(signed.contract)
        assert f'href="{signed.quarter}"' in page.text
        assert f"{Q1} the advice" in text_of(page)

    def test_it_can_be_taken_away(self, signed: Signed) -> None:
        found = signed.visitor.get(f"{signed.quarter}/reforecast.json")
        assert json.loads(found.data) == signed.stored(signed.quarter)
        assert "attachment" in found.headers["Content-Disposition"]
        offered = f'href="{signed.quarter}/workbook"' in signed.visitor.get(signed.quarter).text
        assert (signed.visitor.get(f"{signed.quarter}/workbook").status_code == 200) is offered

    def test_the_same_question_leads_to_the_same_answer(self, signed: Signed) -> None:
        page = signed.visitor.get(signed.contract)
        dataset = re.search(r'<option value="([0-9a-f]{32})">first quarter', page.text)
        assert dataset
        asked = {"dataset": dataset[1], "as_of": str(Q1)}
        again = signed.visitor.post(f"{signed.contract}/reforecasts", asked)
        assert again.headers["Location"] == signed.quarter

    @pytest.mark.parametrize(
        ("asked", "said"),
        [
            ({}, "datasets"),
            ({"dataset": "0" * 32, "as_of": str(Q1)}, "no dataset of yours has this id"),
            ({"dataset": "0" * 32, "as_of": "soon"}, "must be a day"),
        ],
    )
    def test_what_cannot_be_asked_is_told(
        self, signed: Signed, asked: dict[str, str], said: str
    ) -> None:
        page = signed.visitor.post(f"{signed.contract}/reforecasts", asked)
        assert page.status_code == 422
        assert said in text_of(page)


class TestWhoSeesIt:
    def test_another_organisation_finds_nothing(self, signed: Signed) -> None:
        collections = {"contracts": signed.contract, "reforecasts": signed.quarter}
        rules = [
            rule
            for rule in signed.client.application.url_map.iter_rules()
            if rule.rule.split("/")[1] in collections and "<identifier>" in rule.rule
        ]
        assert len(rules) >= 8
        for rule in rules:
            own = collections[rule.rule.split("/")[1]].rpartition("/")[2]
            path = rule.rule.replace("<identifier>", own)
            if "GET" in (rule.methods or ()):
                assert signed.visitor.get(path).status_code in (200, 404), path
                assert signed.stranger.get(path).status_code == 404, path
            else:
                assert signed.stranger.post(path, form()).status_code == 404, path
        assert signed.visitor.get(signed.quarter).status_code == 200
        assert signed.stranger.get(f"{signed.decision}/contract").status_code == 404
        assert signed.stranger.post(f"{signed.decision}/contract", form()).status_code == 404
        assert signed.contract not in signed.stranger.get("/contracts").text

    def test_a_viewer_reads_and_an_administrator_deletes(self, signed: Signed) -> None:
        viewer = Visitor(signed.client)
        viewer.sign_in(signed.keys[Scope.READ])
        assert viewer.get(signed.contract).status_code == 200
        assert viewer.get(f"{signed.decision}/contract").status_code == 403
        assert viewer.post(f"{signed.contract}/reforecasts").status_code == 403
        assert signed.visitor.post(f"{signed.contract}/deletion").status_code == 403
        file = as_file(executed("115000.00"), "executed.toml")
        made = signed.visitor.post(f"{signed.decision}/contract", form(executed=file))
        admin = Visitor(signed.client)
        admin.sign_in(signed.keys[Scope.ADMIN])
        assert admin.post(f"{made.headers['Location']}/deletion").status_code == 303
        assert admin.get(made.headers["Location"]).status_code == 404
