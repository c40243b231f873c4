"""What is typed into the pages: uploads, the one question, and the contract."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from example_buyer import TERMS
from page_house import NOTHING, House
from page_visitor import as_file, etag_of, text_of

from api.store.organisations import Scope


class TestUploading:
    def test_what_was_read_is_told_at_once(self, house: House) -> None:
        said = text_of(house.visitor().get(house.upload))
        assert "2026-01-04 to 2026-10-31" in said
        assert "claude-opus-5" in said
        assert "301" in said  # days
        assert "API key chat-1" in said

    def test_what_cannot_be_read_is_told_with_its_place_and_not_kept(self, house: House) -> None:
        visitor = house.visitor()
        before = visitor.get("/usage").text.count("/usage/")
        broken = "day,model,input_tokens,output_tokens\n2026-01-01,claude-opus-5,12,-3\n"
        page = visitor.post("/usage", {"usage": as_file(broken, "broken.csv"), "name": "b"})
        assert page.status_code == 422
        said = text_of(page)
        assert "broken.csv, row 1, column output_tokens" in said
        assert visitor.get("/usage").text.count("/usage/") == before

    def test_an_upload_without_a_file_is_told_so(self, house: House) -> None:
        page = house.visitor().post("/usage", {"usage": (io.BytesIO(b""), ""), "name": "x"})
        assert page.status_code == 422
        assert "usage: is missing" in text_of(page)

    def test_a_bill_that_is_none_is_refused(self, house: House, usage_text: str) -> None:
        form = {
            "usage": as_file(usage_text, "usage.csv"),
            "invoice": as_file(usage_text, "bill.csv"),
            "name": "x",
        }
        page = house.visitor().post("/usage", form)
        assert page.status_code == 422
        assert "bill.csv" in text_of(page)

    def test_an_upload_is_deleted(self, house: House, usage_text: str) -> None:
        visitor = house.visitor()
        page = visitor.post("/usage", {"usage": as_file(usage_text, "u.csv"), "name": "gone"})
        address = page.headers["Location"]
        assert visitor.post(f"{address}/deletion").status_code == 303
        assert visitor.get(address).status_code == 404


class TestPortfolio:
    @pytest.fixture
    def drafted(self, house: House, request: pytest.FixtureRequest) -> str:
        name = re.sub("[^a-z0-9]+", "-", request.node.name.lower())[:60].strip("-")
        page = house.visitor().post(f"{house.upload}/portfolio", {"name": name})
        assert page.status_code == 303, text_of(page)
        return f"/portfolios/{name}"

    def test_the_one_question_stands_above_every_workload(self, house: House, drafted: str) -> None:
        page = house.visitor().get(drafted)
        said = text_of(page)
        assert (
            "Does a human or a real-time system need this answer the moment it is produced, or is "
            "it consumed later?"
        ) in said
        assert "2 workloads, 2 unanswered" in said
        assert "These tiers are examples, not anybody's offer." in said

    def test_answers_are_kept_with_who_gave_them_and_when(self, house: House, drafted: str) -> None:
        visitor = house.visitor()
        page = visitor.get(drafted)
        names = re.findall(r'name="workload" value="([^"]+)"', page.text)
        form = {
            "etag": etag_of(page),
            "workload": names,
            "needed-1": "later",
            "evidence-1": "read by the morning report",
            "answered_by-1": "Ana <b>",
            "deadline_hours-1": "24",
            "owner-1": "Data platform",
            "owner_state-1": "accepted",
            "batch-1": "yes",
            "needed-2": "at_once",
            "answered_by-2": "Ben",
            "owner_state-2": "proposed",
        }
        assert visitor.post(f"{drafted}/answers", form).status_code == 303
        page = visitor.get(drafted)
        assert "2 workloads, 0 unanswered" in text_of(page)
        assert "Ana &lt;b&gt;" in page.text
        key = {"Authorization": f"Bearer {house.keys[Scope.READ]}"}
        kept = house.client.get(f"/v1{drafted}", headers=key).json["workloads"]["workloads"]
        first, second = kept
        assert first["latency"]["needed_at_once"] is False
        assert first["latency"]["answered_by"] == "Ana <b>"
        assert first["latency"]["answered_on"]
        assert first["latency"]["deadline_hours"] == 24
        assert first["batch"]["share"] == 1.0
        assert (first["owner"], first["owner_state"]) == ("Data platform", "accepted")
        assert (second["latency"]["needed_at_once"], second["batch"]) == (True, None)

    def test_an_answer_without_a_name_is_sent_back_with_what_was_typed(
        self, house: House, drafted: str
    ) -> None:
        visitor = house.visitor()
        page = visitor.get(drafted)
        names = re.findall(r'name="workload" value="([^"]+)"', page.text)
        form = {
            "etag": etag_of(page),
            "workload": names,
            "needed-1": "later",
            "evidence-1": "typed already",
            "deadline_hours-1": "soon",
            "owner_state-1": "proposed",
            "owner_state-2": "proposed",
        }
        page = visitor.post(f"{drafted}/answers", form)
        assert page.status_code == 422
        said = text_of(page)
        assert f"{names[0]}" in said
        assert "who says so" in said
        assert "must be hours, not 'soon'" in said
        assert 'value="typed already"' in page.text

    def test_two_people_do_not_overwrite_each_other(self, house: House, drafted: str) -> None:
        visitor = house.visitor()
        page = visitor.get(drafted)
        form = terms_form(page.text) | {"etag": etag_of(page), "term_months": "24"}
        assert visitor.post(f"{drafted}/terms", form).status_code == 303
        late = visitor.post(f"{drafted}/terms", form | {"term_months": "36"})
        assert late.status_code == 412
        assert "Somebody else has changed" in text_of(late)
        assert 'value="24"' in visitor.get(drafted).text

    def test_terms_are_kept_to_the_cent_and_lose_their_example_mark(
        self, house: House, drafted: str
    ) -> None:
        visitor = house.visitor()
        page = visitor.get(drafted)
        form = terms_form(page.text) | {
            "etag": etag_of(page),
            "name": "Draft of the vendor",
            "tier_from": ["0", "100,000.55", "", "", "", ""],
            "tier_percent": ["0", "7", "", "", "", ""],
            "overage": "discounted",
            "overage_discount_percent": "5",
        }
        assert visitor.post(f"{drafted}/terms", form).status_code == 303
        assert "examples, not anybody's offer" not in text_of(visitor.get(drafted))
        key = {"Authorization": f"Bearer {house.keys[Scope.READ]}"}
        kept = house.client.get(f"/v1{drafted}", headers=key).json["terms"]
        assert [(t["from_commitment_usd"], t["discount_share"]) for t in kept["tiers"]] == [
            ("0", 0.0),
            ("100000.55", 0.07),
        ]
        assert (kept["overage"], kept["overage_discount_share"]) == ("discounted", 0.05)

    def test_terms_that_cannot_be_are_told_at_their_place(self, house: House, drafted: str) -> None:
        visitor = house.visitor()
        page = visitor.get(drafted)
        form = terms_form(page.text) | {
            "etag": etag_of(page),
            "term_start": "2027-13-01",
            "rollover_percent": "130",
            "tier_percent": ["0", "eight", "", "", "", ""],
            "tier_from": ["0", "1000", "", "", "", ""],
        }
        page = visitor.post(f"{drafted}/terms", form)
        assert page.status_code == 422
        said = text_of(page)
        for fault in ("must be a day", "from 0 to 100 %", "tiers › 1 › discount_share"):
            assert fault in said
        assert 'value="eight"' in page.text

    def test_a_file_that_cannot_be_used_is_told_with_its_place(
        self, house: House, drafted: str
    ) -> None:
        visitor = house.visitor()
        wrong = TERMS.replace("discount_share = 0.12", "discount_share = 1.2")
        form = {"etag": etag_of(visitor.get(drafted)), "terms": as_file(wrong, "terms.toml")}
        page = visitor.post(f"{drafted}/files", form)
        assert page.status_code == 422
        assert "terms.toml, tiers[2].discount_share" in text_of(page)

    def test_a_name_is_taken_once(self, house: House, drafted: str) -> None:
        page = house.visitor().post(
            f"{house.upload}/portfolio", {"name": drafted.rpartition("/")[2]}
        )
        assert page.status_code == 409
        assert "already" in text_of(page)

    def test_usage_of_somebody_else_cannot_be_asked_about(self, house: House, drafted: str) -> None:
        page = house.visitor().post(f"{drafted}/recommendations", {"dataset": NOTHING})
        assert page.status_code == 404

    def test_a_portfolio_is_deleted(self, house: House, drafted: str) -> None:
        visitor = house.visitor()
        form = {"etag": etag_of(visitor.get(drafted))}
        assert visitor.post(f"{drafted}/deletion", form).status_code == 303
        assert visitor.get(drafted).status_code == 404


def terms_form(page: str) -> dict[str, Any]:
    """Give the terms form as the page fills it in."""
    form = page[page.index('id="terms"') :]
    fields = dict(re.findall(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)"', form))
    selects = re.findall(r'<select id="(\w+)".*?value="(\w+)" selected', form, re.S)
    tiers = re.findall(r'name="tier_from"[^>]* value="([^"]*)"', form)
    shares = re.findall(r'name="tier_percent"[^>]* value="([^"]*)"', form)
    plain = {k: v for k, v in fields.items() if k not in ("csrf_token", "etag")}
    return plain | dict(selects) | {"tier_from": tiers, "tier_percent": shares}
