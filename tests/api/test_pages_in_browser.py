"""The pages in Chromium: the whole way to the workbook, every width, both colour schemes."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import pytest
from browsing import (
    NARROW,
    WIDE,
    check_everywhere,
    dark_background,
    drawn,
    findings,
    listening,
    opened,
    overflowing,
    visit,
)
from contract_buyer import Q1, months
from example_buyer import TERMS, TWELVE_WEEKS, WORKLOADS, usage_csv
from flask.testing import FlaskClient
from many_workloads import portfolio_of_many
from page_visitor import Visitor, as_file, company, decided, settled
from quarter_http import FIRST_QUARTER, SIGNATURE
from running_service import store_of, working

from api.app import create_app
from api.settings import Access, Settings
from api.store.organisations import Scope

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@dataclass
class Site:
    address: str
    client: FlaskClient
    key: str
    admin_key: str
    files: Path

    def cookies(self, browser: Browser, key: str) -> list[dict[str, object]]:
        with visit(browser, self.address) as (page, _):
            sign_in(page, key)
            return page.context.cookies()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with opened() as found:
        yield found


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, usage_text: str) -> Iterator[Site]:
    """A service without a worker yet, and a buyer's files."""
    place = tmp_path_factory.mktemp("site")
    files = place / "files"
    files.mkdir()
    (files / "usage.csv").write_text(usage_text)
    (files / "workloads.toml").write_text(WORKLOADS)
    (files / "terms.toml").write_text(TERMS)
    (files / "broken.csv").write_text("day,model,input_tokens,output_tokens\n2026-01-01,m,1,-3\n")
    app = create_app(Settings(data_dir=place / "data", access=Access.KEYS))
    client = app.test_client()
    keys = company(client, "acme")
    with listening(app) as address:
        yield Site(address, client, keys[Scope.SIZE], keys[Scope.ADMIN], files)
    store_of(client).close()


def sign_in(page: Page, key: str) -> None:
    page.goto("/")
    page.get_by_label("Access key").fill(key)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("Signed in as").wait_for()


def figure(page: Page, name: str) -> str:
    return page.locator(f"[data-figure={name}]").inner_text()


