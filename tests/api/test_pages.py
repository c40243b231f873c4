"""The pages: the way from an upload to a decision, without scripts, and who may go it."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from example_buyer import TERMS, TWELVE_WEEKS, usage_csv
from flask.testing import FlaskClient
from page_visitor import (
    HTML,
    Visitor,
    as_file,
    company,
    decided,
    etag_of,
    settled,
    text_of,
    token_of,
    usd,
)
from running_service import served, store_of

from api.app import create_app
from api.jobs import queue
from api.pages.session import COOKIE, ROLES
from api.settings import Access, Settings
from api.store.organisations import Scope, keys_of, organisation_named, revoke_key

NOTHING = "0" * 32
POLICY_FORBIDS = ("unsafe-inline", "unsafe-eval", "http:", "https:", "*")


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


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, usage_text: str) -> Iterator[House]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("pages"), access=Access.KEYS)
    with served(settings) as client:
        keys, other_keys = company(client, "acme"), company(client, "other")
        visitor = Visitor(client)
        visitor.sign_in(keys[Scope.SIZE])
        decision = settled(visitor, decided(visitor, usage_text))
        short = usage_csv(last=TWELVE_WEEKS)
        refusal = settled(visitor, decided(visitor, short, name="too-short"))
        uploads = re.findall(r'href="(/usage/[0-9a-f]{32})"', visitor.get("/usage").text)
        yield House(client, keys, other_keys, decision, refusal, uploads[-1])


def answer_of(house: House) -> dict[str, Any]:
    return json.loads(house.visitor().get(f"{house.decision}/recommendation.json").data)


class TestSigningIn:
    def test_who_is_not_signed_in_is_asked_to_and_comes_back(self, house: House) -> None:
        visitor = Visitor(house.client)
        page = visitor.get(house.decision)
        assert page.status_code == 303
        assert page.headers["Location"] == f"/sign-in?next={house.decision}"
        form = visitor.get(page.headers["Location"])
        data = {"csrf_token": token_of(form), "key": house.keys[Scope.READ]}
        page = visitor.client.post(page.headers["Location"], data=data, headers=HTML)
        assert (page.status_code, page.headers["Location"]) == (303, house.decision)
        assert visitor.get(house.decision).status_code == 200

    @pytest.mark.parametrize(
        "elsewhere", ["//evil.example", "https://evil.example/x", "/\\evil.example", "javascript:x"]
    )
    def test_nobody_is_sent_elsewhere(self, house: House, elsewhere: str) -> None:
        visitor = Visitor(house.client)
        token = token_of(visitor.get("/sign-in"))
        page = visitor.client.post(
            "/sign-in",
            query_string={"next": elsewhere},
            data={"csrf_token": token, "key": house.keys[Scope.READ]},
        )
        assert (page.status_code, page.headers["Location"]) == (303, "/")

    def test_a_wrong_key_is_told_so_and_never_shown(self, house: House) -> None:
        page = Visitor(house.client).sign_in("commitment_wrong")
        assert page.status_code == 401
        assert "unknown, revoked or expired" in text_of(page)
        assert "commitment_wrong" not in page.text

    def test_the_session_is_closed_to_scripts_and_other_sites(self, house: House) -> None:
        page = Visitor(house.client).sign_in(house.keys[Scope.READ])
        cookie = page.headers["Set-Cookie"]
        assert cookie.startswith(f"{COOKIE}=")
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert house.keys[Scope.READ] not in cookie

    def test_away_from_this_machine_it_is_sent_over_tls_alone(self, tmp_path: Path) -> None:
        settings = Settings(
            data_dir=tmp_path, access=Access.KEYS, trusted_hosts=("sizing.example",)
        )
        with served(settings) as client:
            page = client.get("/sign-in", base_url="http://sizing.example")
        assert "Secure" in page.headers["Set-Cookie"]

    def test_a_session_that_was_tampered_with_opens_nothing(self, house: House) -> None:
        visitor = house.visitor()
        cookie = visitor.client.get_cookie(COOKIE)
        assert cookie is not None
        visitor.client.set_cookie(COOKIE, cookie.value[:-2] + "xx")
        assert visitor.get(house.decision).status_code == 303

    def test_a_session_ends_with_its_key(self, house: House) -> None:
        keys = company(house.client, "leaver")
        visitor = Visitor(house.client)
        visitor.sign_in(keys[Scope.READ])
        assert visitor.get("/").status_code == 200
        store = store_of(house.client)
        leaver = organisation_named(store, "leaver")
        for key in keys_of(store, leaver):
            revoke_key(store, leaver, key.id, now=key.created_at)
        assert visitor.get("/").status_code == 303

    def test_signing_out_ends_it(self, house: House) -> None:
        visitor = house.visitor()
        assert visitor.post("/sign-out").status_code == 303
        assert visitor.get("/").status_code == 303

    def test_a_session_opens_nothing_of_the_api(self, house: House) -> None:
        assert house.visitor(Scope.ADMIN).client.get("/v1/datasets").status_code == 401

    def test_processes_of_one_machine_take_each_others_sessions(self, tmp_path: Path) -> None:
        settings = Settings(data_dir=tmp_path, access=Access.KEYS)
        with served(settings) as client:
            keys = company(client, "acme")
            visitor = Visitor(client)
            visitor.sign_in(keys[Scope.READ])
            cookie = visitor.client.get_cookie(COOKIE)
            assert cookie is not None
            second = create_app(settings).test_client()
            second.set_cookie(COOKIE, cookie.value)
            assert second.get("/").status_code == 200
        assert (tmp_path / "session.secret").stat().st_mode & 0o777 == 0o600

    def test_every_scope_has_a_role(self) -> None:
        assert set(ROLES) == set(Scope)


class TestForms:
    def test_every_form_that_changes_something_is_refused_without_its_token(
        self, house: House
    ) -> None:
        visitor, n_tried = house.visitor(Scope.ADMIN), 0
        for rule in house.client.application.url_map.iter_rules():
            if rule.endpoint.startswith("pages.") and "POST" in (rule.methods or ()):
                path = re.sub("<identifier>", NOTHING, rule.rule).replace("<name>", "x")
                for data in ({}, {"csrf_token": "guessed"}, {"csrf_token": ""}):
                    page = visitor.client.post(path, data=data, headers=HTML)
                    assert page.status_code == 403, path
                    assert "not of this session" in text_of(page)
                    n_tried += 1
        assert n_tried >= 3 * 9

    def test_another_sessions_token_is_worth_nothing(self, house: House) -> None:
        theirs = token_of(house.stranger().get("/usage"))
        page = house.visitor().client.post("/sign-out", data={"csrf_token": theirs}, headers=HTML)
        assert page.status_code == 403

    def test_a_form_that_is_too_large_is_refused_before_it_is_read(self, house: House) -> None:
        visitor = Visitor(house.client)
        form = {"csrf_token": token_of(visitor.get("/sign-in")), "key": "x" * 5_000_000}
        page = visitor.client.post("/sign-in", data=form, headers=HTML)
        assert page.status_code == 413

    def test_a_form_of_another_site_is_refused(self, house: House) -> None:
        visitor = house.visitor()
        token = token_of(visitor.get("/usage"))
        page = visitor.client.post(
            "/sign-out",
            data={"csrf_token": token},
            headers={**HTML, "Origin": "https://evil.example"},
        )
        assert page.status_code == 403


class TestWhoSeesWhat:
    def paths(self, house: House) -> list[str]:
        """Every page that can be read about what acme has.

        Those of contracts and their quarters are held in test_quarter_pages.
        """
        identifiers = {"pages.one_upload": house.upload}
        found = []
        for rule in house.client.application.url_map.iter_rules():
            if not rule.endpoint.startswith("pages.") or "GET" not in (rule.methods or ()):
                continue
            if rule.rule.startswith(("/contracts/", "/reforecasts/")):
                continue
            own = identifiers.get(rule.endpoint, house.decision).rpartition("/")[2]
            name = {"pages.owner": "01-nightly-tags"}.get(rule.endpoint, "renewal")
            path = rule.rule.replace("<identifier>", own).replace("<name>", name)
            if path != rule.rule and "<" not in path:
                found.append(path)
        return found

    def test_another_organisation_finds_nothing_of_ours(self, house: House) -> None:
        ours, theirs = house.visitor(Scope.ADMIN), house.stranger()
        paths = self.paths(house)
        assert len(paths) >= 10
        for path in paths:
            query = {"commitment_usd": "1"} if path.endswith("/commitment") else None
            assert ours.get(path, query_string=query).status_code == 200, path
            page = theirs.get(path, query_string=query)
            assert page.status_code == 404, path
        for address in (house.decision, house.upload, "/portfolios/renewal"):
            for action in ("offers", "cancellation", "portfolio", "deletion", "terms"):
                assert theirs.post(f"{address}/{action}").status_code in (404, 405)
        assert ours.get(house.decision).status_code == 200

    def test_a_viewer_reads_and_changes_nothing(self, house: House) -> None:
        visitor = house.visitor(Scope.READ)
        for path in (house.decision, "/", "/usage", "/portfolios/renewal"):
            page = visitor.get(path)
            assert page.status_code == 200
            forms = re.findall(r'<form method="post" action="([^"]+)"', page.text)
            allowed = {"/sign-out", "/portfolios/renewal/answers#questions"}
            allowed.add("/portfolios/renewal/terms#terms")
            assert set(forms) <= allowed, path
        refused = visitor.post(f"{house.decision}/offers", {"commitment_usd": "1"})
        assert refused.status_code == 403
        assert "may read" in text_of(refused)

    def test_pages_without_a_scope_are_those_that_have_to_be(self, house: House) -> None:
        app = house.client.application
        open_to_all = {
            rule.endpoint
            for rule in app.url_map.iter_rules()
            if rule.endpoint.startswith("pages.")
            and getattr(app.view_functions[rule.endpoint], "page_scope", None) is None
        }
        assert open_to_all == {"pages.sign_in", "pages.asset_file"}


class TestHeaders:
    def test_a_page_runs_nothing_that_is_not_ours(self, house: House) -> None:
        visitor = house.visitor()
        for path in ("/", "/usage", house.decision, house.refusal, "/nothing"):
            page = visitor.get(path)
            policy = page.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert not any(word in policy for word in POLICY_FORBIDS)
            assert not re.search(r"<script(?![^>]*(src=|application/json))", page.text), path
            assert not re.search(r'\sstyle="|\son\w+="|<style', page.text), path
            assert not re.search(r'(src|href)="(https?:)?//', page.text), path
            assert page.headers["Cache-Control"] == "no-store"

    def test_what_never_changes_is_kept_by_the_browser(self, house: House) -> None:
        page = house.visitor().get("/")
        styles = re.search(r'href="(/static/[^"]+\.css)"', page.text)
        assert styles
        found = house.client.get(styles[1], headers={"Accept-Encoding": "gzip"})
        assert found.headers["Content-Encoding"] == "gzip"
        assert "immutable" in found.headers["Cache-Control"]
        other = re.sub("/static/[0-9a-f]+/", "/static/0123456789ab/", styles[1])
        assert house.client.get(other).status_code == 404

    @pytest.mark.parametrize("name", ["../session.py", "..%2Fsession.py", "session.py", ".css"])
    def test_only_our_own_files_are_given(self, house: House, name: str) -> None:
        assert house.client.get(f"/static/0123456789ab/{name}").status_code == 404

    def test_programs_get_problems_and_people_get_pages(self, house: House) -> None:
        visitor = house.visitor()
        page = visitor.get(f"/recommendations/{NOTHING}")
        assert (page.status_code, page.mimetype) == (404, "text/html")
        found = visitor.client.get(
            f"{house.decision}/commitment?commitment_usd=x", headers={"Accept": "application/json"}
        )
        assert (found.status_code, found.mimetype) == (422, "application/problem+json")
        assert house.client.get("/v1/nothing", headers=HTML).mimetype == "application/problem+json"


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


class TestDecision:
    def test_the_four_numbers_stand_together_and_first(self, house: House) -> None:
        said, head = text_of(house.visitor().get(house.decision)), answer_of(house)["headline"]
        places = [
            said.index(f"{label} {usd(head[name])}")
            for label, name in (
                ("Sign for", "sign_for_usd"),
                ("Expect to pay", "expect_to_pay_usd"),
                ("Budget (P80)", "budget_p80_usd"),
                ("Worst-case unused (P95)", "worst_case_unused_usd"),
            )
        ]
        assert places == sorted(places)
        assert places[-1] < said.index("What if we commit to another amount?")

    def test_it_shows_what_is_stored(self, house: House) -> None:
        said, answer = text_of(house.visitor().get(house.decision)), answer_of(house)
        amounts = [
            *(tier["expected_cost_usd"] for tier in answer["tiers"]),
            *(clause["value_usd"] for clause in answer["clauses"]),
            *(step["usd"].replace("-", "") for step in answer["bridge"]),
            *(workload["as_is_usd"] for workload in answer["workloads"]),
            *(scenario["expected_cost_usd"] for scenario in answer["scenarios"]),
            answer["commitment"]["cost"]["cvar95_usd"],
        ]
        for amount in amounts:
            whole = int(Decimal(amount).quantize(Decimal(1)))
            assert f"{whole:,} USD" in said
        for texts in (
            [tier["verdict"] for tier in answer["tiers"]],
            [step["gate"] for step in answer["migration"]],
            [a["source"] for a in answer["assumptions"]],
            [flip["sentence"] for flip in answer["flips"]],
        ):
            assert texts
            for text in texts:
                assert " ".join(text.split()) in said

    def test_every_chart_says_what_it_shows(self, house: House) -> None:
        page = house.visitor().get(house.decision)
        charts = re.findall(
            r'role="img" aria-label="([^"]+)"><div class="drawing" id="([^"]+)"', page.text
        )
        assert {name for _, name in charts} >= {"chart-curve", "chart-fan", "chart-waterfall"}
        for says, name in charts:
            assert len(says) > 30, name
            written = re.search(f'id="{name}-specification">(.*?)</script>', page.text, re.S)
            assert written
            assert json.loads(written[1])["$schema"].startswith("https://vega.github.io/")

    def test_a_commitment_of_the_slider_is_settled_as_the_curve_was(self, house: House) -> None:
        visitor, answer = house.visitor(Scope.READ), answer_of(house)
        for point in answer["curve"][::5]:
            found = visitor.client.get(
                f"{house.decision}/commitment",
                query_string={"commitment_usd": point["commitment_usd"]},
            ).json
            for name in (
                "commitment_usd",
                "discount_share",
                "expected_cost_usd",
                "waste_expected_usd",
                "shortfall_probability",
                "overage_probability",
            ):
                assert found[name] == point[name], name
            assert found["budget_p80_usd"] == point["p80_cost_usd"]

    def test_our_own_commitment_comes_out_as_it_is_stored(self, house: House) -> None:
        found_as_stored = answer_of(house)["commitment"]
        found = (
            house.visitor()
            .client.get(
                f"{house.decision}/commitment",
                query_string={"commitment_usd": found_as_stored["recommended_usd"]},
            )
            .json
        )
        assert found["percentile"] == found_as_stored["percentile"]
        assert found["expected_cost_usd"] == found_as_stored["cost"]["expected_usd"]
        assert found["worst_case_unused_usd"] == found_as_stored["waste"]["p95_usd"]
        assert Decimal(found["extra_expected_cost_usd"]) == 0

    def test_without_scripts_the_slider_is_a_form(self, house: House) -> None:
        point = answer_of(house)["curve"][10]
        page = house.visitor().get(
            house.decision, query_string={"commitment_usd": point["commitment_usd"]}
        )
        shown = re.search(r'data-figure="expected_cost_usd">([^<]+)<', page.text)
        assert shown
        assert shown[1] == usd(point["expected_cost_usd"])

    @pytest.mark.parametrize("typed", ["", "x", "-1", "1e99", "NaN", "Infinity"])
    def test_what_is_no_commitment_is_refused(self, house: House, typed: str) -> None:
        found = house.visitor().client.get(
            f"{house.decision}/commitment", query_string={"commitment_usd": typed}
        )
        assert found.status_code == 422
        assert "commitment_usd" in found.text

    def test_the_workbook_is_the_one_that_was_made(self, house: House) -> None:
        found = house.visitor(Scope.READ).get(f"{house.decision}/workbook")
        assert "attachment" in found.headers["Content-Disposition"]
        book = openpyxl.load_workbook(io.BytesIO(found.data), data_only=True)
        assert "Decision" in book.sheetnames

    def test_the_memo_prints_by_itself_and_runs_nothing(self, house: House) -> None:
        page = house.visitor(Scope.READ).get(f"{house.decision}/memo")
        assert page.status_code == 200
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'; style-src 'sha256-" in policy
        assert not any(word in policy for word in ("script-src", *POLICY_FORBIDS))
        assert usd(answer_of(house)["headline"]["sign_for_usd"]) in text_of(page)

    def test_what_the_vendor_may_see_holds_no_amount(self, house: House) -> None:
        page = house.visitor(Scope.READ).get(f"{house.decision}/dossier")
        assert page.status_code == 200
        assert "Efficiency dossier" in text_of(page)
        assert "USD" not in text_of(page)

    def test_every_owner_has_a_page_to_accept_or_decline(self, house: House) -> None:
        visitor = house.visitor(Scope.READ)
        pages = re.findall(r'href="([^"]+/owners/[^"]+)"', visitor.get(house.decision).text)
        assert len(pages) == 2
        for address in pages:
            assert "What its owner accepts" in text_of(visitor.get(address))
        assert visitor.get(f"{house.decision}/owners/99-nobody").status_code == 404

    def test_it_says_when_money_falls_due(self, house: House) -> None:
        said, cash = text_of(house.visitor().get(house.decision)), answer_of(house)["cash"]
        assert cash
        for row in cash:
            assert f"{row['month'][:7]} {usd(row['cash_usd'])}" in said


class TestOffers:
    def offer(self, **more: object) -> dict[str, object]:
        return {
            "name": "Vendor",
            "commitment_usd": "105,000",
            "discount_percent": "8",
            "overage": "list",
            "rollover_percent": "",
        } | more

    def test_an_offer_gets_the_scores_that_the_api_gives(self, house: House) -> None:
        answer = answer_of(house)
        page = house.visitor().post(f"{house.decision}/offers", self.offer())
        assert page.status_code == 200
        document = answer["terms"] | {
            "name": "Vendor",
            "commitment_usd": "105000",
            "tier_basis": "term",
            "tiers": [
                {"from_commitment_usd": "0", "discount_share": 0.0},
                {"from_commitment_usd": "100000", "discount_share": 0.08},
                {"from_commitment_usd": "105000", "discount_share": 0.08},
            ],
        }
        key = {"Authorization": f"Bearer {house.keys[Scope.SIZE]}"}
        scored = house.client.post(
            f"/v1{house.decision}/offers", json={"offers": [document]}, headers=key
        ).json["offers"][0]
        said = text_of(page)
        assert scored["verdict"] in said
        assert usd(scored["regret_usd"]) in said
        assert usd(scored["expected_cost_usd"]) in said
        assert scored["answer"] == "counter"
        assert len(scored["acceptable_with"]) >= 2
        for change in scored["acceptable_with"]:
            assert change["change"].lower() in said.lower()

    def test_offers_stand_side_by_side_and_stay_typed_in(self, house: House) -> None:
        both = self.offer(
            name=["A", "B"],
            commitment_usd=["150000", "300000"],
            discount_percent=["12", "20"],
            overage=["list", "committed_rate"],
            rollover_percent=["", "50"],
        )
        page = house.visitor().post(f"{house.decision}/offers", both)
        assert page.status_code == 200
        for value in ("A", "B", "300000", "50"):
            assert f'value="{value}"' in page.text
        costs = [
            int(cost.replace(",", ""))
            for cost in re.findall(r'P\d+</td><td class="number">([\d,]+) USD', page.text)
        ]
        assert len(costs) == 2
        assert costs == sorted(costs)

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"commitment_usd": "a lot"}, "Vendor › commitment"),
            ({"discount_percent": "100"}, "has to be less than 100 %"),
            ({"discount_percent": "twelve"}, "Vendor › discount"),
            ({"overage": "free"}, "Vendor › overage"),
            ({"commitment_usd": "", "discount_percent": ""}, "type the vendor's number in"),
        ],
    )
    def test_what_is_no_offer_is_told(
        self, house: House, typed: dict[str, object], said: str
    ) -> None:
        page = house.visitor().post(f"{house.decision}/offers", self.offer(**typed))
        assert page.status_code == 422
        assert said in text_of(page)

    def test_a_name_with_markup_is_shown_as_it_is(self, house: House) -> None:
        page = house.visitor().post(
            f"{house.decision}/offers", self.offer(name="<script>alert(1)</script>")
        )
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;alert(1)" in page.text


class TestOtherEndings:
    def test_too_little_evidence_has_a_page_that_helps(self, house: House) -> None:
        visitor = house.visitor()
        said = text_of(visitor.get(house.refusal))
        answer = json.loads(visitor.get(f"{house.refusal}/recommendation.json").data)
        assert "No number can be named yet" in said
        assert f"Do not exceed {usd(answer['do_not_exceed_usd'])}" in said
        assert answer["safe_structure"] in said
        for missing in answer["missing_evidence"]:
            assert missing["why"] in said
        assert visitor.get(f"{house.refusal}/workbook").status_code == 404
        assert visitor.get(f"{house.refusal}/memo").status_code == 404

    def test_a_job_that_waits_is_followed_and_cancelled(self, tmp_path: Path) -> None:
        app = create_app(Settings(data_dir=tmp_path))  # no worker
        visitor = Visitor(app.test_client())
        address = decided(visitor, usage_csv(last=TWELVE_WEEKS))
        page = visitor.get(address)
        assert page.status_code == 200
        assert "is being made" in text_of(page)
        assert f'data-events="{address}/events"' in page.text
        assert "Being made" in text_of(visitor.get("/"))
        assert visitor.get(f"{address}/recommendation.json").status_code == 404
        assert visitor.post(f"{address}/cancellation").status_code == 303
        assert "was cancelled" in text_of(visitor.get(address))

    def test_a_job_that_failed_says_where_and_what_to_do(self, tmp_path: Path) -> None:
        with served(Settings(data_dir=tmp_path)) as client:
            visitor = Visitor(client)
            unknown = usage_csv(last=TWELVE_WEEKS).replace("claude-opus-5", "gpt-unheard-of")
            address = decided(visitor, unknown)
            status = {"state": "queued"}
            while status["state"] in ("queued", "running"):
                status = visitor.client.get(
                    f"{address}/events", headers={"Accept": "application/json"}
                ).json
            page = visitor.get(address)
        said = text_of(page)
        assert "No recommendation could be made" in said
        assert "usage.csv, row 1, column model" in said
        assert "gpt-unheard-of" in said

    def test_history_lists_what_was_decided(self, house: House) -> None:
        page = house.visitor().get("/")
        said = text_of(page)
        assert usd(answer_of(house)["headline"]["sign_for_usd"]) in said
        assert "Not enough evidence: do not exceed" in said
        for address in (house.decision, house.refusal):
            assert f'href="{address}"' in page.text

    def test_the_first_page_of_a_new_company_says_how_to_begin(self, house: House) -> None:
        said = text_of(house.stranger().get("/"))
        assert "The way to the first one" in said
        assert "Decisions" in said


class TestKeys:
    @pytest.fixture
    def admin(self, house: House) -> Visitor:
        return house.visitor(Scope.ADMIN)

    def test_a_key_is_made_shown_once_and_revoked(self, house: House, admin: Visitor) -> None:
        page = admin.post("/keys", {"name": "Ben <b>", "scope": "read", "days": "7"})
        assert page.status_code == 201
        secret = re.search(r"<code>(commitment_[^<]+)</code>", page.text)
        assert secret
        again = admin.get("/keys")
        assert secret[1] not in again.text
        assert "Ben &lt;b&gt;" in again.text
        ben = Visitor(house.client)
        assert ben.sign_in(secret[1]).status_code == 303
        assert "Signed in as viewer" in text_of(ben.get("/"))
        store = store_of(house.client)
        found = keys_of(store, organisation_named(store, "acme"))
        key = next(key for key in found if key.name == "Ben <b>")
        assert key.expires_at is not None
        assert admin.post(f"/keys/{key.id}/revocation").status_code == 303
        assert ben.get("/").status_code == 303

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"name": " "}, "name: "),
            ({"scope": "everything"}, "scope: "),
            ({"days": "soon"}, "must be a number of days"),
            ({"days": "0"}, "days: "),
        ],
    )
    def test_what_is_no_key_is_told(self, admin: Visitor, typed: dict[str, str], said: str) -> None:
        page = admin.post("/keys", {"name": "x", "scope": "read", "days": ""} | typed)
        assert page.status_code == 422
        assert said in text_of(page)
        assert "commitment_" not in page.text

    def test_the_log_names_who_did_what(self, house: House, admin: Visitor) -> None:
        house.visitor(Scope.READ).post("/usage", {"name": "x"})
        said = text_of(admin.get("/keys"))
        assert re.search(r"read Upload /usage 403", said)
        assert re.search(r"admin Sign in /sign-in 303", said)

    def test_only_an_administrator_sees_them(self, house: House) -> None:
        analyst = house.visitor(Scope.SIZE)
        assert analyst.get("/keys").status_code == 403
        assert analyst.post("/keys", {"name": "x", "scope": "admin"}).status_code == 403
        assert 'href="/keys"' not in analyst.get("/").text
        theirs = keys_of(
            store_of(house.client), organisation_named(store_of(house.client), "acme")
        )[0]
        assert house.stranger().post(f"/keys/{theirs.id}/revocation").status_code == 404

    def test_a_decision_is_deleted_by_an_administrator_alone(
        self, house: House, admin: Visitor
    ) -> None:
        assert house.visitor().post(f"{house.decision}/deletion").status_code == 403
        assert house.stranger().post(f"{house.decision}/deletion").status_code == 404
        assert admin.post(f"{house.refusal}/deletion").status_code == 404
        assert admin.get(house.decision).status_code == 200


class TestLocalMode:
    def test_nobody_signs_in(self, client: FlaskClient) -> None:
        visitor = Visitor(client)
        assert "Local user" in text_of(visitor.get("/"))
        assert visitor.get("/sign-in").status_code == 303

    def test_nobody_else_is_answered(self, client: FlaskClient) -> None:
        page = Visitor(client).get("/", environ_base={"REMOTE_ADDR": "192.168.1.9"})
        assert page.status_code == 403
        assert "its own machine" in text_of(page)

    def test_a_store_that_cannot_be_used_is_told_in_words(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("in the way")
        client = create_app(Settings(data_dir=tmp_path / "file")).test_client()
        page = Visitor(client).get("/")
        assert (page.status_code, page.mimetype) == (503, "text/html")
        assert "cannot reach or write its store" in text_of(page)


def terms_form(page: str) -> dict[str, Any]:
    """Give the terms form as the page fills it in."""
    form = page[page.index('id="terms"') :]
    fields = dict(re.findall(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)"', form))
    selects = re.findall(r'<select id="(\w+)".*?value="(\w+)" selected', form, re.S)
    tiers = re.findall(r'name="tier_from"[^>]* value="([^"]*)"', form)
    shares = re.findall(r'name="tier_percent"[^>]* value="([^"]*)"', form)
    plain = {k: v for k, v in fields.items() if k not in ("csrf_token", "etag")}
    return plain | dict(selects) | {"tier_from": tiers, "tier_percent": shares}


def test_unfinished_jobs_are_the_organisations_own(house: House) -> None:
    store = store_of(house.client)
    assert queue.unfinished(store, organisation_named(store, "other")) == ()


def test_a_web_process_starts_without_what_only_computing_needs() -> None:
    code = (
        "import sys; from pathlib import Path; from api.app import create_app;"
        "from api.settings import Settings; create_app(Settings(data_dir=Path('unused')));"
        "heavy = {'pandas', 'numpy', 'scipy', 'statsmodels', 'altair', 'vl_convert', 'openpyxl'};"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
