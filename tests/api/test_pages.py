"""The pages themselves: what a decision shows, offers, other endings, and what a browser may do."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from example_buyer import TWELVE_WEEKS, usage_csv
from page_house import NOTHING, House, answer_of
from page_visitor import HTML, Visitor, decided, text_of, usd
from pptx import Presentation
from running_service import served, store_of

from api.app import create_app
from api.jobs import queue
from api.settings import Settings
from api.store.organisations import Scope, organisation_named

POLICY_FORBIDS = ("unsafe-inline", "unsafe-eval", "http:", "https:", "*")


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

    def test_the_memo_is_a_slide_too(self, house: House) -> None:
        found = house.visitor(Scope.READ).get(f"{house.decision}/memo.pptx")
        deck = Presentation(io.BytesIO(found.data))
        assert len(deck.slides) == 1
        said = " ".join(s.text_frame.text for s in deck.slides[0].shapes if s.has_text_frame)
        assert usd(answer_of(house)["headline"]["sign_for_usd"]) in said

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