def test_from_an_upload_to_the_workbook(browser: Browser, site: Site) -> None:
    from playwright.sync_api import expect

    with visit(browser, site.address) as (page, _):
        sign_in(page, site.key)
        page.get_by_role("link", name="Upload what you used").click()
        page.get_by_label("Usage exports").set_input_files(site.files / "usage.csv")
        page.get_by_text("1 chosen, 0.1 MB").wait_for()
        page.get_by_role("button", name="Upload and read").click()
        page.get_by_role("cell", name="2026-01-04 to 2026-10-31").wait_for()

        page.get_by_label("Name of the new portfolio").fill("renewal-2027")
        page.get_by_role("button", name="Draft a portfolio").click()
        group = page.get_by_role("group", name="nightly-1")
        group.get_by_label("Consumed later").check()
        group.get_by_label("What the answer rests on").fill("read by the morning report")
        group.get_by_label("Answered by").fill("Ana")
        group.get_by_label("Deadline, hours").fill("24")
        group.get_by_label("The owner says").select_option("accepted")
        group.get_by_label("Send what may wait through batch").check()
        group = page.get_by_role("group", name="chat-1")
        group.get_by_label("Needed the moment").check()
        group.get_by_label("Answered by").fill("Ben")
        page.get_by_role("button", name="Keep the answers").click()
        page.get_by_text("2 workloads, 0 unanswered").wait_for()

        page.get_by_label("Tier 2: from a commitment of, USD").fill("100000")
        page.get_by_label("Tier 3: from a commitment of, USD").fill("150000")
        page.get_by_label("Tier 4: from a commitment of, USD").fill("")
        page.get_by_label("Tier 4: discount, %").fill("")
        page.get_by_role("button", name="Keep the terms").click()
        page.get_by_text("Kept.").wait_for()

        page.get_by_role("button", name="Recommend a commitment").click()
        page.get_by_role("heading", name="The recommendation is being made").wait_for()
        assert page.get_by_role("progressbar").is_visible()
        assert findings(page) == []
        assert overflowing(page) == []
        with working(store_of(site.client)):
            page.get_by_role("heading", name="what to commit to").wait_for()
        drawn(page)

        ours = figure(page, "expected_cost_usd")
        slider = page.get_by_role("slider", name="Commitment over the term")
        slider.focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        cost = page.locator("[data-figure=expected_cost_usd]")
        expect(cost).not_to_have_text(ours, timeout=60_000)
        chosen = page.get_by_label("Exact amount, USD").input_value()
        source = page.locator("#slider").get_attribute("data-source")
        answer = page.request.get(f"{source}?commitment_usd={chosen}").json()
        assert figure(page, "expected_cost_usd") == whole_usd(answer["expected_cost_usd"])
        assert figure(page, "percentile") == f"{100 * answer['percentile']:.1f} %"
        assert figure(page, "worst_case_unused_usd") == whole_usd(answer["worst_case_unused_usd"])
        page.get_by_role("button", name="Ours", exact=True).click()
        expect(cost).to_have_text(ours, timeout=60_000)

        page.get_by_label("Name", exact=True).fill("Offer A")
        page.get_by_role("textbox", name="Commitment over the term, USD").fill("150,000")
        page.get_by_label("Discount, % off list").fill("15")
        page.get_by_role("button", name="Settle on our scenarios").click()
        page.get_by_role("table", name="Offers on the same scenarios").wait_for()
        assert re.search(r"Offer A\.\s*(Accept|Counter|Walk away)", page.inner_text("#offers"))
        drawn(page)
        top = page.evaluate("document.getElementById('offers').getBoundingClientRect().top")
        assert abs(top) < 200, "the answer is where the reader looks"

        with page.expect_download() as download:
            page.get_by_role("link", name="Excel workbook").click()
        data = Path(download.value.path()).read_bytes()
        book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
        sign_for = page.locator(".figures .first .amount").inner_text()
        numbers = [
            cell.value
            for row in book["Decision"].iter_rows()
            for cell in row
            if isinstance(cell.value, int | float)
        ]
        assert sign_for in {whole_usd(str(number)) for number in numbers}


def whole_usd(text: str) -> str:
    """Write an amount as the page does."""
    whole = int(Decimal(text).quantize(Decimal(1)))
    return f"{'−' if whole < 0 else ''}{abs(whole):,} USD"


def test_every_page_in_every_light_and_width(browser: Browser, site: Site) -> None:
    visitor = Visitor(site.client)
    visitor.sign_in(site.key)
    decision = decided(visitor, (site.files / "usage.csv").read_text(), name="looked-at")
    refusal = decided(visitor, usage_csv(last=TWELVE_WEEKS), name="too-short")
    unpriced = usage_csv(last=TWELVE_WEEKS).replace("claude-opus-5", "gpt-unheard-of")
    failed = decided(visitor, unpriced, name="unpriced")
    cancelled = decided(visitor, usage_csv(last=TWELVE_WEEKS), name="cancelled")
    visitor.post(f"{cancelled}/cancellation")
    upload = re.findall(r'href="(/usage/[0-9a-f]{32})"', visitor.get("/usage").text)[0]
    cookies = site.cookies(browser, site.key)

    def wait(page: Page) -> None:
        page.get_by_role("heading", level=1).and_(
            page.locator("h1:not(:has-text('being made'))")
        ).wait_for()

    def type_an_offer(page: Page) -> None:
        page.get_by_role("textbox", name="Commitment over the term, USD").fill("105000")
        page.get_by_label("Discount, % off list").fill("8")
        page.get_by_role("button", name="Settle on our scenarios").click()
        page.get_by_role("table", name="Offers on the same scenarios").wait_for()
        for closed in page.locator("summary").all():
            closed.click()

    def upload_what_is_broken(page: Page) -> None:
        page.get_by_label("Usage exports").set_input_files(site.files / "broken.csv")
        page.get_by_role("button", name="Upload and read").click()
        page.get_by_text("broken.csv, row 1").wait_for()

    with working(store_of(site.client)):
        settled(visitor, decision)
        contract = visitor.post(
            f"{decision}/contract", {"commitment_usd": "125000"} | SIGNATURE
        ).headers["Location"]
        export = {"usage": as_file(months(*FIRST_QUARTER), "q1.csv"), "name": "first quarter"}
        since = visitor.post("/usage", export).headers["Location"]
        asked = {"dataset": since.rpartition("/")[2], "as_of": str(Q1)}
        quarter = visitor.post(f"{contract}/reforecasts", asked).headers["Location"]
        n = check_everywhere(
            browser,
            site.address,
            cookies,
            {
                decision: wait,
                f"{decision}?commitment_usd=90000": type_an_offer,
                refusal: wait,
                failed: wait,
                cancelled: None,
                f"{decision}/lists/workloads": None,
                f"{decision}/lists/assumptions?find=batch": None,
                f"{decision}/memo": None,
                f"{decision}/dossier": None,
                f"{decision}/owners/01-nightly-tags": None,
                "/": None,
                "/usage": upload_what_is_broken,
                upload: None,
                f"{decision}/contract": None,
                "/contracts": None,
                contract: None,
                quarter: wait,
                "/portfolios": None,
                "/portfolios/looked-at": None,
                f"{portfolio_of_many(visitor, upload, 20)}?find=crawler": None,
                "/nothing-is-here": None,
            },
        )
    admin = site.cookies(browser, site.admin_key)
    n += check_everywhere(browser, site.address, admin, {"/keys": None})
    n += check_everywhere(browser, site.address, [], {"/sign-in": None, "/": None})
    assert n == 2 * 24


def test_where_no_stream_can_be_had_progress_is_asked_for(browser: Browser, site: Site) -> None:
    visitor = Visitor(site.client)
    visitor.sign_in(site.key)
    usage = (site.files / "usage.csv").read_text()
    waiting = decided(visitor, usage, name="without-a-stream")
    n_streams = 0

    def refuse(route: Route) -> None:
        nonlocal n_streams
        if "text/event-stream" in route.request.headers["accept"]:
            n_streams += 1
            route.fulfill(status=204)
        else:
            route.continue_()

    with visit(browser, site.address) as (page, _):
        sign_in(page, site.key)
        page.route("**/events", refuse)
        page.goto(waiting)
        page.get_by_text("waiting, 0 %").wait_for()
        with working(store_of(site.client)):
            page.get_by_role("heading", name="what to commit to").wait_for()
    assert n_streams == 1


@pytest.mark.parametrize(("scheme", "is_dark"), [("light", False), ("dark", True)])
def test_the_page_is_as_dark_as_the_reader_wants_it(
    browser: Browser, site: Site, scheme: str, is_dark: bool
) -> None:
    with visit(browser, site.address, scheme=scheme) as (page, _):
        page.goto("/sign-in")
        assert dark_background(page) is is_dark


def test_print_is_on_white_and_leaves_the_buttons_out(browser: Browser, site: Site) -> None:
    with visit(browser, site.address, scheme="dark") as (page, _):
        sign_in(page, site.key)
        page.emulate_media(media="print", color_scheme="dark")
        assert not dark_background(page)
        assert not page.get_by_role("button", name="Sign out").is_visible()


def test_the_keyboard_alone_gets_to_the_content(browser: Browser, site: Site) -> None:
    with visit(browser, site.address, width=NARROW) as (page, _):
        sign_in(page, site.key)
        page.goto("/usage")
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        assert focused.inner_text() == "Skip to the content"
        assert focused.bounding_box()["x"] >= 0
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "usage"
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"


def test_without_scripts_every_step_is_still_a_form(browser: Browser, site: Site) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=site.address)
    try:
        page = context.new_page()
        page.set_viewport_size({"width": WIDE, "height": 900})
        sign_in(page, site.key)
        page.goto("/usage")
        page.get_by_label("Usage exports").set_input_files(site.files / "usage.csv")
        page.get_by_role("button", name="Upload and read").click()
        page.get_by_role("heading", name="what was read").wait_for()
    finally:
        context.close()
